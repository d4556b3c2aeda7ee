"""The drawings of chapter 04: everything is on the page, and no text lies on another."""

from itertools import combinations

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from utils.chapters import ch04_drawings


@pytest.mark.parametrize("name", ["unrolled", "gru", "lstm", "readers", "decaying"])
def test_texts_lie_on_the_page_and_apart(name):
    figure = getattr(ch04_drawings, name)()
    renderer = FigureCanvasAgg(figure).get_renderer()
    (axes,) = figure.axes
    page = figure.bbox
    places = {text.get_text() + f" at {text.get_position()}": text.get_window_extent(renderer) for text in axes.texts}
    assert len(places) > 8
    for text, box in places.items():
        assert page.x0 <= box.x0 < box.x1 <= page.x1, text
        assert page.y0 <= box.y0 < box.y1 <= page.y1, text
    for (one, box), (other, second) in combinations(places.items(), 2):
        assert not box.overlaps(second), (one, other)


def test_the_unrolled_network_has_one_arrow_per_step():
    texts = [text.get_text() for text in ch04_drawings.unrolled(3).axes[0].texts]
    assert sum("$U$" in text for text in texts) == sum("$W$" in text for text in texts) == 3
