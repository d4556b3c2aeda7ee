"""The encoder block: equal to its parts by hand, blind to order and padding, the same after saving; added positions."""

import keras
import numpy as np
import pytest

from utils.errors import CourseError
from utils.exercises.ch05_block import layer_norm
from utils.exercises.ch05_encoder import multi_head
from utils.nn.layers import AddPositions, EncoderBlock

BATCH, LENGTH, WIDTH, HEADS, HIDDEN = 2, 5, 6, 3, 8


@pytest.fixture
def inputs():
    return np.random.default_rng(0).normal(size=(BATCH, LENGTH, WIDTH)).astype("float32")


@pytest.fixture
def block(inputs):
    """A block whose every number, biases too, is drawn at random."""
    built = EncoderBlock(HEADS, HIDDEN, dropout=0.5)
    built.build(inputs.shape)
    rng = np.random.default_rng(1)
    built.set_weights([rng.normal(size=weight.shape) for weight in built.weights])
    return built


def by_hand(block, x, visible):
    """One example (length, width) through the block's own weights; visible (length,) of bool."""

    def norm(layer, x):
        return layer_norm(x, *(weight.numpy() for weight in layer.weights), layer.epsilon)

    def dense(x, kernel, bias):
        return x @ np.reshape(kernel, (x.shape[1], -1)) + np.ravel(bias)

    weights = [weight.numpy() for weight in block.attention.weights]
    normed = norm(block.norm_before_attention, x)
    query, key, value = (dense(normed, *weights[i : i + 2]) for i in (0, 2, 4))
    joined = multi_head(query, key, value, np.tile(visible, (len(x), 1)), HEADS)
    x = x + dense(joined, *weights[6:])
    expand, contract = ([weight.numpy() for weight in layer.weights] for layer in (block.expand, block.contract))
    return x + dense(np.maximum(dense(norm(block.norm_before_feed_forward, x), *expand), 0), *contract)


@pytest.mark.parametrize("hidden_positions", [0, 2, LENGTH], ids=["nothing hidden", "padding", "everything hidden"])
def test_equals_its_parts_by_hand(block, inputs, hidden_positions):
    visible = np.arange(LENGTH) < LENGTH - hidden_positions
    outputs = keras.ops.convert_to_numpy(block(inputs, mask=np.tile(visible, (BATCH, 1))))
    assert np.isfinite(outputs).all()
    for x, output in zip(inputs, outputs, strict=True):
        np.testing.assert_allclose(
            by_hand(block, x.astype(float), visible), output, rtol=1e-5, atol=1e-5 * abs(output).max()
        )


def test_what_stands_in_the_padding_does_not_matter(block, inputs):
    mask = np.tile(np.arange(LENGTH) < 3, (BATCH, 1))
    changed = inputs.copy()
    changed[:, 3:] += 100
    np.testing.assert_array_equal(block(inputs, mask=mask)[:, :3], block(changed, mask=mask)[:, :3])
    assert not np.any(block.attention_weights(inputs, mask)[..., 3:])


def test_a_mask_from_the_layer_before_is_used_and_handed_on(block):
    tokens = np.array([[3, 1, 2, 0, 0], [1, 1, 0, 0, 0]])
    embedded = keras.layers.Embedding(4, WIDTH, mask_zero=True)(tokens)
    assert np.array_equal(block(embedded)._keras_mask, tokens > 0)
    np.testing.assert_allclose(block(embedded)[0, :3], block(embedded[:1, :3])[0], rtol=1e-4, atol=1e-4)


def test_attention_weights_add_up_to_one(block, inputs):
    weights = keras.ops.convert_to_numpy(block.attention_weights(inputs))
    assert weights.shape == (BATCH, HEADS, LENGTH, LENGTH)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-5)


def test_is_blind_to_order(block, inputs):
    order = np.array([3, 0, 4, 1, 2])
    np.testing.assert_allclose(block(inputs[:, order]), np.asarray(block(inputs))[:, order], rtol=1e-4, atol=1e-4)


def test_drops_out_in_training_only(block, inputs):
    np.testing.assert_array_equal(block(inputs), block(inputs))
    assert not np.allclose(block(inputs, training=True), block(inputs))


def test_number_of_parameters(block):
    in_attention = 4 * (WIDTH * WIDTH + WIDTH)
    after_it = (WIDTH * HIDDEN + HIDDEN) + (HIDDEN * WIDTH + WIDTH)
    assert block.count_params() == in_attention + after_it + 2 * (WIDTH + WIDTH)


def test_is_the_same_after_saving(block, inputs, tmp_path):
    entry = keras.Input((LENGTH, WIDTH))
    model = keras.Model(entry, block(entry))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(model(inputs), loaded(inputs))
    assert loaded.layers[-1].get_config() == block.get_config()


def test_an_input_of_the_wrong_rank_is_refused():
    with pytest.raises(CourseError, match=r"takes \(batch, length, width\).*\(2, 6\)"):
        EncoderBlock(HEADS, HIDDEN).build((2, 6))


@pytest.mark.parametrize("heads", [4, 6, 12])
def test_heads_that_cannot_share_the_width_are_refused(heads):
    with pytest.raises(CourseError, match=f"{heads} heads cannot share 6 numbers"):
        EncoderBlock(heads, HIDDEN).build((2, 5, 6))


def test_added_positions_are_learned_spread_as_asked_and_saved(tmp_path):
    entry = keras.Input((200, 50))
    model = keras.Model(entry, AddPositions(spread=0.5)(entry))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    found = keras.ops.convert_to_numpy(loaded(np.zeros((1, 200, 50))))
    assert len(loaded.trainable_weights) == 1
    assert abs(found.std() - 0.5) < 0.02
    np.testing.assert_array_equal(found, model(np.zeros((1, 200, 50))))
    assert loaded.layers[-1].get_config()["spread"] == 0.5


@pytest.mark.parametrize("shape", [(2, 6), (2, None, 6)])
def test_positions_need_a_fixed_length(shape):
    with pytest.raises(CourseError, match="fixed length"):
        AddPositions().build(shape)
