"""Tumours in a CT: a small 3-D U-Net that learns from patches, and a rule of threshold and morphology beside it.

Both work on volumes of one spacing; voxels are (slices, rows, columns) in HU, masks bool of the same shape.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from scipy import ndimage
from scipy.ndimage import distance_transform_edt
from scipy.special import expit

from utils import metrics
from utils.applications.scans import SCALE, body
from utils.errors import UsageError
from utils.nn.inference import predict
from utils.nn.schedules import rise_and_fall
from utils.nn.training import fit, seeded

STEP = (2, 4, 4)  # the U-Net halves rows and columns twice and slices once: sides must be multiples of these
UNUSED = -1.0  # the label of voxels that take no part in the loss


def unet(width: int = 8) -> keras.Model:
    """A 3-D U-Net that first shrinks slices, whose voxels are small, and only then the stack.

    After Çiçek and others (2016), https://doi.org/10.1007/978-3-319-46723-8_49. Not compiled; takes thousands of HU,
    (batch, slices, rows, columns, 1), sides multiples of ``STEP``, and returns logits of the same shape.
    """

    def convolve(x, filters, kernel=3):
        x = layers.Conv3D(filters, kernel, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    inputs = keras.Input((None, None, None, 1))
    fine = convolve(inputs, width)
    middle = convolve(layers.MaxPooling3D((1, 2, 2))(fine), 2 * width)
    deep = convolve(convolve(layers.MaxPooling3D(2)(middle), 4 * width), 4 * width)
    x = layers.Concatenate()([layers.UpSampling3D(2)(convolve(deep, 2 * width, 1)), middle])
    x = layers.UpSampling3D((1, 2, 2))(convolve(convolve(x, 2 * width), width, 1))
    x = convolve(layers.Concatenate()([x, fine]), width)
    return keras.Model(inputs, layers.Conv3D(1, 1, name="logits")(x), name="unet")


def loss(masks: Any, logits: Any) -> Any:
    """Cross-entropy plus 1 - Dice of the batch, over the voxels whose label is not ``UNUSED``; a scalar."""
    masks = ops.cast(masks, logits.dtype)
    used = ops.cast(masks > UNUSED / 2, logits.dtype)
    masks, found = masks * used, ops.sigmoid(logits) * used
    cross_entropy = ops.sum(used * (ops.softplus(logits) - logits * masks)) / (ops.sum(used) + 1)
    return cross_entropy + 1 - (2 * ops.sum(found * masks) + 1) / (ops.sum(found) + ops.sum(masks) + 1)


class Patches(keras.utils.PyDataset):
    """Batches for ``fit``: half of the patches around a voxel of the tumour, half from anywhere in the body.

    labels: the mask as float, ``UNUSED`` where a voxel takes no part. There are ``steps`` batches of ``batch_size``
    patches of ``size``, mirrored left and right and front and back at random, with up to 50 HU added to all of a patch.
    """

    def __init__(
        self,
        voxels: np.ndarray,
        labels: np.ndarray,
        *,
        steps: int,
        batch_size: int = 4,
        size: tuple[int, int, int] = (8, 48, 48),
        seed: int = 0,
    ):
        super().__init__()
        self.voxels, self.labels = voxels.astype(np.float32) / SCALE, labels.astype(np.float32)
        self.steps, self.batch_size, self.size = steps, batch_size, np.array(size)
        self.random = np.random.default_rng(seed)
        self.centres = np.argwhere(labels == 1), np.argwhere(body(voxels))

    def __len__(self):
        return self.steps

    def __getitem__(self, _: int):
        pairs = [self._patch(self.centres[number % 2]) for number in range(self.batch_size)]
        voxels, labels = zip(*pairs, strict=True)
        return np.stack(voxels)[..., None], np.stack(labels)[..., None]

    def _patch(self, centres: np.ndarray):
        room = np.array(self.voxels.shape) - self.size
        shift = self.random.integers(-self.size // 4, self.size // 4 + 1)
        corner = np.clip(self.random.choice(centres) - self.size // 2 + shift, 0, room)
        box = tuple(slice(start, start + length) for start, length in zip(corner, self.size, strict=True))
        down, across = self.random.choice([1, -1], size=2)
        voxels, labels = (array[box][:, ::down, ::across] for array in (self.voxels, self.labels))
        return voxels + self.random.uniform(-0.05, 0.05), labels


def train(
    voxels: np.ndarray,
    labels: np.ndarray,
    *,
    steps: int,
    width: int = 8,
    seed: int = 0,
    run_eagerly: bool = False,
    **options: Any,
) -> tuple[keras.Model, keras.callbacks.History]:
    """Train the U-Net on patches of one patient; returns (model, what ``fit`` returned).

    labels: mask, ``UNUSED`` where a voxel takes no part. steps: batches in all. options: for ``Patches``. The learning
    rate rises to 0.01 and falls along a cosine.
    """
    with seeded(seed):
        model = unet(width)
    model.compile(keras.optimizers.Adam(rise_and_fall(steps, 0.01)), loss, jit_compile=False, run_eagerly=run_eagerly)
    patches = Patches(voxels, labels, steps=steps, seed=seed, **options)
    return model, fit(model, patches, epochs=max(steps // 20, 1), steps_per_epoch=min(steps, 20))


def probabilities(model: keras.Model, voxels: np.ndarray) -> np.ndarray:
    """Probability of a tumour at each voxel, float32, of a whole volume at once (which must fit into memory)."""
    room = [(0, -length % step) for length, step in zip(voxels.shape, STEP, strict=True)]
    around = np.pad(voxels.astype(np.float32) / SCALE, room, mode="edge")
    found = expit(predict(model, around[None, ..., None])[0, ..., 0])
    return found[tuple(slice(length) for length in voxels.shape)]


# --- the rule -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """Dense things inside the lungs: fill the lungs' gaps, take what is denser than a threshold, drop what is thin.

    closing: gaps and dents up to twice this width are filled, mm. threshold: HU. opening: what is thinner than twice
    this is dropped, mm.
    """

    closing: float
    threshold: float
    opening: float

    def __call__(self, voxels: np.ndarray, spacing: np.ndarray) -> np.ndarray:
        """The mask (bool) that the rule gives, for voxels with a spacing in mm (slices, rows, columns)."""
        return marked((self,), voxels, spacing)[self]


RULES = tuple(Rule(*values) for values in product((10.0, 20.0), (-400.0, -150.0), (0.0, 3.0, 5.0, 8.0)))


def fitted(
    voxels: np.ndarray,
    mask: np.ndarray,
    spacing: np.ndarray,
    used: np.ndarray | None = None,
    rules: Sequence[Rule] = RULES,
) -> tuple[Rule, float]:
    """The rule with the best Dice on a patient, and that Dice; ``used``: bool, the voxels on which it is judged."""
    if not rules:
        raise UsageError("There is no rule to choose from: give at least one.")
    used = np.ones(mask.shape, bool) if used is None else used
    scores = {rule: metrics.dice(mask[used], found[used]) for rule, found in marked(rules, voxels, spacing).items()}
    best = max(scores, key=scores.get)
    return best, scores[best]


def marked(rules: Sequence[Rule], voxels: np.ndarray, spacing: np.ndarray) -> dict[Rule, np.ndarray]:
    """The mask of each rule; what several have in common is computed once."""
    outside = distance_transform_edt(~lungs(voxels), sampling=spacing)  # how far it is to the lungs
    found = {}
    for closing in {rule.closing: None for rule in rules}:
        filled = distance_transform_edt(outside <= closing, sampling=spacing) > closing
        for threshold in {rule.threshold: None for rule in rules if rule.closing == closing}:
            dense = filled & (voxels > threshold)
            inside = distance_transform_edt(dense, sampling=spacing)
            for rule in rules:
                if (rule.closing, rule.threshold) == (closing, threshold):
                    kept = distance_transform_edt(inside <= rule.opening, sampling=spacing) <= rule.opening
                    found[rule] = dense & kept if rule.opening else dense
    return found


def lungs(voxels: np.ndarray) -> np.ndarray:
    """bool: the air inside the body, without what is smaller than a fiftieth of it (stomach, bowel)."""
    parts, _ = ndimage.label((voxels < -400) & body(voxels))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return (sizes > 0.02 * sizes.sum())[parts]
