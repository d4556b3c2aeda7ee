"""Overlap of masks against scikit-learn and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score, jaccard_score

from utils.errors import CourseError
from utils.metrics import dice, estimate, intersection_over_union

SCORES = (dice, intersection_over_union)
masks = arrays(bool, (3, 4))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(masks, masks)
def test_overlap_is_that_of_scikit_learn(mask, predicted):
    flat = mask.ravel(), predicted.ravel()
    assert dice(mask, predicted) == pytest.approx(f1_score(*flat, zero_division=1))
    assert intersection_over_union(mask, predicted) == pytest.approx(jaccard_score(*flat, zero_division=1))
    assert intersection_over_union(mask, predicted) == pytest.approx(
        dice(mask, predicted) / (2 - dice(mask, predicted))
    )


def test_overlap_by_hand():
    mask, predicted = np.array([[1, 1, 0], [0, 1, 0]]), np.array([[1, 0, 0], [0, 1, 1]])
    assert dice(mask, predicted) == pytest.approx(4 / 6)
    assert intersection_over_union(mask, predicted) == pytest.approx(2 / 4)
    assert dice(mask.astype(np.float32), predicted.astype(np.uint8)) == dice(mask == 1, predicted == 1)


@pytest.mark.parametrize("score", SCORES)
def test_two_empty_masks_agree(score):
    empty, one = np.zeros((2, 2)), np.eye(2)
    assert score(empty, empty) == 1
    assert score(empty, one) == score(one, empty) == 0
    assert score(one, one) == 1


def test_the_pixels_of_several_images_count_together():
    large, small = np.ones((4, 4), bool), np.zeros((4, 4), bool)
    small[0, 0] = True
    assert dice([large, small], [large, ~small]) == pytest.approx(2 * 16 / (16 + 16 + 1 + 15))


@pytest.mark.parametrize("score", SCORES)
def test_overlap_has_an_interval_over_images_and_over_patients(score):
    random = np.random.default_rng(0)
    true = random.random((12, 8, 8)) < 0.4
    predicted = true ^ (random.random((12, 8, 8)) < random.uniform(0, 0.3, size=(12, 1, 1)))
    found = estimate(score, true, predicted, groups=np.arange(12) // 2, repeats=100)
    assert found.low < found.value < found.high
    assert estimate(np.mean, [score(*pair) for pair in zip(true, predicted, strict=True)], repeats=100).low > 0


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize(
    ("mask", "predicted", "says"),
    [
        (np.eye(2), [[0.9, 0.1], [0.2, 0.4]], "predicted mask has values from 0.1 to 0.9.*threshold"),
        (255 * np.eye(2), np.eye(2), "mask has values from 0 to 255"),
        (np.eye(2), np.eye(3), r"shape \(2, 2\) and the predicted one \(3, 3\)"),
        (np.eye(2), [[1, np.nan], [0, 1]], "1 missing"),
        (np.eye(2), [[1, np.inf], [0, 1]], "infinite"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "nothing in the values of the mask"),
        ([["a", "b"]], [[0, 1]], "hold text, where numbers are expected"),
    ],
)
def test_overlap_says_what_is_wrong(score, mask, predicted, says):
    with pytest.raises(CourseError, match=says):
        score(mask, predicted)
