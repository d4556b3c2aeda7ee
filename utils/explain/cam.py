"""Class activation maps: where a convolutional network looked, read from the maps of its last spatial layer."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from utils.explain.arguments import whole
from utils.explain.inside import intercepted, spatial_layer
from utils.explain.scores import BATCH_SIZE, Memory, compiled_for, finite, parts, run
from utils.explain.targets import ask
from utils.nn.gradients import differentiate

_layers = Memory()


def grad_cam(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    layer: str | None = None,
    resize: bool = True,
    of: str | int | None = None,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """Grad-CAM: the maps of the last spatial layer, each weighed by its mean gradient, added up, and cut off at 0.

    Parameters
    ----------
    model : keras.Model
        With convolutions over one dimension (sequences) or two (images), channels last; models within it are searched.
    inputs, target, of, batch_size
        As in ``saliency``. Codes of letters are allowed, since no gradient with respect to them is needed.
    layer : str or keras.Layer, optional
        Whose maps to read. Unless given, the last layer at or after a convolution that gives maps with more than one
        place and does not pool.
    resize : bool
        False keeps the layer's own resolution.

    Returns
    -------
    numpy.ndarray, float32, (n, height, width), or (n, length) for sequences
        One map an example, without channels, brought to the inputs' height and width by linear interpolation. Never
        negative: 0 is "nothing that speaks for the target". Comparable within one example, and between examples only
        in the unit of the score per place.

    Raises
    ------
    CourseError
        As in ``saliency``, or when the model has no spatial layer, or not the one that is named.

    Notes
    -----
    Cost: one gradient an example.

    References
    ----------
    Selvaraju et al. (2017), https://doi.org/10.1109/ICCV.2017.74.
    """
    return _by_gradients(_mean, model, inputs, target, layer, resize, of, batch_size)


def grad_cam_plus_plus(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    layer: str | None = None,
    resize: bool = True,
    of: str | int | None = None,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """Grad-CAM++: like Grad-CAM, but only positive gradients count, weighed so that several small finds all show.

    Parameters
    ----------
    model, inputs, target, layer, resize, of, batch_size
        As in ``grad_cam``.

    Returns
    -------
    numpy.ndarray, float32, (n, height, width), or (n, length) for sequences
        As in ``grad_cam``. The factor exp(score) of the paper, common to the whole map, is left out.

    Raises
    ------
    CourseError
        As in ``grad_cam``.

    Notes
    -----
    Cost: one gradient an example.

    References
    ----------
    Chattopadhay et al. (2018), https://doi.org/10.1109/WACV.2018.00097.
    """
    return _by_gradients(_plus_plus, model, inputs, target, layer, resize, of, batch_size)


def _by_gradients(
    weigh: Callable,
    model: keras.Model,
    inputs: Any,
    target: Any,
    layer: str | None,
    resize: bool,
    of: str | int | None,
    batch_size: int,
):
    question = ask(model, inputs, target, of=of)
    found, places, shape = read_layer(question, layer)
    function = compiled_for(question.score, _weighed, found, shape, weigh)
    maps = [
        function(*question.part(part), question.columns[part])
        for part in parts(len(question), whole(batch_size, "batch_size"))
    ]
    maps = np.concatenate(maps)
    return finite(enlarge(maps, places) if resize else maps, "The maps")


def read_layer(question: Any, layer: str | None) -> Any:
    """The layer, the inputs' places (height, width) or (length,), and the shape (places…, channels) of its maps."""
    score, first = question.score, question.part(slice(0, 1))
    key = layer, tuple(array.shape for array in first)
    found, shape = _layers.get(score, key, lambda: spatial_layer(score.model, lambda: run(score, first), layer))
    return found, question.inputs.shape[1 : len(shape)], shape


def _weighed(score: Any, layer: str | None, shape: tuple, weigh: Callable):
    def maps(*tensors):
        *arrays, columns = tensors
        seen = []

        def value(nudge):
            # The gradient with respect to nothing, added to the layer's maps, is the gradient with respect to them.
            def nudged(_, call, *inputs, **options):
                seen.append(call(*inputs, **options) + nudge)
                return seen[-1]

            with intercepted([layer], nudged):
                total = ops.sum(score(arrays, columns))
            return total, seen.pop()

        nothing = ops.zeros((ops.shape(arrays[0])[0], *shape))
        (slopes,), features = differentiate(value, nothing)
        axes = tuple(range(1, len(shape)))
        return ops.relu(ops.sum(weigh(features, slopes, axes) * features, axis=-1))

    return maps


def _mean(features: Any, slopes: Any, axes: tuple):
    return ops.mean(slopes, axis=axes, keepdims=True)


def _plus_plus(features: Any, slopes: Any, axes: tuple):
    below = 2 * slopes**2 + ops.sum(features, axis=axes, keepdims=True) * slopes**3
    share = ops.where(below == 0, 0.0, slopes**2 / ops.where(below == 0, 1.0, below))
    return ops.sum(share * ops.relu(slopes), axis=axes, keepdims=True)


def enlarge(maps: Any, places: tuple) -> np.ndarray:
    """maps ``(n, *places)`` float32 → ``(n, *these places)`` by linear interpolation."""
    if maps.shape[1:] == tuple(places) or len(maps) == 0:
        return maps
    flat = maps.reshape(len(maps), maps.shape[1], -1, 1)
    size = (places[0], places[1] if len(places) > 1 else 1)
    return ops.convert_to_numpy(ops.image.resize(flat, size, "bilinear", data_format="channels_last")).reshape(
        -1, *places
    )
