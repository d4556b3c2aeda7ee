"""Looking inside a Keras model without building it anew: what its layers give, which ran last, how it ends.

Works for Sequential, functional, subclassed and nested models alike, since layers are watched while the model runs.
"""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from utils.errors import CourseError

CONVOLUTIONS = (
    layers.Conv1D,
    layers.Conv2D,
    layers.Conv3D,
    layers.Conv1DTranspose,
    layers.Conv2DTranspose,
    layers.Conv3DTranspose,
    layers.DepthwiseConv1D,
    layers.DepthwiseConv2D,
    layers.SeparableConv1D,
    layers.SeparableConv2D,
)


@contextlib.contextmanager
def replaced(part: Any, name: str, value: Any) -> Any:
    """Give an object another attribute for a while, past Keras's tracking of what is set on layers."""
    own = vars(part)
    before = {name: own[name]} if name in own else {}
    own[name] = value
    try:
        yield
    finally:
        del own[name]
        own.update(before)


@contextlib.contextmanager
def intercepted(watched: Any, between: Callable) -> Any:
    """While it lasts, each of these layers computes ``between(layer, its own call, *inputs, **options)``."""
    with contextlib.ExitStack() as stack:
        for layer in watched:
            stack.enter_context(replaced(layer, "call", functools.partial(between, layer, layer.call)))
        yield


def leaves(model: keras.Model) -> list:
    """The layers of a model, those of models within it included, each once; () for what is no Keras model."""
    found = {}
    for layer in getattr(model, "layers", ()):
        found.update(dict.fromkeys(leaves(layer) if isinstance(layer, keras.Model) else [layer]))
    return tuple(found)


def run_order(model: keras.Model, run: Callable) -> list:
    """(layer, shape of what it gave) for each call of a layer while ``run()`` runs the model, as the calls ended."""
    order = []

    def note(layer, call, *inputs, **options):
        output = call(*inputs, **options)
        order.append((layer, tuple(getattr(output, "shape", ()))))
        return output

    with intercepted(leaves(model), note):
        run()
    return order


def spatial_layer(model: keras.Model, run: Callable, layer: str | None = None) -> Any:
    """The layer whose maps the CAM family reads, and the shape of what it gives for one example.

    Unless ``layer`` (a name, or the layer) says which: the last one at or after a convolution that gives maps of the
    convolution's rank with more than one place and does not pool. CourseError when no layer does.
    """
    order = run_order(model, run)
    maps = {}  # layer: shape, in the order in which they ran
    rank = None
    for one, shape in order:
        if any(isinstance(part, CONVOLUTIONS) for part in one._flatten_layers()):
            rank = len(shape)
        pools = "Pooling" in type(one).__name__
        if len(shape) == rank and max(shape[1:-1]) > 1 and (layer is not None or not pools):
            maps[one] = shape[1:]
    if layer is not None:
        named = {one: shape[1:] for one, shape in order if layer in (one, one.name) and len(shape) > 2}
        if not named:
            raise CourseError(
                f"layer is {getattr(layer, 'name', layer)!r}, which gives no maps in this model; "
                f"those that do: {', '.join(one.name for one in maps) or 'none'}."
            )
        return named.popitem()
    if not maps:
        raise CourseError(
            f"The model {getattr(model, 'name', model)!r} has no spatial layer (no convolution with more than one "
            "place), so there is no class activation map: name a layer=, or use saliency or occlusion."
        )
    return maps.popitem()


def last_activation(model: keras.Model) -> Any:
    """The layer or operation that ends a model in softmax or sigmoid, or None where no such end can be seen."""
    outputs = getattr(model, "outputs", None)
    if not isinstance(model, keras.Model) or not outputs or len(outputs) != 1:
        return None
    last = model.layers[-1] if isinstance(model, keras.Sequential) else outputs[0]._keras_history.operation
    if isinstance(last, keras.Model):
        return last_activation(last)
    ends = getattr(last, "activation", last)
    name = getattr(ends, "__name__", type(ends).__name__)
    return last if name.lower() in ("softmax", "sigmoid") else None


def without_last_activation(model: keras.Model) -> Any:
    """While it lasts, the model gives what goes into its last softmax or sigmoid; its weights stay shared."""
    last = last_activation(model)
    if hasattr(last, "activation"):
        return replaced(last, "activation", keras.activations.linear)
    return replaced(last, "call", lambda inputs, *_, **__: inputs)
