"""Imports Keras in silence: TensorFlow's libraries greet from C++ before any level of logging is in force."""

import contextlib
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # obeyed from the first operation on


@contextlib.contextmanager
def quiet():
    """Drop what native code writes to standard error meanwhile. Exceptions are raised as ever."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


with quiet():
    import keras

    keras.ops.zeros(1)  # the first operation looks for a GPU, and reports at length when there is none
    keras.ops.transpose(keras.ops.ones((2, 2), "bool"))  # so do processors without AVX-512, at the first mask
