"""Dense networks on fingerprints and descriptors: one for all questions, or one for each, from the same start."""

from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike
from scipy.special import expit

from utils.applications.molecules import masked_cross_entropy
from utils.nn import inference
from utils.nn.training import fit, member_seeds, seeded


def dense_network(
    tasks: int, features: int, *, width: int = 64, shared: bool = True, dropout: float = 0.3, decay: float = 0.005
) -> keras.Model:
    """One hidden layer, with the logits of all tasks; in the manner of Mayr et al. (2016), who won Tox21's challenge.

    Takes float (batch, features), returns (batch, tasks). https://doi.org/10.3389/fenvs.2015.00080

    tasks, features: how many. width: hidden units. shared: one hidden layer for all tasks; if not, each task has one of
    its own and nothing in common with the others, like a network for each, side by side. dropout: of the hidden layer,
    half of it at the input. decay: L2 penalty of the weights.
    """
    penalty = {"kernel_regularizer": keras.regularizers.L2(decay)}
    inputs = keras.Input((features,))
    seen = layers.Dropout(dropout / 2)(inputs)
    if shared:
        hidden = layers.Dense(width, activation="relu", **penalty)(seen)
        return keras.Model(inputs, layers.Dense(tasks, **penalty)(layers.Dropout(dropout)(hidden)), name="shared")
    own = {"activation": "relu", "kernel_initializer": _start(features, width), **penalty}
    hidden = layers.EinsumDense("bf,ftw->btw", (tasks, width), bias_axes="tw", **own)(seen)
    own = {"kernel_initializer": _start(width, 1), **penalty}
    logits = layers.EinsumDense("btw,tw->bt", (tasks,), bias_axes="t", **own)(layers.Dropout(dropout)(hidden))
    return keras.Model(inputs, logits, name="apart")


def _start(inside: int, outside: int) -> keras.initializers.Initializer:
    """Glorot's start for one task: Keras would count the units of all tasks together."""
    limit = np.sqrt(6 / (inside + outside))
    return keras.initializers.RandomUniform(-limit, limit)


def fit_dense(
    features: np.ndarray,
    labels: np.ndarray,
    train_rows: ArrayLike,
    validation_rows: ArrayLike,
    *,
    epochs: int,
    shared: bool = True,
    members: int = 1,
    seed: int = 0,
    rate: float = 0.001,
    batch_size: int = 64,
    eager: bool = False,
    quiet: bool = False,
    **options: Any,
) -> np.ndarray:
    """Train dense networks, each task going back to its epoch of the smallest validation loss, and ask about all rows.

    Parameters
    ----------
    features : array of float, (n, k)
        Of all molecules, on the scales of ``joined``.
    labels : array of float, (n, tasks)
        0 and 1; NaN for not measured.
    train_rows, validation_rows : array of int
    epochs : int
    shared : bool
        One hidden layer for all tasks, or one for each.
    members, seed : int
        How many networks, whose probabilities are averaged, and the seed of the first.
    rate : float
        Of Adam.
    batch_size : int
    eager, quiet : bool
        Do not compile; show no progress.
    **options
        Of ``dense_network``.

    Returns
    -------
    array of float, (n, tasks)
        Probabilities. Each task has those of the epoch that was best for it, with a hidden layer of its own or not, so
        that both kinds are chosen alike.
    """
    labels, found = np.asarray(labels, "float32"), np.zeros(labels.shape)
    for member in member_seeds(seed, members):
        with seeded(member):
            model = dense_network(labels.shape[1], features.shape[1], shared=shared, **options)
            model.compile(keras.optimizers.Adam(rate), sum_of_tasks, jit_compile=False, run_eagerly=eager)
            best = BestOfEachTask(features, labels, validation_rows)
            training = {"epochs": epochs, "batch_size": batch_size, "callbacks": [best], "quiet": quiet}
            fit(model, features[train_rows], labels[train_rows], **training)
        found += best.answers
    return found / members


def sum_of_tasks(labels: Any, logits: Any) -> Any:
    """The sum of the tasks' masked losses: a layer of a task's own then learns as in a network for that task alone."""
    tasks = range(labels.shape[1])
    return sum(masked_cross_entropy(labels[:, k : k + 1], logits[:, k : k + 1]) for k in tasks)


class BestOfEachTask(keras.callbacks.Callback):
    """Keeps for each task the probabilities, (n, tasks), of the epoch in which its validation loss was smallest.

    features (n, k), labels (n, tasks) with NaN for not measured, rows: of the validation part. After the training the
    probabilities are in ``answers``.
    """

    def __init__(self, features: np.ndarray, labels: np.ndarray, rows: ArrayLike):
        super().__init__()
        self.features, self.labels, self.rows = features, labels, rows
        self.answers, self.least = np.full(labels.shape, 0.5), np.full(labels.shape[1], np.inf)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logits = inference.predict(self.model, self.features)
        truth, said = self.labels[self.rows], logits[self.rows]
        known = ~np.isnan(truth)
        losses = np.where(known, np.logaddexp(0, said) - np.nan_to_num(truth) * said, 0)
        losses = losses.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        better = losses < self.least
        self.answers[:, better], self.least[better] = expit(logits[:, better]), losses[better]
