"""The drawings of chapter 06 say what the networks are."""

import keras
import pytest

from utils.chapters import ch06_drawings as drawings
from utils.chapters import ch06_recipe as recipes


def words(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def shapes(model, size=32):
    """The shape of one image behind each layer, as the drawings write it."""
    seen = keras.Model(model.inputs, [layer.output for layer in model.layers]).compute_output_shape((1, size, size, 3))
    return {" × ".join(map(str, shape[1:])) for shape in seen}


def test_the_articles_network_is_drawn_with_its_shapes():
    on_arrows = {text for text in words(drawings.article_network()) if text[0].isdigit()}
    assert on_arrows <= shapes(recipes.article_cnn())
    assert {"30 × 30 × 32", "15 × 15 × 32", "13 × 13 × 64", "6 × 6 × 64", "64", "10"} <= on_arrows


@pytest.mark.parametrize("width", [8, 16])
def test_the_courses_network_is_drawn_with_its_shapes(width):
    on_arrows = {text for text in words(drawings.course_network(width)) if text[0].isdigit() and "\n" not in text}
    assert on_arrows <= shapes(recipes.course_cnn(width))
    assert {f"16 × 16 × {width}", f"8 × 8 × {2 * width}", f"4 × 4 × {4 * width}"} <= on_arrows


def test_the_three_networks_stand_side_by_side():
    said = words(drawings.three_networks(filters=(4, 5, 6, 7), units=8, width=9, hidden=10))
    assert {"CNN", "RNN", "attention"} <= set(said)
    assert said.count("dense, softmax") == 3
    assert {"16 × 16 × 4", "2 × 2 × 7", "16 × 8", "16 × 9"} <= set(said)
    assert any("GRU, 8 units" in text for text in said)
    assert any("dense 10, dense" in text for text in said)
