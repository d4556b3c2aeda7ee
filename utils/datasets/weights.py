"""Weights of networks that were trained elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from utils.datasets.catalogue import Entry
from utils.datasets.store import read_csv, read_npy
from utils.errors import CourseError


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of one network.

    arrays: "layer/weight" → float32 array, read-only, in the layout of Keras: kernels (height, width, in, out).
    """

    entry: Entry
    arrays: Mapping[str, np.ndarray]


def of_network(entry: Entry) -> Weights:
    """The weights of the network of this entry, from one row of numbers and the table of its layers."""
    table, row = read_csv(entry, "layers.csv"), read_npy(entry, "weights.npy.xz").astype(np.float32)
    shapes = [tuple(map(int, shape.split())) for shape in table["shape"].astype(str)]
    ends = np.cumsum([0] + [int(np.prod(shape)) for shape in shapes])
    if ends[-1] != len(row):
        raise CourseError(f"The layers of {entry.name} have {ends[-1]:,} weights, but there are {len(row):,}.")
    row.setflags(write=False)
    names = table["layer"] + "/" + table["weight"]
    parts = [row[start:end] for start, end in zip(ends, ends[1:], strict=False)]
    return Weights(
        entry,
        MappingProxyType({name: part.reshape(shape) for name, part, shape in zip(names, parts, shapes, strict=True)}),
    )
