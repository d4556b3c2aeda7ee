"""Molecules with several labels and gaps: a message-passing network and its training, and the forest it has to beat."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike
from scipy.special import expit
from sklearn.preprocessing import StandardScaler

from utils import metrics
from utils.errors import CourseError
from utils.features.molecules import ATOM_WIDTH, BOND_WIDTH, Graphs
from utils.nn import inference, training
from utils.nn.layers import MessagePassing, ReadOut
from utils.nn.schedules import one_cycle
from utils.nn.training import OneLine, member_seeds, prepare, step_of_any_size

FARTHEST = 4.0  # standard deviations beyond which a descriptor says no more than "very large"
MAX_ROWS = 10_000  # of training a forest gets, at random: beyond, it gains little and takes long


def message_passing_network(
    tasks: int, descriptors: int = 0, *, width: int = 64, rounds: int = 3, dropout: float = 0.1, decay: float = 0.0
) -> keras.Model:
    """The network of chapter 11: atoms, some rounds of messages, a read-out, two dense layers.

    Each round adds its result to the states (a residual connection). Descriptors, numbers on the molecule as a whole,
    join after the read-out, as in Yang et al. (2019), https://doi.org/10.1021/acs.jcim.9b00237.

    tasks: how many outputs; these are plain numbers, so logits in classification. descriptors: how many there are.
    decay: L2 penalty of the last two layers; with a fingerprint among the descriptors they need one.
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
    penalty = {"kernel_regularizer": keras.regularizers.L2(decay)} if decay else {}
    hidden = layers.Dense(width, activation="relu", **penalty)(layers.Dropout(dropout)(molecule))
    output = layers.Dense(tasks, **penalty)(layers.Dropout(dropout)(hidden))
    return keras.Model(inputs, output, name="message_passing")


def masked_cross_entropy(labels: Any, logits: Any) -> Any:
    """Binary cross-entropy, averaged over the labels that are there: 0, 1, or NaN for not measured.

    labels, logits: (n, tasks). Returns a number in nats; 0 where no label is known. Finite for any finite logit.
    """
    known, labels = _known(labels, logits)
    # log(1 + e^z) - y z, written so that no exponential can overflow
    losses = ops.relu(logits) - logits * labels + ops.log1p(ops.exp(-ops.abs(logits)))
    return ops.sum(losses * known) / ops.maximum(ops.sum(known), 1.0)


def masked_square_error(labels: Any, predictions: Any) -> Any:
    """Squared error, averaged over the labels that are there, NaN standing for not measured. Both are (n, tasks)."""
    known, labels = _known(labels, predictions)
    return ops.sum(ops.square(labels - predictions) * known) / ops.maximum(ops.sum(known), 1.0)


def _known(labels: Any, like: Any):
    """1 where a label is there and 0 where not, and the labels with 0 in the gaps: NaN times 0 would stay NaN."""
    labels = ops.cast(labels, like.dtype)
    missing = ops.isnan(labels)
    return ops.cast(ops.logical_not(missing), like.dtype), ops.where(missing, ops.zeros_like(labels), labels)


def predict(model: keras.Model, graphs: Graphs, rows: ArrayLike, descriptors: np.ndarray | None = None) -> np.ndarray:
    """The outputs float32 (len(rows), tasks) of a network for some of the molecules, in the order of the rows.

    descriptors: (all molecules, k), already scaled, where the network takes them. Memory is bounded by one batch.
    """
    different, place = np.unique(np.asarray(rows, int), return_inverse=True)
    outputs = np.empty((len(graphs), model.output_shape[-1]), "float32")
    for part in graphs.batches(different, 256):
        outputs[part] = inference.predict(model, _batch(graphs, part, descriptors), len(part))
    return outputs[different][place]


def train(
    model: keras.Model,
    graphs: Graphs,
    labels: np.ndarray,
    train: ArrayLike,
    validation: ArrayLike,
    *,
    epochs: int,
    loss: Callable,
    descriptors: np.ndarray | None = None,
    batch_size: int = 32,
    rate: float = 0.004,
    seed: int = 0,
    eager: bool = False,
    quiet: bool = False,
    step: Callable | None = None,
) -> dict[str, list[float]]:
    """Train by AdamW with a one-cycle learning rate, and go back to the epoch of the smallest validation loss.

    labels: float (all molecules, tasks), NaN where not measured. train, validation: row numbers. loss: one of the
    masked losses. rate: the peak of the learning rate. seed: of the order of the molecules. eager: do not compile,
    which a handful of steps does not earn back. quiet: show no line of progress. step: the model's, of ``compiled``,
    where it has one already.
    Returns {"loss": [...], "val_loss": [...]}, one number per epoch. CourseError when the loss becomes infinite.
    """
    step = step or compiled(model, loss, eager)
    rng, history, best = np.random.default_rng(seed), {"loss": [], "val_loss": []}, None
    line = None if quiet else OneLine()
    if line:
        line.set_params({"epochs": epochs})
        line.on_train_begin()
    for epoch in range(epochs):
        losses, parts = [], list(graphs.batches(train, batch_size, rng))
        if epoch == 0:
            parts.sort(key=len)  # the part that is smaller first, while the rate is low
        for number, part in enumerate(parts):
            model.optimizer.learning_rate = one_cycle((epoch + number / len(parts)) / epochs, rate)
            losses.append(step(_batch(graphs, part, descriptors), labels[part]))
        if not np.isfinite(losses).all():
            raise CourseError(f"The loss became infinite in epoch {epoch + 1}: take a smaller rate.")
        predicted = ops.convert_to_tensor(predict(model, graphs, validation, descriptors))
        watched = float(loss(ops.convert_to_tensor(labels[validation], "float32"), predicted))
        history["loss"].append(float(np.mean(losses)))
        history["val_loss"].append(watched)
        if line:
            line.on_epoch_end(epoch, {name: values[-1] for name, values in history.items()})
        if watched <= min(history["val_loss"]):
            best = model.get_weights()
    model.set_weights(best)
    return history


def compiled(model: keras.Model, loss: Callable, eager: bool = False) -> Callable[[Any, Any], float]:
    """Compile a network with AdamW and return its training step on (inputs, labels), for batches of any shape."""
    # Without Keras's compiler, which would begin anew for each shape of a batch.
    model.compile(keras.optimizers.AdamW(weight_decay=0.0001, clipnorm=5.0), loss, jit_compile=False, run_eagerly=eager)
    return step_of_any_size(prepare(model))


def _batch(graphs: Graphs, rows: ArrayLike, descriptors: np.ndarray | None):
    extra = {} if descriptors is None else {"descriptors": descriptors[rows]}
    return graphs.pad(rows) | extra


@dataclass(frozen=True, eq=False)
class FittedNetworks:
    """Trained networks that predict together. models, histories: one for each member. graphs, descriptors (scaled, or
    None): all molecules. label_scale: of regression, or None in classification."""

    models: tuple
    histories: tuple
    graphs: Graphs
    descriptors: np.ndarray | None
    label_scale: StandardScaler | None

    def predict(self, rows: ArrayLike) -> np.ndarray:
        """float (len(rows), tasks): the mean of the members' probabilities, or of their values in the labels' unit."""
        outputs = [predict(model, self.graphs, rows, self.descriptors) for model in self.models]
        if self.label_scale is None:
            return np.mean([expit(output) for output in outputs], axis=0)
        return self.label_scale.inverse_transform(np.mean(outputs, axis=0))


def fit_networks(
    graphs: Graphs,
    labels: np.ndarray,
    train_rows: ArrayLike,
    validation_rows: ArrayLike,
    *,
    task: str,
    epochs: int,
    descriptors: np.ndarray | None = None,
    fingerprints: np.ndarray | None = None,
    members: int = 1,
    seed: int = 0,
    width: int = 64,
    dropout: float = 0.1,
    decay: float = 0.0,
    **options: Any,
) -> FittedNetworks:
    """Train one message-passing network or several from different starts, on scales measured on the training rows only.

    graphs, labels (n, tasks), descriptors (n, k) or None: of all molecules; labels may have gaps (NaN). fingerprints
    (n, bits) of 0 and 1, or None: join the descriptors, unscaled. width, dropout, decay: of the network.
    task: "classification" (labels 0 and 1) or "regression". members: how many networks. options: of ``train``.
    Returns a FittedNetworks. CourseError for another task.
    """
    if task not in ("classification", "regression"):
        raise CourseError(f"There is no task {task!r} here: give 'classification' or 'regression'.")
    scale, loss = None, masked_cross_entropy
    if task == "regression":
        scale, loss = StandardScaler().fit(labels[train_rows]), masked_square_error
        labels = scale.transform(labels)
    extra = joined(descriptors, fingerprints, train_rows)
    known = 0 if extra is None else extra.shape[1]
    seeds, histories, steps = member_seeds(seed, members), [], []
    orders, labels = iter(seeds), labels.astype("float32")
    options |= {"epochs": epochs, "loss": loss, "descriptors": extra}

    def build():
        return message_passing_network(labels.shape[1], known, width=width, dropout=dropout, decay=decay)

    def fit(model):
        rows = (train_rows, validation_rows)
        histories.append(train(model, graphs, labels, *rows, seed=next(orders), step=steps[0], **options))

    models = training.members(
        build, lambda model: steps.append(compiled(model, loss, options.get("eager", False))), fit, seeds
    )
    return FittedNetworks(tuple(models), tuple(histories), graphs, extra, scale)


def joined(descriptors: np.ndarray | None, fingerprints: np.ndarray | None, train_rows: ArrayLike) -> np.ndarray | None:
    """Descriptors (n, k), scaled by mean and spread of the training rows and cut at 4 standard deviations, and beside
    them fingerprints (n, bits) as they are: float32 (n, k + bits), None where there are neither."""
    parts = []
    if descriptors is not None:
        scaled = StandardScaler().fit(descriptors[train_rows]).transform(descriptors)
        parts.append(np.clip(scaled, -FARTHEST, FARTHEST).astype("float32"))
    if fingerprints is not None:
        parts.append(fingerprints.astype("float32"))
    return np.hstack(parts) if parts else None


def forest(
    features: Any, labels: np.ndarray, train: ArrayLike, *, task: str, trees: int = 200, leaf: int = 1, seed: int = 0
) -> np.ndarray:
    """Fit one random forest for each task, on the training rows where it was measured, and predict for all rows.

    Parameters
    ----------
    features : array, (n, k)
        Fingerprints, descriptors or both.
    labels : array of float, (n, tasks)
        0 and 1, or numbers in regression; NaN for not measured.
    train : array of int
        Row numbers; beyond 10,000 as many are drawn at random.
    task : {"classification", "regression"}
    trees, leaf, seed : int
        Number of trees, fewest training rows in a leaf, and the seed of the draws.

    Returns
    -------
    array of float, (n, tasks)
        Probability of 1, or the number. A task without a training label gets 0.5, or 0; one of equal labels that label.

    References
    ----------
    Breiman (2001), Machine Learning 45:5-32, https://doi.org/10.1023/A:1010933404324.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    options = {"n_estimators": trees, "min_samples_leaf": leaf, "random_state": seed, "n_jobs": 2}
    train = np.asarray(train)
    if len(train) > MAX_ROWS:
        train = np.random.default_rng(seed).choice(train, MAX_ROWS, replace=False)
    found = np.full(labels.shape, 0.5 if task == "classification" else 0.0)
    for number, values in enumerate(labels.T):
        rows = train[~np.isnan(values[train])]
        different = np.unique(values[rows])
        if len(different) == 1:
            found[:, number] = different
        elif len(different) and task == "classification":
            model = RandomForestClassifier(**options).fit(features[rows], values[rows])
            found[:, number] = model.predict_proba(features)[:, 1]
        elif len(different):
            model = RandomForestRegressor(max_features=1 / 3, **options).fit(features[rows], values[rows])
            found[:, number] = model.predict(features)
    return found


def judge(
    labels: np.ndarray, predictions: np.ndarray, groups: ArrayLike, *, task: str, repeats: int = 1000
) -> metrics.Estimate:
    """The score of a model on one part, with a 95 % interval that draws whole groups.

    labels: (n, tasks), NaN for not measured. predictions: (n, tasks). groups: (n,), scaffolds for example; where there
    is only one, molecules are drawn. task: "classification" gives the mean ROC AUC of the tasks that have both classes,
    "regression" the RMSE. repeats: a quarter of it above 1,500 molecules, where intervals are steady.
    Returns an Estimate, NaN where the score or its interval does not exist, as with a single class.
    """
    statistic = metrics.multilabel_auc if task == "classification" else metrics.rmse
    groups = groups if len(np.unique(groups)) > 1 else None
    repeats = repeats if len(labels) <= 1500 else max(20, repeats // 4)
    return metrics.estimate(statistic, labels, predictions, groups=groups, repeats=repeats, undefined="nan")
