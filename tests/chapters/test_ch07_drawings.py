"""The drawings of chapter 07 say what the networks are."""

import keras
import numpy as np
import pytest
from chapters.drawn import assert_nothing_is_cut_off

from utils.applications import segmentation
from utils.applications.images import Recipe, classifier
from utils.chapters.ch07_drawings import photograph_network, residual_network, u_net
from utils.nn.pretrained import efficientnet_lite0


@pytest.mark.parametrize("side", [48, 65])
def test_the_network_is_drawn_with_its_shapes(side):
    network = efficientnet_lite0(side=side)
    seen = keras.Model(network.inputs, [layer.output for layer in network.layers])
    shapes = ["×".join(map(str, shape[1:])) for shape in seen.compute_output_shape((1, side, side, 3))]
    words = [text.get_text() for text in photograph_network(side).axes[0].texts]
    assert {word for word in words if "×" in word and " " not in word} <= set(shapes)
    for stage_end in (1, 3, 5, 8, 11, 15, 16):
        shape = network.get_layer(f"block_{stage_end}").output.shape
        assert "×".join(map(str, shape[1:])) in words
    assert {"80", "480", "1,280"} <= set(words)


def drawn(figure):
    return " ".join(text.get_text() for text in figure.axes[0].texts).split()


@pytest.mark.parametrize("drawing", [residual_network(48, 16, 3), u_net(), u_net(width=4), photograph_network()])
def test_nothing_is_cut_off(drawing):
    assert_nothing_is_cut_off(drawing)


def shape(layer):
    return "×".join(map(str, layer.output.shape[1:]))


def test_the_residual_network_is_drawn_with_its_shapes():
    pictures = np.zeros((1, 48, 48, 3), np.uint8)
    network = classifier(pictures, 3, Recipe(width=8))
    words = drawn(residual_network(48, 8, 3))
    assert {shape(layer) for layer in network.layers if isinstance(layer, keras.layers.ReLU)} <= set(words)
    assert {"48×48×3", "32", "3"} <= set(words)


def test_the_unet_is_drawn_with_its_shapes():
    network = segmentation.unet(np.zeros((1, 128, 128, 3), np.uint8), width=12)
    joined = [layer for layer in network.layers if isinstance(layer, keras.layers.Concatenate)]
    sizes = keras.Model(network.inputs, [layer.output for layer in joined]).compute_output_shape((1, 128, 128, 3))
    words = drawn(u_net(128, 12))
    for (_, height, width, filters), level in zip(sizes, (2, 1, 0), strict=True):
        assert filters == 2 * (12 << level)  # what came up and what the bridge brought, as many of each
        assert words.count(f"{height}×{width}×{12 << level}") >= 3  # left, bridge, right
    assert {"8×8×96", "128×128×3", "128×128×1"} <= set(words)
