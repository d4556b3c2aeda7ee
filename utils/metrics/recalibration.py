"""How risks would have to be bent to fit what happened: intercept, slope, and a smooth curve."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from utils.errors import CourseError
from utils.metrics import checks

FURTHEST = 1e-6  # a risk nearer to 0 or 1 is moved to here: it has no finite logit
KNOTS = (0.05, 0.35, 0.65, 0.95)  # quantiles, as Harrell places four knots


class Recalibration(NamedTuple):
    """What makes the risks fit best: logit(true risk) = level + slope · logit(risk).

    ``intercept`` is the level when the slope is held at 1: below 0 the risks are too high on the whole. ``slope`` is 1
    for risks as far apart as they should be, below 1 where they are too extreme, as after overfitting.
    """

    intercept: float
    slope: float


def _fit(columns: np.ndarray, labels: np.ndarray, weights: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Coefficients (p,) of a weighted logistic regression without a penalty, by Newton's method."""
    found = np.zeros(columns.shape[1])
    for _ in range(50):
        risk = expit(columns @ found + offset)
        slope = columns.T @ (weights * (labels - risk))
        curvature = (columns * (weights * risk * (1 - risk))[:, None]).T @ columns
        step = np.linalg.lstsq(curvature, slope, rcond=None)[0]
        found = found + step / max(1, np.abs(step).max())  # never further than 1 at once
        if np.abs(step).max() < 1e-9:
            break
    return found


def _given(labels: ArrayLike, risks: ArrayLike, weights: ArrayLike | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    is_case, risks = checks.binary(labels, risks, "risks")
    checks.are_probabilities(risks)
    weights = checks.weights(weights, len(is_case))
    checks.both_classes(is_case[weights > 0], "calibration")
    return is_case.astype(float), logit(np.clip(risks.astype(float), FURTHEST, 1 - FURTHEST)), weights


def recalibration(labels: ArrayLike, risks: ArrayLike, weights: ArrayLike | None = None) -> Recalibration:
    """Calibration in two numbers: intercept (0 at best) and slope (1 at best).

    Parameters
    ----------
    labels : array-like of int or bool, (n,)
        1 for a case, 0 for none; both must occur.
    risks : array-like of float, (n,)
        Probability of class 1, not all equal.
    weights : array-like of float, (n,), optional
        How many people each stands for, for example against censoring.

    Returns
    -------
    Recalibration
        ``(intercept, slope)``.

    Raises
    ------
    UndefinedScore
        When there is no case or no non-case.
    CourseError
        When the lengths or shapes do not fit, a value is missing, a label is not 0 or 1, or a risk is no probability.

    References
    ----------
    Van Calster and others (2019), https://doi.org/10.1186/s12916-019-1466-7.
    """
    labels, said, weights = _given(labels, risks, weights)
    ones = np.ones((len(said), 1))
    (intercept,) = _fit(ones, labels, weights, said)
    if np.ptp(said) < 1e-9:
        raise CourseError(f"All {len(said)} risks are the same: a slope needs risks that differ.")
    _, slope = _fit(np.column_stack([ones, said]), labels, weights, np.zeros(len(said)))
    return Recalibration(float(intercept), float(slope))


def smooth_calibration(
    labels: ArrayLike, risks: ArrayLike, at: ArrayLike, weights: ArrayLike | None = None
) -> np.ndarray:
    """What happened, as a smooth function of what was said: the share of cases at each of the risks ``at``.

    A logistic regression on a restricted cubic spline of the logit with four knots, or fewer where many risks are
    equal. It needs no bins, and is straight beyond the outer knots. Read it only where there are people.

    Parameters
    ----------
    labels, risks, weights
        As ``recalibration`` takes them.
    at : array-like of float, (points,)
        Risks at which the curve is wanted.

    Returns
    -------
    ndarray of float, (points,)

    Raises
    ------
    UndefinedScore, CourseError
        As ``recalibration``.

    References
    ----------
    Harrell (2015), Regression Modeling Strategies, https://doi.org/10.1007/978-3-319-19425-7.
    """
    labels, said, weights = _given(labels, risks, weights)
    at = checks.are_probabilities(checks.numbers(at, "risks of the curve")).astype(float)
    knots = np.unique(np.quantile(said, KNOTS).round(9))
    found = _fit(_spline(said, knots), labels, weights, np.zeros(len(said)))
    return expit(_spline(logit(np.clip(at, FURTHEST, 1 - FURTHEST)), knots) @ found)


def _spline(values: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """A constant, the values, and a cubic piece for all knots but two, straight beyond the outer ones."""
    if len(knots) < 3:
        return np.column_stack([np.ones(len(values)), values])
    cubes = [np.maximum(values - knot, 0) ** 3 for knot in knots]
    *inner, before, last = knots
    pieces = [
        (cube - cubes[-2] * (last - knot) / (last - before) + cubes[-1] * (before - knot) / (last - before))
        / (last - knots[0]) ** 2
        for cube, knot in zip(cubes, inner, strict=False)
    ]
    return np.column_stack([np.ones(len(values)), values, *pieces])
