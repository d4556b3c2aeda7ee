"""A reader's own data: from a path and a kind to the same frozen type that the catalogue's datasets have.

images: an ``.npz`` in MedMNIST's layout. sequences, molecules: a ``.csv``. records: a folder with ``events.csv`` and
``outcomes.csv``, or the two paths with a comma between them. ``data/YOUR_OWN.md`` shows each.
"""

import os
from pathlib import Path

from utils.datasets.own import reading, records
from utils.errors import UsageError

KINDS = {
    "images": ".npz",
    "sequences": ".csv",
    "molecules": ".csv",
    "records": "folder with events.csv and outcomes.csv",
}
FORMS = "an .npz (images), a .csv (sequences, molecules), or a folder with events.csv and outcomes.csv (records)"


def is_path(name: str | os.PathLike) -> bool:
    """Whether this can only be meant as a path: it has a separator or a suffix, or something of that name is there."""
    text = os.fspath(name)
    return not isinstance(name, str) or any(mark in text for mark in "./\\~") or Path(text).exists()


def load(path: str | os.PathLike, kind: str | None = None):
    """The dataset in this file, folder or pair of files. Without a kind, suffix and columns decide.

    Raises CourseError, with one sentence, for what does not fit: where, what was expected, what was found.
    """
    if kind is not None and kind not in KINDS:
        raise UsageError(f"Your own data cannot be {kind!r}; they can be {', '.join(KINDS)}.")
    files = pair(os.fspath(path))
    if files and kind in (None, "records"):
        return records.records(*files)
    path = Path(path).expanduser()
    kind = kind or _kind(path)
    if kind == "records":
        if path.is_file():
            raise reading.refusal(
                path, "", "expected two files: a folder with events.csv and outcomes.csv, or EVENTS.csv,OUTCOMES.csv."
            )
        if not path.exists():
            reading.present(path, KINDS[kind])
        return records.of_folder(path.resolve())
    if kind == "images":
        from utils.datasets.own.images import images

        return images(path)
    if kind == "molecules":
        from utils.datasets.own.molecules import molecules

        return molecules(path)
    from utils.datasets.own.sequences import sequences

    return sequences(path)


def pair(text: str) -> tuple[Path, Path] | None:
    """``EVENTS.csv,OUTCOMES.csv`` as two paths, None when it is something else. A file's own name may hold a comma."""
    if Path(text).exists():
        return None
    places = [place for place, letter in enumerate(text) if letter == ","]
    pairs = [(Path(text[:place]).expanduser(), Path(text[place + 1 :].strip()).expanduser()) for place in places]
    pairs = [files for files in pairs if all(file.suffix.lower() == ".csv" for file in files)]
    there = [files for files in pairs if all(file.is_file() for file in files)]
    return (there or pairs or [None])[0]


def _kind(path: Path) -> str:
    """What the path is, by its suffix and the names of its columns."""
    if path.is_dir():
        return "records"
    suffix = path.suffix.lower()
    if suffix == ".npz" or not path.exists():
        reading.present(path, suffix)
        return "images"
    if suffix != ".csv":
        raise reading.refusal(path, "", f"expected {FORMS}, found the suffix {reading.brief(suffix) or 'of nothing'}.")
    names = reading.header(path)
    folded = {name.lower() for name in names}
    for column, kind in (("smiles", "molecules"), ("sequence", "sequences"), ("id", "records")):
        if column in folded:
            return kind
    raise reading.refusal(
        path, "line 1", f"expected a column smiles, or sequence and label, found {reading.listed(names)}."
    )
