"""Patches and the sliding window: every voxel is seen, and a halo as wide as the network looks changes nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from utils.errors import UsageError
from utils.features.scans_patches import corners, patches, slide, starts

KERNELS = np.random.default_rng(0).normal(size=(2, 3, 3, 3))


def network(batch):
    """Two layers of 3 x 3 x 3 with zeros around, a ReLU between: it looks two voxels far."""
    hidden = np.stack([ndimage.convolve(one[..., 0], KERNELS[0], mode="constant") for one in batch])
    return np.stack([ndimage.convolve(np.maximum(one, 0), KERNELS[1], mode="constant") for one in hidden])[..., None]


@pytest.fixture(scope="module")
def voxels():
    return np.random.default_rng(1).normal(size=(13, 30, 41)).astype(np.float32)


@given(st.integers(1, 60), st.integers(1, 30), st.integers(1, 30))
def test_every_voxel_is_in_a_patch(length, size, step):
    begins = starts(length, size, step)
    assert begins == sorted(set(begins)) and begins[0] == 0
    if length > size:
        assert begins[-1] == length - size and max(np.diff(begins)) <= step
    covered = np.zeros(max(length, size))
    for begin in begins:
        covered[begin : begin + size] = 1
    assert covered[:length].all() or step > size


def test_patches_are_copies_of_the_volume(voxels):
    at = corners(voxels.shape, (4, 8, 8), (4, 8, 8))
    assert at.shape == (4 * 4 * 6, 3) and at.dtype == np.int64
    cut = patches(voxels, at, (4, 8, 8))
    assert cut.shape == (len(at), 4, 8, 8)
    for corner, patch in zip(at, cut, strict=True):
        np.testing.assert_array_equal(
            patch, voxels[tuple(slice(c, c + s) for c, s in zip(corner, (4, 8, 8), strict=True))]
        )


@pytest.mark.parametrize("size", [(8, 16, 16), (5, 30, 9), 16, (13, 30, 41), 100])
@pytest.mark.parametrize("weights, overlap", [("flat", 0), ("flat", 0.5), ("gaussian", 0.3)])
def test_a_wide_halo_gives_what_the_whole_volume_gives(voxels, size, weights, overlap):
    whole = network(voxels[None, ..., None])[0]
    made = slide(network, voxels, size, overlap=overlap, halo=2, weights=weights, batch=3)
    assert made.dtype == np.float32 and made.shape == (13, 30, 41, 1)
    np.testing.assert_allclose(made, whole, atol=2e-5 * np.abs(whole).max())


def test_without_a_halo_the_rim_of_a_patch_shows(voxels):
    whole = network(voxels[None, ..., None])[0]
    off = {
        weights: np.abs(slide(network, voxels, (8, 16, 16), halo=0, weights=weights) - whole).mean()
        for weights in ("flat", "gaussian")
    }
    narrow = np.abs(slide(network, voxels, (8, 16, 16), overlap=0, halo=1, weights="flat") - whole).max()
    assert off["flat"] > 1.5 * off["gaussian"] > 0.01 and narrow > 0.01


def test_several_channels_in_and_out(voxels):
    two = np.stack([voxels, voxels * 2], axis=-1)
    made = slide(lambda batch: np.concatenate([batch, batch[..., :1] + 1], axis=-1), two, (6, 10, 10))
    np.testing.assert_allclose(made, np.concatenate([two, two[..., :1] + 1], axis=-1), rtol=1e-5, atol=1e-6)


def test_the_network_always_gets_whole_batches(voxels):
    shapes = set()

    def watched(batch):
        shapes.add(batch.shape)
        assert batch.dtype == np.float32
        return batch

    slide(watched, voxels.astype(np.int16), (8, 16, 16), overlap=0, batch=5)
    assert shapes == {(5, 8, 16, 16, 1)}


def test_a_volume_on_the_disk(tmp_path, voxels):
    np.save(tmp_path / "v.npy", voxels)
    mapped = np.load(tmp_path / "v.npy", mmap_mode="r")
    np.testing.assert_array_equal(
        slide(network, mapped, (8, 16, 16), halo=2), slide(network, voxels, (8, 16, 16), halo=2)
    )


@pytest.mark.parametrize(
    "options, words",
    [
        ({"weights": "round"}, "weights are one of flat, gaussian"),
        ({"overlap": 1}, "from 0 to below 1"),
        ({"batch": 0}, "a batch at least 1"),
        ({"halo": 8}, "leaves nothing of a patch of"),
        ({"size": 0}, "leaves nothing|at least 1 voxel"),
    ],
)
def test_what_cannot_slide(voxels, options, words):
    with pytest.raises(UsageError, match=words):
        slide(network, voxels, **({"size": 8} | options))


def test_a_network_that_gives_another_shape(voxels):
    with pytest.raises(UsageError, match="The network gives"):
        slide(lambda batch: batch[:, ::2], voxels, 8)
