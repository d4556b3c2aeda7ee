"""Dense networks by hand: their gradients are Keras's, and each network of a stack is what it is alone."""

import keras
import numpy as np
import pytest

from utils.chapters import ch15_dense as dense
from utils.errors import UsageError

SIZES = [7, 6, 6, 6, 3]


@pytest.fixture(scope="module")
def examples():
    random = np.random.default_rng(0)
    return random.normal(size=(30, 7)).astype("float32"), random.integers(3, size=30)


def in_keras(residual):
    inputs = keras.Input((7,))
    x = keras.layers.Dense(6, activation="relu")(inputs)
    for _ in range(2):
        found = keras.layers.Dense(6, activation="relu")(x)
        x = keras.layers.Add()([x, found]) if residual else found
    return keras.Model(inputs, keras.layers.Dense(3)(x))


@pytest.mark.parametrize("residual", [False, True])
def test_answers_and_one_step_are_those_of_keras(examples, residual):
    x, labels = examples
    layers = dense.begin(SIZES, dense.he, [3, 4])
    model = in_keras(residual)
    model.set_weights(
        [part[1].reshape(part.shape[1:]) if part.shape[1] > 1 else part[1, 0] for pair in layers for part in pair]
    )
    np.testing.assert_allclose(model.predict(x, verbose=0), dense.forward(layers, x, residual)[-1][1], atol=1e-5)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5), loss, jit_compile=False)
    model.fit(x, labels, batch_size=30, epochs=3, verbose=0)
    options = {"epochs": 3, "batch_size": 30, "momentum": 0.5, "residual": residual}
    trained, losses = dense.train(layers, x, labels, rates=0.1, **options)
    for (weights, bias), place in zip(trained, range(0, 8, 2), strict=True):
        np.testing.assert_allclose(model.get_weights()[place], weights[1], atol=1e-5)
        np.testing.assert_allclose(model.get_weights()[place + 1], bias[1, 0], atol=1e-5)
    assert (losses[:, -1] < losses[:, 0]).all()


def test_each_network_of_a_stack_is_what_it_is_alone(examples):
    layers = dense.begin(SIZES, dense.glorot, [1, 2])
    options = {"epochs": 2, "batch_size": 8, "seed": 5}
    trained, losses = dense.train(layers, *examples, rates=[0.01, 0.2], **options)
    alone, loss = dense.train(dense.begin(SIZES, dense.glorot, [2]), *examples, rates=[0.2], **options)
    np.testing.assert_allclose(losses[1], loss[0], rtol=1e-5)
    np.testing.assert_allclose(trained[-1][0][1], alone[-1][0][0], atol=1e-5)
    assert not np.allclose(losses[0], losses[1])


def test_the_weights_that_are_given_stay_as_they_are(examples):
    layers = dense.begin(SIZES, dense.he, [0])
    before = [part.copy() for pair in layers for part in pair]
    dense.train(layers, *examples, rates=0.1, epochs=1, batch_size=10)
    assert all(np.array_equal(a, b) for a, b in zip(before, (part for pair in layers for part in pair), strict=True))


def test_a_start_has_the_spread_that_is_asked_for():
    (weights, bias), *_ = dense.begin([400, 300], dense.he, [0, 1])
    assert weights.shape == (2, 400, 300)
    assert weights.std() == pytest.approx((2 / 400) ** 0.5, rel=0.01)
    assert not bias.any()
    assert dense.glorot(400, 300) == pytest.approx((2 / 700) ** 0.5)


def test_a_rate_that_is_too_large_ends_without_a_warning(examples):
    _, losses = dense.train(dense.begin(SIZES, dense.he, [0]), *examples, rates=1e9, epochs=9, batch_size=10)
    assert not losses[0, -1] < 10


def test_rates_that_do_not_fit_are_refused(examples):
    with pytest.raises(UsageError, match="2 networks and 3 rates"):
        dense.train(dense.begin(SIZES, dense.he, [0, 1]), *examples, rates=[1, 2, 3], epochs=1, batch_size=10)
