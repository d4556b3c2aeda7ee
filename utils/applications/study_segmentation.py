"""Masks for somebody's scans: a small 3-D U-Net on patches, and a rule of thresholds beside it.

    cases = segmentation.cases(data, split, most=600_000)      # one orientation, one spacing, one scale of grey
    model = segmentation.train(cases["train"], steps=300)
    segmentation.of_network(model)                             # name → candidate
    segmentation.of_rule(cases["train"])

A candidate is a function of a case that returns its mask. Who is best, and how good, says ``study_masks``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from typing import Any

import keras
import numpy as np
from scipy import ndimage
from scipy.special import expit

from utils.applications import scan_tumours
from utils.applications.scans import SCALE
from utils.applications.study_scans import turned
from utils.datasets.own.patients import is_ct
from utils.datasets.splits import Split
from utils.datasets.types import Scans
from utils.datasets.volumes import Volume
from utils.features import scans as features
from utils.features.scans_patches import slide
from utils.nn.inference import predict

PATCH = (8, 48, 48)  # voxels
WINDOW = (16, 96, 96)  # voxels that the network sees at a time when it has learned
SURE = (0.3, 0.5, 0.7)  # probabilities above which a voxel may be taken
QUANTILES = ((0.02, 0.98), (0.1, 0.98), (0.25, 0.98), (0.02, 0.75), (0.1, 0.9), (0.25, 0.75))
Candidate = Callable[["Case"], np.ndarray]


@dataclass(frozen=True, eq=False)
class Case:
    """One scan on the common grid.

    voxels: float32 (slices, rows, columns), of one scale. mask: bool, the same shape. spacing: mm. volume: on that
    grid, with its own numbers.
    """

    volume: Volume
    voxels: np.ndarray
    mask: np.ndarray
    patient: int

    @property
    def spacing(self) -> np.ndarray:
        return self.volume.spacing

    @cached_property
    def box(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the mask begins and ends, as shares of the scan."""
        where = np.argwhere(self.mask) / np.array(self.mask.shape)
        return where.min(axis=0), where.max(axis=0)


def cases(data: Scans, split: Split, most: int) -> dict[str, list[Case]]:
    """The scans of each part, in one orientation, on the grid of the training scans, in one scale of grey.

    Training decides the spacing: its median, made coarser until no training scan has more than ``most`` voxels. CT is
    in thousands of HU from -1 to 1; anything else in standard deviations from the mean of the patient's inside.
    """
    spacing = grid([turned(data.volumes[row]) for row in split.train], most)
    return {
        part: [_case(data.volumes[row], int(data.groups[row]), spacing) for row in rows]
        for part, rows in split.parts().items()
    }


def grid(volumes: Sequence[Volume], most: int) -> np.ndarray:
    """(3,) mm: the median spacing, its finer axes made coarser until no volume has more voxels than ``most``."""
    spacing = np.median([volume.spacing for volume in volumes], axis=0)
    extent = np.max([np.array(volume.shape) * volume.spacing for volume in volumes], axis=0)
    coarsest = spacing.min()
    while np.prod(extent / np.maximum(spacing, coarsest)) > most:
        coarsest *= 1.05
    return np.maximum(spacing, coarsest)


def _case(volume: Volume, patient: int, spacing: np.ndarray) -> Case:
    ct = is_ct(volume)
    volume = features.resample(means(turned(volume), spacing), spacing)
    if ct:
        voxels = np.clip(volume.voxels / 1000, -1, 1)
    else:
        voxels = np.clip(features.z_scores(volume.voxels, features.inside(volume)), -5, 5)
    return Case(volume, voxels.astype(np.float32), volume.mask > 0, patient)


def means(volume: Volume, spacing: np.ndarray) -> Volume:
    """Means of as many whole voxels as fit into one of this spacing (mm), of the mask the middle one.

    Slices are read some at a time, so that a volume on the disk stays there.
    """
    steps = np.maximum((spacing / volume.spacing + 1e-6).astype(int), 1)
    shape = np.maximum(np.array(volume.shape) // steps, 1)
    steps = np.minimum(steps, volume.shape)
    rows, columns = shape[1:] * steps[1:]
    found = np.empty(shape, np.float32)
    for place in range(shape[0]):
        slab = volume.voxels[place * steps[0] : (place + 1) * steps[0], :rows, :columns].mean(axis=0, dtype=np.float32)
        found[place] = slab.reshape(shape[1], steps[1], shape[2], steps[2]).mean(axis=(1, 3))
    mask = volume.mask[tuple(slice(step // 2, None, step) for step in steps)]
    mask = mask[tuple(slice(length) for length in shape)]
    affine = volume.affine.copy()
    affine[:3, 3] = volume.positions([(steps - 1) / 2])[0]
    affine[:3, :3] = volume.affine[:3, :3] * steps
    return Volume(volume.name, volume.modality, found, affine, np.ascontiguousarray(mask), volume.units)


# --- the network --------------------------------------------------------------------------------------------------


def lesson(case: Case) -> scan_tumours.Case:
    """A case as the network learns from it: large enough for a patch, with nothing to learn in what was added."""
    sides = [max(length, size) for length, size in zip(case.mask.shape, PATCH, strict=True)]
    labels = _filled(case.mask.astype(np.float32), sides, scan_tumours.UNUSED)
    region = _filled(features.inside(case.volume), sides, False)
    if not region.any():  # nothing stands out from the background
        region |= True
    return scan_tumours.Case(SCALE * _filled(case.voxels, sides), labels, region, case.spacing)


def _filled(array: np.ndarray, sides: Sequence[int], value: float | bool | None = None) -> np.ndarray:
    """With these sides: filled with a value at the ends or, without one, with what is at the edge."""
    room = [(0, side - length) for side, length in zip(sides, array.shape, strict=True)]
    return np.pad(array, room, mode="edge") if value is None else np.pad(array, room, constant_values=value)


def train(cases: Sequence[Case], *, steps: int, width: int = 8, seed: int = 0, **options: Any) -> keras.Model:
    """The small 3-D U-Net of chapter 08, trained on patches of these patients, mirrored at random.

    steps: batches of four patches in all. options: for ``scan_tumours.train``.
    """
    lessons = [lesson(case) for case in cases]
    return scan_tumours.train(lessons, steps=steps, width=width, seed=seed, size=PATCH, **options)[0]


def probabilities(model: keras.Model, case: Case) -> np.ndarray:
    """float32 (slices, rows, columns): window by window, so that memory is bounded."""
    sides = [length + -length % step for length, step in zip(case.mask.shape, scan_tumours.STEP, strict=True)]
    found = slide(partial(predict, model), _filled(case.voxels, sides), WINDOW, overlap=0.25)[..., 0]
    return expit(found[tuple(slice(length) for length in case.mask.shape)])


def of_network(model: keras.Model) -> dict[str, Candidate]:
    """Ways to make a mask of what the network says: above three probabilities, every piece or the largest."""
    known: dict[int, np.ndarray] = {}  # one look at each scan is enough

    def mask(case: Case, sure: float, alone: bool) -> np.ndarray:
        if id(case) not in known:
            known[id(case)] = probabilities(model, case)
        found = known[id(case)] > sure
        return features.largest(found) if alone else found

    ways = product(SURE, (False, True))
    return {f"above {sure}, {_pieces(alone)}": partial(mask, sure=sure, alone=alone) for sure, alone in ways}


# --- the rule -----------------------------------------------------------------------------------------------------


def of_rule(cases: Sequence[Case]) -> dict[str, Candidate]:
    """Rules that training patients suggest: grey values between two quantiles of theirs, with or without what is thin,
    anywhere or where their masks are, every piece or the largest."""
    values = np.concatenate([case.voxels[case.mask] for case in cases])
    first = np.min([case.box[0] for case in cases], axis=0) - 0.05
    last = np.max([case.box[1] for case in cases], axis=0) + 0.05
    found = {}
    for limits, thin, near, alone in product(QUANTILES, (True, False), (True, False), (True, False)):
        low, high = np.quantile(values, limits)
        box = (first, last) if near else None
        rule = partial(_ruled, low=low, high=high, opened=not thin, box=box, alone=alone)
        words = [f"quantiles {limits[0]} to {limits[1]}", "thin parts kept" if thin else "thin parts dropped"]
        found[", ".join([*words, "where masks were" if near else "anywhere", _pieces(alone)])] = rule
    return found


def _ruled(
    case: Case, low: float, high: float, opened: bool, box: tuple[np.ndarray, np.ndarray] | None, alone: bool
) -> np.ndarray:
    found = (case.voxels >= low) & (case.voxels <= high)
    if box is not None:
        shape = np.array(found.shape)
        part = tuple(slice(max(int(a), 0), int(b) + 1) for a, b in zip(box[0] * shape, box[1] * shape, strict=True))
        kept = np.zeros_like(found)
        kept[part] = found[part]
        found = kept
    if opened:
        found = ndimage.binary_opening(found, np.ones((1, 3, 3)))
    return features.largest(found) if alone else found


def _pieces(alone: bool) -> str:
    return "the largest piece" if alone else "every piece"
