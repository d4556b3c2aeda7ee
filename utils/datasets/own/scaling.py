"""Pictures brought to one size."""

from collections.abc import Sequence

import numpy as np

SMALLEST = 8  # pixels per side
SIDE = 64  # pixels on the shorter side of what a study computes with, unless somebody asks for more
LARGEST = 224  # pixels per side of pictures of different sizes, unless somebody asks for fewer


def target(sizes: Sequence[tuple[int, int]], side: int | None) -> tuple[int, int]:
    """The common (height, width) of pictures of these sizes.

    Of one size: as they are or, where the shorter side has more than ``side`` pixels, smaller in the same proportions.
    Of different sizes: a square with the median of the shorter sides, and at most ``side`` (or 224) pixels.
    """
    shorter = [min(size) for size in sizes]
    if len(set(sizes)) == 1:
        factor = 1.0 if side is None else min(side / shorter[0], 1.0)
        return tuple(max(round(length * factor), SMALLEST) for length in sizes[0])
    edge = max(min(int(np.median(shorter)), side or LARGEST), SMALLEST)
    return edge, edge


def scaled(picture: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """uint8 (height, width) or (height, width, 1 or 3) → ``(*shape, channels)``: of another proportion, the middle.

    Each new pixel is a weighted mean of all those that it replaces, so that thin lines do not vanish.
    """
    from PIL import Image

    height, width = picture.shape[:2]
    flat = picture.reshape(height, width) if picture.ndim == 2 or picture.shape[2] == 1 else picture
    if (height, width) != tuple(shape):
        factor = max(shape[0] / height, shape[1] / width)
        top, left = (height - shape[0] / factor) / 2, (width - shape[1] / factor) / 2
        box = (left, top, width - left, height - top)
        small = Image.fromarray(flat).resize(shape[::-1], Image.Resampling.BILINEAR, box=box)
        flat = np.asarray(small)
    return flat.reshape(*shape, -1)
