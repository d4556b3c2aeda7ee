"""Drawings of chapter 07: the residual network, the network that learned from photographs, and the U-Net."""

from matplotlib.figure import Figure

from utils.nn.pretrained import FEATURES, STAGES
from utils.plots import Diagram

GREY, CONVOLUTION, BLOCK, MEAN = "#777777", 0, 1, 2


def residual_network(side: int, width: int, outputs: int) -> Figure:
    """The chapter's classifier with the shape of one picture on each arrow; below, one block with its way around.

    side: of the pictures in pixels. width: filters of the first layer. outputs: number of classes.
    """
    drawing, level, small = Diagram(width=9.6, height=3.0), 2.4, side // 3
    boxes = [
        drawing.box("random changes,\nnormalisation", 1.35, level, colour=GREY, size=8),
        drawing.box("convolution\n6 × 6, step 3", 3.3, level, colour=CONVOLUTION, size=8),
        drawing.box("block", 4.9, level, colour=BLOCK, size=8, height=0.5, width=0.7),
        drawing.box("block", 6.2, level, colour=BLOCK, size=8, height=0.5, width=0.7),
        drawing.box("mean over\nthe places", 7.55, level, colour=MEAN, size=8),
        drawing.box("dense", 8.75, level, colour=MEAN, size=8, height=0.5, width=0.6),
    ]
    shapes = [
        f"{side}×{side}×3",
        f"{small}×{small}×{width}",
        f"{small // 2}×{small // 2}×{2 * width}",
        f"{small // 4}×{small // 4}×{4 * width}",
        f"{4 * width}",
    ]
    drawing.arrow((0.05, level), boxes[0], label=shapes[0], size=7, aside=0.38)
    for before, after, shape in zip(boxes, boxes[1:], shapes, strict=False):
        drawing.arrow(before, after, label=shape, size=7, aside=0.38)
    drawing.arrow(boxes[-1], (9.55, level), label=f"{outputs} logits", size=7, aside=0.38)
    down, filters, half = 0.65, 2 * width, small // 2
    drawing.frame("one block, here the first", 0.7, 0.1, 8.3, 1.6)
    narrow = drawing.box("convolution 3 × 3,\nthen the largest of 2 × 2", 2.55, down, colour=CONVOLUTION, size=8)
    even = drawing.box("batch norm,\nReLU", 4.4, down, colour=4, size=8)
    again = drawing.box("convolution 3 × 3,\nbatch norm, ReLU", 6.45, down, colour=CONVOLUTION, size=8)
    add = drawing.circle("+", 7.85, down)
    drawing.arrow((0.8, down), narrow, label=shapes[1], size=7, aside=0.38)
    drawing.arrow(narrow, even)
    drawing.arrow(even, again)
    drawing.arrow(again, add)
    around = f"{half}×{half}×{filters}, unchanged"
    drawing.arrow((5.1, down), (5.1, 1.3), (7.85, 1.3), add, label=around, size=7)
    drawing.arrow(add, (8.95, down), label=f"{half}×{half}×{filters}", size=7, aside=0.38)
    return drawing.figure


def u_net(side: int = 128, width: int = 12, depth: int = 3) -> Figure:
    """A U-Net: down on the left, up on the right, the bridges between them, and the shape of what each step gives.

    side: of the picture in pixels. width: filters at the largest size. depth: number of halvings.
    """
    step, half = 0.85, side // 2
    across = 8.3
    drawing = Diagram(width=across, height=step * (depth + 2) + 0.3)

    def place(level):
        return step * (depth - level) + 0.85

    def shape(level, filters=None):
        return f"{half >> level}×{half >> level}×{filters or width << level}"

    top = place(0)
    picture = drawing.box(f"picture\n{side}×{side}×3", 0.6, top + 0.75, colour=GREY, size=8)
    answer = drawing.box(f"logits\n{side}×{side}×1", across - 0.6, top + 0.75, colour=GREY, size=8)
    entry = drawing.box(f"convolution 4 × 4, step 2\n{shape(0)}", 2.4, top + 0.75, colour=CONVOLUTION, size=8)
    leave = drawing.box("transposed convolution\n4 × 4, doubles the size", 5.9, top + 0.75, colour=MEAN, size=8)
    drawing.arrow(picture, entry)
    drawing.arrow(leave, answer)
    before, ups = entry, []
    for level in range(depth):
        x, y = 1.5 + 0.45 * level, place(level)
        down = drawing.box(f"convolution 3 × 3\n{shape(level)}", x, y, colour=CONVOLUTION, width=1.4, size=8)
        up = drawing.box(f"side by side, convolution 3 × 3\n{shape(level)}", across - x - 0.3, y, colour=MEAN, size=8)
        drawing.arrow(before, down, label="" if level == 0 else "largest of 2 × 2", size=7, aside=0.2)
        drawing.arrow(down, up, label=f"bridge {shape(level)}", size=7, dashed=True)
        before = down
        ups.append(up)
    bottom = drawing.box(
        f"two convolutions 3 × 3\n{shape(depth)}", across / 2 - 0.15, place(depth) - 0.35, colour=BLOCK, size=8
    )
    drawing.arrow(before, (before.x, bottom.y), bottom, label="largest of 2 × 2", size=7, aside=0.2)
    for lower, upper in zip([bottom, *ups[::-1]], [*ups[::-1], leave], strict=True):
        corner = [(upper.x, lower.y)] if lower is bottom else []
        label = "" if upper is leave else "1 × 1, repeat 2 × 2"
        drawing.arrow(lower, *corner, upper, label=label, size=7, aside=0.2)
    return drawing.figure


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
