"""The exercise of chapter 00: the share of right answers."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import Wrong, describe, expect_number


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
        (np.array([1, 0, 1, 1, 2]), np.array([1, 0, 0, 1, 2])),
        (np.array([2, 2, 2]), np.array([2, 2, 2])),
        (np.array([0, 1, 2]), np.array([1, 2, 0])),
        (rng.integers(3, size=50), rng.integers(3, size=50)),
    ]
    for labels, predictions in examples:
        got = expect_number(answer(labels, predictions), why="the share of right answers is one number")
        same, n = int(np.sum(labels == predictions)), len(labels)
        slips = {
            same: f"the number of right answers: divide it by how many there are, {n}",
            100 * same / n: "a percentage: give a share from 0 to 1",
            1 - same / n: "the share of wrong answers: count the places that agree",
        }
        if not np.isclose(got, same / n):
            slip = next((words for value, words in slips.items() if np.isclose(got, value)), f"but {same} of {n} agree")
            case = f"labels = {describe(labels)} and predictions = {describe(predictions)}"
            raise Wrong(f"for {case} you returned {got:g}, {slip}")


@accuracy.wrong("a count", says="divide it by how many")
def _(labels, predictions):
    return np.sum(labels == predictions)


@accuracy.wrong("a percentage", says="a percentage")
def _(labels, predictions):
    return 100 * np.mean(labels == predictions)


@accuracy.wrong("the error rate", says="the share of wrong answers")
def _(labels, predictions):
    return np.mean(labels != predictions)


@accuracy.wrong("one verdict for all", says="but 4 of 5 agree")
def _(labels, predictions):
    return float(np.array_equal(labels, predictions))
