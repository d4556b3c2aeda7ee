"""Networks that others have trained, written out in Keras, small enough for two processor cores.

EfficientNet-Lite0 for photographs, and MMSplice's network for the donor sites of genes.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from utils.errors import CourseError, UsageError

FEATURES = 1280
DONOR_EXON, DONOR_INTRON = 5, 13  # letters that MMSplice's donor network sees before and behind the cut


class Stage(NamedTuple):
    """Blocks of one kind that follow each other.

    blocks: how many. kernel: side of the depthwise convolution. stride: of the first block; the others have 1.
    expansion: by how much a block widens its input. filters: channels that leave each block.
    """

    blocks: int
    kernel: int
    stride: int
    expansion: int
    filters: int


STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)
BLOCKS = sum(stage.blocks for stage in STAGES)


def efficientnet_lite0(weights: Mapping[str, np.ndarray] | None = None, *, side: int = 224) -> keras.Model:
    """EfficientNet-Lite0 without its last layer: pictures in, 1,280 features of each out.

    A first convolution, 16 blocks in seven stages, a last 1 x 1 convolution, the mean over all places. A block widens
    its input by a 1 x 1 convolution, looks around in each channel by itself (a depthwise convolution), and narrows the
    result again; where shapes allow, the input is added. "Lite" is EfficientNet-B0 without squeeze and excitation and
    with ReLU6, min(max(x, 0), 6), in place of swish.

    Parameters
    ----------
    weights : mapping, optional
        "layer/weight" → array, as ``datasets.load("efficientnet_lite0").arrays`` holds them; without, the network
        begins at random.
    side : int
        Height and width of the pictures in pixels, 32 or more; the network was trained on 224.

    Returns
    -------
    keras.Model, not compiled
        Takes (batch, side, side, 3), red, green and blue from 0 to 255; returns float32 (batch, 1280). The output of
        the n-th block is that of the layer ``block_n``, n from 1 to 16. Convolutions pad as ``padding="same"`` does,
        with the odd zero after the picture, as when the network was trained.

    Raises
    ------
    UsageError
        For a side below 32.
    CourseError
        When the weights are not those of this network.

    References
    ----------
    Tan and Le (2019), https://doi.org/10.48550/arXiv.1905.11946; the Lite variants: Liu (2020), TensorFlow Blog.
    """
    if side < 32:
        raise UsageError(f"Pictures of {side} pixels are too small for five halvings; give a side of 32 or more.")
    inputs = keras.Input((side, side, 3), name="pictures")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(inputs)  # as in training: (x - 127) / 128
    x = _norm(layers.Conv2D(32, 3, 2, padding="same", use_bias=False, name="stem")(x), "stem_norm")
    number = 0
    for stage in STAGES:
        for place in range(stage.blocks):
            number += 1
            x = _block(x, stage, stage.stride if place == 0 else 1, f"block_{number}")
    x = _norm(layers.Conv2D(FEATURES, 1, use_bias=False, name="head")(x), "head_norm")
    model = keras.Model(inputs, layers.GlobalAveragePooling2D(name="features")(x), name="efficientnet_lite0")
    if weights is not None:
        set_weights(model, weights)
    return model


def _block(x: Any, stage: Stage, stride: int, name: str) -> Any:
    before, width = x, x.shape[-1]
    if stage.expansion > 1:
        x = layers.Conv2D(width * stage.expansion, 1, use_bias=False, name=f"{name}_expand")(x)
        x = _norm(x, f"{name}_expand_norm")
    x = layers.DepthwiseConv2D(stage.kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise")(x)
    x = _norm(x, f"{name}_depthwise_norm")
    x = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project")(x)
    x = _norm(x, f"{name}_project_norm", bounded=False)
    if stride == 1 and width == stage.filters:
        return layers.Add(name=name)([before, x])
    return layers.Identity(name=name)(x)


def _norm(x: Any, name: str, bounded: bool = True) -> Any:
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-3, name=name)(x)
    return layers.ReLU(6.0, name=f"{name}_relu6")(x) if bounded else x


def set_weights(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Give a network the weights "layer/weight" → array; CourseError when names or shapes are not the network's."""
    variables = {f"{layer.name}/{one.name}": one for layer in model.layers for one in layer.weights}
    shapes = {name: tuple(one.shape) for name, one in variables.items()}
    given = {name: array.shape for name, array in weights.items()}
    wrong = sorted(set(shapes.items()) ^ set(given.items()))
    if wrong:
        name = wrong[0][0]
        raise CourseError(
            f"These are not the weights of {model.name}: {name} is {given.get(name, 'missing')}, where "
            f"{shapes.get(name, 'nothing')} is expected."
        )
    for name, variable in variables.items():
        variable.assign(weights[name])


def mmsplice_donor(weights: Mapping[str, np.ndarray] | None = None) -> keras.Model:
    """MMSplice's network for donor sites: 18 letters in, the probability of a donor after the fifth of them out.

    Two dense layers of 128 and 64 units, each with batch normalisation, ReLU and dropout (0.2), and a last one of one
    unit. The layer "features" gives the 64 numbers before it, "log_odds" its answer before the sigmoid.

    Parameters
    ----------
    weights : mapping, optional
        "layer/weight" → array, as ``datasets.load("mmsplice_donor").arrays`` holds them; without, the network begins
        at random.

    Returns
    -------
    keras.Model, not compiled
        Takes one-hot letters (batch, 18, 4), columns A, C, G, T: the last five of the exon, the first 13 of the intron.
        Where MMSplice has zeros for an unclear letter, ``dna.one_hot`` shares a 1. Returns float32 (batch, 1).

    Raises
    ------
    CourseError
        When the weights are not those of this network.

    References
    ----------
    Cheng and others (2019), https://doi.org/10.1186/s13059-019-1653-z
    """
    inputs = keras.Input((DONOR_EXON + DONOR_INTRON, 4), name="letters")
    x = layers.Flatten(name="side_by_side")(inputs)
    for name, units, output in (("hidden_1", 128, "hidden_1_relu"), ("hidden_2", 64, "features")):
        x = layers.Dense(units, name=name)(x)
        x = layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}_norm")(x)
        x = layers.Dropout(0.2, name=f"{name}_dropout")(layers.ReLU(name=output)(x))
    x = layers.Dense(1, name="log_odds")(x)
    model = keras.Model(inputs, layers.Activation("sigmoid", name="probability")(x), name="mmsplice_donor")
    if weights is not None:
        set_weights(model, weights)
    return model
