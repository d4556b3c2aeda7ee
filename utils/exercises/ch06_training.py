"""Exercises of chapter 06, a result and a training: a confusion matrix, a learning rate that rises and falls."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect_array, expect_close, expect_number, expect_parts, rule_out


@exercise(
    "6.4",
    "Reading a confusion matrix",
    points=2,
    hints=[
        "The right answers stand on the diagonal: np.diag(confusion).",
        "Recall divides by how many there are of a class, the sums of the rows, confusion.sum(axis=1); precision by "
        "how often the class was said, the sums of the columns.",
        "Where a class was never said, 0 / 0 gives NaN by itself; with np.errstate(invalid='ignore') in silence.",
    ],
)
def recall_and_precision(confusion):
    """confusion (K, K) of counts, row = true class, column = said → recall (K,), precision (K,), NaN where 0 / 0"""
    right = np.diag(confusion)
    with np.errstate(invalid="ignore"):
        return right / confusion.sum(axis=1), right / confusion.sum(axis=0)


@recall_and_precision.checks
def _(answer, rng):
    small = np.array([[8, 2], [3, 7]])
    never_said = np.array([[5, 0, 1], [2, 0, 4], [1, 0, 9]])
    for confusion in [small, rng.integers(1, 20, size=(4, 4)), never_said]:
        inputs = f"a confusion matrix with rows {confusion.tolist()}"
        wanted = recall_and_precision(confusion)
        found = expect_parts(answer(confusion), ["recall", "precision"])
        got = [
            expect_array(part, one.shape, inputs=inputs, why="one number a class")
            for part, one in zip(found, wanted, strict=True)
        ]
        rule_out(
            np.stack(got),
            np.stack(wanted[::-1]),
            np.stack(wanted),
            f"for {inputs} you took one for the other: recall asks how many of a class were found, precision how often "
            "its name was right",
        )
        share = np.diag(confusion) / confusion.sum()
        rule_out(got[0], share, wanted[0], f"for {inputs} you divided by all pictures; recall is about one class")
        rule_out(
            got[1],
            np.nan_to_num(wanted[1]),
            wanted[1],
            f"for {inputs} a class was never said: its precision is NaN, not 0, since nobody knows it",
        )
        expect_close(got[0], wanted[0], inputs=inputs, why="recall is the diagonal divided by the sums of the rows")
        expect_close(got[1], wanted[1], inputs=inputs, why="precision divides by the sums of the columns")


@recall_and_precision.wrong("one for the other", says="you took one for the other")
def _(confusion):
    return recall_and_precision(confusion)[::-1]


@recall_and_precision.wrong("shares of all", says="you divided by all pictures")
def _(confusion):
    return (np.diag(confusion) / confusion.sum(),) * 2


@recall_and_precision.wrong("zero for unknown", says="is NaN, not 0")
def _(confusion):
    return tuple(np.nan_to_num(part) for part in recall_and_precision(confusion))


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
    shares = [0.0, 0.25, 1.0, 0.125, 0.5, *np.round(rng.uniform(0.3, 0.9, size=3), 2)]
    peak = float(np.round(rng.uniform(0.01, 0.5), 3))
    got = np.array([expect_number(answer(passed, peak)) for passed in shares])
    wanted = np.array([one_cycle(passed, peak) for passed in shares])
    for function, words in {
        _only_down: "your rate begins at its peak; let it warm up from a tenth of it",
        _from_zero: "your rate begins at zero, where nothing is learned; begin at peak / 10",
        _back_to_start: "your rate ends where it began; it should end at 0, so that the last steps settle",
        _middle: "your rate has its peak in the middle; the peak is due after a quarter of the time",
    }.items():
        mistake = np.array([function(passed, peak) for passed in shares])
        rule_out(got, mistake, wanted, f"for a peak of {peak}: {words}")
    for passed, rate, due in zip(shares, got, wanted, strict=True):
        expect_close(
            rate, due, inputs=f"passed = {passed:g} and a peak of {peak}", why="straight lines between corners"
        )


@one_cycle.wrong("only falls", says="begins at its peak")
def _only_down(passed, peak):
    return peak * (1 - passed)


@one_cycle.wrong("from zero", says="begins at zero")
def _from_zero(passed, peak):
    return np.interp(passed, [0, 0.25, 1], [0, peak, 0])


@one_cycle.wrong("back to its start", says="ends where it began")
def _back_to_start(passed, peak):
    return np.interp(passed, [0, 0.25, 1], [peak / 10, peak, peak / 10])


@one_cycle.wrong("peak in the middle", says="in the middle")
def _middle(passed, peak):
    return np.interp(passed, [0, 0.5, 1], [peak / 10, peak, 0])
