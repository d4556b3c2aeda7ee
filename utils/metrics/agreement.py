"""How close predictions come to the truth: the share of right classes, the typical error of a number."""

import numpy as np

from utils.errors import CourseError
from utils.metrics import checks


def accuracy(labels, probabilities):
    """Share of the examples whose most probable class is the true one.

    Parameters
    ----------
    labels : array-like of int, (n,)
        The true class of each example, 0 to classes - 1; not every class need occur.
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
    labels, probabilities = checks.classes(labels, probabilities)
    if probabilities.ndim == 1:
        return float(np.mean((checks.are_probabilities(probabilities) > 0.5) == labels))
    return float(np.mean(probabilities.argmax(axis=1) == labels))


def root_mean_square_error(labels, predictions):
    """Typical size of the error of predicted numbers, in their own unit; large errors weigh more than small ones.

    Parameters
    ----------
    labels, predictions : array-like of float, (n,)
        The measured and the predicted number of each example, in the same unit.

    Returns
    -------
    float
        0 or more. Compare it with the standard deviation of the labels, which is what predicting their mean gives.

    Raises
    ------
    CourseError
        When the lengths or shapes do not fit, or a value is missing, infinite or not a number.
    """
    labels, predictions = checks.numbers(labels, "labels"), checks.numbers(predictions, "predictions")
    if labels.ndim != 1 or predictions.ndim != 1:
        raise CourseError(
            f"The labels have shape {labels.shape} and the predictions {predictions.shape}: give one number an "
            "example, shape (n,), one task at a time."
        )
    checks.same_length([labels, predictions], ["labels", "predictions"])
    return float(np.sqrt(np.mean((labels.astype(float) - predictions) ** 2)))
