"""MMSplice's donor network in Keras is the published one: its own answers, and a forward pass without any library."""

from pathlib import Path

import numpy as np
import pytest

from utils import datasets, nn
from utils.errors import CourseError
from utils.nn.pretrained import DONOR_EXON, DONOR_INTRON, mmsplice_donor

REFERENCE = Path(__file__).with_name("mmsplice_donor_reference.npy")


@pytest.fixture(scope="module")
def weights():
    return datasets.load("mmsplice_donor").arrays


def letters():
    """Forty stretches by formula, float32 (40, 18, 4): random letters, in the later half with AGGTAA at the cut."""
    drawn = np.random.RandomState(0).randint(0, 4, (40, DONOR_EXON + DONOR_INTRON))
    drawn[20:, 3:9] = ["ACGT".index(letter) for letter in "AGGTAA"]
    return np.eye(4, dtype="float32")[drawn]


def test_the_answers_of_the_published_network(weights):
    """The reference: the published file, loaded as it is in Keras 3.15."""
    reference = np.load(REFERENCE)
    found = nn.predict(mmsplice_donor(weights), letters())[:, 0]
    assert found == pytest.approx(reference, abs=1e-5)
    assert np.median(reference[:20]) < 0.05 and reference[20:].min() > 0.75


def test_a_forward_pass_without_any_library(weights):
    x = letters().reshape(40, -1).astype(float)
    for name in ("hidden_1", "hidden_2"):
        x = x @ weights[f"{name}/kernel"] + weights[f"{name}/bias"]
        gamma, beta, mean, variance = (
            weights[f"{name}_norm/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        x = np.maximum((x - mean) / np.sqrt(variance + 1e-3) * gamma + beta, 0)
    network = mmsplice_donor(weights)
    log_odds = x @ weights["log_odds/kernel"] + weights["log_odds/bias"]
    for layer, wanted in {"features": x, "log_odds": log_odds, "probability": 1 / (1 + np.exp(-log_odds))}.items():
        inner = type(network)(network.inputs, network.get_layer(layer).output)
        assert nn.predict(inner, letters()) == pytest.approx(wanted, abs=1e-4)


def test_without_weights_it_begins_at_random_and_other_weights_are_refused(weights):
    fresh = mmsplice_donor().get_layer("hidden_1").get_weights()[0]
    assert np.abs(fresh - weights["hidden_1/kernel"]).max() > 0.01
    short = {name: array for name, array in weights.items() if name != "log_odds/bias"}
    with pytest.raises(CourseError, match=r"mmsplice_donor: log_odds/bias is missing, where \(1,\) is expected"):
        mmsplice_donor(short)
