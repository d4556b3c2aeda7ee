"""Models of stretches of letters, for any length and classes: a CNN, a GRU, attention, and the classical rivals.

All networks take one-hot letters float32 (batch, length, 4), with rows of zeros where a shorter stretch is padded, and
return probabilities (batch, classes). Where a signal stands matters in these data, so the head of the CNN and of
attention sees every place, and does not take a mean over them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from utils.datasets.own.needs import plan
from utils.datasets.types import Sequences
from utils.errors import CourseError
from utils.features import dna
from utils.nn.inference import predict
from utils.nn.layers import AddPositions, EncoderBlock
from utils.nn.training import fit, restart

MAX_PLACES = 24  # that are left of a long stretch after pooling, or as steps of the recurrent network


@dataclass(frozen=True)
class Recipe:
    """How a network for letters is trained: AdamW, its rate falling along a cosine to zero.

    epochs, batch_size: as ever. rate: the first and largest learning rate. weight_decay: how fast weights shrink, times
    the rate. label_smoothing: share of each label that is spread over all classes.
    """

    epochs: int = 20
    batch_size: int = 64
    rate: float = 0.002
    weight_decay: float = 0.01
    label_smoothing: float = 0.1

    def scaled(self, rows: ArrayLike) -> "Recipe":
        """The recipe for so many rows: about the same work for more of them, and enough steps for a few dozen."""
        epochs = int(np.clip(round(self.epochs * ROWS / max(rows, 1)), 2, 2 * self.epochs))
        return replace(self, epochs=epochs, batch_size=int(np.clip(rows // 8, 4, self.batch_size)))


ROWS = 2700  # for which the recipes were made
RECIPES = {
    "cnn": Recipe(),
    "gru": Recipe(epochs=10, batch_size=128, rate=0.004),
    "attention": Recipe(epochs=14, batch_size=128, rate=0.003),
}


def cnn(
    length: int, classes: int, *, filters: int = 48, width: int = 9, hidden: int = 64, dropout: float = 0.5
) -> keras.Model:
    """Filters of ``width`` letters, the largest answer in each stretch of places, then two dense layers.

    The first layer is called "filters"; it is followed by a ReLU of its own, so that its answers can be read.
    """
    inputs = keras.Input((length, 4))
    x = layers.Conv1D(filters, width, padding="same", activation="relu", name="filters")(inputs)
    x = layers.MaxPooling1D(_stride(length), padding="same")(x)
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    x = layers.Dropout(dropout)(layers.Dense(hidden, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(classes, activation="softmax")(x), name="cnn")


def gru(
    length: int, classes: int, *, filters: int = 32, width: int = 9, units: int = 24, dropout: float = 0.5
) -> keras.Model:
    """Filters that move on by several letters, read forwards and backwards by a GRU each; padding is skipped.

    What the two have in memory at every step goes on to the head, not the last step alone.
    """
    inputs = keras.Input((length, 4))
    x, present = _words(inputs, filters, width)
    x = layers.Bidirectional(layers.GRU(units, return_sequences=True))(x, mask=present)
    return keras.Model(inputs, _head(x, present, classes, dropout), name="gru")


def attention(
    length: int,
    classes: int,
    *,
    filters: int = 32,
    width: int = 9,
    heads: int = 4,
    blocks: int = 1,
    dropout: float = 0.4,
) -> keras.Model:
    """The same filters and steps, positions, and encoder blocks in which every step looks at all others."""
    inputs = keras.Input((length, 4))
    x, present = _words(inputs, filters, width)
    x = AddPositions(spread=0.1)(x)
    for _ in range(blocks):
        x = EncoderBlock(heads=heads, hidden=2 * filters, dropout=0.1)(x, mask=present)
    return keras.Model(inputs, _head(layers.LayerNormalization()(x), present, classes, dropout), name="attention")


def _head(x: Any, present: Any, classes: int, dropout: float):
    """All steps side by side, those of padding set to zero, to the classes."""
    x = x * ops.expand_dims(ops.cast(present, "float32"), -1)
    x = layers.Dropout(dropout)(layers.Flatten()(x))
    return layers.Dense(classes, activation="softmax")(x)


def _stride(length: int):
    return max(3, -(-length // MAX_PLACES))


def _words(inputs: Any, filters: int, width: int):
    """(batch, length, 4) → answers of filters every few letters (batch, steps, filters), and which steps are real."""
    stride = _stride(inputs.shape[1])
    x = layers.Conv1D(filters, width, strides=stride, padding="same", activation="relu", name="filters")(inputs)
    letters = layers.MaxPooling1D(stride, padding="same")(ops.max(inputs, axis=-1, keepdims=True))
    return x, letters[..., 0] > 0


def compile_for(model: keras.Model, rows: int, recipe: Recipe | None = None, run_eagerly: bool = False) -> keras.Model:
    """Compile for training on so many rows, and return the model."""
    recipe = recipe or Recipe()
    steps = recipe.epochs * max(-(-rows // recipe.batch_size), 1)
    rate = keras.optimizers.schedules.CosineDecay(recipe.rate, steps)
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=recipe.weight_decay),
        keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=["accuracy"],
        jit_compile=False,  # compiling costs more seconds than such short trainings earn back
        run_eagerly=run_eagerly,
    )
    return model


def cross_validate(
    build: Callable[[], keras.Model],
    inputs: np.ndarray,
    labels: np.ndarray,
    fold: np.ndarray,
    *,
    tested: Sequence[int] | None = None,
    recipe: Recipe | None = None,
    members: int = 1,
    run_eagerly: bool = False,
) -> tuple[np.ndarray, keras.Model]:
    """Train on all folds but one, predict that one, and go on with the next.

    Parameters
    ----------
    build : callable
        Takes nothing and returns a network that is not compiled.
    inputs, labels : float32 (n, length, 4) and int (n,)
    fold : int (n,)
        The fold of each row.
    tested : sequence of int, optional
        The folds that are predicted; all of them unless given.
    recipe : Recipe, optional
    members : int
        Networks that are trained for each fold, from different random weights; their probabilities are averaged.
    run_eagerly : bool
        True where a few steps are not worth compiling.

    Returns
    -------
    probabilities : float32 (n, classes)
        Each from networks that have not seen its fold; NaN in folds that were not tested.
    model : keras.Model
        The network that was trained last: it has not seen the last fold of ``tested``.

    Raises
    ------
    CourseError
        When a fold to be tested holds no row, or all of them.
    """
    recipe = recipe or Recipe()
    tested = np.unique(fold) if tested is None else tested
    model = compile_for(build(), int((fold != tested[0]).sum()), recipe, run_eagerly)
    targets = keras.utils.to_categorical(labels, model.output_shape[-1])
    found, trained = np.full(targets.shape, np.nan, "float32"), 0
    for number in tested:
        held_out = fold == number
        if not 0 < held_out.sum() < len(fold):
            raise CourseError(f"Fold {number} holds {held_out.sum()} of {len(fold)} rows: some, not all, are needed.")
        total = 0
        for _ in range(members):
            if trained:  # the first one is fresh already
                restart(model, build())
            trained += 1
            effort = {"epochs": recipe.epochs, "batch_size": recipe.batch_size}
            fit(model, inputs[~held_out], targets[~held_out], quiet=True, **effort)
            total = total + predict(model, inputs[held_out])
        found[held_out] = total / members
    return found, model


def classical_models(length: int, *, trees: int = 300, seed: int = 0) -> dict[str, Pipeline]:
    """Three models without a network, not fitted yet. Each takes texts (n,) and gives probabilities (n, classes).

    The first two see which letter is at which place, as the networks do; the third sees which words of up to four
    letters occur, wherever they are, which suits signals without a fixed place.

    length: places that are seen; longer texts are cut at both ends. trees: of the forest. seed: of the forest.
    """

    def places() -> FunctionTransformer:
        return FunctionTransformer(partial(_places, length=length))

    words = TfidfVectorizer(analyzer="char", lowercase=False, ngram_range=(1, 4), dtype=np.float32)
    forest = RandomForestClassifier(trees, min_samples_leaf=3, random_state=seed, n_jobs=2)
    return {
        "regression on places": make_pipeline(places(), LogisticRegression(C=0.2, tol=1e-3, max_iter=300)),
        "forest on places": make_pipeline(places(), forest),
        "regression on words": make_pipeline(words, LogisticRegression(C=10.0, tol=1e-3, max_iter=300)),
    }


def _places(texts: Sequence[str], length: int) -> np.ndarray:
    """One-hot letters in one row per text, float32 (n, 4 length)."""
    return dna.one_hot(texts, length).reshape(len(texts), -1)


def draw(rows: np.ndarray, labels: np.ndarray, most: int, seed: int = 0) -> np.ndarray:
    """At most this many of the row numbers (n,) at random, but one of each class among them at least, ascending.

    labels: int, of all rows. Without it a small sample of many rows could lack a class, which no model then learns.
    """
    order = np.random.default_rng(seed).permutation(rows)
    first = np.unique(labels[order], return_index=True)[1]
    order = np.concatenate([order[first], np.delete(order, first)])
    return np.sort(order[: max(most, len(first))])


def with_families(data: Sequences, seed: int = 0) -> Sequences:
    """The same data with relatives in one group, so that a split keeps them together; the entry's notes say so.

    Relatives are what ``dna.families`` finds; what the file groups stays together, too. Where nearly all rows are
    relatives, so that a study could not divide them any more, the groups remain as they were, and a note says that.
    """
    family = dna.families(data.sequences, groups=data.groups)
    size = np.bincount(family)
    note = f"relatives are kept together: {len(size):,} families, the largest of {size.max():,} rows"
    if size.max() == 1:
        return replace(data, entry=replace(data.entry, notes=(*data.entry.notes, "no two rows are relatives")))
    related = replace(data, groups=family)
    try:
        plan(related, seed)
    except CourseError:
        related, note = data, "nearly all rows are relatives: only what the file groups, and copies, are kept together"
    return replace(related, entry=replace(data.entry, notes=(*data.entry.notes, note)))
