"""Figures: shown as PNG with alt text, drawn with the names of their axes."""

import matplotlib
import numpy as np
import pandas as pd
import pytest
from ipywidgets import VBox
from PIL import Image

from utils import plots


@pytest.fixture
def shown(monkeypatch):
    seen = []
    monkeypatch.setattr("utils.plots.figures.display", lambda picture, metadata: seen.append((picture, metadata)))
    return seen


def test_show_keeps_the_alt_text(shown):
    figure, ax = plots.canvas()
    ax.plot([0, 1])
    plots.show(figure, alt="A rising line")
    picture, metadata = shown[0]
    assert metadata == {"image/png": {"alt": "A rising line"}}
    assert picture.data.startswith(b"\x89PNG")


def test_show_is_the_same_twice(shown):
    for _ in range(2):
        plots.show(plots.images([np.eye(4)]), alt="A diagonal")
    assert shown[0][0].data == shown[1][0].data


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_figure_needs_a_description(alt):
    with pytest.raises(ValueError, match="alt"):
        plots.show(plots.canvas()[0], alt=alt)


def test_images_makes_a_grid():
    figure = plots.images([np.zeros((4, 4))] * 5, titles=list("abcde"), columns=3)
    assert len(figure.axes) == 6
    assert [ax.get_title() for ax in figure.axes][:5] == list("abcde")
    assert len(figure.axes[5].images) == 0


def test_curves_name_axes_and_lines():
    ax = plots.curves({"a": [1, 2], "b": [2, 1]}, x_label="epoch", y_label="loss", log_y=True).axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("epoch", "loss", "log")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_training_draws_both_parts():
    class History:
        history = {"loss": [1.0, 0.5], "val_loss": [1.1, 0.9]}

    ax = plots.training(History()).axes[0]
    assert [line.get_label() for line in ax.lines] == ["training", "validation"]
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [1.1, 0.9])


def test_bars_carry_intervals():
    intervals = {"forest": (0.7, 0.85), "network": (0.88, 0.95)}
    ax = plots.bars({"forest": 0.8, "network": 0.9}, x_label="AUC", intervals=intervals).axes[0]
    assert [bar.get_width() for bar in ax.patches] == [0.8, 0.9]
    ends = [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()]
    np.testing.assert_allclose(ends, [[0.7, 0.85], [0.88, 0.95]])


def test_colours_differ_in_lightness_or_hue_for_everybody():
    """Okabe and Ito's seven colours, none twice."""
    swatches = [Image.new("RGB", (1, 1), colour).getpixel((0, 0)) for colour in plots.COLOURS]
    assert len(set(swatches)) == len(plots.COLOURS) == 7


def test_timelines_draw_each_patient_until_the_last_contact():
    events = pd.DataFrame({"id": [1, 1, 2, 3], "time": [-365.25, 30, 90, 5], "variable": ["bp", "flu", "bp", "bp"]})
    figure = plots.timelines(
        events, {"bp": "pressure", "flu": "diagnosis"}, {1: (3652.5, True), 2: (730.5, False)}, x_label="years"
    )
    ax = figure.axes[0]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["patient 1", "patient 2"]
    assert [list(line.get_xdata()) for line in ax.lines[:2]] == [[-1, 10], [0, 2]]
    assert ax.get_xlabel() == "years"


def test_icon_array_draws_everybody_once():
    figure = plots.icon_array({"ill": 3, "well": 97}, columns=10)
    crowds = figure.axes[0].collections
    assert [len(crowd.get_offsets()) for crowd in crowds] == [3, 97]
    places = np.vstack([crowd.get_offsets() for crowd in crowds])
    assert len(np.unique(places, axis=0)) == 100


def test_a_playground_draws_again_when_a_slider_moves(monkeypatch):
    bundles = []
    monkeypatch.setattr("utils.plots.figures.display", lambda bundle, raw: bundles.append(bundle))
    panels = []
    monkeypatch.setattr("ipywidgets.VBox", lambda children: panels.append(children) or VBox(children))
    plots.playground(
        lambda size=4: plots.images([np.eye(size)]),
        size=(2, 8, 2),
        alt="A diagonal of {size} < 9",
        otherwise="Here stands a slider.",
    )
    slider, picture = panels[0]
    before = picture.value
    assert (slider.value, slider.min, slider.max, slider.step) == (4, 2, 8, 2)
    assert 'alt="A diagonal of 4 &lt; 9"' in before
    slider.value = 6
    assert 'alt="A diagonal of 6 &lt; 9"' in picture.value
    assert picture.value.split("base64,")[1] != before.split("base64,")[1]
    assert bundles[0]["text/plain"] == "Here stands a slider."
    assert "application/vnd.jupyter.widget-view+json" in bundles[0]


def test_a_name_with_dollars_is_drawn_as_it_is(shown):
    with matplotlib.rc_context():
        plots.use_style()
        plots.show(plots.images([np.eye(4)], titles=["x $\\frac$ of $5"]), alt="A diagonal")
    assert shown[0][0].data.startswith(b"\x89PNG")


def test_powers_of_ten_are_still_formulas(shown):
    """A figure with logarithmic axes is the same with and without the course's way with dollars."""
    for parse_math in (False, True):
        with matplotlib.rc_context():
            plots.use_style()
            matplotlib.rcParams["text.parse_math"] = parse_math
            plots.show(plots.curves({"loss": [1, 10, 1e6]}, x_label="x", y_label="y", log_y=True), alt="A rising line")
    assert shown[0][0].data == shown[1][0].data


def test_a_diagram_draws_what_is_asked_for(shown):
    drawing = plots.Diagram(width=6, height=2)
    gate = drawing.box("update gate\nsigmoid", 1.0, 1.0)
    times = drawing.circle("×", 3.0, 1.0, colour=1)
    drawing.arrow(gate, times, label="(n, 16)")
    drawing.arrow(times, (5.0, 1.0), (5.0, 0.2), label="$h_t$")
    drawing.frame("GRU", 0.1, 0.1, 4, 1.8)
    texts = [text.get_text() for text in drawing.axes.texts]
    assert texts == ["update gate\nsigmoid", "×", "(n, 16)", "$h_t$", "GRU"]
    plots.show(drawing.figure, alt="A gate and a product")
    assert shown


def test_an_arrow_begins_and_ends_at_the_edge_of_a_shape():
    drawing = plots.Diagram(width=6, height=2)
    box, circle = drawing.box("a", 1, 1, width=1, height=0.4), drawing.circle("+", 4, 1, radius=0.2)
    assert box.towards((4, 1)) == box.right == (1.5, 1)
    assert circle.towards((1, 1)) == pytest.approx(circle.left) == (3.8, 1)
    assert box.towards((1, 2)) == box.top
    assert box.towards((3, 1.4)) == pytest.approx((1.5, 1.1))
