"""Gradients by automatic differentiation behind one interface, whichever backend Keras runs on."""

import keras
import numpy as np


def gradient(function, *arrays):
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
    found = _BACKENDS[keras.backend.backend()](function, [np.asarray(array, "float32") for array in arrays])
    return found[0] if len(found) == 1 else tuple(found)


def _scalar(value):
    if tuple(value.shape):
        raise ValueError(
            f"The function must return a single number to differentiate; it returned shape {tuple(value.shape)}."
        )
    return value


def _tensorflow(function, arrays):
    import tensorflow

    tensors = [tensorflow.convert_to_tensor(array) for array in arrays]
    with tensorflow.GradientTape() as tape:
        tape.watch(tensors)
        value = _scalar(function(*tensors))
    unconnected = tensorflow.UnconnectedGradients.ZERO
    return [np.asarray(found) for found in tape.gradient(value, tensors, unconnected_gradients=unconnected)]


def _jax(function, arrays):
    import jax

    found = jax.grad(lambda *tensors: _scalar(function(*tensors)), argnums=tuple(range(len(arrays))))(*arrays)
    return [np.asarray(array) for array in found]


def _torch(function, arrays):
    import torch

    tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
    with torch.enable_grad():
        found = torch.autograd.grad(_scalar(function(*tensors)), tensors, allow_unused=True, materialize_grads=True)
    return [array.numpy() for array in found]


_BACKENDS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
