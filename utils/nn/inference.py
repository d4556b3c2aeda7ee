"""The answers of a model, batch by batch."""

from typing import Any

import keras
import numpy as np
from keras import ops

from utils.errors import UsageError


def predict(model: keras.Model, inputs: Any, batch_size: int = 500) -> np.ndarray:
    """The outputs of a model for any number of examples; memory is bounded by one batch.

    The same numbers as ``model.predict``, which compiles anew for each model: for a few thousand examples that takes
    longer than the answers.

    Parameters
    ----------
    model : keras.Model
        With one output.
    inputs : array, or list, tuple or dict of arrays
        As the model takes them; the first axis is the example. They are converted to the dtype of the model's inputs.
    batch_size : int
        Examples at a time.

    Returns
    -------
    numpy.ndarray, (n, ...)
        Of the dtype of the output, usually float32.

    Raises
    ------
    UsageError
        When the arrays differ in their number of examples.
    """
    if isinstance(inputs, list | tuple) and len(inputs) == 1:
        (inputs,) = inputs  # Keras warns of a list around a single input
    arrays = keras.tree.flatten(inputs)
    counts = {len(array) for array in arrays}
    if len(counts) != 1:
        found = ", ".join(str(len(array)) for array in arrays)
        raise UsageError(f"The inputs hold {found} examples: give each the same number.")
    dtypes = [tensor.dtype for tensor in model.inputs]
    (count,) = counts
    found = []
    for start in range(0, max(count, 1), batch_size):  # no example at all still has an output shape
        parts = [
            ops.convert_to_tensor(array[start : start + batch_size], dtype)
            for array, dtype in zip(arrays, dtypes, strict=True)
        ]
        batch = keras.tree.pack_sequence_as(inputs, parts)
        found.append(ops.convert_to_numpy(model(batch, training=False)))
    return np.concatenate(found)
