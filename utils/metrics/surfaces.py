"""How far apart the surfaces of two masks are in millimetres, and how many lesions are found."""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from utils.errors import CourseError
from utils.metrics.segmentation import masks


class LesionCount(NamedTuple):
    """found of ``lesions`` lesions are touched by the prediction; ``false`` pieces of it touch none."""

    found: int
    lesions: int
    false: int

    @property
    def sensitivity(self) -> float:
        """Share of the lesions that are found; NaN when there are none."""
        return self.found / self.lesions if self.lesions else float("nan")


def surface_distances(mask: ArrayLike, predicted: ArrayLike, spacing: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """From each voxel at the surface of one mask to the nearest at the surface of the other, in millimetres.

    A voxel is at the surface when one of its neighbours across a face is outside, or outside the picture.

    Parameters
    ----------
    mask, predicted : array-like of bool, or of 0 and 1, of one shape
        The true and the predicted mask, (rows, columns) or (slices, rows, columns), neither empty.
    spacing : float or (dimensions,)
        Millimetres from one voxel to the next along each axis.

    Returns
    -------
    (ndarray, ndarray)
        float64: from the true surface to the predicted one, and from the predicted one to the true one.

    Raises
    ------
    CourseError
        When shapes differ, values are not 0 or 1, a spacing is not above 0, or a mask is empty: no distance to nothing.
    """
    from scipy import ndimage

    mask, predicted = masks(mask, predicted)
    spacing = _spacing(spacing, mask.ndim)
    for name, one in (("mask", mask), ("predicted mask", predicted)):
        if not one.any():
            raise CourseError(f"The {name} is empty: there is no distance to a surface that is not there.")
    box = _box(mask | predicted)
    edges = [_edge(one[box]) for one in (mask, predicted)]
    to_edge = [ndimage.distance_transform_edt(~edge, sampling=spacing) for edge in edges]
    return to_edge[1][edges[0]], to_edge[0][edges[1]]


def hausdorff_distance(mask: ArrayLike, predicted: ArrayLike, spacing: ArrayLike, percentile: float = 100) -> float:
    """The largest of all surface distances, or a percentile: mm.

    With ``percentile=95`` the larger of the two percentiles (from the true surface, from the predicted one), so that a
    few stray voxels do not decide; Huttenlocher and others, 1993, doi:10.1109/34.232073. Arguments and errors are as
    for ``surface_distances``; two empty masks agree: 0; with one of them empty the distance is infinite.
    """
    if not 0 < percentile <= 100:
        raise CourseError(f"A percentile is above 0 and at most 100; got {percentile!r}.")
    if (empty := _of_empty(mask, predicted)) is not None:
        return empty
    return float(max(np.percentile(one, percentile) for one in surface_distances(mask, predicted, spacing)))


def average_surface_distance(mask: ArrayLike, predicted: ArrayLike, spacing: ArrayLike) -> float:
    """Mean of the surface distances of both directions together: mm. Empty masks are as for ``hausdorff_distance``."""
    if (empty := _of_empty(mask, predicted)) is not None:
        return empty
    return float(np.concatenate(surface_distances(mask, predicted, spacing)).mean())


def lesions(mask: ArrayLike, predicted: ArrayLike, overlap: float = 0.0) -> LesionCount:
    """Connected pieces, each counted once however large: which are found, and which predictions are nowhere near one.

    Voxels are connected across faces, edges and corners. A lesion is found when more than this share of its voxels is
    predicted; a predicted piece is false when it shares no voxel with any lesion.

    mask, predicted: as for ``surface_distances``, but either may be empty. overlap: from 0 to below 1.
    """
    from scipy import ndimage

    mask, predicted = masks(mask, predicted)
    if not 0 <= overlap < 1:
        raise CourseError(f"An overlap is a share from 0 to below 1; got {overlap!r}.")
    together = np.ones((3,) * mask.ndim)
    true_pieces, true_count = ndimage.label(mask, together)
    own_pieces, own_count = ndimage.label(predicted, together)
    sizes = np.bincount(true_pieces.ravel(), minlength=true_count + 1)[1:]
    shared = np.bincount(true_pieces[predicted], minlength=true_count + 1)[1:]
    touching = np.bincount(own_pieces[mask], minlength=own_count + 1)[1:]
    return LesionCount(int(np.sum(shared > overlap * sizes)), true_count, int(np.sum(touching == 0)))


def _edge(mask: np.ndarray) -> np.ndarray:
    from scipy import ndimage

    return mask & ~ndimage.binary_erosion(mask)


def _box(mask: np.ndarray) -> tuple[slice, ...]:
    """The part that holds all, so that distances are worked out nowhere else."""
    where = np.argwhere(mask)
    return tuple(slice(low, high + 1) for low, high in zip(where.min(0), where.max(0), strict=True))


def _of_empty(mask: ArrayLike, predicted: ArrayLike) -> float | None:
    mask, predicted = masks(mask, predicted)
    if mask.any() and predicted.any():
        return None
    return float("inf") if mask.any() or predicted.any() else 0.0


def _spacing(spacing: ArrayLike, dimensions: int) -> np.ndarray:
    spacing = np.asarray(spacing, float)
    if spacing.shape not in ((), (dimensions,)) or not (np.isfinite(spacing).all() and (spacing > 0).all()):
        raise CourseError(f"A spacing is one number of mm above 0, or {dimensions}, one per axis; got {spacing}.")
    return np.broadcast_to(spacing, (dimensions,))
