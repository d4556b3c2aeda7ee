"""Exercise of chapter 15, to compare two methods: a paired bootstrap on the same test examples."""

import copy

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.draws import BIG_GROUPS, NEVER_DRAWN, NO_REPEATS, OTHER_NUMBER, PART_OF_A_GROUP, judge_draws
from utils.exercises.expect import SINGLE, expect, expect_array, expect_close, expect_parts


@exercise(
    "15.1",
    "A paired bootstrap",
    points=3,
    hints=[
        "On the data themselves: ratio = error(truth, one) / error(truth, other).",
        "The draw is that of exercise 7.1: whole groups, as many as there are, with replacement; rows = "
        "np.concatenate([members[number] for number in drawn]).",
        "Both methods with the SAME rows: error(truth[rows], one[rows]) / error(truth[rows], other[rows]). Collect "
        "these ratios and take the quantiles 0.025 and 0.975.",
    ],
)
def error_ratio(error, truth, one, other, groups, repeats, rng):
    """error(truth, answers) → number; truth, one, other, groups (n, …); rng: NumPy generator
    → error of one / error of other; low and high of its middle 95 % over draws of whole groups"""
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    ratios = []
    for _ in range(repeats):
        drawn = rng.integers(len(members), size=len(members))
        rows = np.concatenate([members[number] for number in drawn])
        ratios.append(error(truth[rows], one[rows]) / error(truth[rows], other[rows]))
    low, high = np.quantile(ratios, [0.025, 0.975])
    return error(truth, one) / error(truth, other), low, high


@error_ratio.checks
def _(answer, rng):
    for count, repeats, largest in [(12, 60, 4), (6, 40, 4), (25, 50, 4), (8, 400, 20)]:
        sizes = rng.integers(1, 5, size=count) if largest < 5 else np.where(np.arange(count) % 2, 1, largest)
        groups = rng.permutation(np.repeat(np.arange(count) * 3, sizes))
        truth = 10 * rng.permutation(500)[: len(groups)]  # all different, so that each row can be told from the others
        inputs = f"{len(groups)} rows in {count} groups and {repeats} repeats"
        weight = {1: rng.uniform(0.5, 1.5, len(groups)), 2: rng.uniform(1.0, 3.0, len(groups))}
        error = _Recorder(answer, truth, weight, inputs)
        returned = answer(error, truth, truth + 1, truth + 2, groups, repeats, rng)
        first, second = (error.drawn(method, repeats) for method in (1, 2))
        enough = min(len(first), len(second)) == repeats
        answer.expect(enough, "too few draws", inputs, first=len(first), second=len(second), repeats=repeats)
        judge_draws(first, groups, inputs)
        same = all(np.array_equal(np.sort(a), np.sort(b)) for a, b in zip(first, second, strict=True))
        answer.expect(same, "not paired", inputs)
        ones, others = (np.array([weight[k][rows].mean() for rows in part]) for k, part in ((1, first), (2, second)))
        _judge_numbers(answer, returned, weight[1].mean(), weight[2].mean(), ones, others, inputs)
    drawn_by = []
    for generator in (copy.deepcopy(rng), copy.deepcopy(rng), np.random.default_rng(1)):
        error = _Recorder(answer, truth, weight, inputs)
        answer(error, truth, truth + 1, truth + 2, groups, 30, generator)
        drawn_by.append([rows.tolist() for rows in error.calls[1]])
    answer.expect(drawn_by[0] == drawn_by[1], "another generator", "two generators in the same state")
    answer.expect(drawn_by[0] != drawn_by[2], "a seed of its own", "two different generators")


class _Recorder:
    """An error, the mean weight of the rows, that keeps the rows of each draw by method: 1 for one, 2 for other."""

    def __init__(self, answer, truth, weight, inputs):
        self.answer, self.truth, self.weight, self.inputs = answer, truth, weight, inputs
        self.calls = {1: [], 2: []}

    def __call__(self, truth, answers):
        truth, answers = np.asarray(truth), np.asarray(answers)
        expect(truth.size, f"for {self.inputs} one of your draws is empty: draw from the names of the groups")
        method = set((answers - truth).tolist()) if truth.shape == answers.shape else set()
        self.answer.expect(not method or max(method) > 0, "answers first", self.inputs)
        self.answer.expect(len(method) == 1 and method <= {1, 2}, "draws truth and answers apart", self.inputs)
        [method], rows = method, np.array([np.flatnonzero(self.truth == value)[0] for value in truth])
        self.calls[method].append(rows)
        return float(self.weight[method][rows].mean())

    def drawn(self, method, repeats):
        """The rows of the draws: of all calls but those on the data themselves. A draw may be all rows by chance, so
        as many of these calls are left out as there are too many."""
        calls, whole = self.calls[method], np.arange(len(self.truth))
        themselves = [place for place, rows in enumerate(calls) if np.array_equal(rows, whole)]
        surplus = len(calls) if 2 * len(themselves) > len(calls) else max(len(calls) - repeats, 0)
        return [rows for place, rows in enumerate(calls) if place not in themselves[:surplus]][-repeats:]


NUMBERS, MIDDLE = ("ratio", "low", "high"), [0.025, 0.975]


def _judge_numbers(answer, returned, one, other, ones, others, inputs):
    """Judge the ratio and its interval; any definition of a quantile will do."""
    parts = zip(expect_parts(returned, NUMBERS, inputs), NUMBERS, strict=True)
    ratio, low, high = (float(expect_array(value, (), inputs=inputs, part=part)) for value, part in parts)
    near = [[np.quantile(ones / others, q, method=method) for method in ("lower", "higher")] for q in MIDDLE]
    within = [a * (1 - SINGLE) <= end <= b * (1 + SINGLE) for end, (a, b) in zip((low, high), near, strict=True)]
    if np.isclose(ratio, one / other, rtol=SINGLE) and all(within):
        return
    for mistake, numbers in _mistaken(one, other, ones, others).items():
        answer.expect(not np.allclose((ratio, low, high), numbers, rtol=SINGLE), mistake, inputs)
    expect_close(ratio, one / other, "the ratio on the data themselves", SINGLE, inputs, part="ratio")
    for part, end, right in zip(("low", "high"), (low, high), np.quantile(ones / others, MIDDLE), strict=True):
        expect_close(end, right, "the middle 95 % of the ratios drawn", SINGLE, inputs, part=part)


def _mistaken(one, other, ones, others):
    """What the mistakes return, by their names, of both errors on the data and on each draw."""
    ratios, middle = ones / others, lambda values: np.quantile(values, MIDDLE)
    return {
        "upside down": (other / one, *middle(1 / ratios)),
        "a difference": (one - other, *middle(ones - others)),
        "from two intervals": (one / other, *(middle(ones) / middle(others)[::-1])),
        "upper end first": (one / other, *middle(ratios)[::-1]),
        "from the smallest to the largest": (one / other, ratios.min(), ratios.max()),
        "the mean of the draws": (ratios.mean(), *middle(ratios)),
    }


def _draw(groups, rng):
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    return np.concatenate([members[number] for number in rng.integers(len(members), size=len(members))])


def _wrong_numbers(name):
    """The function that makes a mistake in its numbers, with the same rows of each draw for both methods."""

    def answer(error, truth, one, other, groups, repeats, rng):
        drawn = [_draw(groups, rng) for _ in range(repeats)]
        ones, others = np.array([[error(truth[rows], given[rows]) for rows in drawn] for given in (one, other)])
        return tuple(_mistaken(error(truth, one), error(truth, other), ones, others)[name])

    return answer


for _name, _says in {
    "upside down": "your ratio is upside down; divide by the error of other",
    "a difference": "you returned differences; divide the one error by the other",
    "from two intervals": "you divided the ends of two intervals; take the ratio within each draw, then its ends",
    "upper end first": "your upper end comes first; return the lower end first",
    "from the smallest to the largest": "your interval holds all ratios; take the middle 95 %",
    "the mean of the draws": "your first number is the mean over the draws; take the data themselves",
}.items():
    error_ratio.wrong(_name, says=_says)(_wrong_numbers(_name))


def _wrong_draw(draw):
    """The function that draws otherwise: ``draw(groups, names, rng)`` → rows."""

    def answer(error, truth, one, other, groups, repeats, rng):
        drawn = [draw(groups, np.unique(groups), rng) for _ in range(repeats)]
        ratios = [error(truth[rows], one[rows]) / error(truth[rows], other[rows]) for rows in drawn]
        return error(truth, one) / error(truth, other), *np.quantile(ratios, MIDDLE)

    return answer


def _rows_of(groups, drawn):
    return np.concatenate([np.flatnonzero(groups == name) for name in drawn])


for _name, _says, _drawing in [
    ("draws rows", PART_OF_A_GROUP, lambda groups, names, rng: rng.integers(len(groups), size=len(groups))),
    ("without replacement", NO_REPEATS, lambda groups, names, rng: _rows_of(groups, rng.permutation(names))),
    (
        "a group drawn twice counts once",
        OTHER_NUMBER,
        lambda groups, names, rng: np.flatnonzero(np.isin(groups, rng.choice(names, size=len(names)))),
    ),
    (
        "large groups favoured",
        BIG_GROUPS,
        lambda groups, names, rng: _rows_of(groups, rng.choice(groups, size=len(names))),
    ),
    (
        "the last group is never drawn",
        NEVER_DRAWN,
        lambda groups, names, rng: _rows_of(groups, rng.choice(names[:-1], size=len(names))),
    ),
]:
    error_ratio.wrong(_name, says=_says)(_wrong_draw(_drawing))


@error_ratio.wrong("not paired", says="you drew again for the second method; judge both on the same rows of each draw")
def _(error, truth, one, other, groups, repeats, rng):
    ratios = []
    for _ in range(repeats):
        rows, again = _draw(groups, rng), _draw(groups, rng)
        ratios.append(error(truth[rows], one[rows]) / error(truth[again], other[again]))
    return error(truth, one) / error(truth, other), *np.quantile(ratios, MIDDLE)


@error_ratio.wrong("draws truth and answers apart", says="you drew truth and answers apart; take the same rows of both")
def _(error, truth, one, other, groups, repeats, rng):
    shuffled = rng.permutation(len(truth))
    return error_ratio(error, truth, one[shuffled], other[shuffled], groups, repeats, rng)


@error_ratio.wrong("answers first", says="you exchanged the two: error(truth[rows], one[rows])")
def _(error, truth, one, other, groups, repeats, rng):
    return error_ratio(lambda a, b: error(b, a), truth, one, other, groups, repeats, rng)


@error_ratio.wrong(
    "too few draws",
    says="you judged one on {first} draws of rows and other on {second}, where {repeats} are expected",
)
def _(error, truth, one, other, groups, repeats, rng):
    return error_ratio(error, truth, one, other, groups, repeats // 2, rng)


@error_ratio.wrong("another generator", says="you drew different rows: let rng draw, and nothing else")
def _(error, truth, one, other, groups, repeats, rng):
    return error_ratio(error, truth, one, other, groups, repeats, np.random.default_rng())


@error_ratio.wrong("a seed of its own", says="you drew the same rows: let rng draw, not a generator of your own")
def _(error, truth, one, other, groups, repeats, rng):
    return error_ratio(error, truth, one, other, groups, repeats, np.random.default_rng(0))
