"""The pictures in DICOM files: where each is in the patient, and how its stored numbers become measurements."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.volumes.dicom import frame, refuse_unlike_voxels, understood
from utils.datasets.volumes.gathering import WHOLE
from utils.datasets.volumes.refusals import counted, refusal, sides


@dataclass(frozen=True)
class Picture:
    """One picture, a slice of a volume perhaps: a file, or one frame of a file with several.

    position: (3,) mm of its first pixel, None where none is stated. directions: (2, 3), unit vectors along which its
    columns and its rows count up, or None. spacing: (2,) mm between rows and between columns, or None.
    slope, intercept: measurement = slope * stored + intercept. thickness: mm, None where none is stated.
    """

    path: Path
    header: Any
    number: int | None
    position: np.ndarray | None
    directions: np.ndarray | None
    spacing: np.ndarray | None
    slope: float
    intercept: float
    thickness: float | None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return int(self.header.Rows), int(self.header.Columns)

    def place(self) -> str:
        """The file, and the frame in it, for a sentence."""
        return self.path.name + ("" if self.number is None else f" (frame {self.number + 1})")

    def measured(self) -> np.ndarray:
        """(rows, columns): slope times what is stored plus intercept; MONOCHROME1 turned over: more is brighter.

        Whole numbers when slope and intercept are, as in CT, else float32.
        """
        stored = frame(self.path, self.header, self.number)
        if stored.shape != self.shape:
            raise refusal(self.path, f"one picture of {sides(self.shape)}", f"one of {sides(stored.shape)}")
        header = self.header
        if "ModalityLUTSequence" in header:
            from pydicom.pixels import apply_modality_lut

            return np.asarray(apply_modality_lut(stored, header))
        slope, intercept = self.slope, self.intercept
        if header.get("PhotometricInterpretation") == "MONOCHROME1":
            bits = int(header.get("BitsStored") or header.BitsAllocated)
            slope, intercept = -slope, intercept + slope * (-1 if header.get("PixelRepresentation") else 2**bits - 1)
        if (slope, intercept) == (1, 0):
            return stored
        if abs(slope) == 1 and intercept == int(intercept) and stored.dtype in (np.int16, np.uint16):
            ends = slope * int(stored.min()) + intercept, slope * int(stored.max()) + intercept
            if WHOLE.min <= min(ends) and max(ends) <= WHOLE.max:  # then what overflows on the way comes back
                return stored.view(np.int16) * np.int16(slope) + np.array(int(intercept)).astype(np.int16)
        if slope == int(slope) and intercept == int(intercept) and stored.dtype.itemsize <= 2 and abs(slope) < 1000:
            return stored.astype(np.int32) * int(slope) + int(intercept)
        return (stored * slope + intercept).astype(np.float32)


def pictures_of(path: Path, header: Any) -> list[Picture]:
    """The pictures of one file, one or (multi-frame) several. CourseError where its numbers make no sense."""
    with understood(path):
        return list(_pictures(path, header))


def _pictures(path: Path, header: Any) -> Iterator[Picture]:
    refuse_unlike_voxels(path, header)
    frames = _whole(path, header.get("NumberOfFrames") or 1, "NumberOfFrames")
    if frames == 1 and "PerFrameFunctionalGroupsSequence" not in header:
        yield _picture(path, header, None, [header])
        return
    groups = header.get("PerFrameFunctionalGroupsSequence")
    shared = list(header.get("SharedFunctionalGroupsSequence") or [])
    offsets = header.get("GridFrameOffsetVector")
    if groups is not None and len(groups) == frames:
        for number, group in enumerate(groups):
            yield _picture(
                path, header, number, [*_items(group), *(item for part in shared for item in _items(part)), header]
            )
    elif offsets is not None and np.size(offsets) == frames and "ImagePositionPatient" in header:
        first = _picture(path, header, 0, [header])
        for number, offset in enumerate(np.atleast_1d(np.asarray(offsets, float))):
            position = first.position + np.cross(*first.directions) * offset
            yield Picture(
                path,
                header,
                number,
                position,
                *(getattr(first, name) for name in ("directions", "spacing", "slope", "intercept", "thickness")),
            )
    else:
        raise refusal(
            path,
            "a position for each frame",
            f"{counted(frames, 'frame')} without one",
            "a film is not a volume",
        )


def _items(group: Any) -> list[Any]:
    """The first item of each sequence in a functional group."""
    return [element.value[0] for element in group if element.VR == "SQ" and len(element.value)]


def _picture(path: Path, header: Any, number: int | None, places: list[Any]) -> Picture:
    """places: where a field may stand, the most particular first."""
    position = _numbers(path, places, "ImagePositionPatient", 3)
    directions = _numbers(path, places, "ImageOrientationPatient", 6)
    if directions is not None:
        directions = directions.reshape(2, 3)
        product = directions @ directions.T
        if np.abs(product - np.eye(2)).max() > 0.01:
            raise refusal(path, "rows and columns at right angles (ImageOrientationPatient)", "directions that are not")
    spacing = _spacing(path, places)
    slope = _numbers(path, places, "RescaleSlope", 1)
    dose = _numbers(path, places, "DoseGridScaling", 1)
    slope = dose if slope is None else slope
    if slope is not None and slope[0] == 0:
        raise refusal(path, "a rescale slope other than 0", "RescaleSlope 0, which makes every voxel alike")
    intercept = _numbers(path, places, "RescaleIntercept", 1)
    thickness = _numbers(path, places, "SliceThickness", 1)
    thickness = _numbers(path, places, "SpacingBetweenSlices", 1) if thickness is None else thickness
    return Picture(
        path,
        header,
        number,
        position,
        directions,
        spacing,
        1.0 if slope is None else float(slope[0]),
        0.0 if intercept is None else float(intercept[0]),
        None if thickness is None or thickness[0] <= 0 else float(thickness[0]),
    )


def _spacing(path: Path, places: list[Any]) -> np.ndarray | None:
    """Between rows and between columns, mm; None where nothing or 0 is stated."""
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        spacing = _numbers(path, places, name, 2)
        if spacing is not None and (spacing < 0).any():
            raise refusal(path, f"{name} above 0 mm", "a negative one")
        if spacing is not None and (spacing > 0).all():
            return spacing
    return None


def _numbers(path: Path, places: list[Any], name: str, count: int) -> np.ndarray | None:
    """The field as float64 (count,), from the first place that has it; None where none has, or it is empty."""
    value = next((place.get(name) for place in places if place.get(name) not in (None, "")), None)
    if value is None:
        return None
    try:
        numbers = np.atleast_1d(np.asarray(value, float))
    except (TypeError, ValueError):
        numbers = np.full(count, np.nan)
    if numbers.shape != (count,) or not np.isfinite(numbers).all():
        raise refusal(path, f"{counted(count, 'number')} in {name}", "something else")
    return numbers


def _whole(path: Path, value: Any, name: str) -> int:
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if number < 1:
        raise refusal(path, f"a whole number from 1 in {name}", "something else")
    return number
