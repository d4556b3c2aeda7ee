"""Figures: makers that return a matplotlib figure, and ``show``, which displays one with its alt text."""

from utils.plots.charts import bars, curves, estimates, icon_array, logo, timelines, training
from utils.plots.diagrams import Diagram
from utils.plots.figures import COLOURS, STYLE, canvas, images, playground, show, use_style

__all__ = [
    "COLOURS",
    "STYLE",
    "Diagram",
    "bars",
    "canvas",
    "curves",
    "estimates",
    "icon_array",
    "images",
    "logo",
    "playground",
    "show",
    "timelines",
    "training",
    "use_style",
]
