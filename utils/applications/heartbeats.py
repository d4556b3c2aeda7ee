"""A small convolutional network for heartbeats, trained several times over, and convolutions that learn nothing."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from utils.nn import training
from utils.nn.inference import predict
from utils.nn.training import fit, member_seeds


def beat_model(length: int, classes: int, width: int = 16) -> keras.Model:
    """Three convolutions, then mean and maximum over time: (batch, length, 1) → probabilities (batch, classes)."""
    inputs = keras.Input((length, 1))
    x = inputs
    for channels, kernel, pool in ((width, 7, True), (2 * width, 5, True), (2 * width, 3, False)):
        x = layers.Conv1D(channels, kernel, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.MaxPooling1D(2)(x) if pool else x
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(layers.Dropout(0.3)(x)))


def train_beats(
    signals: np.ndarray,
    labels: np.ndarray,
    *,
    classes: int,
    members: int = 2,
    epochs: int = 40,
    seed: int = 0,
    **options: Any,
) -> list[keras.Model]:
    """Train several networks that differ in their seed; ``predict_beats`` averages them.

    signals: float (n, length), each of mean 0 and standard deviation 1. labels: int (n,). options go to ``compile``.
    """

    def compile_(model: keras.Model) -> None:
        schedule = keras.optimizers.schedules.CosineDecay(0.004, epochs * -(-len(signals) // 64))
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.01)
        model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False, **options)

    return training.members(
        lambda: beat_model(signals.shape[1], classes),
        compile_,
        lambda model: fit(model, signals[..., None], labels, epochs=epochs, batch_size=64),
        member_seeds(seed, members),
    )


def predict_beats(models: list[keras.Model], signals: np.ndarray) -> np.ndarray:
    """Mean probabilities of the models: float64 (n, classes)."""
    return np.mean([predict(model, signals[..., None]) for model in models], axis=0, dtype=float)


def random_convolutions(length: int, kernels: int = 1000, seed: int = 0) -> Callable[[np.ndarray], np.ndarray]:
    """Features for a linear model: what random filters, short and long, find in a signal.

    Each filter has 7, 9 or 11 random weights of mean 0 and a random spacing between them. It gives two numbers: the
    share of places with a positive response, and the largest response. Dempster, Petitjean and Webb (2020),
    https://doi.org/10.1007/s10618-020-00701-z.

    length: of the signals, at least 11. Returns a function of float (n, length) → float32 (n, 2 kernels).
    """
    rng, filters = np.random.default_rng(seed), []
    for _ in range(kernels):
        weights = rng.normal(size=rng.choice([7, 9, 11]))
        weights, shift = weights - weights.mean(), rng.uniform(-1, 1)
        spacing = int(2 ** rng.uniform(0, np.log2((length - 1) / (len(weights) - 1))))
        padding = (len(weights) - 1) * spacing // 2 if rng.random() < 0.5 else 0
        filters.append((weights, shift, spacing, padding))

    def features(signals: np.ndarray) -> np.ndarray:
        found = np.empty((len(signals), 2 * kernels), np.float32)
        for place, (weights, shift, spacing, padding) in enumerate(filters):
            padded = np.pad(np.asarray(signals, np.float32), ((0, 0), (padding, padding)))
            steps = padded.shape[1] - (len(weights) - 1) * spacing
            response = np.full((len(padded), steps), shift, np.float32)
            for number, weight in enumerate(weights.astype(np.float32)):
                response += weight * padded[:, number * spacing : number * spacing + steps]
            found[:, 2 * place] = (response > 0).mean(axis=1)
            found[:, 2 * place + 1] = response.max(axis=1)
        return found

    return features
