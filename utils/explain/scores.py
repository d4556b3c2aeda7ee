"""The score that is explained, and its gradients, for many examples, in parts that fit into memory.

The **score** is the number before the model's last softmax or sigmoid (the logit), where the model ends in one that can
be seen: a softmax near 1 is flat, and its gradient says little. It is the output itself where the model ends otherwise.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from utils.errors import CourseError
from utils.explain.inside import without_last_activation
from utils.nn.gradients import compiled, differentiate

BATCH_SIZE = 64  # rows that a model sees at a time, unless told otherwise, where gradients are taken
ROWS = 256  # and where they are not
SMALLEST = 1e-30  # probability below which its logarithm is not followed


@dataclass(frozen=True)
class Score:
    """One number per example. Equal scores share compiled functions.

    parts: the layers of the model. names: keys of a dict of inputs, () for a list, None for a single array.
    scale: "logit" without the last softmax or sigmoid, "log" of the output, or the "output" itself.
    """

    model: object
    parts: tuple
    names: tuple | None
    scale: str

    def __call__(self, arrays: Any, columns: Any):
        """Tensors (one for each input) and the column of each example (n,) → scores (n,)."""
        with without_last_activation(self.model) if self.scale == "logit" else contextlib.nullcontext():
            outputs = self.outputs(arrays)
        if len(outputs.shape) == 1:
            outputs = outputs[:, None]
        if self.scale == "log":
            outputs = ops.log(ops.maximum(outputs, SMALLEST))
        return ops.take_along_axis(outputs, columns[:, None], axis=1)[:, 0]

    def outputs(self, arrays: Any) -> Any:
        """What the model gives, (n,) or (n, outputs)."""
        if self.names is None:
            (given,) = arrays
        else:
            given = dict(zip(self.names, arrays, strict=True)) if self.names else list(arrays)
        if isinstance(self.model, keras.Layer):
            return self.model(given, training=False)
        return self.model(given)

    @property
    def variables(self) -> list:
        """The Keras variables that the model reads."""
        return self.model.variables if isinstance(self.model, keras.Layer) else ()


def run(score: Any, arrays: Any) -> Any:
    """The model's outputs for a few examples, as a NumPy array, not compiled."""
    return ops.convert_to_numpy(score.outputs(arrays))


def compiled_for(score: Any, build: Callable, *more: Any) -> Callable:
    """``build(score, *more)``, compiled; remembered for Keras models, whose weights may change but not their layers."""
    return (_remembered if isinstance(score.model, keras.Layer) else _compiled)(build, score, *more)


def _compiled(build: Callable, score: Any, *more: Any):
    return compiled(build(score, *more), score.variables)


_remembered = functools.lru_cache(maxsize=16)(_compiled)


class Memory:
    """What was found out about Keras models by running them once, for the next call; of other callables nothing."""

    def __init__(self, most: int = 16):
        self.found, self.most = {}, most

    def get(self, score: Score, key: Any, find: Callable) -> Any:
        """What ``find()`` gave for this score and key the first time; the oldest is forgotten. Errors are not kept."""
        if not isinstance(score.model, keras.Layer):
            return find()
        if (score, key) not in self.found:
            value = find()
            if len(self.found) >= self.most:
                del self.found[next(iter(self.found))]
            self.found[score, key] = value
        return self.found[score, key]


def parts(rows: Any, size: int) -> Iterator[slice]:
    """Slices of at most so many rows, together all of them."""
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def predictions(score: Any, arrays: Any, batch_size: int = ROWS) -> np.ndarray:
    """The model's own outputs for all examples: (n, outputs), or (n,) where there is one output."""
    if isinstance(score.model, keras.Layer):
        function = compiled_for(score, _outputs)
    else:

        def function(*arrays):
            return ops.convert_to_numpy(score.outputs(arrays))

    found = [function(*(array[part] for array in arrays)) for part in parts(len(arrays[0]), batch_size)]
    found = np.concatenate(found)
    return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found


def _outputs(score: Any):
    return lambda *tensors: score.outputs(tensors)


def scores(question: Any, examples: Any = None, change: Callable | None = None, batch_size: int = ROWS) -> np.ndarray:
    """Scores float32 (rows,), where row r is example ``examples[r]``, changed.

    examples: int (rows,); each example once unless given. change: takes a slice of the rows, the examples in it and
    copies of their arrays, and changes these in place; nothing is changed unless it is given. One model call a row.
    """
    examples = np.arange(len(question)) if examples is None else examples
    if isinstance(question.score.model, keras.Layer):
        function = compiled_for(question.score, _score)
    else:  # may be a model of another library, which knows no tensors

        def function(*arrays):
            return ops.convert_to_numpy(question.score(arrays[:-1], arrays[-1]))

    found = np.empty(len(examples), "float32")
    for part in parts(len(examples), batch_size):
        rows = examples[part]
        arrays = question.part(rows)
        if change is not None:
            change(part, rows, arrays)
        found[part] = function(*arrays, question.columns[rows])
    return finite(found, "The model's outputs")


def _score(score: Any):
    return lambda *tensors: score(tensors[:-1], tensors[-1])


def gradients(question: Any, examples: Any = None, change: Callable | None = None, batch_size: int = BATCH_SIZE) -> Any:
    """Yields (examples in this part (rows,), gradients float32 (rows, …)); arguments as in ``scores``."""
    examples = np.arange(len(question)) if examples is None else examples
    function = compiled_for(question.score, _slopes, question.place)
    for part in parts(len(examples), batch_size):
        rows = examples[part]
        arrays = question.part(rows)
        if change is not None:
            change(part, rows, arrays)
        yield rows, function(*arrays, question.columns[rows])


def _slopes(score: Any, place: Any):
    def slopes(*tensors):
        *arrays, columns = tensors

        def value(inputs):
            # Examples do not touch each other, so the gradient of the sum holds the gradient of each.
            return ops.sum(score([*arrays[:place], inputs, *arrays[place + 1 :]], columns)), None

        return differentiate(value, arrays[place])[0][0]

    return slopes


def mean_gradients(question: Any, repeats: int, change: Callable | None, batch_size: int = BATCH_SIZE) -> Any:
    """Mean gradient float32 (n, …) over so many variations of each example, which follow one another as rows."""
    total = np.zeros(question.inputs.shape, "float32")
    examples = np.repeat(np.arange(len(question)), repeats)
    for rows, slopes in gradients(question, examples, change, batch_size):
        here = np.arange(rows[0], rows[-1] + 1)
        belongs = (here[:, None] == rows).astype("float32")  # adds up the rows of each example
        total[here] += (belongs @ finite(slopes).reshape(len(rows), -1)).reshape(len(here), *slopes.shape[1:])
    return total / np.float32(repeats)


def finite(values: np.ndarray, what: str = "The gradients") -> np.ndarray:
    """The values as float32, or a CourseError when one is not finite."""
    if not np.isfinite(values).all():
        raise CourseError(f"{what} are not all finite: the model itself computes NaN or infinity for these inputs.")
    return np.asarray(values, "float32")
