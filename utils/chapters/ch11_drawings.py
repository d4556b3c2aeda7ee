"""Drawings of chapter 11: the message-passing network."""

from matplotlib.figure import Figure

from utils.features.molecules import ATOM_WIDTH, BOND_WIDTH
from utils.plots import Diagram

DENSE, ROUND, READ = 0, 1, 2


def message_passing(width: int = 48, extra: int = 1038) -> Figure:
    """The network for one molecule of N atoms in the upper row; below, one round of messages for one atom v.

    width: numbers in a state. extra: how many numbers on the whole molecule join. D is the number of neighbours.
    """
    drawing = Diagram(width=9.6, height=3.9)
    up = 3.1
    embed = drawing.box("embed:\ndense, ReLU", 1.45, up, colour=DENSE, size=8)
    rounds = drawing.box("3 rounds of\nmessages", 3.2, up, colour=ROUND, size=8)
    read = drawing.box("read-out: mean and\nmaximum of the atoms", 5.2, up, colour=READ, size=8)
    join = drawing.box("join", 6.75, up, colour="#777777", size=8)
    hidden = drawing.box("dense,\nReLU", 7.85, up, colour=DENSE, size=8)
    output = drawing.box("dense", 8.85, up, colour=DENSE, size=8)
    drawing.arrow((0.1, up), embed, label=f"(N, {ATOM_WIDTH})", size=7)
    drawing.arrow(embed, rounds, label=f"(N, {width})", size=7)
    drawing.arrow(rounds, read, label=f"(N, {width})", size=7)
    drawing.arrow(read, join, label=f"({2 * width},)", size=7)
    drawing.arrow(join, hidden, label=f"({2 * width + extra:,},)", size=7, aside=0.28)
    drawing.arrow(hidden, output, label=f"({width},)", size=7, aside=0.28)
    drawing.arrow(output, (9.5, up), label="logit", size=7)
    drawing.arrow((6.75, up - 0.75), join, label=f"({extra:,},) descriptors, fingerprint", size=7)
    drawing.arrow((3.2, up + 0.65), rounds, label=f"bonds (N, D, {BOND_WIDTH})", size=7)

    drawing.frame("one round, for atom v (shapes after the embedding)", 0.15, 0.1, 9.3, 1.85)
    high, low = 1.3, 0.5
    message = drawing.box("each: of_neighbour,\nof_bond, ReLU", 2.75, high, colour=ROUND, size=8)
    total = drawing.circle("Σ", 4.45, high, colour=ROUND)
    weigh = drawing.box("of_sum", 5.6, high, colour=ROUND, size=8)
    own = drawing.box("of_self", 5.6, low, colour=ROUND, size=8)
    both = drawing.circle("+", 6.75, high)
    relu = drawing.box("ReLU", 7.55, high, colour=ROUND, size=8)
    add = drawing.circle("+", 8.4, high)
    drawing.text(f"neighbours (D, {width})\nbonds (D, {BOND_WIDTH})", 1.0, high, size=7)
    drawing.arrow((1.6, high), message)
    drawing.arrow(message, total, label=f"(D, {width})", size=7)
    drawing.arrow(total, weigh, label=f"({width},)", size=7)
    drawing.arrow(weigh, both)
    drawing.text(f"state of v ({width},)", 1.0, low, size=7)
    drawing.arrow((1.6, low), own)
    drawing.arrow(own, (6.75, low), both)
    drawing.arrow(both, relu)
    drawing.arrow(relu, add)
    drawing.arrow((4.6, low), (4.6, 0.24), (8.4, 0.24), add, dashed=True)
    drawing.arrow(add, (9.3, high), label=f"({width},)", size=7)
    return drawing.figure
