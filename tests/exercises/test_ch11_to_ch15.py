"""Exercises of chapters 11 to 14: right answers that look unlike the reference pass, and near misses are named."""

import re

import numpy as np
import pytest

from utils.exercises import core


def tokens_by_one_pattern(smiles):
    return tuple(re.findall(r"\[.*?\]|Br|Cl|%\d\d|.", smiles))


def tanimoto_of_int(one, other):
    one, other = one.astype(int), other.astype(int)
    return 0 if one.sum() + other.sum() == 0 else one @ other / (one.sum() + other.sum() - one @ other)


def split_in_the_order_of_scaffolds(scaffolds, share):
    parts, (names, counts) = ([], []), np.unique(scaffolds, return_counts=True)
    for count, name in sorted(zip(-counts, names, strict=True)):
        fits = len(parts[0]) - count <= share * len(scaffolds) + 1e-9
        parts[0 if fits else 1].extend(np.flatnonzero(scaffolds == name).tolist())
    return parts


def attributions_one_point_at_a_time(slope, image, baseline, steps):
    points = [baseline + (k + 0.5) / steps * (image - baseline) for k in range(steps)]
    return (image - baseline) * np.mean([slope(point[None])[0] for point in points], axis=0)


def area_with_places_rounded_down(score, image, importance, fill, steps):
    rows, columns = np.unravel_index(np.argsort(importance, axis=None)[::-1], importance.shape)
    pictures = np.repeat(image[None], steps + 1, axis=0)
    for k in range(steps + 1):
        covered = k * importance.size // steps
        pictures[k, rows[:covered], columns[:covered]] = fill
    scores = score(pictures)
    return (scores[1:] + scores[:-1]).sum() / 2 / steps


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        ("11.1", tokens_by_one_pattern),
        ("11.2", tanimoto_of_int),
        ("11.3", split_in_the_order_of_scaffolds),
        ("12.1", attributions_one_point_at_a_time),
        ("12.5", area_with_places_rounded_down),
    ],
)
def test_another_right_answer_passes(identifier, answer, seed):
    assert core.get(identifier).judge(answer, seed) == ("passed", "")


def loss_from_two_logarithms(labels, logits):
    known, p = ~np.isnan(labels), 1 / (1 + np.exp(-logits))
    y, p = labels[known], p[known]
    return np.mean(-(y * np.log(p) + (1 - y) * np.log(1 - p))) if len(y) else 0.0


def cam_of_positive_parts(maps, slopes):
    total = np.zeros(maps.shape[:2])
    for k in range(maps.shape[2]):
        total += np.maximum(maps[:, :, k] * slopes[:, :, k].mean(), 0)
    return total


def area_of_equal_steps(score, image, importance, fill, steps):
    order, covered, scores = np.argsort(-importance, axis=None), image.copy(), []
    each = len(order) // steps
    for k in range(steps + 1):
        covered.reshape(-1, image.shape[-1])[order[: k * each]] = fill
        scores.append(score(covered[None])[0])
    return np.trapezoid(scores, dx=1 / steps)


def split_in_the_order_of_the_rows(scaffolds, share):
    names, first, counts = np.unique(scaffolds, return_index=True, return_counts=True)
    train = []
    for k in np.lexsort((first, -counts)):
        rows = np.flatnonzero(scaffolds == names[k])
        train += rows.tolist() if len(train) + len(rows) <= share * len(scaffolds) else []
    return train, np.setdiff1d(np.arange(len(scaffolds)), train)


def gap_of_a_list_of_inputs(score, image, baseline, attributions):
    at_image, at_baseline = score([image, baseline])
    return attributions.sum() - (at_image - at_baseline)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("identifier", "answer", "words"),
    [
        ("11.3", split_in_the_order_of_the_rows, "of equals the smaller number"),
        ("12.2", gap_of_a_list_of_inputs, "a batch is one array"),
        ("11.5", loss_from_two_logarithms, "np.logaddexp"),
        ("12.3", cam_of_positive_parts, "add them up first"),
        ("12.5", area_of_equal_steps, "at a share of 1 all are covered"),
    ],
)
def test_a_near_miss_is_named(identifier, answer, words, seed):
    status, message = core.get(identifier).judge(answer, seed)
    assert status == "wrong"
    assert words in message
