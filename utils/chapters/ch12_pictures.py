"""Pictures of chapter 12 that carry a mark, and maps with one number per pixel."""

from collections.abc import Callable
from typing import Any

import numpy as np


def stamp(
    images: np.ndarray, seed: int, *, side: int = 11, colour: tuple[int, int, int] = (20, 170, 60)
) -> tuple[np.ndarray, np.ndarray]:
    """A square spot of ink in a corner drawn at random, one pixel from the edges.

    Parameters
    ----------
    images : uint8 (n, height, width, 3)
    seed : int
        The same seed gives the same corners.
    side : int
        Of the spot, in pixels.
    colour : three int, from 0 to 255

    Returns
    -------
    marked : uint8 (n, height, width, 3)
    where : bool (n, height, width)
        True on the spot.
    """
    marked, where = images.copy(), np.zeros(images.shape[:3], bool)
    corners = np.random.default_rng(seed).integers(0, 2, (len(images), 2))
    for number, corner in enumerate(corners):
        rows, columns = (
            slice(length - 1 - side, length - 1) if far else slice(1, 1 + side)
            for far, length in zip(corner, images.shape[1:3], strict=True)
        )
        where[number, rows, columns] = True
    marked[where] = colour
    return marked, where


def per_pixel(method: Callable[..., np.ndarray], **options: Any) -> Callable[..., np.ndarray]:
    """A method of ``utils.explain`` with these options, its channels added up.

    Returns a function of (model, pictures (n, height, width, channels), target) → maps (n, height, width).
    """

    def maps(model: Any, images: np.ndarray, target: Any) -> np.ndarray:
        found = method(model, images, target, **options)
        return found if found.ndim == 3 else found.sum(axis=-1)

    return maps
