"""Figures: makers that return a matplotlib figure, and ``show``, which displays one with its alt text."""

import base64
import html
import inspect
import io

import matplotlib
import numpy as np
from IPython.display import Image, display
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

# Okabe and Ito's palette, told apart by readers with any kind of colour vision (https://jfly.uni-koeln.de/color/).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
DPI = 90

STYLE = {
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.grid": True,
    "grid.alpha": 0.25,
    "image.cmap": "gray",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
}


def use_style():
    """Draw figures in the course's style from here on: ``STYLE`` goes into matplotlib's settings."""
    matplotlib.rcParams.update(STYLE)


def show(figure, *, alt):
    """Display a figure as a PNG image with a description for readers who cannot see it.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure; it is not drawn a second time at the end of the cell.
    alt : str
        What the picture shows, in a sentence.

    Raises
    ------
    ValueError
        When the description is empty.
    """
    if not alt.strip():
        raise ValueError("Describe the figure in alt=…, for readers who cannot see it.")
    display(Image(_png(figure), format="png"), metadata={"image/png": {"alt": alt}})


def _png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def playground(draw, *, alt, otherwise, **sliders):
    """Sliders over a picture that is drawn again with their values; where no kernel runs, a sentence in their place.

    Parameters
    ----------
    draw : callable
        Takes the sliders' values by name, each with a default, and returns a figure.
    alt : str
        What the picture shows, with the sliders' names in braces: ``"A kernel of {size} pixels"``.
    otherwise : str
        What stands on a page without a kernel. Show a static figure beside it: paper has no sliders.
    **sliders : tuple of int
        For each slider (lowest, highest, step); it begins at the default of the function's argument.
    """
    from ipywidgets import HTML, IntSlider, VBox

    picture, handles = HTML(), {}

    def redraw(_change=None):
        values = {name: handle.value for name, handle in handles.items()}
        encoded = base64.b64encode(_png(draw(**values))).decode("ascii")
        picture.value = f'<img alt="{html.escape(alt.format(**values))}" src="data:image/png;base64,{encoded}">'

    for name, (low, high, step) in sliders.items():
        begin = inspect.signature(draw).parameters[name].default
        handles[name] = IntSlider(begin, low, high, step, description=name, continuous_update=False)
        handles[name].observe(redraw, "value")
    redraw()
    # An HTML widget, since for one of type Output nbclient sends messages on the channel on which it waits for replies.
    bundle = VBox([*handles.values(), picture])._repr_mimebundle_()
    display(bundle | {"text/plain": otherwise}, raw=True)


def canvas(rows=1, columns=1, *, width=7.0, height=3.2, **options):
    """A figure and its axes, like ``pyplot.subplots`` but owned by nobody else: nothing is drawn until ``show``.

    Sizes are in inches. Returns (figure, axes); axes is a single one, or an array of them.
    """
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots(rows, columns, **options)


def images(pictures, *, titles=None, columns=6, size=1.4, limits=None, colour_map="gray"):
    """A grid of pictures.

    Parameters
    ----------
    pictures : sequence of array
        Each (H, W) grey or (H, W, 3) in colour; uint8 from 0 to 255 or float from 0 to 1 in colour.
    titles : sequence of str, optional
        One title over each picture.
    columns : int
        Pictures in a row.
    size : float
        Width of a picture in inches.
    limits : pair of float, optional
        The values drawn as darkest and brightest, when grey pictures are to be compared.
    colour_map : str
        A matplotlib colour map for grey pictures, for example ``"gray"`` or ``"RdBu"``.

    Returns
    -------
    matplotlib.figure.Figure
    """
    columns = min(columns, len(pictures))
    rows = -(-len(pictures) // columns)
    tallest = max(picture.shape[0] / picture.shape[1] for picture in pictures)
    height = rows * size * tallest
    for row in range(rows):  # a row without titles needs no room for them
        lines = [1 + title.count("\n") for title in (titles or ())[row * columns : (row + 1) * columns] if title]
        height += 0.28 * max(lines) if lines else 0.05
    figure, axes = canvas(rows, columns, width=size * columns, height=height, squeeze=False)
    low, high = limits or (None, None)
    for position, ax in enumerate(axes.flat):
        ax.set_axis_off()
        if position < len(pictures):
            ax.imshow(np.asarray(pictures[position]), cmap=colour_map, vmin=low, vmax=high, interpolation="nearest")
            if titles:
                ax.set_title(titles[position], fontsize=9, loc="center")
    return figure


def curves(lines, *, x=None, x_label, y_label, title=None, log_y=False, width=5.5, height=3.2):
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


def training(history, *, metric="loss"):
    """The course of a training: a metric on the training and the validation part, by epoch. Returns a figure."""
    lines = {"training": history.history[metric]}
    if f"val_{metric}" in history.history:
        lines["validation"] = history.history[f"val_{metric}"]
    figure = curves(lines, x_label="epoch", y_label=metric)
    figure.axes[0].xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def bars(values, *, x_label, intervals=None, width=5.5):
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


def estimates(values, *, x_label, width=5.5):
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


def timelines(events, variables, last_contact, *, x_label, days_per_unit=365.25, width=7.0):
    """One row a patient: a dot for each record, by kind of record, and how the observation ended.

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


def logo(ax, heights, *, first=0, letters="ACGT", colours=(2, 0, 4, 1)):
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


def icon_array(counts, *, colours=COLOURS, columns=70, size=0.1):
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
