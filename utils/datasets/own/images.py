"""Your own pictures: an ``.npz`` in the layout of MedMNIST (doi:10.1038/s41597-022-01721-8), or files in folders."""

import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from utils.datasets.own import pictures, reading
from utils.datasets.own.entries import entry
from utils.datasets.own.layout import SUFFIXES as TABLES
from utils.datasets.own.scaling import SIDE, SMALLEST, scaled, target
from utils.datasets.splits import Split, numbered
from utils.datasets.types import Images
from utils.errors import CourseError, UsageError

PARTS = ("train", "val", "test")
NEEDED = [f"{part}_{what}" for part in PARTS for what in ("images", "labels")]
GROUPS = [f"{part}_groups" for part in PARTS]
LARGEST_FILE = 20_000_000_000  # bytes of an archive whose pictures are made smaller while it is read
LESS = f"; --side {SIDE} makes the pictures smaller while it reads"
BLOCK = 64  # pictures that are unpacked at a time
DAMAGE = (EOFError, zlib.error, zipfile.BadZipFile)
MOST_CLASSES = 100_000


def images(path: Path, side: int | None = None, **options: str) -> Images:
    """Pictures in an ``.npz``, in a folder, or named by a table.

    ``train_images, train_labels, val_…, test_…`` and, where known, ``train_groups, …`` and ``class_names``.

    images: uint8 (n, h, w), (n, h, w, 1) or (n, h, w, 3), at least 8 x 8 pixels, the same size in each part. labels:
    whole numbers (n,) or (n, 1), counted from 0 without a gap; or (n, findings) of 0 and 1. groups: (n,) numbers or
    names of patients, of whom none may be in two parts; without them each picture is its own. class_names: text.
    The sizes that the file declares are read first: it may unpack to 2 GB at the most. Pickles are never opened.

    side: pictures with more pixels on their shorter side are made so small, a few at a time, and it is said; what they
    are then may fill 2 GB. For folders and tables, and their options, see ``pictures``.
    """
    if side is not None and side < SMALLEST:
        raise UsageError(f"The option --side is {side}; give {SMALLEST} pixels or more.")
    if reading.is_folder(path):
        return pictures.of_folder(path, side, **options)
    if path.suffix.lower() in TABLES:
        return pictures.of_table(path, side, **options)
    for option in options:
        raise reading.refusal(path, "", f"expected no option --{option}, since an .npz has no columns; leave it out.")
    if side is None:
        reading.present(path, (".npz",), advice=LESS)
    else:
        reading.present(path, (".npz",), LARGEST_FILE)
    try:
        with zipfile.ZipFile(path) as archive:
            return _Archive(path, archive, side).images()
    except (zipfile.BadZipFile, RuntimeError) as error:  # zipfile raises the latter for what it cannot unpack
        raise reading.refusal(path, "", "expected an .npz archive as numpy.savez writes it, found none.") from error
    except OSError as error:
        raise reading.unreadable(path, error) from error


class _Archive:
    """One open archive: the headers of its arrays are read at once, an array when it is asked for."""

    def __init__(self, path: Path, archive: zipfile.ZipFile, side: int | None = None):
        self.path, self.archive, self.side = path, archive, side
        self.members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        found = reading.listed(self.members, 8)
        for key in NEEDED:
            if key not in self.members:
                raise reading.refusal(path, f"key {key}", f"expected this array, found {found}.")
        known = [*NEEDED, *GROUPS, "class_names"]
        found = {key: self._header(key) for key in known if key in self.members}
        self.headers = {key: (shape, dtype) for key, (shape, _, dtype) in found.items()}
        self.in_order = {key for key, (_, fortran, _) in found.items() if not fortran}
        sizes = {key: prod(self._kept(key)) * dtype.itemsize for key, (_, dtype) in self.headers.items()}
        if sum(sizes.values()) > reading.LIMIT:
            largest = max(sizes, key=sizes.get)
            raise self.refuse(
                largest,
                f"expected {reading.LIMIT / 1e9:g} GB at the most for all arrays, found that they would unpack to "
                f"{sum(sizes.values()) / 1e9:,.1f} GB; nothing was read{LESS}.",
            )

    def refuse(self, key: str, problem: str) -> CourseError:
        return reading.refusal(self.path, f"key {key}", problem)

    def _kept(self, key: str) -> tuple[int, ...]:
        """The shape of what is held in memory of an array: pictures are made smaller as they are unpacked."""
        shape = self.headers[key][0]
        if not key.endswith("_images") or len(shape) < 3 or min(shape) < 1 or key not in self.in_order:
            return shape
        return shape[:1] + target([shape[1:3]], self.side) + shape[3:]

    def images(self) -> Images:
        channels = self._shapes()
        labels = {part: self._labels(part) for part in PARTS}
        names = self._classes(labels)
        ends = np.cumsum([0] + [len(labels[part]) for part in PARTS])
        rows = [np.arange(*ends[place : place + 2]) for place in range(3)]
        groups = self._groups(rows)
        before = self.headers["train_images"][0][1:3]
        size = target([before], self.side)
        kept = np.empty((ends[-1], *size, channels), np.uint8)
        for part, where in zip(PARTS, rows, strict=True):
            self._read(f"{part}_images", kept[where[0] : where[-1] + 1])
        smaller = "scaled from {} x {} to {} x {} pixels: all pictures".format(*before, *size)
        notes = [smaller] if size != before else []
        own = entry(self.path, "images", "classification", names, notes, "in the file")
        return Images(own, kept, np.concatenate(list(labels.values())), names, groups, split=Split(*rows))

    def _read(self, key: str, kept: np.ndarray) -> None:
        """Unpack pictures into ``kept`` (n, height, width, channels), some at a time, each scaled to that size."""
        (shape, _), size = self.headers[key], kept.shape[1:3]
        if key not in self.in_order:  # the axes are the other way round: all of it is needed at once
            for place, picture in enumerate(self._array(key)):
                kept[place] = scaled(np.ascontiguousarray(picture), size)
            return
        try:
            with self.archive.open(self.members[key]) as stream:
                _declared(stream)
                for start in range(0, shape[0], BLOCK):
                    block = (min(BLOCK, shape[0] - start), *shape[1:])
                    found = np.frombuffer(stream.read(prod(block)), np.uint8).reshape(block)
                    if size == shape[1:3]:
                        kept[start : start + BLOCK] = found.reshape(len(found), *kept.shape[1:])
                        continue
                    for place, picture in enumerate(found, start):
                        kept[place] = scaled(picture, size)
                stream.read(1)  # the end, where the checksum is compared
        except (ValueError, RuntimeError, *DAMAGE) as error:
            raise self.refuse(key, "the array is damaged or cut short; write the file again.") from error

    def _header(self, key: str) -> tuple[tuple[int, ...], bool, np.dtype]:
        """Shape, order and dtype as the array declares them; nothing but the header is unpacked."""
        try:
            with self.archive.open(self.members[key]) as stream:
                shape, fortran, dtype = _declared(stream)
        except DAMAGE as error:
            raise self.refuse(key, "the array is damaged or cut short; write the file again.") from error
        except (ValueError, RuntimeError) as error:
            raise self.refuse(key, "expected an array as numpy.savez writes it, found none.") from error
        if dtype.hasobject:
            raise self.refuse(
                key, "expected numbers, found Python objects (a pickle), which are never opened: they can run code."
            )
        return shape, fortran, dtype

    def _array(self, key: str) -> np.ndarray:
        try:
            with self.archive.open(self.members[key]) as stream:
                array = np.lib.format.read_array(stream, allow_pickle=False)
                stream.read(1)  # the end, where the checksum is compared
        except (ValueError, RuntimeError, *DAMAGE) as error:
            raise self.refuse(key, "the array is damaged or cut short; write the file again.") from error
        return array

    def _shapes(self) -> int:
        """Refuse pictures that do not fit together; returns the number of channels."""
        for part in PARTS:
            key = f"{part}_images"
            shape, dtype = self.headers[key]
            if dtype != np.uint8:
                raise self.refuse(key, f"expected uint8 (0 to 255), found {dtype}.")
            if len(shape) == 5 or (len(shape) == 4 and shape[3] > 4):
                middle = f"{key}[:, {shape[1] // 2}]"
                raise self.refuse(
                    key,
                    "expected flat pictures, (n, h, w), (n, h, w, 1) or (n, h, w, 3), found volumes "
                    f"{shape}; save one slice of each, such as {middle}.",
                )
            if len(shape) not in (3, 4) or shape[3:] not in ((), (1,), (3,)):
                raise self.refuse(key, f"expected (n, h, w), (n, h, w, 1) or (n, h, w, 3), found {shape}.")
            if min(shape) < 1:
                raise self.refuse(key, f"expected at least one picture, found the shape {shape}.")
            if min(shape[1:3]) < SMALLEST:
                raise self.refuse(key, f"expected {SMALLEST} x {SMALLEST} pixels or more, found {shape[1:3]}.")
            first = self.headers["train_images"][0]
            if shape[1:] != first[1:]:
                raise self.refuse(key, f"expected pictures of {first[1:]} as in train_images, found {shape[1:]}.")
        return first[3] if len(first) == 4 else 1

    def _labels(self, part: str) -> np.ndarray:
        """int64 (n,) or (n, findings)."""
        key, pictures = f"{part}_labels", self.headers[f"{part}_images"][0][0]
        shape, dtype = self.headers[key]
        if len(shape) not in (1, 2) or shape[0] != pictures or min(shape) < 1:
            raise self.refuse(key, f"expected ({pictures},), ({pictures}, 1) or ({pictures}, findings), found {shape}.")
        columns, first = shape[1:] or (1,), self.headers["train_labels"][0][1:] or (1,)
        if columns != first:
            raise self.refuse(key, f"expected {first[0]} columns as in train_labels, found {columns[0]}.")
        if dtype.kind not in "biuf":
            raise self.refuse(key, f"expected whole numbers, found {dtype}.")
        labels = self._array(key)
        labels = labels.reshape(pictures) if columns == (1,) else labels
        lowest, highest = (0, 1) if labels.ndim == 2 else (0, MOST_CLASSES)
        wrong = ~((labels >= lowest) & (labels <= highest) & (labels == np.round(labels)))
        if wrong.any():
            place = np.unravel_index(int(wrong.argmax()), labels.shape)
            wanted = "0 or 1" if labels.ndim == 2 else f"a whole number from 0 to {MOST_CLASSES:,}"
            found = f"{labels[place]:g} at [{', '.join(map(str, place))}]"
            raise self.refuse(key, f"expected {wanted}, found {found}, counted from 0.")
        return labels.astype(np.int64)

    def _classes(self, labels: dict[str, np.ndarray]) -> tuple[str, ...]:
        """The names of the classes, when there are two or more, none is left out, and all are in the training part."""
        train = labels["train"]
        if train.ndim == 2:
            for finding, shares in enumerate(train.T):
                if shares.min() == shares.max():
                    raise self.refuse("train_labels", f"expected 0 and 1 in column {finding}, found only {shares[0]}.")
            return self._class_names(train.shape[1], "finding")
        found = np.unique(np.concatenate(list(labels.values())))
        if len(found) < 2:
            raise self.refuse("train_labels", f"expected two classes or more, found only {found[0]}.")
        if found[-1] != len(found) - 1:
            raise self.refuse(
                "train_labels", f"expected classes from 0 without a gap, found {reading.listed(found.tolist())}."
            )
        absent = np.setdiff1d(found, train)
        if len(absent):
            raise self.refuse("train_labels", f"expected every class, found none of class {absent[0]}.")
        return self._class_names(len(found), "class")

    def _class_names(self, count: int, word: str) -> tuple[str, ...]:
        if "class_names" not in self.headers:
            return tuple(f"{word} {number}" for number in range(count))
        shape, dtype = self.headers["class_names"]
        if shape != (count,) or dtype.kind != "U":
            raise self.refuse("class_names", f"expected {count} texts, found {dtype.name} of the shape {shape}.")
        return tuple(self._array("class_names").tolist())

    def _groups(self, rows: list[np.ndarray]) -> np.ndarray:
        """Patient of each picture as int64 (n,), when none is in two parts."""
        there = [key for key in GROUPS if key in self.headers]
        if not there:
            return np.arange(rows[-1][-1] + 1)
        names = []
        for key, where in zip(GROUPS, rows, strict=True):
            if key not in there:
                raise self.refuse(key, f"expected this array, since the file has {there[0]}.")
            shape, dtype = self.headers[key]
            if shape not in ((len(where),), (len(where), 1)) or dtype.kind not in "iuU":
                raise self.refuse(key, f"expected whole numbers ({len(where)},), found {dtype.name} {shape}.")
            names.append(self._array(key).reshape(-1).astype(str))
        for key, here, before in zip(GROUPS[1:], names[1:], (names[:1], names[:2]), strict=True):
            for other, there in zip(GROUPS, before, strict=False):
                both = np.intersect1d(here, there)
                if len(both):
                    raise self.refuse(
                        key, f"expected patients of one part only, found {reading.brief(both[0])} in {other} too."
                    )
        return numbered(np.concatenate(names))


def _declared(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether the axes are in Fortran's order, and dtype: the header of an .npy, which is read."""
    version = np.lib.format.read_magic(stream)
    reader = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
    return reader(stream)
