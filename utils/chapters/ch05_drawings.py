"""The drawings of chapter 05: a look-up, attention, heads, the encoder block and what it can read; maps of weights."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from utils.plots import Diagram, canvas


def lookup(
    names: Sequence[str],
    query: ArrayLike,
    keys: ArrayLike,
    weights: ArrayLike,
    values: ArrayLike,
    unit: str,
) -> Figure:
    """A query (d,), keys (n, d) with their scores, weights (n,), and values (n,), mixed into one answer.

    names: of the d numbers in query and key. unit: of the values.
    """
    scores = np.asarray(keys) @ np.asarray(query)
    n = len(keys)
    drawing = Diagram(8.2, 0.6 + 0.62 * n)
    rows, middle = 0.35 + 0.62 * np.arange(n)[::-1], 0.35 + 0.31 * (n - 1)
    for text, x in (("query", 0.95), ("keys", 2.95), ("scores", 4.3), ("weights", 5.25), ("values", 6.35)):
        drawing.text(text, x, 0.42 + 0.62 * n, size=8.5)
    asked = drawing.box(_signed(names, query, "\n"), 0.95, middle, width=1.3)
    total = drawing.circle("+", 7.1, middle)
    drawing.arrow(total, (7.45, middle))
    drawing.text(f"{np.dot(weights, values):.1f} {unit}", 7.5, middle, size=10, align="left")
    for y, key, score, weight, value in zip(rows, keys, scores, weights, values, strict=True):
        offered = drawing.box(_signed(names, key, ", "), 2.95, y, width=2.0, height=0.42, colour=1, size=8.5)
        drawing.arrow(asked, offered)
        number = drawing.box(f"{score:g}".replace("-", "−"), 4.3, y, width=0.42, height=0.42, colour="#777777")
        share = drawing.box(f"{weight:.2f}", 5.25, y, width=0.5, height=0.42, colour=4)
        handed = drawing.box(f"{value:g} {unit}", 6.35, y, width=0.75, height=0.42, colour=2)
        drawing.arrow(offered, number)
        drawing.arrow(number, share)
        drawing.arrow(share, handed)
        drawing.arrow(handed, total)
    drawing.text("softmax", 4.76, rows[0] + 0.13, size=8)
    return drawing.figure


def _signed(names: Sequence[str], numbers: ArrayLike, between: str):
    return between.join(f"{name} {number:+g}" for name, number in zip(names, numbers, strict=True)).replace("-", "−")


def self_attention(length: int, width: int) -> Figure:
    """The way of one sequence (length, width) through scaled dot-product attention, with the shapes on the arrows."""
    rows, table = f"({length}, {width})", f"({length}, {length})"
    drawing = Diagram(8.6, 2.5)
    x = drawing.box("x: one row\nper position", 0.75, 1.3, colour="#777777")
    places = {"query": (2.6, 2.1, 0), "key": (2.6, 1.3, 1), "value": (2.6, 0.4, 2)}
    query, key, value = (
        drawing.box(f"× matrix of the {name}", x_at, y, colour=colour, width=1.75)
        for name, (x_at, y, colour) in places.items()
    )
    for layer in (query, key, value):
        drawing.arrow(x, layer, label=rows if layer is key else "")
    dot = drawing.circle("·", 4.45, 1.7)
    drawing.arrow(query, dot, label=f"Q {rows}")
    drawing.arrow(key, dot, label=f"K {rows}", aside=-0.13)
    weigh = drawing.box("÷ √d\nsoftmax of each row", 6.05, 1.7, colour=4)
    drawing.arrow(dot, weigh, label=table)
    mix = drawing.circle("×", 7.65, 0.95)
    drawing.arrow(weigh, (7.65, 1.7), mix, label="", colour="#333333")
    drawing.text(f"weights {table}", 7.7, 1.86, size=8)
    drawing.arrow(value, (7.65, 0.4), mix, label=f"V {rows}")
    drawing.arrow(mix, (8.45, 0.95))
    drawing.text(f"output\n{rows}", 8.15, 0.6, size=8)
    return drawing.figure


def several_heads(length: int, width: int, heads: int) -> Figure:
    """Query, key and value cut into slices, one for each head, and the results side by side again."""
    size = width // heads
    drawing = Diagram(8.6, 0.75 * heads + 0.1)
    middle = 0.05 + 0.375 * heads
    whole = drawing.box("Q, K and V", 0.8, middle, colour="#777777", width=1.1)
    joined = drawing.box("side by side", 6.05, middle, colour="#777777", width=1.1, height=0.8)
    for head in range(heads):
        y = 0.05 + 0.75 * (heads - head - 0.5)
        first, last = head * size, (head + 1) * size - 1
        cut = drawing.box(f"columns {first} to {last}\nof all positions", 2.6, y, colour=head, width=1.35)
        look = drawing.box(f"attention\nof head {head + 1}", 4.4, y, colour=head, width=1.05)
        drawing.arrow(whole, cut)
        drawing.arrow(cut, look, label=f"({length}, {size})", aside=0.14)
        drawing.arrow(look, joined)
    mix = drawing.box("dense", 7.6, middle, width=0.75)
    drawing.arrow(joined, mix, label=f"({length}, {width})", aside=0.14)
    drawing.arrow(mix, (8.5, middle))
    drawing.text(f"({length}, {width})", 8.25, middle + 0.17, size=8)
    drawing.text(f"({length}, {width}) each", 0.8, middle - 0.33, size=8)
    return drawing.figure


def cross_attention(asking: int, asked: int, width: int) -> Figure:
    """An encoder that reads one sequence, and a decoder that writes another and asks the encoder's output."""
    drawing = Diagram(8.6, 2.75)
    drawing.frame("encoder: reads", 0.1, 1.5, 5.3, 1.15)
    read = drawing.box("what is read\n(picture, text)", 0.95, 1.98, colour="#777777")
    blocks = drawing.box("encoder blocks", 3.15, 1.98)
    drawing.arrow(read, blocks, label=f"({asked}, {width})", aside=0.14)
    drawing.frame("decoder: writes, word after word", 0.1, 0.1, 8.4, 1.15)
    written = drawing.box("written\nso far", 0.75, 0.58, colour="#777777")
    itself = drawing.box("attention,\ncausal mask", 2.55, 0.58)
    cross = drawing.box("cross-attention:\nQ from the left, K and V from above", 5.3, 0.58, colour=1, width=2.5)
    drawing.arrow(written, itself, label=f"({asking}, {width})", aside=0.14)
    drawing.arrow(itself, cross, label=f"Q ({asking}, {width})", aside=0.14, size=7.5)
    drawing.arrow(blocks, (5.3, 1.98), cross, label=f"K, V ({asked}, {width})", aside=0.14)
    dense = drawing.box("dense,\nnext word", 7.8, 0.58, width=0.95)
    drawing.arrow(cross, dense, label=f"({asking}, {width})", aside=0.14, size=7.5)
    return drawing.figure


def encoder_block(length: int, width: int, hidden: int) -> Figure:
    """Attention and a small dense network, each after a layer norm and with a way around it."""
    drawing = Diagram(9.6, 1.75)
    y, rows = 0.55, f"({length}, {width})"
    shapes = [
        drawing.box("layer\nnorm", 1.4, y, colour=4),
        drawing.box("attention,\nseveral heads", 2.75, y, width=1.15),
        drawing.circle("+", 3.95, y),
        drawing.box("layer\nnorm", 5.15, y, colour=4),
        drawing.box("dense,\nReLU", 6.3, y, colour=2),
        drawing.box("dense", 7.5, y, colour=2, height=0.54),
        drawing.circle("+", 8.45, y),
    ]
    drawing.text(f"x\n{rows}", 0.35, y, size=8.5)
    drawing.arrow((0.65, y), shapes[0])
    for before, after in zip(shapes, shapes[1:], strict=False):
        drawing.arrow(before, after)
    drawing.text(f"({length}, {hidden})", 6.93, 0.16, size=8)
    drawing.text(rows, 5.15, 0.12, size=8)
    drawing.text(rows, 2.75, 0.12, size=8)
    for start, plus in ((0.85, shapes[2]), (4.45, shapes[6])):
        drawing.arrow((start, y), (start, 1.2), (plus.x, 1.2), plus, label="residual connection", aside=0.13)
    drawing.arrow(shapes[6], (9.5, y))
    drawing.text(rows, 9.15, y + 0.17, size=8)
    return drawing.figure


def tokens(letters: str = "CAGGTAAG", hidden: Sequence[int] = (3, 6)) -> Figure:
    """Three networks of the same blocks: for classes of DNA, for pictures, and for masked pretraining."""
    drawing = Diagram(9.6, 4.3)
    for row, (title, steps) in enumerate(
        {
            "this chapter: letters to a class": ["embedding\n+ positions", "mean,\ndense"],
            "vision transformer: patches to a class": ["dense\n+ positions", "mean,\ndense"],
            "masked pretraining: hidden letters to letters": ["embedding\n+ positions", "dense, at each\nposition"],
        }.items()
    ):
        y = 3.52 - 1.42 * row
        drawing.frame(title, 0.1, y - 0.6, 9.4, 1.27)
        entry = drawing.box(steps[0], 4.25, y, colour=1, width=1.05)
        blocks = drawing.box("encoder\nblocks", 6.0, y, width=0.9)
        leave = drawing.box(steps[1], 7.75, y, colour=2, width=1.1)
        count = "(36, 32)" if row == 1 else f"({len(letters)}, 32)"
        drawing.arrow((3.1, y), entry, label="(36, 192)" if row == 1 else f"({len(letters)},)", aside=0.14)
        drawing.arrow(entry, blocks, label=count, aside=0.14)
        drawing.arrow(blocks, leave, label=count, aside=0.14)
        drawing.arrow(leave, (8.75, y))
        drawing.text(["class", "class", ", ".join(letters[place] for place in hidden)][row], 9.05, y)
    for place, letter in enumerate(letters):
        for y, masked in ((3.52, False), (0.68, place in hidden)):
            text, colour = ("?", 3) if masked else (letter, "#777777")
            drawing.box(text, 0.4 + 0.35 * place, y, width=0.3, height=0.32, colour=colour)
    _patches(drawing, left=0.3, bottom=1.58, size=0.82, per_side=6)
    drawing.arrow((1.2, 1.99), (1.75, 1.99))
    drawing.text("36 patches of\n8 × 8 pixels in\n3 colours", 2.4, 1.99, size=8)
    return drawing.figure


def letter_maps(
    maps: Mapping[str, np.ndarray], letters: str, *, label: str, limits: tuple[float, float], colour_map: str = "Blues"
) -> Figure:
    """Maps of scores or weights (n, n) between the n letters side by side, by their titles, on one scale."""
    figure, axes = canvas(1, len(maps), width=1.3 + 2.3 * len(maps), height=3.0)
    for ax, (title, values) in zip(axes, maps.items(), strict=True):
        picture = ax.imshow(values, cmap=colour_map, vmin=limits[0], vmax=limits[1])
        ax.set(title=title, xlabel="looked at")
        ax.set_xticks(range(len(letters)), letters)
        ax.set_yticks(range(len(letters)), letters)
        ax.grid(visible=False)
    axes[0].set_ylabel("looking")
    figure.colorbar(picture, ax=list(axes), label=label, shrink=0.8)
    return figure


def _patches(drawing: Diagram, left: float, bottom: float, size: float, per_side: int):
    """A round dark spot, as a nucleus would be, cut into per_side x per_side patches."""
    step = size / per_side
    middle = (per_side - 1) / 2
    for row in range(per_side):
        for column in range(per_side):
            near = np.exp(-((row - middle) ** 2 + (column - middle - 0.5) ** 2) / 3.0)
            shade = tuple((1 - near) * np.array([0.95, 0.85, 0.92]) + near * np.array([0.35, 0.25, 0.55]))
            corner = (left + column * step, bottom + row * step)
            x, y = (corner[0], corner[0] + step * 0.85), (corner[1], corner[1] + step * 0.85)
            drawing.axes.fill([x[0], x[1], x[1], x[0]], [y[0], y[0], y[1], y[1]], color=shade, linewidth=0)
