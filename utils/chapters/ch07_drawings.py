"""Drawings of chapter 07: the network that learned from photographs."""

from matplotlib.figure import Figure

from utils.nn.pretrained import FEATURES, STAGES
from utils.plots import Diagram

GREY, CONVOLUTION, BLOCK, MEAN = "#777777", 0, 1, 2


def photograph_network(side: int = 48) -> Figure:
    """EfficientNet-Lite0 in two rows of stages, with the shape of one picture on each arrow; below, one block.

    side: of the pictures in pixels.
    """
    drawing = Diagram(width=9.6, height=3.7)
    parts, places, first = [("convolution\n3 × 3, step 2", CONVOLUTION)], -(-side // 2), 1
    shapes = [f"{side}×{side}×3", f"{places}×{places}×32"]
    for stage in STAGES:
        last = first + stage.blocks - 1
        numbers = f"block {first}" if first == last else f"blocks {first} to {last}"
        parts.append((f"{numbers}\n{stage.kernel} × {stage.kernel}" + ", step 2" * (stage.stride == 2), BLOCK))
        places, first = -(-places // stage.stride), last + 1
        shapes.append(f"{places}×{places}×{stage.filters}")
    parts += [("convolution\n1 × 1", CONVOLUTION), ("mean over\nthe places", MEAN)]
    shapes += [f"{places}×{places}×{FEATURES}", f"{FEATURES:,}"]
    up, down, turn, half = 3.35, 2.2, 2.8, len(parts) // 2
    boxes = [
        drawing.box(text, 1.25 + 1.8 * (place % half), up if place < half else down, width=1.1, colour=colour, size=8)
        for place, (text, colour) in enumerate(parts)
    ]
    drawing.arrow((0.05, up), boxes[0], label=shapes[0], size=7)
    for place in range(len(parts) - 1):
        if place == half - 1:
            corners = ((9.1, up), (9.1, turn), (0.3, turn), (0.3, down))
            drawing.arrow(boxes[place], *corners, boxes[half], label=shapes[half], size=7)
        else:
            drawing.arrow(boxes[place], boxes[place + 1], label=shapes[place + 1], size=7)
    drawing.arrow(boxes[-1], (9.55, down), label=shapes[-1], size=7)
    _block(drawing)
    return drawing.figure


def _block(drawing: Diagram) -> None:
    """The last block of the fourth stage: wide inside, narrow outside, its input added."""
    narrow, wide, level = f"{STAGES[3].filters}", f"{STAGES[3].filters * STAGES[3].expansion}", 0.62
    drawing.frame("one block, here number 8 (numbers on the arrows: channels)", 0.9, 0.1, 7.7, 1.45)
    widen = drawing.box("1 × 1, widen", 2.3, level, colour=CONVOLUTION, size=8)
    look = drawing.box("3 × 3, each channel\nby itself", 4.25, level, colour=CONVOLUTION, size=8)
    shrink = drawing.box("1 × 1, narrow", 6.2, level, colour=CONVOLUTION, size=8)
    add = drawing.circle("+", 7.5, level)
    drawing.arrow((1.1, level), widen, label=narrow, size=7)
    drawing.arrow(widen, look, label=wide, size=7)
    drawing.arrow(look, shrink, label=wide, size=7)
    drawing.arrow(shrink, add, label=narrow, size=7)
    drawing.arrow((1.3, level), (1.3, 1.18), (7.5, 1.18), add)
    drawing.arrow(add, (8.4, level), label=narrow, size=7)
