"""Scores of a classifier of pictures, whether a picture has one class or several findings.

Labels are (n,) class numbers, or (n, findings) of 0 and 1; probabilities are (n, classes) or (n, findings).
"""

import numpy as np

from utils import metrics


def area(labels, probabilities):
    """Area under the ROC curve, the mean over the classes (labels (n,)) or over the findings (labels (n, findings))."""
    labels = np.asarray(labels)
    return (metrics.multilabel_auc if labels.ndim == 2 else metrics.macro_auc)(labels, probabilities)


def accuracy(labels, probabilities):
    """Share of the pictures whose most probable class is right; for findings, of the answers with a cut at 0.5."""
    labels = np.asarray(labels)
    if labels.ndim == 2:
        return float(np.mean((probabilities >= 0.5) == (labels == 1)))
    return metrics.accuracy(labels, probabilities)


def with_interval(statistic, *arrays, **options):
    """``metrics.estimate``, with NaN for what too few pictures do not give: the interval, or the score as well."""
    try:
        return metrics.estimate(statistic, *arrays, **options)
    except metrics.UndefinedScore:
        try:
            return metrics.Estimate(float(statistic(*arrays)), np.nan, np.nan)
        except metrics.UndefinedScore:
            return metrics.Estimate(np.nan, np.nan, np.nan)


def log_loss(labels, probabilities):
    """Mean of minus the logarithm of the probability that was given to what is true; for findings, of each of them."""
    labels, probabilities = np.asarray(labels), np.clip(probabilities, 1e-7, 1 - 1e-7)
    if labels.ndim == 2:
        return float(-np.mean(np.where(labels == 1, np.log(probabilities), np.log1p(-probabilities))))
    return float(-np.mean(np.log(probabilities[np.arange(len(labels)), labels])))
