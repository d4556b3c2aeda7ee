"""How well a predicted mask covers the true one."""

import numpy as np
from numpy.typing import ArrayLike

from utils.errors import CourseError
from utils.metrics import checks


def dice(mask: ArrayLike, predicted: ArrayLike) -> float:
    """Dice coefficient: twice the shared area over the sum of both areas.

    All pixels given are counted together, so a large object weighs more than a small one. For the mean over images,
    call it on each and average; for its interval give ``numpy.mean`` and the list of their values to ``estimate``.

    Parameters
    ----------
    mask, predicted : array-like of bool, or of 0 and 1, of one shape
        The true and the predicted mask: one image (height, width), several (n, height, width), or any other shape.

    Returns
    -------
    float
        From 0 (nothing shared) to 1 (equal). Two empty masks agree: 1.

    Raises
    ------
    CourseError
        When the shapes differ, the masks are empty arrays, or a value is not 0 or 1.

    References
    ----------
    Dice (1945), Ecology 26:297-302, https://doi.org/10.2307/1932409.
    """
    mask, predicted = masks(mask, predicted)
    total = np.count_nonzero(mask) + np.count_nonzero(predicted)
    return 2 * np.count_nonzero(mask & predicted) / total if total else 1.0


def intersection_over_union(mask: ArrayLike, predicted: ArrayLike) -> float:
    """Shared area over the area that either mask covers, also called the Jaccard index: dice / (2 - dice).

    Masks, pixels counted together and errors are as for ``dice``.

    Returns
    -------
    float
        From 0 (nothing shared) to 1 (equal), never above the Dice coefficient. Two empty masks agree: 1.
    """
    mask, predicted = masks(mask, predicted)
    union = np.count_nonzero(mask | predicted)
    return np.count_nonzero(mask & predicted) / union if union else 1.0


def masks(mask: ArrayLike, predicted: ArrayLike) -> list[np.ndarray]:
    """Both as bool, when they hold 0 and 1 only and have one shape; else CourseError."""
    found = []
    for array, name in ((mask, "mask"), (predicted, "predicted mask")):
        array = checks.numbers(array, f"values of the {name}")
        if array.dtype != bool and not np.isin(array, (0, 1)).all():
            raise CourseError(
                f"The {name} has values from {array.min():g} to {array.max():g}, where only 0 and 1 are masks: put a "
                "threshold on probabilities first, for example probabilities >= 0.5."
            )
        found.append(array.astype(bool))
    if found[0].shape != found[1].shape:
        raise CourseError(
            f"The mask has shape {found[0].shape} and the predicted one {found[1].shape}: give one shape."
        )
    return found
