"""Histograms of oriented gradients: how photographs were read before networks did it."""

import numpy as np
from numpy.typing import ArrayLike

from utils.errors import UsageError

SMALLEST, LARGEST = 1e-5, 0.2  # added to a block's length; what a number may reach before it is normalised again


def hog(images: ArrayLike, *, orientations: int = 9, cell: int = 6) -> np.ndarray:
    """The histograms of all pictures at once: the numbers of ``skimage.feature.hog``, which takes one at a time.

    In each cell the directions of the edges are counted, weighted with their strength, in the channel where the edge is
    strongest; blocks of 2 x 2 cells are normalised (L2-Hys), so that light and contrast do not count.

    Parameters
    ----------
    images : array, (n, height, width, channels)
        At least 2 x 2 cells of ``cell`` pixels; what is left over below and to the right is not counted.
    orientations : int
        Bins of the half circle.
    cell : int
        Side of a cell in pixels, even.

    Returns
    -------
    float32 (n, blocks down x blocks across x 4 x orientations)

    Raises
    ------
    UsageError
        When the pictures have another shape or are too small, or the cell is odd.

    References
    ----------
    Dalal and Triggs (2005), CVPR, https://doi.org/10.1109/CVPR.2005.177.
    """
    images = np.asarray(images, np.float32)
    if images.ndim != 4 or cell % 2 or min(images.shape[1:3]) < 2 * cell:
        raise UsageError(
            f"The pictures have shape {images.shape} and a cell {cell} pixels: give (n, height, width, channels) with "
            "at least two cells of an even side each way."
        )
    n, rows, columns = len(images), images.shape[1] // cell, images.shape[2] // cell
    down, across = np.zeros_like(images), np.zeros_like(images)
    down[:, 1:-1] = images[:, 2:] - images[:, :-2]
    across[:, :, 1:-1] = images[:, :, 2:] - images[:, :, :-2]
    channel = np.argmax(np.hypot(down, across), axis=-1)[..., None]
    down, across = (
        np.take_along_axis(part, channel, -1)[:, : rows * cell, : columns * cell, 0] for part in (down, across)
    )
    angle = np.rad2deg(np.arctan2(down, across)) % 180
    direction = np.minimum(angle * (orientations / 180), orientations - 1).astype(int)
    place = np.arange(rows * cell)[:, None] // cell * columns + np.arange(columns * cell) // cell
    bins = (np.arange(n)[:, None, None] * rows * columns + place) * orientations + direction
    counts = np.bincount(bins.ravel(), np.hypot(down, across).ravel(), n * rows * columns * orientations)
    counts = counts.reshape(n, rows, columns, orientations) / cell**2
    corners = [counts[:, i : rows - 1 + i, j : columns - 1 + j] for i in (0, 1) for j in (0, 1)]
    blocks = np.stack(corners, axis=3).reshape(n, rows - 1, columns - 1, -1)
    blocks = np.minimum(_unit(blocks), LARGEST)
    return _unit(blocks).reshape(n, -1).astype(np.float32)


def _unit(blocks: np.ndarray) -> np.ndarray:
    return blocks / np.sqrt((blocks**2).sum(axis=-1, keepdims=True) + SMALLEST**2)
