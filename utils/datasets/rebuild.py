"""The embedded snapshots made again from what was published, and compared with the catalogue, byte for byte."""

import hashlib
from dataclasses import dataclass
from typing import Any

from utils.datasets.catalogue import Entry, File, data_folder
from utils.datasets.downloads import Announce, Unavailable, to_stderr, write
from utils.datasets.fetch import made
from utils.datasets.store import state
from utils.errors import CourseError


@dataclass(frozen=True)
class Rebuilt:
    """One file made again.

    outcome: "same" (the file in place was right), "restored" (it was missing or wrong, and is right now) or
    "different" (what was made is not the file of the catalogue; the one in place was left alone unless accepted).
    """

    path: str
    size: int
    digest: str
    outcome: str


def rebuild(entry: Entry, accept: bool = False, announce: Announce = to_stderr, progress: Any = None) -> list[Rebuilt]:
    """Make every file of an embedded dataset again. accept: write it even where it differs from the catalogue.

    Raises CourseError when the dataset is not embedded, or none of its sources can be had.
    """
    if not entry.embedded:
        raise CourseError(f"{entry.name} does not ship with the course; `course data fetch {entry.name}` fetches it.")
    try:
        files = made(entry, announce, progress)
    except Unavailable as error:
        raise CourseError(
            f"{entry.name} could not be made again ({error}); try again with a network, "
            f"or bring the files back with `git checkout -- data/{entry.files[0].path.split('/')[0]}`."
        ) from error
    return [_compare(entry, file, files[file.path], accept) for file in entry.files]


def _compare(entry: Entry, file: File, content: bytes, accept: bool) -> Rebuilt:
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    in_place = "same" if state(entry, file) == "ok" else "restored"
    outcome = in_place if digest == file.digest else "different"
    if outcome == "restored" or (outcome == "different" and accept):
        write(data_folder() / file.path, content)
    return Rebuilt(file.path, len(content), digest, outcome)
