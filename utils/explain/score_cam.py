"""Score-CAM: class activation maps without a gradient."""

from typing import Any

import keras
import numpy as np

from utils.explain.arguments import baseline_like, whole
from utils.explain.cam import enlarge, read_layer
from utils.explain.inside import intercepted
from utils.explain.scores import BATCH_SIZE, compiled_for, finite, parts, scores
from utils.explain.targets import ask


def score_cam(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    baseline: Any = 0.0,
    layer: str | None = None,
    resize: bool = True,
    of: str | int | None = None,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """Score-CAM: maps of the last spatial layer, weighed by the score when only what a map shows is left of the input.

    Parameters
    ----------
    model, inputs, target, layer, resize, of, batch_size
        As in ``grad_cam``, but the inputs must be numbers, not codes.
    baseline : number or array-like
        What stands where a map shows nothing; as in ``integrated_gradients``.

    Returns
    -------
    numpy.ndarray, float32, (n, height, width), or (n, length) for sequences
        As in ``grad_cam``, in the unit of the layer's maps: the weights of an example's maps are positive and add up
        to 1 (a softmax of the scores). Maps that are the same everywhere show nothing and have weight 0.

    Raises
    ------
    CourseError
        As in ``grad_cam``, or when the baseline does not fit.

    Notes
    -----
    Cost: one model call for each map of each example, and one more an example.

    References
    ----------
    Wang et al. (2020), https://doi.org/10.1109/CVPRW50498.2020.00020. They first take from each score that of the
    baseline, which is the same for all maps of an example and leaves the softmax as it is.
    """
    question = ask(model, inputs, target, of=of, slopes=True)
    size = whole(batch_size, "batch_size")
    found, places, shape = read_layer(question, layer)
    start = baseline_like(baseline, question.inputs)
    features_of = compiled_for(question.score, _features, found)
    maps = np.empty((len(question), *shape[:-1]), "float32")
    for part in parts(len(question), size):
        features = features_of(*question.part(part))  # (b, places of the layer …, channels)
        weights = _weights(question, start, part.start, features, places, size)
        maps[part] = np.maximum(np.einsum("nc,n...c->n...", weights, features), 0)
    return finite(enlarge(maps, places) if resize else maps, "The maps")


def _features(score: Any, layer: str | None):
    def features(*tensors):
        seen = []

        def noted(_, call, *inputs, **options):
            seen.append(call(*inputs, **options))
            return seen[-1]

        with intercepted([layer], noted):
            score.outputs(tensors)
        return seen.pop()

    return features


def _weights(question: Any, start: Any, first: Any, features: Any, places: tuple, size: int):
    """Weights (b, channels) of the maps of the examples from ``first`` on."""
    flat = features.reshape(len(features), -1, features.shape[-1])
    low, high = flat.min(axis=1), flat.max(axis=1)  # (b, channels)
    example, channel = np.nonzero(high > low)
    masks = np.moveaxis(features, -1, 1)

    def masked(part, rows, arrays):
        which = rows - first, channel[part]
        by_place = (slice(None), *[None] * (features.ndim - 2))
        shown = (masks[which] - low[which][by_place]) / (high - low)[which][by_place]
        shown = enlarge(shown, places)
        left = arrays[question.place]
        left -= start[rows]
        left *= shown.reshape(*shown.shape, *[1] * (left.ndim - shown.ndim))
        left += start[rows]

    found = np.full(low.shape, -np.inf)
    found[example, channel] = scores(question, example + first, masked, size)
    largest = found.max(axis=1, keepdims=True)
    powers = np.exp(found - np.where(np.isinf(largest), 0, largest))
    return powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-30)
