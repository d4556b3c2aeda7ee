"""A reader's own data: from a path and a kind to the same frozen type that the catalogue's datasets have.

images: an ``.npz`` in MedMNIST's layout. sequences, molecules: a table (``.csv`` and its like). records: a folder with
``events.csv`` and ``outcomes.csv``, or the two paths with a comma between them. ``data/YOUR_OWN.md`` shows each.
"""

import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from utils.datasets.own import reading, tables
from utils.datasets.own.layout import SUFFIXES as TABLES
from utils.datasets.own.layout import detect
from utils.datasets.types import Images, Molecules, Records
from utils.datasets.types import Sequences as Stretches
from utils.errors import UsageError

KINDS = ("images", "sequences", "molecules", "records")
OPTIONS = {
    "images": (),
    "sequences": ("sequence", "label", "group", "id"),
    "molecules": ("smiles", "label", "group", "id"),
    "records": ("id", "label", "time", "group"),
}
FORMS = (
    ".npz (images), .csv, .tsv or .txt (sequences, molecules) or a folder with events.csv and outcomes.csv (records)"
)
TWO_FILES = "two files, as a folder with events.csv and outcomes.csv or as EVENTS.csv,OUTCOMES.csv"


def is_path(name: object) -> bool:
    """Whether this can only be meant as a path: it has a separator or a suffix, or something of that name is there."""
    if not isinstance(name, str):
        return isinstance(name, os.PathLike)
    return any(mark in name for mark in "./\\~") or (name != "" and reading.exists(Path(name)))


def load(
    path: str | os.PathLike,
    kind: str | None = None,
    *,
    label: str | Sequence[str] | None = None,
    smiles: str | None = None,
    sequence: str | None = None,
    group: str | None = None,
    id: str | None = None,
    time: str | None = None,
) -> Images | Stretches | Molecules | Records:
    """The dataset in this file, folder or pair of files. What was assumed or left out is in ``entry.notes``.

    Parameters
    ----------
    path : str or path
        An ``.npz``, a table, a folder with events and outcomes, or ``EVENTS.csv,OUTCOMES.csv``.
    kind : str, optional
        "images", "sequences", "molecules" or "records"; without it, suffix, options and columns decide.
    label : str or sequence of str, optional
        The column to predict; for molecules it may be several, in a text with commas between them or as a sequence.
    smiles, sequence, group, id, time : str, optional
        The columns that hold this, where their names do not say it. For sequences and molecules, ``id`` names a column
        that is left out.

    Raises
    ------
    UsageError
        For an unknown kind, or an option that the kind does not have.
    CourseError
        With one sentence, for what does not fit: where it is, what was expected, what was found.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(f"Your own data cannot be {kind}; they can be {', '.join(KINDS)}.")
    options = {"label": label, "smiles": smiles, "sequence": sequence, "group": group, "id": id, "time": time}
    options = {name: value for name, value in options.items() if value is not None}
    files = pair(os.fspath(path))
    path = reading.full(path)
    kind = kind or ("records" if files else _kind(path, options))
    options = _checked(kind, options)
    module = import_module(f"utils.datasets.own.{kind}")
    if kind == "records":
        return module.records(*files, **options) if files else module.of_folder(_folder(path), **options)
    if files:
        raise reading.refusal(files[0], "", f"expected one file of {kind}, found two paths.")
    return getattr(module, kind)(path, **options)


def _checked(kind: str, options: dict[str, object]) -> dict[str, object]:
    """The options, when this kind has them and each names a column; only molecules may have several labels."""
    for option, value in options.items():
        if option not in OPTIONS[kind]:
            has = ", ".join(f"--{name}" for name in OPTIONS[kind])
            raise UsageError(f"Your own {kind} have no option --{option}; they have {has or 'none'}.")
        several = option == "label" and kind == "molecules"
        names = [value] if isinstance(value, str) or not several else list(value)
        if not names or not all(isinstance(name, str) and name.strip() for name in names):
            found = reading.brief(repr(value))
            wanted = "the names of columns" if several else "the name of a column"
            raise UsageError(f"The option --{option} is {found}; give {wanted}.")
    return options


def pair(text: str) -> tuple[Path, Path] | None:
    """``EVENTS.csv,OUTCOMES.csv`` as two paths, None when it is something else. A file's own name may hold a comma."""
    if reading.exists(reading.full(text)):
        return None
    commas = [place for place, letter in enumerate(text) if letter == ","]
    pairs = [(reading.full(text[:place]), reading.full(text[place + 1 :].strip())) for place in commas]
    pairs = [files for files in pairs if all(file.suffix.lower() in TABLES for file in files)]
    return max(pairs, key=lambda files: sum(map(reading.exists, files)), default=None)


def in_full(text: str) -> str:
    """The absolute form of what is a path: it exists, or its end says so (a suffix of data, a separator).

    What is not there is made absolute too, so that the error names the folder in which it was looked for.
    """
    files = pair(text)
    if files:
        return ",".join(map(str, files))
    path = reading.full(text)
    meant = text.lower().endswith((".npz", *TABLES, "/", "\\")) and "://" not in text
    return str(path) if meant or reading.exists(path) else text


def _folder(path: Path) -> Path:
    if not reading.exists(path):
        raise reading.absent(path)
    if not path.is_dir():
        raise reading.refusal(path, "", f"expected {TWO_FILES}, found one file.")
    return path.resolve()


def _kind(path: Path, options: dict[str, object]) -> str:
    """What the path is, by its suffix, the options and the names of its columns."""
    if not reading.exists(path):
        raise reading.absent(path)
    if path.is_dir():
        return "records"
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return "images"
    if suffix not in TABLES:
        raise reading.refusal(path, "", f"expected {FORMS}, found {reading.ending(path)}.")
    if "smiles" in options or "sequence" in options:
        return "molecules" if "smiles" in options else "sequences"
    found = detect(path, tables.KNOWN)
    names = {reading.plain(name) for name in found.names}
    kinds = {"molecules": {"smiles", *tables.SMILES}, "sequences": {"sequence", *tables.SEQUENCE}}
    fitting = [kind for kind, columns in kinds.items() if names & columns]
    if len(fitting) == 1:
        return fitting[0]
    where, there = f"line {found.line}", found.there()
    if fitting:
        raise reading.refusal(path, where, f"expected molecules or sequences, found both in {there}; say --kind.")
    if names & {"id", *tables.PERSON} and names & {"label", "time", *tables.TIME, *tables.VARIABLE}:
        return "records"
    expected = "smiles and labels (molecules), or sequence and label (sequences)"
    advice = "name one with --smiles or --sequence"
    raise reading.refusal(path, where, f"expected the columns {expected}, found {there}; {advice}.")
