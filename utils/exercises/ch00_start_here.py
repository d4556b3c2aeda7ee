"""The exercise of chapter 00: the share of right answers."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "0.1",
    "The share of right answers",
    points=1,
    hints=[
        "labels == predictions compares the two arrays place by place and gives True or False for each.",
        "np.mean counts True as 1 and False as 0: the mean of such an array is the share of True.",
    ],
)
def accuracy(labels, predictions):
    return np.mean(labels == predictions)


@accuracy.checks
def _(answer, rng):
    examples = [
        (np.array([1, 0, 1, 1, 2]), np.array([1, 2, 0, 1, 2])),  # means, sums and maxima each give another number
        (np.array([2, 2, 2]), np.array([2, 2, 2])),
        (np.array([0, 1, 2]), np.array([1, 2, 0])),
        (rng.integers(3, size=50), rng.integers(3, size=50)),
    ]
    for labels, predictions in examples:
        why = f"they agree at {np.sum(labels == predictions)} of {len(labels)} places"
        answer.case(None, labels, predictions, why=why, shape="the share of right answers is one number")


@accuracy.wrong("a count", says="you returned {got}, the number of right answers: divide it by how many there are")
def _(labels, predictions):
    return np.sum(labels == predictions)


@accuracy.wrong("a percentage", says="you returned {got}, a percentage: give a share from 0 to 1")
def _(labels, predictions):
    return 100 * np.mean(labels == predictions)


@accuracy.wrong("the error rate", says="you returned {got}, the share of wrong answers: count the places that agree")
def _(labels, predictions):
    return np.mean(labels != predictions)


@accuracy.wrong(
    "one verdict for all",
    says="you returned {got}, as if all must agree: compare place by place, and divide with / (// drops the rest)",
)
def _(labels, predictions):
    return float(np.array_equal(labels, predictions))
