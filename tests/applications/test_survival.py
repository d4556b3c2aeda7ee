"""Cox regression against lifelines, and the hazard network's loss against the sum that it stands for."""

import keras
import numpy as np
import pandas as pd
import pytest
from lifelines import CoxPHFitter

from utils import datasets, metrics
from utils.applications import records, survival
from utils.errors import CourseError
from utils.features.followed import followed

EDGES = np.array([1.0, 2.0, 4.0])


@pytest.fixture(scope="module")
def people():
    cohort = followed(datasets.load("nafld"), static=["age", "male"])
    return cohort.days[:3000], cohort.labels[:3000], cohort.static[:3000].astype(float)


@pytest.mark.parametrize("unit", [1, 365.25])  # by years many die on one "day"
def test_cox_agrees_with_lifelines(people, unit):
    days, died, x = people
    days = np.ceil(days / unit)
    ours = survival.fit_cox(days, died, x)
    judge = CoxPHFitter().fit(pd.DataFrame(x).assign(days=days, died=died), "days", "died")
    np.testing.assert_allclose(ours.weights, judge.params_, atol=1e-5)
    at = np.quantile(days, 0.5)
    alive = judge.predict_survival_function(pd.DataFrame(x[:5]), [at]).to_numpy()[0]
    np.testing.assert_allclose(ours.risk(x[:5], at), 1 - alive, atol=1e-4)


def test_a_penalty_shrinks_and_shuffled_times_teach_nothing(people):
    days, died, x = people
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    free, held = survival.fit_cox(days, died, x), survival.fit_cox(days, died, x, 1000.0)
    assert np.abs(held.weights).sum() < np.abs(free.weights).sum()
    order = np.random.default_rng(0).permutation(len(days))
    nothing = survival.fit_cox(days[order], died[order], x)
    assert metrics.concordance(days, died, free.score(x)) > 0.75
    assert np.abs(nothing.weights).max() < 0.25


def test_cox_refuses_what_cannot_be_learned(people):
    days, died, x = people
    with pytest.raises(CourseError, match="None of the 3000 people"):
        survival.fit_cox(days, 0 * died, x)


def test_targets_say_what_a_record_knows():
    days, happened = [0.5, 1.0, 1.0, 3.0, 3.0, 9.0], [1, 1, 0, 0, 1, 1]
    found = survival.hazard_targets(days, happened, EDGES)
    came = [[1, 0, 0], [1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0]]
    through = [[0, 0, 0], [0, 0, 0], [1, 0, 0], [1, 1, 0], [1, 1, 0], [1, 1, 1]]
    np.testing.assert_array_equal(found, np.concatenate([came, through], axis=1))


def test_the_loss_is_the_log_likelihood():
    hazards = np.random.default_rng(0).uniform(0.1, 0.9, (3, 3))
    targets = survival.hazard_targets([1.5, 4.0, 0.5], [1, 0, 0], EDGES)
    h = hazards.T
    wanted = [-np.log(1 - h[0, 0]) - np.log(h[1, 0]), -np.log(1 - h[:, 1]).sum(), 0.0]
    found = keras.ops.convert_to_numpy(survival.hazard_loss(targets, hazards.astype("float32")))
    np.testing.assert_allclose(found, wanted, atol=1e-6)


@pytest.mark.parametrize("reader", [records.read_with_gru, None])
def test_an_untrained_network_gives_the_base_hazards_and_padding_changes_nothing(reader):
    keras.utils.set_random_seed(0)
    rng, base = np.random.default_rng(0), [0.1, 0.2, 0.3]
    model = survival.hazard_model(reader, 5, 4, base)
    steps, context = rng.normal(size=(6, 3, 5)).astype("float32"), rng.normal(size=(6, 4)).astype("float32")
    mask = np.ones((6, 3), bool)
    found = model.predict([steps, mask, context], verbose=0)
    np.testing.assert_allclose(found, np.tile(base, (6, 1)), atol=0.02)
    longer = np.concatenate([steps, np.full((6, 2, 5), 9.0, "float32")], axis=1)
    again = model.predict([longer, np.pad(mask, ((0, 0), (0, 2))), context], verbose=0)
    np.testing.assert_allclose(again, found, atol=1e-6)


def test_risk_is_one_minus_the_product_of_staying_alive():
    np.testing.assert_allclose(survival.risk_by([[0.5, 0.5, 0.0]]), [[0.5, 0.75, 0.75]])
