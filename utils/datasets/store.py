"""Where the files are, and reading them with a check: no file that was cut short or changed reaches a chapter."""

import hashlib
import io
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from utils import paths
from utils.datasets.catalogue import Entry, File, data_folder
from utils.errors import CourseError


def cache_folder() -> Path:
    """The folder for what is downloaded: ``COURSE_DATA_DIR`` (see ``paths.settled``), or else the user's cache."""
    return paths.user_folder("COURSE_DATA_DIR")


def location(entry: Entry, file: File) -> Path:
    """Where this file is, or would be."""
    return (data_folder() if entry.embedded else cache_folder()) / file.path


def matches(path: Path, file: File) -> bool:
    """Whether the file at this path has the catalogue's digest."""
    with path.open("rb") as stream:
        return _is(file, lambda algorithm: hashlib.file_digest(stream, algorithm))


def matches_content(content: bytes, file: File) -> bool:
    """Whether this content, not stored yet, has the catalogue's digest."""
    return _is(file, lambda algorithm: hashlib.new(algorithm, content))


def _is(file: File, digest: Callable) -> bool:
    algorithm, _, expected = file.digest.partition(":")
    return digest(algorithm).hexdigest() == expected


def state(entry: Entry, file: File, thorough: bool = True) -> str:
    """Whether this file is "ok", "wrong" or "missing". Only a thorough look compares the digest, not just the size."""
    path = location(entry, file)
    if not path.is_file():
        return "missing"
    if file.size is not None and path.stat().st_size != file.size:
        return "wrong"
    return "ok" if not thorough or matches(path, file) else "wrong"


def provide(entry: Entry) -> None:
    """Fetch what is not in the cache. What is there was checked when it came."""
    if any(state(entry, file, thorough=False) != "ok" for file in entry.files):
        from utils.datasets.fetch import fetch  # here, because the network libraries are slow to start

        fetch(entry)


def restore_command(entry: Entry) -> str:
    """The command that brings this dataset's files back."""
    return f"course data {'rebuild' if entry.embedded else 'fetch'} {entry.name}"


def read(entry: Entry, name: str) -> bytes:
    """The content of one embedded file, its size and digest checked; CourseError says what restores it."""
    file = entry.file(name)
    path = location(entry, file)
    remedy = f"bring it back with `{restore_command(entry)}` or `git checkout -- data/{file.path}`."
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise CourseError(f"The file data/{file.path} is missing; {remedy}") from None
    except OSError as error:
        raise CourseError(f"The file data/{file.path} cannot be read ({error.strerror}); {remedy}") from error
    if len(content) != file.size:
        raise CourseError(
            f"The file data/{file.path} is damaged: {len(content):,} bytes instead of {file.size:,}; {remedy}"
        )
    if not matches_content(content, file):
        raise CourseError(f"The file data/{file.path} is damaged: its size is right, its content is not; {remedy}")
    return content


def read_csv(entry: Entry, name: str, **options: Any) -> pd.DataFrame:
    """One embedded table, ``.csv`` or ``.csv.xz``."""
    content = read(entry, name)
    if name.endswith(".xz"):
        content = lzma.decompress(content)
    # Only an empty field is missing: a gene or a molecule may well be called "NA".
    return pd.read_csv(io.BytesIO(content), keep_default_na=False, na_values=[""], **options)


def read_npy(entry: Entry, name: str) -> np.ndarray:
    """One embedded array, ``.npy.xz``."""
    return np.load(io.BytesIO(lzma.decompress(read(entry, name))), allow_pickle=False)


def read_voxels(entry: Entry, name: str) -> np.ndarray:
    """One embedded volume, int16 (slices, rows, columns), from what ``conversions.encoding.residuals`` made of it."""
    upper, lower = read_npy(entry, name)
    folded = (upper.astype(np.int32) << 8) | lower
    return (
        ((folded >> 1) ^ -(folded & 1)).cumsum(axis=2, dtype=np.int32).cumsum(axis=1, dtype=np.int32).astype(np.int16)
    )
