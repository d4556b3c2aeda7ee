"""Layers that Keras does not have and more than one chapter uses; written with ``keras.ops`` for any backend."""

from typing import Any

import keras
from keras import layers, ops

from utils.errors import CourseError


@keras.saving.register_keras_serializable(package="course")
class EncoderBlock(layers.Layer):
    """A transformer's encoder block: attention between positions, then a small network at each position.

    Each of the two parts reads a normalised copy of its input and adds its result to the input itself (a residual
    connection): ``x = x + attention(norm(x))``, then ``x = x + feed_forward(norm(x))``. The block keeps the shape,
    so blocks can be stacked. It knows nothing of order: add position encodings before the first block.

    A position where the mask is False is not looked at. Where a query may look at nothing at all, its attention
    weights are zero and attention adds only its output bias, on every backend; there is no NaN.

    Parameters
    ----------
    heads : int
        Attention heads; must divide the width of the input, of which each head reads an equal share.
    hidden : int
        Width of the hidden layer of the feed-forward network.
    dropout : float
        Share of the numbers set to zero at random after each part, in training only.

    Call with
    ---------
    inputs : tensor, (batch, length, width), float
    mask : tensor, (batch, length), bool, optional
        True where a position is real, False where it is padding. Taken from the layer before when that gives one.

    Returns
    -------
    tensor, (batch, length, width), of the dtype of the input

    Raises
    ------
    CourseError
        When the input is not of rank three, or the heads cannot share its width equally, two numbers or more each.

    References
    ----------
    Vaswani et al. (2017), https://doi.org/10.48550/arXiv.1706.03762; normalised first, as in Xiong et al. (2020),
    https://doi.org/10.48550/arXiv.2002.04745, which trains without a warm-up.
    """

    def __init__(self, heads: int, hidden: int, dropout: float = 0.0, **options: Any):
        super().__init__(**options)
        self.heads, self.hidden, self.dropout = heads, hidden, dropout
        self.supports_masking = True

    def build(self, input_shape: tuple) -> None:
        if len(input_shape) != 3:
            raise CourseError(f"An encoder block takes (batch, length, width); this input has shape {input_shape}.")
        width = input_shape[-1]
        # Heads of one number are refused too: Keras 3.15 on TensorFlow adds their bias along the wrong axis when there
        # are as many of them as positions.
        if width % self.heads or width == self.heads > 1:
            raise CourseError(
                f"{self.heads} heads cannot share {width} numbers: choose a width that their number divides, "
                "with two numbers or more for each."
            )
        self.norm_before_attention = layers.LayerNormalization(epsilon=1e-6, name="norm_before_attention")
        self.attention = layers.MultiHeadAttention(self.heads, width // self.heads, name="attention")
        self.norm_before_feed_forward = layers.LayerNormalization(epsilon=1e-6, name="norm_before_feed_forward")
        self.expand = layers.Dense(self.hidden, activation="relu", name="expand")
        self.contract = layers.Dense(width, name="contract")
        self.drop = layers.Dropout(self.dropout)
        self.norm_before_attention.build(input_shape)
        self.attention.build(query_shape=input_shape, value_shape=input_shape)
        self.norm_before_feed_forward.build(input_shape)
        self.expand.build(input_shape)
        self.contract.build((*input_shape[:-1], self.hidden))

    def call(self, inputs: Any, mask: Any = None, training: bool | None = None) -> Any:
        attended, _ = self._attend(inputs, mask)
        x = inputs + self.drop(attended, training=training)
        fed_forward = self.contract(self.expand(self.norm_before_feed_forward(x)))
        return x + self.drop(fed_forward, training=training)

    def attention_weights(self, inputs: Any, mask: Any = None) -> Any:
        """How much each position looks at each other one: (batch, heads, length looking, length looked at)."""
        return self._attend(inputs, mask)[1]

    def _attend(self, inputs: Any, mask: Any):
        x = self.norm_before_attention(inputs)
        visible = None if mask is None else mask[:, None, :]
        # Asking for the weights makes Keras take its plain path, in which a query that may look at nothing gets zero;
        # its fused path gives such a query the mean of what it must not see.
        return self.attention(x, x, attention_mask=visible, return_attention_scores=True)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def get_config(self) -> dict:
        return super().get_config() | {"heads": self.heads, "hidden": self.hidden, "dropout": self.dropout}


@keras.saving.register_keras_serializable(package="course")
class AddPositions(layers.Layer):
    """Adds a learned vector to each position of a sequence of fixed length, so that attention can tell places apart.

    Takes and returns (batch, length, width), float; learns length x width numbers. A mask is passed on.

    Parameters
    ----------
    spread : float
        Standard deviation of the vectors at the start of training; near that of the input, places stand out at once.

    Raises
    ------
    CourseError
        When the input is not of rank three, or its length is not fixed.
    """

    def __init__(self, spread: float = 0.02, **options: Any):
        super().__init__(**options)
        self.spread = spread
        self.supports_masking = True

    def build(self, input_shape: tuple) -> None:
        if len(input_shape) != 3 or input_shape[1] is None:
            raise CourseError(
                f"Positions are added to (batch, fixed length, width); this input has shape {input_shape}."
            )
        start = keras.initializers.RandomNormal(stddev=self.spread)
        self.positions = self.add_weight(name="positions", shape=input_shape[1:], initializer=start)

    def call(self, inputs: Any) -> Any:
        return inputs + self.positions

    def get_config(self) -> dict:
        return super().get_config() | {"spread": self.spread}


@keras.saving.register_keras_serializable(package="course")
class MaskedMean(layers.Layer):
    """The mean over real positions: (batch, length, width), mask (batch, length) bool → (batch, width), 0 if none."""

    def call(self, inputs: Any, mask: Any) -> Any:
        weights = ops.cast(mask, inputs.dtype)[..., None]
        return ops.sum(inputs * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        return None

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (input_shape[0], input_shape[-1])


@keras.saving.register_keras_serializable(package="course")
class MessagePassing(layers.Layer):
    """One round of messages: every atom hears from its neighbours, through the bonds to them, and changes its state.

    The message from atom w to its neighbour v is ``relu(state_w @ of_neighbour + bond_vw @ of_bond + message_bias)``.
    The new state of v is ``relu(state_v @ of_self + (sum of its messages) @ of_sum + bias)``. A sum has no order, so
    the numbering of the atoms changes nothing but the order of the result. Padding hears nothing, says nothing and
    stays 0; an atom without bonds changes by itself.

    Parameters
    ----------
    width : int
        Numbers in a new state.

    Call with
    ---------
    states : tensor, (batch, atoms, given), float
    neighbours : tensor, (batch, atoms, most neighbours), int
        Which atoms are bonded to each, -1 where there are no more.
    bonds : tensor, (batch, atoms, most neighbours, features), float
        The features of the bond to each neighbour.
    is_atom : tensor, (batch, atoms), bool
        False for padding.

    Returns
    -------
    tensor, (batch, atoms, width)

    References
    ----------
    Gilmer et al. (2017), https://doi.org/10.48550/arXiv.1704.01212; messages with bond features as in Hu et al. (2019),
    https://doi.org/10.48550/arXiv.1905.12265.
    """

    def __init__(self, width: int, **options: Any):
        super().__init__(**options)
        self.width = width

    def build(self, states_shape: tuple, neighbours_shape: tuple, bonds_shape: tuple, is_atom_shape: tuple) -> None:
        given, width = states_shape[-1], self.width
        self.of_neighbour = self.add_weight(name="of_neighbour", shape=(given, width))
        self.of_bond = self.add_weight(name="of_bond", shape=(bonds_shape[-1], width))
        self.message_bias = self.add_weight(name="message_bias", shape=(width,), initializer="zeros")
        self.of_self = self.add_weight(name="of_self", shape=(given, width))
        self.of_sum = self.add_weight(name="of_sum", shape=(width, width))
        self.bias = self.add_weight(name="bias", shape=(width,), initializer="zeros")

    def call(self, states: Any, neighbours: Any, bonds: Any, is_atom: Any) -> Any:
        batch, length, most = ops.shape(neighbours)[0], ops.shape(neighbours)[1], ops.shape(neighbours)[2]
        # Fetching a neighbour's row is written as a product with a table of 0 and 1, one 1 for each neighbour: quicker
        # on a processor than indexing, whose gradient TensorFlow takes row by row. For a missing one (-1) all are 0.
        fetch = ops.equal(neighbours[..., None], ops.arange(length, dtype=neighbours.dtype))
        fetch = ops.reshape(ops.cast(fetch, states.dtype), (batch, length * most, length))
        sent = ops.matmul(fetch, ops.matmul(states, self.of_neighbour))  # (batch, atoms · most, width)
        sent = ops.reshape(sent, (batch, length, most, self.width))
        messages = ops.relu(sent + ops.matmul(bonds, self.of_bond) + self.message_bias)
        messages = messages * ops.cast(neighbours >= 0, states.dtype)[..., None]
        heard = ops.matmul(ops.sum(messages, axis=2), self.of_sum)  # (batch, atoms, width)
        new = ops.relu(ops.matmul(states, self.of_self) + heard + self.bias)
        return new * ops.cast(is_atom, states.dtype)[..., None]

    def compute_output_shape(
        self, states_shape: tuple, neighbours_shape: tuple, bonds_shape: tuple, is_atom_shape: tuple
    ) -> tuple:
        return (*states_shape[:-1], self.width)

    def get_config(self) -> dict:
        return super().get_config() | {"width": self.width}


@keras.saving.register_keras_serializable(package="course")
class ReadOut(layers.Layer):
    """From the states of all atoms to one vector for the molecule: their mean and, next to it, their maximum.

    Takes states (batch, atoms, width), at least 0, and is_atom (batch, atoms); returns (batch, 2 · width). Neither
    depends on the order of the atoms or on padding. A molecule without atoms reads 0.
    """

    def call(self, states: Any, is_atom: Any) -> Any:
        real = ops.cast(is_atom, states.dtype)[..., None]
        count = ops.maximum(ops.sum(real, axis=1), 1)
        return ops.concatenate([ops.sum(states * real, axis=1) / count, ops.max(states * real, axis=1)], axis=-1)

    def compute_output_shape(self, states_shape: tuple, is_atom_shape: tuple) -> tuple:
        return (states_shape[0], 2 * states_shape[-1])
