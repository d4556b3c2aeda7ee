"""The drawings of chapter 10: every text lies within the picture, and the shapes are those of the networks."""

import pytest

from chapters.drawn import assert_nothing_is_cut_off, texts
from utils.applications import sequences
from utils.chapters import ch10_drawings as drawings
from utils.nn.pretrained import mmsplice_donor


def written(figure):
    return [text.get_text() for text in texts(figure)]


@pytest.mark.parametrize("draw", [drawings.readers, drawings.donor_network])
def test_nothing_is_cut_off(draw):
    assert_nothing_is_cut_off(draw())


@pytest.mark.parametrize("build", [sequences.cnn, sequences.gru, sequences.attention])
def test_the_shapes_are_those_of_the_readers(build):
    model, shown = build(60, 3), written(drawings.readers())
    kinds = ("filters", "max_pooling1d", "bidirectional", "add_positions", "encoder_block")
    layers = [layer for layer in model.layers if layer.name.startswith(kinds) and layer.output.shape[-1] > 1]  # no mask
    assert len(layers) >= 2
    for layer in layers:
        assert "×".join(map(str, layer.output.shape[1:])) in shown, layer.name


def test_the_shapes_are_those_of_the_donor_network():
    model, shown = mmsplice_donor(), written(drawings.donor_network())
    for name in ("side_by_side", "hidden_1", "features", "log_odds"):
        assert str(model.get_layer(name).output.shape[-1]) in shown
