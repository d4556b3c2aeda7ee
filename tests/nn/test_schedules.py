"""The learning rate that rises and falls, against Keras's own cosine."""

import keras
import numpy as np
import pytest

from utils.nn.schedules import rise_and_fall


def test_it_rises_and_falls_to_zero():
    rates = [float(rise_and_fall(100, 0.5)(step)) for step in range(101)]
    assert np.argmax(rates) == 10
    assert rates[10] == pytest.approx(0.5)
    assert rates[0] == 0
    assert rates[100] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("steps", [1, 7, 300])
def test_it_is_the_cosine_of_keras_with_a_warm_up(steps):
    rise = max(steps // 10, 1)
    theirs = keras.optimizers.schedules.CosineDecay(0.0, max(steps - rise, 1), warmup_target=0.01, warmup_steps=rise)
    ours = rise_and_fall(steps, 0.01)
    for step in range(steps + 5):
        assert float(ours(step)) == pytest.approx(float(theirs(step)), abs=1e-7)


def test_an_optimizer_that_carries_it_can_be_stored():
    optimizer = keras.optimizers.AdamW(rise_and_fall(30, 0.01))
    again = keras.optimizers.deserialize(keras.optimizers.serialize(optimizer))
    assert float(again.learning_rate) == float(optimizer.learning_rate) == 0
