"""Exercises of chapter 15: right answers that look unlike the reference pass, and near misses are named."""

from itertools import product
from math import ceil, exp, log

import numpy as np
import pytest
from scipy.stats import norm

from utils.exercises import ch15_choices, core


def ratio_with_sorted_ends(error, truth, one, other, groups, repeats, rng):
    names, ratios = np.unique(groups), []
    for _ in range(repeats):
        rows = np.concatenate([np.flatnonzero(groups == name) for name in rng.choice(names, len(names))])
        ratios.append(error(truth[rows], one[rows]) / error(truth[rows], other[rows]))
    ratios.sort()
    return [error(truth, one) / error(truth, other), ratios[int(0.025 * repeats)], ratios[int(0.975 * repeats)]]


def ratio_of_rows_in_order(error, truth, one, other, groups, repeats, rng):
    """A draw of each group once is then all rows in order, as on the data themselves."""
    names, number = np.unique(groups, return_inverse=True)
    ratios = []
    for _ in range(repeats):
        times = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))
        rows = np.repeat(np.arange(len(truth)), times[number])
        ratios.append(error(truth[rows], one[rows]) / error(truth[rows], other[rows]))
    return error(truth, one) / error(truth, other), *np.percentile(ratios, [2.5, 97.5])


def size_beyond_the_last_that_is_behind(sizes, deep, classical):
    behind = sizes[deep.sum(axis=0) > classical.sum(axis=0)]
    return min(sizes[sizes > behind.max(initial=0)], default=None)


def people_with_plain_floats(P, r2, p):
    null = p * log(p) + (1 - p) * log(1 - p)
    optimism = r2 / (r2 + 0.05 * (1 - exp(2 * null)))
    return [*(-P / (1 - S) / log((S - r2) / S) for S in (0.9, optimism)), p * (1 - p) / (0.05 / 1.96) ** 2]


def people_with_the_exact_quantile(P, r2, p):
    return np.array([*people_with_plain_floats(P, r2, p)[:2], p * (1 - p) * (norm.ppf(0.975) / 0.05) ** 2], "float32")


def people_with_a_stable_logarithm(P, r2, p):
    S = np.array([0.9, r2 / (r2 - 0.05 * np.expm1(2 * (p * np.log(p) + (1 - p) * np.log1p(-p))))])
    return *(P / ((S - 1) * np.log1p(-r2 / S))), 1.96**2 * (p - p**2) / 0.0025


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        ("15.1", ratio_with_sorted_ends),
        ("15.1", ratio_of_rows_in_order),
        ("15.2", size_beyond_the_last_that_is_behind),
        ("15.4", people_with_plain_floats),
        ("15.4", people_with_the_exact_quantile),
        ("15.4", people_with_a_stable_logarithm),
    ],
)
def test_another_right_answer_passes(identifier, answer, seed):
    assert core.get(identifier).judge(answer, seed) == ("passed", "")


def test_the_published_example():
    """The prediction model of the documentation of pmsampsize: 24 parameters, 662 people, 4.8 cases per parameter."""
    needed = core.get("15.4")(24, 0.288, 0.174)
    assert [ceil(people) for people in needed] == [623, 662, 221]
    assert pytest.approx(4.8, abs=0.05) == 662 * 0.174 / 24


def ratio_with_answers_first(error, truth, one, other, groups, repeats, rng):
    return ratio_with_sorted_ends(lambda a, b: error(b, a), truth, one, other, groups, repeats, rng)


def size_by_votes(sizes, deep, classical):
    ahead = np.mean(deep <= classical, axis=0) >= 0.5
    good = [size for size in sizes if ahead[sizes >= size].all()]
    return min(good, default=None)


def people_rounded_up(P, r2, p):
    return [ceil(people) for people in people_with_plain_floats(P, r2, p)]


def people_in_percent(P, r2, p):
    return people_with_plain_floats(P, 100 * r2, p)


def people_with_nagelkerke(P, r2, p):
    """The second S with 0.05 of Cox and Snell's R² instead of Nagelkerke's."""
    S = r2 / (r2 + 0.05)
    first, _, third = people_with_plain_floats(P, r2, p)
    return first, P / ((S - 1) * log(1 - r2 / S)), third


def people_in_another_order(P, r2, p):
    return people_with_plain_floats(P, r2, p)[::-1]


def people_for_each_side_of_the_margin(P, r2, p):
    return *people_with_plain_floats(P, r2, p)[:2], p * (1 - p) * (1.96 / 0.1) ** 2


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("identifier", "answer", "words"),
    [
        ("15.1", ratio_with_answers_first, "error(truth[rows], one[rows])"),
        ("15.2", size_by_votes, "compare the means"),
        ("15.4", people_rounded_up, "you rounded"),
        ("15.4", people_with_nagelkerke, "1 for the largest r2"),
        ("15.4", people_in_another_order, "by_shrinkage"),
        ("15.4", people_for_each_side_of_the_margin, "by_risk"),
    ],
)
def test_a_near_miss_is_named(identifier, answer, words, seed):
    status, message = core.get(identifier).judge(answer, seed)
    assert status == "wrong"
    assert words in message


def test_a_share_in_percent_is_no_number_of_people():
    assert core.get("15.4").judge(people_in_percent)[0] == "wrong"


@pytest.mark.parametrize("brief", "ABC")
@pytest.mark.parametrize("words", list(product(*ch15_choices.WORDS)), ids=" ".join)
def test_each_wrong_choice_has_a_reason(words, brief):
    asked, right = brief, ch15_choices.choose
    status, message = core.get("15.5").judge(lambda brief: words if brief == asked else right(brief))
    assert (status == "passed") == (words == right(asked))
    assert words == right(asked) or message.startswith(f"for brief {asked}, ")
