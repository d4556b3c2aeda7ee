"""What the splits are called with: each argument is checked here, and refused in one sentence."""

import operator
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utils.errors import UsageError

FRACTIONS = (0.7, 0.15, 0.15)


def checked_fractions(fractions: Sequence[float]) -> tuple[float, float, float]:
    """Training, validation and test as three numbers from 0 to 1 with the sum 1, the first above 0."""
    fit = f"give three numbers that add up to 1, as in {FRACTIONS}."
    try:
        given = tuple(fractions)
        numbers = tuple(float(part) for part in given)
    except (TypeError, ValueError):
        raise UsageError(f"The fractions {fractions!r} are no split; {fit}") from None
    if any(isinstance(part, str | bytes) for part in given):
        raise UsageError(f"The fractions {given} are text; {fit}")
    sums = len(numbers) == 3 and min(numbers) >= 0 and numbers[0] > 0 and abs(sum(numbers) - 1) <= 1e-6
    if not sums:  # NaN fails each of these comparisons
        raise UsageError(f"The fractions {numbers} are no split; {fit}")
    return numbers


def whole_number(value: int, what: str, least: int) -> int:
    """A whole number of at least this size; what: the subject of the sentence that refuses any other."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or isinstance(value, bool | np.bool_):
        raise UsageError(f"{what} cannot be {value!r}; give a whole number of {least} or more.")
    return number


def generator(seed: int | None) -> np.random.Generator:
    """Random numbers from a seed, a whole number of 0 or more; None takes one by chance."""
    return np.random.default_rng(None if seed is None else whole_number(seed, "The seed", least=0))


def one_per_row(values: ArrayLike, what: str) -> np.ndarray:
    """The values as an array (n,)."""
    try:
        array = np.asarray(values)
    except ValueError:  # rows of different lengths
        array = np.empty((0, 0))
    if array.ndim != 1:
        raise UsageError(f"There is not one {what} per row, but the shape {array.shape}; give an array (n,).")
    return array


def named(values: ArrayLike, what: str) -> tuple[np.ndarray, np.ndarray]:
    """The different values, ascending, and for each row the number of its value; a missing value is refused."""
    array = one_per_row(values, what)
    missing = np.flatnonzero(pd.isna(array))
    if len(missing):
        raise UsageError(f"Row {missing[0]} has no {what} ({array[missing[0]]}); give every row one, or leave it out.")
    try:
        return np.unique(array, return_inverse=True)
    except TypeError:
        kinds = " and ".join(sorted({type(value).__name__ for value in array}))
        raise UsageError(f"Each {what} must compare with every other, but they are {kinds}; give one type.") from None


def row_numbers(rows: ArrayLike, part: str) -> np.ndarray:
    """Row numbers of one part of a split, int64 (n,): whole, 0 or more, no mask."""
    fit = f"give the numbers of the rows in {part}, whole and 0 or more"
    try:
        array = np.asarray(rows).reshape(-1)
    except ValueError:  # rows of different lengths
        array = np.array([None])
    if not array.size:
        return np.empty(0, np.int64)
    if array.dtype == bool:
        raise UsageError(f"The rows of {part} are True and False; {fit}: np.flatnonzero(mask).")
    usable = array.dtype.kind in "iuf" and ((array >= 0) & (array < 2**53) & (array == np.trunc(array))).all()
    if not usable:
        raise UsageError(f"The rows of {part} are not all row numbers; {fit}.")
    return array.astype(np.int64)


def checked_positions(positions: ArrayLike) -> np.ndarray:
    """Row and column of each centre, float64 (n, 2), all of them finite."""
    try:
        places = np.asarray(positions, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError("Positions must be numbers; give row and column of each patch, (n, 2).") from None
    if places.ndim != 2 or places.shape[1] != 2:
        raise UsageError(
            f"Positions of the shape {places.shape} are no places; give row and column of each patch, (n, 2)."
        )
    unknown = np.flatnonzero(~(np.abs(places) < 1e300).all(axis=1))  # NaN fails the comparison
    if len(unknown):
        raise UsageError(
            f"Patch {unknown[0]} is at {tuple(places[unknown[0]].tolist())}; give a finite row and column for each, "
            "or leave the patch out."
        )
    return places


def checked_gap(gap: float) -> float:
    """The width of a strip in pixels, 0 or more."""
    try:
        width = float(gap)
    except (TypeError, ValueError):
        width = -1.0
    if isinstance(gap, str | bytes) or not 0 <= width < np.inf:
        raise UsageError(f"A gap of {gap!r} pixels cannot be left; give a number of 0 or more.")
    return width


def checked_mask(within: ArrayLike | None, n: int) -> np.ndarray:
    """Which of n rows are to be parted, bool (n,)."""
    try:
        mask = np.asarray(within)
    except ValueError:
        mask = np.empty((0, 0))
    if mask.shape != (n,) or (mask.dtype != bool and n):
        raise UsageError(
            f"within has the shape {mask.shape} and the type {mask.dtype}, but must say True or False for each of "
            f"the {n} positions."
        )
    return mask.astype(bool)
