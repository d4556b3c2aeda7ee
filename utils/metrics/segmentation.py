"""How well a predicted mask covers the true one, and whether each of its objects was found."""

from typing import NamedTuple

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


class ObjectCounts(NamedTuple):
    """What was found of the objects of each image, each an array (n,); ``panoptic_quality`` of any rows comes from it.

    ``iou`` is the sum of the intersections over union of the matched pairs; ``matched``, ``missed`` and ``invented``
    are numbers of pairs, of true objects without a partner, and of predicted ones without.
    """

    iou: np.ndarray
    matched: np.ndarray
    missed: np.ndarray
    invented: np.ndarray


def object_counts(instances: ArrayLike, predicted: ArrayLike) -> ObjectCounts:
    """Match the predicted objects of each image with the true ones: two make a pair if their IoU is above one half.

    No object can share more than half with two others that do not overlap, so that there is one way to match.

    Parameters
    ----------
    instances, predicted : array-like of int, (n, height, width), or (height, width) for one image
        The number of the object at each pixel, 0 for background. Numbers need not follow each other, and one in two
        images is two objects.

    Returns
    -------
    ObjectCounts
        Of float64 (n,).

    Raises
    ------
    CourseError
        When the shapes differ, or a value is no whole number of 0 or more.
    """
    numbered = [
        _numbered(array, name) for array, name in ((instances, "true objects"), (predicted, "predicted objects"))
    ]
    if numbered[0].shape != numbered[1].shape:
        raise CourseError(
            f"The true objects have shape {numbered[0].shape} and the predicted ones {numbered[1].shape}: give one "
            "shape."
        )
    return ObjectCounts(*np.array([_matched(*pair) for pair in zip(*numbered, strict=True)]).T)


def panoptic_quality(instances: ArrayLike, predicted: ArrayLike) -> float:
    """Whether each object was found, and how well it was outlined: the panoptic quality (PQ) over all images.

    The sum of the IoU of matched pairs, divided by the pairs plus half of all objects without a partner. It is the
    product of how many are found (the F1 score of the objects) and how well those fit (their mean IoU). Objects, pairs
    and errors are those of ``object_counts``.

    Returns
    -------
    float
        From 0 to 1. Two images without any object agree: 1.

    References
    ----------
    Kirillov and others (2019), CVPR, https://doi.org/10.1109/CVPR.2019.00963.
    """
    iou, matched, missed, invented = (one.sum() for one in object_counts(instances, predicted))
    total = matched + (missed + invented) / 2
    return float(iou / total) if total else 1.0


def _numbered(array: ArrayLike, name: str) -> np.ndarray:
    array = checks.numbers(array, f"values of the {name}")
    if array.ndim not in (2, 3) or array.min() < 0 or (array.dtype.kind == "f" and (array % 1).any()):
        raise CourseError(
            f"The {name} have shape {array.shape} and values from {array.min():g} to {array.max():g}: give the number "
            "of the object at each pixel, 0 for background, as (n, height, width)."
        )
    return array.astype(np.int64).reshape(-1, *array.shape[-2:])


def _matched(instances: np.ndarray, predicted: np.ndarray) -> tuple[float, int, int, int]:
    """Sum of the IoU, pairs, missed and invented objects of one image."""
    (true, is_true), (found, is_found) = (np.unique(one, return_inverse=True) for one in (instances, predicted))
    cells = is_true.ravel() * len(found) + is_found.ravel()
    shared = np.bincount(cells, minlength=len(true) * len(found)).reshape(len(true), len(found))
    union = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0) - shared
    iou = (shared / union)[np.ix_(true > 0, found > 0)]
    pairs = iou > 0.5
    count = int(pairs.sum())
    return float(iou[pairs].sum()), count, len(iou) - count, iou.shape[1] - count
