"""A small convolutional network for heartbeats, trained several times over."""

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
