"""From arrays to the batches of a training, in an order that one seed decides, on every backend of Keras."""

from typing import Any

import keras
import numpy as np

from utils.errors import UsageError


def arrays_of(*parts: Any) -> tuple:
    """Inputs, labels and, where there are any, weights as one tuple of arrays, decimal numbers in Keras's dtype.

    Raises UsageError when they differ in their number of examples, or hold no example.
    """
    given = tuple(part for part in parts if part is not None)
    counts = [len(part) for part in keras.tree.flatten(given)]
    if len(set(counts)) > 1 or 0 in counts:
        found = ", ".join(map(str, counts))
        raise UsageError(f"Inputs, labels and weights hold {found} examples: give each the same number, one at least.")
    # A list of inputs becomes a tuple, since TensorFlow takes a list for one array.
    return tuple(keras.tree.map_structure(_as_given, tuple(part) if isinstance(part, list) else part) for part in given)


def _as_given(part: Any) -> np.ndarray:
    part = np.asarray(part)
    return part.astype(keras.config.floatx()) if part.dtype.kind == "f" else part


def count(arrays: Any) -> int:
    """The number of examples."""
    return len(keras.tree.flatten(arrays)[0])


def hold_out(arrays: tuple, share: float) -> tuple[tuple, tuple]:
    """The arrays without their last rows, and these rows. UsageError when a part would be empty."""
    kept = int(count(arrays) * (1 - share))
    if not 0 < kept < count(arrays):
        raise UsageError(
            f"A validation_split of {share} leaves {kept} of {count(arrays)} examples to learn from: give a share "
            "between 0 and 1 that leaves some on both sides."
        )
    parts = (slice(None, kept), slice(kept, None))
    return tuple(keras.tree.map_structure(lambda array, rows=rows: array[rows], arrays) for rows in parts)


def orders(examples: int, epochs: int, seed: int | None) -> np.ndarray:
    """Row numbers int32 (epochs, examples), another order in each epoch; (1, examples), as they are, without a seed."""
    if seed is None:
        return np.arange(examples, dtype="int32")[None]
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(examples) for _ in range(epochs)]).astype("int32")


def batches(arrays: tuple, order: np.ndarray, batch_size: int, epochs: int = 1) -> Any:
    """What ``model.fit`` takes: all batches of all epochs in this order.

    On TensorFlow one stream for all epochs, without the tuning of the pipeline: that holds the program up by a third
    of a second when an epoch ends, longer than many an epoch of ours lasts. Where all epochs have the same order, as in
    each validation, the batches are cut out of the rows as they lie: a function that gathers them would have to be
    traced, and to be set up again each time that TensorFlow begins to read.
    """
    if keras.backend.backend() == "tensorflow":
        return _stream(arrays, order, batch_size, epochs)
    return _Batches(arrays, order, batch_size)


def _stream(arrays: tuple, order: np.ndarray, batch_size: int, epochs: int) -> Any:
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    if len(order) == 1:
        if np.any(np.diff(order[0]) != 1):
            arrays = tf.nest.map_structure(lambda part: part[order[0]], arrays)
        rows = tf.data.Dataset.from_tensor_slices(tf.nest.map_structure(tf.convert_to_tensor, arrays))
        return rows.batch(batch_size).repeat(epochs).prefetch(2).with_options(options)
    tensors = tf.nest.map_structure(tf.convert_to_tensor, arrays)
    steps, different = -(-order.shape[1] // batch_size), len(order)
    order = tf.constant(order)

    def batch(step):
        start = (step % steps) * batch_size
        rows = order[(step // steps) % different, start : start + batch_size]
        return tf.nest.map_structure(lambda part: tf.gather(part, rows), tensors)

    return tf.data.Dataset.range(epochs * steps).map(batch).prefetch(2).with_options(options)


class _Batches(keras.utils.PyDataset):
    """The same batches for the other backends, which ask for one epoch after the other."""

    def __init__(self, arrays: tuple, order: np.ndarray, batch_size: int):
        super().__init__()
        self.arrays, self.order, self.batch_size, self.epoch = arrays, order, batch_size, 0

    def __len__(self):
        return -(-self.order.shape[1] // self.batch_size)

    def __getitem__(self, step: Any):
        rows = self.order[self.epoch, step * self.batch_size : (step + 1) * self.batch_size]
        return keras.tree.map_structure(lambda part: part[rows], self.arrays)

    def on_epoch_end(self) -> None:
        self.epoch = (self.epoch + 1) % len(self.order)
