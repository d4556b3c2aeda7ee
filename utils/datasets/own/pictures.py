"""Your own pictures as files: a folder for each class, or a table that names the file, the label and the patient."""

import contextlib
import hashlib
import os
import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.datasets.own import reading
from utils.datasets.own.entries import entry
from utils.datasets.own.labels import classes
from utils.datasets.own.scaling import SMALLEST, scaled, target
from utils.datasets.own.sequences import joined
from utils.datasets.own.tables import FILE, GROUP, LABEL, SPLIT, Sheet, Table
from utils.datasets.splits import Split, numbered
from utils.datasets.types import Images
from utils.errors import CourseError

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".gif")
UNSEEN = ("thumbs.db", "desktop.ini")  # what systems leave in a folder, beside names that begin with a dot
PARTS = {"train": 0, "training": 0, "val": 1, "valid": 1, "validation": 1, "dev": 1, "test": 2, "testing": 2}
WORDS = ("training", "validation", "test")
GREY, COLOUR = ("1", "L", "LA", "La"), ("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "CMYK", "YCbCr", "HSV", "LAB")
DAMAGE = (OSError, SyntaxError, ValueError, EOFError, TypeError, KeyError, struct.error)  # what Pillow raises
TABLES = ("labels.csv", "labels.tsv", "labels.txt")


@dataclass(frozen=True)
class Listed:
    """Pictures that were found, before they are opened.

    files: (n,). labels: int64 (n,) or names (n,). groups: names of patients (n,), or None. parts: int64 (n,), 0 to 2,
    or None.
    """

    files: Sequence[Path]
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray | None
    parts: np.ndarray | None


def is_picture(name: str) -> bool:
    """Whether a name ends as that of a picture does."""
    return name.lower().endswith(SUFFIXES)


def of_folder(folder: Path, side: int | None = None, **options: str) -> Images:
    """Pictures in a folder for each class, in which further folders are patients; or beside a table ``labels.csv``.

    Folders called train, val and test above those of the classes are the split. side: see ``of_table``.
    """
    tables = [folder / name for name in TABLES if (folder / name).is_file()]
    if not tables:
        tables = [path for path in sorted(folder.glob("*")) if path.suffix.lower() in (".csv", ".tsv")]
    if len(tables) > 1 and tables[0].name not in TABLES:
        found = reading.listed([path.name for path in tables])
        raise reading.refusal(folder, "", f"expected one table of labels, or one called labels.csv, found {found}.")
    if tables:
        return of_table(tables[0], side, folder, **options)
    for option in options:
        problem = f"expected no option --{option}, since there is no table labels.csv; leave it out."
        raise reading.refusal(folder, "", problem)
    found, notes = _in_folders(folder)
    return _images(folder, found, side, notes)


def of_table(path: Path, side: int | None = None, named: Path | None = None, **options: str) -> Images:
    """Pictures that a table names: the columns file and label and, where known, group (the patient) and split.

    Files are looked for beside the table, with or without their suffix. side: pictures with more pixels on the shorter
    side are made so small; those of different sizes become squares in any case. Options: id (the column of the files),
    label and group, the names of columns.
    """
    sheet = Sheet(path)
    options = {"file" if role == "id" else role: name for role, name in options.items()}
    sheet.choose(**options)
    sheet.find("file", FILE)
    sheet.find("label", LABEL)
    sheet.find("group", GROUP, required=False)
    if any(reading.plain(name) in ("split", *SPLIT) for name in sheet.names):
        sheet.find("split", SPLIT)
    sheet.left_out(sheet.rest(), "not needed")
    table = sheet.read(("file", "label", "group", "split"))
    labels, class_names = classes(table)
    files = _files(table, path.parent, sheet.notes)
    parts = _parts(table, sheet.notes)
    groups = table.filled("group") if "group" in table.words else None
    return _images(named or path, Listed(files, labels, class_names, groups, parts), side, sheet.notes)


def _in_folders(folder: Path) -> tuple[Listed, list[str]]:
    """What lies in the folders of the classes."""
    notes, files, labels, patients, parts = [], [], [], [], []
    stated = {path.name for path in folder.iterdir() if path.is_dir() and path.name.lower() in PARTS}
    stated = stated if {PARTS[name.lower()] for name in stated} >= {0, 2} else set()
    passed_over = []
    for path in _walk(folder):
        below = path.relative_to(folder).parts
        if not is_picture(path.name):
            passed_over.append(path.name)
            continue
        part, below = (below[0], below[1:]) if stated else (None, below)
        if (stated and part not in stated) or not 2 <= len(below) <= 3:
            raise reading.refusal(
                folder,
                "",
                f"expected pictures in a folder for each class{' in train, val and test' if stated else ''} (and "
                f"there, if you like, in one for each patient), or a table labels.csv, found "
                f"{reading.brief(path.relative_to(folder).as_posix())}.",
            )
        files.append(path)
        labels.append(below[0])
        patients.append(below[1] if len(below) == 3 else "")
        parts.append(PARTS[part.lower()] if part else 0)
    if not files:
        found = reading.listed(sorted({path.name for path in folder.iterdir()}))
        raise reading.refusal(folder, "", f"expected pictures ({', '.join(SUFFIXES[:3])}, …), found {found}.")
    names = tuple(sorted(set(labels)))
    if len(names) < 2:
        raise reading.refusal(folder, "", f"expected a folder for each of two classes or more, found only {names[0]}.")
    if passed_over:
        notes.append(f"left out, no pictures: {reading.listed(sorted(set(passed_over)), 3)}")
    if any(patients) and not all(patients):
        raise reading.refusal(
            folder, "", "expected all pictures in folders of patients, or none, found both; sort them in one way."
        )
    if all(patients):
        notes.append("the folders inside those of the classes were read as patients")
    groups = np.array(patients, object) if all(patients) else None
    numbers = np.array([names.index(label) for label in labels], np.int64)
    return Listed(files, numbers, names, groups, np.array(parts) if stated else None), notes


def _walk(folder: Path) -> list[Path]:
    """The files below a folder that somebody put there, by name."""
    found = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "__MACOSX")))
        found += [Path(place, name) for name in names if not name.startswith(".") and name.lower() not in UNSEEN]
    return sorted(found)


def _files(table: Table, folder: Path, notes: list[str]) -> list[Path]:
    """The file of each row: beside the table, or in a folder below, as it is named or with a suffix of pictures."""
    there = {path.relative_to(folder).as_posix(): path for path in _walk(folder) if is_picture(path.name)}
    by_name, by_stem = _unique(there.values(), "name"), _unique(there.values(), "stem")
    found, seen = [], {}
    for row, name in enumerate(table.filled("file")):
        form = name.replace("\\", "/").removeprefix("./")
        path = there.get(form) or by_name.get(form) or by_stem.get(form)
        if path is None and Path(name).is_absolute() and Path(name).is_file():
            path = Path(name)
        if path is None:
            where = reading.brief(folder.name or str(folder), 40)
            problem = f"expected the name of a picture in {where}, found {reading.brief(name)!r}, and no such file."
            raise table.refuse(row, "file", problem)
        if path in seen:
            problem = f"expected each picture once, found {reading.brief(name)!r} here and in line {seen[path]}."
            raise table.refuse(row, "file", problem)
        seen[path] = table.lines[row]
        found.append(path)
    more = len(there) - len(set(there.values()) & set(found))
    if more:
        notes.append(f"left out, since the table does not name them: {_count(more)}")
    return found


def _count(number: int) -> str:
    return f"{number:,} picture{'s' if number > 1 else ''}"


def _unique(paths: Collection[Path], part: str) -> dict[str, Path | None]:
    """Name or stem → the file; None where several have it."""
    found = {}
    for path in paths:
        name = getattr(path, part)
        found[name] = None if name in found else path
    return found


def _parts(table: Table, notes: list[str]) -> np.ndarray | None:
    """The part of the split that the table states for each row; None when it states none."""
    words = table.words.get("split", ())
    if not any(word.lower() in PARTS for word in words):
        if len(words):
            notes.append(f"left out, since it does not say train, val or test: {table.where('split')}")
        return None
    for row, word in enumerate(words):
        if word.lower() not in PARTS:
            raise table.refuse(row, "split", f"expected train, val or test, found {reading.brief(word)!r}.")
    return np.array([PARTS[word.lower()] for word in words], np.int64)


def _images(path: Path, listed: Listed, side: int | None, notes: list[str]) -> Images:
    pictures, said = _opened(path, listed.files, side)
    same = numbered(np.array([hashlib.sha256(picture.tobytes()).hexdigest() for picture in pictures], object))
    groups = same if listed.groups is None else joined(same, listed.groups)
    if listed.groups is None:
        said.append("no patient is known: each picture counts as its own patient; name patients, if several are of one")
    split = None
    if listed.parts is not None:
        split = Split(*(np.flatnonzero(listed.parts == part) for part in range(3)))
        _refuse_shared(path, listed)
    stated = "by group" if split is None else "in the file"
    own = entry(path, "images", "classification", listed.class_names, [*notes, *said], stated)
    return Images(own, pictures, listed.labels, listed.class_names, numbered(groups), split=split)


def _refuse_shared(path: Path, listed: Listed) -> None:
    """Refuse a stated split without training or test, or with a patient in two parts."""
    for part in (0, 2):
        if not (listed.parts == part).any():
            raise reading.refusal(path, "", f"expected pictures in the {WORDS[part]} part, found none.")
    first = {}
    for patient, part in zip(listed.groups if listed.groups is not None else (), listed.parts, strict=False):
        if first.setdefault(patient, part) != part:
            both = f"{WORDS[first[patient]]} and {WORDS[part]}"
            problem = f"expected each patient in one part only, found {reading.brief(patient, 24)!r} in {both}."
            raise reading.refusal(path, "", problem)


def _opened(path: Path, files: Sequence[Path], side: int | None) -> tuple[np.ndarray, list[str]]:
    """uint8 (n, height, width, channels), and what was done to them."""
    sizes, modes, notes, pages = [], set(), [], 0
    for file in files:
        with _picture(path, file) as picture:
            sizes.append(_size(picture))
            modes.add(picture.mode)
            pages += getattr(picture, "n_frames", 1) > 1
            if picture.mode not in (*GREY, *COLOUR):
                bits = 32 if picture.mode in ("F", "I") else 16
                problem = f"expected 8 bits per pixel, found {bits}; save it with 8, in the right window."
                raise reading.refusal(path, reading.brief(file.name, 60), problem)
            if min(picture.size) < SMALLEST:
                problem = f"expected {SMALLEST} x {SMALLEST} pixels or more, found {sizes[-1]}."
                raise reading.refusal(path, reading.brief(file.name, 60), problem)
    channels = 1 if modes <= set(GREY) else 3
    if channels == 3 and modes & set(GREY):
        notes.append("some pictures are grey and some in colour: all were read in colour")
    if pages:
        notes.append(f"of several pages or moments only the first was read: {_count(pages)}")
    shape = target(sizes, side)
    memory = len(files) * shape[0] * shape[1] * channels
    if memory > reading.LIMIT:
        problem = f"expected {reading.LIMIT / 1e9:g} GB at the most, found {memory / 1e9:,.1f} GB of pixels"
        raise reading.refusal(path, "", f"{problem}; a smaller --side makes less of them.")
    pictures = np.empty((len(files), *shape, channels), np.uint8)
    for place, file in enumerate(files):
        with _picture(path, file) as picture:
            pictures[place] = scaled(_pixels(path, file, picture, channels), shape)
    changed = sum(size != shape for size in sizes)
    if changed:
        square = ", of each the middle square" if len(set(sizes)) > 1 else ""
        notes.append(f"scaled to {shape[0]} x {shape[1]} pixels{square}: {_count(changed)}")
    return pictures, notes


def _picture(path: Path, file: Path):
    """The open picture; its pixels are not read yet."""
    from PIL import Image

    try:
        if file.stat().st_size > reading.LIMIT:
            raise reading.refusal(path, reading.brief(file.name, 60), "expected a picture, found more than 2 GB.")
        return Image.open(file)
    except Image.DecompressionBombError as error:
        problem = "expected a picture of which several fit into memory, found too many pixels; cut out what matters."
        raise reading.refusal(path, reading.brief(file.name, 60), problem) from error
    except DAMAGE as error:
        raise _unreadable(path, file) from error


def _size(picture) -> tuple[int, int]:
    """(height, width) as it is to be looked at: cameras write a turned picture, and how it is turned."""
    width, height = picture.size
    with contextlib.suppress(*DAMAGE):  # without what cameras add, or with something else in its place
        if picture.getexif().get(0x0112, 1) >= 5:
            return width, height
    return height, width


def _pixels(path: Path, file: Path, picture, channels: int) -> np.ndarray:
    from PIL import ImageOps

    try:
        upright = ImageOps.exif_transpose(picture)
        return np.asarray(upright.convert("L" if channels == 1 else "RGB"))
    except DAMAGE as error:
        raise _unreadable(path, file) from error


def _unreadable(path: Path, file: Path) -> CourseError:
    problem = "expected a picture that can be opened, found a file that is damaged, cut short or something else."
    return reading.refusal(path, reading.brief(file.name, 60), problem)
