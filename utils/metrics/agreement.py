"""How close predictions come to the truth: the share of right classes, the error of numbers, the log-loss."""

from typing import Any

import numpy as np
import sklearn.metrics

from utils.errors import CourseError
from utils.metrics import checks
from utils.metrics.checks import UndefinedScore


def accuracy(labels: Any, probabilities: Any) -> float:
    """Share of the examples whose most probable class is the true one.

    Parameters
    ----------
    labels : array-like of int, (n,) or (n, findings)
        The true class of each example, 0 to classes - 1; not every class need occur. Or 0 and 1 for several findings:
        then the share of all answers that are right, with a cut at 0.5.
    probabilities : array-like of float, (n, classes), or (n,) for two classes
        The class with the largest value is the predicted one (the first of equals), so logits serve as well. One
        column (n,) is the probability of class 1, which is predicted above 0.5.

    Returns
    -------
    float
        From 0 to 1. Compare it with the share of the most frequent class, which needs no model.

    Raises
    ------
    CourseError
        When the lengths or shapes do not fit, a value is missing or infinite, a label is not a class number, or one
        column is outside 0 to 1.
    """
    if np.ndim(labels) == 2:
        labels, probabilities = _findings(labels, probabilities)
        return float(np.mean((probabilities >= 0.5) == (labels == 1)))
    labels, probabilities = checks.classes(labels, probabilities)
    if probabilities.ndim == 1:
        return float(np.mean((checks.are_probabilities(probabilities) > 0.5) == labels))
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def rmse(labels: Any, predictions: Any) -> float:
    """Root mean square error of predicted numbers, in their own unit; large errors weigh more than small ones.

    Parameters
    ----------
    labels, predictions : array-like of float, (n,) or (n, tasks)
        The measured and the predicted number of each example, in the same unit. In a table labels may be NaN, for not
        measured.

    Returns
    -------
    float
        0 or more; of a table the mean over the tasks that were measured. Compare it with the standard deviation of the
        labels, which is what predicting their mean gives.

    Raises
    ------
    UndefinedScore
        When no task was measured.
    CourseError
        When the lengths or shapes do not fit, or a value is missing, infinite or not a number.
    """
    labels = checks.numbers(labels, "labels", missing_in_table=True)
    predictions = checks.numbers(predictions, "predictions")
    if labels.ndim > 2 or labels.shape[1:] != predictions.shape[1:]:
        raise CourseError(
            f"The labels have shape {labels.shape} and the predictions {predictions.shape}: give (n,) or (n, tasks) "
            "for both."
        )
    checks.same_length([labels, predictions], ["labels", "predictions"])
    errors = (labels.astype(float) - predictions) ** 2
    if errors.ndim == 1:
        return float(np.sqrt(errors.mean()))
    measured = ~np.isnan(errors).all(axis=0)
    if not measured.any():
        raise UndefinedScore("No task was measured, so there is no error: evaluate on other examples.")
    return float(np.sqrt(np.nanmean(errors[:, measured], axis=0)).mean())


def log_loss(labels: Any, probabilities: Any) -> float:
    """Mean of minus the natural logarithm of the probability that was given to what is true, by scikit-learn.

    Parameters
    ----------
    labels : array-like of int, (n,) or (n, findings)
        The true class of each example, or 0 and 1 for several findings.
    probabilities : array-like of float, (n, classes) or (n, findings)
        Drawn in to 1e-7 and 1 - 1e-7, so that one answer that was sure and wrong does not make the whole infinite.

    Returns
    -------
    float
        In nats, 0 or more; of findings the mean over them.

    Raises
    ------
    CourseError
        When the lengths or shapes do not fit, a value is missing or infinite, or a label has no column.
    """
    if np.ndim(labels) == 2:
        labels, probabilities = _findings(labels, probabilities)
        columns = zip(labels.T, probabilities.T, strict=True)
        return float(np.mean([log_loss(label, np.column_stack([1 - one, one])) for label, one in columns]))
    labels, probabilities = checks.classes(labels, probabilities)
    if probabilities.ndim == 1:
        probabilities = np.column_stack([1 - probabilities, probabilities])
    clipped = np.clip(probabilities.astype(float), 1e-7, 1 - 1e-7)
    clipped /= clipped.sum(axis=1, keepdims=True)
    return float(sklearn.metrics.log_loss(labels, clipped, labels=np.arange(clipped.shape[1])))


def _findings(labels: Any, probabilities: Any) -> tuple[np.ndarray, np.ndarray]:
    labels, probabilities = checks.numbers(labels, "labels"), checks.numbers(probabilities, "probabilities")
    if labels.shape != probabilities.shape or not np.isin(labels, (0, 1)).all():
        raise CourseError(
            f"The labels have shape {labels.shape} and the probabilities {probabilities.shape}: give 0 or 1, and a "
            "probability, for each example and finding."
        )
    return labels, probabilities
