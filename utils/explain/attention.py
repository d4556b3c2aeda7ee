"""Attention read as an explanation, which it is only in part: the maps of encoder blocks, and how they add up."""

from typing import Any

import keras
import numpy as np
from keras import ops

from utils.errors import CourseError
from utils.explain.arguments import whole
from utils.explain.inside import intercepted, leaves
from utils.explain.scores import BATCH_SIZE, compiled_for, finite, parts
from utils.explain.targets import ask, check
from utils.nn.layers import EncoderBlock


def attention_rollout(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    position: int | None = None,
    mask: Any = None,
    residual: float = 0.5,
    of: str | int | None = None,
    batch_size: int = BATCH_SIZE,
) -> np.ndarray:
    """How much of each position reaches the end of a stack of encoder blocks, if attention were all that moved it.

    Parameters
    ----------
    model : keras.Model
        With ``utils.nn.layers.EncoderBlock`` layers, one after the other; models within it are searched.
    inputs, target, of, batch_size
        As in ``saliency``; codes are allowed. Attention knows nothing of classes: the result is the same for each
        target.
    position : int, optional
        The position whose view is wanted; unless given, the mean over all positions, as in a mean over positions before
        the last layer.
    mask : array-like, (n, length) of bool, optional
        True where a position is real: padding is left out of that mean. For models with their own masks.
    residual : float
        Share of each position that goes round attention through the residual connection.

    Returns
    -------
    numpy.ndarray, float32, (n, length)
        Shares, 0 or more, which add up to 1 for each example. They say where numbers could come from, not whether they
        spoke for or against anything. The length is what the blocks see: that of the inputs, unless a layer before them
        shortens it.

    Raises
    ------
    CourseError
        As in ``saliency``, or when the model has no encoder block, or an option is out of its range.

    Notes
    -----
    Cost: one model call an example, with attention computed twice. Memory: the maps of one batch, batch x blocks x
    heads x length².

    References
    ----------
    Abnar and Zuidema (2020), https://doi.org/10.18653/v1/2020.acl-main.385.
    """
    question = ask(model, inputs, target, of=of)
    function = compiled_for(question.score, _maps, _blocks(model))
    found = []
    for part in parts(len(question), whole(batch_size, "batch_size")):
        maps = function(*question.part(part))  # (b, blocks, heads, length, length)
        view = _view(maps.shape[-1], len(question), position, mask)
        found.append(np.einsum("nt,nts->ns", view[part], rollout(np.moveaxis(maps, 1, 0), residual)))
    return finite(np.concatenate(found), "The maps")


def _view(length: int, examples: Any, position: int | None, mask: Any):
    """How much the view of each position counts: (n, length), rows add up to 1."""
    if position is not None:
        if not -length <= position < length:
            raise CourseError(f"position is {position}, but there are positions 0 to {length - 1}.")
        return np.tile(np.eye(length, dtype="float32")[position], (examples, 1))
    real = np.ones((examples, length), "float32") if mask is None else np.asarray(mask, "float32")
    if real.shape != (examples, length) or not real.any(axis=1).all():
        raise CourseError(
            f"mask has shape {real.shape}: give {(examples, length)}, with a real position in each example."
        )
    return real / real.sum(axis=1, keepdims=True)


def rollout(maps: Any, residual: float = 0.5) -> np.ndarray:
    """Attention maps of several blocks, multiplied through.

    Parameters
    ----------
    maps : list of array-like, (n, heads, length, length) or (n, length, length)
        One a block, the first block first: how much each position (last but one axis) looks at each other (last axis).
        Heads are averaged.
    residual : float
        Share of each position that goes round attention, 0 to 1. 0.5 counts both ways alike, as in the paper.

    Returns
    -------
    numpy.ndarray, float32, (n, length, length)
        Row t: of what position t ends as, the share that came from each position; rows add up to 1.

    Raises
    ------
    CourseError
        When there are no maps, they have different shapes or negative numbers, or residual is out of its range.
    """
    maps = [np.asarray(one, "float32") for one in maps]
    if not maps or len({one.shape for one in maps}) > 1 or maps[0].ndim not in (3, 4) or not maps[0].size:
        raise CourseError(
            f"maps have the shapes {[one.shape for one in maps]}: give one (n, heads, length, length) a block."
        )
    if any(not np.isfinite(one).all() or one.min() < 0 for one in maps):
        raise CourseError("maps hold negative, missing or infinite numbers: give attention weights, after the softmax.")
    if not 0 <= residual <= 1:
        raise CourseError(f"residual is {residual}: give a share from 0 to 1.")
    length = maps[0].shape[-1]
    total = np.eye(length, dtype="float32")
    for one in maps:
        one = one.mean(axis=1) if one.ndim == 4 else one
        step = (1 - residual) * one + residual * np.eye(length, dtype="float32")
        sums = step.sum(axis=-1, keepdims=True)
        # A position that may look nowhere has no weights: it keeps what it is.
        step = np.where(sums > 0, step / np.where(sums > 0, sums, 1), np.eye(length, dtype="float32"))
        total = step @ total
    return total


def attention_maps(
    model: keras.Model, inputs: Any, *, of: str | int | None = None, batch_size: int = BATCH_SIZE
) -> Any:
    """The attention weights of every encoder block of a model.

    model, inputs, of, batch_size: as in ``attention_rollout``. Returns a list of float32 (n, heads, length looking,
    length looked at), the first block first. Memory: all of it, n x blocks x heads x length². CourseError as there.
    """
    score, arrays, _ = check(model, inputs, of)
    function = compiled_for(score, _maps, _blocks(model))
    found = [
        function(*(array[part] for array in arrays)) for part in parts(len(arrays[0]), whole(batch_size, "batch_size"))
    ]
    return list(np.moveaxis(np.concatenate(found), 1, 0))


def _blocks(model: keras.Model):
    blocks = tuple(layer for layer in leaves(model) if isinstance(layer, EncoderBlock))
    if not blocks:
        raise CourseError(
            f"The model {getattr(model, 'name', model)!r} has no EncoderBlock, so there is no attention to follow; "
            "give the maps themselves to rollout, or use another method."
        )
    if len({block.heads for block in blocks}) > 1:
        raise CourseError(
            "The model's encoder blocks have different numbers of heads: give their maps to rollout instead."
        )
    return blocks


def _maps(score: Any, blocks: list):
    def maps(*tensors):
        seen = []

        def noted(block, call, inputs, mask=None, **options):
            seen.append(block.attention_weights(inputs, mask))
            return call(inputs, mask=mask, **options)

        with intercepted(blocks, noted):
            score.outputs(tensors)
        return ops.stack(seen, axis=1)  # (n, blocks, heads, length, length)

    return maps
