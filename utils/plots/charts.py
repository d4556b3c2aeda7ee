"""Charts of numbers, and the medical ones: visits of patients, sequence logos, crowds of people."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from utils.plots.figures import COLOURS, canvas


def curves(
    lines: Mapping[str, ArrayLike],
    *,
    x: ArrayLike | None = None,
    x_label: str,
    y_label: str,
    title: str | None = None,
    log_y: bool = False,
    width: float = 5.5,
    height: float = 3.2,
) -> Figure:
    """Lines over a common axis: ``lines`` maps a name to its values (n,). Returns a matplotlib figure."""
    figure, ax = canvas(width=width, height=height)
    for name, values in lines.items():
        ax.plot(np.arange(1, len(values) + 1) if x is None else x, values, label=name)
    ax.set(xlabel=x_label, ylabel=y_label, title=title or "")
    if x is None:  # epochs and the like have no halves
        ax.xaxis.get_major_locator().set_params(integer=True)
    if log_y:
        ax.set_yscale("log")
    ax.legend()
    return figure


def training(history: Any, *, metric: str = "loss") -> Figure:
    """The course of a training: a metric on the training and the validation part, by epoch. Returns a figure."""
    lines = {"training": history.history[metric]}
    if f"val_{metric}" in history.history:
        lines["validation"] = history.history[f"val_{metric}"]
    figure = curves(lines, x_label="epoch", y_label=metric)
    figure.axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def bars(
    values: Mapping[str, float],
    *,
    x_label: str,
    intervals: Mapping[str, tuple[float, float]] | None = None,
    width: float = 5.5,
) -> Figure:
    """Horizontal bars: ``values`` maps a name to a number, ``intervals`` to a pair (low, high). Returns a figure."""
    figure, ax = canvas(width=width, height=0.6 + 0.42 * len(values))
    names, numbers = list(values), np.array(list(values.values()), float)
    whiskers = None
    if intervals:
        ends = np.array([intervals[name] for name in names], float)
        whiskers = np.abs(ends.T - numbers)
    ax.barh(names, numbers, xerr=whiskers, color=COLOURS[0], height=0.6, capsize=3)
    ax.invert_yaxis()
    ax.grid(axis="y", visible=False)
    ax.set_xlabel(x_label)
    return figure


def estimates(values: Mapping[str, tuple[float, float, float]], *, x_label: str, width: float = 5.5) -> Figure:
    """Dots with their intervals: ``values`` maps a name to (value, low, high). Returns a figure.

    For scores that differ little: the axis need not begin at zero, as it must for bars.
    """
    figure, ax = canvas(width=width, height=0.6 + 0.36 * len(values))
    for row, (value, low, high) in enumerate(values.values()):
        ax.plot([low, high], [row, row], color=COLOURS[0], linewidth=2)
        ax.plot(value, row, "o", color=COLOURS[0])
    ax.set_yticks(range(len(values)), list(values))
    ax.set_ylim(len(values) - 0.5, -0.5)
    ax.set_xlabel(x_label)
    return figure


def timelines(
    events: Any,
    variables: Mapping[str, str],
    last_contact: Mapping[Any, tuple[float, bool]],
    *,
    x_label: str,
    days_per_unit: float = 365.25,
    width: float = 7.0,
) -> Figure:
    """One row per patient: a dot for each record, by kind of record, and how the observation ended.

    Parameters
    ----------
    events : pandas.DataFrame
        Columns id, time (days) and variable.
    variables : dict
        The variables that are drawn, each with the name of its kind; kinds get colours in their order.
    last_contact : dict
        The patients that are drawn: id → (days, died).
    x_label : str
        What the axis counts, with its unit.
    days_per_unit : float
        Days in a unit of the axis; a year unless given.

    Returns
    -------
    matplotlib.figure.Figure
    """
    kinds = list(dict.fromkeys(variables.values()))
    figure, ax = canvas(width=width, height=1.0 + 0.42 * len(last_contact))
    for row, (patient, (days, died)) in enumerate(last_contact.items()):
        records = events[events["id"] == patient]
        first = min(records["time"].min(), 0)
        ax.plot([first / days_per_unit, days / days_per_unit], [row, row], color="#999999", linewidth=0.8, zorder=1)
        for place, kind in enumerate(kinds):
            times = records.loc[records["variable"].map(variables) == kind, "time"]
            offset = np.full(len(times), row + 0.16 * (place - (len(kinds) - 1) / 2))
            ax.scatter(times / days_per_unit, offset, s=14, color=COLOURS[place], label=None if row else kind, zorder=2)
        ax.scatter(days / days_per_unit, row, marker="X" if died else "|", s=70, color="black", zorder=3)
    ax.scatter([], [], marker="X", s=70, color="black", label="died")
    ax.scatter([], [], marker="|", s=70, color="black", label="alive at last contact")
    ax.axvline(0, color="#444444", linestyle="--", linewidth=1)
    ax.set_yticks(range(len(last_contact)), [f"patient {patient}" for patient in last_contact])
    ax.grid(axis="y", visible=False)
    ax.invert_yaxis()
    ax.set_xlabel(x_label)
    figure.legend(loc="outside upper center", ncols=len(kinds) + 2, fontsize=8, handletextpad=0.2, columnspacing=1.2)
    return figure


def logo(
    ax: Any, heights: ArrayLike, *, first: int = 0, letters: str = "ACGT", colours: Sequence = (2, 0, 4, 1)
) -> None:
    """Draw a sequence logo (doi:10.1093/nar/18.20.6097): at each place a pile of letters, the tallest on top.

    heights: (length, letters), not negative, for example frequency times information in bits. first: where the
    horizontal axis begins; each letter is one unit wide. colours: numbers in ``COLOURS``, one a letter.
    """
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import PathPatch
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    heights = np.asarray(heights, float)
    shapes = [TextPath((0, 0), letter, size=1, prop=FontProperties(weight="bold")) for letter in letters]
    for place, pile in enumerate(heights):
        bottom = 0.0
        for letter in np.argsort(pile, kind="stable"):
            if pile[letter] < 1e-3:
                continue
            box = shapes[letter].get_extents()
            move = Affine2D().translate(-box.x0, -box.y0).scale(0.92 / box.width, pile[letter] / box.height)
            move = move.translate(first + place + 0.04, bottom)
            ax.add_patch(PathPatch(move.transform_path(shapes[letter]), color=COLOURS[colours[letter]], linewidth=0))
            bottom += pile[letter]
    ax.set(xlim=(first, first + len(heights)), ylim=(0, max(heights.sum(axis=1).max(initial=0), 1e-3) * 1.05))
    ax.grid(axis="x", visible=False)


def icon_array(
    counts: Mapping[str, int], *, colours: Sequence = COLOURS, columns: int = 70, size: float = 0.1
) -> Figure:
    """A crowd in which everybody is one square: ``counts`` maps the name of a group to its number of people.

    Groups get colours in their order; a square and its gap take ``size`` inches. Returns a matplotlib figure.
    """
    people = np.repeat(np.arange(len(counts)), list(counts.values()))
    row, column = np.divmod(np.arange(len(people)), columns)
    figure, ax = canvas(width=size * columns, height=size * (row[-1] + 1) + 0.1 + 0.25 * -(-len(counts) // 2))
    for group, (name, number) in enumerate(counts.items()):
        of_group, area = people == group, (72 * size * 0.7) ** 2
        options = {"marker": "s", "s": area, "color": colours[group], "linewidths": 0}
        ax.scatter(column[of_group], row[of_group], label=f"{number:,} {name}", **options)
    ax.set(xlim=(-0.7, columns - 0.3), ylim=(row[-1] + 0.7, -0.7))
    ax.set_axis_off()
    figure.legend(loc="outside lower center", ncols=2, fontsize=9, markerscale=1.6)
    return figure
