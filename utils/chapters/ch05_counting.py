"""What a computation costs, counted while it runs: operations, those of them that must wait for each other, bytes.

Unlike seconds, these do not depend on the machine or on what else it does. Chapter 05 uses them.
"""

import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from utils.errors import UsageError

# Beside ufuncs such as exp and matmul: what computes nothing, and what is a ufunc's reduction inside.
ALLOWED = {np.empty_like, np.zeros_like, np.ones_like, np.copyto, np.reshape, np.transpose, np.sum, np.max, np.min}


class Cost(NamedTuple):
    """Operations made, how many of NumPy's steps stand in the longest row, and the most bytes in use at one moment."""

    operations: int
    in_a_row: int
    bytes: int


@dataclass
class _Tally:
    operations: int = 0
    in_a_row: int = 0


class _Counted(np.ndarray):
    """An array that notes in a tally what is computed with it, and how many steps had to come before it."""

    tally: _Tally | None = None
    steps_before: int = 0

    def __array_finalize__(self, source):
        self.tally = getattr(source, "tally", None)  # a view, or an empty array like this one, had to wait as long
        self.steps_before = getattr(source, "steps_before", 0)

    def __array_function__(self, function, types, arguments, options):
        if function not in ALLOWED:
            raise UsageError(
                f"The operations of np.{function.__name__} cannot be counted: use ufuncs, @, sums, maxima and minima."
            )
        return super().__array_function__(function, types, arguments, options)

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **options):
        if out is not None or method not in ("__call__", "reduce"):
            raise UsageError(
                f"The operations of {ufunc.__name__}.{method} cannot be counted: count calls and sums that make a new "
                "array, without out= and without changing an array in place."
            )
        plain = [one.view(np.ndarray) if isinstance(one, _Counted) else np.asarray(one) for one in inputs]
        made = np.asarray(getattr(ufunc, method)(*plain, **options)).view(_Counted)
        counted = [one for one in inputs if isinstance(one, _Counted)]
        made.tally = next(one.tally for one in counted if one.tally is not None)
        made.steps_before = 1 + max(one.steps_before for one in counted)
        if method == "reduce":
            number = plain[0].size
        else:  # in a product of matrices, a multiplication and an addition for each pair of numbers
            number = made.size * (2 * plain[0].shape[-1] if ufunc is np.matmul else 1)
        made.tally.operations += number
        made.tally.in_a_row = max(made.tally.in_a_row, made.steps_before)
        return made


def count(function: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> Cost:
    """What ``function(x)`` costs.

    Counted are NumPy's functions that work number by number, its sums and maxima, and products of matrices, in which
    a multiplication and an addition are two operations. Two steps stand in a row when the second needs what the first
    has made; a step is one of those functions for a whole array, since its numbers do not wait for each other.

    Parameters
    ----------
    function : callable
        Takes an array and computes with it and with what it makes of it, without changing an array in place by
        ``+=`` or ``out=``; writing into rows (``states[t] = state``) is allowed. Called twice.
    x : float array, (n, ...)

    Returns
    -------
    Cost
        ``(operations, in_a_row, bytes)``; the bytes are the most that the arrays took at one moment, x not included.

    Raises
    ------
    UsageError
        When the function uses something that cannot be counted.
    """
    tally = _Tally()
    watched = np.array(x).view(_Counted)
    watched.tally = tally
    function(watched)
    tracing = tracemalloc.is_tracing()
    if not tracing:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        function(x)
        most = tracemalloc.get_traced_memory()[1] - before
    finally:
        if not tracing:
            tracemalloc.stop()
    return Cost(tally.operations, tally.in_a_row, most)
