"""From the path of a scan to a volume, whichever form it has, and the mask beside it."""

import os

import numpy as np

from utils.datasets.volumes.volume import Volume

SUFFIXES = (".dcm", ".ima", ".nii", ".nii.gz", ".nrrd")


def is_scan(path: str | os.PathLike) -> bool:
    """Whether this can be read as a scan: a file with one of ``SUFFIXES``, one that begins as DICOM does, or a folder
    with such a file in it (or in a folder below). Nothing but names and the first bytes are looked at."""
    raise NotImplementedError


def read_scan(path: str | os.PathLike, series: int | str | None = None) -> Volume:
    """The volume in a DICOM file, a folder of DICOM slices, a ``.nii``, ``.nii.gz`` or ``.nrrd`` file.

    Parameters
    ----------
    path : str or path
        A file, or a folder (folders below it are looked into) that holds the slices of a scan.
    series : int or str, optional
        For a folder with several series: the number of the series, or the start of its SeriesInstanceUID.

    Returns
    -------
    Volume
        Voxels rescaled (CT: Hounsfield units), slices ordered by their position in the patient. Its ``notes`` say what
        was assumed. Memory: a volume of more than 512 MB is put into a temporary file on the disk, slice by slice.

    Raises
    ------
    CourseError
        With one sentence, which names the file, what was expected and what was found, for anything that cannot be read
        without a guess. No sentence holds a value of a field that identifies a person.
    """
    raise NotImplementedError


def read_mask(path: str | os.PathLike, volume: Volume) -> np.ndarray:
    """uint8 (slices, rows, columns): the mask in this file, on the grid of the volume; else CourseError.

    Axes in another order or direction are turned to those of the volume; another shape, spacing or place is refused.
    """
    raise NotImplementedError
