"""Whether a map has anything to do with what the model learned: destroy the weights, and see whether it changes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from scipy.stats import rankdata

from utils.errors import CourseError
from utils.explain.inside import run_order
from utils.explain.saliency import saliency
from utils.explain.scores import run
from utils.explain.targets import ANY, check


class Cascade(NamedTuple):
    """How alike maps stay as weights are destroyed from the last layer down.

    layers: names, the last layer first. similarity: float32 (layers, n), the rank correlation of each example's map,
    with the weights of this layer and all before it in the list destroyed, with its map from the trained model.
    maps: (layers + 1, n, …), the maps themselves, those of the trained model first.
    """

    layers: tuple
    similarity: np.ndarray
    maps: np.ndarray


def rank_correlation(first: Any, second: Any) -> np.ndarray:
    """Spearman's rank correlation of two sets of maps, example by example.

    first, second: array-like, (n, …), of the same shape. Returns float32 (n,), from -1 to 1; 0 where a map is the same
    everywhere, as it then ranks nothing. CourseError when shapes differ or a value is missing.
    """
    first, second = np.asarray(first), np.asarray(second)
    if first.shape != second.shape or first.ndim < 2:
        raise CourseError(f"The maps have shapes {first.shape} and {second.shape}: give two of the same, (n, …).")
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        raise CourseError("The maps hold values that are missing (NaN) or infinite.")
    ranks = [rankdata(maps.reshape(len(maps), -1), axis=1) for maps in (first, second)]
    a, b = (rank - rank.mean(axis=1, keepdims=True) for rank in ranks)
    size = np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    return np.where(size > 0, (a * b).sum(axis=1) / np.where(size > 0, size, 1), 0).astype("float32")


def randomisation_check(
    model: keras.Model, inputs: Any, target: Any = None, *, method: Callable = saliency, seed: int = 0, **options: Any
) -> Cascade:
    """Destroy the model's weights layer by layer, from the last one down, and see how alike each example's map stays.

    A method whose maps stay alike when nothing of what was learned is left explains the picture, not the model.

    Parameters
    ----------
    model : keras.Model
        Its weights are as before when the function returns.
    inputs, target
        As in ``saliency``.
    method : callable
        ``saliency``, ``grad_cam`` or any other of this package: takes (model, inputs, target, ``**options``) and
        returns maps (n, …).
    seed : int
        Of the random weights.
    **options
        Handed to the method.

    Returns
    -------
    Cascade
        Names of the layers; rank correlations, which should fall towards 0; and the maps. A map that is the same
        everywhere, such as a Grad-CAM in which nothing speaks for the target, ranks nothing and is counted as 0.

    Raises
    ------
    CourseError
        As in ``saliency``, or when the model has no trainable weights.

    Notes
    -----
    Cost: that of the method, once and once more for each layer with weights. Weights become normal numbers with the
    mean and standard deviation of those they replace, so that the size of what the layers give stays about the same.

    References
    ----------
    Adebayo et al. (2018), https://doi.org/10.48550/arXiv.1810.03292.
    """
    score, arrays, _ = check(model, inputs, ANY)
    order = run_order(model, lambda: run(score, [array[:1] for array in arrays]))
    layers = [layer for layer in dict.fromkeys(layer for layer, _ in reversed(order)) if layer.trainable_variables]
    if not layers:
        raise CourseError(
            f"The model {getattr(model, 'name', model)!r} has no trainable weights that could be destroyed."
        )
    random = np.random.default_rng(seed)
    maps = [np.asarray(method(model, inputs, target, **options))]
    kept = [(variable, variable.numpy()) for layer in layers for variable in layer.trainable_variables]
    try:
        for layer in layers:
            for variable in layer.trainable_variables:
                weights = variable.numpy()
                variable.assign(random.normal(weights.mean(), weights.std(), weights.shape))
            maps.append(np.asarray(method(model, inputs, target, **options)))
    finally:
        for variable, weights in kept:
            variable.assign(weights)
    similarity = np.stack([rank_correlation(maps[0], found) for found in maps[1:]])
    return Cascade(tuple(layer.name for layer in layers), similarity, np.stack(maps))
