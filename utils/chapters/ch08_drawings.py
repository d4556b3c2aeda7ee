"""Drawings of chapter 08: the denoiser, and the 3-D U-Net, with the shape of a patch on each arrow."""

from typing import Any

from matplotlib.figure import Figure

from utils.plots import Diagram

CONVOLUTION = 0  # its colour


def denoiser(model: Any, patch: tuple[int, int, int]) -> Figure:
    """The convolutions of a denoiser in two rows, and the way around them.

    model: of ``utils.applications.scans.denoiser``. patch: slices, rows and columns that go in.
    """
    convolutions = [layer for layer in model.layers if hasattr(layer, "kernel_size")]
    half = (len(convolutions) + 1) // 2
    step, first, upper, between, lower = 2.0, 1.8, 1.7, 1.1, 0.65
    end = first + step * half
    drawing = Diagram(width=end + 0.6, height=2.6)
    boxes, sides, shapes = [], list(patch), [_shape(patch, 1)]
    for place, layer in enumerate(convolutions):
        row, column = divmod(place, half)
        text = f"{_shape(layer.kernel_size)}\n{layer.count_params():,}"
        boxes.append(drawing.box(text, first + step * column, (upper, lower)[row], width=0.8, colour=place % 2))
        sides = [side - kernel + 1 for side, kernel in zip(sides, layer.kernel_size, strict=True)]
        shapes.append(_shape(sides, layer.filters))
    minus = drawing.circle("–", end - 0.1, lower)
    stops = [(0.1, upper), *boxes, minus]
    back = ((end - 0.8, upper), (end - 0.8, between), (0.6, between), (0.6, lower))
    for place, shape in enumerate(shapes):
        corners = back if place == half else ()
        drawing.arrow(stops[place], *corners, stops[place + 1], label=shape)
    around = f"the patch without its rim: {shapes[-1]}"
    drawing.arrow((0.25, upper), (0.25, 2.35), (end - 0.1, 2.35), minus, label=around)
    drawing.arrow(minus, (end + 0.5, lower))
    note = "in each box: the kernel of a convolution, and how many numbers it learns"
    drawing.text(note, first - 0.4, 0.15, size=8, align="left")
    return drawing.figure


def unet(patch: tuple[int, int, int], width: int) -> Figure:
    """The 3-D U-Net of ``utils.applications.scan_tumours``: down on the left, up on the right, bridges between.

    patch: slices, rows and columns that go in. width: channels at the largest size.
    """
    slices, rows, columns = patch
    fine, middle = (slices, rows, columns), (slices, rows // 2, columns // 2)
    deep = (slices // 2, rows // 4, columns // 4)
    high, half, low = 2.35, 1.4, 0.45
    drawing = Diagram(width=8.8, height=2.9)
    down = [
        drawing.box("conv 3×3×3", 1.6, high, colour=CONVOLUTION),
        drawing.box("conv 3×3×3", 2.6, half, colour=CONVOLUTION),
        drawing.box("conv 3×3×3, twice\nconv 1×1×1", 4.4, low, colour=CONVOLUTION),
    ]
    up = [
        drawing.box("conv 3×3×3\nconv 1×1×1", 6.2, half, colour=CONVOLUTION),
        drawing.box("conv 3×3×3\nconv 1×1×1", 7.2, high, colour=CONVOLUTION),
    ]
    drawing.arrow((0.2, high), down[0], label=_shape(fine, 1), size=7)
    drawing.arrow(down[0], (1.6, half), down[1], label="")
    drawing.text(f"pool 1×2×2\n{_shape(middle, width)}", 1.5, 1.85, size=7, align="right")
    drawing.arrow(down[1], (2.6, low), down[2], label="")
    drawing.text(f"pool 2×2×2\n{_shape(deep, 2 * width)}", 2.5, 0.85, size=7, align="right")
    drawing.arrow(down[2], (6.2, low), up[0], label="")
    drawing.text(f"twice as large\n{_shape(middle, 2 * width)}", 6.3, 0.85, size=7, align="left")
    drawing.arrow(up[0], (7.2, half), up[1], label="")
    drawing.text(f"twice as large\n{_shape(fine, width)}", 7.3, 1.85, size=7, align="left")
    drawing.arrow(down[0], up[1], label=f"bridge: {_shape(fine, width)}", size=7)
    drawing.arrow(down[1], up[0], label=f"bridge: {_shape(middle, 2 * width)}", size=7)
    drawing.arrow(up[1], (8.6, high), label=_shape(fine, 1), size=7)
    return drawing.figure


def _shape(sides: Any, channels: int | None = None) -> str:
    return "×".join(str(side) for side in (*sides, *([] if channels is None else [channels])))
