"""Drawing of chapter 15: many dense layers, plain and with residual connections."""

from matplotlib.figure import Figure

from utils.plots import Diagram

GREY, DENSE, RESIDUAL = "#777777", 0, 1


def plain_and_residual(inputs: int, width: int, depth: int, classes: int) -> Figure:
    """Two stacks of ``depth`` hidden layers of ``width`` neurons, with shapes on the arrows; the lower one adds what
    each layer finds to what it got."""
    drawing = Diagram(width=9.0, height=2.8)
    for level, title, residual in ((2.0, "plain", False), (0.5, "residual", True)):
        drawing.text(title, 0.4, level + 0.42, align="center")
        first = drawing.box("dense, ReLU", 1.75, level, colour=DENSE, size=8)
        drawing.arrow((0.1, level), first, label=f"(n, {inputs})", size=7)
        block = drawing.box("dense, ReLU", 4.15, level, colour=RESIDUAL if residual else DENSE, size=8)
        drawing.arrow(first, block, label=f"(n, {width})", size=7)
        end = drawing.circle("+", 5.55, level) if residual else block
        if residual:
            drawing.arrow(block, end, size=7)
            drawing.arrow((3.42, level), (3.42, level + 0.36), (5.55, level + 0.36), end)
        drawing.frame(f"{depth - 1} times", 3.3, level - 0.38, 2.6 if residual else 1.85, 1.05)
        head = drawing.box("dense", 7.35, level, colour=GREY, size=8)
        drawing.arrow(end, head, label=f"(n, {width})", size=7)
        drawing.arrow(head, (8.85, level), label=f"(n, {classes})", size=7)
    return drawing.figure
