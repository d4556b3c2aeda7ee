"""One batched predict for all models."""

import keras
import numpy as np
import pytest

from utils import nn
from utils.errors import UsageError


def two_inputs(together):
    one, other = keras.Input((2,), name="one"), keras.Input((3,), name="other")
    hidden = keras.layers.Concatenate()([one, other])
    return keras.Model(together(one, other), keras.layers.Dense(4)(hidden))


@pytest.mark.parametrize("together", [lambda a, b: [a, b], lambda a, b: {"one": a, "other": b}])
@pytest.mark.parametrize("count", [1, 7, 10])
def test_it_is_keras_predict(together, count):
    random = np.random.default_rng(0)
    model, inputs = two_inputs(together), together(random.normal(size=(count, 2)), random.normal(size=(count, 3)))
    np.testing.assert_allclose(nn.predict(model, inputs, batch_size=3), model.predict(inputs, verbose=0), atol=1e-6)


def test_whole_numbers_are_converted():
    model = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), keras.layers.Dense(2)])
    images = np.full((5, 4, 4, 3), 200, "uint8")
    np.testing.assert_allclose(nn.predict(model, images), nn.predict(model, images.astype("float32")))


def test_no_example_has_a_shape():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    assert nn.predict(model, np.zeros((0, 4))).shape == (0, 2)


def test_inputs_that_do_not_fit_are_refused():
    with pytest.raises(UsageError, match="hold 3, 2 examples"):
        nn.predict(two_inputs(lambda a, b: [a, b]), [np.zeros((3, 2)), np.zeros((2, 3))])


@pytest.mark.filterwarnings("error")
def test_a_single_input_may_stand_in_a_list():
    model, x = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), np.ones((3, 4), "float32")
    np.testing.assert_allclose(nn.predict(model, [x]), nn.predict(model, x))
