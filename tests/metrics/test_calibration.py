"""Calibration against scikit-learn, SciPy and probabilities whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from metrics.samples import several_classes, two_classes
from utils.errors import CourseError
from utils.metrics import (
    UndefinedScore,
    accuracy,
    brier_score,
    calibration_error,
    estimate,
    reliability,
    softmax,
    temperature,
)

bounded = settings(max_examples=40, deadline=None, derandomize=True)


@bounded
@given(st.integers(0, 10_000), st.integers(2, 60), st.sampled_from([None, 4, 10]), st.integers(1, 12))
def test_reliability_of_class_1_is_that_of_scikit_learn(seed, n, steps, bins):
    labels, probabilities = two_classes(seed, n, steps)
    found = reliability(labels, probabilities, bins)
    accuracy_expected, confidence_expected = calibration_curve(labels, probabilities, n_bins=bins)
    np.testing.assert_allclose(found.accuracy, accuracy_expected)
    np.testing.assert_allclose(found.confidence, confidence_expected)
    assert found.count.sum() == n
    assert (found.count > 0).all()


@bounded
@given(st.integers(0, 10_000), st.integers(3, 5), st.sampled_from([None, 5]))
def test_reliability_of_several_classes_is_that_of_the_preferred_class(seed, classes, steps):
    labels, probabilities = several_classes(seed, classes=classes, steps=steps)
    confidence, right = probabilities.max(axis=1), labels == probabilities.argmax(axis=1)
    found = reliability(labels, probabilities)
    for one, two in zip(found, reliability(right, confidence), strict=True):
        np.testing.assert_array_equal(one, two)
    assert np.average(found.accuracy, weights=found.count) == pytest.approx(accuracy(labels, probabilities))


def test_calibration_error_by_hand():
    labels, probabilities = [0, 0, 1, 1, 0], [0.12, 0.18, 0.95, 0.85, 0.82]
    # bins: (0.12, 0.18): 0.15 said, 0 came; (0.85, 0.82): 0.835 said, half came; (0.95): all came
    assert calibration_error(labels, probabilities) == pytest.approx((2 * 0.15 + 2 * 0.335 + 0.05) / 5)
    assert calibration_error(labels, probabilities, bins=1) == pytest.approx(abs(np.mean(probabilities) - 0.4))


def test_the_ends_of_the_bins():
    found = reliability([0, 1, 0, 1], [0.0, 0.5, 0.500001, 1.0], bins=2)
    assert found.count.tolist() == [2, 2]  # 0 lies in the first bin, an upper end in the bin below


def test_who_tells_the_truth_is_calibrated():
    random = np.random.default_rng(0)
    probabilities = random.random(50_000)
    labels = random.random(50_000) < probabilities
    assert calibration_error(labels, probabilities) < 0.01
    assert calibration_error(labels, probabilities**3) > 0.15
    assert brier_score(labels, probabilities) == pytest.approx(1 / 6, abs=0.005)  # the mean of p (1 - p)


@bounded
@given(st.integers(0, 10_000), st.integers(3, 5))
def test_brier_score_is_that_of_scikit_learn(seed, classes):
    labels, probabilities = several_classes(seed, classes=classes)
    assert brier_score(labels, probabilities) == pytest.approx(brier_score_loss(labels, probabilities))
    labels, probabilities = two_classes(seed)
    both = np.column_stack([1 - probabilities, probabilities])
    assert brier_score(labels, probabilities) == pytest.approx(brier_score_loss(labels, probabilities))
    assert brier_score(labels, both) == pytest.approx(brier_score(labels, probabilities))


def test_one_class_alone_has_a_brier_score_and_bins():
    assert brier_score([1, 1], [0.5, 1.0]) == pytest.approx(0.125)
    assert brier_score([2, 2], [[0, 0, 1], [0, 1, 0]]) == 1
    assert reliability([1, 1], [0.91, 0.95]).accuracy.tolist() == [1]
    assert calibration_error([0, 0], [0.0, 0.0]) == 0


def test_softmax_is_that_of_scipy():
    logits = np.random.default_rng(1).normal(scale=300, size=(20, 4)).astype(np.float32)
    np.testing.assert_allclose(softmax(logits), special.softmax(logits.astype(float), axis=1))
    np.testing.assert_allclose(softmax(logits, 2.5), special.softmax(logits.astype(float) / 2.5, axis=1))
    np.testing.assert_allclose(softmax(logits).sum(axis=1), 1)


def test_softmax_of_one_column_is_the_sigmoid():
    logits = np.linspace(-900, 900, 7)
    both = np.column_stack([np.zeros(7), logits])
    np.testing.assert_allclose(softmax(logits, 3), softmax(both, 3)[:, 1])
    np.testing.assert_allclose(softmax(logits), special.expit(logits))


def drawn_at(heat, classes, n=20_000):
    """Labels drawn from softmax(logits / heat): the temperature that fits them is known."""
    random = np.random.default_rng(classes)
    logits = random.normal(scale=3, size=n if classes == 2 else (n, classes))
    both = np.column_stack([np.zeros(n), logits]) if classes == 2 else logits
    labels = (both / heat + random.gumbel(size=both.shape)).argmax(axis=1)
    return labels, logits


@pytest.mark.parametrize("classes", [2, 3, 9])
@pytest.mark.parametrize("heat", [0.5, 1.0, 2.5])
def test_temperature_finds_the_one_that_was_used(heat, classes):
    labels, logits = drawn_at(heat, classes)
    found = temperature(labels, logits)
    assert found == pytest.approx(heat, rel=0.05)
    assert calibration_error(labels, softmax(logits, found)) < 0.015
    losses = [log_loss(labels, softmax(logits, found * factor)) for factor in (0.99, 1, 1.01)]
    assert losses[1] == min(losses)


def test_temperature_mends_what_was_too_sure_and_keeps_the_decisions():
    labels, logits = drawn_at(4, 3, n=2000)
    mended = softmax(logits, temperature(labels, logits))
    assert calibration_error(labels, mended) < calibration_error(labels, softmax(logits)) / 3
    assert accuracy(labels, mended) == accuracy(labels, logits)


def test_temperature_has_an_interval():
    labels, logits = drawn_at(2, 3, n=1000)
    found = estimate(temperature, labels, logits, repeats=50)
    assert found.low < found.value == temperature(labels, logits) < found.high


@pytest.mark.filterwarnings("error")
def test_temperature_stays_within_its_limits():
    labels = np.array([0, 1, 1, 0])
    right = np.array([-1.0, 2.0, 1.0, -3.0])
    assert temperature(labels, right) == pytest.approx(0.01, rel=0.01)  # all right: never sure enough
    assert temperature(labels, -right) == pytest.approx(100, rel=0.01)  # all wrong: never unsure enough
    assert temperature(labels, right * 1e6) == 1  # surer than numbers can tell apart
    assert temperature(labels, np.zeros((4, 3))) == 1


@pytest.mark.parametrize("bins", [0, -3, 2.5, "10", None, np.nan])
def test_bins_are_whole_and_at_least_one(bins):
    with pytest.raises(CourseError, match="bins must be a whole number of at least 1"):
        calibration_error([0, 1], [0.2, 0.3], bins)


@pytest.mark.parametrize("heat", [0, -1, np.inf, np.nan, "warm", [1, 2]])
def test_a_temperature_is_positive(heat):
    with pytest.raises(CourseError, match="temperature must be a number above 0"):
        softmax([[1.0, 2.0]], heat)


def test_one_class_has_no_temperature():
    with pytest.raises(UndefinedScore, match="All 3 labels are of class 1"):
        temperature([1, 1, 1], np.eye(3))


def test_a_row_of_probabilities_sums_to_one():
    for score in (brier_score, reliability, calibration_error):
        with pytest.raises(CourseError, match="sum to 1.2"):
            score([0, 1], [[0.5, 0.5], [0.6, 0.6]])
        with pytest.raises(CourseError, match="from -1 to 3, outside 0 to 1: turn logits"):
            score([0, 1], [[-1.0, 2.0], [3.0, 0.0]])


def test_half_precision_is_precise_enough():
    labels, probabilities = several_classes(3, classes=9)
    half = probabilities.astype(np.float16)
    assert brier_score(labels, half) == pytest.approx(brier_score(labels, probabilities), abs=1e-3)
