"""Finding the last spatial layer and the score before the last activation, in models of every build."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from explain.small import CLASSES, cnn, linear, normal
from utils import explain
from utils.chapters.ch06_recipe import course_cnn
from utils.errors import CourseError
from utils.explain.inside import last_activation, replaced, spatial_layer


def found_in(model, shape):
    layer, maps = spatial_layer(model, lambda: model(np.zeros((1, *shape), "float32")))
    return layer.name, maps


def nested_at_the_start():
    base = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="inner"), layers.MaxPooling2D()])
    return keras.Sequential([keras.Input((8, 8, 3)), base, layers.Flatten(), layers.Dense(2)])


def nested_twice():
    entry = keras.Input((8, 8, 3))
    core = keras.Sequential([layers.Conv2D(4, 3), layers.ReLU(name="inner")])
    base = keras.Model(entry, layers.GlobalAveragePooling2D()(core(entry)))
    entry = keras.Input((8, 8, 3))
    return keras.Model(entry, layers.Dense(2)(base(layers.Rescaling(2.0)(entry))))


def with_a_residual():
    entry = keras.Input((8, 8, 3))
    x = layers.Conv2D(4, 3, padding="same")(entry)
    x = layers.Add(name="inner")([x, layers.Conv2D(4, 3, padding="same")(x)])
    return keras.Model(entry, layers.Dense(2)(layers.GlobalAveragePooling2D(keepdims=True)(x)[:, 0, 0]))


class Own(keras.Model):
    """A model without a graph of tensors, whose layers are not declared in the order in which they run."""

    def __init__(self):
        super().__init__()
        self.end = layers.Dense(2, activation="softmax")
        self.inner = layers.Conv2D(4, 3, name="inner")
        self.start = layers.Conv2D(4, 3)

    def call(self, inputs):
        return self.end(ops.mean(self.inner(self.start(inputs)), axis=(1, 2)))


class Block(layers.Layer):
    """A layer that has its convolution inside."""

    def __init__(self, **options):
        super().__init__(**options)
        self.convolve = layers.Conv2D(4, 3)

    def call(self, inputs):
        return ops.relu(self.convolve(inputs))


@pytest.mark.parametrize(
    "build",
    [
        nested_at_the_start,
        nested_twice,
        with_a_residual,
        Own,
        lambda: keras.Sequential([keras.Input((8, 8, 3)), Block(name="inner"), layers.Flatten(), layers.Dense(2)]),
        lambda: keras.Sequential([layers.Conv2D(4, 3, name="inner"), layers.Flatten(), layers.Dense(2)]),
    ],
    ids=["nested", "nested twice", "residual", "subclassed", "own layer", "without a given input"],
)
def test_the_last_spatial_layer(build):
    keras.utils.set_random_seed(0)  # with other weights a map may be empty
    model, images = build(), normal(2, 8, 8, 3)
    model(images)
    assert found_in(model, (8, 8, 3))[0] == "inner"
    found = explain.grad_cam(model, images, 1)
    assert found.shape == (2, 8, 8) and found.any()


def test_the_last_spatial_layer_of_the_courses_network_is_its_last_sum():
    name, maps = found_in(course_cnn(4), (32, 32, 3))
    assert name.startswith("add") and maps == (4, 4, 16)


def test_maps_of_one_place_say_nothing_of_places():
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), layers.Conv2D(4, 3, name="many"), layers.Conv2D(4, 6), layers.Flatten()]
    )
    assert found_in(model, (8, 8, 3)) == ("many", (6, 6, 4))


def test_sequences_have_maps_over_their_length():
    one_hot = keras.Sequential(
        [keras.Input((12, 4)), layers.Conv1D(3, 5, activation="relu"), layers.GlobalMaxPooling1D(), layers.Dense(2)]
    )
    assert explain.grad_cam(one_hot, normal(2, 12, 4), 0).shape == (2, 12)
    assert explain.score_cam(one_hot, normal(2, 12, 4), 0).shape == (2, 12)
    codes = keras.Input((12,), dtype="int32")
    model = keras.Model(codes, one_hot(layers.Embedding(4, 4)(codes)))
    letters = np.random.default_rng(0).integers(4, size=(2, 12))
    assert explain.grad_cam_plus_plus(model, letters, 0).shape == (2, 12)


def test_a_layer_can_be_named():
    model, images = cnn(), normal(2, 8, 8, 2)
    by_name = explain.grad_cam(model, images, 1, layer="first", resize=False)
    assert by_name.shape == (2, 8, 8)
    np.testing.assert_array_equal(by_name, explain.grad_cam(model, images, 1, layer=model.layers[0], resize=False))
    with pytest.raises(CourseError, match="layer is 'third'.*first.*second"):
        explain.grad_cam(model, images, 1, layer="third")


@pytest.mark.parametrize("method", [explain.grad_cam, explain.grad_cam_plus_plus, explain.score_cam])
@pytest.mark.parametrize("shape", [(8, 8, 2), (5,)], ids=["dense on an image", "table"])
def test_a_model_without_spatial_layers_is_refused(method, shape):
    model = keras.Sequential([keras.Input(shape), layers.Rescaling(2.0), layers.Flatten(), layers.Dense(CLASSES)])
    with pytest.raises(CourseError, match=r"has no spatial layer.*saliency"):
        method(model, normal(2, *shape), 1)


def ends(kind):
    """A linear model that ends in softmax in one way or another."""
    entry = keras.Input((5,))
    logits = layers.Dense(CLASSES, name="linear")(entry)
    outputs = {
        "layer": lambda: layers.Softmax()(logits),
        "activation": lambda: layers.Activation("softmax")(logits),
        "operation": lambda: ops.softmax(logits),
        "nested": lambda: keras.Sequential([layers.Activation("softmax")])(logits),
        "unseen": lambda: ops.softmax(logits) * 1.0,
    }[kind]()
    return keras.Model(entry, outputs)


@pytest.mark.parametrize("kind", ["layer", "activation", "operation", "nested"])
def test_the_score_is_what_goes_into_the_softmax(kind):
    model, inputs = ends(kind), normal(3, 5)
    weights = model.get_layer("linear").get_weights()[0]
    before = model.predict(inputs, verbose=0)
    found = explain.saliency(model, inputs, 1, absolute=False)
    np.testing.assert_allclose(found, np.tile(weights[:, 1], (3, 1)), atol=1e-6)
    np.testing.assert_array_equal(model.predict(inputs, verbose=0), before)


@pytest.mark.parametrize("kind", ["model", "function"])
def test_where_the_softmax_cannot_be_seen_the_score_is_the_log_of_its_output(kind):
    model, inputs = ends("unseen"), normal(3, 5)
    weights = model.get_layer("linear").get_weights()[0]
    shares = model.predict(inputs, verbose=0)
    asked = model if kind == "model" else lambda given: model(given)
    found = explain.saliency(asked, inputs, 1, absolute=False)
    np.testing.assert_allclose(found, weights[:, 1] - shares @ weights.T, atol=1e-5)
    integrated = explain.integrated_gradients(asked, inputs, 1)
    assert np.abs(explain.completeness_gap(asked, inputs, 1, integrated)).max() < 1e-3


def test_a_model_that_ends_otherwise_is_taken_as_it_is():
    assert last_activation(linear((5,), None)[0]) is None
    assert last_activation(linear((5,), "relu")[0]) is None
    assert last_activation(Own()) is None
    assert last_activation(keras.Sequential([layers.Dense(2, activation="softmax")])) is None  # not built yet


def test_an_attribute_is_put_back_even_after_an_error():
    layer = layers.Dense(2, activation="softmax")
    kept = layer.activation
    with pytest.raises(RuntimeError), replaced(layer, "activation", None), replaced(layer, "call", None):
        raise RuntimeError
    assert layer.activation is kept
    assert "call" not in vars(layer)
