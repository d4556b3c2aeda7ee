"""Drawings of architectures: boxes, circles, and arrows with the shapes of what travels along them."""

from dataclasses import dataclass
from math import dist, hypot

from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from utils.plots.figures import COLOURS

Point = tuple[float, float]
INK = "#333333"
FIT = 0.062  # inches per letter of 9 points, on average


@dataclass(frozen=True)
class Shape:
    """A box or circle in a drawing: its centre and half its width and height, in inches."""

    x: float
    y: float
    across: float
    up: float
    round: bool = False

    @property
    def left(self) -> Point:
        """The middle of the left edge; ``right``, ``top`` and ``bottom`` likewise."""
        return self.x - self.across, self.y

    @property
    def right(self) -> Point:
        """The middle of the right edge."""
        return self.x + self.across, self.y

    @property
    def top(self) -> Point:
        """The middle of the upper edge."""
        return self.x, self.y + self.up

    @property
    def bottom(self) -> Point:
        """The middle of the lower edge."""
        return self.x, self.y - self.up

    def towards(self, point: Point) -> Point:
        """Where the straight line from the centre to a point leaves the shape."""
        dx, dy = point[0] - self.x, point[1] - self.y
        if self.round:
            share = self.across / max(hypot(dx, dy), 1e-9)
        else:
            share = min(self.across / max(abs(dx), 1e-9), self.up / max(abs(dy), 1e-9))
        return self.x + share * dx, self.y + share * dy


def _shade(colour: int | str) -> str:
    return COLOURS[colour] if isinstance(colour, int) else colour


class Diagram:
    """A drawing in inches, x to the right and y upwards from the lower left corner.

    For example two layers and what travels between them::

        drawing = plots.Diagram(width=6, height=1.5)
        hidden = drawing.box("dense, ReLU", 1.5, 0.75)
        output = drawing.box("dense, softmax", 4.5, 0.75, colour=1)
        drawing.arrow(hidden, output, "(n, 16)")
        plots.show(drawing.figure, alt="A dense layer with ReLU, then one with softmax")

    Parameters
    ----------
    width, height : float
        Size of the drawing in inches.
    """

    def __init__(self, width: float, height: float):
        self.figure = Figure(figsize=(width, height), layout="none")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.set_axis_off()

    def box(
        self,
        text: str,
        x: float,
        y: float,
        *,
        width: float | None = None,
        height: float | None = None,
        colour: int | str = 0,
        size: float = 9.0,
    ) -> Shape:
        """A box with a text, by its centre; as large as its text unless width and height (inches) are given.

        colour: a number of ``plots.COLOURS``, or any colour of matplotlib. size: of the letters, in points.
        """
        lines, scale = text.split("\n"), size / 9
        width = width or max(map(len, lines)) * FIT * scale * 1.15 + 0.3
        height = height or len(lines) * 0.17 * scale + 0.2
        shade = _shade(colour)
        corner = (x - width / 2, y - height / 2)
        for options in ({"facecolor": shade, "alpha": 0.15, "linewidth": 0}, {"fill": False, "edgecolor": shade}):
            self.axes.add_patch(
                FancyBboxPatch(corner, width, height, boxstyle="round,pad=0,rounding_size=0.06", **options)
            )
        self.text(text, x, y, size=size)
        return Shape(x, y, width / 2, height / 2)

    def circle(self, text: str, x: float, y: float, *, radius: float = 0.15, colour: int | str = INK) -> Shape:
        """A circle with a sign in it, such as +, × or σ, by its centre; radius in inches."""
        shade = _shade(colour)
        self.axes.add_patch(Circle((x, y), radius, facecolor="white", edgecolor=shade))
        self.text(text, x, y, size=10)
        return Shape(x, y, radius, radius, round=True)

    def arrow(
        self,
        *stops: Shape | Point,
        label: str = "",
        bend: float = 0.0,
        dashed: bool = False,
        colour: int | str = INK,
        size: float = 8.0,
        aside: float = 0.11,
    ) -> None:
        """An arrow from stop to stop, with a label beside the middle of its longest stretch.

        Parameters
        ----------
        *stops : Shape or (x, y)
            From where, over which corners, to where. At a shape the arrow begins and ends at its edge.
        label : str
            For example the shape of what travels, ``"(n, 16)"``.
        bend : float
            Curvature of an arrow with two stops; 0 is straight, positive bends to the right of its way.
        dashed : bool
            Draw it dashed, for what is sometimes there.
        colour : int or str
            As for ``box``.
        size : float
            Of the label's letters, in points.
        aside : float
            Distance of the label from the line in inches: above it or to its right; negative below or to its left.
        """
        centres = [(stop.x, stop.y) if isinstance(stop, Shape) else stop for stop in stops]
        points = list(centres)
        for end, beside in ((0, 1), (-1, -2)):
            if isinstance(stops[end], Shape):
                points[end] = stops[end].towards(centres[beside])
        shade = _shade(colour)
        style = {"color": shade, "linewidth": 1.1, "linestyle": "--" if dashed else "-"}
        corners = points[:-1]
        if len(corners) > 1:
            self.axes.plot(*zip(*corners, strict=True), **style, solid_capstyle="round")
        head = FancyArrowPatch(
            points[-2],
            points[-1],
            arrowstyle="-|>",
            mutation_scale=9,
            shrinkA=0,
            shrinkB=0,
            connectionstyle=f"arc3,rad={bend}",
            **style,
        )
        self.axes.add_patch(head)
        if label:
            stretches = list(zip(points, points[1:], strict=False))
            (ax, ay), (bx, by) = max(stretches, key=lambda ends: dist(*ends))
            level = abs(bx - ax) >= abs(by - ay)
            middle = ((ax + bx) / 2 + bend * (by - ay) / 2, (ay + by) / 2 - bend * (bx - ax) / 2)
            if level:
                self.text(label, middle[0], middle[1] + aside, size=size, behind=True)
            else:
                align = "left" if aside > 0 else "right"
                self.text(label, middle[0] + aside / 2, middle[1], size=size, align=align, behind=True)

    def text(
        self, text: str, x: float, y: float, *, size: float = 9.0, align: str = "center", behind: bool = False
    ) -> None:
        """A text at a place, with formulas between dollars, ``"$h_{t-1}$"``.

        align: "center", or "left" or "right" for where x is its edge. size: in points. behind: put white behind it.
        """
        self.axes.text(
            x,
            y,
            text,
            fontsize=size,
            ha=align,
            va="center",
            color="#111111",
            linespacing=1.15,
            parse_math="$" in text,  # $h_{t-1}$
            bbox={"facecolor": "white", "linewidth": 0, "pad": 0.6} if behind else None,
        )

    def frame(self, title: str, x: float, y: float, width: float, height: float) -> None:
        """A dashed frame around things that belong together, by its lower left corner, with a title at its top left."""
        self.axes.add_patch(
            FancyBboxPatch(
                (x, y),
                width,
                height,
                boxstyle="round,pad=0,rounding_size=0.1",
                fill=False,
                edgecolor="#888888",
                linestyle="--",
                zorder=0,
            )
        )
        self.text(title, x + 0.1, y + height - 0.13, size=8.5, align="left")
