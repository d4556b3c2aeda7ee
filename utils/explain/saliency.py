"""Explanations by one gradient, or the mean of some: saliency, gradient times input, SmoothGrad."""

from typing import Any

import keras
import numpy as np

from utils.errors import CourseError
from utils.explain.arguments import whole
from utils.explain.scores import BATCH_SIZE, mean_gradients
from utils.explain.targets import ask


def saliency(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    of: str | int | None = None,
    absolute: bool = True,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """How fast the score changes with each number of the inputs: the size of its gradient.

    Parameters
    ----------
    model : keras.Model, or callable
        Gives (n,) or (n, outputs). A callable takes tensors and is written with ``keras.ops``.
    inputs : array-like, (n, …), or a dict or list of them
        Numbers, none missing; of several arrays, ``of`` says which is attributed to, the others are held fixed.
    target : int, array-like of int (n,), or None
        The class that is explained, one for all examples or one for each; None where the model has a single output.
    of : str or int, optional
        Key or place of the array that is attributed to.
    absolute : bool
        False keeps the sign: positive where a larger number raises the score.
    batch_size : int
        Examples that the model sees at a time; bounds the memory.

    Returns
    -------
    numpy.ndarray, float32, of the inputs' shape
        Score per unit of the input, ≥ 0 unless ``absolute=False``.

        The score is the logit (what goes into the last softmax or sigmoid) where the model ends in a layer or operation
        with one of them. Where no such end can be seen but each row of outputs is positive and adds up to 1, it is the
        logarithm of the output, and otherwise the output.

    Raises
    ------
    CourseError
        When model, inputs and target do not fit together; it names the argument.

    Notes
    -----
    Cost: one gradient an example (about three model calls). It tells about small changes only, and says nothing of
    how much an input contributed.

    References
    ----------
    Simonyan, Vedaldi and Zisserman (2013), https://doi.org/10.48550/arXiv.1312.6034. They take the largest value over
    the channels for a picture; here each channel keeps its own.
    """
    question = ask(model, inputs, target, of=of, slopes=True)
    slopes = mean_gradients(question, 1, None, whole(batch_size, "batch_size"))
    return np.abs(slopes) if absolute else slopes


def gradient_times_input(
    model: keras.Model, inputs: Any, target: Any = None, *, of: str | int | None = None, batch_size: int = BATCH_SIZE
) -> np.ndarray:
    """The gradient times the input itself: what each number contributed, were the model linear with zero for "nothing".

    Parameters
    ----------
    model, inputs, target, of, batch_size
        As in ``saliency``.

    Returns
    -------
    numpy.ndarray, float32, of the inputs' shape
        In the unit of the score (see ``saliency``); positive where the number spoke for the target. An input of 0
        gets 0, whatever it means.

    Raises
    ------
    CourseError
        As in ``saliency``.

    Notes
    -----
    Cost: one gradient an example.

    References
    ----------
    Shrikumar et al. (2016), https://doi.org/10.48550/arXiv.1605.01713.
    """
    question = ask(model, inputs, target, of=of, slopes=True)
    return question.inputs * mean_gradients(question, 1, None, whole(batch_size, "batch_size"))


def smooth_grad(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    samples: int = 25,
    noise: float = 0.15,
    of: str | int | None = None,
    absolute: bool = False,
    seed: int = 0,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """The mean gradient over noisy copies of each example, in which accidental wiggles of the gradient cancel.

    Parameters
    ----------
    model, inputs, target, of, batch_size
        As in ``saliency``.
    samples : int
        Noisy copies of each example.
    noise : float
        Standard deviation of the noise as a share of the example's range (largest minus smallest number); 0 is no
        noise.
    absolute : bool
        True gives the size of the mean gradient.
    seed : int
        The same seed gives the same noise, whatever the batch size.

    Returns
    -------
    numpy.ndarray, float32, of the inputs' shape
        Score per unit of the input (see ``saliency``); positive where a larger number raises the score.

    Raises
    ------
    CourseError
        As in ``saliency``, or when samples or noise is out of range.

    Notes
    -----
    Cost: ``samples`` gradients an example. The noise also falls on padding, which then is no longer what a masking
    layer looks for.

    References
    ----------
    Smilkov et al. (2017), https://doi.org/10.48550/arXiv.1706.03825.
    """
    question = ask(model, inputs, target, of=of, slopes=True)
    if not 0 <= noise < np.inf:
        raise CourseError(f"noise is {noise}: give a share of the range, 0 or more.")
    array = question.inputs
    axes = tuple(range(1, array.ndim))
    spread = np.float32(noise) * np.ptp(array, axis=axes, keepdims=True)
    random = np.random.default_rng(seed)

    def noisy(_, rows, arrays):
        shape = arrays[question.place].shape
        arrays[question.place] += spread[rows] * random.standard_normal(shape, dtype="float32")

    slopes = mean_gradients(question, whole(samples, "samples"), noisy, whole(batch_size, "batch_size"))
    return np.abs(slopes) if absolute else slopes
