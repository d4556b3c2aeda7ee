"""Exercises of chapter 2, continued: a step of the Adam optimiser, and a split that keeps each patient whole."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import describe, expect, expect_array, expect_close, expect_parts, rule_out


@exercise(
    "2.4",
    "One step of Adam",
    points=3,
    hints=[
        "First the two running averages: mean = beta1 * mean + (1 - beta1) * gradient, and square likewise with "
        "gradient**2 and beta2.",
        "Both start at zero and are too small at first; correction = np.sqrt(1 - beta2**step) / (1 - beta1**step).",
        "weights - learning_rate * correction * mean / (np.sqrt(square) + epsilon), and return the new averages too.",
    ],
)
def adam_step(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    """four arrays (k,), the number of the step from 1 on → new weights, new mean, new square, each (k,)"""
    mean = beta1 * mean + (1 - beta1) * gradient
    square = beta2 * square + (1 - beta2) * gradient**2
    correction = np.sqrt(1 - beta2**step) / (1 - beta1**step)
    weights = weights - learning_rate * correction * mean / (np.sqrt(square) + epsilon)
    return weights, mean, square


PARTS = ("weights", "mean", "square")
STEP_TOLERANCE = 1e-5  # loose enough for both places where epsilon is added in the literature


@adam_step.checks
def _(answer, rng):
    _first_step(answer, rng)
    for k, rate in [(1, 0.001), (3, 0.1), (4, 0.02)]:
        weights, mean, square = rng.normal(size=k), np.zeros(k), np.zeros(k)
        for step in range(1, 6):
            gradient = rng.choice([-1, 1], size=k) * rng.uniform(0.5, 2, size=k)
            wanted = adam_step(weights, gradient, mean, square, step, learning_rate=rate)
            got = expect_parts(answer(weights, gradient, mean, square, step, learning_rate=rate), PARTS)
            for name, mine, right in zip(PARTS, got, wanted, strict=True):
                inputs = f"step {step} with learning_rate {rate:g} and {k} weight{'s' if k > 1 else ''}"
                expect_close(mine, right, why=f"the new {name}", tolerance=STEP_TOLERANCE, inputs=inputs)
            weights, mean, square = wanted
    options = {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9}
    start = rng.normal(size=2), rng.uniform(0.5, 1, size=2), rng.normal(size=2), rng.uniform(1, 2, size=2)
    got = expect_parts(answer(*start, 3, **options), PARTS)
    why = "beta1, beta2 and learning_rate are arguments, use them"
    expect_close(got[0], adam_step(*start, 3, **options)[0], why=why, tolerance=STEP_TOLERANCE, inputs="beta1 = 0.5")
    still = expect_parts(answer(np.ones(2), np.zeros(2), np.zeros(2), np.zeros(2), 1), PARTS)[0]
    expect_close(
        still, np.ones(2), why="without a slope the weights stay; epsilon keeps 0 / 0 away", inputs="gradient 0"
    )


def _first_step(answer, rng):
    """Averages that start at zero and one gradient: where each of the usual mistakes shows by itself."""
    weights, gradient, zeros = rng.normal(size=2), np.array([0.5, -4.0]), np.zeros(2)
    wanted, mean, square = adam_step(weights, gradient, zeros, zeros, 1, learning_rate=0.1)
    got = expect_parts(answer(weights, gradient, zeros, zeros, 1, learning_rate=0.1), PARTS)
    case = "for the first step with gradient [0.5, -4] and learning_rate 0.1"
    rule_out(got[2], 0.001 * gradient, square, f"{case} you averaged the gradient itself for square; square it first")
    expect_close(got[1], mean, why="a tenth of the gradient, beta1 is 0.9", inputs="the mean after the first step")
    expect_close(got[2], square, why="a thousandth of gradient**2", inputs="the square after the first step")
    moved = expect_array(got[0], (2,), why="as many weights as before") - weights
    uncorrected = -0.1 * mean / (np.sqrt(square) + 1e-7)
    words = f"{case} your weights moved by {describe(moved)}"
    too_long = f"{words}, more than three learning rates: the averages start at zero, where is their correction?"
    rule_out(moved, uncorrected, wanted - weights, too_long)
    rule_out(moved, weights - wanted, wanted - weights, f"{words}, uphill: subtract the step, do not add it")
    rootless = -0.1 * gradient / (gradient**2 + 1e-7)
    rule_out(moved, rootless, wanted - weights, f"{words}: divide by the square root of square, not by square itself")
    why = "the first step is as long as the learning rate, against the sign of each gradient"
    expect_close(got[0], wanted, why=why, tolerance=STEP_TOLERANCE, inputs="the first step")


@adam_step.wrong("no correction of the averages", says="where is their correction?")
def _(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    _, mean, square = adam_step(weights, gradient, mean, square, step, learning_rate, beta1, beta2, epsilon)
    return weights - learning_rate * mean / (np.sqrt(square) + epsilon), mean, square


@adam_step.wrong("without the square root", says="divide by the square root")
def _(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    _, mean, square = adam_step(weights, gradient, mean, square, step, learning_rate, beta1, beta2, epsilon)
    steepness = square / (1 - beta2**step) + epsilon
    return weights - learning_rate * mean / (1 - beta1**step) / steepness, mean, square


@adam_step.wrong("uphill", says="do not add it")
def _(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    return adam_step(weights, gradient, mean, square, step, -learning_rate, beta1, beta2, epsilon)


@adam_step.wrong("gradient not squared", says="square it first")
def _(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    weights, mean, _ = adam_step(weights, gradient, mean, square, step, learning_rate, beta1, beta2, epsilon)
    return weights, mean, beta2 * square + (1 - beta2) * gradient


@exercise(
    "2.5",
    "Split by patient",
    points=2,
    hints=[
        "Draw patients, not rows: np.unique(groups) has each patient once.",
        "np.random.default_rng(seed).choice(names, size=…, replace=False) draws some of them.",
        "np.isin(groups, chosen) says, for every row, whether its patient was drawn.",
    ],
)
def split_by_group(groups, test_fraction, seed):
    """groups (n,) patient of each row → bool (n,), True in the test part; about test_fraction of the patients"""
    names = np.unique(groups)
    wanted = max(1, round(test_fraction * len(names)))
    chosen = np.random.default_rng(seed).choice(names, size=wanted, replace=False)
    return np.isin(groups, chosen)


@split_by_group.checks
def _(answer, rng):
    for patients, rows, fraction in [(10, 60, 0.3), (40, 200, 0.25), (6, 12, 0.5)]:
        groups = rng.permutation(np.r_[np.arange(patients), rng.integers(0, patients, rows - patients)]) * 7 + 3
        inputs = f"{rows} visits of {patients} patients and test_fraction {fraction:g}"
        test = _mask(answer(groups, fraction, 0), rows, inputs)
        cut = np.intersect1d(groups[test], groups[~test])
        expect(
            not len(cut),
            f"for {inputs}, {len(cut)} patient{'s stand' if len(cut) > 1 else ' stands'} on both sides, for example "
            f"patient {cut[0] if len(cut) else ''}: draw patients, not rows",
        )
        drawn = len(np.unique(groups[test]))
        expect(
            abs(drawn - fraction * patients) <= 1,
            f"for {inputs} you drew {drawn} patients for the test part, where about {fraction * patients:g} are "
            "wanted: the fraction is meant of the patients",
        )
    _chance(answer, groups=np.repeat(np.arange(20), 3))
    names = np.array(["Ann", "Bob", "Ann", "Cid", "Dee", "Bob", "Eve", "Cid"])
    test = _mask(answer(names, 0.4, 1), len(names), "patients with names for numbers")
    expect(not set(names[test]) & set(names[~test]), "for patients with names for numbers somebody is on both sides")


def _mask(value, rows, inputs):
    """The answer as a bool array (rows,)."""
    test = expect_array(value, (rows,), why="one True or False for each row", dtype_kind="b", inputs=inputs)
    expect(test.any() and not test.all(), f"for {inputs} one of the two parts is empty")
    return test


def _chance(answer, groups):
    """The same seed gives the same split, and other seeds give others."""
    first = np.asarray(answer(groups, 0.3, 0))
    expect(
        np.array_equal(first, answer(groups, 0.3, 0)),
        "for the same seed you returned two different splits: use np.random.default_rng(seed)",
    )
    others = [np.asarray(answer(groups, 0.3, seed)) for seed in range(1, 5)]
    expect(
        any(not np.array_equal(first, other) for other in others),
        "for the seeds 0 to 4 you drew the same patients each time: let the seed decide who is drawn",
    )


@split_by_group.wrong("by row", says="draw patients, not rows")
def _(groups, test_fraction, seed):
    return np.random.default_rng(seed).random(len(groups)) < test_fraction


@split_by_group.wrong("always the first patients", says="let the seed decide")
def _(groups, test_fraction, seed):
    names = np.unique(groups)
    return np.isin(groups, names[: max(1, round(test_fraction * len(names)))])


@split_by_group.wrong("seed forgotten", says="default_rng(seed)")
def _(groups, test_fraction, seed):
    return split_by_group(groups, test_fraction, np.random.default_rng())


@split_by_group.wrong("the other part", says="the fraction is meant of the patients")
def _(groups, test_fraction, seed):
    return ~split_by_group(groups, test_fraction, seed)
