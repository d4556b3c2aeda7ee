"""Exercises of chapter 2, continued: a step of the Adam optimiser, and a split that keeps each patient whole."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import alike, expect, expect_array


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
    options = {"learning_rate": 0.1, "epsilon": 0.1}
    as_in_the_article = _epsilon_beside_the_corrected(*start, 3, **options)
    wanted = adam_step(*start, 3, **options)
    answer.case(
        "epsilon = 0.1",
        *start,
        3,
        accept=lambda result: alike(result, wanted) or alike(result, as_in_the_article),
        why="epsilon is an argument, add it to the square root of square",
        **options,
    )


def _epsilon_beside_the_corrected(
    weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7
):
    """Algorithm 1 of doi:10.48550/arXiv.1412.6980, in which both averages are corrected before epsilon is added."""
    _, mean, square = adam_step(weights, gradient, mean, square, step, learning_rate, beta1, beta2)
    steepness = np.sqrt(square / (1 - beta2**step)) + epsilon
    return weights - learning_rate * mean / (1 - beta1**step) / steepness, mean, square


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


@adam_step.wrong(
    "epsilon inside the root", says="you added epsilon inside the square root; add it to the square root of square"
)
def _(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    _, mean, square = adam_step(weights, gradient, mean, square, step, learning_rate, beta1, beta2, epsilon)
    correction = np.sqrt(1 - beta2**step) / (1 - beta1**step)
    return weights - learning_rate * correction * mean / np.sqrt(square + epsilon), mean, square


@adam_step.wrong(
    "epsilon of one's own", says="you used an epsilon of your own, or none; it is an argument, and 1e-7 is its default"
)
def _(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    return adam_step(weights, gradient, mean, square, step, learning_rate, beta1, beta2)


@adam_step.wrong(
    "the corrected averages",
    says="you returned the corrected averages; correct them for the step only, and return the running averages",
)
def _(weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7):
    weights, mean, square = adam_step(weights, gradient, mean, square, step, learning_rate, beta1, beta2, epsilon)
    return weights, mean / (1 - beta1**step), square / (1 - beta2**step)


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
    wanted = round(test_fraction * len(names))
    chosen = np.random.default_rng(seed).choice(names, size=wanted, replace=False)
    return np.isin(groups, chosen)


SEEDS = 200  # draws by which the chances of the patients are judged


@split_by_group.checks
def _(answer, rng):
    for patients, rows, fraction in [(40, 200, 0.3), (60, 240, 0.25), (50, 100, 0.5)]:
        groups = rng.permutation(np.r_[np.arange(patients), rng.integers(0, patients, rows - patients)]) * 7 + 3
        inputs = f"{rows} visits of {patients} patients and test_fraction {fraction:g}"
        drawn = len(_whole_patients(answer, groups, fraction, 0, inputs))
        about = fraction * patients
        # A coin for each patient is right, too: it is off by four standard deviations once in ten thousand splits.
        near = abs(drawn - about) < 4 * np.sqrt(about * (1 - fraction))
        answer.expect(near, "the other part", inputs, drawn=drawn, about=f"{about:g}")
    names = np.array([f"patient {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"])[rng.integers(0, 26, 120)]
    _whole_patients(answer, names, 0.4, 1, "patients with names for numbers")
    _chances(answer, groups=np.repeat(np.arange(30), np.repeat([1, 12], [20, 10])))


def _whole_patients(answer, groups, fraction, seed, inputs):
    """The patients in the test part, (drawn,), of a split that cuts through none of them."""
    why = "one True or False for each row"
    test = expect_array(answer(groups, fraction, seed), groups.shape, why=why, dtype_kind="b", inputs=inputs)
    expect(test.any() and not test.all(), f"for {inputs} one of the two parts is empty")
    cut = np.intersect1d(groups[test], groups[~test])
    answer.expect(not len(cut), "by row", inputs, patient=next(iter(cut), None))
    return np.unique(groups[test])


def _chances(answer, groups):
    """The same seed gives the same split; over many seeds each patient has the same chance, with few visits or many."""
    names = np.unique(groups)
    inputs = f"{len(groups)} visits of {len(names)} patients and test_fraction 0.5"
    first, again = (_whole_patients(answer, groups, 0.5, 0, inputs) for _ in range(2))
    answer.expect(np.array_equal(first, again), "seed forgotten", f"{inputs}, twice with the same seed,")
    drawn = [_whole_patients(answer, groups, 0.5, seed, inputs) for seed in range(SEEDS)]
    different = len({tuple(of_one) for of_one in drawn})
    many = f"{inputs}, and {SEEDS} seeds,"
    answer.expect(different > 1, "always the first patients", many)
    answer.expect(different > SEEDS / 4, "a pattern", many, number=different)
    share = np.mean([np.isin(names, of_one) for of_one in drawn], axis=0)  # (patients,)
    few, large = share[:20].mean(), share[20:].mean()
    answer.expect(large - few < 0.1, "patients with many visits", many, few=f"{few:.0%}", large=f"{large:.0%}")
    mean = np.mean(list(map(len, drawn)))
    answer.expect(mean > 14, "with replacement", many, drawn=f"{mean:.1f}")
    answer.expect(mean < 16.5, "the other part", many, drawn=f"{mean:.1f}", about="15")


@split_by_group.wrong("by row", says="some patients, such as {patient}, are in both parts: draw patients, not rows")
def _(groups, test_fraction, seed):
    return np.random.default_rng(seed).random(len(groups)) < test_fraction


@split_by_group.wrong(
    "always the first patients", says="you drew the same patients each time: let the seed decide who is drawn"
)
def _(groups, test_fraction, seed):
    names = np.unique(groups)
    return np.isin(groups, names[: round(test_fraction * len(names))])


@split_by_group.wrong("a pattern", says="you gave {number} different splits only: draw the patients at random")
def _(groups, test_fraction, seed):
    number = np.unique(groups, return_inverse=True)[1]
    return (number + seed) % round(1 / test_fraction) == 0


@split_by_group.wrong("seed forgotten", says="you returned two different splits: use np.random.default_rng(seed)")
def _(groups, test_fraction, seed):
    return split_by_group(groups, test_fraction, np.random.default_rng())


@split_by_group.wrong(
    "patients with many visits",
    says="you drew patients with many visits in {large} of the splits, and those with one visit in {few}: draw from "
    "the names of the patients, each once",
)
def _(groups, test_fraction, seed):
    wanted = round(test_fraction * len(np.unique(groups)))
    return np.isin(groups, np.random.default_rng(seed).choice(groups, wanted, replace=False))


@split_by_group.wrong(
    "with replacement",
    says="you drew {drawn} patients on average, where 15 are wanted: use test_fraction, and draw nobody twice, "
    "replace=False",
)
def _(groups, test_fraction, seed):
    names = np.unique(groups)
    return np.isin(groups, np.random.default_rng(seed).choice(names, round(test_fraction * len(names))))


@split_by_group.wrong(
    "the other part",
    says="you drew {drawn} patients for the test part, where about {about} are wanted: the fraction is meant of the "
    "patients",
)
def _(groups, test_fraction, seed):
    return ~split_by_group(groups, test_fraction, seed)
