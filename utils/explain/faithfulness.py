"""Whether a map is right: take away what it calls important, and see whether the model agrees."""

from typing import Any, NamedTuple

import keras
import numpy as np

from utils.errors import CourseError
from utils.explain.arguments import baseline_like, whole
from utils.explain.perturbation import places_of
from utils.explain.scores import ROWS, scores
from utils.explain.targets import ask


class Curve(NamedTuple):
    """What a model gives as more and more places are changed.

    share: float32 (steps + 1,), share of the places changed, 0 to 1. scores: float32 (n, steps + 1).
    """

    share: np.ndarray
    scores: np.ndarray

    @property
    def auc(self) -> np.ndarray:
        """Area under each example's curve, float32 (n,), in the unit of the scores: their mean along the way."""
        return np.trapezoid(self.scores, self.share, axis=1).astype("float32")


def deletion(
    model: keras.Model,
    inputs: Any,
    target: Any,
    attributions: Any,
    *,
    baseline: Any = 0.0,
    steps: int = 20,
    scale: str = "output",
    of: str | int | None = None,
    seed: int = 0,
    batch_size: int = ROWS,
) -> Curve:
    """The curve as places are set to the baseline, the most important first. A right map makes it fall at once.

    Parameters
    ----------
    model : keras.Model, or callable
        As in ``occlusion``.
    inputs, target, of, batch_size
        As in ``saliency``. The places are pixels with all their channels, positions, or columns of a table.
    attributions : array-like
        Of the inputs' shape (added up over the channels), or one number per place: (n, height, width), (n, length).
        Larger is more important for the target; ties are broken at random.
    baseline : number or array-like
        What stands for "nothing there"; as in ``integrated_gradients``, or the inputs blurred, for example.
    steps : int
        Points of the curve after the first; at most as many as there are places.
    scale : {"output", "logit"}
        Whether the curve is of the model's own output, such as a probability, or of the score (see ``saliency``).
    seed : int
        Of the order among ties.

    Returns
    -------
    Curve
        ``share`` and ``scores``, and the area ``auc``: for deletion, smaller is better.

    Raises
    ------
    CourseError
        As in ``saliency``, or when attributions, baseline, steps or scale does not fit.

    Notes
    -----
    Cost: steps + 1 model calls an example.

    References
    ----------
    Samek et al. (2017), https://doi.org/10.1109/TNNLS.2016.2599820; Petsiuk, Das and Saenko (2018),
    https://doi.org/10.48550/arXiv.1806.07421.
    """
    question = ask(model, inputs, target, of=of, scale=scale)
    ranks = _ranks(attributions, question.inputs, np.random.default_rng(seed))
    return _curve(question, ranks, baseline, steps, batch_size, inserting=False)


def insertion(
    model: keras.Model,
    inputs: Any,
    target: Any,
    attributions: Any,
    *,
    baseline: Any = 0.0,
    steps: int = 20,
    scale: str = "output",
    of: str | int | None = None,
    seed: int = 0,
    batch_size: int = ROWS,
) -> Curve:
    """The curve as places are put back upon the baseline, the most important first. A right map makes it rise at once.

    Parameters, errors, cost and references are those of ``deletion``. Returns a Curve, whose area is the better the
    larger.
    """
    question = ask(model, inputs, target, of=of, scale=scale)
    ranks = _ranks(attributions, question.inputs, np.random.default_rng(seed))
    return _curve(question, ranks, baseline, steps, batch_size, inserting=True)


class Faithfulness(NamedTuple):
    """Areas under curves, float32 (n,): deleting (smaller is better) and inserting (larger is better) in the order of a
    map, and the same in random order, the mean of several."""

    deletion: np.ndarray
    insertion: np.ndarray
    random_deletion: np.ndarray
    random_insertion: np.ndarray

    @property
    def gain(self) -> np.ndarray:
        """How much better than random order a map is, float32 (n,), the mean of both ways; above 0 is better."""
        return (self.random_deletion - self.deletion + self.insertion - self.random_insertion) / 2


def faithfulness(
    model: keras.Model,
    inputs: Any,
    target: Any,
    attributions: Any,
    *,
    baseline: Any = 0.0,
    steps: int = 20,
    orders: int = 5,
    scale: str = "output",
    of: str | int | None = None,
    seed: int = 0,
    batch_size: int = ROWS,
) -> Faithfulness:
    """Deletion and insertion in the order of a map, against random orders.

    Parameters, errors and references are those of ``deletion``; ``orders`` (int) is the number of random orders for
    each example.

    Returns
    -------
    Faithfulness
        Four areas for each example, and their ``gain`` over random order.

    Notes
    -----
    Cost: 2 x (steps + 1) x (orders + 1) model calls an example.
    """
    question = ask(model, inputs, target, of=of, scale=scale)
    random = np.random.default_rng(seed)
    ranks = _ranks(attributions, question.inputs, random)
    found = [_curve(question, ranks, baseline, steps, batch_size, way).auc for way in (False, True)]
    by_chance = np.zeros((2, len(question)), "float32")
    for _ in range(whole(orders, "orders")):
        ranks = _ranks(np.zeros((len(question), *places_of(question.inputs))), question.inputs, random)
        for way in (False, True):
            by_chance[int(way)] += _curve(question, ranks, baseline, steps, batch_size, way).auc / orders
    return Faithfulness(*found, *by_chance)


def _ranks(attributions: Any, array: np.ndarray, random: np.random.Generator):
    """int (n, places): 0 for the most important place of each example."""
    places = places_of(array)
    given = np.asarray(attributions)
    if given.shape not in (array.shape, (len(array), *places)):
        raise CourseError(
            f"attributions have shape {given.shape}: give the inputs' shape {array.shape}, or {(len(array), *places)}."
        )
    if given.dtype.kind not in "fiu" or not np.isfinite(given).all():
        raise CourseError("attributions hold values that are missing (NaN), infinite or no numbers.")
    if given.ndim > 1 + len(places):
        given = given.sum(axis=-1)
    given = given.reshape(len(array), -1)
    order = np.lexsort((random.random(given.shape), -given.astype(float)), axis=1)
    return np.argsort(order, axis=1)


def _curve(question: Any, ranks: np.ndarray, baseline: Any, steps: int, batch_size: int, inserting: bool):
    array, count = question.inputs, ranks.shape[1]
    start = baseline_like(baseline, array)
    steps = min(whole(steps, "steps"), count)
    changed = np.round(np.linspace(0, count, steps + 1)).astype(int)  # places changed at each point

    def along(part, rows, arrays):
        first = ranks[rows] < changed[np.arange(part.start, part.stop) % len(changed)][:, None]
        hidden = (~first if inserting else first).reshape(len(rows), *places_of(array))
        hidden = hidden.reshape(*hidden.shape, *[1] * (array.ndim - hidden.ndim))
        np.copyto(arrays[question.place], start[rows], where=hidden)

    examples = np.repeat(np.arange(len(question)), len(changed))
    found = scores(question, examples, along, whole(batch_size, "batch_size"))
    return Curve((changed / count).astype("float32"), found.reshape(len(question), -1))
