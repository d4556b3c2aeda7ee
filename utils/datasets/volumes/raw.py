"""Voxels one after the other in a file, packed or not: read slice by slice, so that little is in memory at a time."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from utils.datasets.volumes.gathering import IN_MEMORY
from utils.datasets.volumes.refusals import counted, refusal


def slices_of(
    path: Path, start: int, packed: bool, dtype: np.dtype, shape: tuple[int, int, int], slope: float, intercept: float
) -> Callable[[], Iterator[np.ndarray]]:
    """A function that gives the slices, rescaled, from the first again at each call.

    start: bytes before the voxels, counted after unpacking where the whole file is packed. dtype: as stored.
    """

    def slices() -> Iterator[np.ndarray]:
        with (gzip.open if packed else open)(path, "rb") as stream:
            _skip(path, stream, start)
            yield from read_slices(path, stream, dtype, shape, slope, intercept)

    return slices


def read_slices(
    path: Path,
    stream: BinaryIO,
    dtype: np.dtype,
    shape: tuple[int, int, int],
    slope: float = 1.0,
    intercept: float = 0.0,
) -> Iterator[np.ndarray]:
    """The slices that come next in an opened file."""
    size = shape[1] * shape[2] * dtype.itemsize
    for number in range(shape[0]):
        content = _exactly(
            path, stream, size, f"{counted(shape[0], 'slice')} of {shape[1]} x {shape[2]} voxels", number
        )
        picture = np.frombuffer(content, dtype).reshape(shape[1:])
        picture = picture.astype(dtype.newbyteorder("="), copy=False)
        if (slope, intercept) != (1, 0):
            picture = (picture * np.float64(slope) + intercept).astype(np.float32)
        if picture.dtype.kind == "f":
            refuse_odd(path, picture, number)
        yield picture


def refuse_odd(path: Path, picture: np.ndarray, number: int) -> None:
    """CourseError when a value is not a finite number."""
    odd = picture.size - np.count_nonzero(np.isfinite(picture))
    if odd:
        raise refusal(
            path,
            "a number in every voxel",
            f"{odd:,} of slice {number} that are not (NaN or infinite)",
            "replace them, in CT for example by -1024",
        )


def refuse_odd_in(voxels: np.ndarray, slices: Callable[[], Iterator[np.ndarray]]) -> None:
    """CourseError when one of the slices, which are read once for that, holds a value that is not finite."""
    if voxels.dtype.kind == "f":
        for _ in slices():
            pass


def mapped(path: Path, start: int, dtype: np.dtype, shape: tuple[int, int, int]) -> np.ndarray | None:
    """The voxels where they are on the disk, when they are many and need no change; else None."""
    size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    if size <= IN_MEMORY or dtype != dtype.newbyteorder("=") or dtype not in (np.int16, np.float32):
        return None
    if path.stat().st_size < start + size:
        return None  # reading it says where it breaks off
    return np.memmap(path, dtype, "r", offset=start, shape=shape)


def _skip(path: Path, stream: BinaryIO, start: int) -> None:
    while start > 0:
        content = _exactly(path, stream, min(start, 1 << 20), "a whole header", 0)
        start -= len(content)


def _exactly(path: Path, stream: BinaryIO, size: int, whole: str, number: int) -> bytes:
    try:
        content = stream.read(size)
    except (EOFError, OSError, zlib.error):
        raise refusal(path, whole, f"a file that breaks off or is damaged in slice {number}", "copy it again") from None
    if len(content) < size:
        raise refusal(path, whole, f"a file that breaks off in slice {number}", "copy it again")
    return content
