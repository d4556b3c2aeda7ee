"""The figures of chapter 13: all on the page, with their numbers; reliability with a count for each dot."""

import numpy as np
import pytest

from chapters.drawn import assert_nothing_is_cut_off, texts
from utils.chapters import ch13_drawings as drawings


@pytest.mark.parametrize(
    ("figure", "numbers"),
    [(drawings.side_by_side(30, 192, 32, 3), ["192", "network 30", "labels 30"]),
     (drawings.multiple_imputation(50), ["completed\ntable 50", "pool"])],
)  # fmt: skip
def test_everything_is_on_the_page(figure, numbers):
    assert_nothing_is_cut_off(figure)
    said = [text.get_text() for text in texts(figure)]
    assert all(any(number in text for text in said) for number in numbers)


def test_reliability_has_a_line_of_counts_for_each_model():
    rng = np.random.default_rng(0)
    risk = rng.random(500) ** 3
    figure = drawings.reliability((rng.random(500) < risk).astype(int), {"right": risk, "half": risk / 2})
    upper, lower = figure.axes
    assert [len(axes.get_legend_handles_labels()[1]) for axes in (upper, lower)] == [2, 2]
    assert sum(lower.lines[0].get_ydata()) == sum(lower.lines[1].get_ydata()) == 500
    assert upper.get_ylabel()
    assert lower.get_xlabel()
