"""Pictures: nuclei and their fields of tissue, CIFAR-10, MedMNIST."""

import io

import numpy as np
from PIL import Image

from utils.datasets.catalogue import Entry, find
from utils.datasets.store import read, read_csv, read_npy
from utils.datasets.types import Images, TissueField
from utils.errors import UsageError


def nuclei(entry: Entry, size: int = 32) -> Images:
    """One size x size patch around the centroid of each nucleus; at the rim of the field the picture is mirrored."""
    if size not in range(8, 257):
        raise UsageError(f"A patch of {size!r} pixels cannot be cut; give a whole number from 8 to 256.")
    table = read_csv(entry, "nuclei.csv")
    centres = table[["row", "column"]].to_numpy(np.float32)
    patches = np.empty((len(table), size, size, 3), np.uint8)
    for field in (1, 2):
        picture = np.pad(_picture(entry, field), ((size, size), (size, size), (0, 0)), mode="reflect")
        for index in np.flatnonzero(table["field"] == field):
            top, left = np.floor(centres[index] + 0.5).astype(int) + size - size // 2
            patches[index] = picture[top : top + size, left : left + size]
    labels = np.array([entry.class_names.index(name) for name in table["class"]], np.int64)
    return Images(entry, patches, labels, entry.class_names, table["field"].to_numpy(np.int64, copy=True), centres)


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
