"""From the path of a scan to a volume, whichever form it has, and the mask beside it."""

import contextlib
import os
from pathlib import Path

import numpy as np

from utils.datasets.volumes.dicom import begins_as_dicom, header_of, kind_of, start_of
from utils.datasets.volumes.geometry import same_grid, turn
from utils.datasets.volumes.nifti import read_nifti
from utils.datasets.volumes.nrrd import read_nrrd
from utils.datasets.volumes.refusals import refusal, sides
from utils.datasets.volumes.series import ENDINGS, Series, dicom_files, read_folder, read_series
from utils.datasets.volumes.volume import Volume
from utils.errors import CourseError, UsageError

SUFFIXES = (".dcm", ".ima", ".dicom", ".nii", ".nii.gz", ".nrrd")
OFF = 0.05  # voxels that the grid of a mask may be off that of its scan


def is_scan(path: str | os.PathLike) -> bool:
    """Whether this can be read as a scan: a file with one of ``SUFFIXES``, one that begins as DICOM does, or a folder
    with such a file in it (or in a folder below). Nothing but names and the first bytes are looked at."""
    path = Path(path)
    if path.is_dir():
        return any(is_scan(file) for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
    if not path.is_file() or path.name.lower().endswith(SUFFIXES):
        return path.is_file()
    with contextlib.suppress(CourseError):  # what may not be read counts as no scan
        return begins_as_dicom(path)
    return False


def read_scan(path: str | os.PathLike, series: int | str | None = None) -> Volume:
    """The volume in a DICOM file, a folder of DICOM slices, a ``.nii``, ``.nii.gz`` or ``.nrrd`` file.

    Parameters
    ----------
    path : str or path
        A file, or a folder (folders below it are looked into) that holds the slices of a scan.
    series : int or str, optional
        For a folder with several series: the number of the series, or the start or end of its SeriesInstanceUID.

    Returns
    -------
    Volume
        Voxels rescaled (CT: Hounsfield units), slices ordered by their position in the patient. Its ``notes`` say what
        was assumed. Memory: a volume of more than 512 MB is put into a temporary file on the disk, slice by slice.

    Raises
    ------
    UsageError
        When there is no series of this number.
    CourseError
        With one sentence, which names the file, what was expected and what was found, for anything that cannot be read
        without a guess. No sentence holds a value of a field that identifies a person.
    """
    path = Path(path)
    if not path.exists():
        raise CourseError(f"There is no {path.name} in the folder {path.parent}; look at its name.")
    if path.is_dir():
        _refuse_volumes(path)
        return read_folder(path, series)
    if series is not None:
        raise UsageError(f"{path.name} is a file: only a folder has several series to choose from.")
    name = path.name.lower()
    if not start_of(path, 1):
        raise refusal(path, "a scan", "an empty file")
    if name.endswith((".nii", ".nii.gz")):
        return read_nifti(path)
    if name.endswith(".nrrd"):
        return read_nrrd(path)
    if name.endswith(ENDINGS) or begins_as_dicom(path):
        return read_series(Series("", None, "", str(header_of(path).get("Modality", "")), (path,), None))
    raise refusal(path, "a DICOM, NIfTI (.nii, .nii.gz) or NRRD (.nrrd) file", kind_of(path))


def _refuse_volumes(folder: Path) -> None:
    """A folder without DICOM, but with whole volumes: one of them is to be named."""
    others = sorted(path for path in folder.rglob("*") if path.name.lower().endswith((".nii", ".nii.gz", ".nrrd")))
    if others and not dicom_files(folder):
        listed = ", ".join(path.name for path in others[:4]) + (" …" if len(others) > 4 else "")
        raise refusal(folder, "the slices of a DICOM series", f"whole volumes ({listed})", "name one of them")


def read_mask(path: str | os.PathLike, volume: Volume) -> np.ndarray:
    """uint8 (slices, rows, columns): the mask in this file, on the grid of the volume; else CourseError.

    Axes in another order or direction are turned to those of the volume; another shape, spacing or place is refused.
    """
    path = Path(path)
    mask = read_scan(path)
    values, affine = turn(mask.voxels, mask.affine, volume.affine[:3, :3])
    if values.shape != volume.shape:
        raise refusal(
            path,
            f"the shape of its scan, {sides(volume.shape)}",
            sides(values.shape),
            "export the mask on the grid of the scan",
        )
    off = same_grid(volume.shape, volume.affine, affine)
    if off > OFF:
        spacings = [sides(np.linalg.norm(one[:3, :3], axis=0)) for one in (volume.affine, affine)]
        found = f"{spacings[1]} mm" if spacings[0] != spacings[1] else f"one {off:.2g} voxels beside it"
        raise refusal(
            path, f"the grid of its scan ({spacings[0]} mm)", found, "export the mask on the grid of the scan"
        )
    low, high = values.min(), values.max()
    if low < 0 or high > 255 or (values.dtype.kind == "f" and (values != np.round(values)).any()):
        raise refusal(path, "whole numbers from 0 to 255 in a mask", f"values from {low:g} to {high:g}")
    return np.ascontiguousarray(values).astype(np.uint8)
