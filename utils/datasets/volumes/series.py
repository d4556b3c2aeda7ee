"""DICOM files of a folder, sorted into series, and a series as a volume."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.volumes.dicom import begins_as_dicom, header_of, quiet, understood
from utils.datasets.volumes.gathering import gathered
from utils.datasets.volumes.headers import personal
from utils.datasets.volumes.pictures import Picture, pictures_of
from utils.datasets.volumes.refusals import counted, refusal
from utils.datasets.volumes.stacking import ordered
from utils.datasets.volumes.volume import UNITS, Volume
from utils.errors import UsageError

ENDINGS = (".dcm", ".ima", ".dicom")
LOOKED_AT = 16  # slices, more or less, of a series
DARKEST, BRIGHTEST = (-4200, -200), (0, 32767)  # HU: where they are in a CT that holds air and tissue


@dataclass(frozen=True)
class Series:
    """The DICOM files of one series (one run of the scanner) in a folder.

    uid: SeriesInstanceUID. number: SeriesNumber, or None. description: as the scanner wrote it (a technician may have
    typed anything: do not put it into a report). modality: "CT", "MR", …; files: in the order of their names.
    shape: rows and columns of the first file, None without pixels. personal: names of the fields that identify a
    person and hold something, for example ("PatientName", "PatientBirthDate"), never their values.
    """

    uid: str
    number: int | None
    description: str
    modality: str
    files: tuple[Path, ...]
    shape: tuple[int, int] | None
    personal: tuple[str, ...] = ()

    def words(self, in_full: bool = False) -> str:
        """For a sentence: ``5 (CT, 30 files)``, without the description. in_full: with the end of the UID."""
        ending = f", UID …{self.uid[-10:]}" if in_full or self.number is None else ""
        number = "without a number" if self.number is None else self.number
        return f"{number} ({self.modality or 'no modality'}, {counted(len(self.files), 'file')}{ending})"


def series_in(folder: str | os.PathLike) -> list[Series]:
    """All DICOM series in a folder and the folders below it, by number. Only headers are read.

    Files that are no DICOM (a README, DICOMDIR) are passed over. CourseError when none is, or the folder is missing.
    """
    with quiet():
        return [found for found, _ in _sorted(Path(folder), pixels=False)]


def read_series(series: Series) -> Volume:
    """The slices of one series as a volume; errors and memory as for ``read_scan``."""
    with quiet():
        return _volume(series, [header_of(file, pixels=True) for file in series.files])


def read_folder(folder: Path, series: int | str | None = None) -> Volume:
    """The only series of a folder, or the one of this number or beginning of a UID."""
    with quiet():
        return _volume(*_chosen(folder, _sorted(folder, pixels=True), series))


def dicom_files(folder: Path) -> list[Path]:
    """The files of a folder, and of those below, that are DICOM by their first bytes or by their name."""
    if not folder.is_dir():
        raise refusal(folder, "a folder with DICOM files", "a file" if folder.exists() else "nothing of that name")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [path for path in files if path.suffix.lower() in ENDINGS or begins_as_dicom(path)]


def _sorted(folder: Path, pixels: bool) -> list[tuple[Series, list[Any]]]:
    """Series by number, each with the headers of its files."""
    grouped: dict[str, list[tuple[Path, Any]]] = {}
    for path in dicom_files(folder):
        with understood(path):
            header = header_of(path, pixels=pixels)
            if header.get("SeriesInstanceUID") or header.get("Modality"):  # a DICOMDIR has neither
                grouped.setdefault(str(header.get("SeriesInstanceUID", "")), []).append((path, header))
    if not grouped:
        raise refusal(folder, "a folder with DICOM files", "none in it")
    found = []
    for uid, files in grouped.items():
        with understood(files[0][0]):
            found.append((_series(uid, files), [header for _, header in files]))
    return sorted(found, key=lambda pair: (pair[0].number is None, pair[0].number or 0, pair[0].files))


def _series(uid: str, files: Sequence[tuple[Path, Any]]) -> Series:
    path, header = files[0]
    number = header.get("SeriesNumber")
    pixels = "Rows" in header and "Columns" in header
    return Series(
        uid,
        None if number in (None, "") else int(number),
        str(header.get("SeriesDescription", "")),
        str(header.get("Modality", "")),
        tuple(path for path, _ in files),
        (int(header.Rows), int(header.Columns)) if pixels else None,
        personal(header_of(path, everything=True)),
    )


def _chosen(folder: Path, found: list[tuple[Series, list[Any]]], wanted: int | str | None) -> tuple[Series, list[Any]]:
    """The one series that was asked for; without a wish the only one with pixels."""
    with_pixels = [pair for pair in found if pair[0].shape]
    if wanted is None:
        if len(with_pixels) > 1:
            advice = "say which one by its number, or by the end of its UID"
            raise refusal(folder, "one series", f"{len(with_pixels)}: {_listed(with_pixels)}", advice)
        return (with_pixels or found)[0]
    fitting = [pair for pair in found if str(pair[0].number) == str(wanted)] or [
        pair
        for pair in found
        if isinstance(wanted, str)
        and "." in wanted
        and (pair[0].uid.startswith(wanted) or pair[0].uid.endswith(wanted))
    ]
    if len(fitting) != 1:
        many = f"several series {wanted!r}" if fitting else f"no series {wanted!r}"
        advice = "give the end of one UID" if fitting else "give one of these numbers"
        raise UsageError(f"{folder.name} has {many}; there are {_listed(fitting or with_pixels)}: {advice}.")
    return fitting[0]


def _listed(found: list[tuple[Series, list[Any]]], most: int = 5) -> str:
    numbers = [series.number for series, _ in found]
    words = [series.words(in_full=numbers.count(series.number) > 1) for series, _ in found[:most]]
    return ", ".join(words) + (f" and {len(found) - most} more" if len(found) > most else "")


def _volume(series: Series, headers: list[Any]) -> Volume:
    where = series.files[0] if len(series.files) == 1 else series.files[0].parent
    pictures = [
        picture for path, header in zip(series.files, headers, strict=True) for picture in pictures_of(path, header)
    ]
    pictures, affine, notes = ordered(pictures, where)
    voxels = gathered(where, (len(pictures), *pictures[0].shape), lambda: _measured(pictures))
    notes += _rescale_notes(series, pictures, voxels)
    name = where.name if len(series.files) > 1 else where.stem
    scaled = all("RescaleIntercept" in picture.header or picture.intercept for picture in pictures)
    units = UNITS.get(series.modality, "") if scaled else ""
    return Volume(name, series.modality, voxels, affine, None, units, tuple(notes))


def _measured(pictures: list[Picture]) -> Iterator[np.ndarray]:
    for picture in pictures:
        yield picture.measured()


def _rescale_notes(series: Series, pictures: list[Picture], voxels: np.ndarray) -> list[str]:
    """What is odd about the measurements of a CT."""
    if series.modality != "CT":
        return []
    notes = []
    if any("RescaleIntercept" not in picture.header and not picture.intercept for picture in pictures):
        notes.append("The files state no RescaleIntercept: the numbers are as stored, not Hounsfield units.")
    elif len({(picture.slope, picture.intercept) for picture in pictures}) > 1:
        notes.append("Slope and intercept differ between the slices; each was rescaled by its own.")
    some = voxels[:: max(len(voxels) // LOOKED_AT, 1)]
    ends = float(some.min()), float(some.max())
    if not all(low <= end <= high for end, (low, high) in zip(ends, (DARKEST, BRIGHTEST), strict=True)):
        notes.append(
            f"The voxels of {counted(len(some), 'slice')} go from {ends[0]:.0f} to {ends[1]:.0f} HU, where air has "
            "-1000, water 0 and bone up to 3000: is the rescale of these files right?"
        )
    return notes
