"""How well a score sorts cases to the top, for two classes: curves and points on them."""

import math

import numpy as np
from numpy.typing import ArrayLike
from sklearn import metrics

from utils.metrics import checks


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the precision-recall curve: the precision at each case's own score, averaged over the cases.

    Unlike the ROC AUC it depends on the prevalence, the share of cases, which is also what guessing gives. Compare it
    only between sets of equal prevalence. The same number as scikit-learn's ``average_precision_score``, but quicker.

    Parameters
    ----------
    labels : array-like of int or bool, (n,)
        1 for a case, 0 for none; both must occur.
    scores : array-like of float, (n,)
        Score of class 1; only its order matters.

    Returns
    -------
    float
        Above 0, at most 1.

    Raises
    ------
    UndefinedScore
        When there is no case or no non-case.
    CourseError
        When the lengths or shapes do not fit, a value is missing or infinite, or a label is not 0 or 1.

    References
    ----------
    Saito and Rehmsmeier (2015), PLOS ONE 10:e0118432, https://doi.org/10.1371/journal.pone.0118432.
    """
    is_case, scores = checks.binary(labels, scores)
    checks.both_classes(is_case, "average precision")
    cases, others = np.sort(scores[is_case]), np.sort(scores[~is_case])
    found = len(cases) - np.searchsorted(cases, cases, side="left")
    false = len(others) - np.searchsorted(others, cases, side="left")
    return float(np.mean(found / (found + false)))


def roc_curve(labels: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The ROC curve: what a threshold on the score finds, and what it flags in vain.

    Parameters
    ----------
    labels : array-like of int or bool, (n,)
        1 for a case, 0 for none; both must occur.
    scores : array-like of float, (n,)
        Score of class 1.

    Returns
    -------
    false_positive_rate : ndarray of float, (points,)
        Share of the non-cases with a score of at least the threshold, rising from 0 to 1.
    sensitivity : ndarray of float, (points,)
        Share of the cases with a score of at least the threshold, rising from 0 to 1.
    thresholds : ndarray of float, (points,)
        Falling from infinity, where nobody is flagged. Points on a straight line between others are left out.

    Raises
    ------
    UndefinedScore, CourseError
        As for ``average_precision``.
    """
    is_case, scores = checks.binary(labels, scores)
    checks.both_classes(is_case, "ROC curve")
    return metrics.roc_curve(is_case, scores)


def sensitivity_at_specificity(labels: ArrayLike, scores: ArrayLike, specificity: float) -> float:
    """Share of the cases found by the best threshold that clears at least this share of the non-cases.

    The threshold is chosen on these very data, so with few non-cases the number flatters. No point between two
    thresholds is made up.

    Parameters
    ----------
    labels : array-like of int or bool, (n,)
        1 for a case, 0 for none; both must occur.
    scores : array-like of float, (n,)
        Score of class 1; only its order matters.
    specificity : float
        Above 0, up to 1, for example 0.9.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    UndefinedScore
        When there is no case or no non-case.
    CourseError
        As for ``average_precision``, or when the specificity is outside its range.
    """
    specificity = checks.number(specificity, "specificity", 0, 1, high_included=True)
    is_case, scores = checks.binary(labels, scores)
    checks.both_classes(is_case, "sensitivity at a specificity")
    cases, others = scores[is_case], scores[~is_case]
    allowed = math.floor((1 - specificity) * len(others) + 1e-9)  # 0.1 of 10 is 1, whatever floats make of it
    place = len(others) - 1 - allowed
    highest_cleared = np.partition(others, place)[place]  # the threshold lies just above it
    return float(np.mean(cases > highest_cleared))


def enrichment_factor(labels: ArrayLike, scores: ArrayLike, fraction: float = 0.01) -> float:
    """How many times more cases the top of the list holds than a list in random order would.

    Of drug candidates only the first few are ever tested, so only the top counts. Where equal scores straddle the cut,
    their cases count in proportion, which is the mean over all orders of the tied.

    Parameters
    ----------
    labels : array-like of int or bool, (n,)
        1 for a case (an active molecule), 0 for none; both must occur.
    scores : array-like of float, (n,)
        Score of class 1; the top of the list is the highest.
    fraction : float
        Share of the list that is the top, between 0 and 1; its length is rounded up to whole examples.

    Returns
    -------
    float
        0 or more; 1 is what guessing gives, and at most 1 / fraction or 1 / prevalence, whichever is less.

    Raises
    ------
    UndefinedScore
        When there is no case or no non-case.
    CourseError
        As for ``average_precision``, or when the fraction is outside its range.

    References
    ----------
    Truchon and Bayly (2007), Journal of Chemical Information and Modeling 47:488-508,
    https://doi.org/10.1021/ci600426e.
    """
    fraction = checks.number(fraction, "fraction", 0, 1)
    is_case, scores = checks.binary(labels, scores)
    checks.both_classes(is_case, "enrichment factor")
    count = math.ceil(fraction * len(scores) - 1e-9)
    last = np.partition(scores, len(scores) - count)[len(scores) - count]
    above, tied = scores > last, scores == last
    share_of_tied = (count - above.sum()) / tied.sum()
    found = is_case[above].sum() + share_of_tied * is_case[tied].sum()
    return float(found / count / is_case.mean())
