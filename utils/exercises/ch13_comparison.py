"""Exercises of chapter 13, to compare two methods: on the same test examples, and over the number of examples."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.draws import judge_draws
from utils.exercises.expect import describe, expect, expect_array, expect_close, expect_parts, rule_out


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
    for count, repeats in [(12, 60), (6, 40), (25, 50)]:
        groups = rng.permutation(np.repeat(np.arange(count) * 3, rng.integers(1, 5, size=count)))
        truth = 10 * rng.permutation(500)[: len(groups)]  # all different, so that each row can be told from the others
        inputs = f"{len(groups)} rows in {count} groups and {repeats} repeats"
        weight = {1: rng.uniform(0.5, 1.5, len(groups)), 2: rng.uniform(1.0, 3.0, len(groups))}
        calls = {1: [], 2: []}

        def error(some_truth, answers, truth=truth, inputs=inputs, weight=weight, calls=calls):
            some_truth, answers = np.asarray(some_truth), np.asarray(answers)
            expect(
                some_truth.shape == answers.shape, f"for {inputs} you handed over other rows of truth than of answers"
            )
            method = np.unique(answers - some_truth)
            apart = f"for {inputs} you drew truth and answers apart; take the same rows of both"
            expect(len(method) == 1 and method[0] in (1, 2), apart)
            rows = np.array([np.flatnonzero(truth == value)[0] for value in some_truth])
            value = float(weight[int(method[0])][rows].mean())
            if not np.array_equal(rows, np.arange(len(truth))):
                calls[int(method[0])].append((rows, value))
            return value

        returned = answer(error, truth, truth + 1, truth + 2, groups, repeats, rng)
        got = expect_array(expect_parts(returned, ["ratio", "low", "high"]), (3,), inputs=inputs).astype(float)
        first, second = (calls[method][-repeats:] for method in (1, 2))
        enough = min(len(first), len(second)) == repeats
        expect(enough, f"for {inputs} you judged the methods on {len(first)} and {len(second)} draws of rows")
        judge_draws([rows for rows, _ in first], groups, inputs)
        same = all(np.array_equal(np.sort(a), np.sort(b)) for (a, _), (b, _) in zip(first, second, strict=True))
        expect(same, f"for {inputs} you drew again for the second method; judge both on the same rows of each draw")
        ones, others = (np.array([value for _, value in part]) for part in (first, second))
        middle = [0.025, 0.975]
        value, ends = weight[1].mean() / weight[2].mean(), np.quantile(ones / others, middle)
        wanted = np.array([value, *ends])
        apart = np.quantile(ones, middle) / np.quantile(others, middle)[::-1]
        for mistake, words in {
            (1 / value, *np.quantile(others / ones, middle)): "your ratio is upside down; divide by the error of other",
            (weight[1].mean() - weight[2].mean(), *np.quantile(ones - others, middle)): "you returned differences; "
            "divide the one error by the other",
            (value, *apart): "you divided the ends of two intervals; take the ratio within each draw, then its ends",
            (value, *ends[::-1]): "return the lower end first",
            (
                value,
                (ones / others).min(),
                (ones / others).max(),
            ): "your interval holds all ratios; take the middle 95 %",
            (np.mean(ones / others), *ends): "your first number is the mean over the draws; take the data themselves",
        }.items():
            rule_out(got, np.array(mistake), wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="the ratio on the data, then the middle 95 % of the ratios drawn")


def _draw(groups, rng):
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    return np.concatenate([members[number] for number in rng.integers(len(members), size=len(members))])


def _drawn_errors(error, truth, one, other, groups, repeats, rng):
    """Both errors on the same rows of each draw: (repeats, 2)."""
    drawn = [_draw(groups, rng) for _ in range(repeats)]
    return np.array([[error(truth[rows], answers[rows]) for answers in (one, other)] for rows in drawn])


@error_ratio.wrong("not paired", says="drew again for the second method")
def _(error, truth, one, other, groups, repeats, rng):
    ratios = []
    for _ in range(repeats):
        rows, again = _draw(groups, rng), _draw(groups, rng)
        ratios.append(error(truth[rows], one[rows]) / error(truth[again], other[again]))
    return error(truth, one) / error(truth, other), *np.quantile(ratios, [0.025, 0.975])


@error_ratio.wrong("draws rows", says="draw whole groups")
def _(error, truth, one, other, groups, repeats, rng):
    return error_ratio(error, truth, one, other, np.arange(len(truth)), repeats, rng)


@error_ratio.wrong("upside down", says="upside down")
def _(error, truth, one, other, groups, repeats, rng):
    return error_ratio(error, truth, other, one, groups, repeats, rng)


@error_ratio.wrong("a difference", says="you returned differences")
def _(error, truth, one, other, groups, repeats, rng):
    first, second = _drawn_errors(error, truth, one, other, groups, repeats, rng).T
    return error(truth, one) - error(truth, other), *np.quantile(first - second, [0.025, 0.975])


@error_ratio.wrong("from two intervals", says="the ends of two intervals")
def _(error, truth, one, other, groups, repeats, rng):
    first, second = _drawn_errors(error, truth, one, other, groups, repeats, rng).T
    ends = np.quantile(first, [0.025, 0.975]) / np.quantile(second, [0.975, 0.025])
    return error(truth, one) / error(truth, other), *ends


@error_ratio.wrong("from the smallest to the largest", says="holds all ratios")
def _(error, truth, one, other, groups, repeats, rng):
    first, second = _drawn_errors(error, truth, one, other, groups, repeats, rng).T
    return error(truth, one) / error(truth, other), (first / second).min(), (first / second).max()


@error_ratio.wrong("the mean of the draws", says="take the data themselves")
def _(error, truth, one, other, groups, repeats, rng):
    first, second = _drawn_errors(error, truth, one, other, groups, repeats, rng).T
    return np.mean(first / second), *np.quantile(first / second, [0.025, 0.975])


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
    cases = [[1, 0, 0, 1, 1], [0, 0, 0, 0, 1], [1, 1, 1, 1], [1, 0, 1, 0], [0, 0, 0], [0, 1, 0, 1, 1, 1]]
    for number, ahead in enumerate(cases):
        sizes = np.sort(rng.permutation(np.arange(2, 80))[: len(ahead)]) * 10
        if number % 2:  # sizes of any order
            order = rng.permutation(len(sizes))
            sizes, ahead = sizes[order], np.array(ahead)[order]
        ahead = np.array(ahead, bool)
        classical = rng.integers(200, 400, size=(4, len(sizes))) / 1024
        gap = np.where(ahead, 1, -1) * rng.integers(8, 40, size=len(sizes)) / 1024
        noise = rng.integers(40, 90, size=(2, len(sizes))) / 1024  # draws scatter, their mean does not
        deep = classical.mean(axis=0) - gap + np.concatenate([noise, -noise])
        if number == 0:  # a tie counts
            deep[:, 3] = classical[:, 3]
        if number == 4:
            deep[-1] -= 0.15  # one lucky draw
            deep[:-1] += 0.05
        told = ", ".join(
            f"{size}: {'+' if up else '-'}" for size, up in sorted(zip(sizes.tolist(), ahead, strict=True))
        )
        inputs = f"{deep.shape[0]} draws at the sizes {told} (+ where deep keeps up in the mean)"
        wanted, got = catches_up(sizes, deep, classical), answer(sizes, deep, classical)
        if wanted is None:
            expect(got is None, f"for {inputs} deep never stays ahead up to the largest size: return None")
            continue
        expect(got is not None, f"for {inputs} you returned None; less error is better, and a tie counts as keeping up")
        got = expect_array(got, (), inputs=inputs)
        expect(
            got in sizes, f"for {inputs} you returned {describe(got)}, which is none of the sizes; a place, perhaps?"
        )
        for mistake, words in (
            (float(sizes[ahead].min()), "you took the first size at which deep keeps up; later it is behind again"),
            (_number(catches_up(sizes, classical, deep)), "you looked for more error; less error is better"),
            (_strictly(sizes, deep, classical), "you left out a tie; equal errors count as keeping up"),
            (_by_best(sizes, deep, classical), "you compared the best draws; compare the means, or luck decides"),
            (_unsorted(sizes, deep, classical), "you took the sizes as they stand; they may come in any order"),
        ):
            rule_out(got, mistake, wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="from here on deep keeps up at every larger size")


def _number(found):
    return -1.0 if found is None else float(found)


def _by_best(sizes, deep, classical):
    return _number(catches_up(sizes, deep.min(axis=0, keepdims=True), classical.min(axis=0, keepdims=True)))


def _strictly(sizes, deep, classical):
    return _number(catches_up(sizes, deep + 1e-9, classical))


def _unsorted(sizes, deep, classical):
    found = catches_up(np.arange(len(sizes)), deep, classical)
    return -1.0 if found is None else float(sizes[found])


@catches_up.wrong("without ties", says="equal errors count")
def _(sizes, deep, classical):
    return catches_up(sizes, deep + 1e-9, classical)


@catches_up.wrong("the first size", says="behind again")
def _(sizes, deep, classical):
    ahead = deep.mean(axis=0) <= classical.mean(axis=0)
    return sizes[ahead].min() if catches_up(sizes, deep, classical) is not None else None


@catches_up.wrong("the largest instead of None", says="return None")
def _(sizes, deep, classical):
    found = catches_up(sizes, deep, classical)
    return sizes.max() if found is None else found


@catches_up.wrong("more is better", says="less error is better")
def _(sizes, deep, classical):
    return catches_up(sizes, classical, deep)


@catches_up.wrong("the place", says="none of the sizes")
def _(sizes, deep, classical):
    found = catches_up(sizes, deep, classical)
    return None if found is None else int(np.flatnonzero(sizes == found)[0])
