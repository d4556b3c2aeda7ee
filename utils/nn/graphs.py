"""Message passing between the atoms of molecules: the layer, the network over it, its losses and its training."""

from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops
from scipy.special import expit
from sklearn.preprocessing import StandardScaler

from utils.datasets.graphs import ATOM_WIDTH, BOND_WIDTH, Graphs
from utils.errors import CourseError
from utils.nn.recipes import one_cycle
from utils.nn.training import _OneLine, prepare

FARTHEST = 4.0  # standard deviations beyond which a descriptor says no more than "very large"


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

    def __init__(self, width, **options):
        super().__init__(**options)
        self.width = width

    def build(self, states_shape, neighbours_shape, bonds_shape, is_atom_shape):
        given, width = states_shape[-1], self.width
        self.of_neighbour = self.add_weight(name="of_neighbour", shape=(given, width))
        self.of_bond = self.add_weight(name="of_bond", shape=(bonds_shape[-1], width))
        self.message_bias = self.add_weight(name="message_bias", shape=(width,), initializer="zeros")
        self.of_self = self.add_weight(name="of_self", shape=(given, width))
        self.of_sum = self.add_weight(name="of_sum", shape=(width, width))
        self.bias = self.add_weight(name="bias", shape=(width,), initializer="zeros")

    def call(self, states, neighbours, bonds, is_atom):
        batch, length, most = ops.shape(neighbours)[0], ops.shape(neighbours)[1], ops.shape(neighbours)[2]
        # Fetching a neighbour's row is written as a product with a table of 0 and 1, one 1 for each neighbour: quicker
        # on a processor than indexing, whose gradient TensorFlow takes row by row. Where there is none (-1) all are 0.
        fetch = ops.equal(neighbours[..., None], ops.arange(length, dtype=neighbours.dtype))
        fetch = ops.reshape(ops.cast(fetch, states.dtype), (batch, length * most, length))
        sent = ops.matmul(fetch, ops.matmul(states, self.of_neighbour))  # (batch, atoms · most, width)
        sent = ops.reshape(sent, (batch, length, most, self.width))
        messages = ops.relu(sent + ops.matmul(bonds, self.of_bond) + self.message_bias)
        messages = messages * ops.cast(neighbours >= 0, states.dtype)[..., None]
        heard = ops.matmul(ops.sum(messages, axis=2), self.of_sum)  # (batch, atoms, width)
        new = ops.relu(ops.matmul(states, self.of_self) + heard + self.bias)
        return new * ops.cast(is_atom, states.dtype)[..., None]

    def compute_output_shape(self, states_shape, neighbours_shape, bonds_shape, is_atom_shape):
        return (*states_shape[:-1], self.width)

    def get_config(self):
        return super().get_config() | {"width": self.width}


@keras.saving.register_keras_serializable(package="course")
class ReadOut(layers.Layer):
    """From the states of all atoms to one vector for the molecule: their mean and, next to it, their maximum.

    Takes states (batch, atoms, width), at least 0, and is_atom (batch, atoms); returns (batch, 2 · width). Neither
    depends on the order of the atoms or on padding. A molecule without atoms reads 0.
    """

    def call(self, states, is_atom):
        real = ops.cast(is_atom, states.dtype)[..., None]
        count = ops.maximum(ops.sum(real, axis=1), 1)
        return ops.concatenate([ops.sum(states * real, axis=1) / count, ops.max(states * real, axis=1)], axis=-1)

    def compute_output_shape(self, states_shape, is_atom_shape):
        return (states_shape[0], 2 * states_shape[-1])


def message_passing_network(tasks, descriptors=0, *, width=64, rounds=3, dropout=0.1):
    """The network of chapter 10: atoms, some rounds of messages, a read-out, two dense layers.

    Each round adds its result to the states (a residual connection). Descriptors, numbers on the molecule as a whole,
    join after the read-out, as in Yang et al. (2019), https://doi.org/10.1021/acs.jcim.9b00237.

    tasks: how many outputs; these are plain numbers, so logits in classification. descriptors: how many there are.
    Takes the dict that ``Graphs.pad`` makes, with "descriptors" float (batch, descriptors) besides unless there are 0.
    """
    inputs = {
        "atoms": keras.Input((None, ATOM_WIDTH), name="atoms"),
        "neighbours": keras.Input((None, None), dtype="int32", name="neighbours"),
        "bonds": keras.Input((None, None, BOND_WIDTH), name="bonds"),
        "is_atom": keras.Input((None,), dtype="bool", name="is_atom"),
    }
    others = [inputs[name] for name in ("neighbours", "bonds", "is_atom")]
    states = layers.Dense(width, activation="relu", name="embed")(inputs["atoms"])
    for number in range(1, rounds + 1):
        heard = MessagePassing(width, name=f"round_{number}")(states, *others)
        states = layers.Add()([states, heard])
    molecule = ReadOut(name="read_out")(states, inputs["is_atom"])
    if descriptors:
        inputs["descriptors"] = keras.Input((descriptors,), name="descriptors")
        molecule = layers.Concatenate()([molecule, inputs["descriptors"]])
    hidden = layers.Dense(width, activation="relu")(layers.Dropout(dropout)(molecule))
    return keras.Model(inputs, layers.Dense(tasks)(layers.Dropout(dropout)(hidden)), name="message_passing")


def masked_cross_entropy(labels, logits):
    """Binary cross-entropy, averaged over the labels that are there: 0, 1, or NaN for not measured.

    labels, logits: (n, tasks). Returns a number in nats; 0 where no label is known. Finite for any finite logit.
    """
    known, labels = _known(labels, logits)
    # log(1 + e^z) - y z, written so that no exponential can overflow
    losses = ops.relu(logits) - logits * labels + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.sum(losses * known) / ops.maximum(ops.sum(known), 1.0)


def masked_square_error(labels, predictions):
    """Squared error, averaged over the labels that are there, NaN standing for not measured. Both are (n, tasks)."""
    known, labels = _known(labels, predictions)
    return ops.sum(ops.square(labels - predictions) * known) / ops.maximum(ops.sum(known), 1.0)


def _known(labels, like):
    """1 where a label is there and 0 where not, and the labels with 0 in the gaps: NaN times 0 would stay NaN."""
    labels = ops.cast(labels, like.dtype)
    missing = ops.isnan(labels)
    return ops.cast(ops.logical_not(missing), like.dtype), ops.where(missing, ops.zeros_like(labels), labels)


def predict(model, graphs, rows, descriptors=None):
    """The outputs float32 (len(rows), tasks) of a network for some of the molecules, in the order of the rows.

    descriptors: (all molecules, k), already scaled, where the network takes them. Memory is bounded by one batch.
    """
    different, place = np.unique(np.asarray(rows, int), return_inverse=True)
    outputs = np.empty((len(graphs), model.output_shape[-1]), "float32")
    for part in graphs.batches(different, 256):
        outputs[part] = ops.convert_to_numpy(model(_batch(graphs, part, descriptors), training=False))
    return outputs[different][place]


def train(
    model,
    graphs,
    labels,
    train,
    validation,
    *,
    epochs,
    loss,
    descriptors=None,
    batch_size=32,
    rate=0.004,
    seed=0,
    eager=False,
):
    """Train by AdamW with a one-cycle learning rate, and go back to the epoch of the smallest validation loss.

    labels: float (all molecules, tasks), NaN where not measured. train, validation: row numbers. loss: one of the
    masked losses. rate: the peak of the learning rate. seed: of the order of the molecules. eager: do not compile,
    which a handful of steps does not earn back.
    Returns {"loss": [...], "val_loss": [...]}, one number an epoch. CourseError when the loss becomes infinite.
    """
    optimizer = keras.optimizers.AdamW(rate, weight_decay=0.0001, clipnorm=5.0)
    # Without Keras's compiler, which would begin anew for each shape of a batch.
    model.compile(optimizer, loss, jit_compile=False, run_eagerly=eager)
    prepare(model)
    rng, history, best = np.random.default_rng(seed), {"loss": [], "val_loss": []}, None
    line = _OneLine()
    line.set_params({"epochs": epochs})
    line.on_train_begin()
    for epoch in range(epochs):
        losses, parts = [], list(graphs.batches(train, batch_size, rng))
        if epoch == 0:  # the part that differs in size first: TensorFlow then compiles for any size at the second one
            parts.sort(key=len)
        for number, part in enumerate(parts):
            optimizer.learning_rate = one_cycle((epoch + number / len(parts)) / epochs, rate)
            losses.append(float(model.train_on_batch(_batch(graphs, part, descriptors), labels[part])))
        if not np.isfinite(losses).all():
            raise CourseError(f"The loss became infinite in epoch {epoch + 1}: take a smaller rate.")
        predicted = ops.convert_to_tensor(predict(model, graphs, validation, descriptors))
        watched = float(loss(ops.convert_to_tensor(labels[validation], "float32"), predicted))
        history["loss"].append(float(np.mean(losses)))
        history["val_loss"].append(watched)
        line.on_epoch_end(epoch, {name: values[-1] for name, values in history.items()})
        if watched <= min(history["val_loss"]):
            best = model.get_weights()
    model.set_weights(best)
    return history


def _batch(graphs, rows, descriptors):
    extra = {} if descriptors is None else {"descriptors": descriptors[rows]}
    return graphs.pad(rows) | extra


@dataclass(frozen=True, eq=False)
class FittedNetworks:
    """Trained networks that predict together. models, histories: one each a member. graphs, descriptors (scaled, or
    None): all molecules. label_scale: of regression, or None in classification."""

    models: tuple
    histories: tuple
    graphs: Graphs
    descriptors: np.ndarray | None
    label_scale: StandardScaler | None

    def predict(self, rows):
        """float (len(rows), tasks): the mean of the members' probabilities, or of their values in the labels' unit."""
        outputs = [predict(model, self.graphs, rows, self.descriptors) for model in self.models]
        if self.label_scale is None:
            return np.mean([expit(output) for output in outputs], axis=0)
        return self.label_scale.inverse_transform(np.mean(outputs, axis=0))


def fit_networks(
    graphs,
    labels,
    train_rows,
    validation_rows,
    *,
    task,
    epochs,
    descriptors=None,
    members=1,
    seed=0,
    width=64,
    dropout=0.1,
    **options,
):
    """Train one message-passing network or several from different starts, on scales measured on the training rows only.

    graphs, labels (n, tasks), descriptors (n, k) or None: of all molecules; labels may have gaps (NaN).
    task: "classification" (labels 0 and 1) or "regression". members: how many networks. options: of ``train``.
    Returns a FittedNetworks. CourseError for another task.
    """
    if task not in ("classification", "regression"):
        raise CourseError(f"There is no task {task!r} here: give 'classification' or 'regression'.")
    scale, loss = None, masked_cross_entropy
    if task == "regression":
        scale, loss = StandardScaler().fit(labels[train_rows]), masked_square_error
        labels = scale.transform(labels)
    if descriptors is not None:
        scaled = StandardScaler().fit(descriptors[train_rows]).transform(descriptors)
        descriptors = np.clip(scaled, -FARTHEST, FARTHEST).astype("float32")
    models, histories = [], []
    for member in range(seed * 1000, seed * 1000 + members):
        keras.utils.set_random_seed(member)
        known = 0 if descriptors is None else descriptors.shape[1]
        models.append(message_passing_network(labels.shape[1], known, width=width, dropout=dropout))
        histories.append(
            train(
                models[-1],
                graphs,
                labels.astype("float32"),
                train_rows,
                validation_rows,
                epochs=epochs,
                loss=loss,
                descriptors=descriptors,
                seed=member,
                **options,
            )
        )
    return FittedNetworks(tuple(models), tuple(histories), graphs, descriptors, scale)
