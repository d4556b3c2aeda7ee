"""Net benefit against its closed forms; the best threshold against a search and against theory."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from metrics.samples import two_classes
from utils.errors import CourseError
from utils.metrics import UndefinedScore, best_threshold, estimate, net_benefit

bounded = settings(max_examples=40, deadline=None, derandomize=True)
samples = st.builds(two_classes, st.integers(0, 10_000), st.integers(2, 40), st.sampled_from([None, 2, 10]))
shares = st.floats(0.01, 0.99)


@bounded
@given(samples, shares)
def test_treating_all_none_or_just_the_cases(sample, threshold):
    labels, _ = sample
    prevalence, odds = labels.mean(), threshold / (1 - threshold)
    everybody, nobody = np.ones(len(labels)), np.zeros(len(labels))
    assert net_benefit(labels, everybody, threshold) == pytest.approx(prevalence - (1 - prevalence) * odds)
    assert net_benefit(labels, nobody, threshold) == 0
    assert net_benefit(labels, labels, threshold) == pytest.approx(prevalence)
    assert net_benefit(labels, 1 - labels, threshold) == pytest.approx(-(1 - prevalence) * odds)


@bounded
@given(samples, st.sampled_from([0.1, 0.25, 0.5, 0.9]))
def test_net_benefit_is_vickers_and_elkins_formula(sample, threshold):
    labels, probabilities = sample
    _, false, _, found = confusion_matrix(labels, probabilities >= threshold, labels=[0, 1]).ravel()
    n = len(labels)
    assert net_benefit(labels, probabilities, threshold) == pytest.approx(
        found / n - false / n * threshold / (1 - threshold)
    )


def test_a_probability_at_the_threshold_is_acted_on():
    assert net_benefit([1, 0], [0.5, 0.2], 0.5) == 0.5


def test_several_thresholds_make_a_decision_curve():
    labels, probabilities = two_classes(0)
    thresholds = np.linspace(0.05, 0.95, 19)
    curve = net_benefit(labels, probabilities, thresholds)
    assert curve.tolist() == [net_benefit(labels, probabilities, one) for one in thresholds]


def test_one_class_alone_has_a_net_benefit():
    assert net_benefit([0, 0], [0.9, 0.1], 0.5) == -0.5
    assert net_benefit([1, 1], [0.9, 0.1], 0.5) == 0.5


def test_net_benefit_has_an_interval():
    labels, probabilities = two_classes(1, n=300)
    found = estimate(lambda *both: net_benefit(*both, 0.3), labels, probabilities, repeats=200)
    assert found.low < found.value < found.high
    with pytest.raises(CourseError, match="returned 3 values: let it return one number"):
        estimate(lambda *both: net_benefit(*both, [0.1, 0.2, 0.3]), labels, probabilities)


@pytest.mark.parametrize("threshold", [0, 1, -0.2, 1.3, 50, np.nan, "0.5", None, [0.2, 1], [[0.2, 0.3]]])
def test_a_threshold_outside_0_to_1_is_refused(threshold):
    with pytest.raises(CourseError, match="threshold must be a number between 0 and 1"):
        net_benefit([0, 1], [0.2, 0.3], threshold)


def test_the_wrong_one_of_several_thresholds_is_named():
    with pytest.raises(CourseError, match=r"not 0\.0\.$"):
        net_benefit([0, 1], [0.2, 0.3], np.linspace(0, 0.5, 3))


def cost_at(threshold, labels, probabilities, missed, false_alarm):
    called = probabilities >= threshold
    return missed * np.sum(~called & (labels == 1)) + false_alarm * np.sum(called & (labels == 0))


@bounded
@given(samples, st.sampled_from([0.1, 1, 3, 100]), st.sampled_from([0.3, 1, 7]))
def test_no_threshold_costs_less(sample, missed, false_alarm):
    found = best_threshold(*sample, missed, false_alarm)
    everywhere = [-1, *np.linspace(0, 1, 201), *sample[1], *(sample[1] + 1e-9), 2]
    least = min(cost_at(threshold, *sample, missed, false_alarm) for threshold in everywhere)
    assert cost_at(found, *sample, missed, false_alarm) == pytest.approx(least)


def test_true_probabilities_lead_to_the_threshold_of_the_theory():
    random = np.random.default_rng(2)
    probabilities = random.random(100_000)
    labels = random.random(100_000) < probabilities
    for missed, false_alarm in [(1, 1), (9, 1), (1, 3)]:
        found = best_threshold(labels, probabilities, missed, false_alarm)
        assert found == pytest.approx(false_alarm / (false_alarm + missed), abs=0.05)


def test_among_equals_the_theory_decides():
    labels, probabilities = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9])
    assert best_threshold(labels, probabilities, 1, 1) == 0.5  # anything above 0.2, up to 0.6, makes no error
    assert best_threshold(labels, probabilities, 4, 1) == pytest.approx(0.4)  # 0.2 would flag one in vain
    assert best_threshold(labels, probabilities, 1, 3) == pytest.approx(0.4)


def test_everybody_or_nobody_may_be_cheapest():
    labels, upside_down = np.array([0, 1, 0, 1, 0]), np.array([0.9, 0.1, 1.0, 0.3, 0.2])
    assert (upside_down >= best_threshold(labels, upside_down, 100, 1)).all()
    assert not (upside_down >= best_threshold(labels, upside_down, 1, 100)).any()


@pytest.mark.parametrize("cost", [0, -1, np.inf, np.nan, "much", None])
def test_a_cost_is_positive(cost):
    with pytest.raises(CourseError, match="cost of a missed case must be a number above 0"):
        best_threshold([0, 1], [0.2, 0.3], cost, 1)
    with pytest.raises(CourseError, match="cost of a false alarm must be a number above 0"):
        best_threshold([0, 1], [0.2, 0.3], 1, cost)


def test_one_class_has_no_best_threshold():
    with pytest.raises(UndefinedScore, match="no example of class 0"):
        best_threshold([1, 1], [0.2, 0.3], 1, 1)
