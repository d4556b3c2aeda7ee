"""Drawings of chapter 06: the article's network, the three that are compared, and the course's own."""

from matplotlib.figure import Figure

from utils.plots import Diagram

GREY, CONVOLUTION, DENSE, POOL, RECURRENT, ATTENTION = "#777777", 0, 1, 2, 3, 4


def article_network() -> Figure:
    """The article's CNN in two rows of layers, with the shape of one image on each arrow."""
    drawing = Diagram(width=7.6, height=2.2)
    up, down, turn = 1.75, 0.45, 1.1
    boxes = [
        drawing.box("÷ 255", 1.75, up, colour=GREY),
        drawing.box("convolution\n3 × 3, 32 filters\nReLU", 3.75, up, colour=CONVOLUTION),
        drawing.box("max-pooling\n2 × 2", 6.1, up, colour=POOL),
        drawing.box("convolution\n3 × 3, 64 filters\nReLU", 1.0, down, colour=CONVOLUTION),
        drawing.box("max-pooling\n2 × 2", 3.3, down, colour=POOL),
        drawing.box("dense, 64\nReLU", 5.15, down, colour=DENSE),
        drawing.box("dense, 10\nsoftmax", 6.55, down, colour=DENSE),
    ]
    drawing.arrow((0.2, up), boxes[0], label="32 × 32 × 3")
    drawing.arrow(boxes[0], boxes[1], label="32 × 32 × 3")
    drawing.arrow(boxes[1], boxes[2], label="30 × 30 × 32")
    drawing.arrow(boxes[2], (6.1, turn), (1.0, turn), boxes[3], label="15 × 15 × 32")
    drawing.arrow(boxes[3], boxes[4], label="13 × 13 × 64")
    drawing.arrow(boxes[4], boxes[5], label="6 × 6 × 64")
    drawing.arrow(boxes[5], boxes[6], label="64")
    drawing.arrow(boxes[6], (7.5, down), label="10")
    return drawing.figure


def three_networks(filters: tuple = (16, 32, 64, 64), units: int = 72, width: int = 64, hidden: int = 208) -> Figure:
    """The CNN, the RNN and the attention network that are compared, side by side, from the image to ten classes.

    filters: of the four convolutions. units: of the GRU. width, hidden: of the encoder block.
    """
    drawing = Diagram(width=7.6, height=5.7)
    convolutions = [(f"convolution 3 × 3, step 2\n{n} filters, norm, ReLU", CONVOLUTION) for n in filters]
    _column(
        *(drawing, 1.3, "CNN"),
        [*convolutions, ("mean over the places", POOL)],
        [*[f"{side} × {side} × {n}" for side, n in zip((32, 16, 8, 4, 2), (3, *filters), strict=True)], filters[-1]],
    )
    _column(
        *(drawing, 3.85, "RNN"),
        [("cut into strips", GREY), (f"GRU, {units} units\nstrip after strip", RECURRENT), ("last state", POOL)],
        ["32 × 32 × 3", "16 × 192", f"16 × {units}", f"{units}"],
    )
    _column(
        *(drawing, 6.2, "attention"),
        [("cut into 8 × 8 patches,\ndense", GREY), ("+ positions", GREY), BLOCK, ("mean over the patches", POOL)],
        ["32 × 32 × 3", *[f"16 × {width}"] * 3, f"{width}"],
        hidden,
    )
    return drawing.figure


BLOCK = ("encoder block", ATTENTION)


def _column(drawing: Diagram, x: float, title: str, parts: list, shapes: list, hidden: int = 0) -> None:
    """A network from top to bottom: its parts (text, colour), and the shapes before each of them and after the last."""
    drawing.text(title, x, 5.5, size=11)
    before, y = (x, 5.35), 4.7
    for part, shape in zip(parts, shapes, strict=False):
        if part == BLOCK:
            first, last = _encoder_block(drawing, x, y + 0.03, hidden)
            drawing.arrow(before, first, label=shape)
            before, y = last, y - 1.95
            continue
        text, colour = part
        box = drawing.box(text, x, y, colour=colour)
        drawing.arrow(before, box, label=str(shape))
        if colour == RECURRENT:
            edge, out = box.right[0], box.right[0] + 0.3
            drawing.arrow((edge, y - 0.12), (out, y - 0.12), (out, y + 0.12), (edge, y + 0.12))
        before, y = box, y - 0.79
    drawing.arrow(before, drawing.box("dense, softmax", x, 0.42, colour=DENSE), label=str(shapes[-1]))
    drawing.arrow((x, 0.24), (x, 0.02), label="10")


def _encoder_block(drawing: Diagram, x: float, y: float, hidden: int) -> tuple:
    """Both halves of an encoder block from the height y downwards; returns the first and the last of its shapes."""
    attention = drawing.box("norm, attention", x, y - 0.15, colour=ATTENTION)
    plus = drawing.circle("+", x, y - 0.6, radius=0.1)
    small = drawing.box(f"norm, dense {hidden}, dense", x, y - 1.0, colour=ATTENTION)
    end = drawing.circle("+", x, y - 1.43, radius=0.1)
    for before, after in ((attention, plus), (plus, small), (small, end)):
        drawing.arrow(before, after)
    side = x - 1.1
    drawing.arrow((x, y + 0.14), (side, y + 0.14), (side, y - 0.6), plus)
    drawing.arrow((x, y - 0.74), (side, y - 0.74), (side, y - 1.43), end)
    return attention, end


def course_network(width: int) -> Figure:
    """The course's CNN in two rows: two residual blocks, and batch normalisation and ReLU after each convolution."""
    drawing = Diagram(width=7.6, height=2.7)
    up, down = 2.0, 0.6
    first, second, third = (f"{side} × {side} × {n}" for side, n in ((16, width), (8, 2 * width), (4, 4 * width)))
    one = drawing.box(f"convolution 4 × 4\n{width} filters, step 2", 2.0, up, colour=CONVOLUTION)
    two = drawing.box(f"convolution 3 × 3\n{2 * width} filters, pool", 4.5, up, colour=CONVOLUTION)
    plus = _residual(drawing, two, 6.2, f"3 × 3\n{2 * width}", second)
    three = drawing.box(f"convolution 3 × 3\n{4 * width} filters, pool", 1.0, down, colour=CONVOLUTION)
    end = _residual(drawing, three, 2.9, f"3 × 3\n{4 * width}", third)
    mean = drawing.box("mean over\nthe places", 5.0, down, colour=POOL)
    dense = drawing.box("dense, 10\nsoftmax", 6.5, down, colour=DENSE)
    drawing.arrow((0.2, up), one, label="32 × 32 × 3")
    drawing.arrow(one, two, label=first)
    drawing.arrow(plus, (plus.x, 1.25), (1.0, 1.25), three, label=second)
    drawing.arrow(end, mean, label=third)
    drawing.arrow(mean, dense, label=f"{4 * width}")
    drawing.arrow(dense, (7.5, down), label="10")
    return drawing.figure


def _residual(drawing: Diagram, before, x: float, text: str, shape: str):
    """A convolution and the way around it, right of a shape; returns the addition at the end."""
    box = drawing.box(text, x, before.y, colour=CONVOLUTION)
    plus = drawing.circle("+", x + 0.75, before.y, radius=0.1)
    drawing.arrow(before, box)
    drawing.arrow(box, plus)
    leaves, above = (before.right[0] + box.left[0]) / 2, before.y + 0.45
    drawing.arrow((leaves, before.y), (leaves, above), (plus.x, above), plus)
    return plus
