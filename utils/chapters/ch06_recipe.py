"""The article's network, the course's own, and a training that ends when the time is up.

Chapter 06 and ``bench/cifar_same_clock.py`` share them.
"""

import math
import time
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from utils.chapters.ch06_views import crops, tta_views, whiten
from utils.errors import CourseError
from utils.nn.inference import predict
from utils.nn.schedules import one_cycle
from utils.nn.training import prepare

MARGIN = 4  # pixels by which a picture may be shifted in each direction
SMALL = 24  # pixels along the side of the small crops


@dataclass(frozen=True)
class Recipe:
    """What a training against the clock does. Each part can be left out, to see what it is worth.

    batch_size: pictures between two steps. peak_rate: the largest learning rate. weight_decay: how fast AdamW lets
    weights shrink, times the rate. one_cycle: whether the rate rises to
    its peak and falls to zero with the time, or stays at the peak. augment: whether pictures are shifted and mirrored
    at random. label_smoothing: share of the label that is spread over all classes. small_until: share of the time in
    which the network sees small crops, each of them a little more than half the work. tta_views: over how many
    views of a picture a prediction is averaged, 1, 2 or 6 (test-time augmentation, see ``tta_views``). whiten: whether
    the first layer starts with what the pictures' patches differ in (see ``whiten``), rather than with random numbers.
    """

    batch_size: int = 128
    peak_rate: float = 0.01
    weight_decay: float = 0.05
    one_cycle: bool = True
    augment: bool = True
    label_smoothing: float = 0.1
    small_until: float = 0.0
    tta_views: int = 6
    whiten: bool = True

    def rate(self, passed):
        """Learning rate when ``passed`` (0 to 1) of the time is over."""
        return one_cycle(passed, self.peak_rate) if self.one_cycle else self.peak_rate


BEST = Recipe(small_until=0.5)  # for all 50,000 training images and some minutes of two cores
BEST_WIDTH = 32  # of course_cnn, likewise


@dataclass(frozen=True)
class Clocked:
    """A training that was timed: the model, its seconds (building it and preparing the data included), its steps, how
    many images it saw, and over how many views of a picture a prediction is averaged."""

    model: keras.Model
    seconds: float
    steps: int
    images: int
    tta_views: int = 1

    def predict(self, images):
        """Probabilities float32 (n, classes) for images (n, height, width, 3) with values 0-255."""
        return np.mean([predict(self.model, view) for view in tta_views(images, self.tta_views)], axis=0)


def article_cnn(classes=10):
    """The article's network: Conv32, pool, Conv64, pool, Dense64, Dense10. Takes (batch, 32, 32, 3), values 0-255.

    Its division by 255 is a layer here, so that nobody can forget it when predicting.
    """
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ],
        name="article_cnn",
    )


def course_cnn(width=32, classes=10, batch_norm=True):
    """A small network whose parts were chosen for what they give for a second of a processor.

    The first layer halves the picture at once, since work at full size is what costs most. Pooling stands before the
    normalisation, which then has a quarter to do. The mean over all places at the end takes pictures of any size.

    Takes (batch, height, width, 3) with values 0-255, height and width divisible by 8.
    """

    def convolve(x, channels, kernel=3, strides=1, pool=False):
        x = layers.Conv2D(channels, kernel, strides, padding="same", use_bias=not batch_norm)(x)
        x = layers.MaxPooling2D(2)(x) if pool else x
        x = layers.BatchNormalization(momentum=0.9)(x) if batch_norm else x
        return layers.ReLU()(x)

    inputs = keras.Input((None, None, 3))
    x = layers.Rescaling(1 / 64, -120 / 64)(inputs)  # about mean 0 and standard deviation 1 for photographs
    x = convolve(x, width, kernel=4, strides=2)
    x = convolve(x, 2 * width, pool=True)
    x = layers.Add()([x, convolve(x, 2 * width)])
    x = convolve(x, 4 * width, pool=True)
    x = layers.Add()([x, convolve(x, 4 * width)])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x), name="course_cnn")


def train_article(images, labels, *, epochs=10, batch_size=32, jit_compile="auto"):
    """Train the article's network with its settings (Adam 0.001, batches of 32, 10 epochs) and time it.

    images: uint8 (n, 32, 32, 3). labels: int (n,). jit_compile: as in Keras, where "auto" is what the article's code
    gets; on a processor, False starts sooner and was faster where we measured. Returns a Clocked.
    """
    started = time.perf_counter()
    model = article_cnn()
    model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", jit_compile=jit_compile)
    model.fit(images, labels, epochs=epochs, batch_size=batch_size, verbose=0)
    steps = epochs * math.ceil(len(images) / batch_size)
    return Clocked(model, time.perf_counter() - started, steps, epochs * len(images))


def train_within(seconds, build, images, labels, recipe=None, *, seed=0, clock=time.perf_counter):
    """Build and train a network until the time is up: building and preparing the data are on the clock.

    Parameters
    ----------
    seconds : float
        The time allowed. No step is begun that would be expected to end later.
    build : callable
        Returns the network, not compiled, with softmax outputs; takes pictures with values 0-255.
    images : uint8 (n, height, width, 3)
    labels : int (n,)
    recipe : Recipe, optional
    seed : int
        Of the order of the pictures, of shifts and flips. How many steps there are depends on the machine, so results
        differ from run to run even with the same seed.
    clock : callable
        Returns the present time in seconds.

    Returns
    -------
    Clocked

    Raises
    ------
    CourseError
        When the time does not even allow one step, there are no images, or the loss became infinite.
    """
    started = clock()
    if len(images) == 0 or len(images) != len(labels):
        raise CourseError(f"There are {len(images)} images and {len(labels)} labels: give one label for each image.")
    recipe = recipe or Recipe()
    random = np.random.default_rng(seed)
    model = build()
    model.compile(
        keras.optimizers.AdamW(recipe.rate(0), weight_decay=recipe.weight_decay),
        keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        jit_compile=False,  # compiling costs seconds, and short trainings do not earn them back
    )
    prepare(model)
    targets = np.eye(model.output_shape[-1], dtype="float32")[labels]
    edge = ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
    if recipe.whiten:
        whiten(model, images[: recipe.batch_size * 8])
    padded = np.pad(images, edge, mode="reflect") if recipe.augment else images
    order, steps, last, now = np.empty(0, int), 0, 0.0, clock()
    while now - started + last < seconds:
        before, passed = now, (now - started) / seconds
        if len(order) < recipe.batch_size:
            order = np.concatenate([order, random.permutation(len(images))])
        rows, order = order[: recipe.batch_size], order[recipe.batch_size :]
        model.optimizer.learning_rate = recipe.rate(passed)
        batch = crops(padded, rows, SMALL if passed < recipe.small_until else images.shape[1], recipe.augment, random)
        loss = model.train_on_batch(batch, targets[rows])
        if not np.isfinite(loss):
            raise CourseError(f"The loss became {loss} at step {steps + 1}: take a smaller learning rate.")
        steps, now = steps + 1, clock()
        last = now - before
    if steps == 0:
        raise CourseError(f"{seconds:.2f} seconds do not allow one step: give more time or a smaller network.")
    return Clocked(model, clock() - started, steps, steps * recipe.batch_size, recipe.tta_views)
