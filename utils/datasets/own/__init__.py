"""A reader's own data: from a path and a kind to the same frozen type that the catalogue's datasets have.

images: an ``.npz`` in MedMNIST's layout. sequences, molecules: a ``.csv``. records: a folder with ``events.csv`` and
``outcomes.csv``, or the two paths with a comma between them. ``data/YOUR_OWN.md`` shows each.
"""

import os
from importlib import import_module
from pathlib import Path

from utils.datasets.own import reading, tables
from utils.errors import UsageError

SUFFIXES = {"images": ".npz", "sequences": ".csv", "molecules": ".csv"}
KINDS = (*SUFFIXES, "records")
FORMS = ".npz (images), .csv (sequences, molecules) or a folder with events.csv and outcomes.csv (records)"
TWO_FILES = "two files, as a folder with events.csv and outcomes.csv or as EVENTS.csv,OUTCOMES.csv"


def is_path(name: object) -> bool:
    """Whether this can only be meant as a path: it has a separator or a suffix, or something of that name is there."""
    if not isinstance(name, str):
        return isinstance(name, os.PathLike)
    return any(mark in name for mark in "./\\~") or (name != "" and reading.exists(Path(name)))


def load(path: str | os.PathLike, kind: str | None = None):
    """The dataset in this file, folder or pair of files. Without a kind, suffix and columns decide.

    Raises CourseError, with one sentence, for what does not fit: where, what was expected, what was found.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(f"Your own data cannot be {kind}; they can be {', '.join(KINDS)}.")
    files = pair(os.fspath(path))
    path = reading.full(path)
    kind = kind or ("records" if files else _kind(path))
    module = import_module(f"utils.datasets.own.{kind}")
    if kind == "records":
        return module.records(*files) if files else module.of_folder(_folder(path))
    if files:
        raise reading.refusal(files[0], "", f"expected one {SUFFIXES[kind]} file of {kind}, found two paths.")
    return getattr(module, kind)(path)


def pair(text: str) -> tuple[Path, Path] | None:
    """``EVENTS.csv,OUTCOMES.csv`` as two paths, None when it is something else. A file's own name may hold a comma."""
    if reading.exists(reading.full(text)):
        return None
    commas = [place for place, letter in enumerate(text) if letter == ","]
    pairs = [(reading.full(text[:place]), reading.full(text[place + 1 :].strip())) for place in commas]
    pairs = [files for files in pairs if all(file.suffix.lower() == ".csv" for file in files)]
    return max(pairs, key=lambda files: sum(map(reading.exists, files)), default=None)


def in_full(text: str) -> str:
    """The absolute form of what is a path: it exists, or its end says so (a suffix of data, a separator).

    What is not there is made absolute too, so that the error names the folder in which it was looked for.
    """
    files = pair(text)
    if files:
        return ",".join(map(str, files))
    path = reading.full(text)
    meant = text.lower().endswith((*SUFFIXES.values(), "/", "\\")) and "://" not in text
    return str(path) if meant or reading.exists(path) else text


def _folder(path: Path) -> Path:
    if not reading.exists(path):
        raise reading.absent(path)
    if not path.is_dir():
        raise reading.refusal(path, "", f"expected {TWO_FILES}, found one file.")
    return path.resolve()


def _kind(path: Path) -> str:
    """What the path is, by its suffix and the names of its columns."""
    if not reading.exists(path):
        raise reading.absent(path)
    if path.is_dir():
        return "records"
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return "images"
    if suffix != ".csv":
        raise reading.refusal(path, "", f"expected {FORMS}, found {reading.ending(path)}.")
    names = tables.header(path)
    folded = {name.lower() for name in names}
    for column, kind in (("smiles", "molecules"), ("sequence", "sequences"), ("id", "records")):
        if column in folded:
            return kind
    expected = "smiles and labels (molecules), or sequence and label (sequences)"
    raise reading.refusal(path, "line 1", f"expected the columns {expected}, found {reading.listed(names)}.")
