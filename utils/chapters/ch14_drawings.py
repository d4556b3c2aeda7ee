"""Drawings of chapter 14: the recipe of conformal sets, and one round of federated averaging."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from utils.plots import Diagram

DATA, STEP, RESULT = "#777777", 0, 2


def conformal_recipe(calibration: int, new: int, classes: int) -> Figure:
    """From the probabilities of calibration rows to a limit, and from the limit to the sets of new rows.

    Parameters
    ----------
    calibration, new, classes : int
        The number of rows and of classes, which stand on the arrows.
    """
    drawing, up, down = Diagram(width=9.2, height=2.6), 1.95, 0.6
    known = drawing.box("calibration rows:\nprobabilities, true class", 1.05, up, colour=DATA, size=8)
    badness = drawing.box("1 − probability\nof the true class", 3.95, up, colour=STEP, size=8)
    limit = drawing.box("sort, take\nnumber k", 6.4, up, colour=STEP, size=8)
    unknown = drawing.box("new rows:\nprobabilities", 1.05, down, colour=DATA, size=8)
    other = drawing.box("1 − probability\nof each class", 3.95, down, colour=STEP, size=8)
    compare = drawing.box("at most\nthe limit?", 6.4, down, colour=STEP, size=8)
    sets = drawing.box("sets", 8.75, down, colour=RESULT, size=8)
    drawing.arrow(known, badness, label=f"({calibration}, {classes})", size=7)
    drawing.arrow(badness, limit, label=f"({calibration},)", size=7)
    drawing.arrow(limit, compare, label="the limit, one number", size=7)
    drawing.arrow(unknown, other, label=f"({new}, {classes})", size=7)
    drawing.arrow(other, compare, label=f"({new}, {classes})", size=7)
    drawing.arrow(compare, sets, label=f"bool ({new}, {classes})", size=7)
    return drawing.figure


def federated_round(hospitals: Mapping[str, int], weights: int) -> Figure:
    """One round of federated averaging: weights down to each hospital, and back to the server's weighted mean.

    Parameters
    ----------
    hospitals : mapping of str to int
        Name → number of training patients.
    weights : int
        How many weights the model has.
    """
    across = 1.75
    drawing = Diagram(width=across * len(hospitals) + 0.3, height=3.0)
    middle = (across * len(hospitals) + 0.3) / 2
    server = drawing.box(
        "server: mean of the returned weights,\neach counted with its number of patients",
        *(middle, 2.6),
        width=4.2,
        colour=RESULT,
    )
    for place, (name, patients) in enumerate(hospitals.items()):
        x = 0.15 + across * (place + 0.5)
        house = drawing.box(
            f"hospital {name}\n{patients:,} patients\nsteps on its own records", x, 0.45, width=1.6, size=8
        )
        at = middle + (x - middle) * 0.42
        drawing.arrow((at - 0.12, server.bottom[1]), (x - 0.16, house.top[1]), dashed=True)
        drawing.arrow((x + 0.16, house.top[1]), (at + 0.12, server.bottom[1]))
        between = (server.bottom[1] + house.top[1]) / 2
        if place == 0:
            drawing.text(f"w ({weights},)", (at + x) / 2 - 0.3, between + 0.12, size=8, align="right")
        if place == len(hospitals) - 1:
            drawing.text(f"w of {name} ({weights},)", (at + x) / 2 + 0.3, between + 0.12, size=8, align="left")
    return drawing.figure
