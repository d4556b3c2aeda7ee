"""Arrays out of HDF5 without its library: against a file that Keras writes itself."""

import keras
import numpy as np
import pytest

from utils.datasets.conversions import hdf5
from utils.errors import CourseError


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A network of many layers, so that groups spread over several nodes, and its file."""
    layers = [keras.layers.Dense(units, name=f"dense_of_{units}_units") for units in range(1, 41)]
    network = keras.Sequential([keras.Input((3,)), *layers])
    path = tmp_path_factory.mktemp("hdf5") / "x.weights.h5"
    network.save_weights(path)
    return network, path.read_bytes()


def test_every_array_is_found_where_keras_put_it(written):
    network, content = written
    found = hdf5.arrays(content)
    wanted = {}
    for number, layer in enumerate(network.layers):
        name = "dense" if number == 0 else f"dense_{number}"
        wanted |= {f"layers/{name}/vars/{place}": one for place, one in enumerate(layer.get_weights())}
    assert set(found) == set(wanted) and len(found) == 80
    assert all(np.array_equal(found[path], array) and found[path].dtype == "<f4" for path, array in wanted.items())


@pytest.mark.parametrize("start", [b"", b"PK\x03\x04", hdf5.SIGNATURE + b"\x02"])
def test_another_format_is_refused(start, written):
    with pytest.raises(CourseError, match="not in the HDF5 format of Keras 2"):
        hdf5.arrays(start + written[1][len(start) :] if start else b"")
