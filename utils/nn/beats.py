"""A small convolutional network for heartbeats, and copies of beats that differ as beats of one heart do."""

import keras
import numpy as np
from keras import layers, ops

from utils.nn.training import fit


def vary(beats, copies, random):
    """Each beat in several versions: moved and stretched in time, made larger or smaller, with noise.

    beats: float (n, length), about mean 0 and standard deviation 1. random: a NumPy generator. Returns float32
    (copies × n, length): all beats once, then all again, and so on.
    """
    length = beats.shape[1]
    time, middle = np.arange(length), (length - 1) / 2

    def version():
        moved, bent = random.uniform(-0.03, 0.03, (len(beats), 1)), random.normal(0, 0.015, (len(beats), 1))
        stretched = random.uniform(0.95, 1.05, (len(beats), 1))
        place = (time - middle) * stretched + middle + length * (moved + bent * np.sin(np.pi * time / (length - 1)))
        place = np.clip(place, 0, length - 1)
        left = np.floor(place).astype(int).clip(max=length - 2)
        right = place - left  # weight of the reading to the right
        read = np.take_along_axis(beats, left, 1) * (1 - right) + np.take_along_axis(beats, left + 1, 1) * right
        return read * random.uniform(0.9, 1.1, (len(beats), 1)) + random.normal(0, 0.05, read.shape)

    return np.concatenate([version() for _ in range(copies)]).astype("float32")


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


def train_beats(beats, labels, *, classes, members, copies, epochs, seed=0, **options):
    """Train several networks that differ in their seed; ``predict_beats`` averages them. Returns a list of models."""
    models, targets = [], np.tile(labels, copies)
    for member in range(members):
        keras.utils.set_random_seed(seed + member)
        model = beat_model(beats.shape[1], classes)
        seen = vary(beats, copies, np.random.default_rng(seed + member))[..., None]
        steps = epochs * -(-len(seen) // 64)
        optimizer = keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(0.004, steps), weight_decay=0.01)
        model.compile(optimizer, "sparse_categorical_crossentropy", jit_compile=False, **options)
        fit(model, seen, targets, epochs=epochs, batch_size=64)
        models.append(model)
    return models


def predict_beats(models, beats, batch_size=1000):
    """Mean probabilities of the models: float64 (n, classes)."""
    found = []
    for start in range(0, len(beats), batch_size):
        part = ops.convert_to_tensor(beats[start : start + batch_size, :, None])
        found.append(np.mean([ops.convert_to_numpy(model(part, training=False)) for model in models], axis=0))
    return np.concatenate(found).astype(float)
