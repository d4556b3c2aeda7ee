"""How good a model is, and how sure we can be of it: scores that refuse bad input, and intervals for any score."""

import warnings
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.exceptions import UndefinedMetricWarning

from utils.errors import CourseError

FEWEST_USABLE = 0.9  # share of resamples on which a score must exist; with fewer, an interval would mislead


class UndefinedScore(CourseError):
    """The score does not exist for these data, for example a ROC AUC where only one class is present."""


class Interval(NamedTuple):
    """The two ends of an interval, in the unit of the score. Formats like its numbers: ``f"{interval:.2f}"``."""

    low: float
    high: float

    def __format__(self, spec):
        return f"{self.low:{spec}} to {self.high:{spec}}"


def macro_auc(labels, probabilities):
    """Area under the ROC curve, each class against all others, averaged with equal weight for each class.

    A rare class counts as much as a frequent one. 1 is perfect; 0.5 is what guessing gives. The same number as
    scikit-learn's ``roc_auc_score(multi_class="ovr")``, found from ranks, which is quick enough for a bootstrap.

    Parameters
    ----------
    labels : array-like of int, (n,)
        The true class of each example, 0 to classes - 1; every class must occur.
    probabilities : array-like of float, (n, classes), or (n,) for two classes
        The score of each class; only the order of the examples within a column matters. One column (n,) is the
        score of class 1.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    UndefinedScore
        When a class does not occur among the labels, or there is only one.
    CourseError
        When the lengths or shapes do not fit, a value is missing or infinite, or a label is not a class number.

    References
    ----------
    Hanley and McNeil (1982), Radiology 143:29-36, https://doi.org/10.1148/radiology.143.1.7063747: the area is the
    probability that a case ranks above a non-case, so ranks are all it needs.
    """
    labels, scores = _numbers(labels, "labels"), _numbers(probabilities, "probabilities")
    if labels.ndim != 1:
        raise CourseError(f"The labels have shape {labels.shape}: give one class number an example, shape (n,).")
    if scores.ndim == 1:
        scores = np.column_stack([-scores.astype(float), scores])
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise CourseError(f"The probabilities have shape {scores.shape}: give (n, classes), or (n,) for two classes.")
    _same_length([labels, scores], ["labels", "probabilities"])
    if not np.isin(labels, np.arange(scores.shape[1])).all():
        raise CourseError(
            f"The labels must be whole class numbers from 0 to {scores.shape[1] - 1}, one for each column of the "
            f"probabilities; they go from {labels.min():g} to {labels.max():g}."
        )
    absent = np.setdiff1d(np.arange(scores.shape[1]), labels)
    if len(absent):
        raise UndefinedScore(
            f"There is no example of class {', '.join(map(str, absent))} among the {len(labels)} labels, so its ROC "
            "AUC does not exist: evaluate on a part that has every class."
        )
    return float(np.mean([_auc(labels == one, scores[:, one]) for one in range(scores.shape[1])]))


def _auc(is_case, scores):
    """The Mann-Whitney statistic as a share of all pairs of a case and a non-case; ties count half."""
    cases = int(is_case.sum())
    others = len(is_case) - cases
    return (rankdata(scores)[is_case].sum() - cases * (cases + 1) / 2) / (cases * others)


def bootstrap_interval(statistic, *arrays, groups=None, repeats=1000, seed=0, level=0.95):
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
        Labels, predictions and whatever else the statistic needs; the first axis (n) is the example.
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
    if not arrays:
        raise CourseError("There is nothing to resample: give at least one array after the statistic.")
    if repeats < 20 or not 0 < level < 1:
        raise CourseError(f"Give repeats of at least 20 and a level between 0 and 1, not {repeats} and {level}.")
    arrays = [_present(array, f"values of array {place}") for place, array in enumerate(arrays, 1)]
    names = [f"array {place}" for place in range(1, len(arrays) + 1)]
    rows = np.arange(_same_length(arrays, names))
    if groups is None:
        members = rows[:, None]
    else:
        groups = _present(groups, "groups")
        _same_length([arrays[0], groups], ["array 1", "groups"])
        _, group_of_row = np.unique(groups, return_inverse=True)
        members = [rows[group_of_row == group] for group in range(group_of_row.max() + 1)]
    if len(members) < 2:
        what = "example" if groups is None else "group"
        raise CourseError(f"There is only one {what}: an interval needs at least two to draw from.")
    if np.isnan(float(statistic(*arrays))):
        raise UndefinedScore("The score is NaN on the data themselves, so it has no interval: check the statistic.")
    random = np.random.default_rng(seed)
    found = []
    for _ in range(repeats):
        drawn = random.integers(len(members), size=len(members))
        chosen = np.concatenate([members[group] for group in drawn])
        found.append(_score_or_nan(statistic, [array[chosen] for array in arrays]))
    found = np.array(found)
    usable = found[~np.isnan(found)]
    if len(usable) < FEWEST_USABLE * repeats:
        raise UndefinedScore(
            f"The score exists on only {len(usable)} of {repeats} resamples: a class or group is too rare for an "
            "interval; evaluate on more examples."
        )
    low, high = np.quantile(usable, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high))


def _score_or_nan(statistic, arrays):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)  # the NaN that comes with it is counted instead
        try:
            return float(statistic(*arrays))
        except UndefinedScore:
            return np.nan


def _present(values, name):
    """As an array with a first axis, without missing values; the values may be of any kind."""
    array = np.asarray(values)
    if array.ndim == 0 or len(array) == 0:
        raise CourseError(f"There is nothing in the {name}: give at least one example.")
    if array.dtype.kind == "f" and np.isnan(array).any():
        raise CourseError(
            f"The {name} hold {int(np.isnan(array).sum())} missing values (NaN): leave those examples out or fill them "
            "in, and say which you did."
        )
    return array


def _numbers(values, name):
    array = _present(values, name)
    if array.dtype.kind not in "fiub":
        raise CourseError(f"The {name} are of type {array.dtype}, where numbers are expected.")
    if not np.isfinite(array).all():
        raise CourseError(f"The {name} hold infinite values: find out which computation overflowed.")
    return array


def _same_length(arrays, names):
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        told = ", ".join(f"{name}: {length}" for name, length in zip(names, lengths, strict=True))
        raise CourseError(f"The lengths differ ({told}): give one row for each example in every array.")
    return lengths[0]
