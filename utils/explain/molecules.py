"""Which atoms of a molecule made the score."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from utils.errors import CourseError
from utils.explain.arguments import whole
from utils.explain.scores import ROWS, scores
from utils.explain.targets import ask


def atom_attribution(
    model: keras.Model,
    inputs: Any,
    target: Any = None,
    *,
    of: str | int | None = "atoms",
    mask: Any = "is_atom",
    method: Callable = None,
    scale: str = "logit",
    batch_size: int = ROWS,
    **options: Any,
) -> Any:
    """What each atom of a molecule contributed: by taking it away, or by any gradient method, summed over its features.

    Parameters
    ----------
    model : keras.Model, or callable
        Over padded arrays of graphs.
    inputs : dict or list of arrays
        Among them the atoms' features (n, atoms, features) and, unless ``mask`` is None, a mask (n, atoms), not zero
        where there is an atom. All others, such as neighbours and bonds, are held fixed.
    target, batch_size
        As in ``saliency``.
    of, mask : str or int
        Keys or places of the two arrays. With ``mask=None``, a place whose features are all zero is padding.
    method : callable, optional
        ``integrated_gradients``, ``gradient_times_input`` or another with their signature, which gets ``of=``, the
        batch size and all further options. Unless given, an atom is taken away: its features become zero and its
        place in the mask empty. Its neighbours keep their own features.
    scale : {"logit", "output"}
        As in ``occlusion``; for taking away only.

    Returns
    -------
    numpy.ndarray, float32, (n, atoms)
        In the unit of the score, positive where the atom speaks for the target: the fall of the score without the atom,
        or the sum of the method's attributions over its features. 0 at padding.

    Raises
    ------
    CourseError
        As in ``saliency``, or when features and mask do not fit together.

    Notes
    -----
    Cost: one model call for each atom that is there and one more an example, or that of the method. A molecule without
    one atom is often no molecule; the model never saw the like.

    References
    ----------
    Taking away: Riniker and Landrum (2013), https://doi.org/10.1186/1758-2946-5-43. Gradients: McCloskey et al. (2019),
    https://doi.org/10.1073/pnas.1820657116.
    """
    question = ask(model, inputs, target, of=of, scale=scale)
    features = question.inputs
    if features.ndim != 3:
        raise CourseError(f"of is {of!r}, an array of shape {features.shape}: it must be (n, atoms, features).")
    place = _mask_place(inputs, mask)
    present = features.any(axis=2) if place is None else question.arrays[place].astype(bool)
    if present.shape != features.shape[:2]:
        raise CourseError(f"mask is {mask!r}, an array of shape {present.shape}: it must be {features.shape[:2]}.")
    if method is not None:
        found = method(model, inputs, target, of=of, batch_size=batch_size, **options)
        return np.where(present, found.sum(axis=2), 0).astype("float32")
    if options:
        raise CourseError(f"There is no option {', '.join(options)} for taking atoms away; give a method= that has it.")
    size = whole(batch_size, "batch_size")
    example, atom = np.nonzero(present)

    def without(part, rows, arrays):
        for one in {question.place, place} - {None}:
            arrays[one][np.arange(len(rows)), atom[part]] = 0

    found = np.zeros(present.shape, "float32")
    before = scores(question, batch_size=size)
    found[example, atom] = before[example] - scores(question, example, without, size)
    return found


def _mask_place(inputs: Any, mask: Any):
    names = list(inputs) if isinstance(inputs, dict) else list(range(len(inputs)))
    if mask is None:
        return None
    if mask not in names:
        raise CourseError(f"mask is {mask!r}: say which input it is, one of {', '.join(map(repr, names))}, or None.")
    return names.index(mask)
