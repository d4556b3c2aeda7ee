"""Integrated gradients, which divide the score among the inputs without remainder, and the check that they do."""

from typing import Any

import keras
import numpy as np

from utils.explain.arguments import baseline_like, whole
from utils.explain.scores import BATCH_SIZE, mean_gradients, scores
from utils.explain.targets import ask


def integrated_gradients(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    baseline: Any = 0.0,
    steps: int = 50,
    of: str | int | None = None,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """What each number contributed on the way from a baseline to the example: the gradients along the straight path.

    Parameters
    ----------
    model, inputs, target, of, batch_size
        As in ``saliency``.
    baseline : number or array-like
        What stands for "nothing there": a number, an array of one example's shape (or one that fits it, such as one
        number a channel), or one baseline for each example.
    steps : int
        Points of the path at which the gradient is taken: the middles of so many equal steps.

    Returns
    -------
    numpy.ndarray, float32, of the inputs' shape
        In the unit of the score (see ``saliency``); positive where the number spoke for the target. For each example
        they add up to its score minus the baseline's, but for the error of the steps (``completeness_gap``).

    Raises
    ------
    CourseError
        As in ``saliency``, or when the baseline does not fit.

    Notes
    -----
    Cost: ``steps`` gradients an example. A number equal to the baseline gets 0: black cannot be seen from black. Where
    a model takes zeros for padding, its score jumps as the path leaves a baseline of zeros, and the attributions miss
    the jump; for one-hot letters, 0.25 in all four columns is a "nothing" without one.

    References
    ----------
    Sundararajan, Taly and Yan (2017), https://doi.org/10.48550/arXiv.1703.01365.
    """
    question = ask(model, inputs, target, of=of, slopes=True)
    start = baseline_like(baseline, question.inputs)
    middles = ((np.arange(whole(steps, "steps")) + 0.5) / steps).astype("float32")
    share = middles.reshape(-1, *[1] * (question.inputs.ndim - 1))

    def on_the_path(part, rows, arrays):
        points = arrays[question.place]
        points -= start[rows]
        points *= share[np.arange(part.start, part.stop) % steps]
        points += start[rows]

    slopes = mean_gradients(question, steps, on_the_path, whole(batch_size, "batch_size"))
    return (question.inputs - start) * slopes


def completeness_gap(
    model: keras.Model,
    inputs: Any,
    target: Any,
    attributions: Any,
    *,
    baseline: Any = 0.0,
    of: str | int | None = None,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """By how much attributions fail to add up to what they should divide: the example's score minus the baseline's.

    Parameters
    ----------
    model, inputs, target, of, batch_size
        As in ``saliency``.
    attributions : array-like, (n, …)
        Of ``integrated_gradients`` or any other method, for the same model, inputs, target and baseline.
    baseline : number or array-like
        As in ``integrated_gradients``.

    Returns
    -------
    numpy.ndarray, float32, (n,)
        Sum of the attributions minus the difference of the scores, in the unit of the score; 0 is complete.

    Raises
    ------
    CourseError
        As in ``saliency``, or when baseline or attributions do not fit.

    Notes
    -----
    Cost: two model calls an example.
    """
    question = ask(model, inputs, target, of=of, slopes=True)
    start = baseline_like(baseline, question.inputs)
    size = whole(batch_size, "batch_size")
    given = baseline_like(attributions, question.inputs, "attributions")

    def nothing(_, rows, arrays):
        arrays[question.place][:] = start[rows]

    rise = scores(question, batch_size=size) - scores(question, change=nothing, batch_size=size)
    return given.sum(axis=tuple(range(1, given.ndim))) - rise
