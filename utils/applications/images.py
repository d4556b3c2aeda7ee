"""A classifier for small pictures of any size, and one training recipe that carries over from set to set.

The recipe is for sets of some hundred to some ten thousand pictures: a small residual network, random changes that
leave the label true, a learning rate that falls along a cosine, and the mean of a few networks.
"""

import itertools
import math
from dataclasses import dataclass, replace

import keras
import numpy as np
from keras import layers
from sklearn.utils.class_weight import compute_class_weight

from utils import metrics
from utils.errors import CourseError
from utils.nn.inference import predict
from utils.nn.schedules import rise_and_fall
from utils.nn.training import fit, member_seeds, seeded

# What may be mirrored without making the label false, and the ways in which a prediction then looks at a picture:
# steps along rows and columns.
VIEWS = {
    "none": ((1, 1),),
    "horizontal": ((1, 1), (1, -1)),
    "all": ((1, 1), (1, -1), (-1, 1), (-1, -1)),
}


# Test AUC and accuracy of a ResNet-18 on 28 x 28 pixels, Yang and others (2023), doi:10.1038/s41597-022-01721-8.
PUBLISHED = {"breastmnist": (0.901, 0.863), "pneumoniamnist": (0.944, 0.854), "retinamnist": (0.717, 0.524)}


@dataclass(frozen=True)
class Recipe:
    """How a classifier is trained. Nothing in it depends on which pictures they are.

    epochs: how often each picture is seen. batch_size: pictures between two steps. peak_rate: the largest learning
    rate; it is reached after a tenth of the steps and falls to zero along a cosine. weight_decay: of AdamW. width:
    filters of the first layer; later layers have two and four times as many. dropout: share of the features hidden
    before the last layer. mirror: "none"; "horizontal", left and right exchanged; or "all", both ways, and turned by
    any angle. turn: largest turn otherwise, as a share of a full one. shift, zoom: largest change, as a share of the
    side. light: largest change of brightness and contrast, as a share of their range. balanced: whether the rarer
    classes weigh more in the loss. label_smoothing: share of a label that is spread over all classes. members: how
    many networks are trained, from different starts, and averaged.
    """

    epochs: int = 40
    batch_size: int = 32
    peak_rate: float = 0.003
    weight_decay: float = 0.02
    width: int = 16
    dropout: float = 0.3
    mirror: str = "horizontal"
    turn: float = 0.04
    shift: float = 0.1
    zoom: float = 0.1
    light: float = 0.1
    balanced: bool = False
    label_smoothing: float = 0.0
    members: int = 1

    def __post_init__(self):
        if self.mirror not in VIEWS:
            raise CourseError(f"There is no mirror={self.mirror!r}; give {', '.join(map(repr, VIEWS))}.")
        if min(self.epochs, self.batch_size, self.width, self.members) < 1:
            raise CourseError("A recipe needs at least 1 epoch, batch_size, width and member.")


def augmentation(recipe):
    """The layers that change pictures at random, in training only: a list, empty for a recipe that changes nothing."""
    chosen, edge = [], {"fill_mode": "reflect"}
    if recipe.mirror != "none":
        chosen.append(layers.RandomFlip("horizontal" if recipe.mirror == "horizontal" else "horizontal_and_vertical"))
    turn = 0.5 if recipe.mirror == "all" else recipe.turn
    if turn:
        chosen.append(layers.RandomRotation(turn, **edge))
    if recipe.shift:
        chosen.append(layers.RandomTranslation(recipe.shift, recipe.shift, **edge))
    if recipe.zoom:
        chosen.append(layers.RandomZoom((-recipe.zoom, recipe.zoom), **edge))
    if recipe.light:
        chosen.append(layers.RandomBrightness(recipe.light, value_range=(0, 255)))
        chosen.append(layers.RandomContrast(recipe.light, value_range=(0, 255)))
    return chosen


def statistics(images):
    """Mean and variance of each channel, float64 (channels,), over pictures (n, height, width, channels).

    Give the training pictures only. A channel that never changes gets the variance 1.
    """
    mean = images.mean(axis=(0, 1, 2), dtype=np.float64)
    squares = np.mean([np.mean(one.astype(np.float64) ** 2, axis=(0, 1)) for one in images], axis=0)
    return mean, np.maximum(squares - mean**2, 1.0)


def classifier(images, outputs, recipe):
    """A small residual network for pictures like these; the random changes and the normalisation are part of it.

    The first layer halves the picture (a large one by four, one below 20 pixels not at all); each block halves it
    again, until about four pixels are left, over which the mean is taken.

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
    stem = 1 if side < 20 else 2 if side <= 80 else 4
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

    def logits(self, images, batch_size=250):
        """Mean of the logits over the networks and the mirrored views, float32 (n, outputs)."""
        total, tta_views = 0.0, VIEWS[self.recipe.mirror]
        for model in self.models:
            for rows, columns in tta_views:
                total = total + predict(model, images[:, ::rows, ::columns], batch_size)
        return total / (len(self.models) * len(tta_views))

    def predict(self, images):
        """Probabilities, float64 (n, outputs): rows add up to 1, or each finding stands for itself."""
        return probabilities(self.logits(images), self.multilabel)


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Several ``Trained`` that answer with the mean of their probabilities. parts: list of Trained."""

    parts: list

    def predict(self, images):
        """Probabilities, float64 (n, outputs)."""
        return np.mean([part.predict(images) for part in self.parts], axis=0)

    def logits(self, images):
        """Numbers of which ``probabilities`` makes the answers again, float64 (n, outputs)."""
        found = np.clip(self.predict(images), 1e-12, 1 - 1e-12)
        return np.log(found) - (np.log1p(-found) if self.parts[0].multilabel else 0)


def probabilities(logits, multilabel=False, temperature=1.0):
    """Probabilities from logits (n, outputs): softmax over the classes, or a sigmoid for each of several findings."""
    if multilabel:
        return np.column_stack([metrics.softmax(column, temperature) for column in logits.T])
    return metrics.softmax(logits, temperature)


def candidates(recipe):
    """Recipes to choose from on a validation part, by name: no changes, the gentle ones, and all of them."""
    still = {"turn": 0.0, "zoom": 0.0, "light": 0.0}
    return {
        "as they are": replace(recipe, mirror="none", shift=0.0, **still),
        "mirrored, shifted": replace(recipe, **still),
        "changed in every way": recipe,
    }


def choose(recipes, images, labels, validation, *, seed=0, **options):
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


def train(images, labels, recipe=None, *, outputs=None, validation=None, seed=0, run_eagerly=False):
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
    models, histories = [], []
    for member in member_seeds(seed, recipe.members):
        first = not models
        watched = (validation[0], targets(np.asarray(validation[1]))) if first and validation is not None else None
        with seeded(member):
            model = classifier(images, outputs, recipe)
            model.compile(
                keras.optimizers.AdamW(rise_and_fall(steps, recipe.peak_rate), weight_decay=recipe.weight_decay),
                loss(from_logits=True, label_smoothing=recipe.label_smoothing),
                jit_compile=False,  # compiling costs seconds, and short trainings do not earn them back
                run_eagerly=run_eagerly,
            )
            histories.append(fit(model, images, targets(labels), validation_data=watched, **options))
        models.append(model)
    return Trained(models, recipe, multilabel, histories[0])


def class_weights(labels, outputs):
    """For each class the weight with which all classes count the same, by scikit-learn: {class: weight}, 0 for a class
    that does not occur, since Keras wants an entry for each."""
    classes = np.unique(labels)
    found = compute_class_weight("balanced", classes=classes, y=labels)
    return dict.fromkeys(range(outputs), 0.0) | dict(zip(classes.tolist(), found, strict=True))
