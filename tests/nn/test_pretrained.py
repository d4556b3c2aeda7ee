"""EfficientNet-Lite0 in Keras is the published network: its own outputs, and a forward pass without any library."""

from pathlib import Path

import numpy as np
import pytest

from utils import datasets, nn
from utils.errors import CourseError, UsageError
from utils.nn.pretrained import BLOCKS, FEATURES, STAGES, efficientnet_lite0
from utils.nn.training import seeded

REFERENCE = Path(__file__).with_name("efficientnet_lite0_reference.npy")


@pytest.fixture(scope="module")
def weights():
    return datasets.load("efficientnet_lite0").arrays


def pictures(side=64):
    """Three pictures by formula, uint8 (3, side, side, 3): waves of other lengths in each colour, and noise."""
    row, column = np.indices((side, side))
    colours = np.array([3, 5, 7])
    waves = 127 * (1 + np.sin(row[..., None] / colours + column[..., None] / colours[::-1]))
    rings = 127 * (1 + np.cos(np.hypot(row - 20, column - 40)[..., None] / colours))
    return np.stack([waves, rings, np.random.RandomState(0).randint(0, 256, waves.shape)]).astype(np.uint8)


def by_hand(picture, weights):
    """Features of one picture in 64-bit numbers: what the layers do, written out."""

    def convolve(x, name, stride=1):
        kernel = weights[f"{name}/kernel"].astype(float)
        side, size = x.shape[0], kernel.shape[0]
        zeros = max((-(-side // stride) - 1) * stride + size - side, 0)
        before = zeros // 2  # the odd one goes after
        x = np.pad(x, ((before, zeros - before), (before, zeros - before), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (0, 1))[::stride, ::stride]
        if name.endswith("depthwise"):
            return np.einsum("ijckl,klcm->ijc", windows, kernel)
        return np.einsum("ijckl,klcd->ijd", windows, kernel, optimize=True)

    def norm(x, name, bounded=True):
        parts = ("gamma", "beta", "moving_mean", "moving_variance")
        gamma, beta, mean, variance = (weights[f"{name}_norm/{part}"].astype(float) for part in parts)
        x = (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta
        return np.clip(x, 0, 6) if bounded else x

    x, number = norm(convolve((picture.astype(float) - 127) / 128, "stem", 2), "stem"), 0
    for stage in STAGES:
        for place in range(stage.blocks):
            number += 1
            name, before = f"block_{number}", x
            if stage.expansion > 1:
                x = norm(convolve(x, f"{name}_expand"), f"{name}_expand")
            x = norm(convolve(x, f"{name}_depthwise", stage.stride if place == 0 else 1), f"{name}_depthwise")
            x = norm(convolve(x, f"{name}_project"), f"{name}_project", bounded=False)
            x = x + before if x.shape == before.shape else x
    return norm(convolve(x, "head"), "head").mean((0, 1))


def test_the_outputs_of_the_published_network(weights):
    """The reference: PyTorch 2.15, the published code and 32-bit weights. What differs is our rounding to 16 bits."""
    reference = np.load(REFERENCE)
    found = nn.predict(efficientnet_lite0(weights, side=64), pictures())
    assert reference.shape == found.shape == (3, FEATURES)
    assert np.abs(found - reference).max() < 0.1
    assert np.abs(found - reference).mean() < 0.005 < reference.std() / 200
    for one, other in zip(found, reference, strict=True):
        assert np.corrcoef(one, other)[0, 1] > 0.9999


@pytest.mark.parametrize("side", [33, 64])
def test_a_forward_pass_without_any_library(weights, side):
    """An odd side too, in which zeros are padded otherwise."""
    found = nn.predict(efficientnet_lite0(weights, side=side), pictures(side))
    wanted = np.stack([by_hand(one, weights) for one in pictures(side)])
    assert np.abs(found - wanted).max() < 1e-3


def test_blocks_have_the_shapes_of_their_stages():
    network, number, places = efficientnet_lite0(side=96), 0, 48
    for stage in STAGES:
        for place in range(stage.blocks):
            number += 1
            places = places // stage.stride if place == 0 else places
            assert network.get_layer(f"block_{number}").output.shape[1:] == (places, places, stage.filters)
    assert number == BLOCKS
    assert network.output.shape == (None, FEATURES)


def test_without_weights_it_begins_at_random(weights):
    starts = []
    for seed in (0, 1):
        with seeded(seed):
            starts.append(efficientnet_lite0(side=32))
    first, second = (network.get_layer("stem").get_weights()[0] for network in starts)
    assert np.abs(first - second).max() > 0.01
    assert np.abs(first - weights["stem/kernel"]).max() > 0.01


def test_other_weights_are_refused(weights):
    short = {name: array for name, array in weights.items() if name != "stem/kernel"}
    with pytest.raises(CourseError, match=r"efficientnet_lite0: stem/kernel is missing, where \(3, 3, 3, 32\) is"):
        efficientnet_lite0(short, side=32)
    with pytest.raises(CourseError, match=r"more/kernel is \(2,\), where nothing is expected"):
        efficientnet_lite0({**weights, "more/kernel": np.zeros(2)}, side=32)
    with pytest.raises(CourseError, match=r"stem/kernel is \(3, 3, 32, 3\)"):
        efficientnet_lite0({**weights, "stem/kernel": weights["stem/kernel"].transpose(0, 1, 3, 2)}, side=32)


def test_small_pictures_are_refused():
    with pytest.raises(UsageError, match="Pictures of 31 pixels are too small"):
        efficientnet_lite0(side=31)
