"""What every score asks of its input before it counts anything; each refusal is one sentence."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utils.errors import CourseError

ROUNDING = 1e-3  # how far the probabilities of one example may sum from 1: half precision adds up no closer


class UndefinedScore(CourseError):
    """The score does not exist for these data, for example a ROC AUC where only one class is present."""


def present(values: ArrayLike, name: str, *, missing_in_table: bool = False) -> np.ndarray:
    """As an array with a first axis, without missing values; the values may be of any kind.

    ``missing_in_table`` lets missing values pass where there are several columns, as not measured.
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise CourseError(f"The {name} have rows of different lengths: give an array with one shape.") from None
    if array.ndim == 0 or array.size == 0:
        raise CourseError(f"There is nothing in the {name}: give at least one example.")
    missing = 0
    if array.dtype.kind == "f":
        missing = int(np.isnan(array).sum())
    elif array.dtype.kind in "OMm":
        missing = int(pd.isna(array).sum())
    if missing and not (missing_in_table and array.ndim == 2):
        raise CourseError(
            f"The {name} hold {missing} missing values (NaN): leave those examples out or fill them in, and say which "
            "you did."
        )
    return array


def numbers(values: ArrayLike, name: str, *, missing_in_table: bool = False) -> np.ndarray:
    """As an array of finite numbers (or booleans)."""
    array = present(values, name, missing_in_table=missing_in_table)
    if array.dtype.kind not in "fiub":
        found = "text" if array.dtype.kind in "US" else f"values of type {array.dtype}"
        raise CourseError(f"The {name} hold {found}, where numbers are expected.")
    if np.isinf(array).any():
        raise CourseError(f"The {name} hold infinite values: find out which computation overflowed.")
    return array


def same_length(arrays: list[np.ndarray], names: list[str]) -> None:
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        told = ", ".join(f"{name}: {length}" for name, length in zip(names, lengths, strict=True))
        raise CourseError(f"The lengths differ ({told}): give one row for each example in every array.")
    return lengths[0]


def classes(labels: ArrayLike, values: ArrayLike, name: str = "probabilities") -> tuple[np.ndarray, np.ndarray]:
    """Labels as class numbers (n,) int, and the model's values, (n,) for two classes or (n, classes)."""
    labels, values = numbers(labels, "labels"), numbers(values, name)
    if labels.ndim != 1:
        raise CourseError(
            f"The labels have shape {labels.shape}: give one class number an example, shape (n,). For several "
            "yes-or-no tasks at once there is multilabel_auc."
        )
    columns(values, name)
    same_length([labels, values], ["labels", name])
    count = 2 if values.ndim == 1 else values.shape[1]
    if labels.min() < 0 or labels.max() >= count or (labels.dtype.kind == "f" and (labels % 1 != 0).any()):
        raise CourseError(
            f"The labels must be whole class numbers from 0 to {count - 1}, one for each column of the {name}; they go "
            f"from {labels.min():g} to {labels.max():g}."
        )
    return labels.astype(int), values


def columns(values: ArrayLike, name: str) -> np.ndarray:
    """The same values, if they are (n,) for two classes or (n, classes)."""
    if values.ndim > 2 or (values.ndim == 2 and values.shape[1] < 2):
        raise CourseError(f"The {name} have shape {values.shape}: give (n, classes), or (n,) for two classes.")
    return values


def binary(labels: ArrayLike, values: ArrayLike, name: str = "scores") -> tuple[np.ndarray, np.ndarray]:
    """Which examples are cases (n,) bool, and the model's values for class 1, (n,)."""
    values = numbers(values, name)
    if values.ndim != 1:
        raise CourseError(
            f"The {name} have shape {values.shape}, and this score is for two classes: give those of class 1 alone, "
            f"shape (n,), for example {name}[:, {min(1, values.shape[1] - 1)}]."
        )
    labels, values = classes(labels, values, name)
    return labels == 1, values


def both_classes(is_case: np.ndarray, what: str) -> None:
    for number, found in enumerate([not is_case.all(), is_case.any()]):
        if not found:
            raise UndefinedScore(
                f"There is no example of class {number} among the {len(is_case)} labels, so the {what} does not exist: "
                "evaluate on a part that has both classes."
            )


def are_probabilities(values: ArrayLike) -> np.ndarray:
    """Refuse what is not a probability: outside 0 to 1, or (n, classes) whose rows do not sum to 1."""
    if values.min() < -1e-6 or values.max() > 1 + 1e-6:
        raise CourseError(
            f"The probabilities go from {values.min():g} to {values.max():g}, outside 0 to 1: turn logits into "
            "probabilities with softmax first."
        )
    if values.ndim == 2:
        sums = values.sum(axis=1, dtype=float)
        worst = sums[np.abs(sums - 1).argmax()]
        if abs(worst - 1) > ROUNDING:
            raise CourseError(
                f"The probabilities of one example sum to {worst:g}: over all classes they must sum to 1."
            )
    return values


def weights(values: ArrayLike | None, count: int) -> np.ndarray:
    """One weight for each example as float (n,), all 1 where none are given; not negative, and not all 0."""
    if values is None:
        return np.ones(count)
    values = numbers(values, "weights").astype(float)
    if values.shape != (count,) or values.min() < 0 or not values.any():
        raise CourseError(
            f"The weights have shape {values.shape} and go from {values.min():g} to {values.max():g}: give one "
            f"for each of the {count} examples, none below 0 and at least one above."
        )
    return values


def number(
    value: Any, name: str, low: float, high: float, *, low_included: bool = False, high_included: bool = False
) -> float:
    """One option as a float between its limits."""
    array = np.asarray(value)
    within = array.ndim == 0 and array.dtype.kind in "fiu" and low <= array <= high
    if not within or (array == low and not low_included) or (array == high and not high_included):
        ends = f"above {low:g}" if high == np.inf else f"between {low:g} and {high:g}"
        told = value.item() if isinstance(value, np.generic) else value
        raise CourseError(f"The {name} must be a number {ends}, not {told!r}.")
    return float(array)


def whole(value: Any, name: str, low: float) -> int:
    """One option as an int, at least ``low``."""
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "iu" or array < low:
        raise CourseError(f"The {name} must be a whole number of at least {low}, not {value!r}.")
    return int(array)
