"""The drawings of chapter 12 say what the networks are, and maps that are compared share one scale."""

import numpy as np
import pytest
from chapters.drawn import assert_nothing_is_cut_off, texts

from utils.applications.images import Recipe, classifier
from utils.applications.sequences import attention
from utils.chapters.ch12_drawings import map_grid, picture_network, reader_network
from utils.errors import UsageError


def words(figure):
    return {text.get_text() for text in texts(figure)}


def test_the_picture_network_has_the_shapes_of_the_network():
    shapes = [(48, 48, 3), (16, 16, 12), (8, 8, 24), (4, 4, 48)]
    figure = picture_network(shapes, 3)
    assert {"×".join(map(str, shape)) for shape in shapes} | {"48", "3 logits"} <= words(figure)
    network = classifier(np.zeros((2, 48, 48, 3), "uint8"), 3, Recipe(width=12))
    inside = {tuple(layer.output.shape[1:]) for layer in network.layers}
    assert set(shapes) | {(48,), (3,)} <= inside
    assert_nothing_is_cut_off(figure)


@pytest.mark.parametrize("blocks", [1, 2])
def test_the_reader_has_the_shapes_of_the_network(blocks):
    figure = reader_network(steps=20, channels=32, field=9, blocks=blocks, classes=3)
    assert {"60×4", "20×32", "640", "3 scores", f"encoder\nblock {blocks}", "convolution\n9 letters wide"} <= words(
        figure
    )
    network = attention(60, 3, blocks=blocks)
    assert {(20, 32), (640,), (3,)} <= {tuple(layer.output.shape[1:]) for layer in network.layers}
    assert_nothing_is_cut_off(figure)


@pytest.mark.parametrize("scale", ["columns", "rows"])
def test_maps_that_are_compared_have_one_scale_and_a_bar(scale):
    maps = np.arange(2 * 3 * 16.0).reshape(2, 3, 4, 4)
    signed = [False, True, True] if scale == "columns" else [False, True]
    figure = map_grid(np.zeros((2, 4, 4, 3), "uint8"), maps, titles="abc", signed=signed, rows="xy", scale=scale)
    shown = [ax.images[0] for ax in figure.axes if ax.images and ax.images[0].get_array().ndim == 2]
    limits = np.array([image.get_clim() for image in shown]).reshape(2, 3, 2)
    assert (limits == (limits[:1] if scale == "columns" else limits[:, :1])).all()
    assert len({pair for pair in map(tuple, limits.reshape(-1, 2))}) == len(signed)
    for number, both_ways in enumerate(signed):
        low, high = limits[0, number] if scale == "columns" else limits[number, 0]
        assert low == (-high if both_ways else 0)
    assert len(figure.axes) == 2 * 4 + len(signed)  # pictures, maps, and a bar for each scale
    assert_nothing_is_cut_off(figure)


def test_what_does_not_fit_is_refused():
    with pytest.raises(UsageError, match="2 pictures, 3 titles and 3 signs; you gave 2, 2 and 3"):
        map_grid(np.zeros((2, 4, 4, 3)), np.zeros((2, 3, 4, 4)), titles="ab", signed=[False] * 3)
