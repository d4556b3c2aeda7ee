"""Exercise of chapter 08: how far the surfaces of two masks are apart, in millimetres."""

import numpy as np
from scipy import ndimage

from utils.exercises.core import exercise


@exercise(
    "8.5",
    "Surface distance",
    points=3,
    returns=("average", "largest"),
    hints=[
        "The surface: mask & ~scipy.ndimage.binary_erosion(mask). Erosion takes away every voxel with one of its six "
        "neighbours outside, and beyond the array is outside.",
        "scipy.ndimage.distance_transform_edt(~surface, sampling=spacing) is, at each voxel, the distance in mm to the "
        "nearest voxel of that surface. Read it at the voxels of the other surface.",
        "Do it both ways, and put all distances into one array: its mean and its largest.",
    ],
)
def surface_distance(mask, other, spacing):
    """mask and other (slices, rows, columns) of bool, spacing (3,) mm → average and largest
    distance of the surfaces in mm (two floats); ValueError where a mask is empty"""
    if not mask.any() or not other.any():
        raise ValueError("An empty mask has no surface.")
    surfaces = [one & ~ndimage.binary_erosion(one) for one in (mask, other)]
    there, back = (ndimage.distance_transform_edt(~surface, sampling=spacing) for surface in surfaces)
    distances = np.concatenate([back[surfaces[0]], there[surfaces[1]]])
    return distances.mean(), distances.max()


def _ball(shape, centre, radius):
    return np.linalg.norm(np.moveaxis(np.indices(shape), 0, -1) - centre, axis=-1) <= radius


def _box(shape, *sides):
    mask = np.zeros(shape, bool)
    mask[tuple(slice(*side) for side in sides)] = True
    return mask


@surface_distance.checks
def _(answer, rng):
    why = {
        "average": "the mean over all voxels of both surfaces of the distance to the nearest of the other surface",
        "largest": "the largest of the distances in both directions",
    }
    shape = (7, 11, 9)
    ball, moved = _ball(shape, (3, 5, 4), 2.6), _ball(shape, (3, 6, 4), 2.6)
    answer.case("a ball and the same ball one row on, 1 mm", ball, moved, (1.0, 1.0, 1.0), why=why)
    answer.case("two equal masks", ball, ball.copy(), (2.0, 1.0, 1.0), why="they have one surface")
    for spacing in [(5.0, 0.6, 0.6), (1.0, 2.0, 3.0)]:
        one, two = _ball(shape, (3, 5, 4), 3.1), _ball(shape, rng.uniform(2.4, 4, size=3), 1.9)
        answer.case(f"two balls in voxels of {spacing} mm", one, two, spacing, why=why)
    inner, outer = _box(shape, (2, 5), (4, 7), (3, 6)), _box(shape, (0, 7), (1, 10), (1, 8))
    answer.case("a small box deep in a large one, which touches the rim", inner, outer, (2.0, 1.0, 1.5), why=why)
    speck = ball | _box(shape, (0, 1), (0, 1), (0, 1))
    answer.case("a ball, and the same with a single voxel far away", ball, speck, (5.0, 1.0, 1.0), why=why)
    answer.case("the same, the other way round", speck, ball, (5.0, 1.0, 1.0), why=why)
    single = _box(shape, (6, 7), (10, 11), (8, 9))
    answer.case("two single voxels in corners", _box(shape, (0, 1), (0, 1), (0, 1)), single, (1.0, 1.0, 1.0), why=why)
    nothing, why = np.zeros(shape, bool), "an empty mask has no surface, and no distance"
    answer.refuses("an empty mask and a ball", nothing, ball, (1.0, 1.0, 1.0), why=why)
    answer.refuses("a ball and an empty mask", ball, nothing, (1.0, 1.0, 1.0), why=why)


def _distances(mask, other, spacing, surface=None, target=None):
    """Distances in both directions; surface: mask → what is measured from, target: mask → what is measured to."""
    if not mask.any() or not other.any():
        raise ValueError
    surface = surface or (lambda one: one & ~ndimage.binary_erosion(one))
    target = target or surface
    found = []
    for begin, end in ((mask, other), (other, mask)):
        found.append(ndimage.distance_transform_edt(~target(end), sampling=spacing)[surface(begin)])
    return found


def _both(distances):
    together = np.concatenate(distances)
    return together.mean(), together.max()


@surface_distance.wrong("in voxels", says="your distances are in voxels; give spacing to the distance transform")
def _(mask, other, spacing):
    return surface_distance(mask, other, (1.0, 1.0, 1.0))


@surface_distance.wrong(
    "whole masks", says="you measured from every voxel of a mask; measure from its surface to the other surface"
)
def _(mask, other, spacing):
    return _both(_distances(mask, other, spacing, surface=lambda one: one))


@surface_distance.wrong(
    "to the whole mask",
    says="you measured to the nearest voxel of the other mask, which is 0 inside it; measure to its surface",
)
def _(mask, other, spacing):
    return _both(_distances(mask, other, spacing, target=lambda one: one))


@surface_distance.wrong("from the mask alone", says="you measured from mask to other alone; do it both ways")
def _(mask, other, spacing):
    there, _ = _distances(mask, other, spacing)
    return there.mean(), there.max()


@surface_distance.wrong("from the other alone", says="you measured from other to mask alone; do it both ways")
def _(mask, other, spacing):
    _, back = _distances(mask, other, spacing)
    return back.mean(), back.max()


@surface_distance.wrong(
    "the mean of two means",
    says="you took the mean of two means; here all voxels of both surfaces count alike, in one mean",
)
def _(mask, other, spacing):
    there, back = _distances(mask, other, spacing)
    return (there.mean() + back.mean()) / 2, max(there.max(), back.max())


@surface_distance.wrong(
    "the smaller of the largest", says="your largest distance is the smaller of the two directions; take the larger one"
)
def _(mask, other, spacing):
    there, back = _distances(mask, other, spacing)
    return _both([there, back])[0], min(there.max(), back.max())


@surface_distance.wrong(
    "beyond the array is inside",
    says="your surface is open where a mask touches the rim of the array; what is beyond counts as outside",
)
def _(mask, other, spacing):
    return _both(_distances(mask, other, spacing, lambda one: one & ~ndimage.binary_erosion(one, border_value=1)))


@surface_distance.wrong(
    "26 neighbours", says="your surface holds voxels whose six neighbours are inside; diagonal neighbours do not count"
)
def _(mask, other, spacing):
    block = np.ones((3, 3, 3), bool)
    return _both(_distances(mask, other, spacing, lambda one: one & ~ndimage.binary_erosion(one, block)))


@surface_distance.wrong(
    "slice by slice",
    says="you took the rim of each slice; a voxel with a neighbour outside in the next slice is surface, too",
)
def _(mask, other, spacing):
    cross = ndimage.generate_binary_structure(2, 1)[None]
    return _both(_distances(mask, other, spacing, lambda one: one & ~ndimage.binary_erosion(one, cross)))


@surface_distance.wrong(
    "the shell around",
    says="your surface lies outside the mask, where it was dilated; its own outermost voxels are meant",
)
def _(mask, other, spacing):
    return _both(_distances(mask, other, spacing, lambda one: ndimage.binary_dilation(one) & ~one))


@surface_distance.wrong(
    "spacing turned round",
    says="you turned the spacing round; it goes with the axes: slices, rows, columns",
)
def _(mask, other, spacing):
    return surface_distance(mask, other, spacing[::-1])


@surface_distance.wrong("squares", says="your distances are squared; the root is missing")
def _(mask, other, spacing):
    return _both([distances**2 for distances in _distances(mask, other, spacing)])


@surface_distance.wrong("the parts exchanged", says="you returned the largest distance first; the average comes first")
def _(mask, other, spacing):
    return surface_distance(mask, other, spacing)[::-1]


@surface_distance.wrong(
    "nothing for an empty mask", says="you returned numbers for an empty mask; raise ValueError: nothing was measured"
)
def _(mask, other, spacing):
    return surface_distance(mask, other, spacing) if mask.any() and other.any() else (0.0, 0.0)
