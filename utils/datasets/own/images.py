"""Your own pictures: an ``.npz`` in the layout of MedMNIST (doi:10.1038/s41597-022-01721-8)."""

import zipfile
import zlib
from math import prod
from pathlib import Path

import numpy as np

from utils.datasets.own import reading
from utils.datasets.own.entries import entry
from utils.datasets.splits import Split, numbered
from utils.datasets.types import Images
from utils.errors import CourseError

PARTS = ("train", "val", "test")
NEEDED = [f"{part}_{what}" for part in PARTS for what in ("images", "labels")]
GROUPS = [f"{part}_groups" for part in PARTS]
SMALLEST = 8  # pixels per side
DAMAGE = (EOFError, zlib.error, zipfile.BadZipFile)
MOST_CLASSES = 100_000


def images(path: Path) -> Images:
    """``train_images, train_labels, val_…, test_…`` and, where known, ``train_groups, …`` and ``class_names``.

    images: uint8 (n, h, w), (n, h, w, 1) or (n, h, w, 3), at least 8 x 8 pixels, the same size in each part. labels:
    whole numbers (n,) or (n, 1), counted from 0 without a gap; or (n, findings) of 0 and 1. groups: (n,) numbers or
    names of patients, of whom none may be in two parts; without them each picture is its own. class_names: text.
    The sizes that the file declares are read first: it may unpack to 2 GB at the most. Pickles are never opened.
    """
    reading.present(path, (".npz",))
    try:
        with zipfile.ZipFile(path) as archive:
            return _Archive(path, archive).images()
    except (zipfile.BadZipFile, RuntimeError) as error:  # zipfile raises the latter for what it cannot unpack
        raise reading.refusal(path, "", "expected an .npz archive as numpy.savez writes it, found none.") from error
    except OSError as error:
        raise reading.unreadable(path, error) from error


class _Archive:
    """One open archive: the headers of its arrays are read at once, an array when it is asked for."""

    def __init__(self, path: Path, archive: zipfile.ZipFile):
        self.path, self.archive = path, archive
        self.members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        found = reading.listed(self.members, 8)
        for key in NEEDED:
            if key not in self.members:
                raise reading.refusal(path, f"key {key}", f"expected this array, found {found}.")
        known = [*NEEDED, *GROUPS, "class_names"]
        self.headers = {key: self._header(key) for key in known if key in self.members}
        sizes = {key: prod(shape) * dtype.itemsize for key, (shape, dtype) in self.headers.items()}
        if sum(sizes.values()) > reading.LIMIT:
            largest = max(sizes, key=sizes.get)
            raise self.refuse(
                largest,
                f"expected {reading.LIMIT / 1e9:g} GB at the most for all arrays, found that they would unpack to "
                f"{sum(sizes.values()) / 1e9:,.1f} GB; nothing was read.",
            )

    def refuse(self, key: str, problem: str) -> CourseError:
        return reading.refusal(self.path, f"key {key}", problem)

    def images(self) -> Images:
        channels = self._shapes()
        labels = {part: self._labels(part) for part in PARTS}
        names = self._classes(labels)
        ends = np.cumsum([0] + [len(labels[part]) for part in PARTS])
        rows = [np.arange(*ends[place : place + 2]) for place in range(3)]
        groups = self._groups(rows)
        height, width = self.headers["train_images"][0][1:3]
        pictures = np.empty((ends[-1], height, width, channels), np.uint8)
        for part, where in zip(PARTS, rows, strict=True):
            pictures[where[0] : where[-1] + 1] = self._array(f"{part}_images").reshape(-1, height, width, channels)
        own = entry(self.path, "images", "classification", names)
        return Images(own, pictures, np.concatenate(list(labels.values())), names, groups, split=Split(*rows))

    def _header(self, key: str) -> tuple[tuple[int, ...], np.dtype]:
        """Shape and dtype as the array declares them; nothing but the header is unpacked."""
        try:
            with self.archive.open(self.members[key]) as stream:
                version = np.lib.format.read_magic(stream)
                reader = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
                shape, _, dtype = reader(stream)
        except DAMAGE as error:
            raise self.refuse(key, "the array is damaged or cut short; write the file again.") from error
        except (ValueError, RuntimeError) as error:
            raise self.refuse(key, "expected an array as numpy.savez writes it, found none.") from error
        if dtype.hasobject:
            raise self.refuse(
                key, "expected numbers, found Python objects (a pickle), which are never opened: they can run code."
            )
        return shape, dtype

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
