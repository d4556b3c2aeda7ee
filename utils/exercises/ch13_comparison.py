"""Exercises of chapter 13, to compare two methods: on the same test examples, and over the number of examples."""

import copy

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.draws import BIG_GROUPS, NEVER_DRAWN, NO_REPEATS, OTHER_NUMBER, PART_OF_A_GROUP, judge_draws
from utils.exercises.expect import SINGLE, expect_array, expect_close, expect_parts


@exercise(
    "13.1",
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
        first, second = (error.draws[method][-repeats:] for method in (1, 2))
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
        drawn_by.append([rows.tolist() for rows in error.draws[1]])
    answer.expect(drawn_by[0] == drawn_by[1], "another generator", "two generators in the same state")
    answer.expect(drawn_by[0] != drawn_by[2], "a seed of its own", "two different generators")


class _Recorder:
    """An error, the mean weight of the rows, that keeps the rows of each draw by method: 1 for one, 2 for other."""

    def __init__(self, answer, truth, weight, inputs):
        self.answer, self.truth, self.weight, self.inputs = answer, truth, weight, inputs
        self.draws = {1: [], 2: []}

    def __call__(self, truth, answers):
        truth, answers = np.asarray(truth), np.asarray(answers)
        method = set((answers - truth).tolist()) if truth.shape == answers.shape else set()
        self.answer.expect(len(method) == 1 and method <= {1, 2}, "draws truth and answers apart", self.inputs)
        [method], rows = method, np.array([np.flatnonzero(self.truth == value)[0] for value in truth])
        if not np.array_equal(rows, np.arange(len(self.truth))):
            self.draws[method].append(rows)
        return float(self.weight[method][rows].mean())


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


@exercise(
    "13.2",
    "Where does it catch up?",
    points=2,
    hints=[
        "One number for each size: deep.mean(axis=0) and classical.mean(axis=0). Less error is better, a tie counts.",
        "Sort by size, and look from the largest downwards: as long as the deep model keeps up, go on.",
        "Return the last size at which it still kept up; None if it does not even at the largest.",
    ],
)
def catches_up(sizes, deep, classical):
    """sizes (k,) in any order; errors deep and classical (draws, k) → the smallest size such that
    there and at all larger ones deep's mean error is at most classical's; None if there is none"""
    keeps_up = deep.mean(axis=0) <= classical.mean(axis=0)
    found = None
    for place in np.argsort(sizes)[::-1]:
        if not keeps_up[place]:
            break
        found = sizes[place]
    return found


@catches_up.checks
def _(answer, rng):
    cases = [  # in the order of the sizes: does deep keep up? 0 no, 1 yes, 2 with equal errors
        (np.array([1, 0, 0, 2, 1]), False, "sorted"),
        (np.array([0, 0, 0, 0, 1]), False, "descending"),
        (np.array([1, 1, 1, 1]), False, "sorted"),
        (np.array([1, 0, 1, 0]), False, "sorted"),
        (np.array([0, 0, 0]), True, "sorted"),
        (np.array([0, 1, 0, 1, 1, 1]), False, "shuffled"),
    ]
    for ahead, lucky, order in cases:
        k = len(ahead)
        sizes = np.sort(rng.permutation(np.arange(2, 80))[:k]) * 10
        marks = ", ".join(f"{size}: {'-+='[mark]}" for size, mark in zip(sizes.tolist(), ahead, strict=True))
        # In steps of 1/1024, so that the means are exact; both scatter alike, so that a draw decides like the mean.
        classical = rng.integers(200, 400, size=k) / 1024
        deep = classical - np.array([-1, 1, 0])[ahead] * rng.integers(8, 40, size=k) / 1024
        noise = rng.integers(40, 90, size=(2, k)) / 1024
        noise = np.concatenate([noise, -noise])
        deep, classical = deep + noise, classical + noise
        if lucky:  # one draw, while the mean stays behind
            deep += np.array([64, 64, 64, -128])[:, None] / 1024
        places = {"sorted": np.arange(k), "descending": np.arange(k)[::-1], "shuffled": rng.permutation(k)}[order]
        answer.case(
            f"{len(deep)} draws at the sizes {marks} (+ where deep has the smaller mean error, = where they are equal)",
            *(sizes[places], deep[:, places], classical[:, places]),
            shape="one size",
            why="from there on deep keeps up at every larger size",
        )


@catches_up.wrong("without ties", says="you left out a tie; equal errors count as keeping up")
def _(sizes, deep, classical):
    return catches_up(sizes, deep + 1e-9, classical)


@catches_up.wrong("the first size", says="you took the first size at which deep keeps up; later it is behind again")
def _(sizes, deep, classical):
    ahead = deep.mean(axis=0) <= classical.mean(axis=0)
    return sizes[ahead].min() if catches_up(sizes, deep, classical) is not None else None


@catches_up.wrong("the largest instead of None", says="you returned {got}: deep is behind at the largest, return None")
def _(sizes, deep, classical):
    found = catches_up(sizes, deep, classical)
    return sizes.max() if found is None else found


@catches_up.wrong("more is better", says="you looked for the larger error; less error is better")
def _(sizes, deep, classical):
    return catches_up(sizes, classical, deep)


@catches_up.wrong("the place", says="you returned {got}, which is a place in the array; return the size that is there")
def _(sizes, deep, classical):
    found = catches_up(sizes, deep, classical)
    return None if found is None else int(np.flatnonzero(sizes == found)[0])


@catches_up.wrong("the best draws", says="you compared the best draws; compare the means, or luck decides")
def _(sizes, deep, classical):
    return catches_up(sizes, deep.min(axis=0, keepdims=True), classical.min(axis=0, keepdims=True))


@catches_up.wrong("as they stand", says="you took the sizes in the order they have; they may come in any order")
def _(sizes, deep, classical):
    found = catches_up(np.arange(len(sizes)), deep, classical)
    return None if found is None else sizes[found]
