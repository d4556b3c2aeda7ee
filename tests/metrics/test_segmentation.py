"""Overlap of masks against scikit-learn and by hand; objects by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra.numpy import arrays
from sklearn.metrics import f1_score, jaccard_score

from utils.errors import CourseError
from utils.metrics import dice, estimate, intersection_over_union, object_counts, panoptic_quality

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


def pieces(width, *columns):
    """One image, four rows high: object 1, 2, … in the columns from start to end of each pair."""
    image = np.zeros((4, width), int)
    for number, (start, end) in enumerate(columns, 1):
        image[:, start:end] = number
    return image


def test_panoptic_quality_by_hand():
    """Of three objects one is found whole, one by three columns of four, one is missed; one is invented."""
    true = pieces(20, (0, 3), (5, 9), (12, 14))
    found = pieces(20, (0, 3), (5, 8), (16, 18))
    assert object_counts(true, found) == ([1.75], [2], [1], [1])
    assert panoptic_quality(true, found) == pytest.approx(1.75 / (2 + 0.5 + 0.5))
    assert panoptic_quality(true, 10 * found) == panoptic_quality(true, found)  # the numbers have no meaning


def test_objects_that_merge_are_lost_though_every_pixel_is_right():
    true = pieces(16, (0, 4), (4, 8), (10, 14))
    merged = pieces(16, (0, 8), (10, 14))
    assert dice(true > 0, merged > 0) == 1
    assert panoptic_quality(true, merged) == pytest.approx(1 / (1 + 0.5 * 2 + 0.5))  # exactly a half is no pair
    assert panoptic_quality(true, true) == 1


def test_counts_of_several_images_add_up_and_numbers_are_told_apart_by_image():
    true = np.stack([pieces(16, (0, 4), (6, 9)), pieces(16, (2, 8)), np.zeros((4, 16), int)])
    found = np.stack([pieces(16, (0, 4)), pieces(16, (2, 7), (9, 11)), pieces(16, (0, 2))])
    counts = object_counts(true, found)
    assert counts.matched.tolist() == [1, 1, 0]
    assert counts.missed.tolist() == [1, 0, 0]
    assert counts.invented.tolist() == [0, 1, 1]
    each = [object_counts(*pair) for pair in zip(true, found, strict=True)]
    assert np.array_equal(np.array(counts), np.concatenate(each, axis=1))
    assert panoptic_quality(true, found) == pytest.approx((1 + 5 / 6) / (2 + 1.5))


def test_two_images_without_objects_agree():
    nothing, one = np.zeros((4, 6), int), pieces(6, (1, 3))
    assert panoptic_quality(nothing, nothing) == 1
    assert panoptic_quality(nothing, one) == panoptic_quality(one, nothing) == 0


@pytest.mark.parametrize(
    ("instances", "predicted", "says"),
    [
        (np.eye(3), np.eye(4), r"shape \(1, 3, 3\) and the predicted ones \(1, 4, 4\)"),
        (np.eye(3), np.eye(3) - 1, "predicted objects have shape .* from -1 to 0"),
        (np.eye(3) / 2, np.eye(3), "true objects .* from 0 to 0.5"),
        (np.ones(3), np.ones(3), r"shape \(3,\)"),
        ([[0, np.nan]], [[0, 1]], "missing"),
    ],
)
def test_objects_say_what_is_wrong(instances, predicted, says):
    with pytest.raises(CourseError, match=says):
        panoptic_quality(instances, predicted)
