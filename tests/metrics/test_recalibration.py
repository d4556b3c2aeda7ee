"""Intercept, slope and smooth curve of calibration: what was done to the risks is found again."""

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from utils import metrics
from utils.errors import CourseError


@pytest.fixture(scope="module")
def drawn():
    rng = np.random.default_rng(0)
    risks = expit(rng.normal(-1.5, 1.2, 20_000))
    return (rng.random(20_000) < risks).astype(int), risks


@pytest.mark.parametrize(("level", "slope"), [(0.0, 1.0), (-0.5, 1.0), (0.3, 0.6)])
def test_what_bent_the_risks_is_found(drawn, level, slope):
    labels, risks = drawn
    said = expit((logit(risks) - level) / slope)
    found = metrics.recalibration(labels, said)
    assert found.slope == pytest.approx(slope, abs=0.05)
    if slope == 1:
        assert found.intercept == pytest.approx(level, abs=0.06)


def test_slope_agrees_with_scikit_learn_and_weights_count_as_copies(drawn):
    labels, risks = (values[:500] for values in drawn)
    line = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(risks)[:, None], labels)
    assert metrics.recalibration(labels, risks).slope == pytest.approx(line.coef_[0, 0], abs=1e-4)
    twice = np.repeat(np.arange(500), np.arange(500) % 3)
    weighted = metrics.recalibration(labels, risks, np.arange(500) % 3)
    np.testing.assert_allclose(weighted, metrics.recalibration(labels[twice], risks[twice]), atol=1e-8)


def test_the_smooth_curve_follows_what_happened(drawn):
    labels, risks = drawn
    at = np.array([0.05, 0.2, 0.5])
    np.testing.assert_allclose(metrics.smooth_calibration(labels, risks, at), at, atol=0.03)
    np.testing.assert_allclose(metrics.smooth_calibration(labels, risks**2, at**2), at, atol=0.03)


def test_few_different_risks_give_a_straight_line():
    labels, risks = np.arange(90) % 3 == 0, np.repeat([0.2, 0.5], 45)
    found = metrics.smooth_calibration(labels, risks, [0.2, 0.5])
    np.testing.assert_allclose(found, [1 / 3, 1 / 3], atol=1e-6)


def test_bad_input_is_refused():
    with pytest.raises(CourseError, match="risks that differ"):
        metrics.recalibration([0, 1], [0.5, 0.5])
    with pytest.raises(CourseError, match="no example of class 1"):
        metrics.recalibration([0, 0, 1], [0.1, 0.5, 0.6], [1, 1, 0])
    with pytest.raises(CourseError, match="for each of the 2 examples"):
        metrics.brier_score([0, 1], [0.1, 0.5], [1.0])


def test_weights_of_net_benefit_and_brier_count_as_copies(drawn):
    labels, risks = (values[:300] for values in drawn)
    times = np.arange(300) % 4
    copies = np.repeat(np.arange(300), times)
    for score in (metrics.brier_score, lambda *given: metrics.net_benefit(given[0], given[1], 0.2, *given[2:])):
        assert score(labels, risks, times) == pytest.approx(score(labels[copies], risks[copies]))
