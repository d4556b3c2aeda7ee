"""What is done to pictures on their way into a network: random crops, several looks, a first layer that knows them."""

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.lib.stride_tricks import sliding_window_view

from utils.errors import CourseError


def crops(pictures: np.ndarray, rows: Any, size: int, augment: bool, random: np.random.Generator) -> np.ndarray:
    """Pictures (n, H, W, 3) → the chosen rows, cut to size x size: anywhere and mirrored or not, or in the middle."""
    places = pictures.shape[1] - size + 1
    windows = sliding_window_view(pictures, (size, size), axis=(1, 2))  # (n, places, places, 3, size, size), no copy
    if augment:
        top, left = random.integers(places, size=(2, len(rows)))
    else:
        top = left = np.full(len(rows), places // 2)
    batch = windows[rows, top, left].transpose(0, 2, 3, 1)
    if augment:
        mirrored = random.random(len(rows)) < 0.5
        batch[mirrored] = batch[mirrored, :, ::-1]
    return batch


def tta_views(images: np.ndarray, number: int) -> list[np.ndarray]:
    """Test-time augmentation: images (n, height, width, 3) in one, two or six views, a list of arrays of their shape.

    1: as they are. 2: mirrored, too. 6: also shifted by a pixel to the upper left and to the lower right, each as it
    is and mirrored; what comes in at the edge is the reflection of what is there. Raises CourseError for other numbers.
    """
    if number not in (1, 2, 6):
        raise CourseError(f"A picture is looked at 1, 2 or 6 times, not {number} times.")
    seen = [images]
    if number == 6:
        wider = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")
        seen += [wider[:, 2:, 2:], wider[:, :-2, :-2]]
    return seen if number == 1 else seen + [look[:, :, ::-1] for look in seen]


def whiten(model: keras.Model, images: np.ndarray, *, epsilon: float = 5e-4) -> None:
    """Start the model's first convolution with the directions in which patches of pictures differ most.

    Patches of the kernel's size are cut out, and the eigenvectors of their covariance, each divided by the standard
    deviation along it, become filters, every second one turned round in sign, so that what follows a ReLU sees both
    ends. The outputs then have variance 1 and nothing to do with each other, which a network otherwise has to learn
    first. Where there are more filters than twice the numbers of a patch, the others stay as they are.

    Parameters
    ----------
    model : keras.Model
        Its first ``Conv2D`` is changed; what stands before that layer is applied to the pictures.
    images : array, (n, height, width, channels)
        A few hundred are enough.
    epsilon : float
        Added to the variances, so that directions in which nothing differs are not blown up.

    Raises
    ------
    CourseError
        When the model has no ``Conv2D``, or no picture is given.

    References
    ----------
    Coates and Ng (2012), https://doi.org/10.1007/978-3-642-35289-8_30.
    """
    first = next((layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)), None)
    if first is None or len(images) == 0:
        raise CourseError(
            "Whitening starts a first convolution from pictures: give a model with a Conv2D, and pictures."
        )
    kernel, *bias = first.get_weights()  # (height, width, channels, filters)
    seen = keras.Model(model.inputs[0], first.input)(ops.convert_to_tensor(images, "float32"))
    windows = sliding_window_view(ops.convert_to_numpy(seen), kernel.shape[:2], axis=(1, 2))
    steps = first.strides
    patches = windows[:, :: steps[0], :: steps[1]].transpose(0, 1, 2, 4, 5, 3).reshape(-1, kernel[..., 0].size)
    variances, directions = np.linalg.eigh(np.cov(patches.T))
    number = min(kernel.shape[-1] // 2, len(variances))
    largest = np.argsort(variances)[::-1][:number]
    filters = directions[:, largest] / np.sqrt(variances[largest] + epsilon)
    kernel[..., : 2 * number] = np.concatenate([filters, -filters], axis=1).reshape(*kernel.shape[:3], -1)
    first.set_weights([kernel, *bias])
