"""The drawing of chapter 07 says what the network is."""

import keras
import pytest

from utils.chapters.ch07_drawings import photograph_network
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
