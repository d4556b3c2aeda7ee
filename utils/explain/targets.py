"""What is asked: which model, which inputs, which of its outputs; and clear words for what cannot be explained."""

from dataclasses import dataclass, replace
from typing import Any

import keras
import numpy as np

from utils.errors import CourseError
from utils.explain.inside import last_activation, leaves
from utils.explain.scores import Memory, Score, run

SCALES = ("logit", "output")
_answers = Memory()
ANY = object()  # for ``of``, where it does not matter which of several inputs is attributed to


@dataclass(frozen=True, eq=False)
class Question:
    """A checked question.

    score: what is computed for each example. arrays: list, one or more inputs of the model, the example first.
    place: which of them is attributed to. columns: int32 (n,), which output of the model counts for each example.
    """

    score: Score
    arrays: list
    place: int
    columns: np.ndarray

    def __len__(self):
        return len(self.columns)

    @property
    def inputs(self) -> Any:
        """The array that is attributed to, (n, …)."""
        return self.arrays[self.place]

    def part(self, rows: Any) -> Any:
        """The arrays of these examples: views for a slice, copies for whole numbers."""
        return [array[rows] for array in self.arrays]


def ask(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    of: str | int | None = None,
    scale: str = "logit",
    slopes: Any = False,
) -> Question:
    """Check model, inputs and target, and find out what the score is.

    model: a Keras model, or a callable that takes what ``inputs`` is and returns (n,) or (n, outputs).
    inputs: an array (n, …), or a dict or list of them. target: None, a class, or (n,) classes. of: key or place of the
    array that is attributed to, where there are several. scale: "logit" or "output". slopes: whether the inputs must
    be able to change by a little, as for a gradient. CourseError, naming the argument, when something does not fit.
    """
    if scale not in SCALES:
        raise CourseError(f"scale is {scale!r}: choose {' or '.join(map(repr, SCALES))}.")
    score, arrays, place = check(model, inputs, of)
    if slopes and arrays[place].dtype.kind != "f":
        raise CourseError(
            "inputs are whole numbers to this model (codes of letters or words), which cannot change by a little: use "
            "occlusion or in_silico_mutagenesis, or a model that takes one-hot inputs."
        )
    shapes = tuple((array.shape[1:], array.dtype.str) for array in arrays)
    outputs, are_shares = _answers.get(score, shapes, lambda: _asked(score, [array[:2] for array in arrays]))
    columns = _columns(target, len(arrays[0]), outputs)
    if scale == "logit" and last_activation(model) is not None:
        score = replace(score, scale="logit")
    elif scale == "logit" and slopes and are_shares:
        score = replace(score, scale="log")
    return Question(score, arrays, place, columns)


def check(model: keras.Model, inputs: Any, of: str | int | None = None) -> Any:
    """Model and inputs, checked: the score of the model's own outputs, a list of arrays, and which is attributed to."""
    if not callable(model):
        raise CourseError(f"model is of type {type(model).__name__}: give a Keras model, or a function of the inputs.")
    names, arrays = _named(model, inputs)
    place = _place(names, of)
    given = getattr(model, "inputs", None) or []
    known = {tensor.name: tensor for tensor in given}
    for position, (name, array) in enumerate(zip(names, arrays, strict=True)):
        told = "inputs" if names == (None,) else f"inputs[{name!r}]"
        tensor = known.get(name) if isinstance(inputs, dict) else given[position] if position < len(given) else None
        arrays[position] = _checked(array, tensor, told)
    if len({len(array) for array in arrays}) > 1:
        raise CourseError(
            f"inputs have different numbers of examples: {', '.join(str(len(array)) for array in arrays)}."
        )
    keys = names if isinstance(inputs, dict) else None if names == (None,) else ()
    return Score(model, leaves(model), keys, "output"), arrays, place


def _named(model: keras.Model, inputs: Any):
    """Names (keys, places, or (None,) for a single array) and arrays."""
    if isinstance(inputs, dict):
        return tuple(inputs), [np.asarray(array) for array in inputs.values()]
    expected = len(getattr(model, "inputs", None) or [])
    several = isinstance(inputs, (list, tuple)) and (
        expected > 1 if expected else any(isinstance(array, np.ndarray) for array in inputs)
    )
    count = len(inputs) if several else 1
    if expected and count != expected:
        raise CourseError(f"inputs hold {count} arrays, but the model takes {expected}: give a dict or a list of them.")
    if several:
        return tuple(range(count)), [np.asarray(array) for array in inputs]
    return (None,), [np.asarray(inputs)]


def _place(names: list, of: str | int | None):
    if of is ANY:
        return 0
    if of in names:
        return names.index(of)
    if len(names) > 1:
        told = "is not given" if of is None else f"is {of!r}"
        raise CourseError(f"of {told}: say which of the inputs to attribute to, one of {', '.join(map(repr, names))}.")
    if of is not None:
        raise CourseError(f"of is {of!r}, but there is only one array of inputs: leave it out.")
    return 0


def _checked(array: np.ndarray, tensor: Any, told: str):
    if array.dtype.kind not in "fiub":
        raise CourseError(f"{told} are of type {array.dtype}, where numbers are expected.")
    if tensor is not None:
        shape = tuple(tensor.shape)
        fits = array.ndim == len(shape) and all(b in (None, a) for a, b in zip(array.shape[1:], shape[1:], strict=True))
        if not fits:
            wanted = ", ".join("any" if size is None else str(size) for size in shape[1:])
            single = "; a single example is inputs[None]" if array.ndim == len(shape) - 1 else ""
            raise CourseError(f"{told} have shape {array.shape}, but the model takes (n, {wanted}){single}.")
    if array.ndim < 2 and tensor is None or len(array) == 0:
        raise CourseError(f"{told} have shape {array.shape}: give at least one example, the examples along axis 0.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise CourseError(
            f"{told} hold {int((~np.isfinite(array)).sum())} values that are missing (NaN) or infinite: fill them in "
            "as in training, or leave those examples out."
        )
    if tensor is not None:
        return array.astype(keras.backend.standardize_dtype(tensor.dtype), copy=False)
    return array.astype("float32", copy=False) if array.dtype.kind == "f" or array.ndim == 4 else array


def _asked(score: Any, arrays: Any) -> tuple[int, bool]:
    """How many outputs the model has for such inputs, and whether they are shares; CourseError when it cannot."""
    outputs = _outputs(score, arrays)
    return outputs.shape[1] if outputs.ndim == 2 else 1, _are_shares(outputs)


def _outputs(score: Any, arrays: Any):
    """The model's outputs for some examples, checked."""
    try:
        outputs = run(score, arrays)
    except CourseError:
        raise
    except Exception as error:
        shapes = ", ".join(str(array.shape[1:]) for array in arrays)
        raise CourseError(f"The model cannot take inputs of shape (n, …) with … = {shapes}: {error}") from error
    if getattr(outputs, "ndim", 0) not in (1, 2) or len(outputs) != len(arrays[0]):
        raise CourseError(
            f"The model's output has shape {getattr(outputs, 'shape', type(outputs).__name__)}, where (n,) or (n, "
            "outputs) is expected: explain a model or a function that gives one row of numbers an example."
        )
    return outputs


def _are_shares(outputs: Any):
    return (
        outputs.ndim == 2
        and outputs.shape[1] > 1
        and outputs.min() >= 0
        and bool(np.allclose(outputs.sum(axis=1), 1, atol=1e-3))
    )


def _columns(target: Any, examples: Any, outputs: Any):
    if target is None:
        if outputs > 1:
            raise CourseError(
                f"target is None, but the model has {outputs} outputs: give one, from 0 to {outputs - 1}."
            )
        return np.zeros(examples, "int32")
    if outputs == 1:
        raise CourseError("target is given, but the model has a single output: leave it out (target=None).")
    columns = np.asarray(target)
    if columns.dtype.kind not in "iu" or columns.shape not in ((), (examples,)):
        raise CourseError(
            f"target is {columns.dtype} of shape {columns.shape}: give one whole number, or {examples} of them, one "
            "for each example."
        )
    outside = columns[(columns < 0) | (columns >= outputs)]
    if outside.size:
        raise CourseError(
            f"target is {outside.flat[0]}, a class that does not exist: the model has classes 0 to {outputs - 1}."
        )
    return np.broadcast_to(columns, examples).astype("int32")
