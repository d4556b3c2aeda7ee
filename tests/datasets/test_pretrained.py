"""The weights of networks trained elsewhere: read out of PyTorch's pickle without running it, and what they hold."""

import io
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from utils import datasets
from utils.datasets import weights
from utils.datasets.catalogue import data_folder, find
from utils.datasets.conversions import pretrained
from utils.errors import CourseError

HEADER = (pretrained.MAGIC, pretrained.PROTOCOL, {"little_endian": True})


class Asks:
    """Something that a pickle asks for by name, with what it is called with."""

    def __init__(self, function, *given):
        self.function, self.given = function, given

    def __reduce__(self):
        return self.function, self.given


class Storage:
    """Numbers as PyTorch's pickles name them: by their type and a key under which they follow."""

    def __init__(self, dtype, key, kind="storage"):
        self.pid = (kind, dtype, key, "cpu", 0, None)


class Writer(pickle._Pickler):
    """Writes the names of PyTorch without PyTorch."""

    def persistent_id(self, one):
        return one.pid if isinstance(one, Storage) else None

    def save_global(self, one, name=None):
        if one is rebuild:
            self.write(b"ctorch._utils\n_rebuild_tensor_v2\n")
        elif one in (float, int):
            self.write(b"ctorch\n" + (b"FloatStorage\n" if one is float else b"LongStorage\n"))
        else:
            super().save_global(one, name)

    dispatch = pickle._Pickler.dispatch | {type: save_global, type(lambda: 0): save_global}


def rebuild(*given):
    """Stands for the function that PyTorch's pickles call for each tensor."""


def dumped(*objects):
    stream = io.BytesIO()
    for one in objects:
        Writer(stream, 2).dump(one)
    return stream.getvalue()


def tensor(storage, offset, shape, strides):
    return Asks(rebuild, storage, offset, shape, strides, False, OrderedDict())


def rows(*arrays):
    return b"".join(len(one).to_bytes(8, "little") + one.tobytes() for one in arrays)


NUMBERS = np.arange(10, dtype="<f4"), np.arange(3, dtype="<i8")


def written(table, header=HEADER, keys=("a", "b"), numbers=NUMBERS):
    return dumped(*header, table, list(keys)) + rows(*numbers)


def test_tensors_are_read_whatever_the_order_of_their_axes():
    table = OrderedDict(
        whole=tensor(Storage(float, "a"), 0, (2, 5), (5, 1)),
        turned=tensor(Storage(float, "a"), 1, (2, 3), (1, 2)),
        counter=tensor(Storage(int, "b"), 2, (), ()),
    )
    found = pretrained.tensors(written(table))
    assert list(found) == ["whole", "turned", "counter"]
    assert np.array_equal(found["whole"], np.arange(10).reshape(2, 5))
    assert np.array_equal(found["turned"], [[1, 3, 5], [2, 4, 6]])
    assert found["counter"] == 2 and found["counter"].dtype == np.int64


@pytest.mark.parametrize(
    "table",
    [
        {"a": Asks(os.getcwd)},
        {"a": Asks(eval, "1 + 1")},
        {"a": np.ones(2)},
        {"a": tensor(Storage(float, "a", kind="module"), 0, (1,), (1,))},
    ],
    ids=["a command", "code", "an array", "another storage"],
)
def test_whatever_else_a_pickle_asks_for_is_refused(table):
    with pytest.raises(pickle.UnpicklingError, match="asks for .* which no table of tensors needs"):
        pretrained.tensors(written(table))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (written({}, header=(1, 1001, {"little_endian": True})), "not in PyTorch's format of 2020"),
        (written({}, header=(pretrained.MAGIC, 1001, {"little_endian": False})), "not in PyTorch's format of 2020"),
        (written({}, keys=(), numbers=()) + b"1", "numbers to spare"),
    ]
    + [
        (written({"x": tensor(Storage(float, "a"), *place)}, keys="a", numbers=NUMBERS[:1]), "beyond its row")
        for place in ((8, (3,), (1,)), (-1, (3,), (1,)), (9, (3,), (-1,)))
    ],
)
def test_another_file_is_refused(content, words):
    with pytest.raises(CourseError, match=words) as caught:
        pretrained.tensors(content)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("published", "ours"),
    {
        "_conv_stem.weight": "stem/kernel",
        "_bn0.running_mean": "stem_norm/moving_mean",
        "_blocks.0._depthwise_conv.weight": "block_1_depthwise/kernel",
        "_blocks.15._bn2.bias": "block_16_project_norm/beta",
        "_blocks.3._bn1.running_var": "block_4_depthwise_norm/moving_variance",
        "_blocks.4._expand_conv.weight": "block_5_expand/kernel",
        "_bn1.weight": "head_norm/gamma",
    }.items(),
)
def test_published_names_become_those_of_our_layers(published, ours):
    assert pretrained.keras_name(published) == ours


def on_card(name, counted):
    card = (data_folder() / find(name).card).read_text(encoding="utf-8")
    return all(f"| {what} | {number:,} |" in card for what, number in counted.items())


def test_what_is_counted_on_the_card():
    arrays = datasets.load("efficientnet_lite0").arrays
    layers = {name.split("/")[0] for name in arrays}
    counted = {
        "weights": sum(array.size for array in arrays.values()),
        "layers with weights": len(layers),
        "blocks": len({name.split("_")[1] for name in layers if name.startswith("block_")}),
        "features": len(arrays["head_norm/gamma"]),
        "kinds of photographs it was trained on": 1000,
    }
    assert on_card("efficientnet_lite0", counted)
    arrays = datasets.load("mmsplice_donor").arrays
    counted = {
        "weights": sum(array.size for array in arrays.values()),
        "layers with weights": len({name.split("/")[0] for name in arrays}),
        "letters it sees": len(arrays["hidden_1/kernel"]) // 4,
        "features before the last layer": len(arrays["log_odds/kernel"]),
    }
    assert on_card("mmsplice_donor", counted)


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mmsplice_donor"])
def test_arrays_are_whole_and_read_only(name):
    loaded = datasets.load(name)
    assert loaded.entry.kind == "weights"
    for array in loaded.arrays.values():
        assert array.dtype == np.float32 and np.isfinite(array).all() and not array.flags.writeable
    with pytest.raises(TypeError):
        loaded.arrays[min(loaded.arrays)] = None
    assert min(array.min() for name, array in loaded.arrays.items() if name.endswith("variance")) >= 0


def test_a_table_that_does_not_fit_the_numbers_is_refused(monkeypatch):
    monkeypatch.setattr(weights, "read_npy", lambda *_: np.zeros(7, np.float16))
    with pytest.raises(CourseError, match="have 3,413,024 weights, but there are 7"):
        datasets.load("efficientnet_lite0")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n\x02"])
def test_another_format_than_hdf5_is_refused(content):
    with pytest.raises(CourseError, match="not in the HDF5 format of Keras 2"):
        pretrained.convert_mmsplice_donor(lambda name: content)
