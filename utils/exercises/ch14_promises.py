"""Exercises of chapter 14, what can be promised: sets with a stated coverage, and learning without moving records."""

import numpy as np

from utils.exercises.core import changes, exercise


@exercise(
    "14.2",
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
    for n, m, classes, error in [(20, 12, 3, 0.1), (50, 30, 2, 0.2), (33, 25, 4, 0.3), (5, 6, 3, 0.1), (9, 8, 3, 0.1)]:
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
        answer.case(
            f"{n} calibration rows, {classes} classes and an error of {error}",
            *(calibration, labels, probabilities, error),
            shape="one True or False for each class of each new row",
            why="a class is in when 1 - its probability is at most the limit",
        )


def _limited(calibration, labels, probabilities, limit_of):
    """The sets with another limit, a function of what 1 minus the probability of the true class was, (n,) sorted."""
    badness = np.sort(1 - calibration[np.arange(len(labels)), labels])
    return 1 - probabilities <= limit_of(badness)


@conformal_sets.wrong(
    "the largest probability", says="you measured the largest probability; take that of the true class, right or wrong"
)
def _(calibration, labels, probabilities, error):
    return conformal_sets(calibration, calibration.argmax(axis=1), probabilities, error)


@conformal_sets.wrong(
    "k of n by method='higher'",
    says="your limit is one place too high: np.quantile counts from 0; sort, and take number k",
)
def _(calibration, labels, probabilities, error):
    level = np.ceil((len(labels) + 1) * (1 - error)) / len(labels)
    return _limited(
        *(calibration, labels, probabilities),
        lambda badness: np.quantile(badness, level, method="higher") if level <= 1 else np.inf,
    )


@conformal_sets.wrong(
    "the plain quantile",
    says="your limit is too low; the new row counts too, and k is rounded up, k = ceil((n + 1) * (1 - error))",
)
def _(calibration, labels, probabilities, error):
    return _limited(calibration, labels, probabilities, lambda badness: np.quantile(badness, 1 - error))


@conformal_sets.wrong(
    "quantile of the error",
    says="you kept the best rows only; the limit must let in a share of 1 - error, not of error",
)
def _(calibration, labels, probabilities, error):
    return conformal_sets(calibration, labels, probabilities, 1 - error)


@conformal_sets.wrong("below the limit", says="you left out classes that lie at the limit; they belong to the set")
def _(calibration, labels, probabilities, error):
    return conformal_sets(calibration, labels, probabilities - 1e-9, error)


@conformal_sets.wrong("the others", says="you marked the classes that are not in the set; True means in")
def _(calibration, labels, probabilities, error):
    return ~conformal_sets(calibration, labels, probabilities, error)


@conformal_sets.wrong(
    "few rows, a limit all the same",
    says="you took a limit, but so few rows allow none (k > n): every class must be in every set",
)
def _(calibration, labels, probabilities, error):
    k = int(np.ceil((len(labels) + 1) * (1 - error)))
    return _limited(calibration, labels, probabilities, lambda badness: badness[min(k, len(badness)) - 1])


@conformal_sets.wrong(
    "few rows, a number k that is not there",
    says="there is no number k, for k > n: without a limit every class is in every set",
)
def _(calibration, labels, probabilities, error):
    k = int(np.ceil((len(labels) + 1) * (1 - error)))
    return _limited(calibration, labels, probabilities, lambda badness: badness[k - 1])


@exercise(
    "14.3",
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
        arrays = f"{len(shapes)} array{'s' if len(shapes) > 1 else ''}"
        answer.case(
            f"{hospitals} hospital{'s' if hospitals > 1 else ''} with {sizes} patients and {arrays} each",
            *(weights, np.array(sizes)),
            shape="a list with one array for each place in the lists of weights",
            why="each hospital's share of the patients times its array, added up",
        )


@federated_average.wrong(
    "every hospital the same",
    says="you counted every hospital the same; count each with its number of patients",
)
def _(weights, sizes):
    return federated_average(weights, np.ones(len(sizes)))


@federated_average.wrong(
    "not divided", says="you added the arrays times the sizes, without dividing by the number of all patients"
)
def _(weights, sizes):
    return [np.sum(sizes) * array for array in federated_average(weights, sizes)]


@federated_average.wrong(
    "divided by the hospitals", says="you divided by the number of hospitals; divide by the number of all patients"
)
def _(weights, sizes):
    return [np.mean(sizes) * array for array in federated_average(weights, sizes)]


@federated_average.wrong(
    "shares upside down", says="you let small hospitals count most; the share is size / sum of sizes"
)
def _(weights, sizes):
    return federated_average(weights, 1 / np.asarray(sizes))


@federated_average.wrong("one array", says="you returned the first array alone; return a list, one for each place")
def _(weights, sizes):
    return federated_average(weights, sizes)[0]


@federated_average.wrong("overwrites the first hospital", says=changes("weights", nested=True))
def _(weights, sizes):
    total = weights[0]
    for place, array in enumerate(federated_average(weights, sizes)):
        total[place][:] = array
    return total
