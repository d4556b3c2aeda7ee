"""Checks of single arguments that several methods share."""

from typing import Any

import numpy as np

from utils.errors import CourseError


def baseline_like(baseline: Any, inputs: Any, name: str = "baseline") -> np.ndarray:
    """What stands for "nothing there", of the inputs' shape (a read-only view) and type, from a number or an array."""
    try:
        found = np.broadcast_to(np.asarray(baseline).astype(inputs.dtype), inputs.shape)
    except (ValueError, TypeError):
        raise CourseError(
            f"{name} has shape {np.shape(baseline)}: give a number, or an array that fits one example "
            f"{inputs.shape[1:]} or all of them {inputs.shape}."
        ) from None
    if not np.isfinite(found).all():
        raise CourseError(f"{name} holds a value that is not finite.")
    return found


def whole(value: Any, name: str, least: int = 1) -> int:
    """A whole number of at least so much, or a CourseError that names the argument."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise CourseError(f"{name} is {value!r}: give a whole number of at least {least}.")
    return int(value)
