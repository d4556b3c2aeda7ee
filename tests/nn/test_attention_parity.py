"""Chapter 05's hand-written attention equals Keras, values and gradients, on random shapes, masks and lengths."""

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops

from utils import nn
from utils.exercises.ch05_attention import attention, causal_mask
from utils.exercises.ch05_block import layer_norm
from utils.exercises.ch05_encoder import multi_head, positions
from utils.exercises.ch05_gradients import attention_backward

bounded = settings(max_examples=40, deadline=None, derandomize=True)
seeds, lengths, widths, few = st.integers(0, 2**16), st.integers(1, 7), st.integers(1, 6), st.integers(1, 3)
# Heads of at least two numbers: with one, and as many heads as positions, Keras 3.15 on TensorFlow takes the bias of a
# projection, (heads, 1), for one along the positions and adds it there (ops.add, its shortcut to bias_add).
sizes = st.integers(2, 4)
visible = st.sampled_from([0.0, 0.3, 0.7, 1.0])  # share of the positions that may be looked at; 0 hides them all


def normal(seed, *shapes):
    """One array for each shape, of numbers that float32 holds exactly: hand and Keras start from the very same."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape).astype("float32").astype(float) for shape in shapes]


def random_mask(seed, share, *shape):
    return np.random.default_rng(seed).random(shape) < share


def assert_equal(hand, library):
    np.testing.assert_allclose(hand, library, rtol=1e-5, atol=1e-5)


def keras_attention(query, key, value, mask):
    """Output and weights from Keras's own parts: its masked softmax between two matrix products."""
    scores = ops.matmul(query, ops.transpose(key)) / query.shape[1] ** 0.5
    weights = keras.layers.Softmax()(scores, mask=ops.convert_to_tensor(mask))
    return ops.matmul(weights, value), weights


@bounded
@given(seeds, lengths, lengths, widths, widths, visible)
def test_attention_forwards_and_backwards(seed, T, S, d, v, share):
    query, key, value, upstream = normal(seed, (T, d), (S, d), (S, v), (T, v))
    mask = random_mask(seed, share, T, S)
    output, weights = attention(query, key, value, mask)
    library = keras_attention(*(array.astype("float32") for array in (query, key, value)), mask)
    assert_equal(output, library[0])
    assert_equal(weights, library[1])
    gradients = nn.gradient(lambda *arrays: ops.sum(keras_attention(*arrays, mask)[0] * upstream), query, key, value)
    for hand, found in zip(attention_backward(query, key, value, weights, upstream), gradients, strict=True):
        assert_equal(hand, found)


@bounded
@given(seeds, lengths, lengths, widths, visible)
def test_attention_equals_the_fused_operation_where_something_may_be_seen(seed, T, S, d, share):
    query, key, value = normal(seed, (T, d), (S, d), (S, d))
    mask = random_mask(seed, share, T, S) | np.eye(T, S, dtype=bool)
    mask[:, 0] |= ~mask.any(axis=1)
    tensors = (ops.cast(array, "float32")[None, :, None] for array in (query, key, value))  # one example, one head
    fused = ops.dot_product_attention(*tensors, mask=ops.convert_to_tensor(mask[None, None]))
    assert_equal(attention(query, key, value, mask)[0], fused[0, :, 0])


def projections(seed, heads, size, width):
    """Weights of a MultiHeadAttention layer in Keras's order: query, key, value, output, each with its bias."""
    inwards = [(width, heads, size), (heads, size)] * 3
    return normal(seed, *inwards, (heads, size, width), (width,))


def multi_head_layer(weights, heads, size, inputs, others):
    layer = keras.layers.MultiHeadAttention(heads, size)
    layer.build(query_shape=(None, *inputs.shape), value_shape=(None, *others.shape))
    layer.set_weights(weights)
    return layer


def by_hand(weights, heads, inputs, others, mask):
    """Project, attend in several heads, project: the numbers on the way are handed back for the way back."""
    flat = [array.reshape(len(array), -1) for array in weights[0:6:2]]
    query, key, value = (
        x @ kernel + bias.ravel()
        for x, kernel, bias in zip((inputs, others, others), flat, weights[1:6:2], strict=True)
    )
    joined = multi_head(query, key, value, mask, heads)
    return joined @ weights[6].reshape(-1, weights[7].size) + weights[7], (query, key, value, joined, flat)


@bounded
@given(seeds, few, lengths, lengths, st.integers(1, 4), sizes, widths, visible)
def test_multi_head_attention(seed, batch, T, S, heads, size, width, share):
    inputs, others = normal(seed, (batch, T, width), (batch, S, width))
    weights, mask = projections(seed + 1, heads, size, width), random_mask(seed, share, batch, T, S)
    layer = multi_head_layer(weights, heads, size, inputs[0], others[0])
    library, _ = layer(inputs, others, attention_mask=mask, return_attention_scores=True)
    for example in range(batch):
        hand, _ = by_hand(weights, heads, inputs[example], others[example], mask[example])
        assert_equal(hand, library[example])


@bounded
@given(seeds, lengths, lengths, st.integers(1, 4), sizes, widths, visible)
def test_multi_head_attention_backwards(seed, T, S, heads, size, width, share):
    inputs, others, upstream = normal(seed, (T, width), (S, width), (T, width))
    weights, mask = projections(seed + 1, heads, size, width), random_mask(seed, share, T, S)
    layer = multi_head_layer(weights, heads, size, inputs, others)

    def loss(inputs, others, *weights):
        options = {"attention_mask": mask[None], "return_attention_scores": True}
        (output, _), _ = layer.stateless_call(list(weights), [], inputs[None], others[None], **options)
        return ops.sum(output[0] * upstream)

    library = nn.gradient(loss, inputs, others, *weights)
    _, (query, key, value, joined, flat) = by_hand(weights, heads, inputs, others, mask)
    outwards = weights[6].reshape(-1, width)
    heads_of = [np.split(array, heads, axis=1) for array in (query, key, value, upstream @ outwards.T)]
    found = []
    for q, k, v, of_output in zip(*heads_of, strict=True):
        found.append(attention_backward(q, k, v, attention(q, k, v, mask)[1], of_output))
    of_query, of_key, of_value = (np.concatenate(part, axis=1) for part in zip(*found, strict=True))
    hand = [of_query @ flat[0].T, of_key @ flat[1].T + of_value @ flat[2].T]
    for x, gradient in [(inputs, of_query), (others, of_key), (others, of_value)]:
        hand += [(x.T @ gradient).reshape(width, heads, size), gradient.sum(axis=0).reshape(heads, size)]
    hand += [(joined.T @ upstream).reshape(heads, size, width), upstream.sum(axis=0)]
    for mine, theirs in zip(hand, library, strict=True):
        assert_equal(mine, theirs)


@bounded
@given(seeds, lengths, few, sizes)
def test_causal_mask_is_that_of_keras(seed, T, heads, size):
    width = heads * size
    (x,) = normal(seed, (T, width))
    weights = projections(seed + 1, heads, size, width)
    layer = multi_head_layer(weights, heads, size, x, x)
    assert_equal(by_hand(weights, heads, x, x, causal_mask(T))[0], layer(x[None], x[None], use_causal_mask=True)[0])


@pytest.mark.parametrize("length", [1, 5])
def test_a_query_that_may_look_at_nothing_gets_zero_and_hands_back_zero(length):
    query, key, value, upstream = normal(0, (length, 3), (4, 3), (4, 2), (length, 2))
    nothing = np.zeros((length, 4), bool)
    output, weights = attention(query, key, value, nothing)
    assert not output.any()
    assert not weights.any()
    assert not any(gradient.any() for gradient in attention_backward(query, key, value, weights, upstream))
    assert not np.any(keras_attention(*(array.astype("float32") for array in (query, key, value)), nothing)[0])


@pytest.mark.parametrize(("T", "S"), [(0, 3), (3, 0), (0, 0)])
def test_sequences_of_length_zero(T, S):
    query, key, value = normal(0, (T, 4), (S, 4), (S, 4))
    mask = np.ones((T, S), bool)
    output, weights = attention(query, key, value, mask)
    assert weights.shape == (T, S)
    np.testing.assert_array_equal(output, np.zeros((T, 4)))
    np.testing.assert_array_equal(multi_head(query, key, value, mask, 2), np.zeros((T, 4)))
    assert positions(0, 4).shape == (0, 4)
    assert causal_mask(0).shape == (0, 0)


@pytest.mark.parametrize("shape", [(4,), (1, 4), (3, 1), (4, 3), (1, 3, 4)])
def test_a_mask_of_the_wrong_shape_is_refused_with_both_shapes(shape):
    query, key, value = normal(0, (3, 2), (4, 2), (4, 2))
    with pytest.raises(ValueError, match=r"mask: expected \(3, 4\).*got \("):
        attention(query, key, value, np.ones(shape, bool))


@bounded
@given(seeds, st.lists(st.integers(1, 5), min_size=1, max_size=3), st.sampled_from([1e-6, 1e-3, 0.1]))
def test_layer_norm_forwards_and_backwards(seed, shape, epsilon):
    d = shape[-1]
    x, scale, shift, upstream = normal(seed, shape, (d,), (d,), shape)
    epsilon = max(epsilon, 1e-3) if d <= 2 else epsilon  # two nearly equal numbers: float32 itself is too coarse
    layer = keras.layers.LayerNormalization(epsilon=epsilon)
    layer.build((None, *shape))
    layer.set_weights([scale, shift])
    assert_equal(layer_norm(x, scale, shift, epsilon), layer(x[None])[0])

    def loss(x, *weights):
        return ops.sum(layer.stateless_call(list(weights), [], x[None])[0][0] * upstream)

    root = np.sqrt(x.var(axis=-1, keepdims=True) + epsilon)
    normed, scaled = layer_norm(x, 1, 0, epsilon), upstream * scale
    couplings = scaled.mean(axis=-1, keepdims=True) + normed * (scaled * normed).mean(axis=-1, keepdims=True)
    over_positions = tuple(range(x.ndim - 1))
    hand = (scaled - couplings) / root, (upstream * normed).sum(axis=over_positions), upstream.sum(axis=over_positions)
    for mine, theirs in zip(hand, nn.gradient(loss, x, scale, shift), strict=True):
        assert_equal(mine, theirs)


@bounded
@given(st.integers(1, 80), st.integers(1, 16), st.integers(0, 40))
def test_positions_are_turning_hands(length, half, shift):
    """In pairs of columns the table is exp(i·speed·t): a shift in time is one and the same turn at every position."""
    width = 2 * half
    table = positions(length + shift, width)
    hands = table[:, 1::2] + 1j * table[:, 0::2]
    speeds = np.exp(-np.log(10000) * np.arange(half) / half)
    np.testing.assert_allclose(hands, np.exp(1j * np.outer(np.arange(length + shift), speeds)), atol=1e-9)
    np.testing.assert_allclose(hands[shift:], hands[:length] * np.exp(1j * shift * speeds), atol=1e-9)
    products = table @ table.T
    np.testing.assert_allclose(np.diagonal(products, shift), np.cos(shift * speeds).sum(), atol=1e-9)


@bounded
@given(seeds, st.integers(2, 8), few, sizes)
def test_without_positions_attention_commutes_with_any_permutation(seed, T, heads, size):
    (x,) = normal(seed, (T, heads * size))
    weights, order = projections(seed + 1, heads, size, heads * size), np.random.default_rng(seed).permutation(T)
    see_all = np.ones((T, T), bool)
    straight, permuted = (by_hand(weights, heads, rows, rows, see_all)[0] for rows in (x, x[order]))
    np.testing.assert_allclose(permuted, straight[order], atol=1e-9)
