"""Models small enough to know what the right explanation is."""

import keras
import numpy as np
from keras import layers, ops

CLASSES = 3


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def linear(shape, head, classes=CLASSES, seed=1):
    """A linear model over inputs of this shape, which ends in this activation, and its weights (*shape, classes)."""
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(classes, activation=head)])
    weights = normal(int(np.prod(shape)), classes, seed=seed)
    model.set_weights([weights, normal(classes, seed=seed + 1)])
    return model, weights.reshape(*shape, classes)


def cnn(head="softmax", activation="relu", pooling=layers.MaxPooling2D):
    """A small convolutional network for (n, 8, 8, 2), the same each time."""
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            layers.Conv2D(4, 3, activation=activation, padding="same", name="first"),
            pooling(2),
            layers.Conv2D(5, 3, activation=activation, padding="same", name="second"),
            pooling(2),
            layers.Flatten(),
            layers.Dense(CLASSES, activation=head),
        ]
    )


def reader(maps, weights):
    """A 1 x 1 convolution that copies the channels of (height, width, channels), their means, and a linear layer."""
    height, width, channels = maps
    model = keras.Sequential(
        [
            keras.Input(maps),
            layers.Conv2D(channels, 1, use_bias=False, name="copy"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(weights.shape[1], use_bias=False, activation="softmax"),
        ]
    )
    model.set_weights([np.eye(channels).reshape(1, 1, channels, channels), weights])
    return model


def molecule_model(features=4):
    """Adds up, over the atoms that the mask shows, a number for each atom's features and its neighbours' places."""
    atoms = keras.Input((None, features), name="atoms")
    bonds = keras.Input((None, None), name="bonds")
    mask = keras.Input((None,), dtype="bool", name="is_atom")
    each = layers.Dense(1, use_bias=False, name="each")(atoms)
    seen = layers.Lambda(
        lambda given: ops.cast(given[0], "float32")[..., None] * (given[1] + ops.sum(given[2], axis=2)[..., None])
    )([mask, each, bonds])
    return keras.Model({"atoms": atoms, "bonds": bonds, "is_atom": mask}, ops.sum(seen, axis=(1, 2)))
