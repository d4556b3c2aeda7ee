"""The drawings of chapter 05: every text lies within the picture, and what depends on numbers shows them."""

import numpy as np
import pytest
from chapters.drawn import assert_nothing_is_cut_off, texts

from utils.chapters import ch05_drawings as drawings

NAMES, QUERY, KEYS = ["fever", "cough"], [1, -1], [[1, -1], [-1, -1], [-1, 1]]
DRAWN = {
    "lookup": lambda: drawings.lookup(NAMES, QUERY, KEYS, [0.88, 0.1, 0.02], [4, 10, 20], "days"),
    "self_attention": lambda: drawings.self_attention(8, 6),
    "several_heads": lambda: drawings.several_heads(8, 6, heads=3),
    "cross_attention": lambda: drawings.cross_attention(3, 8, 6),
    "encoder_block": lambda: drawings.encoder_block(8, 6, 16),
    "tokens": lambda: drawings.tokens("CAGG", hidden=(1,)),
    "letter_maps": lambda: drawings.letter_maps(
        {"one": np.eye(2), "two": np.ones((2, 2))}, "CA", label="weight", limits=(0, 1)
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_cut_off(name):
    assert_nothing_is_cut_off(DRAWN[name]())


def test_a_look_up_shows_scores_and_answer():
    written = [text.get_text() for text in texts(DRAWN["lookup"]())]
    assert {"fever +1\ncough −1", "fever −1, cough +1", "2", "0", "−2", "0.88", "10 days", "4.9 days"} <= set(written)


def test_shapes_are_those_given():
    written = " ".join(text.get_text() for text in texts(DRAWN["cross_attention"]()))
    assert "Q (3, 6)" in written
    assert "K, V (8, 6)" in written
    written = [text.get_text() for text in texts(DRAWN["several_heads"]())]
    assert written.count("(8, 2)") == 3
    assert "columns 4 to 5\nof all positions" in written


def test_hidden_letters_are_hidden_in_the_last_row_alone():
    written = [text.get_text() for text in texts(DRAWN["tokens"]())]
    assert written.count("?") == 1
    assert written.count("C") == 2
    assert written.count("A") == 2  # in the first row, and as the guess
