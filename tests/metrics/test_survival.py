"""Scores of survival against lifelines, on the course's own records, and on small cases that are known by hand."""

import numpy as np
import pytest
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from lifelines.utils import concordance_index

from utils import datasets, metrics
from utils.errors import CourseError

HORIZON = 5 * 365.25


@pytest.fixture(scope="module")
def people():
    patients = datasets.load("nafld").patients
    return tuple(patients[name].to_numpy(float) for name in ("follow_up_days", "died", "age"))


@pytest.fixture(scope="module")
def trial():
    data = datasets.load("pbc")
    return data.patients["follow_up_days"].to_numpy(float), data.labels


def test_kaplan_meier_and_greenwood_agree_with_lifelines(people):
    days, died, _ = people
    ours, judge = metrics.kaplan_meier(days, died), KaplanMeierFitter().fit(days, died)
    np.testing.assert_allclose(ours.alive, judge.survival_function_at_times(ours.times), atol=1e-12)
    ends = judge.confidence_interval_.loc[ours.times].to_numpy()
    np.testing.assert_allclose(np.column_stack([ours.low, ours.high]), ends, atol=1e-12)


def test_the_curve_is_read_at_and_before_a_day():
    curve = metrics.kaplan_meier([1, 2, 2, 3], [1, 1, 0, 1])
    np.testing.assert_allclose(curve.at([0.5, 1, 2, 9]), [1, 0.75, 0.5, 0])
    np.testing.assert_allclose(curve.before([1, 2, 3]), [1, 0.75, 0.5])
    assert metrics.kaplan_meier([4, 5], [0, 0]).at(9) == 1


@pytest.mark.parametrize("step", [1, 365.25, 2000])  # rounded up to it, so that many fall on one day
def test_concordance_agrees_with_lifelines(people, step):
    days, died, age = (values[:3000] for values in people)
    days = np.ceil(days / step)
    assert metrics.concordance(days, died, age) == pytest.approx(concordance_index(days, -age, died), abs=1e-12)


def test_concordance_up_to_a_horizon_ignores_later_events(people):
    days, died, age = (values[:3000] for values in people)
    later = (died == 1) & (days > HORIZON)
    early = metrics.concordance(days, died, age, HORIZON)
    assert early == metrics.concordance(days, np.where(later, 0, died), age)
    assert early == metrics.concordance(days, died, age, HORIZON, np.ones(len(days)))


def test_unos_weights_undo_censoring(people):
    days, died, age = people
    rng = np.random.default_rng(0)
    full = metrics.concordance(days, died, age, HORIZON)
    lost = rng.uniform(0, 1.5 * HORIZON, len(days))  # half of them are lost before the horizon
    seen, hit = np.minimum(days, lost), died * (days <= lost)
    square = metrics.censoring_weights(seen, hit, HORIZON) ** 2
    assert metrics.concordance(seen, hit, age, HORIZON, square) == pytest.approx(full, abs=0.02)


def test_weights_give_what_kaplan_meier_gives(people):
    days, died, _ = people
    weights = metrics.censoring_weights(days, died, HORIZON)
    by_then = (died == 1) & (days <= HORIZON)
    share = 1 - metrics.kaplan_meier(days, died).at(HORIZON)
    assert weights.sum() == pytest.approx(len(days))
    assert np.average(by_then, weights=weights) == pytest.approx(share, abs=1e-12)
    assert metrics.survival_brier(days, died, np.full(len(days), share), HORIZON) == pytest.approx(share * (1 - share))


def test_without_censoring_the_scores_are_the_plain_ones():
    rng = np.random.default_rng(1)
    days, risks = rng.uniform(1, 10, 60), rng.random(60)
    happened = np.ones(60)
    np.testing.assert_allclose(metrics.censoring_weights(days, happened, 5.0), 1)
    plain = metrics.brier_score((days <= 5).astype(int), risks)
    assert metrics.survival_brier(days, happened, risks, 5.0) == pytest.approx(plain)
    both = metrics.integrated_brier(days, happened, np.column_stack([risks, risks]), [5.0, 5.0 + 1e-9])
    assert both == pytest.approx(plain)


def test_cumulative_incidence_agrees_with_lifelines(trial):
    days, states = trial
    days = days + np.random.default_rng(0).random(len(days)) / 100  # the judge moves those of one day apart
    for event in (1, 2):
        ours = metrics.cumulative_incidence(days, states, event)
        judge = AalenJohansenFitter(calculate_variance=False).fit(days, states, event_of_interest=event)
        np.testing.assert_allclose(ours.had, judge.cumulative_density_.iloc[:, 0].reindex(ours.times), atol=1e-12)


def test_incidences_and_survival_share_everybody_out(trial):
    days, states = trial
    shares = [metrics.cumulative_incidence(days, states, event).at(4000) for event in (1, 2)]
    assert sum(shares) + metrics.kaplan_meier(days, states > 0).at(4000) == pytest.approx(1)
    assert shares[0] < 1 - metrics.kaplan_meier(days, states == 1).at(4000)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.kaplan_meier([-1, 2], [0, 1]), "must not be negative"),
        (lambda: metrics.kaplan_meier([1, 2], [0, 2]), "whole class numbers from 0 to 1"),
        (lambda: metrics.concordance([1, 2], [0, 0], [0.1, 0.2]), "No two people can be compared"),
        (lambda: metrics.concordance([1, 2], [1, 0], [0.1]), "lengths differ"),
        (lambda: metrics.censoring_weights([1, 2, 9], [0, 0, 1], 5, [0, 1]), "choose an earlier horizon"),
        (lambda: metrics.integrated_brier([1, 2], [1, 1], [[0.1], [0.2]], [1.0]), "two or more rising horizons"),
        (lambda: metrics.survival_brier([1, 2], [1, 1], [1.5, 0.2], 1.0), "outside 0 to 1"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(call, words):
    with pytest.raises(CourseError, match=words):
        call()
