"""The drawing of chapter 15 says what the two stacks are."""

from chapters.drawn import assert_nothing_is_cut_off, texts
from utils.chapters.ch15_drawings import plain_and_residual


def test_both_stacks_are_drawn_with_their_shapes():
    figure = plain_and_residual(inputs=140, width=32, depth=24, classes=5)
    words = [text.get_text() for text in texts(figure)]
    assert words.count("23 times") == words.count("(n, 140)") == words.count("(n, 5)") == 2
    assert words.count("(n, 32)") == 4
    assert words.count("+") == 1
    assert_nothing_is_cut_off(figure)
