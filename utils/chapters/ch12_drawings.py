"""The drawings of chapter 12: where methods ask a picture network, what rollout sees of a reader; maps on one scale."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from numpy.typing import ArrayLike

from utils.errors import UsageError
from utils.plots import Diagram

GREY, CONVOLUTION, BLOCK, MEAN, HEAD = "#777777", 0, 1, 2, 4
FOR_AND_AGAINST, STRENGTH = "RdBu_r", "magma"
SIDE, STEP = 1.08, 1.16  # of a picture, and from one to the next, in inches
MOST = 99.5  # percentile of a colour scale's end, so that one pixel does not darken all others


def picture_network(shapes: Sequence[tuple[int, ...]], classes: int) -> Figure:
    """The residual network of the nuclei with the shapes on its arrows, and at which point each method asks.

    shapes: (height, width, channels) of the picture, after the first convolution, and after each residual block.
    """
    drawing, level, step = Diagram(width=9.4, height=2.15), 1.35, 1.72
    names = ["convolution", *[f"residual\nblock {number}" for number in range(1, len(shapes) - 1)]]
    boxes = [drawing.box(names[0], 1.6, level, colour=CONVOLUTION, size=8)]
    for place, name in enumerate(names[1:], 1):
        boxes.append(drawing.box(name, 1.6 + place * step, level, colour=BLOCK, size=8))
    last = 1.6 + (len(boxes) - 1) * step
    boxes.append(drawing.box("mean over\nthe places", last + 1.6, level, colour=MEAN, size=8))
    boxes.append(drawing.box("dense", last + 2.75, level, colour=HEAD, size=8))
    words = ["×".join(map(str, shape)) for shape in shapes]
    drawing.arrow((0.15, level), boxes[0], label=words[0], size=7)
    labels = [*words[1:], f"{shapes[-1][-1]}"]
    for before, after, label in zip(boxes, boxes[1:], labels, strict=False):
        drawing.arrow(before, after, label=label, size=7)
    end = (last + 3.65, level)
    drawing.arrow(boxes[-1], end, label=f"{classes} logits", size=7)
    maps, low = (boxes[-3].right[0] + boxes[-2].left[0]) / 2, 0.3
    drawing.arrow((end[0], level - 0.08), (end[0], low + 0.3), (maps, low + 0.3), (maps, level - 0.06), dashed=True)
    drawing.text("Grad-CAM: slope of a logit with these maps", maps + 0.1, low + 0.45, size=7.5, align="left")
    drawing.arrow((end[0], low + 0.3), (end[0], low - 0.1), (0.4, low - 0.1), (0.4, level - 0.06), dashed=True)
    drawing.text(
        "saliency, SmoothGrad, integrated gradients: slope with the pixels", 0.5, low + 0.05, size=7.5, align="left"
    )
    drawing.text("occlusion: change the pixels", 0.15, level + 0.42, size=7.5, align="left")
    return drawing.figure


def reader_network(steps: int, channels: int, field: int, blocks: int, classes: int) -> Figure:
    """The attention network over a window of letters: its layers, and how far rollout follows them.

    steps, channels: of the convolution's output. field: letters that one step sees.
    """
    drawing, level = Diagram(width=9.9, height=1.75), 0.95
    shape, x = f"{steps}×{channels}", 1.55
    first = drawing.box(f"convolution\n{field} letters wide", x, level, colour=CONVOLUTION, size=8)
    drawing.arrow((0.1, level), first, label=f"{3 * steps}×4", size=7)
    boxes = [first]
    for text, across, colour in (
        ("add\npositions", 1.6, GREY),
        *[(f"encoder\nblock {number + 1}", 1.4, BLOCK) for number in range(blocks)],
        ("all steps\nside by side", 1.55, MEAN),
        ("dense", 1.35, HEAD),
    ):
        x += across
        boxes.append(drawing.box(text, x, level, colour=colour, size=8))
    labels = [shape] * (len(boxes) - 2) + [f"{steps * channels}"]
    for before, after, label in zip(boxes, boxes[1:], labels, strict=False):
        drawing.arrow(before, after, label=label, size=7)
    drawing.arrow(boxes[-1], (x + 1.0, level), label=f"{classes} scores", size=7)
    left, right = boxes[2].left[0] - 0.1, boxes[1 + blocks].right[0] + 0.1
    drawing.frame("rollout sees this part", left, level - 0.45, right - left, 1.15)
    drawing.text("what rollout never sees", (boxes[-2].left[0] + boxes[-1].right[0]) / 2, level - 0.5, size=8)
    return drawing.figure


def map_grid(
    pictures: ArrayLike,
    maps: Sequence[Sequence[ArrayLike]],
    *,
    titles: Sequence[str],
    signed: Sequence[bool],
    rows: Sequence[str] = (),
    scale: Literal["columns", "rows"] = "columns",
) -> Figure:
    """Pictures in the first column, maps beside them; maps that are to be compared have one colour scale and its bar.

    Parameters
    ----------
    pictures : uint8 (rows, height, width, 3)
    maps : sequence (rows) of sequences (columns) of array-like (height, width)
    titles : sequence of str
        Of the columns, without that of the picture.
    signed : sequence of bool
        For each scale: whether its maps speak for and against (red and blue, white is 0), or have a strength only
        (from black, 0, upwards).
    rows : sequence of str, optional
        A name for each row, to the left of its picture.
    scale : {"columns", "rows"}
        Whether a column or a row has a scale of its own, whose bar stands below or to the right.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    UsageError
        When there are not as many titles or signs as maps.
    """
    down, across = len(maps), len(maps[0])
    scales = across if scale == "columns" else down
    if len(titles) != across or len(signed) != scales or len(pictures) != down:
        raise UsageError(
            f"There are {down} rows with {across} maps each, which need {down} pictures, {across} titles and {scales} "
            f"signs; you gave {len(pictures)}, {len(titles)} and {len(signed)}."
        )
    left, top = (
        0.1 + 0.17 * max((name.count("\n") + 1 for name in rows), default=0),
        0.1 + 0.16 * max(title.count("\n") + 1 for title in titles),
    )
    width = left + (across + 1) * STEP + (0.6 if scale == "rows" else 0.0)
    height = top + down * STEP + (0.3 if scale == "columns" else 0.0)
    figure = Figure(figsize=(width, height), layout="none")

    def place(row: float, column: float, across: float = SIDE, down: float = SIDE):
        """Axes by the inches of its grid: rows from the top, columns from the left."""
        corner = left + column * STEP, height - top - row * STEP - down
        return figure.add_axes((corner[0] / width, corner[1] / height, across / width, down / height))

    for row, (picture, found) in enumerate(zip(pictures, maps, strict=True)):
        name, above = (rows[row] if rows else ""), (["picture", *titles] if row == 0 else [""] * (across + 1))
        _image(place(row, 0), picture, above[0], name)
        for column, one in enumerate(found):
            number = column if scale == "columns" else row
            together = [line[number] for line in maps] if scale == "columns" else found
            colours = _scale(np.asarray(together, float), signed[number])
            image = _image(place(row, column + 1), one, above[column + 1], **colours)
            if scale == "columns" and row == down - 1:
                _bar(figure, image, place(down + 0.02, column + 1.15, 0.7 * SIDE, 0.07), "horizontal", signed[number])
            elif scale == "rows" and column == across - 1:
                _bar(figure, image, place(row + 0.15, across + 1, 0.07, 0.7 * SIDE), "vertical", signed[number])
    return figure


def _image(ax: Axes, shown: ArrayLike, title: str, name: str = "", **colours: Any) -> AxesImage:
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.set_title(title, fontsize=8.5, loc="center", pad=3)
    ax.set_ylabel(name, fontsize=8.5)
    return ax.imshow(shown, interpolation="nearest", **colours)


def _scale(maps: np.ndarray, signed: bool) -> dict[str, Any]:
    end = max(np.percentile(np.abs(maps) if signed else maps, MOST), 1e-12)
    return (
        {"cmap": FOR_AND_AGAINST, "vmin": -end, "vmax": end} if signed else {"cmap": STRENGTH, "vmin": 0, "vmax": end}
    )


def _bar(figure: Figure, image: AxesImage, ax: Axes, orientation: str, signed: bool) -> None:
    """A thin colour bar with the ends of its scale as numbers."""
    bar = figure.colorbar(image, cax=ax, orientation=orientation)
    low, high = image.get_clim()
    bar.set_ticks([low, high] if signed else [0, high], labels=[f"{low:.2g}" if signed else "0", f"{high:.2g}"])
    ax.tick_params(labelsize=6.5, length=2, pad=1)
