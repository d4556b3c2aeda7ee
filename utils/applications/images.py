"""A classifier for small pictures of any size, and one training recipe that carries over from set to set.

The recipe is for sets of some hundred to some ten thousand pictures: a small residual network, random changes that
leave the label true, a learning rate that falls along a cosine, and the mean of a few networks.
"""

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers
from sklearn.utils.class_weight import compute_class_weight

from utils import metrics
from utils.applications.image_recipe import VIEWS, Recipe, augmentation, candidates
from utils.errors import CourseError
from utils.nn.inference import predict
from utils.nn.schedules import rise_and_fall
from utils.nn.training import fit, member_seeds, members

__all__ = [
    "PUBLISHED",
    "Ensemble",
    "Recipe",
    "Trained",
    "augmentation",
    "candidates",
    "choose",
    "classifier",
    "probabilities",
    "statistics",
    "train",
]

# Test AUC and accuracy of a ResNet-18 on 28 x 28 pixels, Yang and others (2023), doi:10.1038/s41597-022-01721-8.
PUBLISHED = {"breastmnist": (0.901, 0.863), "pneumoniamnist": (0.944, 0.854), "retinamnist": (0.717, 0.524)}

BATCH_PIXELS = 250_000  # of one channel, in a batch of which a network is asked


def statistics(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each channel, float64 (channels,), over pictures (n, height, width, channels).

    Give the training pictures only. A channel that never changes gets the variance 1.
    """
    mean = images.mean(axis=(0, 1, 2), dtype=np.float64)
    squares = np.mean([np.mean(one.astype(np.float64) ** 2, axis=(0, 1)) for one in images], axis=0)
    return mean, np.maximum(squares - mean**2, 1.0)


def classifier(images: np.ndarray, outputs: int, recipe: Recipe) -> keras.Model:
    """A small residual network for pictures like these; the random changes and the normalisation are part of it.

    The first layer divides the side by two (one of more than 40 pixels by three, of more than 80 by four, one below 20
    not at all); each block halves it again, until about four pixels are left, over which the mean is taken.

    Parameters
    ----------
    images : uint8 (n, height, width, channels)
        The training pictures: mean and variance of their channels become constants of the network.
    outputs : int
        Number of classes or findings.
    recipe : Recipe

    Returns
    -------
    keras.Model, not compiled
        Takes (batch, height, width, channels) with values from 0 to 255 and returns logits, (batch, outputs).
    """
    shape = images.shape[1:]
    side = min(shape[:2])
    stem = 1 if side < 20 else 2 if side <= 40 else 3 if side <= 80 else 4
    blocks = max(round(math.log2(side / stem / 4)), 1)

    def convolve(x, filters, kernel=3, strides=1, pool=False):
        x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)
        x = layers.MaxPooling2D(2, padding="same")(x) if pool else x
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    inputs = x = keras.Input(shape)
    for layer in augmentation(recipe):
        x = layer(x)
    mean, variance = statistics(images)
    x = layers.Normalization(mean=mean, variance=variance, name="normalise")(x)
    x = convolve(x, recipe.width, kernel=2 * stem if stem > 1 else 3, strides=stem)
    for block in range(blocks):
        filters = recipe.width * min(2 ** (block + 1), 4)
        x = convolve(x, filters, pool=True)
        x = layers.Add()([x, convolve(x, filters)])
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(recipe.dropout)(x)
    return keras.Model(inputs, layers.Dense(outputs, name="head")(x), name="picture_classifier")


@dataclass(frozen=True, eq=False)
class Trained:
    """One or more networks that answer together, and how they were trained.

    models: list of keras.Model that return logits. history: what ``fit`` returned for the first. multilabel: whether
    a picture can have several findings, each with its own probability, or exactly one class.
    """

    models: list
    recipe: Recipe
    multilabel: bool
    history: keras.callbacks.History

    def logits(self, images: np.ndarray, batch_size: int | None = None) -> np.ndarray:
        """Mean of the logits over the networks and the mirrored views, float32 (n, outputs).

        batch_size: 100, or more where pictures are small, since each call of a network costs time.
        """
        total, tta_views = 0.0, VIEWS[self.recipe.mirror]
        batch_size = batch_size or max(100, BATCH_PIXELS // max(math.prod(images.shape[1:3]), 1))
        for model in self.models:
            for rows, columns in tta_views:
                total = total + predict(model, images[:, ::rows, ::columns], batch_size)
        return total / (len(self.models) * len(tta_views))

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities, float64 (n, outputs): rows add up to 1, or each finding stands for itself."""
        return probabilities(self.logits(images), self.multilabel)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Several ``Trained`` that answer with the mean of their probabilities. parts: list of Trained."""

    parts: list

    def predict(self, images: np.ndarray) -> np.ndarray:
        """Probabilities, float64 (n, outputs)."""
        return np.mean([part.predict(images) for part in self.parts], axis=0)

    def logits(self, images: np.ndarray) -> np.ndarray:
        """Numbers of which ``probabilities`` makes the answers again, float64 (n, outputs)."""
        found = np.clip(self.predict(images), 1e-12, 1 - 1e-12)
        return np.log(found) - (np.log1p(-found) if self.parts[0].multilabel else 0)


def probabilities(logits: np.ndarray, multilabel: bool = False, temperature: float = 1.0) -> np.ndarray:
    """Probabilities from logits (n, outputs): softmax over the classes, or a sigmoid for each of several findings."""
    if multilabel:
        return np.column_stack([metrics.softmax(column, temperature) for column in logits.T])
    return metrics.softmax(logits, temperature)


def choose(
    recipes: dict[str, Recipe],
    images: np.ndarray,
    labels: np.ndarray,
    validation: tuple[np.ndarray, np.ndarray] | None,
    *,
    seed: int = 0,
    **options: Any,
) -> tuple[Ensemble, dict[str, Trained], dict[tuple[str, ...], float]]:
    """Train by each recipe, and let the validation part say which of them answer: one, or several in the mean.

    Parts of few pictures tell recipes apart badly. The mean of networks that were trained differently errs less than
    most of them, so that a poor choice costs little (Caruana and others, 2004, doi:10.1145/1015330.1015432).

    Parameters
    ----------
    recipes : dict
        Name → Recipe.
    images, labels, validation, seed, options
        For ``train``; validation is needed.

    Returns
    -------
    Ensemble, dict, dict
        Those with the smallest log-loss; name → Trained; tuple of names → log-loss on the validation part.
    """
    trained, losses = {}, {}
    for name, recipe in recipes.items():
        trained[name] = train(images, labels, recipe, seed=seed, validation=validation, **options)
    guesses = {name: one.predict(validation[0]) for name, one in trained.items()}
    for size in range(1, len(recipes) + 1):
        for names in itertools.combinations(recipes, size):
            losses[names] = metrics.log_loss(validation[1], np.mean([guesses[name] for name in names], axis=0))
    return Ensemble([trained[name] for name in min(losses, key=losses.get)]), trained, losses


def train(
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe | None = None,
    *,
    outputs: int | None = None,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    seed: int = 0,
    build: Callable[[np.ndarray, int, Recipe], keras.Model] = classifier,
    run_eagerly: bool = False,
) -> Trained:
    """Train a classifier on pictures.

    Parameters
    ----------
    images : uint8 (n, height, width, channels)
        The training pictures, of any size and number of channels.
    labels : int (n,) with one class number each, or (n, findings) of 0 and 1
    recipe : Recipe, optional
    outputs : int, optional
        Number of classes, where the training part may lack some; otherwise the largest label plus 1.
    validation : pair of array, optional
        Pictures and labels on which the first network is watched; nothing is chosen by them here.
    seed : int
        Of starts, order and changes; every member has its own.
    build : callable
        (training pictures, outputs, recipe) → keras.Model as ``classifier`` returns it.
    run_eagerly : bool
        Not to compile: for trainings of a few steps.

    Returns
    -------
    Trained

    Raises
    ------
    CourseError
        When pictures and labels do not fit together, or there are none.
    """
    recipe, labels = recipe or Recipe(), np.asarray(labels)
    if images.ndim != 4 or len(images) == 0 or len(images) != len(labels) or labels.ndim > 2:
        raise CourseError(
            f"Pictures {images.shape} and labels {labels.shape}: give (n, height, width, channels) and one label each."
        )
    multilabel = labels.ndim == 2
    outputs = outputs or (labels.shape[1] if multilabel else int(labels.max()) + 1)

    def targets(labels):
        return labels.astype("float32") if multilabel else keras.utils.to_categorical(labels, outputs)

    steps = recipe.epochs * math.ceil(len(images) / recipe.batch_size)
    loss = keras.losses.BinaryCrossentropy if multilabel else keras.losses.CategoricalCrossentropy
    weights = class_weights(labels, outputs) if recipe.balanced and not multilabel else None
    options = {"epochs": recipe.epochs, "batch_size": recipe.batch_size, "class_weight": weights}
    histories = []

    def compile_(model):
        model.compile(
            keras.optimizers.AdamW(rise_and_fall(steps, recipe.peak_rate), weight_decay=recipe.weight_decay),
            loss(from_logits=True, label_smoothing=recipe.label_smoothing),
            jit_compile=False,  # compiling costs seconds, and short trainings do not earn them back
            run_eagerly=run_eagerly,
        )

    def learn(model):
        watched = None if histories or validation is None else (validation[0], targets(np.asarray(validation[1])))
        histories.append(fit(model, images, targets(labels), validation_data=watched, **options))

    models = members(lambda: build(images, outputs, recipe), compile_, learn, member_seeds(seed, recipe.members))
    return Trained(models, recipe, multilabel, histories[0])


def class_weights(labels: np.ndarray, outputs: int) -> dict[int, float]:
    """For each class the weight with which all classes count the same, by scikit-learn: {class: weight}, 0 for a class
    that does not occur, since Keras wants an entry for each."""
    classes = np.unique(labels)
    found = compute_class_weight("balanced", classes=classes, y=labels)
    return dict.fromkeys(range(outputs), 0.0) | dict(zip(classes.tolist(), found, strict=True))
