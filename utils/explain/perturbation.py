"""Explanations by changing the inputs: cover a place, or put another letter there, and see what the score does."""

from typing import Any

import keras
import numpy as np

from utils.errors import CourseError
from utils.explain.arguments import baseline_like, whole
from utils.explain.scores import ROWS, scores
from utils.explain.targets import ask


def places_of(inputs: Any) -> tuple:
    """The places of one example that are covered as one: (height, width) of images, (length,) of sequences, (columns,)
    of tables and codes."""
    return inputs.shape[1:-1] if inputs.ndim > 2 else inputs.shape[1:]


def occlusion(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    window: Any = None,
    stride: Any = None,
    baseline: Any = 0.0,
    scale: str = "logit",
    of: str | int | None = None,
    batch_size: int = ROWS,
) -> np.ndarray:
    """How far the score falls when a window over the inputs is covered.

    Parameters
    ----------
    model : keras.Model, or callable
        A callable takes NumPy arrays and may be of another library, such as ``forest.predict_proba``.
    inputs : array-like
        Images (n, height, width, channels), sequences (n, length, channels), codes or a table (n, columns); or a dict
        or list of arrays, see ``of``.
    target, of, batch_size
        As in ``saliency``.
    window, stride : int, or tuple of int
        Size of the window and the step between windows, for each dimension of the places (height and width, or length).
        Unless given: an eighth of the side and half the window, 1 at least. All places are covered, whatever the
        stride.
    baseline : number or array-like
        What the window is filled with; as in ``integrated_gradients``. For codes, the code of "unknown".
    scale : {"logit", "output"}
        Whether the fall is that of the score (see ``saliency``) or of the model's output, such as a probability.

    Returns
    -------
    numpy.ndarray, float32, of the inputs' shape
        At each place the mean fall of the score over the windows that cover it; the same for all channels, which are
        covered together. Positive where what stands there speaks for the target. A callable's output is its score.

    Raises
    ------
    CourseError
        As in ``saliency``, or when window, stride, baseline or scale does not fit.

    Notes
    -----
    Cost: one model call an example and window. A covered input is unlike anything seen in training, and that may move
    the score, too.

    References
    ----------
    Zeiler and Fergus (2014), https://doi.org/10.1007/978-3-319-10590-1_53.
    """
    question = ask(model, inputs, target, of=of, scale=scale)
    array, size = question.inputs, whole(batch_size, "batch_size")
    start = baseline_like(baseline, array)
    places = places_of(array)
    window = _sizes(window, [max(1, side // 8) for side in places], places, "window")
    stride = _sizes(stride, [max(1, side // 2) for side in window], places, "stride")
    covers = _windows(places, window, stride)  # (windows, *places)

    def covered(part, rows, arrays):
        hidden = covers[np.arange(part.start, part.stop) % len(covers)]
        hidden = hidden.reshape(*hidden.shape, *[1] * (array.ndim - hidden.ndim))
        np.copyto(arrays[question.place], start[rows], where=hidden)

    examples = np.repeat(np.arange(len(question)), len(covers))
    after = scores(question, examples, covered, size).reshape(len(question), len(covers))
    fall = scores(question, batch_size=size)[:, None] - after
    by_place = np.tensordot(fall, covers, axes=1) / covers.sum(axis=0)
    by_place = by_place.reshape(*by_place.shape, *[1] * (array.ndim - by_place.ndim))
    return np.broadcast_to(by_place, array.shape).astype("float32")


def _sizes(given: Any, otherwise: Any, places: tuple, name: str):
    sizes = tuple(otherwise) if given is None else tuple(np.broadcast_to(given, len(places)).tolist())
    for one, side in zip(sizes, places, strict=True):
        if whole(one, name) > side:
            raise CourseError(f"{name} is {one}, larger than the side of {side}.")
    return sizes


def _windows(places: tuple, window: Any, stride: Any):
    """Where each window is: bool (windows, *places); the last one in a row ends at the edge."""
    starts = [
        np.unique(np.append(np.arange(0, side - width + 1, step), side - width))
        for side, width, step in zip(places, window, stride, strict=True)
    ]
    along = [
        (np.arange(side) >= first[:, None]) & (np.arange(side) < first[:, None] + width)
        for side, width, first in zip(places, window, starts, strict=True)
    ]
    if len(along) == 1:
        return along[0]
    rows, columns = along
    return (rows[:, None, :, None] & columns[None, :, None, :]).reshape(-1, *places)


def in_silico_mutagenesis(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    letters: Any = None,
    scale: str = "logit",
    of: str | int | None = None,
    batch_size: int = ROWS,
) -> np.ndarray:
    """How the score changes when one letter of a sequence is put in another's place, for all places and letters.

    Parameters
    ----------
    model, target, of, batch_size, scale
        As in ``occlusion``.
    inputs : array-like, (n, length, columns) one-hot, or (n, length) codes
        A place that is zero in all columns, or whose code is ``letters`` or more (padding), is left as it is.
    letters : int, optional
        How many letters may be put in: the first so many columns or codes. For one-hot inputs all columns unless given;
        for codes it must be given.

    Returns
    -------
    numpy.ndarray, float32, (n, length, columns), or (n, length, letters) for codes
        Score with that letter at that place minus score as it is; 0 for the letter that stands there. Negative: the
        change takes from the target. In logits (unless ``scale="output"``) it is the change of the log odds for two
        classes.

    Raises
    ------
    CourseError
        As in ``saliency``, or when the inputs are not one-hot, or letters is missing or too large.

    Notes
    -----
    Cost: length times (letters - 1) model calls an example, and one more.

    References
    ----------
    Zhou and Troyanskaya (2015), https://doi.org/10.1038/nmeth.3547; Alipanahi et al. (2015),
    https://doi.org/10.1038/nbt.3300.
    """
    question = ask(model, inputs, target, of=of, scale=scale)
    array, size = question.inputs, whole(batch_size, "batch_size")
    if array.ndim not in (2, 3):
        raise CourseError(f"inputs have shape {array.shape}: give (n, length, columns) one-hot, or (n, length) codes.")
    one_hot = array.ndim == 3
    columns = array.shape[2] if one_hot else letters
    if columns is None:
        raise CourseError("letters is not given: for sequences of codes, say how many letters there are.")
    count = whole(columns if letters is None else letters, "letters")
    if count > columns:
        raise CourseError(f"letters is {letters}, but the inputs have only {columns} columns.")
    if one_hot and not (np.isclose(array.sum(axis=2), 1) | (array == 0).all(axis=2)).all() or array.min() < 0:
        raise CourseError(
            "inputs are not one-hot: each place must hold numbers of 0 or more that add up to 1, or zeros."
        )
    present = array[:, :, :count] if one_hot else array[:, :, None] == np.arange(count)
    held = array.any(axis=2) if one_hot else array < count
    example, place, letter = np.nonzero((present != 1) & held[:, :, None])

    def mutated(part, rows, arrays):
        which = np.arange(len(rows)), place[part]
        other = np.eye(columns, dtype=array.dtype)[letter[part]] if one_hot else letter[part]
        arrays[question.place][which] = other

    found = np.zeros((*array.shape[:2], columns), "float32")
    before = scores(question, batch_size=size)
    found[example, place, letter] = scores(question, example, mutated, size) - before[example]
    return found
