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


def gradient_row_by_row(gradients, clip, noise):
    total = noise.copy()
    for row in gradients:
        length = math.sqrt(sum(row**2))
        total += row if length <= clip else row * clip / length
    return total / len(gradients)


def gradient_by_where(gradients, clip, noise):
    length = np.linalg.norm(gradients, axis=1)
    factor = np.where(length > clip, clip / length, 1.0)
    return np.einsum("n,nw->w", factor, gradients) / len(length) + noise / len(length)


def gradient_as_a_list(gradients, clip, noise):
    rows = [row * min(1, clip / np.linalg.norm(row)) if np.any(row) else row for row in gradients]
    return [float(number) for number in (np.sum(rows, axis=0) + noise) / len(rows)]


def gradient_in_single_precision(gradients, clip, noise):
    rows = gradients.astype("float32")
    length = np.hypot.reduce(rows, axis=1)[:, None]
    return ((rows / np.maximum(1, length / clip)).sum(0) + noise) / rows.shape[0]


def gradient_as_a_product(gradients, clip, noise):
    length = np.sqrt((gradients**2).sum(1))
    return (np.minimum(1, clip / np.maximum(length, 1e-12)) @ gradients + noise) / len(gradients)


RIGHT = {
    "14.1": [gaps_by_pairs, gaps_by_a_table],
    "14.2": [sets_row_by_row, sets_of_zeros_and_ones],
    "14.3": [weights_of_a_share_each],
    "14.4": [
        gradient_row_by_row,
        gradient_by_where,
        gradient_as_a_list,
        gradient_in_single_precision,
        gradient_as_a_product,
    ],
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


def gradient_of_patients_kept(gradients, clip, noise):
    rows = [row for row in gradients if np.linalg.norm(row) <= clip]
    return (np.sum(rows, axis=0) + noise) / len(gradients)


def gradient_with_noise_for_each_patient(gradients, clip, noise):
    rows = gradients * clip / np.maximum(np.linalg.norm(gradients, axis=1, keepdims=True), clip)
    return (rows + noise).mean(axis=0)


def gradient_of_the_batch(gradients, clip, noise):
    total = gradients.sum(axis=0)
    return (total * min(1, clip / np.linalg.norm(total)) + noise) / len(gradients)


def gradient_by_unit_rows(gradients, clip, noise):
    length = np.linalg.norm(gradients, axis=1, keepdims=True)
    return ((gradients / length * np.minimum(length, clip)).sum(axis=0) + noise) / len(gradients)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("identifier", "answer", "words"),
    [
        ("14.1", gaps_between_neighbours, "take the largest and the smallest of all groups"),
        ("14.2", sets_by_numpys_quantile, "the new row counts too"),
        ("14.4", gradient_of_patients_kept, "they are kept, shortened"),
        ("14.4", gradient_with_noise_for_each_patient, "add it once, to the sum"),
        ("14.4", gradient_of_the_batch, "shorten each patient's row before adding"),
        ("14.4", gradient_by_unit_rows, "such a row stays 0"),
    ],
)
def test_a_near_miss_is_named(identifier, answer, words, seed):
    status, message = core.get(identifier).judge(answer, seed)
    assert status == "wrong"
    assert words in message
