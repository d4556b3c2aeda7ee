"""Numbers that describe a tumour, by their definitions: how bright it is, how large, how round.

Definitions and names are those of pyradiomics (doi:10.1158/0008-5472.CAN-17-0339), which follows the Image Biomarker
Standardisation Initiative (doi:10.1148/radiol.2020191145) but for the kurtosis, from which it does not take 3.
"""

import contextlib
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utils.datasets.catalogue import find
from utils.datasets.store import read_csv
from utils.datasets.volumes.volume import Volume
from utils.errors import UsageError

BIN_WIDTH = 25.0  # of the histogram behind entropy and uniformity
CORNERS = np.array(
    [[0, 0, 0], [0, 0, 1], [0, 1, 1], [0, 1, 0], [1, 0, 0], [1, 0, 1], [1, 1, 1], [1, 1, 0]]
)  # of a cube
EDGES = np.array([[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4], [0, 4], [1, 5], [2, 6], [3, 7]])
MIDDLES = CORNERS[EDGES].mean(axis=1)
SHIFT = 2000.0  # added to every value for energy and root mean square, so that no Hounsfield unit is below 0


def radiomics(volume: Volume, label: int = 1, bin_width: float = BIN_WIDTH, shift: float = SHIFT) -> pd.Series:
    """All features of the voxels with this label in the mask; index (kind, feature), as ``Scans.published`` has it."""
    if volume.mask is None or not (volume.mask == label).any():
        raise UsageError(f"The volume {volume.name!r} has no voxel in a mask with the label {label}.")
    mask = volume.mask == label
    features = {
        "firstorder": first_order(volume.voxels[mask], volume.voxel_volume, bin_width, shift),
        "shape": shape(mask, volume.spacing),
    }
    values = {(kind, name): value for kind, table in features.items() for name, value in table.items()}
    return pd.Series(values, name=volume.name).rename_axis(["kind", "feature"])


def first_order(
    values: ArrayLike, voxel_volume: float = 1.0, bin_width: float = BIN_WIDTH, shift: float = SHIFT
) -> dict[str, float]:
    """Statistics of the values within a mask, without regard to where they are.

    values: (n,), at least one. voxel_volume: mm³, for the total energy. Kurtosis: 3 for a normal distribution.
    Skewness and kurtosis are 0 where all values are alike.
    """
    values = np.asarray(values, float).ravel()
    if not values.size:
        raise UsageError("There are no values to describe: the mask is empty.")
    mean, deviation = values.mean(), values - values.mean()
    variance = np.mean(deviation**2)
    low, quarter, middle, three, high = np.percentile(values, [10, 25, 50, 75, 90])
    core = values[(values >= low) & (values <= high)]
    shares = histogram_shares(values, bin_width)
    energy = np.sum((values + shift) ** 2)
    flat = variance == 0
    return {
        "10Percentile": low,
        "90Percentile": high,
        "Energy": energy,
        "Entropy": -np.sum(shares * np.log2(shares)),
        "InterquartileRange": three - quarter,
        "Kurtosis": 0.0 if flat else np.mean(deviation**4) / variance**2,
        "Maximum": values.max(),
        "Mean": mean,
        "MeanAbsoluteDeviation": np.mean(np.abs(deviation)),
        "Median": middle,
        "Minimum": values.min(),
        "Range": np.ptp(values),
        "RobustMeanAbsoluteDeviation": np.mean(np.abs(core - core.mean())),
        "RootMeanSquared": np.sqrt(energy / values.size),
        "Skewness": 0.0 if flat else np.mean(deviation**3) / variance**1.5,
        "TotalEnergy": energy * voxel_volume,
        "Uniformity": np.sum(shares**2),
        "Variance": variance,
    }


def histogram_shares(values: ArrayLike, bin_width: float = BIN_WIDTH) -> np.ndarray:
    """Share of the values in each bin that holds any. Bins begin at multiples of their width, not at the smallest."""
    if not bin_width > 0:
        raise UsageError(f"A bin is wider than 0; its width is {bin_width!r}.")
    counts = np.unique(np.floor(np.asarray(values, float) / bin_width), return_counts=True)[1]
    return counts / counts.sum()


def shape(mask: ArrayLike, spacing: ArrayLike) -> dict[str, float]:
    """How large and how round: mm, mm² and mm³.

    mask: bool (slices, rows, columns) with at least one voxel. spacing: (3,) mm. The surface is that of marching cubes:
    through the middle between each voxel inside and its neighbour outside. Diameters are measured on it, the axes on
    the voxels: four standard deviations along the principal components.
    """
    mask, spacing = np.asarray(mask, bool), np.asarray(spacing, float)
    points = np.argwhere(mask) * spacing
    triangles = surface(mask, spacing)
    area, volume = surface_area(triangles), enclosed_volume(triangles)
    corners = np.unique(triangles.reshape(-1, 3), axis=0)
    spreads = np.linalg.eigvalsh(np.cov(points.T, bias=True)) if len(points) > 1 else np.zeros(3)
    least, minor, major = 4 * np.sqrt(np.maximum(spreads, 0))
    in_slice, in_row, in_column = (_diameter_in_planes(corners, axis) for axis in range(3))
    return {
        "Elongation": minor / major if major else 1.0,
        "Flatness": least / major if major else 1.0,
        "LeastAxisLength": least,
        "MajorAxisLength": major,
        "Maximum2DDiameterColumn": in_row,  # in planes across the rows: pyradiomics names it by what varies
        "Maximum2DDiameterRow": in_column,
        "Maximum2DDiameterSlice": in_slice,
        "Maximum3DDiameter": diameter(corners),
        "MeshVolume": volume,
        "MinorAxisLength": minor,
        "Sphericity": sphericity(volume, area),
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume,
        "VoxelVolume": len(points) * float(np.prod(spacing)),
    }


def surface(mask: ArrayLike, spacing: ArrayLike) -> np.ndarray:
    """Triangles float64 (n, 3 corners, 3) in mm of the surface around a mask, by marching cubes.

    Every eight neighbouring voxel centres make a cube. Which of them are inside tells which of its edges the surface
    crosses, in the middle; a table says how these points are joined (Lorensen and Cline, 1987, doi:10.1145/37402.37422;
    the table is that of pyradiomics). Where voxels inside touch at an edge or a corner only, a cube can be cut in two
    ways, and programs choose differently: areas then differ by some tenths of a percent, volumes by less.

    mask: bool (slices, rows, columns). Corners are counted from the voxel before the first one inside, on each axis.
    """
    mask = np.asarray(mask, bool)
    if not mask.any():
        raise UsageError("There is no surface: the mask is empty.")
    where = np.argwhere(mask)
    inside = np.pad(mask[tuple(slice(low, high + 1) for low, high in zip(where.min(0), where.max(0), strict=True))], 1)
    many = np.array(inside.shape) - 1
    corners = [inside[tuple(slice(at, at + n) for at, n in zip(corner, many, strict=True))] for corner in CORNERS]
    cubes = sum(part.astype(int) << bit for bit, part in enumerate(corners))
    turned = cubes > 127  # the same cut, seen from the other side
    cubes = np.where(turned, 255 - cubes, cubes)
    found = []
    for cube, edges in _cubes().items():
        here = np.argwhere(cubes == cube)
        triangles = here[:, None, None] + MIDDLES[edges]
        other = turned[tuple(here.T)]
        triangles[other] = triangles[other][:, :, ::-1]
        found.append(triangles.reshape(-1, 3, 3))
    return np.concatenate(found) * np.asarray(spacing, float)


@cache
def _cubes() -> dict[int, np.ndarray]:
    """cube → int (triangles, 3 edges)."""
    table = read_csv(find("scans"), "cubes.csv")
    return {int(cube): rows[["one", "two", "three"]].to_numpy() for cube, rows in table.groupby("cube")}


def surface_area(triangles: np.ndarray) -> float:
    """mm²: half the length of the cross product of two sides, summed over the triangles."""
    one, two, three = triangles.transpose(1, 0, 2)
    return float(np.linalg.norm(np.cross(two - one, three - one), axis=1).sum() / 2)


def enclosed_volume(triangles: np.ndarray) -> float:
    """mm³ within a surface: each triangle and the origin make a pyramid, counted with its sign."""
    one, two, three = triangles.transpose(1, 0, 2)
    return float(abs(np.einsum("ij,ij->", one, np.cross(two, three))) / 6)


def sphericity(volume: float, area: float) -> float:
    """Surface of a ball of this volume over the surface there is: 1 for a ball, less for anything else."""
    return float((36 * np.pi * volume**2) ** (1 / 3) / area)


def diameter(points: ArrayLike) -> float:
    """Largest distance between two points, (n, 2) or (n, 3); only those on the convex hull can be so far apart."""
    from scipy.spatial import ConvexHull, QhullError
    from scipy.spatial.distance import pdist

    points = np.asarray(points, float)
    if len(points) > 100:
        with contextlib.suppress(QhullError):  # all in one plane or on one line
            points = points[ConvexHull(points).vertices]
    return float(pdist(points).max(initial=0.0))


def _diameter_in_planes(corners: np.ndarray, axis: int) -> float:
    """Largest distance between two corners that lie in one plane across this axis."""
    order = np.argsort(corners[:, axis], kind="stable")
    across = np.delete(corners[order], axis, axis=1)
    edges = np.flatnonzero(np.diff(corners[order, axis]) > 1e-6) + 1
    return max(diameter(plane) for plane in np.split(across, edges))
