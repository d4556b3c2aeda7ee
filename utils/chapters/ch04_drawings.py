"""The drawings of chapter 04: a network unrolled, the cells of GRU and LSTM, and the networks that read heartbeats.

Each returns a matplotlib figure. Blue is the state that travels along, black what is read, orange the gates.
"""

from matplotlib.figure import Figure

from utils.plots import Diagram

STATE, GATE, PLAIN = 0, 1, 2  # colours


def unrolled(steps: int = 4) -> Figure:
    """A plain recurrent network, step after step: the same U and W at each."""
    drawing = Diagram(width=9, height=2.0)
    states = [drawing.box(f"$h_{t}$", 0.6 + 1.9 * t, 1.5, width=0.7, height=0.5) for t in range(steps + 1)]
    for t in range(1, steps + 1):
        drawing.arrow(states[t - 1], states[t], label="$U$  (H, H)", colour=STATE)
        reading = drawing.box(f"$x_{t}$", states[t].x, 0.35, width=0.7, height=0.4, colour="#888888")
        drawing.arrow(reading, states[t], label="$W$  (F, H)")
    drawing.text("all 0", states[0].x, 1.05, size=8)
    return drawing.figure


def gru() -> Figure:
    """The cell of a GRU: two gates and a candidate."""
    drawing = Diagram(width=9, height=3.7)
    old, new = (drawing.box(text, x, 3.25, colour=STATE) for text, x in (("$h_{t-1}$", 0.55), ("$h_t$", 8.45)))
    reading = drawing.box("$x_t$", 0.55, 0.35, colour="#888888")
    update = drawing.box("update gate $z$\nsigmoid", 2.5, 1.75, width=1.3, colour=GATE)
    reset = drawing.box("reset gate $r$\nsigmoid", 4.6, 1.75, width=1.3, colour=GATE)
    candidate = drawing.box(r"candidate $\tilde{h}$" + "\ntanh", 6.9, 1.75, width=1.3, colour=PLAIN)
    keep, enter = drawing.circle("×", 2.5, 3.25), drawing.circle("×", 6.9, 2.6)
    plus, may_see = drawing.circle("+", 6.9, 3.25), drawing.circle("×", 5.6, 0.9)
    drawing.arrow(old, keep, label="(H,)", colour=STATE)
    drawing.arrow(keep, plus, label="what stays  (H,)", colour=STATE)
    drawing.arrow(plus, new, label="(H,)", colour=STATE)
    drawing.arrow(update, keep, colour=GATE)
    drawing.text("$z$  (H,)", 2.57, 2.3, size=8, align="left")
    drawing.arrow((2.5, 2.6), enter, label="$1 - z$", colour=GATE)
    drawing.arrow(candidate, enter)
    drawing.arrow(enter, plus, label="what enters")
    drawing.arrow((1.3, 3.25), (1.3, 0.9), may_see, colour=STATE)
    drawing.arrow(may_see, (7.1, 0.9), (7.1, 1.48), label="(H,)", colour=STATE)
    drawing.arrow(reset, (5.6, 1.75), may_see, colour=GATE)
    drawing.arrow(reading, (6.7, 0.35), (6.7, 1.48), label="(F,)")
    for gate in (update, reset):
        drawing.arrow((gate.x - 0.2, 0.35), (gate.x - 0.2, 1.48))
        drawing.arrow((gate.x + 0.2, 0.9), (gate.x + 0.2, 1.48), colour=STATE)
    return drawing.figure


def lstm() -> Figure:
    """The cell of an LSTM: three gates and a candidate, a memory and an output."""
    drawing = Diagram(width=9, height=3.7)
    old, new = (drawing.box(text, x, 3.25, colour=STATE) for text, x in (("$c_{t-1}$", 0.55), ("$c_t$", 8.45)))
    reading = drawing.box("$x_t$ and $h_{t-1}$", 0.75, 0.45, width=1.1, colour="#888888")
    output = drawing.box("$h_t$", 8.45, 1.55, colour=STATE)
    parts = {}
    for name, x, colour in (
        ("forget gate $f$\nsigmoid", 2.2, GATE),
        ("input gate $i$\nsigmoid", 3.7, GATE),
        (r"candidate $\tilde{c}$" + "\ntanh", 5.2, PLAIN),
        ("output gate $o$\nsigmoid", 6.7, GATE),
    ):
        parts[name[:3]] = drawing.box(name, x, 1.55, width=1.2, colour=colour)
        if x < 6:
            drawing.arrow((x, 0.45), (x, 1.28))
    drawing.arrow(reading, (6.7, 0.45), (6.7, 1.28), label="(F,) and (H,)", aside=-0.14)
    forget, enter, candidate, leave = parts["for"], parts["inp"], parts[r"can"], parts["out"]
    keep, let_in, plus = drawing.circle("×", 2.2, 3.25), drawing.circle("×", 5.2, 2.4), drawing.circle("+", 5.2, 3.25)
    squash, let_out = drawing.box("tanh", 7.65, 2.5, colour=PLAIN), drawing.circle("×", 7.65, 1.55)
    drawing.arrow(old, keep, label="(H,)", colour=STATE)
    drawing.arrow(keep, plus, label="what is kept  (H,)", colour=STATE)
    drawing.arrow(plus, new, label="(H,)", colour=STATE)
    drawing.arrow(forget, keep, label="$f$  (H,)", colour=GATE)
    drawing.arrow(enter, (3.7, 2.4), let_in, label="$i$  (H,)", colour=GATE)
    drawing.arrow(candidate, let_in)
    drawing.arrow(let_in, plus, label="what enters")
    drawing.arrow((7.65, 3.25), squash, colour=STATE)
    drawing.arrow(squash, let_out)
    drawing.arrow(leave, let_out, colour=GATE)
    drawing.arrow(let_out, output, colour=STATE)
    return drawing.figure


def readers() -> Figure:
    """Three networks for a beat of 140 readings beside the single GRU: stacked, bidirectional, convolutional."""
    drawing = Diagram(width=9.5, height=5.1)
    _stacked(drawing, 0.1, 1.95)
    _bidirectional(drawing, 4.9, 1.95)
    drawing.frame("1-D CNN", 0.1, 0.1, 9.3, 1.65)
    names = [
        "beat",
        "convolution\nkernel of 7, ReLU",
        "convolution\nkernel of 7, ReLU",
        "mean and maximum\nover time",
        "dense\nsoftmax",
    ]
    shapes = ["(140, 1)", "(70, 16)", "(35, 32)", "(64,)"]
    boxes = [
        drawing.box(name, x, 1.0, width=width, colour=PLAIN if number else "#888888")
        for number, (name, x, width) in enumerate(
            zip(names, (0.65, 2.5, 4.75, 7.0, 8.8), (0.7, 1.25, 1.25, 1.5, 0.75), strict=True)
        )
    ]
    for one, other, shape in zip(boxes, boxes[1:], shapes, strict=False):
        drawing.arrow(one, other, label=shape)
    for box in boxes[1:3]:
        drawing.text("then the larger of two neighbours", box.x, 0.5, size=7.5)
    return drawing.figure


def _stacked(drawing: Diagram, left: float, bottom: float) -> None:
    drawing.frame("stacked", left, bottom, 4.5, 3.0)
    places = [left + 0.7 + 1.2 * number for number in range(3)]
    rows = {}
    for row, height in enumerate((bottom + 1.15, bottom + 2.15)):
        rows[row] = [drawing.box(f"GRU {row + 1}", x, height, width=0.75, colour=STATE) for x in places]
        for one, other in zip(rows[row], rows[row][1:], strict=False):
            drawing.arrow(one, other, colour=STATE)
    for number, (x, low, high) in enumerate(zip(places, rows[0], rows[1], strict=True), 1):
        reading = drawing.box(f"$x_{number}$", x, bottom + 0.3, width=0.5, colour="#888888")
        drawing.arrow(reading, low, label="(10,)" if number == 1 else "")
        drawing.arrow(low, high, label="(20,)" if number == 1 else "")
    answer = drawing.box("dense\nsoftmax", left + 4.05, bottom + 1.65, width=0.75, colour=PLAIN)
    drawing.arrow(rows[1][-1], (left + 4.05, bottom + 2.15), answer, label="(20,)")


def _bidirectional(drawing: Diagram, left: float, bottom: float) -> None:
    drawing.frame("bidirectional", left, bottom, 4.5, 3.0)
    places = [left + 0.7 + 1.2 * number for number in range(3)]
    forth = [drawing.box("GRU →", x, bottom + 1.15, width=0.75, colour=STATE) for x in places]
    back = [drawing.box("← GRU", x, bottom + 2.15, width=0.75, colour=4) for x in places]
    for number in range(2):
        drawing.arrow(forth[number], forth[number + 1], colour=STATE)
        drawing.arrow(back[number + 1], back[number], colour=4)
    for number, x in enumerate(places, 1):
        reading = drawing.box(f"$x_{number}$", x, bottom + 0.3, width=0.5, colour="#888888")
        drawing.arrow(reading, forth[number - 1], label="(10,)" if number == 1 else "")
        drawing.arrow(
            (x + 0.2, bottom + 0.49), (x + 0.5, bottom + 0.8), (x + 0.5, bottom + 1.7), (x + 0.2, bottom + 1.96)
        )
    answer = drawing.box("dense\nsoftmax", left + 4.05, bottom + 2.15, width=0.75, colour=PLAIN)
    drawing.arrow(forth[-1], (left + 4.05, bottom + 1.15), answer, label="(21,)")
    drawing.arrow(back[0], (places[0], bottom + 2.6), (left + 4.05, bottom + 2.6), answer, label="(21,)", colour=4)


def decaying() -> Figure:
    """A state that fades with the time between two visits before the GRU reads the next one."""
    drawing = Diagram(width=9, height=1.9)
    old, new = (drawing.box(text, x, 1.45, colour=STATE) for text, x in (("$h_{t-1}$", 0.55), ("$h_t$", 8.45)))
    fade = drawing.circle("×", 3.3, 1.45)
    cell = drawing.box("GRU cell", 6.0, 1.45, width=1.2, colour=STATE)
    share = drawing.box("exp(− rate · gap)", 3.3, 0.4, colour=GATE)
    gap, reading = (drawing.box(text, x, 0.4, colour="#888888") for text, x in (("gap", 0.8), ("$x_t$", 6.0)))
    drawing.arrow(old, fade, label="(H,)", colour=STATE)
    drawing.arrow(fade, cell, label="faded  (H,)", colour=STATE)
    drawing.arrow(cell, new, label="(H,)", colour=STATE)
    drawing.arrow(gap, share, label="(1,)")
    drawing.arrow(share, fade, label="(H,)", colour=GATE)
    drawing.arrow(reading, cell, label="(F,)")
    return drawing.figure
