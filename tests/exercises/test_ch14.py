"""Exercises of chapter 14: right answers that look unlike the reference pass, and near misses are named."""

import math
from itertools import product

import numpy as np
import pytest

from utils.exercises import core


def gaps_by_pairs(labels, alarms, members):
    shares = [[np.mean(alarms[(members == name) & (labels == k)]) for name in set(members)] for k in (1, 0)]
    return [max(abs(a - b) for a, b in product(share, share)) for share in shares]


def gaps_by_a_table(labels, alarms, members):
    import pandas as pd

    table = pd.DataFrame({"y": labels, "a": alarms, "g": members}).groupby(["y", "g"])["a"].mean().unstack()
    return tuple((table.max(axis=1) - table.min(axis=1))[[1, 0]])


def sets_row_by_row(calibration, labels, probabilities, error):
    badness = sorted(1 - row[label] for row, label in zip(calibration, labels, strict=True))
    k = math.ceil((len(badness) + 1) * (1 - error))
    limit = badness[k - 1] if k <= len(badness) else math.inf
    return [[bool(1 - p <= limit) for p in row] for row in probabilities]


def sets_of_zeros_and_ones(calibration, labels, probabilities, error):
    n = len(labels)
    k = int(np.ceil((n + 1) * (1 - error)))
    likely = np.sort(np.take_along_axis(calibration, labels[:, None], axis=1)[:, 0])[::-1]
    return (probabilities >= (likely[k - 1] if k <= n else -1)).astype(int)


def weights_of_a_share_each(weights, sizes):
    places = range(len(weights[0]))
    return [sum(size * arrays[k] for size, arrays in zip(sizes, weights, strict=True)) / sizes.sum() for k in places]


RIGHT = {
    "14.1": [gaps_by_pairs, gaps_by_a_table],
    "14.2": [sets_row_by_row, sets_of_zeros_and_ones],
    "14.3": [weights_of_a_share_each],
}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("identifier", "answer"), [(identifier, answer) for identifier, answers in RIGHT.items() for answer in answers]
)
def test_another_right_answer_passes(identifier, answer, seed):
    assert core.get(identifier).judge(answer, seed) == ("passed", "")


def sets_by_numpys_quantile(calibration, labels, probabilities, error):
    badness = 1 - calibration[np.arange(len(labels)), labels]
    return 1 - probabilities <= np.quantile(badness, 1 - error)


def gaps_between_neighbours(labels, alarms, members):
    names = np.unique(members)
    shares = [[np.mean(alarms[(members == name) & (labels == k)]) for name in names] for k in (1, 0)]
    return np.abs(np.diff(shares)).max(axis=1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("identifier", "answer", "words"),
    [
        ("14.1", gaps_between_neighbours, "take the largest and the smallest of all groups"),
        ("14.2", sets_by_numpys_quantile, "the new row counts too"),
    ],
)
def test_a_near_miss_is_named(identifier, answer, words, seed):
    status, message = core.get(identifier).judge(answer, seed)
    assert status == "wrong"
    assert words in message
