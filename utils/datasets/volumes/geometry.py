"""What an affine may be, and arrays turned so that their axes run like those of another."""

from pathlib import Path

import numpy as np

from utils.datasets.volumes.refusals import refusal

SHEARED = 0.5  # degrees that two axes may be off a right angle
TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])  # from axes to the right and to the front, as NIfTI has them
CANONICAL = np.array([[0.0, 0, 1], [0, 1, 0], [1, 0, 0]])  # slices to the head, rows to the back, columns to the left


def refuse_distorted(path: Path, affine: np.ndarray) -> None:
    """CourseError for an affine without extent along an axis, with a value that is no number, or with oblique axes."""
    axes = affine[:3, :3]
    if not np.isfinite(affine).all():
        raise refusal(path, "an affine of numbers", "one with values that are not (NaN or infinite)")
    lengths = np.linalg.norm(axes, axis=0)
    if (lengths == 0).any() or abs(np.linalg.det(axes / lengths)) < 1e-3:
        raise refusal(
            path,
            "an affine that places each voxel",
            "zeros, or two axes along one line",
            "export the scan again with its geometry",
        )
    units = axes / lengths
    cosines = [abs(units[:, one] @ units[:, other]) for one, other in ((0, 1), (0, 2), (1, 2))]
    degrees = np.degrees(np.arcsin(min(1.0, max(cosines))))
    if degrees > SHEARED:
        raise refusal(
            path,
            "axes at right angles",
            f"an affine sheared by {degrees:.1f} degrees",
            "resample the scan to a straight grid first",
        )


def turn(array: np.ndarray, affine: np.ndarray, like: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The array (a view) with its axes in the order and direction of other axes, and the affine that belongs to it.

    like: (3, 3), its columns the directions wanted for the first, second and third axis. No value is interpolated: each
    axis goes where it points most, so that an oblique volume stays oblique.
    """
    units = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    shares = np.linalg.inv(like / np.linalg.norm(like, axis=0)) @ units  # row: axis wanted, column: axis there is
    order = _assigned(np.abs(shares))
    signs = [np.sign(shares[wanted, axis]) for wanted, axis in enumerate(order)]
    turned = affine.copy()
    turned[:3, :3] = affine[:3, list(order)] * signs
    corner = np.zeros(3)
    for sign, axis in zip(signs, order, strict=True):
        corner[axis] = array.shape[axis] - 1 if sign < 0 else 0
    turned[:3, 3] += affine[:3, :3] @ corner
    steps = tuple(slice(None, None, int(sign)) for sign in signs)
    return array.transpose(order)[steps], turned


def _assigned(shares: np.ndarray) -> tuple[int, int, int]:
    """The axis for each axis wanted: of the six ways the one whose shares together are largest."""
    from itertools import permutations

    return max(permutations(range(3)), key=lambda order: sum(shares[wanted, axis] for wanted, axis in enumerate(order)))


def same_grid(shape: tuple[int, int, int], one: np.ndarray, other: np.ndarray) -> float:
    """How far the corners of two grids of this shape are apart, at most, in voxels of the first."""
    corners = np.array(
        [[a, b, c, 1.0] for a in (0, shape[0] - 1) for b in (0, shape[1] - 1) for c in (0, shape[2] - 1)]
    )
    apart = np.linalg.norm((corners @ (one - other).T)[:, :3], axis=1).max()
    return float(apart / np.linalg.norm(one[:3, :3], axis=0).min())
