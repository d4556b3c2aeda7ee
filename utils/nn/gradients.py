"""Automatic differentiation and compilation behind one interface, whichever backend Keras runs on.

``gradient`` is for chapters. ``compiled`` and ``differentiate`` are what it and ``utils.explain`` are made of; all that
differs between the backends stands here.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np


def gradient(function: Callable, *arrays: Any) -> np.ndarray | tuple[np.ndarray, ...]:
    """Gradients of a scalar function with respect to each of its arrays.

    Parameters
    ----------
    function : callable
        Takes as many tensors as there are arrays and returns a scalar tensor; written with ``keras.ops``.
    *arrays : array-like
        The point at which to differentiate; converted to float32.

    Returns
    -------
    numpy.ndarray, or tuple of numpy.ndarray
        One gradient for each array, of its shape, float32; a single array when there is one.

    Raises
    ------
    ValueError
        When no array is given, or the function does not return a scalar.
    """
    if not arrays:
        raise ValueError("Give at least one array to differentiate with respect to.")
    tensors = [keras.ops.convert_to_tensor(np.asarray(array, "float32")) for array in arrays]
    slopes, _ = differentiate(lambda *tensors: (_scalar(function(*tensors)), None), *tensors)
    found = [keras.ops.convert_to_numpy(slope) for slope in slopes]
    return found[0] if len(found) == 1 else tuple(found)


def _scalar(value: Any):
    if tuple(value.shape):
        raise ValueError(
            f"The function must return a single number to differentiate; it returned shape {tuple(value.shape)}."
        )
    return value


def differentiate(function: Callable, *tensors: Any) -> tuple[list, Any]:
    """Gradients as tensors, for use within functions that are compiled or differentiated in turn.

    Parameters
    ----------
    function : callable
        Takes the tensors; returns a scalar tensor and one thing more (a tensor or None) that comes along.
    *tensors : tensor, float

    Returns
    -------
    slopes : list of tensor
        One for each tensor, of its shape; zeros where the function does not depend on it.
    extra : whatever the function returned beside the scalar
    """
    return _DIFFERENTIATE[keras.backend.backend()](function, tensors)


def compiled(function: Callable, variables: Sequence = ()) -> Callable:
    """A function of tensors, compiled once for each shape of its inputs (on TensorFlow, for any number of examples).

    Parameters
    ----------
    function : callable
        Takes tensors whose first axis is the example and returns a tensor; written with ``keras.ops``.
    variables : sequence of keras.Variable
        What the function reads beside its arguments, so that a later change of them is seen on every backend.

    Returns
    -------
    callable
        Takes arrays, returns a numpy.ndarray.
    """
    run = _COMPILE[keras.backend.backend()](function, list(variables))

    def call(*arrays):
        return keras.ops.convert_to_numpy(run(*(keras.ops.convert_to_tensor(array) for array in arrays)))

    return call


def _differentiate_tensorflow(function: Callable, tensors: Any):
    import tensorflow

    with tensorflow.GradientTape() as tape:
        tape.watch(tensors)
        value, extra = function(*tensors)
    unconnected = tensorflow.UnconnectedGradients.ZERO
    return tape.gradient(value, list(tensors), unconnected_gradients=unconnected), extra


def _compile_tensorflow(function: Callable, variables: Sequence):
    import tensorflow

    functions = {}  # by shape but for the number of examples, so that the last, smaller part is no new shape

    def run(*tensors):
        kinds = tuple((tuple(tensor.shape[1:]), tensor.dtype) for tensor in tensors)
        if kinds not in functions:
            signature = [tensorflow.TensorSpec((None, *shape), dtype) for shape, dtype in kinds]
            functions[kinds] = tensorflow.function(function, input_signature=signature, autograph=False)
        return functions[kinds](*tensors)

    return run


def _differentiate_jax(function: Callable, tensors: Any):
    import jax

    places = tuple(range(len(tensors)))
    slopes, extra = jax.grad(function, argnums=places, has_aux=True)(*tensors)
    return list(slopes), extra


def _compile_jax(function: Callable, variables: Sequence):
    import jax

    def stateless(values, *tensors):
        with keras.StatelessScope(state_mapping=list(zip(variables, values, strict=True))):
            return function(*tensors)

    fast = jax.jit(stateless)
    return lambda *tensors: fast([variable.value for variable in variables], *tensors)


def _differentiate_torch(function: Callable, tensors: Any):
    import torch

    tensors = [tensor.detach().requires_grad_() for tensor in tensors]
    with torch.enable_grad():
        value, extra = function(*tensors)
        slopes = torch.autograd.grad(value, tensors, allow_unused=True, materialize_grads=True)
    return list(slopes), extra


def _compile_torch(function: Callable, variables: Sequence):
    import torch

    return torch.no_grad()(function)


_DIFFERENTIATE = {"tensorflow": _differentiate_tensorflow, "jax": _differentiate_jax, "torch": _differentiate_torch}
_COMPILE = {"tensorflow": _compile_tensorflow, "jax": _compile_jax, "torch": _compile_torch}
