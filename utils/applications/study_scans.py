"""What a report on somebody's scans shows: how they lie, three planes through each, windows, features of each mask."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy import ndimage

from utils import plots
from utils.datasets.own.patients import SAMPLE, is_ct
from utils.datasets.types import Scans
from utils.datasets.volumes import Volume
from utils.datasets.volumes.geometry import CANONICAL, turn
from utils.features.scans import WINDOWS, ways, window
from utils.features.scans_radiomics import radiomics

PLANES = ("axial", "coronal", "sagittal")
OUTLINES = plots.COLOURS[4:6]  # orange and light blue
MOST_PIXELS = 256  # per side of a picture
MOST_LABELS = 5  # structures of one mask that get a row of features each
SHOWN = {
    "volume, ml": ("shape", "MeshVolume", 0.001),
    "surface, cm²": ("shape", "SurfaceArea", 0.01),
    "sphericity": ("shape", "Sphericity", 1),
    "largest diameter, mm": ("shape", "Maximum3DDiameter", 1),
    "mean": ("firstorder", "Mean", 1),
    "median": ("firstorder", "Median", 1),
    "10th percentile": ("firstorder", "10Percentile", 1),
    "90th percentile": ("firstorder", "90Percentile", 1),
    "skewness": ("firstorder", "Skewness", 1),
    "kurtosis": ("firstorder", "Kurtosis", 1),
    "entropy": ("firstorder", "Entropy", 1),
}


def geometry(data: Scans) -> pd.DataFrame:
    """A row per scan: how large it is, and where its axes point."""
    rows = {}
    for volume, patient in zip(data.volumes, data.groups, strict=True):
        size = np.array(volume.shape) * volume.spacing
        rows[volume.name] = {
            "patient": int(patient),
            "modality": volume.modality or "not stated",
            "unit": volume.units or ("HU, from the values" if is_ct(volume) else "none"),
            "voxels": _by(volume.shape, 0),
            "spacing, mm": _by(volume.spacing, 2),
            "size, mm": _by(size, 0),
            "axes count up to": ", ".join(ways(volume)),
            "mask, ml": round(np.count_nonzero(volume.mask) * volume.voxel_volume / 1000, 3)
            if volume.mask is not None
            else np.nan,
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def features(data: Scans) -> pd.DataFrame:
    """A row per structure in each mask: its size and shape, and the statistics of what is inside, as pyradiomics has
    them (bins of 25). Measured on the part around the mask, in the resolution of the scanner."""
    rows = {}
    for volume in data.tumours:
        if volume.mask is None:
            continue
        labels = np.unique(volume.mask[volume.mask > 0])[:MOST_LABELS]
        for label in labels:
            found = radiomics(volume, int(label))
            name = volume.name if len(labels) == 1 else f"{volume.name}, label {label}"
            rows[name] = {words: found[kind, feature] * unit for words, (kind, feature, unit) in SHOWN.items()}
    return pd.DataFrame.from_dict(rows, orient="index").apply(
        lambda column: column.map(lambda value: f"{value + 0.0:.4g}")
    )


def grey(volume: Volume, picture: np.ndarray, name: str = "soft tissue") -> np.ndarray:
    """A plane from 0 to 1: in a window of CT, otherwise from the 1st to the 99th percentile of the scan."""
    if is_ct(volume):
        return window(picture, *WINDOWS[name])
    step = max(len(volume.voxels) // SAMPLE, 1)  # not all slices: they may be many, and on the disk
    low, high = np.percentile(np.asarray(volume.voxels[::step, ::2, ::2]), (1, 99))
    return window(picture, (low + high) / 2, max(high - low, 1e-6))


def planes(volume: Volume, *masks: np.ndarray) -> list[list[np.ndarray]]:
    """Axial, coronal and sagittal plane: [voxels, mask, …] of each, through the middle of the first mask or the scan.

    masks: of the shape of the scan; its own mask is taken where none is given, and may be missing. Turned so that the
    head, or the front, is above and the patient's right is left, with square pixels.
    """
    whole = turned(volume)
    masks = [turn(mask, volume.affine, CANONICAL)[0] for mask in masks] if masks else [whole.mask]
    masks = [mask for mask in masks if mask is not None]
    middle = _middle(masks[0]) if masks and masks[0].any() else np.array(whole.shape) // 2
    found = []
    for axis in range(3):
        spacing = np.delete(whole.spacing, axis)
        cut = [array[(slice(None),) * axis + (middle[axis],)] for array in (whole.voxels, *masks)]
        # Slices count up to the head, which is to be above.
        cut = [one[::-1] if axis else one for one in cut]
        found.append([_square(one, spacing, order=int(place == 0)) for place, one in enumerate(cut)])
    return found


def look(volumes: Sequence[Volume], masks: Sequence[Mapping[str, np.ndarray]] | None = None) -> Figure:
    """Three planes of each volume, a row per volume, with the outline of its mask, or of several by name."""
    masks = masks or [{} if one.mask is None else {"mask": one.mask} for one in volumes]
    figure, axes = plots.canvas(len(volumes), 3, width=9, height=3.1 * len(volumes), squeeze=False)
    for row, volume, outlines in zip(axes, volumes, masks, strict=True):
        for ax, name, (picture, *cut) in zip(row, PLANES, planes(volume, *outlines.values()), strict=True):
            ax.imshow(grey(volume, picture), cmap="gray", vmin=0, vmax=1)
            for colour, one in zip(OUTLINES, cut, strict=False):
                if one.any() and not one.all():
                    ax.contour(one > 0, [0.5], colors=[colour], linewidths=1.2)
            ax.set(title=f"{volume.name}, {name}", xticks=[], yticks=[])
            ax.grid(False)
    if len(masks[0]) > 1:  # whose outline is whose
        lines = [Line2D([], [], color=colour, label=name) for colour, name in zip(OUTLINES, masks[0], strict=False)]
        figure.legend(handles=lines, loc="outside lower center", ncols=len(lines))
    return figure


def windows(volume: Volume) -> Figure:
    """The axial plane of a CT in the windows of lung, soft tissue and bone."""
    picture = planes(volume)[0][0]
    names = ("lung", "soft tissue", "bone")
    titles = [f"{name}\n{WINDOWS[name][0]:.0f} ± {WINDOWS[name][1] / 2:.0f} HU" for name in names]
    return plots.images(
        [grey(volume, picture, name) for name in names], titles=titles, columns=3, size=3, limits=(0, 1)
    )


def turned(volume: Volume) -> Volume:
    """As ``features.scans.canonical``, but a view: a volume on the disk stays there."""
    voxels, affine = turn(volume.voxels, volume.affine, CANONICAL)
    mask = None if volume.mask is None else turn(volume.mask, volume.affine, CANONICAL)[0]
    return Volume(volume.name, volume.modality, voxels, affine, mask, volume.units)


def _middle(mask: np.ndarray) -> np.ndarray:
    """The voxel in the middle of a mask, or the one in it that is nearest to that."""
    where = np.argwhere(mask)
    return where[np.argmin(np.linalg.norm(where - where.mean(axis=0), axis=1))]


def _square(picture: np.ndarray, spacing: np.ndarray, order: int) -> np.ndarray:
    """With square pixels, as many as show what there is: order 1 for voxels, 0 for masks."""
    sides = np.array(picture.shape) * spacing
    pixel = max(spacing.min(), sides.max() / MOST_PIXELS)
    shape = np.maximum(np.round(sides / pixel), 1).astype(int)
    steps = np.maximum((pixel / spacing).astype(int), 1)  # of what is on the disk, no more is read than is shown
    picture = picture[tuple(slice(step // 2, None, step) for step in steps)]
    spacing = spacing * steps
    at = [(np.arange(size) + 0.5) * pixel / step - 0.5 for size, step in zip(shape, spacing, strict=True)]
    kind = bool if order == 0 else np.float32
    found = ndimage.map_coordinates(
        picture.astype(np.float32), np.meshgrid(*at, indexing="ij"), order=order, mode="nearest"
    )
    return found.astype(kind)


def _by(lengths: Sequence[float], digits: int) -> str:
    return " × ".join(f"{length:.{digits}f}" for length in lengths)
