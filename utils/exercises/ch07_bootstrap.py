"""Exercise of chapter 07: how sure a score is, by a bootstrap of whole groups."""

import copy

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.draws import BIG_GROUPS, NEVER_DRAWN, NO_REPEATS, OTHER_NUMBER, PART_OF_A_GROUP, judge_draws
from utils.exercises.expect import SINGLE, expect, expect_array, expect_close, expect_parts


@exercise(
    "7.1",
    "A bootstrap of groups",
    points=3,
    hints=[
        "First the rows of each group: members = [np.flatnonzero(groups == name) for name in np.unique(groups)].",
        "In each repeat draw as many groups as there are, with replacement: rng.integers(len(members), "
        "size=len(members)). A group that was drawn twice counts twice: np.concatenate([members[number] for number in "
        "drawn]).",
        "Collect statistic(truth[rows], guess[rows]), and return np.quantile(values, [0.025, 0.975]).",
    ],
)
def group_bootstrap(statistic, truth, guess, groups, repeats, rng):
    """statistic(truth, guess) → number; truth, guess, groups (n, …); rng: NumPy generator
    → (low, high), the middle 95 % of the statistic over `repeats` draws of whole groups"""
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    values = []
    for _ in range(repeats):
        drawn = rng.integers(len(members), size=len(members))
        rows = np.concatenate([members[number] for number in drawn])
        values.append(statistic(truth[rows], guess[rows]))
    low, high = np.quantile(values, [0.025, 0.975])
    return low, high


@group_bootstrap.checks
def _(answer, rng):
    for count, repeats, largest in [(12, 60, 4), (5, 40, 4), (8, 400, 20)]:
        sizes = rng.integers(1, 5, size=count) if largest < 5 else np.where(np.arange(count) % 2, 1, largest)
        groups = rng.permutation(np.repeat(np.arange(count) * 7, sizes))
        truth = 1 + rng.permutation(999)[: len(groups)]  # all different, so that each row can be told from the others
        inputs = f"{len(groups)} rows in {count} groups and {repeats} repeats"
        drawn, values = [], []
        statistic = _recorder(answer, truth, inputs, drawn, values)
        ends = expect_parts(answer(statistic, truth, -truth, groups, repeats, rng), ["low", "high"], inputs)
        answer.expect(len(drawn) >= repeats, "too few draws", inputs, number=len(drawn), repeats=repeats)
        judge_draws(drawn[-repeats:], groups, inputs)
        _judge_interval(answer, np.sort(values[-repeats:]), *ends, inputs)
    drawn_by = []
    for generator in (copy.deepcopy(rng), copy.deepcopy(rng), np.random.default_rng(1)):
        drawn_by.append([])
        answer(_recorder(answer, truth, inputs, drawn_by[-1], []), truth, -truth, groups, 30, generator)
    answer.expect(drawn_by[0] == drawn_by[1], "another generator", "two generators in the same state")
    answer.expect(drawn_by[0] != drawn_by[2], "a seed of its own", "two different generators")


def _recorder(answer, truth, inputs, draws, values):
    """A statistic that keeps the rows of each call in draws, and what it returned in values."""
    row_of = {value: row for row, value in enumerate(truth.tolist())}

    def statistic(some_truth, some_guess):
        some_truth, some_guess = np.asarray(some_truth), np.asarray(some_guess)
        expect(some_truth.size, f"for {inputs} one of your draws is empty: draw from the names of the groups")
        exchanged = some_truth.shape == some_guess.shape and some_guess.flat[0] in row_of
        answer.expect(not exchanged, "guess first", inputs)
        pairs = some_truth.shape == some_guess.shape and np.array_equal(some_guess, -some_truth)
        answer.expect(pairs, "draws truth and guess apart", inputs)
        draws.append([row_of[value] for value in some_truth.tolist()])
        values.append(float(np.mean(some_truth % 97)))
        return values[-1]

    return statistic


def _judge_interval(answer, values, low, high, inputs):
    """Whether the ends are the quantiles 0.025 and 0.975 of the sorted values; any definition of a quantile will do."""
    low = float(expect_array(low, (), inputs=inputs, part="low"))
    high = float(expect_array(high, (), inputs=inputs, part="high"))
    near = [[np.quantile(values, q, method=method) for method in ("lower", "higher")] for q in (0.025, 0.975)]
    if all(a - SINGLE * abs(a) <= end <= b + SINGLE * abs(b) for end, (a, b) in zip((low, high), near, strict=True)):
        return
    for mistake, quantiles in {
        "upper end first": (0.975, 0.025),
        "from the smallest to the largest": (0, 1),
        "the middle 90 %": (0.05, 0.95),
    }.items():
        answer.expect(not np.allclose((low, high), np.quantile(values, quantiles), rtol=SINGLE), mistake, inputs)
    why = "quantiles 0.025 and 0.975 of your values"
    expect_close((low, high), np.quantile(values, (0.025, 0.975)), why=why, inputs=inputs)


def _interval(values):
    return tuple(np.quantile(values, [0.025, 0.975]))


@group_bootstrap.wrong("draws rows", says=PART_OF_A_GROUP)
def _(statistic, truth, guess, groups, repeats, rng):
    return group_bootstrap(statistic, truth, guess, np.arange(len(truth)), repeats, rng)


@group_bootstrap.wrong("without replacement", says=NO_REPEATS)
def _(statistic, truth, guess, groups, repeats, rng):
    values = []
    for _ in range(repeats):
        rows = rng.permutation(len(truth))
        values.append(statistic(truth[rows], guess[rows]))
    return _interval(values)


@group_bootstrap.wrong("a group drawn twice counts once", says=OTHER_NUMBER)
def _(statistic, truth, guess, groups, repeats, rng):
    values, names = [], np.unique(groups)
    for _ in range(repeats):
        rows = np.flatnonzero(np.isin(groups, rng.choice(names, size=len(names))))
        values.append(statistic(truth[rows], guess[rows]))
    return _interval(values)


def _from_names(statistic, truth, guess, groups, repeats, draw):
    """The interval where ``draw()`` returns the names of the groups of each draw."""
    values = []
    for _ in range(repeats):
        rows = np.concatenate([np.flatnonzero(groups == name) for name in draw()])
        values.append(statistic(truth[rows], guess[rows]))
    return _interval(values)


@group_bootstrap.wrong("large groups favoured", says=BIG_GROUPS)
def _(statistic, truth, guess, groups, repeats, rng):
    number = len(np.unique(groups))
    return _from_names(statistic, truth, guess, groups, repeats, lambda: rng.choice(groups, size=number))


@group_bootstrap.wrong("the last group is never drawn", says=NEVER_DRAWN)
def _(statistic, truth, guess, groups, repeats, rng):
    names = np.unique(groups)
    return _from_names(
        statistic, truth, guess, groups, repeats, lambda: names[rng.integers(len(names) - 1, size=len(names))]
    )


@group_bootstrap.wrong("another generator", says="you drew different rows: let rng draw, and nothing else")
def _(statistic, truth, guess, groups, repeats, rng):
    return group_bootstrap(statistic, truth, guess, groups, repeats, np.random.default_rng())


@group_bootstrap.wrong("a seed of its own", says="you drew the same rows: let rng draw, not a generator of your own")
def _(statistic, truth, guess, groups, repeats, rng):
    return group_bootstrap(statistic, truth, guess, groups, repeats, np.random.default_rng(0))


@group_bootstrap.wrong("guess first", says="you exchanged truth and guess: statistic(truth[rows], guess[rows])")
def _(statistic, truth, guess, groups, repeats, rng):
    return group_bootstrap(statistic, guess, truth, groups, repeats, rng)


@group_bootstrap.wrong(
    "too few draws", says="you called the statistic {number} times where {repeats} are expected, once for each draw"
)
def _(statistic, truth, guess, groups, repeats, rng):
    return group_bootstrap(statistic, truth, guess, groups, repeats // 2, rng)


@group_bootstrap.wrong("draws truth and guess apart", says="you drew truth and guess apart; take the same rows of both")
def _(statistic, truth, guess, groups, repeats, rng):
    shuffled = rng.permutation(len(truth))
    return group_bootstrap(statistic, truth, guess[shuffled], groups, repeats, rng)


@group_bootstrap.wrong(
    "from the smallest to the largest",
    says="your interval holds all values; take the middle 95 %, quantiles 0.025 and 0.975",
)
def _(statistic, truth, guess, groups, repeats, rng):
    values = []
    group_bootstrap(lambda *parts: values.append(statistic(*parts)) or values[-1], truth, guess, groups, repeats, rng)
    return min(values), max(values)


@group_bootstrap.wrong("upper end first", says="your upper end comes first; return the lower end first")
def _(statistic, truth, guess, groups, repeats, rng):
    return group_bootstrap(statistic, truth, guess, groups, repeats, rng)[::-1]


@group_bootstrap.wrong(
    "the middle 90 %", says="your interval holds the middle 90 %, from 0.05 to 0.95; take the quantiles 0.025 and 0.975"
)
def _(statistic, truth, guess, groups, repeats, rng):
    values = []
    group_bootstrap(lambda *parts: values.append(statistic(*parts)) or values[-1], truth, guess, groups, repeats, rng)
    return tuple(np.quantile(values, [0.05, 0.95]))
