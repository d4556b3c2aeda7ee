"""Exercises of chapter 2, continued: a step of the Adam optimiser, and a split that keeps each patient whole."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array


@exercise(
    "2.4",
    "One step of Adam",
    points=3,
    returns=("weights", "mean", "square"),
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


STEP_TOLERANCE = 1e-5  # loose enough for both places where epsilon is added in the literature


@adam_step.checks
def _(answer, rng):
    answer.case(
        "the first step with gradient [0.5, -4] and learning_rate 0.1",
        *(rng.normal(size=2), np.array([0.5, -4.0]), np.zeros(2), np.zeros(2), 1),
        learning_rate=0.1,
        tolerance=STEP_TOLERANCE,
        why={
            "weights": "the first step is as long as the learning rate, against the sign of each gradient",
            "mean": "a tenth of the gradient, beta1 is 0.9",
            "square": "a thousandth of gradient**2",
        },
        shape={"weights": "as many weights as before"},
    )
    for k, rate in [(1, 0.001), (3, 0.1), (4, 0.02)]:
        weights, mean, square = rng.normal(size=k), np.zeros(k), np.zeros(k)
        for step in range(1, 6):
            inputs = f"step {step} with learning_rate {rate:g} and {k} weight{'s' if k > 1 else ''}"
            gradient = rng.choice([-1, 1], size=k) * rng.uniform(0.5, 2, size=k)
            state = weights, gradient, mean, square, step
            answer.case(inputs, *state, learning_rate=rate, tolerance=STEP_TOLERANCE)
            weights, mean, square = adam_step(*state, learning_rate=rate)
    start = rng.normal(size=2), rng.uniform(0.5, 1, size=2), rng.normal(size=2), rng.uniform(1, 2, size=2)
    options = {"learning_rate": 0.1, "beta1": 0.5, "beta2": 0.9}
    why = "beta1, beta2 and learning_rate are arguments, use them"
    answer.case("beta1 = 0.5 and beta2 = 0.9", *start, 3, why=why, tolerance=STEP_TOLERANCE, **options)
    why = "without a slope the weights stay; epsilon keeps 0 / 0 away"
    answer.case("gradient 0", np.ones(2), np.zeros(2), np.zeros(2), np.zeros(2), 1, why=why)


@adam_step.wrong(
    "no correction of the averages",
    says="your weights moved by more than three learning rates: the averages start at zero, where is their correction?",
)
def _(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    _, mean, square = adam_step(weights, gradient, mean, square, step, learning_rate, beta1, beta2, epsilon)
    return weights - learning_rate * mean / (np.sqrt(square) + epsilon), mean, square


@adam_step.wrong("without the square root", says="you divided by square itself; divide by the square root of square")
def _(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    _, mean, square = adam_step(weights, gradient, mean, square, step, learning_rate, beta1, beta2, epsilon)
    steepness = square / (1 - beta2**step) + epsilon
    return weights - learning_rate * mean / (1 - beta1**step) / steepness, mean, square


@adam_step.wrong("uphill", says="your weights moved uphill: subtract the step, do not add it")
def _(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    return adam_step(weights, gradient, mean, square, step, -learning_rate, beta1, beta2, epsilon)


@adam_step.wrong("gradient not squared", says="you averaged the gradient itself for square; square it first")
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
        answer.expect(not len(cut), "by row", inputs, patient=next(iter(cut), None))
        drawn = len(np.unique(groups[test]))
        about = fraction * patients
        answer.expect(abs(drawn - about) <= 1, "the other part", inputs, drawn=drawn, about=f"{about:g}")
    _chance(answer, groups=np.repeat(np.arange(20), 3))
    names = np.array(["Ann", "Bob", "Ann", "Cid", "Dee", "Bob", "Eve", "Cid"])
    test = _mask(answer(names, 0.4, 1), len(names), "patients with names for numbers")
    cut = sorted(set(names[test]) & set(names[~test]))
    answer.expect(not cut, "by row", "patients with names for numbers", patient=next(iter(cut), None))


def _mask(value, rows, inputs):
    """The answer as a bool array (rows,)."""
    test = expect_array(value, (rows,), why="one True or False for each row", dtype_kind="b", inputs=inputs)
    expect(test.any() and not test.all(), f"for {inputs} one of the two parts is empty")
    return test


def _chance(answer, groups):
    """The same seed gives the same split, and other seeds give others."""
    first = np.asarray(answer(groups, 0.3, 0))
    answer.expect(np.array_equal(first, answer(groups, 0.3, 0)), "seed forgotten", "the same seed")
    others = [np.asarray(answer(groups, 0.3, seed)) for seed in range(1, 5)]
    varied = any(not np.array_equal(first, other) for other in others)
    answer.expect(varied, "always the first patients", "the seeds 0 to 4")


@split_by_group.wrong("by row", says="some patients, such as {patient}, are in both parts: draw patients, not rows")
def _(groups, test_fraction, seed):
    return np.random.default_rng(seed).random(len(groups)) < test_fraction


@split_by_group.wrong(
    "always the first patients", says="you drew the same patients each time: let the seed decide who is drawn"
)
def _(groups, test_fraction, seed):
    names = np.unique(groups)
    return np.isin(groups, names[: max(1, round(test_fraction * len(names)))])


@split_by_group.wrong("seed forgotten", says="you returned two different splits: use np.random.default_rng(seed)")
def _(groups, test_fraction, seed):
    return split_by_group(groups, test_fraction, np.random.default_rng())


@split_by_group.wrong(
    "the other part",
    says="you drew {drawn} patients for the test part, where about {about} are wanted: the fraction is meant of the "
    "patients",
)
def _(groups, test_fraction, seed):
    return ~split_by_group(groups, test_fraction, seed)
