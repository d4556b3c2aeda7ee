"""Figures of chapter 13: many small networks side by side, multiple imputation, reliability with its counts."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import beta

from utils import metrics, plots
from utils.plots import Diagram

HIDDEN, OUTPUT, TABLE, RESULT = 0, 1, 2, 3


def side_by_side(networks: int, features: int, hidden: int, classes: int) -> Figure:
    """Networks that read the same nuclei and share nothing else, with the shape for one nucleus on each arrow."""
    drawing = Diagram(width=8.4, height=2.3)
    features_in = drawing.box("mean tints of\none nucleus", 0.85, 1.15, colour="#777777")
    for level, number in ((1.85, "1"), (1.15, "2"), (0.3, f"{networks}")):
        first = drawing.box(f"dense, ReLU\nnetwork {number}", 3.0, level, colour=HIDDEN, width=1.25)
        last = drawing.box(f"dense, softmax\nnetwork {number}", 5.1, level, colour=OUTPUT, width=1.25)
        labels = drawing.box(f"labels {number}", 7.5, level, colour=TABLE)
        drawing.arrow(features_in, first, label=f"{features}" if number == "1" else "")
        drawing.arrow(first, last, label=f"{hidden}")
        drawing.arrow(last, labels, label=f"{classes}, loss")
    drawing.text("⋮", 4.05, 0.72, size=11)
    return drawing.figure


def multiple_imputation(tables: int) -> Figure:
    """A table with gaps, completed several times; each copy is analysed, and the results are pooled."""
    drawing = Diagram(width=8.6, height=2.3)
    gaps = drawing.box("table\nwith gaps", 0.7, 1.15, colour="#777777")
    pooled = drawing.box("pooled estimate,\nstandard error", 7.7, 1.15, colour=RESULT)
    for level, number in ((1.85, "1"), (1.15, "2"), (0.3, f"{tables}")):
        full = drawing.box(f"completed\ntable {number}", 3.2, level, colour=HIDDEN, width=1.1)
        result = drawing.box(f"estimate {number},\nvariance {number}", 5.4, level, colour=OUTPUT, width=1.15)
        drawing.arrow(gaps, full, label="draw the gaps" if number == "2" else "", size=7.5)
        drawing.arrow(full, result, label="analyse", size=7.5)
        drawing.arrow(result, pooled, label="pool" if number == "2" else "", size=7.5)
    drawing.text("⋮", 4.3, 0.72, size=11)
    return drawing.figure


def reliability(labels: np.ndarray, risks: Mapping[str, np.ndarray]) -> Figure:
    """Above, the share of events in each bin of risk, with its interval; below, the people in the bin.

    Parameters
    ----------
    labels : ndarray of 0 and 1, (n,)
    risks : mapping of str to ndarray of float, (n,)
        The name of each model, and the risks it gives, from 0 to 1.

    Returns
    -------
    Figure
        The intervals hold 95 %, for people drawn singly: Jeffreys', from the beta distribution.
    """
    figure, (upper, lower) = plots.canvas(2, 1, width=6, height=5.2)
    upper.axline((0, 0), (1, 1), color="grey", linestyle="--")
    for name, risk in risks.items():
        said, came, count = metrics.reliability(labels, risk)
        events = came * count
        low, high = beta.ppf([[0.025], [0.975]], events + 0.5, count - events + 0.5)
        ends = np.maximum([came - low, high - came], 0)
        upper.errorbar(said, came, yerr=ends, marker="o", capsize=3, label=name)
        lower.plot(said, count, marker="o", label=name)
    upper.set(xlabel="risk given", ylabel="share that died", xlim=(0, 1.02), ylim=(0, 1.03))
    lower.set(xlabel="risk given", ylabel="people in the bin", yscale="log", xlim=(0, 1.02))
    upper.legend()
    return figure
