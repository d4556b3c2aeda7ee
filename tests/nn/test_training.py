"""Profiles, seeds, and training with one quiet line."""

import keras
import numpy as np
import pytest

from utils import claims, nn
from utils.nn import training


@pytest.fixture(autouse=True)
def judged_again():
    yield
    claims.judge(True)


def regression(n=64):
    x = np.random.default_rng(0).normal(size=(n, 3)).astype("float32")
    return x, x @ np.array([1.0, -2.0, 0.5], "float32")


def linear_model():
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@pytest.fixture
def lines(monkeypatch):
    """The texts of the progress line, in their order."""
    texts = []

    class Handle:
        def update(self, bundle, raw):
            texts.append(bundle["text/plain"])

    def display(bundle, raw, display_id):
        texts.append(bundle["text/plain"])
        return Handle()

    monkeypatch.setattr(training, "display", display)
    return texts


def test_pick_follows_the_profile():
    values = {"smoke": 1, "quick": 5, "full": 20}
    for profile, value in values.items():
        assert nn.start(profile).pick(**values) == value
    assert nn.start("full").pick(smoke=1, quick=5) == 5


@pytest.mark.parametrize("profile", ["fast", "", None])
def test_unknown_profile_names_those_there_are(profile):
    with pytest.raises(ValueError, match="choose smoke, quick or full"):
        nn.start(profile)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "0"])
def test_seed_out_of_range(seed):
    with pytest.raises(ValueError, match="seed"):
        nn.start("smoke", seed)


def test_same_seed_same_weights():
    def weights(seed):
        nn.start("smoke", seed)
        return linear_model().get_weights()[0]

    np.testing.assert_array_equal(weights(3), weights(3))
    assert not np.array_equal(weights(3), weights(4))


def test_fit_learns_and_leaves_one_line(lines):
    nn.start("quick", 0)
    x, y = regression()
    history = nn.fit(linear_model(), x, y, validation=(x, y), epochs=30)
    assert history.history["loss"][-1] < 0.01 * history.history["loss"][0]
    assert len(lines) == 31
    assert lines[-1].startswith("epoch 30 of 30: loss 0.0")
    assert "validation loss" in lines[-1]


def test_patience_goes_back_to_the_best_weights(lines):
    nn.start("quick", 0)
    x, y = regression()
    model = linear_model()
    model.optimizer.learning_rate = 3.0  # diverges: the first epoch is the best
    history = nn.fit(model, x, y, validation=(x, y), epochs=20, patience=2)
    assert len(history.history["loss"]) == 3
    assert model.evaluate(x, y, verbose=0) == pytest.approx(min(history.history["val_loss"]), rel=1e-4)


def test_patience_needs_validation():
    with pytest.raises(ValueError, match="validation"):
        nn.fit(linear_model(), *regression(), epochs=1, patience=1)
