"""Transfer for donor sites: MMSplice's network as it is, frozen or fine-tuned, and what begins from nothing.

Each way to learn is a function of one-hot letters float32 (n, 18, 4), labels int (n,), 1 for a donor, the letters that
it is asked about, and a seed; it returns the probability of a donor for each, float (asked,).
"""

import math
from collections.abc import Callable, Mapping
from functools import cache

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from utils import datasets
from utils.errors import UsageError
from utils.metrics import roc_auc
from utils.nn.inference import predict
from utils.nn.pretrained import DONOR_EXON, DONOR_INTRON, mmsplice_donor
from utils.nn.training import fit, restart, seeded

Learner = Callable[[np.ndarray, np.ndarray, np.ndarray, int], np.ndarray]
C_VALUES = (0.001, 0.01, 0.1, 1.0)
ROUNDS = 5  # that all rows are seen, at least


def around_cut(windows: np.ndarray) -> np.ndarray:
    """Of one-hot windows (n, length, 4) with the cut in the middle, the letters that MMSplice sees: (n, 18, 4)."""
    middle = windows.shape[1] // 2
    return windows[:, middle - DONOR_EXON : middle + DONOR_INTRON]


@cache
def published(layer: str = "probability") -> keras.Model:
    """MMSplice's donor network up to a layer: "probability" (n, 1), "log_odds" (n, 1) or "features" (n, 64)."""
    whole = mmsplice_donor(_weights())
    return keras.Model(whole.inputs, whole.get_layer(layer).output, name=f"mmsplice_donor_{layer}")


@cache
def _weights() -> Mapping[str, np.ndarray]:
    return datasets.load("mmsplice_donor").arrays


def ways(steps: int = 100, run_eagerly: bool = False) -> dict[str, Learner]:
    """Four ways to learn donors from labels: the features frozen, the network fine-tuned or begun at random, and a
    logistic regression on the letters.

    steps: of the two networks, at least; more where many rows are to be seen ``ROUNDS`` times. run_eagerly: for a few
    steps.
    """
    return {
        "MMSplice, frozen": lambda x, y, ask, seed: _regression(_features(x), y, _features(ask)),
        "MMSplice, fine-tuned": _network(True, 0.001, steps, run_eagerly),
        "same network, random start": _network(False, 0.003, steps, run_eagerly),
        "regression on letters": lambda x, y, ask, seed: _regression(_flat(x), y, _flat(ask)),
    }


def mean_auc(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The mean AUC of several trainings: labels (n,), probabilities (n, trainings)."""
    return float(np.mean([roc_auc(labels, column) for column in probabilities.T]))


def _network(pretrained: bool, rate: float, steps: int, run_eagerly: bool) -> Learner:
    """The network from MMSplice's weights or from random ones; compiled once for all trainings.

    Of the published network the batch normalisations stay as they are: means of a few dozen rows would only spoil them.
    """
    start = _weights() if pretrained else None
    model = mmsplice_donor(start)
    for layer in model.layers:
        if pretrained and isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", jit_compile=False, run_eagerly=run_eagerly)

    def learn(x: np.ndarray, y: np.ndarray, ask: np.ndarray, seed: int) -> np.ndarray:
        batch = int(np.clip(len(x) // 4, 8, 32))
        rounds = max(math.ceil(steps * batch / len(x)), ROUNDS if steps > ROUNDS else 1)
        rng = np.random.default_rng(seed)
        order = np.concatenate(
            [rng.permutation(len(x)) for _ in range(rounds)]
        )  # one epoch: each costs time of its own
        with seeded(seed):
            restart(model, mmsplice_donor(start))
            labels = np.asarray(y, "float32")[order, None]
            fit(model, x[order], labels, epochs=1, batch_size=batch, shuffle=False, quiet=True)
        return predict(model, ask)[:, 0]

    return learn


def _regression(x: np.ndarray, y: np.ndarray, ask: np.ndarray) -> np.ndarray:
    """Logistic regression whose strength is chosen by cross-validation within the labels that it is given."""
    rarest = int(np.bincount(y, minlength=2).min())
    if rarest < 2:
        raise UsageError(f"Two donors and two others are needed to learn from; there are {rarest} of the rarer kind.")
    model, folds = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)), min(5, rarest)
    search = GridSearchCV(model, {"logisticregression__C": C_VALUES}, cv=folds, scoring="neg_log_loss")
    return search.fit(x, y).predict_proba(ask)[:, 1]


def _features(letters: np.ndarray) -> np.ndarray:
    return predict(published("features"), letters)


def _flat(letters: np.ndarray) -> np.ndarray:
    return letters.reshape(len(letters), -1)
