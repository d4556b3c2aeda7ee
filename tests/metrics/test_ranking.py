"""Curves, points on them and enrichment, against scikit-learn, RDKit and counts by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit.ML.Scoring.Scoring import CalcEnrichment
from sklearn import metrics as reference

from metrics.samples import two_classes
from utils.errors import CourseError
from utils.metrics import average_precision, enrichment_factor, roc_curve, sensitivity_at_specificity

bounded = settings(max_examples=40, deadline=None, derandomize=True)
samples = st.builds(two_classes, st.integers(0, 10_000), st.integers(2, 40), st.sampled_from([None, 2, 10]))


@bounded
@given(samples)
def test_average_precision_is_that_of_scikit_learn(sample):
    assert average_precision(*sample) == pytest.approx(reference.average_precision_score(*sample), abs=1e-12)


def test_average_precision_of_guessing_is_the_prevalence():
    labels, _ = two_classes(0, n=20_000, prevalence=0.1)
    guesses = np.random.default_rng(1).random(20_000)
    assert average_precision(labels, guesses) == pytest.approx(labels.mean(), abs=0.015)
    assert average_precision(labels, np.zeros(20_000)) == pytest.approx(labels.mean())
    assert average_precision(labels, labels) == 1


def test_the_roc_curve_runs_from_nobody_to_everybody():
    labels, scores = two_classes(1)
    false_positive_rate, sensitivity, thresholds = roc_curve(labels, scores)
    assert (false_positive_rate[0], sensitivity[0], thresholds[0]) == (0, 0, np.inf)
    assert (false_positive_rate[-1], sensitivity[-1]) == (1, 1)
    assert np.trapezoid(sensitivity, false_positive_rate) == pytest.approx(reference.roc_auc_score(labels, scores))
    for rate, share, threshold in zip(false_positive_rate, sensitivity, thresholds, strict=True):
        assert rate == np.mean(scores[labels == 0] >= threshold)
        assert share == np.mean(scores[labels == 1] >= threshold)


@bounded
@given(samples, st.sampled_from([0.05, 0.5, 0.7, 0.9, 0.95, 1, 1.0]))
def test_sensitivity_is_the_best_point_of_the_curve_that_is_specific_enough(sample, specificity):
    false_positive_rate, sensitivity, _ = reference.roc_curve(*sample, drop_intermediate=False)
    expected = sensitivity[1 - false_positive_rate >= specificity - 1e-9].max()
    assert sensitivity_at_specificity(*sample, specificity) == pytest.approx(expected)


@bounded
@given(st.integers(0, 10_000), st.integers(5, 150), st.sampled_from([1 / 128, 1 / 16, 1 / 8, 1 / 4, 3 / 4]))
def test_enrichment_is_that_of_rdkit(seed, n, fraction):
    labels, scores = two_classes(seed, n)
    ranked = labels[np.argsort(-scores)][:, None]
    assert enrichment_factor(labels, scores, fraction) == pytest.approx(CalcEnrichment(ranked, 0, [fraction])[0])


def test_enrichment_by_hand():
    labels = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0])  # 3 of 10
    scores = np.arange(10)[::-1]
    assert enrichment_factor(labels, scores, 0.2) == pytest.approx(1 / 0.3)  # the top two are cases
    assert enrichment_factor(labels, scores, 0.4) == pytest.approx(0.75 / 0.3)
    assert enrichment_factor(labels, -scores, 0.5) == 0


@bounded
@given(st.integers(0, 10_000), st.integers(4, 30), st.sampled_from([0.1, 0.25, 0.5]))
def test_enrichment_of_ties_is_the_mean_over_their_orders(seed, n, fraction):
    labels, scores = two_classes(seed, n, steps=2)
    random = np.random.default_rng(seed)
    orders = [enrichment_factor(labels, scores + 1e-3 * random.random(n), fraction) for _ in range(400)]
    spread = np.std(orders) / 20
    assert enrichment_factor(labels, scores, fraction) == pytest.approx(np.mean(orders), abs=5 * spread + 1e-9)
    assert enrichment_factor(labels, np.ones(n), fraction) == pytest.approx(1)


@pytest.mark.parametrize("wrong", [0, -0.1, 1.5, 90, np.nan, "0.9", None, [0.9]])
def test_a_share_outside_its_range_is_refused(wrong):
    labels, scores = two_classes(2)
    with pytest.raises(CourseError, match="specificity must be a number between 0 and 1"):
        sensitivity_at_specificity(labels, scores, wrong)
    with pytest.raises(CourseError, match="fraction must be a number between 0 and 1"):
        enrichment_factor(labels, scores, wrong)
