"""A small U-Net that marks nuclei: its squares, its loss, the objects in a mask, a whole field stitched together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import ArrayLike
from scipy.ndimage import gaussian_filter, label
from scipy.special import expit

from utils.applications.images import statistics
from utils.datasets import Split
from utils.errors import CourseError
from utils.nn.inference import predict as outputs
from utils.nn.schedules import rise_and_fall
from utils.nn.training import fit, seeded

STEP = 16  # the U-Net halves its picture four times, so sides must be multiples of this


@dataclass(frozen=True, eq=False)
class Squares:
    """Squares cut out of one field of tissue, no two of them closer than a gap.

    images: uint8 (n, side, side, 3). masks: bool (n, side, side), True on a nucleus. corners: int (n, 2), row and
    column of the upper left pixel in the field.
    """

    images: np.ndarray
    masks: np.ndarray
    corners: np.ndarray

    def take(self, rows: ArrayLike) -> "Squares":
        """The squares with these numbers, as Squares."""
        return Squares(self.images[rows], self.masks[rows], self.corners[rows])


def cut(field: Any, side: int = 256, gap: int = 44) -> Squares:
    """Cut a field into squares with a strip between them.

    Parameters
    ----------
    field : TissueField
    side, gap : int
        Pixels along a square, a multiple of 16, and between two squares.

    Returns
    -------
    Squares
        Row by row.

    Raises
    ------
    CourseError
        When the side is no multiple of 16, the gap is negative, or the field is smaller than one square.
    """
    _checked_side(side)
    height, width = field.instances.shape
    if gap < 0 or min(height, width) < side:
        raise CourseError(f"A field of {height} x {width} pixels cannot be cut with side={side} and gap={gap}.")
    rows, columns = (range(0, length - side + 1, side + gap) for length in (height, width))
    corners = np.array([(row, column) for row in rows for column in columns])
    windows = [(slice(row, row + side), slice(column, column + side)) for row, column in corners]
    images = np.stack([field.image[window] for window in windows])
    return Squares(images, np.stack([field.instances[window] > 0 for window in windows]), corners)


def deal(squares: Squares, seed: int = 0) -> Split:
    """Three squares of five to training, one to validation, one to the test, at random among five alike in density.

    Squares are sorted by the share of their area that nuclei cover, so that each part gets sparse and dense tissue.
    Returns a Split. CourseError when there are fewer than five squares.
    """
    if len(squares.masks) < 5:
        raise CourseError(f"{len(squares.masks)} squares cannot be dealt out to three parts: cut at least five.")
    order = np.argsort(squares.masks.mean(axis=(1, 2)), kind="stable")
    random = np.random.default_rng(seed)
    parts = np.concatenate([random.permutation([0, 0, 0, 1, 2]) for _ in range(-(-len(order) // 5))])[: len(order)]
    return Split(*(order[parts == part] for part in range(3)))


def unet(images: np.ndarray, width: int = 16, depth: int = 3) -> keras.Model:
    """A U-Net: down to see far, up again to be exact, with a bridge at every size from the way down to the way up.

    It works at half the size of the picture, which saves most of the time. After Ronneberger and others (2015),
    https://doi.org/10.1007/978-3-319-24574-4_28.

    Parameters
    ----------
    images : uint8 (n, height, width, 3)
        The training pictures: mean and variance of their channels become constants of the network.
    width : int
        Filters at the largest size; doubled at each of the ``depth`` halvings.

    Returns
    -------
    keras.Model, not compiled
        Takes (batch, height, width, 3), values 0 to 255, sides multiples of 16; returns logits, (batch, height,
        width, 1).
    """

    def convolve(x, filters, kernel=3, strides=1):
        x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    inputs = keras.Input((None, None, 3))
    mean, variance = statistics(images)
    x = layers.Normalization(mean=mean, variance=variance, name="normalise")(inputs)
    x = convolve(x, width, kernel=4, strides=2)
    bridges = []
    for level in range(depth):
        x = convolve(x, width * 2**level)
        bridges.append(x)
        x = layers.MaxPooling2D(2)(x)
    x = convolve(convolve(x, width * 2**depth), width * 2**depth)
    for level in reversed(range(depth)):
        x = layers.UpSampling2D(2)(convolve(x, width * 2**level, kernel=1))
        x = convolve(layers.Concatenate()([x, bridges[level]]), width * 2**level)
    x = layers.Conv2DTranspose(1, 4, strides=2, padding="same", name="logits")(x)
    return keras.Model(inputs, x, name="unet")


def loss(masks: Any, logits: Any) -> Any:
    """Cross-entropy of the pixels plus 1 - Dice of the batch, with probabilities in place of yes and no; a scalar.

    masks and logits: (batch, height, width, 1). Cross-entropy judges each pixel alone, and most are background; Dice
    judges the nuclei as a whole. Dice as a loss: Milletari and others (2016), https://doi.org/10.1109/3DV.2016.79.
    """
    masks = ops.cast(masks, logits.dtype)
    cross_entropy = ops.mean(ops.softplus(logits) - logits * masks)
    found = ops.sigmoid(logits)
    return cross_entropy + 1 - (2 * ops.sum(found * masks) + 1) / (ops.sum(found) + ops.sum(masks) + 1)


class Crops(keras.utils.PyDataset):
    """Batches for ``fit``: crops from anywhere in the squares, turned, mirrored, and with other tints.

    There are ``steps`` batches of ``batch_size`` crops of ``side`` pixels. tint: largest change of a channel, as a
    share of its range. Yields float32 images (batch, side, side, 3), values 0 to 255, and masks (batch, side, side, 1).
    """

    def __init__(
        self, squares: Squares, *, steps: int, batch_size: int = 8, side: int = 128, tint: float = 0.1, seed: int = 0
    ):
        super().__init__()
        self.squares, self.steps, self.batch_size = squares, steps, batch_size
        self.side, self.tint, self.random = _checked_side(side), tint, np.random.default_rng(seed)
        if side > squares.masks.shape[1]:
            raise CourseError(f"Crops of {side} pixels cannot be cut from squares of {squares.masks.shape[1]}.")

    def __len__(self):
        return self.steps

    def __getitem__(self, _: int):
        images, masks = zip(*(self._crop() for _ in range(self.batch_size)), strict=True)
        return np.stack(images), np.stack(masks)

    def _crop(self):
        random, side = self.random, self.side
        number = random.integers(len(self.squares.masks))
        row, column = random.integers(self.squares.masks.shape[1] - side + 1, size=2)
        turns, step = random.integers(4), random.choice([1, -1])

        def view(array):
            return np.rot90(array[number, row : row + side, column : column + side][:, ::step], turns)

        factor, offset = 1 + random.uniform(-self.tint, self.tint, 3), 255 * random.uniform(-self.tint, self.tint, 3)
        image = np.clip(view(self.squares.images) * factor + offset, 0, 255)
        return image.astype("float32"), view(self.squares.masks)[..., None].astype("float32")


def train(
    squares: Squares,
    *,
    steps: int,
    width: int = 16,
    seed: int = 0,
    build: Callable[[np.ndarray, int], keras.Model] = unet,
    run_eagerly: bool = False,
    **options: Any,
) -> tuple[keras.Model, keras.callbacks.History]:
    """Train a U-Net on crops of the training squares; returns (model, what ``fit`` returned).

    steps: batches in all. seed: of start, crops and changes. build: (training pictures, width) → keras.Model as
    ``unet`` returns it. options: for ``Crops``. The learning rate rises to 0.005 and falls along a cosine.
    """
    with seeded(seed):
        model = build(squares.images, width)
    model.compile(
        keras.optimizers.AdamW(rise_and_fall(steps, 0.005), weight_decay=0.02),
        loss,
        jit_compile=False,  # compiling takes longer than it saves in a training of minutes
        run_eagerly=run_eagerly,
    )
    crops = Crops(squares, steps=steps, seed=seed, **options)
    # Keras's epochs are stretches of one pass here: TensorFlow takes up to a second to take a pass down.
    return model, fit(model, crops, epochs=max(steps // 30, 1), steps_per_epoch=min(steps, 30))


def blurred_red(images: np.ndarray, spread: float = 2.0) -> np.ndarray:
    """The red channel of (n, height, width, 3), blurred: float32 (n, height, width). Haematoxylin is dark in it."""
    return gaussian_filter(images[..., 0].astype("float32"), (0, spread, spread))


def objects(masks: np.ndarray, smallest: int = 30) -> np.ndarray:
    """Cut masks into objects: pixels that touch along a side belong together.

    masks: bool (n, height, width). smallest: pixels that an object must have; smaller ones are left out. Returns int32
    (n, height, width), the number of the object from 1 in each image, 0 outside.
    """
    found = np.zeros(masks.shape, np.int32)
    for numbered, mask in zip(found, masks, strict=True):
        label(mask, output=numbered)
        numbered[np.bincount(numbered.ravel())[numbered] < smallest] = 0
    return found


def merged(instances: np.ndarray, pieces: np.ndarray) -> int:
    """How many of the given nuclei lie, for the most part, in a piece that holds another one, too.

    instances, pieces: int (n, height, width), number of the nucleus and of the piece from 1 in each image, 0 outside.
    """
    count = 0
    for given, found in zip(instances, pieces, strict=True):
        homes = [np.bincount(found[given == nucleus]).argmax() for nucleus in np.unique(given[given > 0])]
        count += sum(homes.count(home) > 1 for home in homes if home)
    return count


def predict(model: keras.Model, images: np.ndarray, batch_size: int = 5) -> np.ndarray:
    """Probability of a nucleus at each pixel, float32 (n, height, width): the mean over four mirrored views.

    images: (n, height, width, 3), values 0 to 255, sides multiples of 16.
    """
    total = 0.0
    for rows, columns in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        logits = outputs(model, images[:, ::rows, ::columns], batch_size)[..., 0]
        total = total + expit(logits)[:, ::rows, ::columns]
    return total / 4


def stitch(
    predictor: Callable[[np.ndarray], np.ndarray], image: np.ndarray, side: int = 256, overlap: int = 64
) -> np.ndarray:
    """Predict a picture of any size piece by piece, and put it together without seams.

    Pieces overlap; where several see a pixel, those count most in whose middle it lies, since at the rim of a piece a
    network sees no surroundings.

    Parameters
    ----------
    predictor : callable
        Takes (n, side, side, channels) and returns (n, side, side).
    image : (height, width, channels)
        Continued by its mirror image where the last pieces reach beyond it.
    side, overlap : int
        Pixels, overlap smaller than the side.

    Returns
    -------
    float32 (height, width)

    Raises
    ------
    CourseError
        When the side is no multiple of 16, or the overlap is not from 0 to side - 1.
    """
    _checked_side(side)
    if not 0 <= overlap < side:
        raise CourseError(f"An overlap of {overlap} pixels does not fit pieces of {side}: give 0 to {side - 1}.")
    height, width = image.shape[:2]
    starts = [range(0, max(length - overlap, 1), side - overlap) for length in (height, width)]
    beyond = [(0, max(steps[-1] + side - length, 0)) for steps, length in zip(starts, (height, width), strict=True)]
    padded = np.pad(image, (*beyond, (0, 0)), mode="symmetric")
    near = np.minimum(np.arange(side) + 1, side - np.arange(side)).astype("float32")  # distance from the rim
    weight = np.minimum(near[:, None], near)
    total, weights = np.zeros(padded.shape[:2], "float32"), np.zeros(padded.shape[:2], "float32")
    for row in starts[0]:
        pieces = np.stack([padded[row : row + side, column : column + side] for column in starts[1]])
        for column, piece in zip(starts[1], predictor(pieces), strict=True):
            total[row : row + side, column : column + side] += weight * piece
            weights[row : row + side, column : column + side] += weight
    return (total / weights)[:height, :width]


def _checked_side(side: int):
    if side < STEP or side % STEP:
        raise CourseError(f"A side of {side} pixels does not fit the U-Net: give a multiple of {STEP}.")
    return side
