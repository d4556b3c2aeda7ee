"""The people of chapter 15: few parameters, fitted without a penalty, and what R² and the slope say of their risks."""

import numpy as np
import pytest
from sklearn.metrics import log_loss

from utils.chapters import ch15_people


@pytest.fixture(scope="module")
def found():
    return ch15_people.people("pbc")


def test_the_people_are_those_at_their_moment_and_no_group_is_on_two_sides(found):
    assert ch15_people.people("pbc") is found
    assert len(found.summaries) == len(found.cohort.labels)
    assert found.summaries.shape[1] == len(found.columns)
    assert (found.known["time"] <= 365).all()
    train, test = (found.cohort.groups[part] for part in (found.split.train, found.split.test))
    assert not len(np.intersect1d(train, test))


def test_few_parameters_are_those_that_are_known_of_most():
    found = ch15_people.people("nafld")
    table, names = ch15_people.few_parameters(found, 4)
    assert names[:3] == ("age", "male", "bmi")
    assert table.shape == (len(found.cohort.labels), 7)
    known = 1 - np.isnan(table[found.split.train, 3:]).mean(axis=0)
    assert (np.diff(known) <= 0).all()
    more = ch15_people.few_parameters(found, 6)[1]
    assert more[:7] == names


@pytest.fixture(scope="module")
def outcomes():
    random = np.random.default_rng(0)
    log_odds = random.normal(-1, 1.5, size=20_000)
    return (random.random(20_000) < 1 / (1 + np.exp(-log_odds))).astype(int), log_odds


def test_the_slope_undoes_what_risks_are_too_extreme_by(outcomes):
    labels, log_odds = outcomes
    assert ch15_people.slope(labels, log_odds) == pytest.approx(1, abs=0.05)
    assert ch15_people.slope(labels, 2 * log_odds) == pytest.approx(0.5, abs=0.025)


def test_r2_is_that_of_cox_and_snell(outcomes):
    labels, log_odds = outcomes
    risks, mean = 1 / (1 + np.exp(-log_odds)), np.full(len(labels), labels.mean())
    ratio = 2 * (log_loss(labels, mean) - log_loss(labels, risks))
    assert ch15_people.r2(labels, log_odds) == pytest.approx(1 - np.exp(-ratio))
    assert ch15_people.r2(labels, np.log(mean / (1 - mean))) == pytest.approx(0, abs=1e-9)
    assert ch15_people.r2(labels, -log_odds) < 0


def test_a_regression_without_penalty_finds_the_odds(outcomes):
    labels, log_odds = outcomes
    table = np.stack([3 * log_odds, np.random.default_rng(1).normal(size=len(labels))], axis=1).astype("float32")
    table[::50, 1] = np.nan
    taught, asked = np.arange(15_000), np.arange(15_000, 20_000)
    told = ch15_people.log_odds(table, labels, taught, asked)
    assert np.corrcoef(told, log_odds[asked])[0, 1] > 0.99
    assert ch15_people.slope(labels[asked], told) == pytest.approx(1, abs=0.1)
