"""Pictures: nuclei and their fields of tissue, CIFAR-10, MedMNIST."""

import io
import zipfile
from dataclasses import replace

import numpy as np
from PIL import Image

from utils.datasets.catalogue import Entry, find
from utils.datasets.splits import Split, by_position
from utils.datasets.store import location, provide, read, read_csv, read_npy, restore_command
from utils.datasets.types import Images, TissueField
from utils.errors import CourseError, UsageError

BLOCK = 150  # side of the blocks of tissue that are groups (pixels)


def nuclei(entry: Entry, size: int = 48) -> Images:
    """One size x size patch around the centroid of each nucleus that lies so far inside its field; 48 pixels hold 95 of
    100 tumour nuclei whole. No patch is mirrored or filled at the rim: where one would leave the field, the nucleus is
    left out, and a note of the entry says how many are.

    The split deals out 25 squares of field 1, with a strip of this size left out between parts. Of the deals by the
    seeds from 0 to 999 it is the one in which the parts are mixed most alike: no class's share in a part differs from
    its share in the field by more than 2.5 percentage points. Field 2 is in no part. Groups are blocks of tissue, cut
    where a part ends.
    """
    if size not in range(8, 129):
        raise UsageError(f"A patch of {size!r} pixels cannot be cut; give a whole number from 8 to 128.")
    table = read_csv(entry, "nuclei.csv")
    centres, field = table[["row", "column"]].to_numpy(np.float32), table["field"].to_numpy(np.int64, copy=True)
    pictures = {number: _picture(entry, number) for number in (1, 2)}
    corners = np.floor(centres + 0.5).astype(int) - size // 2
    whole = ((corners >= 0) & (corners + size <= pictures[1].shape[:2])).all(axis=1)
    cut = zip(field[whole], corners[whole], strict=True)
    patches = np.stack([pictures[one][top : top + size, left : left + size] for one, (top, left) in cut])
    dealt = by_position(
        centres, (0.6, 0.15, 0.25), axis="tiles", gap=size, seed=402, within=field == 1, tiles=5
    )  # of all nuclei, so that patches of any size are dealt alike
    split = Split(*((np.cumsum(whole) - 1)[rows[whole[rows]]] for rows in dealt.parts().values()))
    labels = np.array([entry.class_names.index(name) for name in table["class"][whole]], np.int64)
    centres, field = centres[whole], field[whole]
    notes = (
        f"{np.sum(~whole)} nuclei at the rim are left out: a patch of {size} pixels around them would leave the field.",
        f"Groups are blocks of {BLOCK} × {BLOCK} pixels of tissue, since neighbouring patches are alike.",
    )
    return Images(
        replace(entry, notes=(*entry.notes, *notes)),
        patches,
        labels,
        entry.class_names,
        _blocks(centres, field, split),
        centres,
        split,
        field,
    )


def _blocks(centres: np.ndarray, field: np.ndarray, split: Split) -> np.ndarray:
    """Number of the block of tissue of each nucleus, int64 (n,); a block at the border of two parts is two groups."""
    part = np.zeros(len(centres))
    for number, rows in enumerate(split.parts().values(), start=1):
        part[rows] = number
    blocks = np.column_stack([field, part, centres // BLOCK]).astype(np.int64)
    return np.unique(blocks, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def tissue_field(number: int) -> TissueField:
    """Field 1 (a nest of tumour and immune cells) or field 2 (stroma), whole, 1500 x 1500 pixels, with its masks."""
    entry = find("nuclei")
    if number not in (1, 2):
        raise UsageError(f"There is no field {number!r} of tissue; give 1 or 2.")
    table = read_csv(entry, "nuclei.csv").query("field == @number")
    instances = read_npy(entry, f"field_{number}_instances.npy.xz").astype(np.int32)
    class_of = np.zeros(len(table) + 1, np.uint8)
    class_of[table["instance"]] = [1 + entry.class_names.index(name) for name in table["class"]]
    return TissueField(entry, _picture(entry, number), instances, class_of[instances], entry.class_names)


def _picture(entry: Entry, field: int) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(read(entry, f"field_{field}.jpg"))))


def cifar10_small(entry: Entry) -> Images:
    """7,500 images of CIFAR-10, the same number of each class, unpacked from two atlases."""
    table = read_csv(entry, "labels.csv")
    parts = []
    for part in ("train", "test"):
        atlas = np.asarray(Image.open(io.BytesIO(read(entry, f"{part}.webp"))).convert("RGB"))
        rows, columns = atlas.shape[0] // 32, atlas.shape[1] // 32
        parts.append(atlas.reshape(rows, 32, columns, 32, 3).swapaxes(1, 2).reshape(-1, 32, 32, 3))
    return _parted(
        entry, dict(zip(("train", "test"), parts, strict=True)), table["label"].to_numpy(np.int64, copy=True)
    )


def cifar10(entry: Entry) -> Images:
    """All 60,000 images, fetched when they are not in the cache."""
    provide(entry)
    images = {part: _array(entry, f"{part}_images.npy") for part in ("train", "test")}
    labels = np.concatenate([_array(entry, f"{part}_labels.npy") for part in ("train", "test")])
    return _parted(entry, images, labels.astype(np.int64))


def _array(entry: Entry, name: str) -> np.ndarray:
    return np.load(location(entry, entry.file(name)), allow_pickle=False)


def medmnist(entry: Entry) -> Images:
    """One MedMNIST set, fetched when it is not in the cache; grey pictures get one channel."""
    provide(entry)
    path = location(entry, entry.files[0])
    again = f"fetch it again with `{restore_command(entry)}`."
    parts = {"train": "train", "validation": "val", "test": "test"}
    try:
        with np.load(path, allow_pickle=False) as archive:
            images = {part: archive[f"{key}_images"] for part, key in parts.items()}
            labels = np.concatenate([archive[f"{key}_labels"] for key in parts.values()])
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise CourseError(f"The file {path} is not a MedMNIST archive ({error}); {again}") from error
    counted = {key: len(images[part]) for part, key in parts.items()}
    if counted != dict(entry.counts):
        raise CourseError(f"The file {path} holds {counted} images, not {dict(entry.counts)}; {again}")
    images = {part: array if array.ndim == 4 else array[..., np.newaxis] for part, array in images.items()}
    single = labels.shape[1:] in ((), (1,))
    return _parted(entry, images, labels.reshape(len(labels), *(() if single else labels.shape[1:])).astype(np.int64))


def _parted(entry: Entry, images: dict[str, np.ndarray], labels: np.ndarray) -> Images:
    """The official parts, one after the other. Who is on which picture is not published: each is its own group."""
    ends = np.cumsum([0] + [len(array) for array in images.values()])
    rows = {part: np.arange(*ends[place : place + 2]) for place, part in enumerate(images)}
    split = Split(rows["train"], rows.get("validation", []), rows["test"])
    stacked = np.concatenate(list(images.values()))
    return Images(entry, stacked, labels, entry.class_names, np.arange(len(stacked)), split=split)
