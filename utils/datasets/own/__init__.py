"""A reader's own data: from a path and a kind to the same frozen type that the catalogue's datasets have.

images: an ``.npz`` in MedMNIST's layout, or picture files in folders. scans: DICOM, NIfTI and NRRD, with masks beside.
sequences: a table (``.csv`` and its like) or FASTA. molecules: a table or an SDF. records: a folder with ``events.csv``
and ``outcomes.csv``, or the two paths with a comma between them. ``data/YOUR_OWN.md`` shows each.
"""

import contextlib
import os
from collections import Counter
from collections.abc import Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path

from utils.datasets.own import fasta, pictures, reading, sdf, tables
from utils.datasets.own.layout import SUFFIXES as TABLES
from utils.datasets.own.layout import detect
from utils.datasets.types import Images, Molecules, Records, Scans
from utils.datasets.types import Sequences as Stretches
from utils.datasets.volumes import SUFFIXES as SCANS
from utils.datasets.volumes import is_scan
from utils.errors import UsageError

KINDS = ("images", "scans", "sequences", "molecules", "records")
OPTIONS = {
    "images": ("side", "label", "group", "id"),
    "scans": ("series",),
    "sequences": ("sequence", "label", "group", "id"),
    "molecules": ("smiles", "label", "group", "id"),
    "records": ("id", "label", "time", "group"),
}
FORMS = ".npz (images), .csv, .tsv or .txt, .fasta (sequences), .sdf (molecules), .nii or .nrrd (scans), or a folder"
FOLDERS = "events.csv and outcomes.csv, pictures in folders of classes, FASTA or scans"
FILES = (*TABLES, *fasta.SUFFIXES, *fasta.PACKED, *sdf.SUFFIXES, *SCANS, ".npz")
DIVIDED = (*TABLES, *fasta.SUFFIXES, *fasta.PACKED)
LOOKED_AT = 2_000  # names in a folder that decide what it holds
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
    side: int | None = None,
    series: int | str | None = None,
) -> Images | Scans | Stretches | Molecules | Records:
    """The dataset in this file, folder or pair of files. What was assumed or left out is in ``entry.notes``.

    Parameters
    ----------
    path : str or path
        A file, a folder, ``EVENTS.csv,OUTCOMES.csv``, or files of FASTA with commas between them, a class each.
    kind : str, optional
        "images", "scans", "sequences", "molecules" or "records"; without it, suffix, options and columns decide.
    label : str or sequence of str, optional
        The column to predict; for molecules it may be several, in a text with commas between them or as a sequence.
    smiles, sequence, group, id, time : str, optional
        The columns that hold this, where their names do not say it. For sequences and molecules, ``id`` names a column
        that is left out; for images, the column with the names of the files.
    side : int, optional
        Images with more pixels on their shorter side are made so small.
    series : int or str, optional
        Of scans in DICOM: the number of the series, or the start of its SeriesInstanceUID, where there are several.

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
    options |= {"side": side, "series": series}
    options = {name: value for name, value in options.items() if value is not None}
    files = several(os.fspath(path))
    path = reading.full(path)
    kind = kind or (_kind_of_files(files) if files else _kind(path, options))
    options = _checked(kind, options)
    module = import_module(f"utils.datasets.own.{kind}")
    if kind == "records":
        if len(files) > 2:
            raise reading.refusal(files[0], "", f"expected {TWO_FILES}, found {len(files)} paths.")
        return module.records(*files, **options) if files else module.of_folder(_folder(path), **options)
    if files and kind == "sequences":
        return module.of_files(files, **options)
    if files:
        raise reading.refusal(files[0], "", f"expected one file of {kind}, found two paths.")
    return getattr(module, kind)(path, **options)


def _checked(kind: str, options: dict[str, object]) -> dict[str, object]:
    """The options, when this kind has them and each names a column; only molecules may have several labels."""
    for option, value in options.items():
        if option in OPTIONS[kind] and option in ("side", "series"):
            continue
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


def several(text: str) -> tuple[Path, ...]:
    """Two paths or more with commas between them, such as ``EVENTS.csv,OUTCOMES.csv``; () when it is something else.

    A file's own name may hold a comma: of the ways to divide the text, that with the most files that exist is taken.
    """
    if reading.exists(reading.full(text)):
        return ()
    commas = [place for place, letter in enumerate(text) if letter == ","]
    ways = [(place,) for place in commas] + ([tuple(commas)] if len(commas) > 1 else [])
    found = []
    for way in ways:
        ends = zip((0, *(place + 1 for place in way)), (*way, len(text)), strict=True)
        paths = tuple(reading.full(text[start:end].strip()) for start, end in ends)
        if all(path.name.lower().endswith(DIVIDED) for path in paths):
            found.append(paths)
    return max(found, key=lambda paths: (sum(map(reading.exists, paths)), -len(paths)), default=())


def in_full(text: str) -> str:
    """The absolute form of what is a path: it exists, or its end says so (a suffix of data, a separator).

    What is not there is made absolute too, so that the error names the folder in which it was looked for.
    """
    files = several(text)
    if files:
        return ",".join(map(str, files))
    path = reading.full(text)
    meant = text.lower().endswith((*FILES, "/", "\\")) and "://" not in text
    return str(path) if meant or reading.exists(path) else text


def _folder(path: Path) -> Path:
    if not reading.exists(path):
        raise reading.absent(path)
    if not path.is_dir():
        raise reading.refusal(path, "", f"expected {TWO_FILES}, found one file.")
    return path.resolve()


def _kind_of_files(files: tuple[Path, ...]) -> str:
    return "sequences" if all(map(fasta.is_fasta, files)) or len(files) > 2 else "records"


def _kind_of_folder(path: Path) -> str:
    """What the names in a folder, and in those below it, say of it."""
    names = {other.stem for other in path.glob("*") if other.suffix.lower() in TABLES}
    if names & {"events", "outcomes"}:
        return "records"
    below = (Path(place, name) for place, _, found in os.walk(path) for name in found)
    files = list(islice(below, LOOKED_AT))
    kinds = Counter(filter(None, map(_kind_of_name, files)))
    if kinds:
        return kinds.most_common(1)[0][0]
    with contextlib.suppress(OSError):  # of files that may not be read
        if any(map(is_scan, files)):  # DICOM often has no suffix
            return "scans"
    found = reading.listed(sorted(other.name for other in path.iterdir()))
    raise reading.refusal(path, "", f"expected {FOLDERS}, found {found}.")


def _kind_of_name(path: Path) -> str | None:
    if pictures.is_picture(path.name):
        return "images"
    if fasta.is_fasta(path):
        return "sequences"
    return "scans" if path.name.lower().endswith(SCANS) else None


def _kind(path: Path, options: dict[str, object]) -> str:
    """What the path is, by its suffix, the options and the names of its columns."""
    if not reading.exists(path):
        raise reading.absent(path)
    if path.is_dir():
        return _kind_of_folder(path)
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return "images"
    if fasta.is_fasta(path):
        return "sequences"
    if sdf.is_sdf(path):
        return "molecules"
    if pictures.is_picture(path.name):
        raise reading.refusal(path, "", "expected a folder of pictures or a table that names them, found one picture.")
    if suffix not in TABLES:
        with contextlib.suppress(OSError):
            if is_scan(path):
                return "scans"
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
    if names & {"file", *tables.FILE} and ("label" in options or names & {"label", *tables.LABEL}):
        return "images"
    if names & {"id", *tables.PERSON} and names & {"label", "time", *tables.TIME, *tables.VARIABLE}:
        return "records"
    expected = "smiles and labels (molecules), or sequence and label (sequences)"
    advice = "name one with --smiles or --sequence"
    raise reading.refusal(path, where, f"expected the columns {expected}, found {there}; {advice}.")
