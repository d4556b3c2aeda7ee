"""Training that shows one quiet line instead of a log, and the seeds of networks that are trained more than once."""

import contextlib
import random
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import keras
from IPython.display import display

from utils.errors import UsageError
from utils.nn import batches as batching

HIGHEST_SEED = 2**32 // 1000 - 1  # so that every network of an ensemble has a seed of its own
MOST_MEMBERS = 1000
MOST_AT_ONCE = 32  # steps that nobody can interrupt
WORTH_IT = 200  # steps of a training, since several at once take longer to trace
EACH_STEP = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")

_at_once: "weakref.WeakKeyDictionary[keras.Model, int]" = weakref.WeakKeyDictionary()  # what we have chosen


def member_seeds(seed: int, members: int) -> list[int]:
    """The seeds of the networks of an ensemble: none of them is in the ensemble of another seed.

    Parameters
    ----------
    seed : int
        Of the run, from 0 to 4294966.
    members : int
        Number of networks, from 1 to 1000.

    Raises
    ------
    UsageError
        When one of them is out of its range.
    """
    if not 0 <= seed <= HIGHEST_SEED or not 1 <= members <= MOST_MEMBERS:
        raise UsageError(
            f"There are no seeds for {members} networks of the seed {seed}: give 1 to {MOST_MEMBERS} networks and a "
            f"seed from 0 to {HIGHEST_SEED}."
        )
    return [MOST_MEMBERS * seed + member for member in range(members)]


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Within the block, starting weights, dropout, augmentation and the order of ``fit`` follow from this seed alone.

    Keras draws the seed of each layer from Python's generator, and so does ``fit``. Afterwards that generator goes on
    where it was, so that training a network changes nothing for what comes after it.
    """
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


class OneLine(keras.callbacks.Callback):
    """A line rewritten after each epoch that stays as the summary; without times, so that stored outputs are stable."""

    def on_train_begin(self, logs: dict | None = None) -> None:
        self.handle = display({"text/plain": "training …"}, raw=True, display_id=True)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        values = ", ".join(
            f"{name.replace('val_', 'validation ')} {value:.3f}"
            for name, value in logs.items()
            if name != "learning_rate"
        )
        line = f"epoch {epoch + 1} of {self.params['epochs']}: {values}"
        if self.handle:  # outside a notebook there is no handle
            self.handle.update({"text/plain": line}, raw=True)


def prepare(model: keras.Model) -> keras.Model:
    """Give a compiled model's optimizer its variables, and return the model.

    TensorFlow traces a training step twice when the first step makes variables, which in a short training can be half
    of the time. Harmless on other backends, and where they are there already. A model with layers that have not seen an
    input yet has no variables to give, and is left as it is.
    """
    if model.built and all(layer.built for layer in model.layers):
        model.optimizer.build(model.trainable_variables)
    return model


def several_at_once(model: keras.Model, steps: int | None, epochs: int, callbacks: list) -> None:
    """Let a compiled model make several steps of an epoch in one call of TensorFlow, which a small step waits for.

    It is the largest divisor of the steps of an epoch, None if nobody knows them; one at a time in a short training and
    where a callback looks at each step; and what ``compile`` was told, if it was. The steps are the same ones. A model
    keeps its number as long as that fits, since with another one its step would be traced anew.
    """
    if keras.backend.backend() != "tensorflow" or model.run_eagerly:
        return
    given = model.steps_per_execution
    if given > 1 and _at_once.get(model) != given:
        return
    watched = any(
        getattr(getattr(one, name), "__func__", None) is not getattr(keras.callbacks.Callback, name)
        for one in callbacks
        for name in EACH_STEP
    )
    if watched or not steps:
        chosen = 1
    elif model.train_function is not None and steps % given == 0:
        chosen = given
    elif steps * epochs < WORTH_IT:
        chosen = 1
    else:
        chosen = max(number for number in range(1, MOST_AT_ONCE + 1) if steps % number == 0)
    if chosen != given:
        model.steps_per_execution = _at_once[model] = chosen
        model.train_function = model.test_function = model.predict_function = None  # each holds the number


def step_of_any_size(model: keras.Model) -> Callable[[Any, Any], float]:
    """One training step of a compiled model on (inputs, labels), which returns the loss: ``model.train_on_batch``.

    TensorFlow traces that for the shape of the first batch, and again once another shape comes. Here it learns from the
    model's inputs beforehand which sizes vary.
    """
    if keras.backend.backend() != "tensorflow" or model.run_eagerly:
        return lambda inputs, labels: float(model.train_on_batch(inputs, labels))
    import tensorflow as tf

    def compiled(inputs, labels):
        specs = [tf.TensorSpec(tensor.shape, tensor.dtype) for tensor in model.inputs]
        signature = keras.tree.pack_sequence_as(inputs, specs), tf.TensorSpec((None, *labels.shape[1:]), labels.dtype)
        return tf.function(lambda *batch: model.train_step(batch)["loss"], input_signature=signature, autograph=False)

    def run(inputs, labels):
        nonlocal step
        step = step or compiled(inputs, labels)
        model.reset_metrics()
        return float(step(inputs, labels))

    step = None

    return run


def restart(model: keras.Model, fresh: keras.Model) -> None:
    """The weights of a fresh network of the same layers, and an optimizer that has not made a step yet.

    A model that is compiled stays so: tracing it anew would cost seconds. A constant learning rate stays as it is.
    """
    for variable, other in zip(model.variables, fresh.variables, strict=True):  # those of dropout's chance, too
        variable.assign(other.value)
    forget(getattr(model, "optimizer", None))  # a model has one once it is compiled


def forget(optimizer: keras.optimizers.Optimizer | None) -> None:
    """Take an optimizer back to before its first step; None is no optimizer, and nothing happens."""
    for variable in optimizer.variables if optimizer else []:
        if variable.path.rsplit("/", 1)[-1] != "learning_rate":
            variable.assign(keras.ops.zeros(variable.shape, variable.dtype))


def members(
    build: Callable[[], keras.Model],
    compile_: Callable[[keras.Model], Any],
    train: Callable[[keras.Model], Any],
    seeds: list[int],
) -> list[keras.Model]:
    """Train networks of the same layers from different starts, all of them with one compiled step.

    Each is what building, compiling and training it by itself gives. But tracing a step takes longer than many a
    training of ours, so that one model makes all steps: it gets the start of the next network, which keeps what the one
    before has learned.

    Parameters
    ----------
    build : callable
        Takes nothing and returns a network that is not compiled.
    compile_, train : callable
        Take the network that learns; ``compile_`` is called once, ``train`` once for each seed.
    seeds : list of int
        One for each network, see ``member_seeds``.
    """
    found, learner = [], None
    for seed in seeds:
        with seeded(seed):
            model = build()
            if learner is None:
                learner = model
                compile_(learner)
            else:
                for ours, other in zip(learner.variables, model.variables, strict=True):
                    learned = keras.ops.copy(ours.value)
                    ours.assign(other.value)
                    other.assign(learned)
                forget(learner.optimizer)
                found.append(model)
            train(learner)
    return [*found, learner]


def fit(
    model: keras.Model,
    x: Any,
    y: Any = None,
    *,
    validation_data: tuple | None = None,
    validation_split: float = 0.0,
    sample_weight: Any = None,
    class_weight: dict[int, float] | None = None,
    epochs: int,
    batch_size: int = 32,
    patience: int | None = None,
    shuffle: bool = True,
    callbacks: list | None = None,
    quiet: bool = False,
    **options: Any,
) -> keras.callbacks.History:
    """Train a compiled Keras model: what ``model.fit`` does, with one line of progress, and quicker on small arrays.

    Parameters
    ----------
    model : keras.Model
        A compiled model.
    x, y : array, or list, tuple or dict of arrays
        Training inputs and labels; the first axis is the example. x may be a ``keras.utils.PyDataset``, without y.
    validation_data : pair or triple of array, optional
        Inputs, labels and perhaps weights on which each epoch is measured. Never the test part.
    validation_split : float
        Instead of validation_data: the share of the examples, from the end and before any shuffling, to be held out.
        Only right where neighbouring rows have nothing to do with each other.
    sample_weight : array, (n,), optional
        How much each example counts in the loss.
    class_weight : dict, optional
        Class number → how much its examples count in the loss.
    epochs, batch_size : int
        How often all examples are seen, and how many between two steps.
    patience : int, optional
        Stop when the validation loss has not fallen for this number of epochs, and go back to the best weights.
    shuffle : bool
        Whether the examples come in another order in each epoch. The orders follow from Python's random generator,
        which ``nn.start`` seeds.
    callbacks : list of keras.callbacks.Callback, optional
    quiet : bool
        Whether to show nothing at all.
    **options
        Of ``model.fit`` and about its work only: ``steps_per_epoch``, ``validation_steps``, ``validation_freq``,
        ``initial_epoch``.

    Returns
    -------
    keras.callbacks.History
        ``history.history`` holds one list of floats for each metric.

    Raises
    ------
    UsageError
        For an option that is not listed here; when ``patience`` is given without validation data; when inputs, labels
        and weights differ in their number; or when weights or a split are asked for without labels.
    """
    known = {"steps_per_epoch", "validation_steps", "validation_freq", "initial_epoch"}
    if unknown := sorted(set(options) - known):
        raise UsageError(f"nn.fit has no option {unknown[0]!r}; beside its own it takes {', '.join(sorted(known))}.")
    if isinstance(x, keras.utils.PyDataset):
        if y is not None or sample_weight is not None or validation_split:
            raise UsageError("A dataset brings labels and weights itself: give no y, sample_weight, validation_split.")
    else:
        if y is None:
            raise UsageError("There are no labels: give y, or a keras.utils.PyDataset that brings them.")
        arrays = batching.arrays_of(x, y, sample_weight)
        if validation_split:
            if validation_data is not None:
                raise UsageError("Give validation_data or validation_split, not both.")
            arrays, validation_data = batching.hold_out(arrays, validation_split)
        order = batching.orders(batching.count(arrays), epochs, random.getrandbits(32) if shuffle else None)
        x = batching.batches(arrays, order, batch_size, epochs)
        if keras.backend.backend() == "tensorflow":  # one stream for all epochs
            options = {"steps_per_epoch": -(-order.shape[1] // batch_size)} | options
    chosen = [*([] if quiet else [OneLine()]), *(callbacks or [])]
    if patience is not None:
        if validation_data is None:
            raise UsageError("Early stopping watches the validation loss: give validation_data=(inputs, labels) too.")
        chosen.append(keras.callbacks.EarlyStopping("val_loss", patience=patience, restore_best_weights=True))
    if validation_data is not None and not isinstance(validation_data, keras.utils.PyDataset):
        held_out = batching.arrays_of(*validation_data)
        validation_data = batching.batches(held_out, batching.orders(batching.count(held_out), 1, None), batch_size)
    several_at_once(model, options.get("steps_per_epoch"), epochs, chosen)
    return prepare(model).fit(
        x,
        validation_data=validation_data,
        class_weight=class_weight,
        epochs=epochs,
        shuffle=False,  # the order has been drawn
        verbose=0,
        callbacks=chosen,
        **options,
    )
