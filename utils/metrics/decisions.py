"""From a probability to a decision: what acting above a threshold is worth, and which threshold costs least."""

import math

import numpy as np
from numpy.typing import ArrayLike

from utils.metrics import checks


def net_benefit(
    labels: ArrayLike, probabilities: ArrayLike, threshold: float, weights: ArrayLike | None = None
) -> float:
    """Cases found, less the false alarms weighed by what the threshold says about their harm, for each example.

    Who acts from a probability of t upwards holds a missed case to be (1 - t) / t times as bad as a false alarm.
    In that currency the net benefit is TP / n - FP / n * t / (1 - t), where TP and FP are the cases and non-cases with
    a probability of at least t. Acting on nobody gives 0; acting on everybody gives
    prevalence - (1 - prevalence) * t / (1 - t). A model is of use at t only if it beats both.

    Parameters
    ----------
    labels : array-like of int or bool, (n,)
        1 for a case, 0 for none; one class alone will do.
    probabilities : array-like of float, (n,)
        Probability of class 1.
    threshold : float, or array-like of float, (thresholds,)
        Between 0 and 1; several for a decision curve.
    weights : array-like of float, (n,), optional
        How many people each stands for, for example against censoring; not negative, and not all 0.

    Returns
    -------
    float, or ndarray of float, (thresholds,)
        In cases found for each example; at most the prevalence, and below 0 where the model does harm.

    Raises
    ------
    CourseError
        When the lengths or shapes do not fit, a value is missing, a label is not 0 or 1, or a probability or the
        threshold is out of its range.

    References
    ----------
    Vickers and Elkin (2006), Medical Decision Making 26:565-574, https://doi.org/10.1177/0272989X06295361; with
    censoring Vickers and others (2008), https://doi.org/10.1186/1472-6947-8-53.
    """
    is_case, probabilities = checks.binary(labels, probabilities, "probabilities")
    checks.are_probabilities(probabilities)
    weights = checks.weights(weights, len(is_case))
    if np.ndim(threshold) == 1:
        return np.array([_net_benefit(is_case, probabilities, one, weights) for one in threshold])
    return _net_benefit(is_case, probabilities, threshold, weights)


def _net_benefit(is_case: np.ndarray, probabilities: np.ndarray, threshold: float, weights: np.ndarray) -> float:
    threshold = checks.number(threshold, "threshold", 0, 1)
    acted_on = probabilities >= threshold
    found, false = weights[acted_on & is_case].sum(), weights[acted_on & ~is_case].sum()
    return float((found - false * threshold / (1 - threshold)) / weights.sum())


def best_threshold(labels: ArrayLike, probabilities: ArrayLike, cost_missed: float, cost_false_alarm: float) -> float:
    """The threshold on the probability that would have cost least on these data; find it on validation data.

    Whoever has a probability of at least the threshold is called a case. For probabilities that can be taken at their
    word the theory needs no data: cost_false_alarm / (cost_false_alarm + cost_missed). Where that threshold costs as
    little as any other here, it is the answer; otherwise it is the nearest to it among the midpoints between
    neighbouring probabilities that cost least. Far from the theory, suspect the calibration, or too few examples.

    Parameters
    ----------
    labels : array-like of int or bool, (n,)
        1 for a case, 0 for none; both must occur.
    probabilities : array-like of float, (n,)
        Probability of class 1.
    cost_missed, cost_false_alarm : float
        What one missed case and one false alarm cost, positive and in the same unit; what is right costs nothing.

    Returns
    -------
    float
        From 0 (everybody is called a case) to just above 1 (nobody is).

    Raises
    ------
    UndefinedScore
        When there is no case or no non-case.
    CourseError
        When the lengths or shapes do not fit, a value is missing, a label is not 0 or 1, or a probability or cost is
        out of its range.

    References
    ----------
    Pauker and Kassirer (1980), New England Journal of Medicine 302:1109-1117,
    https://doi.org/10.1056/NEJM198005153022003.
    """
    cost_missed = checks.number(cost_missed, "cost of a missed case", 0, np.inf)
    cost_false_alarm = checks.number(cost_false_alarm, "cost of a false alarm", 0, np.inf)
    is_case, probabilities = checks.binary(labels, probabilities, "probabilities")
    checks.both_classes(is_case, "best threshold")
    probabilities = checks.are_probabilities(probabilities).astype(float)
    theory = cost_false_alarm / (cost_false_alarm + cost_missed)
    values = np.unique(probabilities)
    nobody = (values[-1] + 1) / 2 if values[-1] < 1 else math.nextafter(values[-1], math.inf)
    candidates = np.concatenate([[theory, 0.0], (values[:-1] + values[1:]) / 2, [nobody]])
    cases, others = np.sort(probabilities[is_case]), np.sort(probabilities[~is_case])
    missed = np.searchsorted(cases, candidates)
    false_alarms = len(others) - np.searchsorted(others, candidates)
    cost = cost_missed * missed + cost_false_alarm * false_alarms
    cheapest = candidates[np.isclose(cost, cost.min(), rtol=1e-12, atol=0)]
    return float(cheapest[np.abs(cheapest - theory).argmin()])
