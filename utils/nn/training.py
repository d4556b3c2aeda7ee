"""Training that shows one quiet line instead of a log."""

import keras
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
    of the time. Harmless on other backends, and where they are there already.
    """
    model.optimizer.build(model.trainable_variables)
    return model


def fit(model, x, y, *, validation=None, epochs, batch_size=32, patience=None, **options):
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
    **options
        Handed to ``model.fit``: ``class_weight``, ``callbacks`` and others.

    Returns
    -------
    keras.callbacks.History
        ``history.history`` holds one list of floats for each metric.

    Raises
    ------
    ValueError
        When ``patience`` is given without validation data.
    """
    callbacks = [_OneLine(), *options.pop("callbacks", [])]
    if patience is not None:
        if validation is None:
            raise ValueError("Early stopping watches the validation loss: give validation=(inputs, labels) too.")
        callbacks.append(keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True))
    return prepare(model).fit(
        x,
        y,
        validation_data=validation,
        epochs=epochs,
        batch_size=batch_size,
        verbose=0,
        callbacks=callbacks,
        **options,
    )
