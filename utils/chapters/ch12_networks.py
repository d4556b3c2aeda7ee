"""One picture network, trained several times on pictures that differ in one thing: the weights of each are kept."""

import contextlib
import math
from collections.abc import Iterator

import keras
import numpy as np
from keras import layers

from utils.applications.images import Recipe, classifier
from utils.errors import UsageError
from utils.nn.schedules import rise_and_fall
from utils.nn.training import fit, forget, member_seeds, seeded


class Trainings:
    """A residual network of chapter 07, and the weights that several trainings have given it.

    It is one network whose weights are changed, so that neither a training step nor an explanation is compiled twice.

    Parameters
    ----------
    images : uint8 (n, height, width, channels)
        Training pictures; mean and variance of their channels become constants of the network.
    labels : int (n,)
        The class of each, from 0.
    classes : int
        How many classes there are; the training pictures may lack some.
    recipe : Recipe
    seed : int
        Of the starting weights and the order of the pictures: trainings with one seed differ in their pictures only.
    run_eagerly : bool
        Not to compile: for trainings of a few steps.

    Attributes
    ----------
    network : keras.Model
        Pictures → logits, (n, classes).
    model : keras.Model
        The same with a softmax: pictures → probabilities.
    """

    def __init__(
        self,
        images: np.ndarray,
        labels: np.ndarray,
        classes: int,
        recipe: Recipe,
        *,
        seed: int = 0,
        run_eagerly: bool = False,
    ):
        self.labels = keras.utils.to_categorical(labels, classes)
        self._images, self._recipe, self._seed, self._kept = images, recipe, seed, {}
        self.network = self._fresh(seed)
        self._starts = {seed: _values(self.network)}
        self.model = keras.Sequential([keras.Input(images.shape[1:]), self.network, layers.Softmax()])
        steps = recipe.epochs * math.ceil(len(images) / recipe.batch_size)
        self.network.compile(
            keras.optimizers.AdamW(rise_and_fall(steps, recipe.peak_rate), weight_decay=recipe.weight_decay),
            keras.losses.CategoricalCrossentropy(from_logits=True),
            jit_compile=False,  # compiling costs seconds, and short trainings do not earn them back
            run_eagerly=run_eagerly,
        )

    def _fresh(self, seed: int) -> keras.Model:
        with seeded(member_seeds(seed, 1)[0]):
            return classifier(self._images, self.labels.shape[1], self._recipe)

    def learn(self, name: str, images: np.ndarray, *, seed: int | None = None) -> None:
        """Train from the beginning on these pictures (n, …) of the labels, and keep the weights under this name.

        Afterwards the network is the one that was trained first. seed: another one, for another beginning and order.
        UsageError when there is not a picture for each label.
        """
        if len(images) != len(self.labels):
            raise UsageError(f"There are {len(self.labels)} labels and {len(images)} pictures: give one for each.")
        seed = self._seed if seed is None else seed
        if seed not in self._starts:
            self._starts[seed] = _values(self._fresh(seed))
        for variable, value in zip(self.network.variables, self._starts[seed], strict=True):
            variable.assign(value)
        forget(self.network.optimizer)
        with seeded(member_seeds(seed, 1)[0]):
            options = {"epochs": self._recipe.epochs, "batch_size": self._recipe.batch_size}
            fit(self.network, images, self.labels, quiet=bool(self._kept), **options)
        self._kept[name] = self.network.get_weights()
        self._put(next(iter(self._kept)))

    @contextlib.contextmanager
    def using(self, name: str) -> Iterator[keras.Model]:
        """Within the block, ``model`` and ``network`` are those of this training; afterwards those of the first."""
        self._put(name)
        try:
            yield self.model
        finally:
            self._put(next(iter(self._kept)))

    def _put(self, name: str) -> None:
        if name not in self._kept:
            raise UsageError(f"There is no training {name!r}; there are {', '.join(map(repr, self._kept))}.")
        self.network.set_weights(self._kept[name])


def _values(network: keras.Model) -> list[np.ndarray]:
    """What all variables of a network hold, those of dropout's chance too."""
    return [keras.ops.convert_to_numpy(variable.value) for variable in network.variables]
