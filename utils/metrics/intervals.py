"""How sure we can be of a score: the bootstrap interval of any statistic, by group where rows belong together."""

import contextlib
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from sklearn.exceptions import UndefinedMetricWarning

from utils.errors import CourseError, UsageError
from utils.metrics import checks
from utils.metrics.checks import UndefinedScore

FEWEST_USABLE = 0.9  # share of resamples on which a score must exist; with fewer, an interval would mislead


class Interval(NamedTuple):
    """The two ends of an interval, in the unit of the score. Formats like its numbers: ``f"{interval:.2f}"``."""

    low: float
    high: float

    def __format__(self, spec: str) -> str:
        return f"{self.low:{spec}} to {self.high:{spec}}"


class Estimate(NamedTuple):
    """A score and the ends of its interval. ``f"{estimate:.2f}"`` reads ``0.91 (0.88 to 0.94)``."""

    value: float
    low: float
    high: float

    def __format__(self, spec: str) -> str:
        return f"{self.value:{spec}} ({self.low:{spec}} to {self.high:{spec}})"


def bootstrap_interval(
    statistic: Callable[..., float],
    *arrays: ArrayLike,
    groups: ArrayLike | None = None,
    repeats: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Interval:
    """Percentile bootstrap interval of any score: how much it would move had other examples been drawn.

    The rows of all arrays are drawn together, with replacement, and the score is computed again, ``repeats`` times.
    Where rows belong together (visits of one patient, nuclei of one piece of tissue) whole groups are drawn, since the
    rows within one do not tell independent things. To compare two models, give both predictions and let the
    statistic return the difference.

    On some resamples the score may not exist, for example when one class was not drawn. Such a resample (the statistic
    raises ``UndefinedScore`` or returns NaN) is left out, and the interval is of the others; it is refused when more
    than a tenth are lost, because the rest would no longer stand for the data.

    Parameters
    ----------
    statistic : callable
        Takes as many arrays as are given here and returns a number.
    *arrays : array-like
        Labels, predictions and whatever else the statistic needs; the first axis (n) is the example. A missing value
        (NaN) is refused, but for labels (n, tasks) in the first place, where it may stand for not measured.
    groups : array-like, (n,), optional
        The group of each example; without it each example is drawn for itself.
    repeats : int
        Number of resamples, at least 20.
    seed : int
        The same seed gives the same interval.
    level : float
        Share of the resampled scores inside the interval, between 0 and 1.

    Returns
    -------
    Interval
        ``(low, high)``.

    Raises
    ------
    UndefinedScore
        When the score does not exist on the data themselves, or on more than a tenth of the resamples.
    CourseError
        When the lengths differ, a value is missing, there are fewer than two examples or groups, or an option is out of
        its range.

    References
    ----------
    Efron (1979), Annals of Statistics 7:1-26, https://doi.org/10.1214/aos/1176344552.
    """
    return Interval(*estimate(statistic, *arrays, groups=groups, repeats=repeats, seed=seed, level=level)[1:])


def estimate(
    statistic: Callable[..., float],
    *arrays: ArrayLike,
    groups: ArrayLike | None = None,
    repeats: int = 1000,
    seed: int = 0,
    level: float = 0.95,
    undefined: str = "raise",
) -> Estimate:
    """A score and its bootstrap interval at once, for example ``estimate(roc_auc, labels, scores, groups=patients)``.

    Parameters and errors are those of ``bootstrap_interval``, and:

    undefined : {"raise", "nan"}
        What to do where there are too few examples for the score, or only for its interval: raise ``UndefinedScore``,
        or put NaN in its place.

    Returns
    -------
    Estimate
        ``(value, low, high)``: the score on the data themselves, and the interval.
    """
    if undefined not in ("raise", "nan"):
        raise UsageError(f"undefined={undefined!r} says nothing: give 'raise' or 'nan'.")
    try:
        return _estimate(statistic, arrays, groups, repeats, seed, level)
    except UndefinedScore:
        if undefined == "raise":
            raise
    with contextlib.suppress(UndefinedScore):
        return Estimate(_number(statistic(*map(np.asarray, arrays))), np.nan, np.nan)
    return Estimate(np.nan, np.nan, np.nan)


def _estimate(
    statistic: Callable[..., float], arrays: ArrayLike, groups: ArrayLike | None, repeats: int, seed: int, level: float
) -> Estimate:
    if not arrays:
        raise CourseError("There is nothing to resample: give at least one array after the statistic.")
    repeats = checks.whole(repeats, "number of repeats", 20)
    level = checks.number(level, "level", 0, 1)
    arrays = [
        checks.present(array, f"values of array {place}", missing_in_table=place == 1)
        for place, array in enumerate(arrays, 1)
    ]
    checks.same_length(arrays, [f"array {place}" for place in range(1, len(arrays) + 1)])
    draw = _rows(len(arrays[0])) if groups is None else _whole_groups(groups, arrays[0])
    value = _number(statistic(*arrays))
    if np.isnan(value):
        raise UndefinedScore("The score is NaN on the data themselves, so it has no interval: check the statistic.")
    random = np.random.default_rng(seed)
    found = np.full(repeats, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)  # the NaN that comes with it is counted instead
        for repeat in range(repeats):
            chosen = draw(random)
            try:
                found[repeat] = statistic(*(array.take(chosen, axis=0) for array in arrays))
            except UndefinedScore:
                continue
    usable = found[~np.isnan(found)]
    if len(usable) < FEWEST_USABLE * repeats:
        raise UndefinedScore(
            f"The score exists on only {len(usable)} of {repeats} resamples: a class or group is too rare for an "
            "interval; evaluate on more examples."
        )
    low, high = np.quantile(usable, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, float(low), float(high))


def _rows(count: int) -> Callable:
    if count < 2:
        raise CourseError("There is only one example: an interval needs at least two to draw from.")
    return lambda random: random.integers(count, size=count)


def _whole_groups(groups: ArrayLike | None, rows: np.ndarray) -> Callable:
    """Draws groups with replacement and gives the rows of each; as quick for many small groups as for few large."""
    groups = checks.present(groups, "groups")
    if groups.ndim != 1:
        raise CourseError(f"The groups have shape {groups.shape}: give one group an example, shape (n,).")
    checks.same_length([rows, groups], ["array 1", "groups"])
    try:
        _, group_of_row, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    except TypeError:
        raise CourseError("The groups mix numbers and text: give all of them as one kind.") from None
    if len(sizes) < 2:
        raise CourseError("There is only one group: an interval needs at least two to draw from.")
    by_group = np.argsort(group_of_row, kind="stable")
    starts = np.cumsum(sizes) - sizes

    def draw(random):
        drawn = random.integers(len(sizes), size=len(sizes))
        ends = np.cumsum(sizes[drawn])
        first_of_row = np.repeat(starts[drawn] - ends + sizes[drawn], sizes[drawn])
        return by_group[first_of_row + np.arange(ends[-1])]

    return draw


def _number(value: Any) -> float:
    if np.size(value) != 1:
        raise CourseError(f"The statistic returned {np.size(value)} values: let it return one number.")
    return float(np.asarray(value).reshape(()))
