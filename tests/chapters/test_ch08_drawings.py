"""The drawings of chapter 08: every text lies within the picture, and the shapes are those of the networks."""

import keras
import numpy as np
import pytest
from chapters.drawn import assert_nothing_is_cut_off, texts

from utils.applications import scan_tumours, scans
from utils.chapters import ch08_drawings as drawings

DRAWN = {
    "denoiser": lambda: drawings.denoiser(scans.denoiser(), (7, 76, 76)),
    "unet": lambda: drawings.unet((8, 48, 48), 8),
}


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_cut_off(name):
    assert_nothing_is_cut_off(DRAWN[name]())


@pytest.mark.parametrize(
    ("name", "model", "patch"),
    [("denoiser", scans.denoiser(), (7, 76, 76)), ("unet", scan_tumours.unet(), (8, 48, 48))],
)
def test_the_shapes_are_those_of_the_layers(name, model, patch):
    written = " ".join(text.get_text() for text in texts(DRAWN[name]()))
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv3D | keras.layers.MaxPooling3D)]
    shapes = {}
    whole = keras.Model(model.inputs, [layer.output for layer in layers])
    for layer, output in zip(layers, whole(np.zeros((1, *patch, 1), "float32")), strict=True):
        shapes[layer.name] = "×".join(map(str, output.shape[1:]))
    shown = [shape for shape in shapes.values() if shape in written]
    assert len(shown) >= len(shapes) - 2, (shapes, written)
