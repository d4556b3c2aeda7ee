"""The style of figures, their canvas, pictures side by side, and showing them with their alt text."""

import base64
import html
import inspect
import io
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib
import numpy as np
from IPython.display import Image, display
from matplotlib.figure import Figure
from matplotlib.text import Text

# Okabe and Ito's palette, told apart by readers with any kind of colour vision (https://jfly.uni-koeln.de/color/).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
DPI = 90

STYLE = {
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.alpha": 0.25,
    "image.cmap": "gray",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "text.parse_math": False,  # a class may well be called "x $\frac$"; formulas ask for it, parse_math=True
}


def use_style() -> None:
    """Draw figures in the course's style from here on: ``STYLE`` goes into matplotlib's settings."""
    matplotlib.rcParams.update(STYLE)


def show(figure: Figure, *, alt: str) -> None:
    """Display a figure as a PNG image with a description for readers who cannot see it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; it is not drawn a second time at the end of the cell.
    alt : str
        What the picture shows, in a sentence.

    Raises
    ------
    ValueError
        When the description is empty.
    """
    if not alt.strip():
        raise ValueError("Describe the figure in alt=…, for readers who cannot see it.")
    display(Image(_png(figure), format="png"), metadata={"image/png": {"alt": alt}})


def _png(figure: Figure) -> bytes:
    scales = {scale for axes in figure.axes for scale in (axes.get_xscale(), axes.get_yscale())}
    if scales - {"linear"}:
        figure.draw_without_rendering()
        for text in figure.findobj(Text):
            if r"\mathdefault" in text.get_text():  # the powers of ten on a logarithmic axis are formulas
                text.set_parse_math(True)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def playground(draw: Callable[..., Figure], *, alt: str, otherwise: str, **sliders: tuple[int, int, int]) -> None:
    """Sliders over a picture that is drawn again with their values; where no kernel runs, a sentence in their place.

    Parameters
    ----------
    draw : callable
        Takes the sliders' values by name, each with a default, and returns a figure.
    alt : str
        What the picture shows, with the sliders' names in braces: ``"A kernel of {size} pixels"``.
    otherwise : str
        What stands on a page without a kernel. Show a static figure beside it: paper has no sliders.
    **sliders : tuple of int
        For each slider (lowest, highest, step); it begins at the default of the function's argument.
    """
    from ipywidgets import HTML, IntSlider, VBox

    picture, handles = HTML(), {}

    def redraw(_change=None):
        values = {name: handle.value for name, handle in handles.items()}
        encoded = base64.b64encode(_png(draw(**values))).decode("ascii")
        picture.value = f'<img alt="{html.escape(alt.format(**values))}" src="data:image/png;base64,{encoded}">'

    for name, (low, high, step) in sliders.items():
        begin = inspect.signature(draw).parameters[name].default
        handles[name] = IntSlider(begin, low, high, step, description=name, continuous_update=False)
        handles[name].observe(redraw, "value")
    redraw()
    # An HTML widget, since for one of type Output nbclient sends messages on the channel on which it waits for replies.
    bundle = VBox([*handles.values(), picture])._repr_mimebundle_()
    display(bundle | {"text/plain": otherwise}, raw=True)


def canvas(
    rows: int = 1, columns: int = 1, *, width: float = 7.0, height: float = 3.2, **options: Any
) -> tuple[Figure, Any]:
    """A figure and its axes, like ``pyplot.subplots`` but owned by nobody else: nothing is drawn until ``show``.

    Sizes are in inches. Returns (figure, axes); axes is a single one, or an array of them.
    """
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, **options)


def images(
    pictures: Sequence[np.ndarray],
    *,
    titles: Sequence[str] | None = None,
    columns: int = 6,
    size: float = 1.4,
    limits: tuple[float, float] | None = None,
    colour_map: str = "gray",
) -> Figure:
    """A grid of pictures.

    Parameters
    ----------
    pictures : sequence of array
        Each (H, W) grey or (H, W, 3) in colour; uint8 from 0 to 255 or float from 0 to 1 in colour.
    titles : sequence of str, optional
        One title over each picture.
    columns : int
        Pictures in a row.
    size : float
        Width of a picture in inches.
    limits : pair of float, optional
        The values drawn as darkest and brightest, when grey pictures are to be compared.
    colour_map : str
        A matplotlib colour map for grey pictures, for example ``"gray"`` or ``"RdBu"``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    tallest = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    height = rows * size * tallest
    for row in range(rows):  # a row without titles needs no room for them
        lines = [1 + title.count("\n") for title in (titles or ())[row * columns : (row + 1) * columns] if title]
        height += 0.28 * max(lines) if lines else 0.05
    figure, axes = canvas(rows, columns, width=size * columns, height=height, squeeze=False)
    low, high = limits or (None, None)
    for position, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if position < len(pictures):
            ax.imshow(np.asarray(pictures[position]), cmap=colour_map, vmin=low, vmax=high, interpolation="nearest")
            if titles:
                ax.set_title(titles[position], fontsize=9, loc="center")
    return figure
