"""The drawings of chapter 09 say what the networks are; the trial's folds leave each patient out once."""

import numpy as np
import pytest

from chapters.drawn import assert_nothing_is_cut_off
from utils import datasets, metrics
from utils.applications import records, survival
from utils.applications.heartbeats import beat_model
from utils.chapters import ch09_trial
from utils.chapters.ch09_drawings import beat_network, hazard_network
from utils.features.followed import followed


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("drawing", [hazard_network(16, 44, 97, 16, 8), beat_network(140, 5)])
def test_nothing_is_cut_off(drawing):
    assert_nothing_is_cut_off(drawing)


def test_the_hazard_network_is_drawn_with_its_shapes():
    model = survival.hazard_model(records.read_with_gru, 44, 97, [0.1] * 8, units=12)
    drawn = words(hazard_network(16, 44, 97, 12, 8))
    assert f"({model.get_layer('hidden').input.shape[-1]})" in drawn
    for name in ("hidden", "deep", "direct"):
        assert f"({model.get_layer(name).output.shape[-1]})" in drawn
    assert {"(16, 44)", "(97)"} <= set(drawn)


def test_the_beat_network_is_drawn_with_its_shapes():
    shapes = {"×".join(map(str, layer.output.shape[1:])) for layer in beat_model(140, 5).layers}
    assert {word for word in words(beat_network(140, 5)) if "×" in word} <= shapes


def test_each_patient_is_judged_by_models_fitted_without_them():
    trial = datasets.load("pbc")
    at_risk = followed(trial, start=365, static=["age"])
    ends = 365.25 * np.arange(1, 6)
    found, visits = ch09_trial.risks_by_fold(trial, at_risk, ends, epochs=1, network_folds=1)
    assert 1 < visits < 4
    risk = found["Cox regression"]
    assert ((risk > 0) & (risk <= 1)).all()
    score = metrics.concordance(at_risk.days, at_risk.labels > 0, risk, ends[-1])
    assert 0.7 < score < 0.9
    judged = found["hazard network"] > 0
    assert 0.15 < judged.mean() < 0.25
