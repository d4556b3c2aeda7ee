"""Whether a probability may be taken at its word, and how to correct it with one number."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize_scalar
from scipy.special import expit, logsumexp
from scipy.special import softmax as normalised

from utils.metrics import checks
from utils.metrics.checks import UndefinedScore

TEMPERATURES = (0.01, 100)  # where temperature looks for its answer


class Reliability(NamedTuple):
    """The bins of a reliability diagram that hold an example, in rising order, each an array (bins filled,).

    ``confidence`` is the mean probability that the model gave, ``accuracy`` the share that came true, ``count`` the
    number of examples (int). For one column of probabilities, these are the mean probability and the share of class 1.
    """

    confidence: np.ndarray
    accuracy: np.ndarray
    count: np.ndarray


def reliability(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> Reliability:
    """What the model said, and how often it came true: examples sorted into bins of equal width by confidence.

    Parameters
    ----------
    labels : array-like of int, (n,)
        The true class of each example, 0 to classes - 1; not every class need occur.
    probabilities : array-like of float, (n, classes), or (n,) for two classes
        (n, classes): the confidence is the largest probability, and right is that this class is the true one. (n,): the
        confidence is the probability of class 1, from 0 to 1, and right is that class 1 is the true one.
    bins : int
        Number of bins from 0 to 1. A bin holds its upper end, as in scikit-learn's ``calibration_curve``.

    Returns
    -------
    Reliability
        ``(confidence, accuracy, count)`` of the bins that hold an example.

    Raises
    ------
    CourseError
        When the lengths or shapes do not fit, a value is missing, a label is not a class number, or the probabilities
        are outside 0 to 1 or do not sum to 1.

    References
    ----------
    Guo and others (2017), https://doi.org/10.48550/arXiv.1706.04599.
    """
    bins = checks.whole(bins, "number of bins", 1)
    labels, probabilities = checks.classes(labels, probabilities)
    checks.are_probabilities(probabilities)
    if probabilities.ndim == 1:
        confidence, right = probabilities, labels == 1
    else:
        confidence, right = probabilities.max(axis=1), labels == probabilities.argmax(axis=1)
    place = np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], confidence)
    count = np.bincount(place, minlength=bins)
    filled = count > 0
    means = (np.bincount(place, weights=one, minlength=bins)[filled] / count[filled] for one in (confidence, right))
    return Reliability(*means, count[filled])


def calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> float:
    """Expected calibration error: how far confidence and accuracy lie apart, averaged over the examples.

    0 for a perfectly calibrated model on very many examples; on few it is above 0 by chance alone, more so with more
    bins. Labels, probabilities, bins and errors are those of ``reliability``: one column (n,) is judged as the
    probability of class 1, several columns by the class that the model prefers.

    Returns
    -------
    float
        From 0 to 1.

    References
    ----------
    Naeini, Cooper and Hauskrecht (2015), AAAI 29, https://doi.org/10.1609/aaai.v29i1.9602.
    """
    confidence, right, count = reliability(labels, probabilities, bins)
    return float(np.average(np.abs(confidence - right), weights=count))


def brier_score(labels: ArrayLike, probabilities: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Mean squared distance between the probabilities and what happened; lower is better.

    Parameters
    ----------
    labels : array-like of int, (n,)
        The true class of each example, 0 to classes - 1; not every class need occur.
    probabilities : array-like of float, (n, classes), or (n,) for two classes
        Probability of each class, or of class 1.
    weights : array-like of float, (n,), optional
        How much each example counts; not negative, and not all 0.

    Returns
    -------
    float
        Two classes, in one column or two: the mean of (probability of class 1 - label) squared, from 0 to 1. More
        classes: the squares summed over the classes, from 0 to 2. As scikit-learn's ``brier_score_loss``.

    Raises
    ------
    CourseError
        As for ``reliability``.

    References
    ----------
    Brier (1950), Monthly Weather Review 78:1-3,
    https://doi.org/10.1175/1520-0493(1950)078%3C0001:VOFEIT%3E2.0.CO;2.
    """
    labels, probabilities = checks.classes(labels, probabilities)
    checks.are_probabilities(probabilities)
    weights = checks.weights(weights, len(labels))
    if probabilities.ndim == 1:
        return float(np.average((probabilities.astype(float) - labels) ** 2, weights=weights))
    happened = np.eye(probabilities.shape[1])[labels]
    squares = np.sum((probabilities - happened) ** 2, axis=1)
    return float(np.average(squares, weights=weights) / (2 if probabilities.shape[1] == 2 else 1))


def softmax(logits: ArrayLike, temperature: float = 1.0) -> np.ndarray:
    """Probabilities from logits, softened by a temperature above 1 or sharpened by one below.

    Parameters
    ----------
    logits : array-like of float, (n, classes), or (n,) for two classes
        One column (n,) is the logit of class 1 against one of 0 for class 0: its softmax is the sigmoid.
    temperature : float
        Positive; the logits are divided by it.

    Returns
    -------
    ndarray of float64, the shape of the logits
        Rows sum to 1; one column is the probability of class 1.

    Raises
    ------
    CourseError
        When a logit is missing or infinite, the shape does not fit, or the temperature is not positive.
    """
    logits = checks.columns(checks.numbers(logits, "logits"), "logits").astype(float)
    scaled = logits / checks.number(temperature, "temperature", 0, np.inf)
    return expit(scaled) if scaled.ndim == 1 else normalised(scaled, axis=1)


def temperature(labels: ArrayLike, logits: ArrayLike) -> float:
    """The temperature that makes the probabilities of these examples fit best; find it on validation data.

    Dividing all logits by one number changes how sure the model sounds, but not which class it prefers. Use:
    ``softmax(test_logits, temperature(labels, logits))``.

    Parameters
    ----------
    labels : array-like of int, (n,)
        The true class of each example, 0 to classes - 1; at least two classes must occur.
    logits : array-like of float, (n, classes), or (n,) for two classes
        As ``softmax`` takes them.

    Returns
    -------
    float
        The minimum of the log-loss, above 1 where the model was too sure. It is sought between 0.01 and 100, and comes
        out at an end where the data ask for more, for example near 0.01 when every example is classified right. 1 where
        nothing fits better.

    Raises
    ------
    UndefinedScore
        When only one class occurs among the labels.
    CourseError
        When the lengths or shapes do not fit, a value is missing or infinite, or a label is not a class number.

    References
    ----------
    Guo and others (2017), https://doi.org/10.48550/arXiv.1706.04599.
    """
    labels, logits = checks.classes(labels, logits, "logits")
    if (labels == labels[0]).all():
        raise UndefinedScore(
            f"All {len(labels)} labels are of class {labels[0]}: a temperature needs at least two classes."
        )
    if logits.ndim == 1:
        logits = np.column_stack([np.zeros(len(logits)), logits])
    beside_true = logits.astype(float) - np.take_along_axis(logits, labels[:, None], axis=1)

    def log_loss(log_temperature):
        return np.mean(logsumexp(beside_true / np.exp(log_temperature), axis=1))

    best = minimize_scalar(log_loss, bounds=np.log(TEMPERATURES), method="bounded", options={"xatol": 1e-7})
    return 1.0 if log_loss(0.0) <= best.fun else float(np.exp(best.x))
