"""Models of the time until an event that use people who are not watched to the end: Cox regression and its rival, a
network that gives one hazard per interval."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike

from utils.errors import CourseError

SURE = 1e-7  # a hazard nearer to 0 or 1 than this would have an infinite logarithm


@dataclass(frozen=True, eq=False)
class Cox:
    """A fitted Cox model: weights (features,), and the baseline: cumulative hazard (t,) from each of times (t,)."""

    weights: np.ndarray
    times: np.ndarray
    hazard: np.ndarray

    def score(self, features: ArrayLike) -> np.ndarray:
        """The logarithm of the hazard beside the baseline's: float64 (n,)."""
        return np.asarray(features, float) @ self.weights

    def risk(self, features: ArrayLike, horizon: float) -> np.ndarray:
        """Probability of the event by the horizon: float64 (n,)."""
        baseline = np.append(0.0, self.hazard)[np.searchsorted(self.times, horizon, "right")]
        return 1 - np.exp(-baseline * np.exp(self.score(features)))


def fit_cox(days: ArrayLike, happened: ArrayLike, features: ArrayLike, penalty: float = 0.0) -> Cox:
    """Cox regression by Newton's method, with Efron's way with events of one day, and Breslow's baseline.

    Parameters
    ----------
    days, happened : array-like, (n,)
        Time until the event or the last contact; 1 where it was the event, 0 where censored.
    features : array-like of float, (n, features)
        Without missing values, best standardised.
    penalty : float
        Half of it times the sum of the squared weights is taken off the log-likelihood of all people.

    Returns
    -------
    Cox

    Raises
    ------
    CourseError
        When there is no event, or the steps do not settle, as where a feature separates the events.

    References
    ----------
    Cox (1972), https://doi.org/10.1111/j.2517-6161.1972.tb00899.x; Efron (1977),
    https://doi.org/10.1080/01621459.1977.10480613.
    """
    order = np.argsort(days, kind="stable")
    days, x = np.asarray(days, float)[order], np.asarray(features, float)[order]
    event = np.asarray(happened)[order] == 1
    if not event.any():
        raise CourseError(f"None of the {len(days)} people has the event: a hazard cannot be learned.")
    times, first, count = np.unique(days[event], return_index=True, return_counts=True)
    own = np.repeat(np.arange(len(times)), count)  # of each event, the time
    part = (np.arange(len(own)) - first[own]) / count[own]  # the share of that day's events gone before it, by Efron
    start = np.searchsorted(days, times)  # from here on people are at risk
    reached = np.searchsorted(times, days, "right") - 1  # the last time with an event that each one reached
    at_event = np.searchsorted(times, days[event])

    def likelihood(weights: np.ndarray) -> tuple:
        """Penalised log-likelihood, and what its derivatives need."""
        score = x @ weights
        hazard = np.exp(score - score.max())
        at_risk = np.cumsum(hazard[::-1])[::-1][start]
        tied = np.bincount(at_event, hazard[event], len(times))
        total = at_risk[own] - part * tied[own]
        value = score[event].sum() - (np.log(total) + score.max()).sum() - penalty / 2 * weights @ weights
        return value, hazard, total, score.max()

    weights = np.zeros(x.shape[1])
    value, hazard, total, _ = likelihood(weights)
    for _ in range(50):
        weighted = x * hazard[:, None]
        at_risk = np.cumsum(weighted[::-1], axis=0)[::-1][start]
        tied = np.zeros_like(at_risk)
        np.add.at(tied, at_event, weighted[event])
        means = (at_risk[own] - part[:, None] * tied[own]) / total[:, None]
        share = np.cumsum(np.bincount(own, 1 / total, len(times)))  # of each person's hazard that enters the sums
        share = np.append(0.0, share)[reached + 1]
        share[event] -= np.bincount(own, part / total, len(times))[at_event]
        slope = x[event].sum(axis=0) - means.sum(axis=0) - penalty * weights
        curvature = weighted.T @ (x * share[:, None]) - means.T @ means + penalty * np.eye(len(weights))
        step = np.linalg.lstsq(curvature, slope, rcond=None)[0]
        if slope @ step < 1e-9:
            break
        for _ in range(30):  # a step that goes too far is halved
            new, hazard, total, shift = likelihood(weights + step)
            if new > value:
                break
            step = step / 2
        weights, value = weights + step, new
    else:
        raise CourseError("Cox regression did not settle in 50 steps: give a penalty above 0, or fewer features.")
    _, hazard, total, shift = likelihood(weights)
    at_risk = np.cumsum(hazard[::-1])[::-1][start] * np.exp(shift)
    return Cox(weights, times, np.cumsum(count / at_risk))


def hazard_targets(days: ArrayLike, happened: ArrayLike, edges: ArrayLike) -> np.ndarray:
    """What each person's record says of each interval: float32 (n, 2 intervals), for ``hazard_loss``.

    The first half of the columns is 1 where the event came in the interval, the second half where the person was
    watched through it without. Where both are 0 nothing is known: the event came before, or the person was lost.

    edges: (intervals,), rising, the ends of the intervals; the first begins at 0. An interval holds its end.
    """
    days, edges = np.asarray(days, float)[:, None], np.asarray(edges, float)
    happened = np.asarray(happened)[:, None] == 1
    came = happened & (days <= edges) & (days > np.append(-np.inf, edges[:-1]))
    return np.concatenate([came, (days >= edges) & ~came], axis=1).astype(np.float32)


def hazard_loss(targets: Any, hazards: Any) -> Any:
    """Minus the log-likelihood of each person: (batch, 2 intervals), (batch, intervals) → (batch,). For ``compile``.

    Gensheimer and Narasimhan (2019), https://doi.org/10.7717/peerj.6257.
    """
    hazards = ops.clip(hazards, SURE, 1 - SURE)
    intervals = hazards.shape[-1]
    came, went_on = targets[:, :intervals], targets[:, intervals:]
    return -ops.sum(came * ops.log(hazards) + went_on * ops.log(1 - hazards), axis=-1)


def hazard_model(
    reader: Callable | None,
    features: int,
    context: int,
    base: Sequence[float],
    *,
    units: int = 16,
    dropout: float = 0.5,
) -> keras.Model:
    """A model of (steps (batch, visits, features), mask (batch, visits), context (batch, context)) → hazards.

    A hazard is the probability of the event within an interval, for those who have reached it: (batch, intervals).
    What the reader makes of the visits goes through a hidden layer together with the context. The context also has a
    direct line, which shifts the logits of all intervals alike: the discrete form of Cox's model, see Cheng and others
    (2016), https://doi.org/10.1145/2988450.2988454, for the line.

    reader: a function like those of ``utils.applications.records``, or None for no visits. base: (intervals,), the
    hazards that the untrained model gives to everybody, each above 0 and below 1.
    """
    steps = keras.Input((None, features), name="steps")
    mask = keras.Input((None,), dtype="bool", name="mask")
    known = keras.Input((context,), name="context")
    x = layers.Concatenate()([reader(steps, mask, units, dropout), known]) if reader else known
    x = layers.Dense(units, activation="relu", name="hidden")(layers.Dropout(dropout)(x))
    start = np.log(np.asarray(base, float) / (1 - np.asarray(base, float)))
    deep = layers.Dense(
        len(start),
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
        bias_initializer=lambda shape, dtype=None: ops.cast(start, dtype or "float32"),
        name="deep",
    )(layers.Dropout(dropout)(x))
    direct = layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="direct")(known)
    return keras.Model([steps, mask, known], layers.Activation("sigmoid")(layers.Add()([deep, direct])))


def risk_by(hazards: ArrayLike) -> np.ndarray:
    """Probability of the event by the end of each interval, from the hazards: float64 (n, intervals)."""
    return 1 - np.cumprod(1 - np.asarray(hazards, float), axis=-1)
