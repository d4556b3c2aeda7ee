"""Chapter 04's hand-written steps against Keras: same outputs, same gradients, with masks and at length one."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from utils import nn
from utils.exercises.ch04_gates import gru_step, lstm_step
from utils.exercises.ch04_masks import masked_mean
from utils.exercises.ch04_rnn import rnn_step, weight_gradient

bounded = settings(max_examples=25, deadline=None, derandomize=True)
shapes = st.tuples(st.integers(1, 3), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3))  # n, T, F, H
seeds, masks = st.integers(0, 2**16), st.sampled_from(["none", "behind", "in front", "scattered", "all"])

LAYERS = {
    "SimpleRNN": keras.layers.SimpleRNN,
    "GRU": keras.layers.GRU,
    "GRU, reset before": lambda units, **options: keras.layers.GRU(units, reset_after=False, **options),
    "LSTM": keras.layers.LSTM,
}
each_layer = pytest.mark.parametrize("kind", LAYERS)


def hand_step(kind, x, state, weights):
    """One step of the hand-written layer on one example; state and result are tuples that begin with the output h."""
    if kind == "LSTM":
        return lstm_step(x, *state, *weights)
    if kind == "SimpleRNN":
        return (rnn_step(x, *state, *weights),)
    return (gru_step(x, *state, *weights, reset_after=kind == "GRU"),)


def by_hand(kind, x, mask, weights):
    """x (n, T, F), mask (n, T) → all outputs (n, T, H); a masked step leaves the state as it was."""
    outputs = []
    for example, allowed in zip(x, mask, strict=True):
        size = weights[1].shape[0]
        state = (np.zeros(size, x.dtype),) * (2 if kind == "LSTM" else 1)
        rows = []
        for reading, use in zip(example, allowed, strict=True):
            state = hand_step(kind, reading, state, weights) if use else state
            rows.append(state[0])
        outputs.append(rows)
    return np.array(outputs)


def gradient_by_hand(function, array):
    """Gradient of a real scalar function by complex steps: exact to rounding, without any library's derivatives."""
    gradient = np.zeros(array.shape)
    for place in np.ndindex(array.shape):
        moved = array.astype(complex)
        moved[place] += 1e-30j
        gradient[place] = function(moved).imag / 1e-30
    return gradient


def draw_mask(kind, n, steps, rng):
    lengths = rng.integers(0, steps + 1, size=(n, 1))
    behind = np.arange(steps) < lengths
    every = np.ones((n, steps), bool)
    scattered = rng.random((n, steps)) < 0.5
    return {"none": every, "behind": behind, "in front": behind[:, ::-1], "scattered": scattered, "all": ~every}[kind]


def prepare(kind, shape, mask_kind, seed):
    """A Keras layer with random weights, and random input: layer, x, mask, weights, upstream (n, T, H)."""
    n, steps, features, units = shape
    rng = np.random.default_rng(seed)
    layer = LAYERS[kind](units, return_sequences=True)
    layer.build((n, steps, features))
    layer.set_weights([rng.normal(size=w.shape, scale=0.7).astype("float32") for w in layer.get_weights()])
    x = rng.normal(size=(n, steps, features)).astype("float32")
    return layer, x, draw_mask(mask_kind, n, steps, rng), layer.get_weights(), rng.normal(size=(n, steps, units))


def assert_equal(hand, library):
    np.testing.assert_allclose(hand, ops.convert_to_numpy(library), rtol=1e-5, atol=1e-5)


@each_layer
@bounded
@given(shape=shapes, mask=masks, seed=seeds)
def test_outputs(kind, shape, mask, seed):
    layer, x, mask, weights, _ = prepare(kind, shape, mask, seed)
    assert_equal(by_hand(kind, x, mask, weights), layer(x, mask=mask))


@each_layer
@bounded
@given(shape=shapes, mask=masks, seed=seeds)
def test_gradients_of_inputs_and_weights(kind, shape, mask, seed):
    layer, x, mask, weights, upstream = prepare(kind, shape, mask, seed)
    arrays = [x, *weights]
    other_state = [variable.value for variable in layer.non_trainable_variables]

    def keras_loss(x, *weights):
        outputs, _ = layer.stateless_call(list(weights), other_state, x, mask=mask)
        return ops.sum(outputs * upstream.astype("float32"))

    for place, library in enumerate(nn.gradient(keras_loss, *arrays)):

        def hand_loss(moved, place=place):
            x, *weights = [moved if k == place else array.astype(float) for k, array in enumerate(arrays)]
            return np.sum(by_hand(kind, x.astype(moved.dtype), mask, weights) * upstream)

        assert_equal(gradient_by_hand(hand_loss, arrays[place]), library)


@each_layer
def test_all_masked_is_the_start_and_not_nan(kind):
    layer, x, _, weights, _ = prepare(kind, (2, 4, 3, 2), "all", 0)
    nothing = np.zeros((2, 4), bool)
    assert np.array_equal(ops.convert_to_numpy(layer(x, mask=nothing)), np.zeros((2, 4, 2)))
    assert np.array_equal(by_hand(kind, x, nothing, weights), np.zeros((2, 4, 2)))


@bounded
@given(st.integers(1, 30), st.floats(-1.5, 1.5), seeds)
def test_gradient_of_one_weight_through_time(steps, weight, seed):
    x = np.random.default_rng(seed).normal(size=steps).astype("float32")
    layer = keras.layers.SimpleRNN(1)
    layer.build((1, steps, 1))
    other_state = [variable.value for variable in layer.non_trainable_variables]

    def last_state(w):
        weights = [np.ones((1, 1), "float32"), ops.reshape(w, (1, 1)), np.zeros(1, "float32")]
        return layer.stateless_call(weights, other_state, x[None, :, None])[0][0, 0]

    w = np.float32(weight)
    assert_equal(weight_gradient(x.astype(float), float(w)), nn.gradient(last_state, w))


@bounded
@given(shape=shapes, mask=masks, seed=seeds)
def test_masked_mean_is_keras_average_pooling(shape, mask, seed):
    n, steps, features, _ = shape
    rng = np.random.default_rng(seed)
    states, mask = rng.normal(size=(n, steps, features)).astype("float32"), draw_mask(mask, n, steps, rng)
    hand, visited = masked_mean(states, mask), mask.any(axis=1)
    library = ops.convert_to_numpy(keras.layers.GlobalAveragePooling1D()(states, mask=mask))
    assert_equal(hand[visited], library[visited])
    assert np.array_equal(hand[~visited], np.zeros((int(np.sum(~visited)), features)))  # where Keras divides 0 by 0


def test_nothing_is_refused_with_words():
    with pytest.raises(ValueError, match="length 0"):
        weight_gradient(np.zeros(0), 0.5)
    with pytest.raises(ValueError, match="one flag for each step"):
        masked_mean(np.zeros((2, 3, 1)), np.ones(3, bool))
