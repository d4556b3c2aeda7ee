"""DICOM files of a folder, sorted into series, and a series as a volume."""

import os
from dataclasses import dataclass
from pathlib import Path

from utils.datasets.volumes.volume import Volume


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


def series_in(folder: str | os.PathLike) -> list[Series]:
    """All DICOM series in a folder and the folders below it, by number. Only headers are read.

    Files that are no DICOM (a README, DICOMDIR) are passed over. CourseError when none is, or the folder is missing.
    """
    raise NotImplementedError


def read_series(series: Series) -> Volume:
    """The slices of one series as a volume; errors and memory as for ``read_scan``."""
    raise NotImplementedError
