"""Slices, one after the other, into one array: in memory when it is small, else in a file on the disk."""

import contextlib
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from utils.datasets.volumes.refusals import refusal

IN_MEMORY = 512_000_000  # bytes; larger volumes are put on the disk, slice by slice
WHOLE = np.iinfo(np.int16)


class _TooWide(Exception):
    """A value that int16 does not hold."""


def gathered(path: Path, shape: tuple[int, int, int], slices: Callable[[], Iterator[np.ndarray]]) -> np.ndarray:
    """All slices as one array of this shape: int16 when every value is a whole number that fits, else float32.

    path: of the scan, for what has to be said. slices: gives them in order, from the first again at each call.
    """
    try:
        return _gathered(path, shape, np.dtype(np.int16), slices())
    except _TooWide:
        return _gathered(path, shape, np.dtype(np.float32), slices())


def _gathered(path: Path, shape: tuple[int, int, int], dtype: np.dtype, slices: Iterator[np.ndarray]) -> np.ndarray:
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size <= IN_MEMORY:
        voxels = np.empty(shape, dtype)
        for number, picture in enumerate(slices):
            voxels[number] = _fitting(picture, dtype)
        return voxels
    room = shutil.disk_usage(tempfile.gettempdir()).free
    if room < size:
        raise refusal(
            path,
            f"{size / 1e9:.1f} GB of room for temporary files",
            f"{room / 1e9:.1f} GB",
            "set TMPDIR to a larger disk",
        )
    with tempfile.NamedTemporaryFile(prefix="volume-", delete=False) as file:
        try:
            for picture in slices:  # written, not mapped: what has been written need not stay in memory
                file.write(np.ascontiguousarray(_fitting(picture, dtype)))
            file.flush()
            voxels = np.memmap(file.name, dtype, "r", shape=shape)
        except BaseException:
            Path(file.name).unlink()
            raise
    try:
        Path(file.name).unlink()  # the mapping keeps the content until the array is gone
    except PermissionError:  # Windows removes no file that is open
        weakref.finalize(voxels, _removed, file.name)
    return voxels


def _removed(name: str) -> None:
    with contextlib.suppress(OSError):
        Path(name).unlink()


def _fitting(picture: np.ndarray, dtype: np.dtype) -> np.ndarray:
    if dtype.kind == "i" and not np.can_cast(picture.dtype, dtype):
        if picture.dtype.kind == "f" or picture.max() > WHOLE.max or picture.min() < WHOLE.min:
            raise _TooWide
        return picture.astype(dtype)
    return picture
