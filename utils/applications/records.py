"""Models for patients' records: a reader of the visits, recurrent or with attention, and a context beside it."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers
from numpy.typing import ArrayLike

from utils.datasets import Split
from utils.nn.inference import predict as outputs
from utils.nn.layers import EncoderBlock, MaskedMean
from utils.nn.training import fit, forget


def read_with_gru(steps: int, mask: Any, units: int, dropout: float) -> Any:
    """A GRU reads the visits in their order; its last state (batch, units) is what it remembers."""
    return layers.GRU(units, dropout=dropout, use_cudnn=False, name="gru")(steps, mask=mask)


def read_with_attention(steps: int, mask: Any, units: int, dropout: float) -> Any:
    """One encoder block over the visits, then their mean (batch, units). Times among the features take the place of
    positions: without them the block could not tell early from late. units: a multiple of 4."""
    x = layers.Dense(units, name="embed")(steps)
    x = EncoderBlock(heads=4, hidden=2 * units, dropout=dropout, name="encoder")(x, mask=mask)
    return MaskedMean(name="mean")(layers.LayerNormalization(epsilon=1e-6)(x), mask=mask)


def risk_model(reader: Callable, features: int, context: int, *, units: int = 16, dropout: float = 0.5) -> keras.Model:
    """A model of (steps (batch, visits, features), mask (batch, visits), context (batch, context)) → risk (batch, 1).

    What the reader makes of the visits goes through a hidden layer together with the context (what is known of a
    person beside the sequence). The context also has a direct line to the answer, so that the model contains a
    logistic regression and needs to learn only what that misses, as in Cheng and others (2016),
    doi:10.1145/2988450.2988454.

    reader: a function like those above. The model is not compiled, and takes any number of visits.
    """
    steps = keras.Input((None, features), name="steps")
    mask = keras.Input((None,), dtype="bool", name="mask")
    known = keras.Input((context,), name="context")
    x = layers.Concatenate()([reader(steps, mask, units, dropout), known])
    x = layers.Dropout(dropout)(layers.Dense(units, activation="relu", name="hidden")(x))
    logit = layers.Add()([layers.Dense(1, name="deep")(x), layers.Dense(1, use_bias=False, name="direct")(known)])
    return keras.Model([steps, mask, known], layers.Activation("sigmoid")(logit))


def begin_as(model: keras.Model, weights: ArrayLike, intercept: ArrayLike) -> None:
    """Set a risk model to answer as a logistic regression on the context does: weights (context,), intercept. Training
    goes on from there; early stopping compares its epochs with each other, not with this start."""
    hidden = model.get_layer("deep").get_weights()[0]
    model.get_layer("direct").set_weights([np.reshape(weights, (-1, 1))])
    model.get_layer("deep").set_weights([np.zeros_like(hidden), np.reshape(intercept, (1,))])


def train(
    model: keras.Model,
    inputs: Any,
    labels: np.ndarray,
    split: Split,
    *,
    epochs: int,
    batch_size: int = 256,
    rate: float = 0.005,
    weight_decay: float = 0.2,
    patience: int = 3,
    **options: Any,
) -> keras.callbacks.History:
    """Compile and train a risk model on the training part; keep the weights that were best on the validation part.

    inputs: the model's arrays, for all people. labels: (n,). The learning rate falls along a cosine. options go to
    ``compile``. Returns the History. A model that was trained by this function before, in as many steps, is not
    compiled anew, which takes longer than a short training; its optimizer begins anew.
    """
    rows, chosen = split.train, split.validation
    schedule = keras.optimizers.schedules.CosineDecay(rate, max(1, epochs * -(-len(rows) // batch_size)))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=weight_decay, name="adamw")
    options = {"loss": "binary_crossentropy", "jit_compile": False, "run_eagerly": False} | options
    if _compiled_so(model, optimizer, options):
        forget(model.optimizer)
    else:
        model.compile(optimizer, **options)
    held_out = ([part[chosen] for part in inputs], labels[chosen])
    seen = [part[rows] for part in inputs]
    effort = {"epochs": epochs, "batch_size": batch_size, "patience": patience}
    return fit(model, seen, labels[rows], validation_data=held_out, **effort)


def _compiled_so(model: keras.Model, optimizer: keras.optimizers.Optimizer, options: dict) -> bool:
    """Whether the model is compiled with these options, and an optimizer like this one."""
    if not model.compiled or model.optimizer.get_config() != optimizer.get_config():
        return False
    given = model.get_compile_config()
    return all(given.get(name) == value for name, value in options.items())


def predict(model: keras.Model, inputs: Any, batch_size: int = 2000) -> np.ndarray:
    """Risk of each person, float64 (n,)."""
    return outputs(model, inputs, batch_size)[:, 0].astype(float)
