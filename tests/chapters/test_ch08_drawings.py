"""The drawings of chapter 08: every text lies within the picture, and the shapes are those of the networks."""

import keras
import numpy as np
import pytest

from utils.applications import scan_tumours, scans
from utils.chapters import ch08_drawings as drawings

DRAWN = {
    "denoiser": lambda: drawings.denoiser(scans.denoiser(), (7, 76, 76)),
    "unet": lambda: drawings.unet((8, 48, 48), 8),
}


def texts(figure):
    return [text for axes in figure.axes for text in axes.texts if text.get_text()]


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_cut_off(name):
    figure = DRAWN[name]()
    figure.draw_without_rendering()
    page = figure.bbox
    for text in texts(figure):
        box = text.get_window_extent()
        assert page.x0 <= box.x0 <= box.x1 <= page.x1, text.get_text()
        assert page.y0 <= box.y0 <= box.y1 <= page.y1, text.get_text()


@pytest.mark.parametrize(
    ("name", "model", "patch"),
    [("denoiser", scans.denoiser(), (7, 76, 76)), ("unet", scan_tumours.unet(), (8, 48, 48))],
)
def test_the_shapes_are_those_of_the_layers(name, model, patch):
    written = " ".join(text.get_text() for text in texts(DRAWN[name]()))
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv3D | keras.layers.MaxPooling3D)]
    shapes, x = {}, keras.Input((*patch, 1))
    whole = keras.Model(model.inputs, [layer.output for layer in layers])
    for layer, output in zip(layers, whole(np.zeros((1, *patch, 1), "float32")), strict=True):
        shapes[layer.name] = "×".join(map(str, output.shape[1:]))
    shown = [shape for shape in shapes.values() if shape in written]
    assert len(shown) >= len(shapes) - 2, (shapes, written, x)
