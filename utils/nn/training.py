"""Training that shows one quiet line instead of a log."""

import keras
import numpy as np
from IPython.display import display


class _OneLine(keras.callbacks.Callback):
    """A line rewritten after each epoch that stays as the summary; without times, so that stored outputs are stable."""

    def on_train_begin(self, logs=None):
        self.handle = display({"text/plain": "training …"}, raw=True, display_id=True)

    def on_epoch_end(self, epoch, logs=None):
        values = ", ".join(
            f"{name.replace('val_', 'validation ')} {value:.3f}"
            for name, value in logs.items()
            if name != "learning_rate"
        )
        line = f"epoch {epoch + 1} of {self.params['epochs']}: {values}"
        if self.handle:  # there is none outside a notebook
            self.handle.update({"text/plain": line}, raw=True)


def prepare(model):
    """Give a compiled model's optimizer its variables, and return the model.

    TensorFlow traces a training step twice when the first step makes variables, which in a short training can be half
    of the time. Harmless on other backends, and where they are there already. A model with layers that have not seen an
    input yet has no variables to give, and is left as it is.
    """
    if model.built and all(layer.built for layer in model.layers):
        model.optimizer.build(model.trainable_variables)
    return model


def _stream(x, y, batch_size, shuffle):
    """The batches of an epoch, as Keras makes them of arrays, but without TensorFlow's tuning of the pipeline: that
    holds the program up by a third of a second when an epoch ends, longer than many an epoch of ours lasts."""
    import tensorflow as tf

    def tensor(part):
        part = np.asarray(part)
        return tf.convert_to_tensor(part.astype(keras.config.floatx()) if part.dtype.kind == "f" else part)

    parts = tf.nest.map_structure(tensor, (tuple(x) if isinstance(x, list) else x, y))
    rows = tf.data.Dataset.range(len(y))
    rows = (rows.shuffle(len(y)) if shuffle else rows).batch(batch_size)
    stream = rows.map(lambda rows: tf.nest.map_structure(lambda part: tf.gather(part, rows), parts)).prefetch(2)
    options = tf.data.Options()
    options.autotune.enabled = False
    return stream.with_options(options)


def fit(model, x, y, *, validation=None, epochs, batch_size=32, patience=None, shuffle=True, quiet=False, **options):
    """Train a compiled Keras model, with one line of progress.

    Parameters
    ----------
    model : keras.Model
        A compiled model.
    x, y : array
        Training inputs and labels; the first axis is the example.
    validation : pair of array, optional
        Inputs and labels on which each epoch is measured. Never the test part.
    epochs, batch_size : int
        How often all examples are seen, and how many between two steps.
    patience : int, optional
        Stop when the validation loss has not fallen for so many epochs, and go back to the best weights.
    shuffle : bool
        Whether the examples come in another order in each epoch.
    quiet : bool
        Whether to show nothing at all.
    **options
        Handed to ``model.fit``: ``class_weight``, ``callbacks`` and others.

    Returns
    -------
    keras.callbacks.History
        ``history.history`` holds one list of floats for each metric.

    Raises
    ------
    ValueError
        When ``patience`` is given without validation data, or inputs and labels differ in their number.
    """
    callbacks = [*([] if quiet else [_OneLine()]), *options.pop("callbacks", [])]
    if patience is not None:
        if validation is None:
            raise ValueError("Early stopping watches the validation loss: give validation=(inputs, labels) too.")
        callbacks.append(keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True))
    for arrays in ([] if y is None else [(x, y)]) + ([validation] if validation else []):
        counts = [len(part) for part in keras.tree.flatten(arrays)]
        if len(set(counts)) > 1 or 0 in counts:
            told = ", ".join(map(str, counts))
            raise ValueError(f"Inputs and labels hold {told} examples: give each the same number, one at least.")
    if keras.backend.backend() == "tensorflow" and y is not None:
        x, y = _stream(x, y, batch_size, shuffle), None
        validation = validation and _stream(*validation, batch_size, shuffle=False)
        batch_size, shuffle = None, False
    return prepare(model).fit(
        x,
        y,
        validation_data=validation,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle,
        verbose=0,
        callbacks=callbacks,
        **options,
    )
