"""Explanations of tables and records, column by column: permutation importance and Shapley values."""

from typing import Any

import keras
import numpy as np

from utils.errors import CourseError
from utils.explain.arguments import whole
from utils.explain.scores import predictions, scores
from utils.explain.targets import ask, check

ROWS = 1024  # that a model sees at a time: those of a table are short


def permutation_importance(
    model: keras.Model,
    inputs: Any,
    target: Any,
    *,
    metric: Any,
    repeats: int = 10,
    of: str | int | None = None,
    average: Any = True,
    seed: int = 0,
    batch_size: int = ROWS,
) -> Any:
    """How much worse the model's predictions get when a column is shuffled among the examples.

    Parameters
    ----------
    model : keras.Model, or callable
        As in ``occlusion``; its own outputs are judged, be they probabilities, logits or values.
    inputs : array-like, (n, columns), or (n, …, columns) for records with several visits
        The last axis is the column; an example's column is shuffled as a whole. Or a dict or list of them, see ``of``.
    target : array-like, (n, …)
        The truth: the label of each example, as the metric wants it.
    metric : callable
        Takes (target, predictions) and returns a number, larger is better; ``utils.metrics.roc_auc``, for example.
        Predictions are (n, outputs), or (n,) of a model with one output.
    repeats : int
        Shuffles of each column.
    of, batch_size
        As in ``saliency``.
    average : bool
        False gives the fall of each shuffle.
    seed : int
        The same seed gives the same shuffles.

    Returns
    -------
    numpy.ndarray, float32, (columns,), or (repeats, columns) when ``average=False``
        The metric minus the metric with the column shuffled, in the metric's unit; one for all examples together.
        Positive where the model needs the column; about 0 where it does not, or where another column tells the same.

    Raises
    ------
    CourseError
        As in ``saliency``, or when there is one example only or the target's length differs.

    Notes
    -----
    Cost: repeats times (columns) model calls an example, and one more. Take examples that were not trained on.
    Shuffling makes examples that cannot be, where columns belong together.

    References
    ----------
    Breiman (2001), https://doi.org/10.1023/A:1010933404324; Fisher, Rudin and Dominici (2019),
    https://doi.org/10.48550/arXiv.1801.01489.
    """
    score, arrays, place = check(model, inputs, of)
    array, target, size = arrays[place], np.asarray(target), whole(batch_size, "batch_size")
    if target.ndim == 0 or len(target) != len(array):
        raise CourseError(f"target has shape {target.shape}: give the truth of each of the {len(array)} examples.")
    if len(array) < 2:
        raise CourseError("inputs hold a single example: there is nothing to shuffle it with.")
    random = np.random.default_rng(seed)
    falls = np.empty((whole(repeats, "repeats"), array.shape[-1]), "float32")
    before = metric(target, predictions(score, arrays, size))
    shuffled = array.copy()
    given = [*arrays[:place], shuffled, *arrays[place + 1 :]]
    for repeat in range(repeats):
        for column in range(array.shape[-1]):
            shuffled[..., column] = array[random.permutation(len(array)), ..., column]
            falls[repeat, column] = before - metric(target, predictions(score, given, size))
            shuffled[..., column] = array[..., column]
    return falls.mean(axis=0) if average else falls


def shapley_values(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    background: Any,
    samples: int = 100,
    scale: str = "logit",
    of: str | int | None = None,
    seed: int = 0,
    batch_size: int = ROWS,
) -> Any:
    """Shapley values by sampling: each column's share of the score, fair over all orders in which columns become known.

    A column that is not known yet has its value from an example of the background. In random orders, each followed also
    backwards, the columns become known one after the other; what the score rises by when a column does is its due, and
    the mean over the orders its Shapley value.

    Parameters
    ----------
    model, target, of, batch_size, scale
        As in ``occlusion``.
    inputs : array-like, (n, columns), or (n, …, columns) for records with several visits
        The last axis is the column, which becomes known as a whole. Or a dict or list of them, see ``of``.
    background : array-like, (m, columns) or (m, …, columns)
        Examples that stand for "not known", from the training part; used in turn, each equally often when ``samples``
        is a multiple of m.
    samples : int
        Orders (and as many backwards). The error falls with the root of it.
    seed : int
        The same seed gives the same orders.

    Returns
    -------
    numpy.ndarray, float32, (n, columns)
        In the unit of the score (or of the output, see ``scale``); positive where the value speaks for the target. They
        add up exactly to the example's score minus the mean score of the background examples used.

    Raises
    ------
    CourseError
        As in ``saliency``, or when the background does not fit.

    Notes
    -----
    Cost: 2 x samples x columns model calls an example. Columns are made known independently of each other, so the model
    is also asked about examples that cannot be.

    References
    ----------
    Shapley (1953), https://doi.org/10.1515/9781400881970-018; Strumbelj and Kononenko (2014),
    https://doi.org/10.1007/s10115-013-0679-x.
    """
    question = ask(model, inputs, target, of=of, scale=scale)
    array, size = question.inputs, whole(batch_size, "batch_size")
    background = _background(background, array)
    random = np.random.default_rng(seed)
    columns = array.shape[-1]
    steps = np.arange(columns + 1)
    found = np.zeros((len(array), columns))
    for sample in range(whole(samples, "samples")):
        if sample % len(background) == 0:
            turn = random.permutation(len(background))
        other = background[turn[sample % len(background)]]
        forwards = random.permutation(columns)
        for order in (forwards, forwards[::-1]):
            known = np.argsort(order) < steps[:, None]  # (columns + 1, columns): after each number of steps
            found[:, order] += np.diff(_path(question, known, other, size), axis=1)
    return (found / (2 * samples)).astype("float32")


def _background(background: Any, array: np.ndarray):
    found = np.asarray(background)
    if found.ndim != array.ndim or found.shape[1:] != array.shape[1:] or len(found) == 0:
        raise CourseError(
            f"background has shape {found.shape}: give examples like the inputs, (m, …) of {array.shape[1:]}."
        )
    if found.dtype.kind not in "fiub" or not np.isfinite(found).all():
        raise CourseError("background holds values that are missing (NaN), infinite or no numbers.")
    return found.astype(array.dtype)


def _path(question: Any, known: np.ndarray, other: np.ndarray, size: int):
    """Scores (n, steps) of each example where a column is its own if known at that step, and otherwise the other's."""

    def mixed(part, rows, arrays):
        mask = known[np.arange(part.start, part.stop) % len(known)]
        array = arrays[question.place]
        mask = mask.reshape(len(mask), *[1] * (array.ndim - 2), -1)
        np.copyto(array, other, where=~mask)

    examples = np.repeat(np.arange(len(question)), len(known))
    return scores(question, examples, mixed, size).reshape(-1, len(known)).astype(float)
