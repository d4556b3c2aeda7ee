"""Silence while native code starts: TensorFlow's libraries write to standard error from C++, at length."""

import contextlib
import os
from collections.abc import Iterator

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Drop what native code writes to standard error meanwhile. Exceptions are raised as ever.

    TensorFlow, where it is loaded within the block, keeps to warnings and errors from then on, unless the user's
    ``TF_CPP_MIN_LOG_LEVEL`` says otherwise; the variable itself is as before afterwards.
    """
    before = os.environ.get(LEVEL)
    os.environ[LEVEL] = before or "2"
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
        if before is None:
            del os.environ[LEVEL]
