"""Exercises of chapter 06, a result and a training: a confusion matrix, a learning rate that rises and falls."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "6.4",
    "Reading a confusion matrix",
    points=2,
    returns=("recall", "precision"),
    hints=[
        "The right answers are on the diagonal: np.diag(confusion).",
        "Recall divides by the number of images of a class, the sums of the rows, confusion.sum(axis=1); precision by "
        "how often the class was named, the sums of the columns.",
        "Where a class was never named, 0 / 0 gives NaN by itself; np.errstate(invalid='ignore') silences the warning.",
    ],
)
def recall_and_precision(confusion):
    """confusion (K, K) of counts, row = true class, column = said → recall (K,), precision (K,), NaN where 0 / 0"""
    right = np.diag(confusion)
    with np.errstate(invalid="ignore"):
        return right / confusion.sum(axis=1), right / confusion.sum(axis=0)


@recall_and_precision.checks
def _(answer, rng):
    small = [[8, 2], [3, 7]]
    never_named = [[5, 0, 1], [2, 0, 4], [1, 0, 9]]
    never_there = [[4, 1, 2], [0, 0, 0], [0, 3, 6]]
    for rows in [small, rng.integers(1, 20, size=(4, 4)).tolist(), never_named, never_there]:
        answer.case(
            f"a confusion matrix with rows {rows}",
            np.array(rows),
            why={
                "recall": "recall is the diagonal divided by the sums of the rows",
                "precision": "precision is the diagonal divided by the sums of the columns",
            },
            shape="one number per class",
        )


@recall_and_precision.wrong(
    "one for the other",
    says="you exchanged the two: recall asks how many of a class were found, precision how often its name was right",
)
def _(confusion):
    return recall_and_precision(confusion)[::-1]


@recall_and_precision.wrong(
    "recall by columns", says="your recall is the precision: divide by the number of images of the class, its row"
)
def _(confusion):
    _, precision = recall_and_precision(confusion)
    return precision, precision


@recall_and_precision.wrong(
    "precision by rows", says="your precision is the recall: divide by how often the class was named, its column"
)
def _(confusion):
    recall, _ = recall_and_precision(confusion)
    return recall, recall


@recall_and_precision.wrong(
    "shares of all", says="your recall is a share of all images; divide by the number of images of the class"
)
def _(confusion):
    return np.diag(confusion) / confusion.sum(), recall_and_precision(confusion)[1]


@recall_and_precision.wrong(
    "zero for unknown",
    says="your precision is a number where a class was never named; nobody knows it, so it is NaN, not 0",
)
def _(confusion):
    recall, precision = recall_and_precision(confusion)
    return recall, np.nan_to_num(precision)


@recall_and_precision.wrong(
    "zero recall of an absent class",
    says="your recall is a number where no image has the class; nobody knows it, so it is NaN, not 0",
)
def _(confusion):
    recall, precision = recall_and_precision(confusion)
    return np.nan_to_num(recall), precision


@recall_and_precision.wrong(
    "against the mistakes",
    says="you divided by the mistakes alone; the right answers belong to the sums of rows and columns",
)
def _(confusion):
    right = np.diag(confusion)
    with np.errstate(all="ignore"):
        return right / (confusion.sum(axis=1) - right), right / (confusion.sum(axis=0) - right)


@recall_and_precision.wrong("per cent", says="return shares from 0 to 1, not per cent")
def _(confusion):
    recall, precision = recall_and_precision(confusion)
    return 100 * recall, 100 * precision


@recall_and_precision.wrong(
    "specificity", says="precision is not the specificity: divide by how often a class was named"
)
def _(confusion):
    named, there = confusion.sum(axis=0), confusion.sum(axis=1)
    return recall_and_precision(confusion)[0], 1 - (named - np.diag(confusion)) / (confusion.sum() - there)


@exercise(
    "6.5",
    "A learning rate that rises and falls",
    points=1,
    hints=[
        "Three corners: (0, peak / 10), (0.25, peak) and (1, 0), with straight lines between.",
        "np.interp(passed, [0, 0.25, 1], [...]) draws straight lines through corners.",
    ],
)
def one_cycle(passed, peak):
    """passed: share of the time that is over → learning rate: peak/10 at 0, peak at 0.25, 0 at 1, straight between"""
    return np.interp(passed, [0, 0.25, 1], [peak / 10, peak, 0])


@one_cycle.checks
def _(answer, rng):
    peak = float(np.round(rng.uniform(0.01, 0.5), 3))
    for passed in [0.0, 0.25, 1.0, 0.125, 0.5, *np.round(rng.uniform(0.01, 0.24, 2), 2), *rng.uniform(0.3, 0.95, 3)]:
        inputs = f"passed = {passed:.3g} and a peak of {peak}"
        answer.case(inputs, float(passed), peak, why="straight lines between three corners", shape="one rate")


@one_cycle.wrong(
    "only falls", says="you returned {got}: your rate begins at its peak; let it warm up from a tenth of it"
)
def _(passed, peak):
    return peak * (1 - passed)


@one_cycle.wrong(
    "from zero", says="you returned {got}: your rate begins at zero, where nothing is learned; begin at peak / 10"
)
def _(passed, peak):
    return np.interp(passed, [0, 0.25, 1], [0, peak, 0])


@one_cycle.wrong(
    "back to its start",
    says="you returned {got}: your rate ends where it began; it should end at 0, so that the last steps settle",
)
def _(passed, peak):
    return np.interp(passed, [0, 0.25, 1], [peak / 10, peak, peak / 10])


@one_cycle.wrong(
    "peak in the middle",
    says="you returned {got}: your rate has its peak in the middle; the peak is due after a quarter of the time",
)
def _(passed, peak):
    return np.interp(passed, [0, 0.5, 1], [peak / 10, peak, 0])


@one_cycle.wrong(
    "curves between the corners",
    says="you returned {got} where {wanted} is expected: your rate follows a curve between the corners; draw straight "
    "lines",
)
def _(passed, peak):
    if passed <= 0.25:
        return peak / 10 + 0.9 * peak * (1 - np.cos(np.pi * passed / 0.25)) / 2
    return peak * (1 + np.cos(np.pi * (passed - 0.25) / 0.75)) / 2


@one_cycle.wrong(
    "falls at the pace of the whole time",
    says="you returned {got}: the rate is due at 0 after the whole time, so it falls within 0.75 of it",
)
def _(passed, peak):
    return peak * (0.1 + 3.6 * passed) if passed < 0.25 else peak * (1 - (passed - 0.25))


@one_cycle.wrong(
    "rises past the peak", says="you returned {got}: from peak / 10 to peak are 0.9 × peak, in a quarter of the time"
)
def _(passed, peak):
    return peak * (0.1 + 4 * passed) if passed < 0.25 else peak * (1 - passed) / 0.75


@one_cycle.wrong("per cent of the time", says="you returned {got}: passed is a share from 0 to 1, not per cent")
def _(passed, peak):
    return np.interp(passed, [0, 25, 100], [peak / 10, peak, 0])


@one_cycle.wrong(
    "another peak", says="you returned {got}: the corners follow the argument peak; do not write numbers for them"
)
def _(passed, peak):
    return np.interp(passed, [0, 0.25, 1], [0.001, 0.01, 0])
