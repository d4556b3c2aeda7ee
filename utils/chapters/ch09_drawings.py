"""Drawings of chapter 09: the networks that give one hazard per interval, and the one that reads heartbeats."""

from matplotlib.figure import Figure

from utils.plots import Diagram

GREY, READER, DENSE, LINE = "#777777", 0, 1, 2


def hazard_network(visits: int, features: int, context: int, units: int, intervals: int) -> Figure:
    """A reader of the visits, a hidden layer beside a direct line, and a sigmoid per interval; shapes of one person."""
    drawing = Diagram(width=9.8, height=2.5)
    up, middle, down = 2.0, 1.25, 0.45
    seen = drawing.box("visits\nand mask", 0.7, up, colour=GREY, size=8)
    known = drawing.box("context", 0.7, down, colour=GREY, size=8)
    reader = drawing.box("GRU, or attention\nand mean", 2.75, up, colour=READER, size=8)
    join = drawing.circle("‖", 4.15, middle)
    hidden = drawing.box("dense, ReLU\n(with dropout)", 5.5, middle, colour=DENSE, size=8)
    deep = drawing.box("dense, one\nper interval", 7.35, middle, colour=DENSE, size=8)
    line = drawing.box("dense, the direct line", 5.5, down, colour=LINE, size=8)
    add = drawing.circle("+", 8.55, middle)
    drawing.arrow(seen, reader, label=f"({visits}, {features})", size=7)
    drawing.arrow(reader, (4.15, up), join, label=f"({units})", size=7)
    drawing.arrow((4.15, down), join)
    drawing.arrow(known, line, label=f"({context})", size=7)
    drawing.arrow(join, hidden, label=f"({units + context})", size=7)
    drawing.arrow(hidden, deep, label=f"({units})", size=7)
    drawing.arrow(deep, add, label=f"({intervals})", size=7)
    drawing.arrow(line, (8.55, down), add, label="(1)", size=7)
    drawing.arrow(add, (9.7, middle), label="sigmoid", size=7)
    drawing.text(f"({intervals}) hazards", 9.25, middle - 0.25, size=7)
    return drawing.figure


def beat_network(length: int, classes: int, width: int = 16) -> Figure:
    """Three convolutions over one beat, mean and maximum over time, and a softmax; shapes of one beat on the arrows."""
    drawing = Diagram(width=9.8, height=0.9)
    y, pooled = 0.4, (length // 2, length // 4)
    names = [
        "convolution, 7\nhalve",
        "convolution, 5\nhalve",
        "convolution, 3",
        "mean and maximum\nover time",
        "dense,\nsoftmax",
    ]
    colours = (READER, READER, READER, LINE, DENSE)
    boxes = [
        drawing.box(name, 1.35 + 1.87 * place, y, width=1.3, colour=colour, size=7.5)
        for place, (name, colour) in enumerate(zip(names, colours, strict=True))
    ]
    shapes = [f"{length}×1", f"{pooled[0]}×{width}", f"{pooled[1]}×{2 * width}", f"{pooled[1]}×{2 * width}"]
    shapes += [f"{4 * width}", f"{classes}"]
    for place, (begin, end) in enumerate(zip([(0.05, y), *boxes], [*boxes, (9.75, y)], strict=True)):
        drawing.arrow(begin, end, label=shapes[place], size=7)
    return drawing.figure
