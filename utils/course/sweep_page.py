"""``sweep.png`` and ``sweep.html``: what a sweep measured, drawn claim by claim, and in a table."""

import base64
import io
import itertools
from collections.abc import Sequence
from string import Template
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from utils import plots
from utils.course.report_page import escape, framed

if TYPE_CHECKING:
    from utils.course.sweep import Measured, Sweep

COLUMNS = 3

LOOK = """\
body { max-width: 72rem; }
img { max-width: 100%; background: #ffffff; }
"""
BODY = Template("""\
<p class="eyebrow">Deep Learning in Medicine</p>
<h1>$heading</h1>
<dl class="facts">$facts</dl>
$troubles
$picture
<div class="scroll"><table>
<thead><tr><th>Claim</th><th>Accepted</th>$points</tr></thead>
<tbody>
$rows
</tbody>
</table></div>
<footer>Mean over the seeds, and its 95 % interval by Student's t: it is about other seeds, not about other patients.
For spreadsheets: <a href="sweep.csv">sweep.csv</a>; every run: <a href="sweep.json">sweep.json</a>.</footer>
""")


def draw(measured: "Sequence[Measured]") -> Figure:
    """A small chart per claim: each seed as a dot, the mean with its interval, and the claim's band in grey.

    The horizontal axis is the parameter, on its own scale where it is the only one and a number, or else the points of
    the grid side by side.
    """
    plots.use_style()
    claims = [(name, list(group)) for name, group in itertools.groupby(measured, key=lambda one: one.name)]
    columns = min(COLUMNS, len(claims))
    rows = -(-len(claims) // columns)
    figure, axes = plots.canvas(rows, columns, width=4 * columns, height=0.4 + 2.5 * rows, squeeze=False)
    for ax, (name, ones) in itertools.zip_longest(axes.flat, claims, fillvalue=("", [])):
        if not ones:
            ax.set_axis_off()
            continue
        _chart(ax, ones)
        ax.set_title(name if len(name) < 48 else f"{name[:46]} …", fontsize=9)
    return figure


def _chart(ax: Axes, ones: "Sequence[Measured]") -> None:
    from utils.course.sweep import in_words

    places, numeric = _places(ones)
    for place, one in zip(places, ones, strict=True):
        ax.plot([place] * len(one.values), one.values, "o", color="grey", markersize=3, alpha=0.6)
        if one.interval:
            ax.plot([place, place], one.interval, color=plots.COLOURS[0], linewidth=2)
    ax.plot(places, [one.mean for one in ones], "o-" if numeric else "o", color=plots.COLOURS[0])
    bottom, top = ax.get_ylim()
    band = ones[0].band
    ends = bottom if band.low is None else band.low, top if band.high is None else band.high
    ax.axhspan(*ends, color="grey", alpha=0.12, zorder=0)
    ax.set_ylim(bottom, top)
    if numeric:
        ax.set_xlabel(ones[0].point[0][0])
        if min(places) > 0 and max(places) / min(places) >= 20:
            ax.set_xscale("log")
    else:
        ax.set_xticks(places, [in_words(one.point) or "all seeds" for one in ones], rotation=20, ha="right", fontsize=8)
        ax.set_xlim(-0.5, len(ones) - 0.5)


def _places(ones: "Sequence[Measured]") -> tuple[list[float], bool]:
    """Where each point stands on the horizontal axis, and whether that is the parameter's own value."""
    values = [value for one in ones for _, value in one.point]
    if len(values) == len(ones) > 1 and all(type(value) in {int, float} and np.isfinite(value) for value in values):
        return [float(value) for value in values], True
    return list(range(len(ones))), False


def page(done: "Sweep", words: str = "") -> str:
    """The text of ``sweep.html``."""
    from utils.course.sweep import in_words

    measured = done.measured(words)
    picture = ""
    if measured:
        buffer = io.BytesIO()
        draw(measured).savefig(buffer, format="png", dpi=96)
        code = base64.b64encode(buffer.getvalue()).decode()
        alt = f"A chart per claim over {len(done.points)} points of the grid; the numbers are in the table below"
        picture = f'<p><img alt="{alt}" src="data:image/png;base64,{code}"></p>'
    rows = []
    for name, group in itertools.groupby(measured, key=lambda one: one.name):
        there = {one.point: one for one in group}
        accepted = next(iter(there.values())).band.band()
        cells = "".join(
            f"<td class='{'bad' if point in there and there[point].missed else ''}'>"
            f"{escape(there[point].words()) if point in there else '–'}</td>"
            for point in done.points
        )
        rows.append(f"<tr><td>{escape(name)}</td><td class='soft'>{escape(accepted)}</td>{cells}</tr>")
    facts = {"profile": done.profile, "points": len(done.points), "seeds": len(done.seeds), "runs": len(done.results)}
    cached = sum(result.cached for result in done.results.values())
    facts |= {"from the cache": cached} if cached else {}
    troubles = [f"{result.name}: {result.error}" for result in done.failed] + done.notes
    heading = escape(f"Sweep of {done.chapter}")
    body = BODY.substitute(
        heading=heading,
        facts="".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in facts.items()),
        troubles="\n".join(f'<p class="error">{escape(trouble)}</p>' for trouble in troubles),
        picture=picture,
        points="".join(f"<th>{escape(in_words(point) or 'mean over seeds')}</th>" for point in done.points),
        rows="\n".join(rows),
    )
    return framed(heading, body, LOOK)
