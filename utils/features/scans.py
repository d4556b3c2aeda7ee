"""Scans as a network can use them: windows of grey, one spacing, one orientation, MR brought to one scale."""

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from utils.datasets.volumes.geometry import CANONICAL, turn
from utils.datasets.volumes.volume import Volume
from utils.errors import UsageError

WINDOWS = {"lung": (-600.0, 1500.0), "soft tissue": (40.0, 400.0), "bone": (400.0, 1800.0), "brain": (40.0, 80.0)}
LANDMARKS = (1, 10, 20, 30, 40, 50, 60, 70, 80, 90, 99)  # percentiles that are brought to one place
SKIN = -300.0  # HU: between air and any soft tissue
WAYS = (("right", "left"), ("anterior", "posterior"), ("inferior", "superior"))


def hounsfield(stored: ArrayLike, slope: float, intercept: float) -> np.ndarray:
    """Hounsfield units of the numbers in a CT file: ``slope * stored + intercept``. Water has 0, air -1000.

    stored: any shape, as read from the file. slope, intercept: RescaleSlope and RescaleIntercept of the header.
    Returns float64 of the same shape.
    """
    return np.asarray(stored, float) * slope + intercept


def window(voxels: ArrayLike, center: float, width: float) -> np.ndarray:
    """What a radiologist's window shows: center - width / 2 and below is 0, center + width / 2 and above is 1.

    voxels: any shape, in the unit of center and width (CT: Hounsfield units). ``WINDOWS`` holds usual ones.
    Returns float32 of the same shape, from 0 to 1. Raises UsageError for a width that is not above 0.
    """
    if not width > 0:
        raise UsageError(f"A window is wider than 0; its width is {width!r}.")
    return np.clip((np.asarray(voxels, np.float32) - (center - width / 2)) / width, 0, 1, dtype=np.float32)


def resample(volume: Volume, spacing: float | ArrayLike) -> Volume:
    """The volume with another distance between its voxels: trilinear, its mask by the nearest voxel.

    The outer faces stay where they are, up to half a new voxel. Values between two voxels lie on the line between them;
    outside the outermost centres they are those of the outermost. Where voxels become larger, nothing is averaged:
    smooth first, or take means.

    Parameters
    ----------
    volume : Volume
        Any; a volume on the disk is read at once.
    spacing : float or (3,)
        Millimetres from slice to slice, row to row and column to column that are wanted; one number for all three.

    Returns
    -------
    Volume
        float32 voxels, as many as fill the same space; affine and mask to match.
    """
    wanted = np.broadcast_to(np.asarray(spacing, float), 3)
    if not (np.isfinite(wanted).all() and (wanted > 0).all()):
        raise UsageError(f"A spacing is one number above 0 (mm), or three; got {spacing!r}.")
    shape = np.maximum(np.round(np.array(volume.shape) * volume.spacing / wanted), 1).astype(int)
    step = wanted / volume.spacing
    places = [(np.arange(size) + 0.5) * ratio - 0.5 for size, ratio in zip(shape, step, strict=True)]
    voxels, mask = np.asarray(volume.voxels, np.float32), volume.mask
    for axis, at in enumerate(places):
        voxels = _linear(voxels, at, axis)
        if mask is not None:
            mask = mask.take(np.clip(np.floor(at + 0.5).astype(int), 0, mask.shape[axis] - 1), axis)
    affine = volume.affine.copy()
    affine[:3, 3] = volume.positions([[at[0] for at in places]])[0]
    affine[:3, :3] = volume.affine[:3, :3] * step
    return replace(volume, voxels=voxels, affine=affine, mask=mask)


def _linear(voxels: np.ndarray, at: np.ndarray, axis: int) -> np.ndarray:
    """Along one axis: the values at these places, in indices."""
    at = np.clip(at, 0, voxels.shape[axis] - 1)
    below = np.minimum(np.floor(at).astype(int), max(voxels.shape[axis] - 2, 0))
    above = np.minimum(below + 1, voxels.shape[axis] - 1)
    share = (at - below).astype(np.float32).reshape([-1 if other == axis else 1 for other in range(3)])
    return voxels.take(below, axis) * (1 - share) + voxels.take(above, axis) * share


def canonical(volume: Volume) -> Volume:
    """The volume with slices that count up to the head, rows to the back and columns to the patient's left.

    Shown row by row it is what a radiologist sees: the patient's right is on the left of the picture. Axes change
    places and direction, no value is changed, and an oblique volume stays oblique.
    """
    voxels, affine = turn(volume.voxels, volume.affine, CANONICAL)
    mask = None if volume.mask is None else np.ascontiguousarray(turn(volume.mask, volume.affine, CANONICAL)[0])
    return replace(volume, voxels=np.ascontiguousarray(voxels), affine=affine, mask=mask)


def ways(volume: Volume) -> tuple[str, str, str]:
    """Where slices, rows and columns count up to: "superior", "posterior", "left" … (the nearest of six)."""
    axes = [int(np.argmax(np.abs(column))) for column in volume.direction.T]
    return tuple(WAYS[axis][int(volume.direction[axis, number] > 0)] for number, axis in enumerate(axes))


def inside(volume: Volume) -> np.ndarray:
    """bool (slices, rows, columns): the patient, without the air around: the largest piece, its holes filled by slice.

    CT: above -300 HU. MR and others: above the threshold that separates dark from bright best (Otsu 1979,
    doi:10.1109/TSMC.1979.4310076).
    """
    from scipy import ndimage
    from skimage.filters import threshold_otsu

    voxels = np.asarray(volume.voxels)
    limit = SKIN if volume.units == "HU" else threshold_otsu(voxels)
    body = largest(ndimage.binary_opening(voxels > limit, np.ones((1, 3, 3))))
    return np.stack([ndimage.binary_fill_holes(picture) for picture in body])


def largest(mask: ArrayLike) -> np.ndarray:
    """bool, the largest connected piece of a mask (voxels that share a face); all False when the mask is."""
    from scipy import ndimage

    pieces, count = ndimage.label(np.asarray(mask, bool))
    if not count:
        return pieces > 0
    return pieces == 1 + np.argmax(np.bincount(pieces.ravel())[1:])


def z_scores(voxels: ArrayLike, within: ArrayLike) -> np.ndarray:
    """MR in standard deviations from the mean, both measured within a mask (the head, without the air around it).

    voxels: any shape; within: bool, the same shape, with at least two different values inside. Returns float32.
    """
    voxels, part = np.asarray(voxels, np.float32), _part(voxels, within)
    return ((voxels - part.mean()) / part.std()).astype(np.float32)


def landmarks(voxels: ArrayLike, within: ArrayLike, percentiles: ArrayLike = LANDMARKS) -> np.ndarray:
    """float64: the percentiles of the voxels within a mask; the mean of those of several scans is a standard scale."""
    return np.percentile(_part(voxels, within), percentiles)


def to_landmarks(
    voxels: ArrayLike, within: ArrayLike, standard: ArrayLike, percentiles: ArrayLike = LANDMARKS
) -> np.ndarray:
    """MR brought to a standard scale: its percentiles go to the given ones, what lies between on straight lines.

    voxels, within: as for ``z_scores``. standard: as many values, rising, as there are percentiles. Beyond the first
    and the last the outermost line goes on. Returns float32. Nyul and others, 2000, doi:10.1109/42.836373.
    """
    standard = np.asarray(standard, float)
    own = landmarks(voxels, within, percentiles)
    if standard.shape != own.shape or (np.diff(standard) <= 0).any():
        raise UsageError(f"The standard scale has {own.size} rising values, one per percentile; got {standard}.")
    kept = np.concatenate([[True], np.diff(own) > 0])  # a plateau has no slope
    own, standard = own[kept], standard[kept]
    if own.size < 2:
        raise UsageError("The voxels within the mask are all alike: there is no scale to bring them to another.")
    line = np.clip(np.searchsorted(own, voxels, side="right") - 1, 0, own.size - 2)
    slopes = np.diff(standard) / np.diff(own)
    return (standard[line] + (np.asarray(voxels, float) - own[line]) * slopes[line]).astype(np.float32)


def _part(voxels: ArrayLike, within: ArrayLike) -> np.ndarray:
    voxels, within = np.asarray(voxels), np.asarray(within, bool)
    if voxels.shape != within.shape:
        raise UsageError(f"Voxels {voxels.shape} and mask {within.shape} have one shape; these have two.")
    part = voxels[within].astype(float)
    if part.size < 2 or part.min() == part.max():
        raise UsageError(
            f"The mask holds {part.size:,} voxels, all alike; a scale needs at least two different values."
        )
    return part
