"""Models, and parts of models, that more than one chapter uses; written with ``keras.ops`` for any backend."""

import keras

from utils.errors import CourseError


@keras.saving.register_keras_serializable(package="course")
class EncoderBlock(keras.layers.Layer):
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

    def __init__(self, heads, hidden, dropout=0.0, **options):
        super().__init__(**options)
        self.heads, self.hidden, self.dropout = heads, hidden, dropout
        self.supports_masking = True

    def build(self, input_shape):
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
        layers = keras.layers
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

    def call(self, inputs, mask=None, training=None):
        attended, _ = self._attend(inputs, mask)
        x = inputs + self.drop(attended, training=training)
        fed_forward = self.contract(self.expand(self.norm_before_feed_forward(x)))
        return x + self.drop(fed_forward, training=training)

    def attention_weights(self, inputs, mask=None):
        """How much each position looks at each other one: (batch, heads, length looking, length looked at)."""
        return self._attend(inputs, mask)[1]

    def _attend(self, inputs, mask):
        x = self.norm_before_attention(inputs)
        visible = None if mask is None else mask[:, None, :]
        # Asking for the weights makes Keras take its plain path, in which a query that may look at nothing gets zero;
        # its fused path gives such a query the mean of what it must not see.
        return self.attention(x, x, attention_mask=visible, return_attention_scores=True)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return super().get_config() | {"heads": self.heads, "hidden": self.hidden, "dropout": self.dropout}


@keras.saving.register_keras_serializable(package="course")
class AddPositions(keras.layers.Layer):
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

    def __init__(self, spread=0.02, **options):
        super().__init__(**options)
        self.spread = spread
        self.supports_masking = True

    def build(self, input_shape):
        if len(input_shape) != 3 or input_shape[1] is None:
            raise CourseError(
                f"Positions are added to (batch, fixed length, width); this input has shape {input_shape}."
            )
        start = keras.initializers.RandomNormal(stddev=self.spread)
        self.positions = self.add_weight(name="positions", shape=input_shape[1:], initializer=start)

    def call(self, inputs):
        return inputs + self.positions

    def get_config(self):
        return super().get_config() | {"spread": self.spread}
