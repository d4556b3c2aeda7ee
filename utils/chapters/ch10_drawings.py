"""Drawings of chapter 10: three networks that read a window, and the network that MMSplice's authors trained."""

from matplotlib.figure import Figure

from utils.nn.pretrained import DONOR_EXON, DONOR_INTRON
from utils.plots import Diagram

FILTERS, POOL, MIX, HEAD = 0, 2, 1, 4


def readers(
    length: int = 60, *, cnn_filters: int = 48, filters: int = 32, units: int = 24, hidden: int = 64, classes: int = 3
) -> Figure:
    """The CNN, the GRU and attention one below the other, with the shape of one window on each arrow.

    length: letters of the window, a multiple of 3. The rest are numbers of filters, of units of each GRU, of the CNN's
    hidden layer, and of classes.
    """
    drawing, steps = Diagram(width=9.6, height=2.7), length // 3
    letters = f"{length}×4"
    words = (f"{filters} filters,\nevery 3 letters", FILTERS), f"{steps}×{filters}"
    head = "side by side:\ndense, softmax"
    rows = {
        "CNN": (
            [
                (f"{cnn_filters} filters,\n9 letters wide", FILTERS),
                ("largest of\neach 3 places", POOL),
                ("side by side:\ndense, ReLU", MIX),
                ("dense,\nsoftmax", HEAD),
            ],
            [f"{length}×{cnn_filters}", f"{steps}×{cnn_filters}", f"{hidden}"],
        ),
        "GRU": ([words[0], ("GRU, forwards\nand backwards", MIX), (head, HEAD)], [words[1], f"{steps}×{2 * units}"]),
        "attention": (
            [words[0], ("positions\nadded", POOL), ("encoder block:\n4 heads", MIX), (head, HEAD)],
            [words[1]] * 3,
        ),
    }
    for level, (name, (parts, shapes)) in zip((2.25, 1.35, 0.45), rows.items(), strict=True):
        drawing.text(name, 0.5, level, size=10)
        places = [2.35 + 1.9 * place for place in range(len(parts) - 1)] + [8.1]
        boxes = [
            drawing.box(text, x, level, width=1.2, colour=colour, size=8)
            for x, (text, colour) in zip(places, parts, strict=True)
        ]
        drawing.arrow((1.0, level), boxes[0], label=letters, size=8)
        for one, other, shape in zip(boxes, boxes[1:], shapes, strict=False):
            drawing.arrow(one, other, label=shape, size=8)
        drawing.arrow(boxes[-1], (9.5, level), label=f"{classes}", size=8)
    return drawing.figure


def donor_network(hidden: tuple[int, int] = (128, 64)) -> Figure:
    """MMSplice's donor network, and which part of it learns in each way of transfer.

    hidden: units of its two hidden layers.
    """
    drawing, level = Diagram(width=9.6, height=1.75), 1.3
    seen = DONOR_EXON + DONOR_INTRON
    texts = [
        ("side by side", POOL),
        (f"dense {hidden[0]}, batch\nnormalisation, ReLU", FILTERS),
        (f"dense {hidden[1]}, batch\nnormalisation, ReLU", FILTERS),
        ("dense 1,\nsigmoid", HEAD),
    ]
    places = (1.65, 3.75, 6.05, 8.2)
    boxes = [
        drawing.box(text, x, level, width=width, colour=colour, size=8)
        for (text, colour), x, width in zip(texts, places, (1.0, 1.5, 1.5, 0.9), strict=True)
    ]
    drawing.arrow((0.3, level), boxes[0], label=f"{seen}×4", size=8)
    for one, other, shape in zip(boxes, boxes[1:], (4 * seen, *hidden), strict=False):
        drawing.arrow(one, other, label=str(shape), size=8)
    drawing.arrow(boxes[-1], (9.4, level), label="1", size=8)
    learning = (("frozen: a new last layer learns", 0.65, 3), ("fine-tuned: all dense layers learn", 0.25, 1))
    for name, y, first in learning:
        left, right = boxes[first].left[0], boxes[3].right[0]
        drawing.arrow((left, y), (right, y), colour=MIX)
        drawing.arrow((right, y), (left, y), colour=MIX)
        drawing.text(name, left - 0.15, y, size=8, align="right")
    return drawing.figure
