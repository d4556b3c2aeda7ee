"""Exercises of chapter 08, where things are: the order of slices, and one place in two scans."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "8.2",
    "The order of the slices",
    points=2,
    hints=[
        "The direction across the slices: np.cross(orientation[:3], orientation[3:]).",
        "How far a slice lies in that direction is the scalar product of its position with it: positions @ normal.",
        "np.argsort gives the order; np.diff of the sorted distances shows slices that lie at the same place.",
    ],
)
def slice_order(positions, orientation):
    """positions (n, 3) mm, orientation (6,): direction of a row, then of a column → (n,) numbers
    of the slices along the normal; ValueError where two are less than 0.01 mm apart along it"""
    normal = np.cross(orientation[:3], orientation[3:])
    along = positions @ normal
    order = np.argsort(along)
    if np.any(np.diff(along[order]) < 0.01):
        raise ValueError("Two slices lie at the same place.")
    return order


AXIAL, CORONAL, SAGITTAL = (1.0, 0, 0, 0, 1, 0), (1.0, 0, 0, 0, 0, -1), (0.0, 1, 0, 0, 0, -1)
ON_ITS_SIDE = (0.0, 0, 1, 0, 1, 0)  # rows from the feet to the head


def _oblique(rng):
    """Two directions at a right angle, between all axes."""
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return np.concatenate([turn[0], turn[1]])


def _stack(rng, orientation, n, step):
    """Positions (n, 3) of slices on both sides of the origin, neither in order nor in reverse."""
    row, column = np.reshape(orientation, (2, 3))
    along = step * (np.arange(n) - 0.4 * n + 0.13)
    positions = rng.uniform(-20, 20, size=2) @ [row, column] + along[:, None] * np.cross(row, column)
    order = rng.permutation(n)
    while np.ptp(np.diff(order)) == 0:
        order = rng.permutation(n)
    return positions[order]


@slice_order.checks
def _(answer, rng):
    why = "sort by the scalar product with the normal, row × column, and return the numbers of the slices"
    views = {"axial": AXIAL, "coronal": CORONAL, "sagittal": SAGITTAL, "oblique": _oblique(rng)}
    for (view, orientation), n, step in zip(views.items(), (7, 6, 9, 8), (5.0, 1.25, 3.0, 0.1), strict=True):
        positions = _stack(rng, orientation, n, step)
        inputs = f"{n} {view} slices, {step:g} mm apart,"
        answer.case(inputs, positions, np.array(orientation), why=why, shape="one number for each slice")
    upside_down = np.array([1.0, 0, 0, 0, -1, 0])  # rows from left to right, columns from back to front
    answer.case("axial slices whose columns run from back to front", _stack(rng, AXIAL, 5, 2.0), upside_down, why=why)
    turned = np.array(ON_ITS_SIDE)
    answer.case(
        "sagittal slices whose rows run from the feet to the head", _stack(rng, turned, 5, 2.0), turned, why=why
    )
    answer.case("a single slice", np.array([[1.0, 2.0, 3.0]]), np.array(AXIAL), why="it is number 0")
    close = np.array([[0.0, 0, 5], [0, 0, 5.015], [0, 0, 2]])
    answer.case("two slices that are 0.015 mm apart", close, np.array(AXIAL), why="0.01 mm or more is another place")
    twice = _stack(rng, CORONAL, 5, 4.0)
    twice[3] = twice[1] + [7, 0, 0]  # moved within its plane
    why = "two slices at one place are a mistake that must be seen"
    answer.refuses("a slice that lies in the plane of another,", twice, np.array(CORONAL), why=why)
    rounded = np.array([[0.0, 0, 5], [0, 0, 5.004], [0, 0, 2]])
    answer.refuses("two slices that are 0.004 mm apart", rounded, np.array(AXIAL), why=why)


def _by(number, positions):
    """The order by any number per slice, with the refusal."""
    order = np.argsort(number, kind="stable")
    if np.any(np.diff(number[order]) < 0.01):
        raise ValueError
    return order


@slice_order.wrong(
    "by the third coordinate",
    says="you sorted by the third coordinate; that is the normal of axial slices alone. Take the scalar product with "
    "row × column",
)
def _(positions, orientation):
    return np.argsort(positions[:, 2], kind="stable")


@slice_order.wrong(
    "from the far end",
    says="your order runs against the normal, row × column (column × row points the other way); let it rise",
)
def _(positions, orientation):
    return slice_order(positions, orientation)[::-1]


@slice_order.wrong(
    "by the distance from the origin",
    says="you sorted by a distance without its sign; slices on the two sides of the origin then mix. Take the scalar "
    "product with the normal",
)
def _(positions, orientation):
    return np.argsort(np.linalg.norm(positions, axis=1), kind="stable")


@slice_order.wrong("ranks", says="you returned the rank of each slice; return which slice comes first, which second")
def _(positions, orientation):
    return np.argsort(slice_order(positions, orientation))


@slice_order.wrong("sorted positions", says="you returned the positions in order; return the numbers of the slices")
def _(positions, orientation):
    return positions[slice_order(positions, orientation)]


@slice_order.wrong("sorted distances", says="you returned distances in order; return the numbers of the slices")
def _(positions, orientation):
    return np.sort(positions @ np.cross(orientation[:3], orientation[3:]))


@slice_order.wrong("counts from 1", says="you count the slices from 1; the first in the list is number 0")
def _(positions, orientation):
    return slice_order(positions, orientation) + 1


@slice_order.wrong(
    "within the slice",
    says="your order is that in which the slices came; did you sort along a direction within them? Take row × column",
)
def _(positions, orientation):
    return np.argsort(positions @ orientation[:3], kind="stable")


@slice_order.wrong(
    "refuses nothing", says="you returned an order, although two slices lie at the same place: raise ValueError"
)
def _(positions, orientation):
    return np.argsort(positions @ np.cross(orientation[:3], orientation[3:]), kind="stable")


@slice_order.wrong(
    "refuses equal numbers only",
    says="you refuse slices only where their distances are equal to the last digit; less than 0.01 mm apart is the "
    "same place, too",
)
def _(positions, orientation):
    along = positions @ np.cross(orientation[:3], orientation[3:])
    if len(np.unique(along.round(6))) < len(along):
        raise ValueError
    return np.argsort(along)


@exercise(
    "8.3",
    "The same place in another scan",
    points=2,
    hints=[
        "affine takes [i, j, k, 1] to millimetres: append a column of ones to voxels, and multiply by affine.T.",
        "From millimetres to the voxels of the other scan goes the inverse, np.linalg.inv(other).",
        "The last column of the result is 1 again; leave it out. A fraction of a voxel is a place, too: do not round.",
    ],
)
def same_place(voxels, affine, other):
    """voxels (n, 3) of one scan; affine and other (4, 4), voxel → mm of this and of the other scan
    → (n, 3) float, the voxels of the other scan at the same places"""
    places = voxels @ affine[:3, :3].T + affine[:3, 3]
    return np.linalg.solve(other[:3, :3], (places - other[:3, 3]).T).T


def _affine(rng, spacing, turned=True):
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0] if turned else np.diag([1.0, -1, 1])[[0, 2, 1]]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = turn * spacing, rng.uniform(-200, 200, size=3)
    return affine


@same_place.checks
def _(answer, rng):
    why = "voxel → mm by affine, then mm → voxel by the inverse of other"
    for n, first, second, turned in [(4, (0.8, 0.8, 5), (2, 2, 2), False), (1, (1, 1, 1), (0.5, 0.7, 3), True)]:
        answer.case(
            f"{n} voxel{'s' if n > 1 else ''} of {first} mm and a scan with voxels of {second} mm",
            *(rng.integers(0, 60, size=(n, 3)), _affine(rng, first, turned), _affine(rng, second, turned)),
            why=why,
            shape="three numbers for each voxel",
        )
    half = rng.uniform(0, 60, size=(3, 3))
    answer.case("places between voxels", half, _affine(rng, (0.6, 0.6, 5)), _affine(rng, (3, 1, 1)), why=why)


def _homogeneous(voxels, matrix):
    return (np.column_stack([voxels, np.ones(len(voxels))]) @ matrix.T)[:, :3]


@same_place.wrong("returns millimetres", says="you returned millimetres; go on to the voxels of the other scan")
def _(voxels, affine, other):
    return _homogeneous(voxels, affine)


@same_place.wrong("rounds", says="you rounded; a place between voxels is a place, too")
def _(voxels, affine, other):
    return same_place(voxels, affine, other).round()


@same_place.wrong("the other way round", says="you went from the other scan to this one; affine comes first")
def _(voxels, affine, other):
    return same_place(voxels, other, affine)


@same_place.wrong("no inverse", says="you multiplied by both matrices; from mm to voxels goes the inverse of other")
def _(voxels, affine, other):
    return _homogeneous(voxels, other @ affine)


@same_place.wrong("the wrong inverse", says="you inverted affine; it is other that must be inverted")
def _(voxels, affine, other):
    return _homogeneous(voxels, other @ np.linalg.inv(affine))


@same_place.wrong(
    "the wrong order of the product", says="you multiplied in the wrong order: inverse of other @ affine @ voxel"
)
def _(voxels, affine, other):
    return _homogeneous(voxels, affine @ np.linalg.inv(other))


@same_place.wrong(
    "forgets where the scans begin",
    says="you left out the last column of the matrices: the scans begin at different places",
)
def _(voxels, affine, other):
    return voxels @ (np.linalg.inv(other[:3, :3]) @ affine[:3, :3]).T


@same_place.wrong(
    "subtracts afterwards", says="you subtracted the other scan's begin after its inverse; subtract it in mm, before"
)
def _(voxels, affine, other):
    return _homogeneous(voxels, affine) @ np.linalg.inv(other[:3, :3]).T - other[:3, 3]


@same_place.wrong("transposed", says="you multiplied by transposed matrices; for rows it is voxels @ matrix.T")
def _(voxels, affine, other):
    places = voxels @ affine[:3, :3] + affine[:3, 3]
    return (places - other[:3, 3]) @ np.linalg.inv(other[:3, :3])


@same_place.wrong(
    "spacing alone", says="you used the spacing alone; the axes of the scans point in different directions, too"
)
def _(voxels, affine, other):
    first, second = (np.linalg.norm(matrix[:3, :3], axis=0) for matrix in (affine, other))
    return (voxels * first + affine[:3, 3] - other[:3, 3]) / second


@same_place.wrong("four numbers", says="you returned four numbers for each voxel; the last one is 1 and goes")
def _(voxels, affine, other):
    return np.column_stack([same_place(voxels, affine, other), np.ones(len(voxels))])


@same_place.wrong("one voxel only", says="you returned the place of the first voxel only; voxels has a row for each")
def _(voxels, affine, other):
    return same_place(voxels[:1], affine, other)[0]
