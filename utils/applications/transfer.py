"""Transfer: a network that was trained on photographs, put to work on medical pictures.

Frozen, it turns pictures into features for a logistic regression. Or it goes on learning (fine-tuning), and then the
same network from a random start shows what the photographs were worth.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import keras
import numpy as np
from keras import layers, ops
from threadpoolctl import threadpool_limits

from utils import datasets, metrics
from utils.applications.image_baselines import turned
from utils.applications.image_recipe import Recipe, augmentation
from utils.applications.images import Trained, train
from utils.errors import UsageError
from utils.nn.gradients import compiled
from utils.nn.pretrained import FEATURES, efficientnet_lite0

# Where its stages end → how many features there are; the whole network ends in "features".
WIDTHS = {"block_3": 24, "block_5": 40, "block_8": 80, "block_11": 112, "block_15": 192, "features": FEATURES}
DEPTHS = tuple(WIDTHS)
C_VALUES = (0.0001, 0.001, 0.01, 0.1, 1.0)
SMALLEST, LARGEST = 48, 224


def usual_side(images: np.ndarray, enlarge: float = 1.0) -> int:
    """Pixels along the side to which ``features`` brings pictures (n, height, width, channels): their own times
    ``enlarge``, but 48 at least, and at most the 224 that the network was trained on."""
    return int(np.clip(round(max(images.shape[1:3]) * enlarge), SMALLEST, LARGEST))


def body(side: int, depth: str = "features", pretrained: bool = True) -> keras.Model:
    """EfficientNet-Lite0 up to a depth: pictures (batch, side, side, 3), 0 to 255 → (batch, features).

    Parameters
    ----------
    side : int
        Of the pictures in pixels, 32 or more.
    depth : str
        One of ``DEPTHS``: the output of that block, averaged over all places; or "features", that of the whole network.
    pretrained : bool
        With the weights learned from photographs, or with random ones.
    """
    _checked(depth)
    network = efficientnet_lite0(_photographs() if pretrained else None, side=side)
    if depth == "features":
        return network
    averaged = layers.GlobalAveragePooling2D(name="mean_over_places")(network.get_layer(depth).output)
    return keras.Model(network.inputs, averaged, name=f"efficientnet_lite0_until_{depth}")


@cache
def _photographs() -> Mapping[str, np.ndarray]:
    return datasets.load("efficientnet_lite0").arrays


def features(
    images: np.ndarray,
    depths: Sequence[str] = DEPTHS,
    *,
    mirror: str = "none",
    side: int | None = None,
    batch_size: int = 100,
) -> dict[str, np.ndarray]:
    """What the frozen network makes of pictures, at several depths at once.

    Pictures are resized by bilinear interpolation; grey ones get three equal channels.

    Parameters
    ----------
    images : uint8 (n, height, width, 1 or 3)
    depths : sequence of str
        Of ``DEPTHS``. Nothing beyond the deepest of them is computed.
    mirror : str
        Which other views of a picture are looked at, too: those of ``image_baselines.turned``.
    side : int, optional
        Pixels along the side of the resized pictures; see ``usual_side``.
    batch_size : int
        Pictures at a time.

    Returns
    -------
    dict of str to float32 (views, n, features)
        For each depth the mean of each channel over all places; with ``mirror="none"`` there is one view.

    Raises
    ------
    UsageError
        For an unknown depth, or pictures of another form.
    """
    for depth in depths:
        _checked(depth)
    if not len(images):
        raise UsageError("There are no pictures to look at: give at least one.")
    extract = _extractor(images.shape[1:], tuple(depths), side or usual_side(images))
    views = turned(images, mirror)
    starts = range(0, len(views), batch_size)
    answers = np.concatenate([extract(views[start : start + batch_size].astype("float32")) for start in starts])
    answers = answers.reshape(-1, len(images), answers.shape[1])
    ends = np.cumsum([WIDTHS[depth] for depth in depths])
    return dict(zip(depths, np.split(answers, ends[:-1], axis=2), strict=True))


@lru_cache(maxsize=2)
def _frozen_body(side: int) -> keras.Model:
    """One network for all extractors of a side, since nothing here trains it."""
    return body(side)


@lru_cache(maxsize=4)
def _extractor(shape: tuple[int, ...], depths: tuple[str, ...], side: int) -> Callable[[np.ndarray], np.ndarray]:
    """Pictures → one row of features, those of all depths after each other; made once for pictures of one shape.

    Compiled, since that makes the many small layers three times as fast.
    """
    inputs, network = keras.Input(shape), _frozen_body(side)
    maps = [network.get_layer(depth).output for depth in depths]
    means = [
        one if depth == "features" else ops.mean(one, axis=(1, 2)) for depth, one in zip(depths, maps, strict=True)
    ]
    joined = keras.Model(network.inputs, ops.concatenate(means, axis=-1) if len(means) > 1 else means[0])
    whole = keras.Model(inputs, joined(_as_photographs(inputs, side)))
    return compiled(lambda pictures: whole(pictures, training=False), whole.variables)


def _as_photographs(pictures: keras.KerasTensor, side: int) -> keras.KerasTensor:
    channels = pictures.shape[-1]
    if len(pictures.shape) != 4 or channels not in (1, 3):
        raise UsageError(f"Pictures {pictures.shape[1:]} cannot be read here: give (n, height, width, 1 or 3).")
    if pictures.shape[1:3] != (side, side):
        pictures = layers.Resizing(side, side, interpolation="bilinear")(pictures)
    return layers.Concatenate()([pictures] * 3) if channels == 1 else pictures


def _checked(depth: str) -> None:
    if depth not in DEPTHS:
        raise UsageError(f"There is no depth {depth!r}; give {', '.join(DEPTHS)}.")


def balanced_draw(labels: np.ndarray, rows: np.ndarray, size: int, seed: int = 0) -> np.ndarray:
    """Some rows to learn from, as many of each class as there are of each, drawn at random.

    Parameters
    ----------
    labels : int (n,)
    rows : int (m,)
        The rows to draw from, such as ``split.train``.
    size : int
        How many, at most m. A class that is too rare gives all it has, and the others share the rest.
    seed : int

    Returns
    -------
    numpy.ndarray, int (size,)

    Raises
    ------
    UsageError
        When there are fewer rows than asked for, or fewer asked for than there are classes.
    """
    rows, random = np.asarray(rows), np.random.default_rng(seed)
    classes = [random.permutation(rows[labels[rows] == label]) for label in np.unique(labels[rows])]
    if not len(classes) <= size <= len(rows):
        raise UsageError(f"{size} of {len(rows)} rows of {len(classes)} classes cannot be drawn.")
    # In turn one of each class, until there are enough: the place of a row within its class decides.
    turns = np.concatenate([np.arange(len(one)) for one in classes])
    return np.concatenate(classes)[np.argsort(turns, kind="stable")[:size]]


@dataclass(frozen=True, eq=False)
class Probe:
    """A logistic regression on features, with what was chosen for it.

    depth: of the features. C: as in scikit-learn, the inverse of how strongly weights are held back. loss: its log-loss
    on the validation part, by which the two were chosen. outputs: number of classes.
    """

    model: object
    depth: str
    C: float
    loss: float
    outputs: int

    def predict(self, seen: Mapping[str, np.ndarray]) -> np.ndarray:
        """Probabilities, float64 (n, outputs), of features by depth as ``features`` gives them: the mean over the views
        of a picture. A class that was not learned gets 0."""
        views, count, width = seen[self.depth].shape
        found = self.model.predict_proba(seen[self.depth].reshape(-1, width))
        answers = np.zeros((count, self.outputs))
        answers[:, self.model.classes_] = found.reshape(views, count, -1).mean(axis=0)
        return answers


def probe(
    seen: Mapping[str, np.ndarray],
    labels: np.ndarray,
    validation: tuple[Mapping[str, np.ndarray], np.ndarray],
    *,
    outputs: int | None = None,
    C_values: Sequence[float] = C_VALUES,
) -> Probe:
    """Logistic regressions on features of several depths; the validation part chooses depth and C by log-loss.

    Parameters
    ----------
    seen : mapping of str to (views, n, features)
        Features of the training pictures by depth, as ``features`` gives them; each view is learned from.
    labels : int (n,)
    validation : pair of mapping and int (m,)
        The same of the validation part.
    outputs : int, optional
        Number of classes, where the training part may lack some.
    C_values : sequence of float
        The C to try.

    Returns
    -------
    Probe
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    outputs = outputs or int(max(labels.max(), validation[1].max())) + 1
    found = []
    with threadpool_limits(1, "blas"):
        for depth, views in seen.items():
            rows, repeated = views.reshape(-1, views.shape[-1]), np.tile(labels, len(views))
            for C in C_values:
                model = make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=500)).fit(rows, repeated)
                tried = Probe(model, depth, C, np.inf, outputs)
                loss = metrics.log_loss(validation[1], tried.predict(validation[0]))
                found.append(replace(tried, loss=float(loss)))
    return min(found, key=lambda one: one.loss)


def from_both_starts(
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    *,
    depth: str = "features",
    side: int | None = None,
    outputs: int | None = None,
    seed: int = 0,
    run_eagerly: bool = False,
) -> tuple[Trained, Trained]:
    """Train EfficientNet-Lite0 with a new last layer twice: from the photographs (fine-tuning), and from random.

    Every weight is free to learn, and all else is the same, so that a difference is that of the starting weights. The
    last layer begins at zero: its first answers are the same for every class, and the first steps do not shake the
    features. Both are trained by one compiled step, which takes long to trace.

    Parameters
    ----------
    images, labels, recipe, outputs, seed, run_eagerly
        As for ``images.train``; the recipe's ``members`` is of no account, each start is one network.
    depth : str
        One of ``DEPTHS``: what comes after it is left out.
    side : int, optional
        Pixels along the side of the resized pictures; see ``usual_side``.

    Returns
    -------
    Trained, Trained
        Begun with the photographs' weights, and at random.
    """
    _checked(depth)
    pixels, starts = side or usual_side(images), iter((True, False))

    def build(images, outputs, recipe):
        inputs = x = keras.Input(images.shape[1:])
        for layer in augmentation(recipe):
            x = layer(x)
        x = body(pixels, depth, pretrained=next(starts))(_as_photographs(x, pixels))
        x = layers.Dropout(recipe.dropout)(x)
        return keras.Model(inputs, layers.Dense(outputs, kernel_initializer="zeros", name="head")(x))

    options = {"outputs": outputs, "seed": seed, "build": build, "run_eagerly": run_eagerly}
    both = train(images, labels, replace(recipe, members=2), **options)
    photographs, random = (replace(both, models=[model]) for model in both.models)
    return photographs, random
