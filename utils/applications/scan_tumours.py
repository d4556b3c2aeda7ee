"""Tumours in a CT: a small 3-D U-Net that learns from patches, and a rule of threshold and morphology beside it.

Both work on patients whose volumes have one spacing.
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
from utils.applications.scans import SCALE
from utils.datasets.volumes import Volume
from utils.errors import UsageError
from utils.features.scans import inside
from utils.nn.inference import predict
from utils.nn.schedules import rise_and_fall
from utils.nn.training import fit, seeded

STEP = (2, 4, 4)  # the U-Net halves rows and columns twice and slices once: sides must be multiples of these
UNUSED = -1.0  # the label of voxels that take no part in the loss


def unet(width: int = 8) -> keras.Model:
    """A 3-D U-Net that first shrinks slices, whose voxels are small, and only then the stack.

    After Çiçek and others (2016), https://doi.org/10.1007/978-3-319-46723-8_49. Not compiled; takes HU divided
    by ``SCALE``, (batch, slices, rows, columns, 1), sides multiples of ``STEP``, and returns logits of that shape.
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


@dataclass(frozen=True, eq=False)
class Case:
    """One patient to learn from or to be judged on.

    voxels: (slices, rows, columns), in HU. labels: of the same shape, 1 in the tumour, 0 outside, ``UNUSED`` where a
    voxel takes no part. region: bool, the body. spacing: mm (slices, rows, columns).
    """

    voxels: np.ndarray
    labels: np.ndarray
    region: np.ndarray
    spacing: np.ndarray

    @classmethod
    def of(cls, volume: Volume, unused: np.ndarray | None = None) -> "Case":
        """The case of a volume with a mask; ``unused``: bool, or slices (numbers), whose labels take no part."""
        labels = (volume.mask > 0).astype(np.float32)
        if unused is not None:
            labels[unused] = UNUSED
        return cls(np.asarray(volume.voxels), labels, inside(volume), volume.spacing)

    def dice(self, found: np.ndarray) -> float:
        """Dice of a mask, over the voxels that take part."""
        used = self.labels != UNUSED
        return metrics.dice(self.labels[used] == 1, found[used])


class Patches(keras.utils.PyDataset):
    """Batches for ``fit``: half of the patches around a voxel of a tumour, half from anywhere in a body.

    cases: of one spacing. There are ``steps`` batches of ``batch_size`` patches of ``size``, mirrored at random (left
    and right, front and back), with up to 50 HU added to all of a patch.
    """

    def __init__(
        self,
        cases: Sequence[Case],
        *,
        steps: int,
        batch_size: int = 4,
        size: tuple[int, int, int] = (8, 48, 48),
        seed: int = 0,
    ):
        super().__init__()
        self.steps, self.batch_size, self.size = steps, batch_size, np.array(size)
        self.random = np.random.default_rng(seed)
        self.cases = [(case.voxels.astype(np.float32) / SCALE, case.labels) for case in cases]
        self.centres = [(np.argwhere(case.labels == 1), np.argwhere(case.region)) for case in cases]

    def __len__(self):
        return self.steps

    def __getitem__(self, _: int):
        voxels, labels = zip(*(self._patch(number % 2) for number in range(self.batch_size)), strict=True)
        return np.stack(voxels)[..., None], np.stack(labels)[..., None]

    def _patch(self, kind: int):
        which = self.random.integers(len(self.cases))
        voxels, labels = self.cases[which]
        shift = self.random.integers(-self.size // 4, self.size // 4 + 1)
        corner = self.random.choice(self.centres[which][kind]) - self.size // 2 + shift
        corner = np.clip(corner, 0, np.array(voxels.shape) - self.size)
        box = tuple(slice(start, start + length) for start, length in zip(corner, self.size, strict=True))
        down, across = self.random.choice([1, -1], size=2)
        voxels, labels = (array[box][:, ::down, ::across] for array in (voxels, labels))
        return voxels + self.random.uniform(-50, 50) / SCALE, labels


def train(
    cases: Sequence[Case], *, steps: int, width: int = 8, seed: int = 0, run_eagerly: bool = False, **options: Any
) -> tuple[keras.Model, keras.callbacks.History]:
    """Train the U-Net on patches of some patients; returns (model, what ``fit`` returned).

    steps: batches in all. options: for ``Patches``. The learning rate rises to 0.01 and falls along a cosine.
    """
    with seeded(seed):
        model = unet(width)
    model.compile(keras.optimizers.Adam(rise_and_fall(steps, 0.01)), loss, jit_compile=False, run_eagerly=run_eagerly)
    return model, fit(
        model,
        Patches(cases, steps=steps, seed=seed, **options),
        epochs=max(steps // 20, 1),
        steps_per_epoch=min(steps, 20),
    )


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

    def __call__(self, case: Case) -> np.ndarray:
        """The mask (bool) that the rule gives."""
        return marked((self,), case)[self]


RULES = tuple(Rule(*values) for values in product((10.0, 20.0), (-400.0, -150.0), (0.0, 3.0, 5.0, 8.0)))


def fitted(cases: Sequence[Case], rules: Sequence[Rule] = RULES) -> tuple[Rule, float]:
    """The rule with the best mean Dice over some patients, and that Dice."""
    if not rules:
        raise UsageError("There is no rule to choose from: give at least one.")
    found = [(case, marked(rules, case)) for case in cases]
    scores = {rule: float(np.mean([case.dice(masks[rule]) for case, masks in found])) for rule in rules}
    best = max(scores, key=scores.get)
    return best, scores[best]


def marked(rules: Sequence[Rule], case: Case) -> dict[Rule, np.ndarray]:
    """The mask of each rule; what several have in common is computed once."""
    voxels, spacing = case.voxels, case.spacing
    outside = distance_transform_edt(~lungs(case), sampling=spacing)  # how far it is to the lungs
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


def lungs(case: Case) -> np.ndarray:
    """bool: the air inside the body, without what is smaller than a fiftieth of it (stomach, bowel)."""
    parts, _ = ndimage.label((case.voxels < -400) & case.region)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return (sizes > 0.02 * sizes.sum())[parts]
