"""The article's network, the course's own, and a training that ends when its budget is used up.

The budget is a number of operations, which is the same on every machine, or of seconds. Chapter 06 and
``bench/cifar_same_clock.py`` share them.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from utils.chapters.ch06_views import crops, tta_views, whiten
from utils.errors import CourseError, UsageError
from utils.nn.inference import predict
from utils.nn.layers import AddPositions, EncoderBlock
from utils.nn.schedules import one_cycle
from utils.nn.training import prepare, seeded

MARGIN = 4  # pixels by which a picture may be shifted in each direction
SMALL = 24  # pixels along the side of the small crops
TRAINING = 3  # times the work of a prediction: on the way back come the gradients of the inputs and of the weights


@dataclass(frozen=True)
class Recipe:
    """What a training on a budget does. Each part can be left out, to see what it is worth.

    Attributes
    ----------
    batch_size : int
        Images between two steps.
    peak_rate : float
        The largest learning rate.
    weight_decay : float
        How fast AdamW lets weights shrink, times the rate.
    one_cycle : bool
        Whether the rate rises to its peak and falls to zero as the budget is used up, or stays at the peak.
    augment : bool
        Whether images are shifted and mirrored at random.
    label_smoothing : float
        Share of the label that is spread over all classes.
    small_until : float
        Share of the budget in which the network sees small crops, each of them a little more than half the work.
    tta_views : {1, 2, 6}
        Over how many views of an image a prediction is averaged (test-time augmentation, see ``tta_views``).
    whiten : bool
        Whether the first layer starts with what the images' patches differ in (see ``whiten``), rather than with
        random numbers.
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

    def rate(self, passed: float) -> float:
        """Learning rate when ``passed`` (0 to 1) of the budget is used."""
        return one_cycle(passed, self.peak_rate) if self.one_cycle else self.peak_rate


BEST = Recipe(small_until=0.5)  # for all 50,000 training images and some minutes of two cores
BEST_WIDTH = 32  # of course_cnn, likewise


@dataclass(frozen=True)
class Trained:
    """A trained network and what its training took.

    Attributes
    ----------
    model : keras.Model
    operations : float
        Of all steps, as ``operations`` counts them. The same on every machine.
    seconds : float
        Building the network and preparing the data included. They depend on the machine and on what else it does.
    steps, images : int
        Steps taken, and images seen, each as often as it was seen.
    tta_views : {1, 2, 6}
        Over how many views of an image a prediction is averaged.
    """

    model: keras.Model
    operations: float
    seconds: float
    steps: int
    images: int
    tta_views: int = 1

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities float32 (n, classes) for images (n, height, width, 3) with values 0-255."""
        return np.mean([predict(self.model, view) for view in tta_views(images, self.tta_views)], axis=0)


def article_cnn(classes: int = 10) -> keras.Model:
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


def course_cnn(width: int = 32, classes: int = 10, batch_norm: bool = True) -> keras.Model:
    """A small network whose parts were chosen for what they give per operation.

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


def operations(model: keras.Model, size: int = 32) -> int:
    """Operations of one prediction: the multiplications and additions of all that a network multiplies with.

    Each number of a kernel is multiplied and added once at each place of the output, as in exercise 6.3, or at each
    step of a sequence; attention multiplies queries with keys and weights with values as well. What is cheap is left
    out: biases, activations, pooling, normalisation. A training step takes about ``TRAINING`` times as many per image.

    Parameters
    ----------
    model : keras.Model
        Takes images (batch, height, width, 3).
    size : int
        Pixels along the side of the image.

    Raises
    ------
    UsageError
        When the model has a layer with weights whose operations are not known here.
    """
    learning = [layer for layer in model.layers if layer.weights and not isinstance(layer, CHEAP)]
    if unknown := [layer.name for layer in learning if not isinstance(layer, COUNTED)]:
        raise UsageError(
            f"The operations of the layer {unknown[0]!r} cannot be counted: use Conv2D, Dense, GRU, EncoderBlock, "
            "AddPositions and BatchNormalization."
        )
    inner = keras.Model(model.inputs, [layer.output for layer in learning])
    shapes = inner.compute_output_shape((1, size, size, 3))
    return sum(_operations(layer, shape) for layer, shape in zip(learning, shapes, strict=True))


CHEAP = (layers.BatchNormalization, AddPositions)
COUNTED = (layers.Conv2D, layers.Dense, layers.GRU, EncoderBlock)


def _operations(layer: keras.Layer, shape: tuple):
    """Of one layer, whose output has this shape."""
    kernels = sum(math.prod(weight.shape) for weight in layer.weights if weight.path.endswith("kernel"))
    if not isinstance(layer, (layers.GRU, EncoderBlock)):
        return 2 * math.prod(shape[1:-1]) * kernels
    _, length, width = layer.input.shape
    scores = 4 * length**2 * width if isinstance(layer, EncoderBlock) else 0  # queries by keys, weights by values
    return 2 * length * kernels + scores


def train_article(
    images: np.ndarray, labels: np.ndarray, *, epochs: int = 10, batch_size: int = 32, jit_compile: bool | str = "auto"
) -> Trained:
    """Train the article's network with its settings: Adam 0.001, batches of 32, 10 epochs.

    images: uint8 (n, 32, 32, 3). labels: int (n,). jit_compile: as in Keras, where "auto" is what the article's code
    gets; on a processor, False starts sooner and was faster where we measured.
    """
    started = time.perf_counter()
    model = article_cnn()
    model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", jit_compile=jit_compile)
    model.fit(images, labels, epochs=epochs, batch_size=batch_size, verbose=0)
    steps, seen = epochs * math.ceil(len(images) / batch_size), epochs * len(images)
    return Trained(model, TRAINING * operations(model) * seen, time.perf_counter() - started, steps, seen)


def train_within(
    budget: float,
    build: Callable[[], keras.Model],
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe | None = None,
    *,
    seed: int = 0,
    clock: Callable[[], float] | None = None,
) -> Trained:
    """Build and train a network until the budget is used up.

    Parameters
    ----------
    budget : float
        Operations allowed, ``TRAINING * operations(model)`` per image; or, with a clock, seconds. No step is begun
        that would go beyond it.
    build : callable
        Returns the network, not compiled, with softmax outputs; takes images with values 0-255.
    images : uint8, (n, height, width, 3)
    labels : int, (n,)
    recipe : Recipe, optional
    seed : int
        Of the starting weights, the order of the images, shifts and flips. With a budget of operations, the same seed
        gives the same number of steps and the same network, up to rounding; with one of seconds it does not, since
        the number of steps depends on the machine.
    clock : callable, optional
        Returns the present time in seconds, and makes the budget one of seconds. Building the network and preparing
        the data are on the clock; a step is expected to take as long as the last one.

    Returns
    -------
    Trained

    Raises
    ------
    CourseError
        When the budget does not even allow one step, there are no images, or the loss became infinite.
    """
    now = clock or time.perf_counter
    started = now()
    if len(images) == 0 or len(images) != len(labels):
        raise CourseError(f"There are {len(images)} images and {len(labels)} labels: give one label for each image.")
    recipe = recipe or Recipe()
    random = np.random.default_rng(seed)
    with seeded(seed):
        model = build()
    model.compile(
        keras.optimizers.AdamW(recipe.rate(0), weight_decay=recipe.weight_decay),
        keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        jit_compile=False,  # compiling costs seconds, and short trainings do not earn them back
    )
    prepare(model)
    targets = keras.utils.to_categorical(labels, model.output_shape[-1])
    edge = ((0, 0), (MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0))
    if recipe.whiten:
        whiten(model, images[: recipe.batch_size * 8])
    padded = np.pad(images, edge, mode="reflect") if recipe.augment else images
    sizes = {images.shape[1], SMALL} if recipe.small_until else {images.shape[1]}
    work = {size: TRAINING * operations(model, size) * recipe.batch_size for size in sizes}
    order, steps, used, last = np.empty(0, int), 0, 0, 0.0
    seconds = now() - started
    spent = seconds if clock else 0.0
    while True:
        size = SMALL if spent < recipe.small_until * budget else images.shape[1]
        if spent + (last if clock else work[size]) > budget:
            break
        if len(order) < recipe.batch_size:
            order = np.concatenate([order, random.permutation(len(images))])
        rows, order = order[: recipe.batch_size], order[recipe.batch_size :]
        model.optimizer.learning_rate = recipe.rate(spent / budget)
        loss = model.train_on_batch(crops(padded, rows, size, recipe.augment, random), targets[rows])
        if not np.isfinite(loss):
            raise CourseError(f"The loss became {loss} at step {steps + 1}: take a smaller learning rate.")
        steps, used, before, seconds = steps + 1, used + work[size], spent, now() - started
        spent = seconds if clock else used
        last = spent - before
    if steps == 0:
        unit = "seconds do" if clock else "operations do"
        raise CourseError(f"{budget:.3g} {unit} not allow one step: give a larger budget or a smaller network.")
    return Trained(model, used, seconds, steps, steps * recipe.batch_size, recipe.tta_views)
