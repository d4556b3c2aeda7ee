"""A small convolutional network for heartbeats, trained several times over."""

import keras
import numpy as np
from keras import layers, ops

from utils.nn.training import fit


def beat_model(length, classes, width=16):
    """Three convolutions, then mean and maximum over time: (batch, length, 1) → probabilities (batch, classes)."""
    inputs = keras.Input((length, 1))
    x = inputs
    for channels, kernel, pool in ((width, 7, True), (2 * width, 5, True), (2 * width, 3, False)):
        x = layers.Conv1D(channels, kernel, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        x = layers.MaxPooling1D(2)(x) if pool else x
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)])
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(layers.Dropout(0.3)(x)))


def train_beats(signals, labels, *, classes, members=2, epochs=40, seed=0, **options):
    """Train several networks that differ in their seed; ``predict_beats`` averages them.

    signals: float (n, length), each of mean 0 and standard deviation 1. labels: int (n,). options go to ``compile``.
    Returns a list of models.
    """
    models, steps = [], epochs * -(-len(signals) // 64)
    for member in range(members):
        keras.utils.set_random_seed(seed + member)
        model = beat_model(signals.shape[1], classes)
        optimizer = keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.004, steps), weight_decay=0.01)
        model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False, **options)
        fit(model, signals[..., None], labels, epochs=epochs, batch_size=64)
        models.append(model)
    return models


def predict_beats(models, signals, batch_size=1000):
    """Mean probabilities of the models: float64 (n, classes)."""
    found = []
    for start in range(0, len(signals), batch_size):
        part = ops.convert_to_tensor(signals[start : start + batch_size, :, None])
        found.append(np.mean([ops.convert_to_numpy(model(part, training=False)) for model in models], axis=0))
    return np.concatenate(found).astype(float)
