"""Patches of a volume, and a window that slides over it, so that a network needs little memory for a large scan."""

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from utils.errors import UsageError

WEIGHTS = ("flat", "gaussian")
SHARP = 8  # a Gaussian's standard deviation is the patch over this


def starts(length: int, size: int, step: int) -> list[int]:
    """Where patches of this size begin along an axis, so that every voxel is in one; the last ends with the axis."""
    if size < 1 or step < 1:
        raise UsageError(f"A patch and its step are at least 1 voxel; got {size} and {step}.")
    if length <= size:
        return [0]
    return [*range(0, length - size, step), length - size]


def corners(shape: ArrayLike, size: ArrayLike, step: ArrayLike) -> np.ndarray:
    """int64 (patches, 3): the first voxel of each patch. shape, size, step: (3,); slices vary slowest."""
    axes = [starts(*numbers) for numbers in zip(_three(shape), _three(size), _three(step), strict=True)]
    return np.array(list(product(*axes)), np.int64)


def patches(voxels: np.ndarray, at: ArrayLike, size: ArrayLike) -> np.ndarray:
    """``(patches, *size)``: copies of the parts that begin at these corners. voxels: an array, also one on the disk."""
    size = _three(size)
    cut = [voxels[tuple(slice(start, start + side) for start, side in zip(corner, size, strict=True))] for corner in at]
    return np.stack(cut)


def slide(
    predict: Callable[[np.ndarray], np.ndarray],
    voxels: np.ndarray,
    size: int | ArrayLike,
    overlap: float = 0.5,
    halo: int | ArrayLike = 0,
    weights: str = "gaussian",
    batch: int = 4,
) -> np.ndarray:
    """What a network says of every voxel, patch by patch.

    With ``halo`` at least as wide as the network looks (for k layers of 3 x 3 x 3: k voxels) and flat weights, the
    answer of a fully convolutional network is that which it gives on the whole volume. Without one, what it says near
    the rim of a patch counts less (Gaussian weights) or the same (flat); Isensee and others, 2021,
    doi:10.1038/s41592-020-01008-z.

    Parameters
    ----------
    predict : function
        Takes float32 ``(batch, *size, channels)``, gives ``(batch, *size, outputs)``. It always gets whole batches.
    voxels : array (slices, rows, columns) or (slices, rows, columns, channels)
        Also one on the disk: only a batch of patches is in memory at a time.
    size : int or (3,)
        Of a patch in voxels; no larger than the volume is used.
    overlap : float
        Share of a patch, without its halo, that the next one covers again: from 0 to below 1.
    halo : int or (3,)
        Voxels at each side of a patch that are not used, except where the volume ends.
    weights : {"gaussian", "flat"}
        How much a voxel counts in the mean of the patches that it is in.
    batch : int
        Patches per call.

    Returns
    -------
    ndarray
        float32 (slices, rows, columns, outputs).

    Raises
    ------
    UsageError
        For weights that there are not, an overlap out of range, or a halo that leaves nothing of a patch.
    """
    if weights not in WEIGHTS or not 0 <= overlap < 1 or batch < 1:
        raise UsageError(
            f"weights are one of {', '.join(WEIGHTS)}, the overlap is from 0 to below 1, a batch at least 1; "
            f"got {weights!r}, {overlap!r}, {batch!r}."
        )
    voxels = voxels if voxels.ndim == 4 else voxels[..., np.newaxis]
    shape = voxels.shape[:3]
    size = np.minimum(_three(size), shape)
    rim = np.where(size < shape, _three(halo), 0)
    used = size - 2 * rim
    if (used < 1).any():
        raise UsageError(f"A halo of {halo} voxels leaves nothing of a patch of {tuple(int(side) for side in size)}.")
    step = np.maximum(np.floor(used * (1 - overlap)), 1).astype(int)
    at = corners(shape, size, step)
    weight = _weight(size, weights)
    total = norm = None
    for places, answers in _answers(predict, voxels, at, size, batch):
        if total is None:
            total = np.zeros((*shape, answers.shape[-1]), np.float32)
            norm = np.zeros(shape, np.float32)
        for corner, answer in zip(places, answers, strict=True):
            inner = [slice(0 if start == 0 else edge, None if start + side == end else side - edge)
                     for start, side, edge, end in zip(corner, size, rim, shape, strict=True)]  # fmt: skip
            outer = [slice(start + (part.start or 0), start + (side if part.stop is None else part.stop))
                     for start, side, part in zip(corner, size, inner, strict=True)]  # fmt: skip
            share = weight[tuple(inner)]
            total[tuple(outer)] += answer[tuple(inner)] * share[..., np.newaxis]
            norm[tuple(outer)] += share
    total /= norm[..., np.newaxis]
    return total


def _answers(
    predict: Callable, voxels: np.ndarray, at: np.ndarray, size: np.ndarray, batch: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Corners of a batch, and what the network says of them. The last batch is filled up: one shape is compiled."""
    for first in range(0, len(at), batch):
        places = at[first : first + batch]
        full = np.concatenate([places, np.repeat(places[-1:], batch - len(places), axis=0)])
        answers = np.asarray(predict(patches(voxels, full, size).astype(np.float32, copy=False)))
        if answers.shape[:4] != (batch, *size):
            raise UsageError(f"The network gives {answers.shape} for patches of {(batch, *map(int, size))}.")
        yield places, answers[: len(places)]


def _weight(size: np.ndarray, weights: str) -> np.ndarray:
    """float32 (*size): 1, or a Gaussian around the middle that is nowhere 0."""
    if weights == "flat":
        return np.ones(size, np.float32)
    axes = [np.exp(-0.5 * ((np.arange(side) - (side - 1) / 2) / (side / SHARP)) ** 2) for side in size]
    weight = axes[0][:, None, None] * axes[1][:, None] * axes[2]
    return np.maximum(weight, weight.max() * 1e-3).astype(np.float32)


def _three(numbers: int | ArrayLike) -> np.ndarray:
    return np.broadcast_to(np.asarray(numbers, int), 3)
