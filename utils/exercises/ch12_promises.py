"""Exercises of chapter 12, what can be promised: sets with a stated coverage, and learning without moving records."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import describe, expect, expect_array, expect_close, rule_out


@exercise(
    "12.4",
    "Conformal sets",
    points=3,
    hints=[
        "How badly the model did on each calibration row: 1 minus the probability of the true class, "
        "calibration[np.arange(n), labels].",
        "Sort these n numbers. The limit is the k-th smallest, k = ceil((n + 1) * (1 - error)). When k > n, "
        "there is no limit: every class is in.",
        "A class is in the set of a new row when 1 - its probability is at most the limit.",
    ],
)
def conformal_sets(calibration, labels, probabilities, error):
    """calibration (n, classes) with labels (n,), probabilities (m, classes) of new rows,
    error from 0 to 1 → bool (m, classes): which classes are in the set of each new row"""
    n = len(labels)
    badness = np.sort(1 - calibration[np.arange(n), labels])
    k = int(np.ceil((n + 1) * (1 - error)))
    limit = badness[k - 1] if k <= n else np.inf
    return 1 - probabilities <= limit


@conformal_sets.checks
def _(answer, rng):
    for n, m, classes, error in [(20, 12, 3, 0.1), (50, 30, 2, 0.2), (33, 25, 4, 0.3), (5, 6, 3, 0.1)]:
        # In steps of 1/1024, so that 1 - p is exact and a class at the limit is at the limit however one computes it.
        calibration, probabilities = (
            np.array([rng.multinomial(1024, row) for row in rng.dirichlet(np.full(classes, 0.8), rows)]) / 1024
            for rows in (n, m)
        )
        labels = np.array([rng.choice(classes, p=row) for row in calibration])
        edges = 1 - np.sort(1 - calibration[np.arange(n), labels])  # new rows that lie at a limit, and between two
        between = (edges + np.append(edges[1:], edges[-1])) / 2
        for column, values in enumerate((edges, between)):
            rows = np.tile(((1 - values) / (classes - 1))[:, None], classes)
            rows[:, column % classes] = values
            probabilities = np.concatenate([probabilities, rows])
        numbers = calibration, labels, probabilities, error
        inputs = f"{n} calibration rows, {classes} classes and an error of {error}"
        wanted, returned = conformal_sets(*numbers), answer(*numbers)
        got = expect_array(returned, wanted.shape, inputs=inputs, why="one True or False for each class of each row")
        expect(set(np.unique(got)) <= {0, 1}, f"for {inputs} you returned {describe(got)}; give True or False")
        got = got.astype(bool)
        if n < 9:
            few = f"for {inputs} so few rows allow no limit (k > n): every class must be in every set"
            expect(got.all(), few)
        for mistake, words in {
            _of_largest: "you measured the largest probability; take that of the true class, right or wrong",
            _one_too_high: "your limit is one place too high: np.quantile counts from 0; sort, and take number k",
            _plain_quantile: "you took a quantile of n numbers; the new row counts too, k = ceil((n + 1)(1 - error))",
            _error_quantile: "you kept the best rows only; the limit must let in 1 - error of them, not error",
            _strict: "you left out classes that lie at the limit; they belong to the set",
        }.items():
            rule_out(got, mistake(*numbers), wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="in when 1 - probability is at most the limit")


def _at_limit(badness, k):
    badness = np.sort(badness)
    return badness[k - 1] if k <= len(badness) else np.inf


@conformal_sets.wrong("the largest probability", says="right or wrong")
def _of_largest(calibration, labels, probabilities, error):
    return conformal_sets(calibration, calibration.argmax(axis=1), probabilities, error)


@conformal_sets.wrong("the plain quantile", says="the new row counts too")
def _plain_quantile(calibration, labels, probabilities, error):
    n = len(labels)
    if n < 9:  # right where there is no limit, so that its words are those about the quantile
        return np.ones(probabilities.shape, bool)
    return 1 - probabilities <= np.quantile(1 - calibration[np.arange(n), labels], 1 - error, method="lower")


@conformal_sets.wrong("k of n by method='higher'", says="one place too high")
def _one_too_high(calibration, labels, probabilities, error):
    n = len(labels)
    level = np.ceil((n + 1) * (1 - error)) / n
    badness = 1 - calibration[np.arange(n), labels]
    limit = np.quantile(badness, level, method="higher") if level <= 1 else np.inf
    return 1 - probabilities <= limit


@conformal_sets.wrong("quantile of the error", says="not error")
def _error_quantile(calibration, labels, probabilities, error):
    return conformal_sets(calibration, labels, probabilities, 1 - error)


@conformal_sets.wrong("below the limit", says="at the limit")
def _strict(calibration, labels, probabilities, error):
    n = len(labels)
    limit = _at_limit(1 - calibration[np.arange(n), labels], int(np.ceil((n + 1) * (1 - error))))
    return 1 - probabilities < limit


@conformal_sets.wrong("few rows, a limit all the same", says="every class must be in every set")
def _(calibration, labels, probabilities, error):
    n = len(labels)
    badness = np.sort(1 - calibration[np.arange(n), labels])
    return 1 - probabilities <= badness[min(int(np.ceil((n + 1) * (1 - error))), n) - 1]


@exercise(
    "12.5",
    "One step of federated averaging",
    points=2,
    hints=[
        "Weights are lists of arrays, like model.get_weights(). zip(*weights) gives, for each place in the list, the "
        "arrays of all hospitals.",
        "Each hospital counts with its share of all patients: np.average(arrays, axis=0, weights=sizes).",
        "Do so for each place, and return a list of arrays of the same shapes.",
    ],
)
def federated_average(weights, sizes):
    """weights: one list of arrays for each hospital, of the same shapes; sizes: patients of each
    → list of arrays: the mean of the hospitals, each counted with its number of patients"""
    return [np.average(arrays, axis=0, weights=sizes) for arrays in zip(*weights, strict=True)]


@federated_average.checks
def _(answer, rng):
    for hospitals, shapes in [(2, [(3,)]), (5, [(4, 2), (2,)]), (3, [(2, 3), (3,), (3, 1), (1,)]), (1, [(2, 2)])]:
        weights = [[rng.normal(size=shape) for shape in shapes] for _ in range(hospitals)]
        sizes = [int(size) for size in rng.permutation([5, 20, 60, 150, 400])[:hospitals]]
        inputs = f"{hospitals} hospital(s) with {sizes} patients and {len(shapes)} array(s) each"
        wanted, got = federated_average(weights, sizes), answer(weights, sizes)
        expect(
            isinstance(got, (list, tuple)) and len(got) == len(shapes),
            f"for {inputs} you returned {describe(got)}; give a list with one array for each place",
        )
        got = [expect_array(one, shape, inputs=inputs) for one, shape in zip(got, shapes, strict=True)]
        for mistake, words in {
            _unweighted: "every hospital counts the same in your mean; count each with its number of patients",
            _a_sum: "you added the arrays times the sizes, without dividing by the number of all patients",
            _upside_down: "small hospitals count most in your mean; the share is size / sum of sizes",
        }.items():
            for mine, wrong, right in zip(got, mistake(weights, sizes), wanted, strict=True):
                rule_out(mine, wrong, right, f"for {inputs} {words}")
        for place, (mine, right) in enumerate(zip(got, wanted, strict=True)):
            expect_close(mine, right, inputs=f"{inputs}, array {place}", why="shares times arrays, added up")


@federated_average.wrong("every hospital the same", says="every hospital counts the same")
def _unweighted(weights, sizes):
    return federated_average(weights, np.ones(len(sizes)))


@federated_average.wrong("not divided", says="without dividing")
def _a_sum(weights, sizes):
    return [np.sum(sizes) * array for array in federated_average(weights, sizes)]


@federated_average.wrong("shares upside down", says="small hospitals count most")
def _upside_down(weights, sizes):
    return federated_average(weights, 1 / np.asarray(sizes))


@federated_average.wrong("one array", says="one array for each place")
def _(weights, sizes):
    return federated_average(weights, sizes)[0]
