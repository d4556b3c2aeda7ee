"""CIFAR-10 from either of its archives, to the same arrays; and its balanced part."""

import io
import json
from collections.abc import Callable

import numpy as np
import pandas as pd
from PIL import Image

from utils.datasets.conversions.encoding import csv, npy, unpickle

TRAIN_PER_CLASS, TEST_PER_CLASS = 600, 150
COLUMNS = 100  # images side by side in one atlas
BATCHES = [f"data_batch_{number}" for number in range(1, 6)]


def convert(read: Callable[[str], bytes], form: str) -> dict[str, bytes]:
    """Images uint8 (n, 32, 32, 3) and labels uint8 (n,), in the published order, as plain .npy files."""
    return {f"cifar10/{name}.npy": npy(array) for name, array in arrays(read, form).items()}


def convert_small(read: Callable[[str], bytes], form: str) -> dict[str, bytes]:
    """The first images of each class, 600 for training and 150 for test, as lossless atlases and one table."""
    published = arrays(read, form)
    files, tables = {}, []
    for part, per_class in (("train", TRAIN_PER_CLASS), ("test", TEST_PER_CLASS)):
        labels = published[f"{part}_labels"]
        chosen = np.sort(np.concatenate([np.flatnonzero(labels == label)[:per_class] for label in range(10)]))
        files[f"cifar10_small/{part}.webp"] = _atlas(published[f"{part}_images"][chosen])
        tables.append(pd.DataFrame({"part": part, "label": labels[chosen], "published_row": chosen}))
    return files | {"cifar10_small/labels.csv": csv(pd.concat(tables))}


def arrays(read: Callable[[str], bytes], form: str) -> dict[str, np.ndarray]:
    """train_images, train_labels, test_images, test_labels from the npm package ("npm") or the archive of Toronto."""
    images_and_labels = _from_npm if form == "npm" else _from_toronto
    result = {}
    for part, batches in (("train", BATCHES), ("test", ["test_batch"])):
        result[f"{part}_images"], result[f"{part}_labels"] = images_and_labels(read, part, batches)
    return result


def _from_toronto(read: Callable[[str], bytes], part: str, batches: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Pickled batches; a row holds 1,024 red, 1,024 green, 1,024 blue values."""
    content = [unpickle(read(f"cifar-10-batches-py/{batch}")) for batch in batches]
    planes = np.concatenate([batch[b"data"] for batch in content]).reshape(-1, 3, 32, 32)
    labels = np.concatenate([batch[b"labels"] for batch in content])
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), labels.astype(np.uint8)


def _from_npm(read: Callable[[str], bytes], part: str, batches: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures 1,024 wide; a row holds the 32 x 32 pixels of one image."""
    rows = [np.asarray(Image.open(io.BytesIO(read(f"package/{batch}.png"))).convert("RGB")) for batch in batches]
    labels = json.loads(read(f"package/{part}_lables.json"))  # spelled so in the package
    return np.concatenate(rows).reshape(-1, 32, 32, 3), np.array(labels, np.uint8)


def _atlas(images: np.ndarray) -> bytes:
    """Images (n, 32, 32, 3), 100 in a row, as one lossless WebP."""
    grid = images.reshape(-1, COLUMNS, 32, 32, 3).transpose(0, 2, 1, 3, 4)
    buffer = io.BytesIO()
    Image.fromarray(grid.reshape(-1, COLUMNS * 32, 3)).save(
        buffer, "WEBP", lossless=True, quality=75, method=4, exact=True
    )
    return buffer.getvalue()
