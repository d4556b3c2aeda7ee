"""Less noise in a CT: a small 3-D network that learns from patches of one patient, beside three classical methods."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import keras
import numpy as np
from keras import layers
from scipy import ndimage
from skimage.metrics import structural_similarity
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from utils.errors import UsageError
from utils.nn.inference import predict
from utils.nn.schedules import rise_and_fall
from utils.nn.training import fit, seeded

KERNELS = ((3, 3, 3), (1, 3, 3), (1, 3, 3), (3, 3, 3))  # slices are far apart: only two layers look at their neighbours
HALO = tuple(sum(kernel[axis] // 2 for kernel in KERNELS) for axis in range(3))  # what a voxel sees on each side
SCALE = 1000.0  # HU; the network sees numbers about as large as 1
AIR = -1000.0  # HU


def grain(shape: tuple[int, int, int], noise: float, random: np.random.Generator) -> np.ndarray:
    """Noise as filtered back-projection makes it: grainy, since its power rises with the frequency, then falls.

    Within a slice the power at frequency f (cycles per pixel) is f · cos²(πf), the ramp filter's with a smooth end
    (Riederer and others 1978, https://doi.org/10.1088/0031-9155/23/3/008); slices are independent of each other. What a
    real scan has beside it is missing: streaks behind dense bone, more noise in thick parts of the body.

    Parameters
    ----------
    shape : (slices, rows, columns)
    noise : float
        Standard deviation, for example in HU.
    random : numpy.random.Generator

    Returns
    -------
    float32, of this shape
    """
    frequency = np.hypot(np.fft.fftfreq(shape[1])[:, None], np.fft.rfftfreq(shape[2]))
    gain = np.sqrt(frequency) * np.cos(np.pi * np.minimum(frequency, 0.5))
    white = np.fft.rfft2(random.normal(size=shape).astype(np.float32))
    found = np.fft.irfft2(white * gain, s=shape[1:])
    return (noise / found.std() * found).astype(np.float32)


def body(voxels: np.ndarray) -> np.ndarray:
    """bool (slices, rows, columns): the largest thing denser than −400 HU in each slice, and what it encloses."""
    found = np.zeros(voxels.shape, bool)
    for place, one in enumerate(voxels):
        parts, count = ndimage.label(ndimage.binary_opening(one > -400, iterations=2))
        if count:
            largest = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
            found[place] = ndimage.binary_fill_holes(largest)
    return found


# --- the network --------------------------------------------------------------------------------------------------


def denoiser(width: int = 16) -> keras.Model:
    """A network that finds the noise in a patch and subtracts it: four 3-D convolutions, as in DnCNN.

    After Zhang and others (2017), https://doi.org/10.1109/TIP.2017.2662206. Without padding: the answer is smaller than
    the patch by ``HALO`` on each side, and the same wherever the patch was cut. Not compiled; takes and returns
    (batch, slices, rows, columns, 1) in thousands of HU.
    """
    inputs = keras.Input((None, None, None, 1))
    x = inputs
    for kernel in KERNELS[:-1]:
        x = layers.Conv3D(width, kernel, activation="relu")(x)
    noise = layers.Conv3D(1, KERNELS[-1], name="noise")(x)
    return keras.Model(inputs, layers.Subtract()([layers.Cropping3D(HALO)(inputs), noise]), name="denoiser")


class Patches(keras.utils.PyDataset):
    """Batches for ``fit``: patches from inside the body, each under grain that it has never had before.

    voxels: (slices, rows, columns) in HU, without the added noise. There are ``steps`` batches of ``batch_size``
    patches of ``size``; mirrored left and right at random. Yields the noisy patches with a halo around, and what is
    under the noise, both float32 (batch, …, 1) in thousands of HU.
    """

    def __init__(
        self,
        voxels: np.ndarray,
        *,
        noise: float,
        steps: int,
        batch_size: int = 8,
        size: tuple[int, int, int] = (3, 32, 32),
        seed: int = 0,
    ):
        super().__init__()
        self.random, self.steps, self.batch_size, self.size = np.random.default_rng(seed), steps, batch_size, size
        self.clean = padded(voxels)
        self.grain = grain(self.clean.shape, noise, self.random)
        room = np.array(voxels.shape) - size
        corners = np.argwhere(body(voxels)) - np.array(size) // 2
        self.corners = corners[((corners >= 0) & (corners <= room)).all(axis=1)]

    def __len__(self):
        return self.steps

    def __getitem__(self, _: int):
        whole = np.array(self.size) + 2 * np.array(HALO)
        clean, noisy = [], []
        for _ in range(self.batch_size):
            patch = _cut(self.clean, self.random.choice(self.corners), whole)
            elsewhere = self.random.integers(np.array(self.grain.shape) - whole + 1)
            patch = patch[..., :: self.random.choice([1, -1])]
            clean.append(patch[tuple(slice(halo, -halo) for halo in HALO)])
            noisy.append(patch + _cut(self.grain, elsewhere, whole))
        return np.stack(noisy)[..., None] / SCALE, np.stack(clean)[..., None] / SCALE


def _cut(array: np.ndarray, corner: np.ndarray, size: np.ndarray):
    return array[tuple(slice(start, start + length) for start, length in zip(corner, size, strict=True))]


def padded(voxels: np.ndarray) -> np.ndarray:
    """float32: the voxels with a halo around, continued by their mirror image."""
    return np.pad(voxels.astype(np.float32), [(halo, halo) for halo in HALO], mode="symmetric")


def train_denoiser(
    voxels: np.ndarray,
    *,
    noise: float,
    steps: int,
    width: int = 16,
    seed: int = 0,
    run_eagerly: bool = False,
    **options: Any,
) -> tuple[keras.Model, keras.callbacks.History]:
    """Train the network on patches of one patient; returns (model, what ``fit`` returned).

    voxels: (slices, rows, columns) in HU. noise: standard deviation in HU. steps: batches in all. seed: of start,
    patches and noise. options: for ``Patches``. The learning rate rises to 0.005 and falls along a cosine.
    """
    with seeded(seed):
        model = denoiser(width)
    model.compile(
        keras.optimizers.Adam(rise_and_fall(steps, 0.005)),
        "mean_squared_error",
        jit_compile=False,
        run_eagerly=run_eagerly,
    )
    patches = Patches(voxels, noise=noise, steps=steps, seed=seed, **options)
    return model, fit(model, patches, epochs=max(steps // 40, 1), steps_per_epoch=min(steps, 40))


def denoised(model: keras.Model, voxels: np.ndarray, slices: int = 4) -> np.ndarray:
    """The answer of the network for a whole volume in HU, float32, ``slices`` at a time, so that memory is bounded."""
    around, found = padded(voxels) / SCALE, []
    for start in range(0, len(voxels), slices):
        slab = around[start : start + slices + 2 * HALO[0]]
        found.append(predict(model, slab[None, ..., None])[0, ..., 0])
    return SCALE * np.concatenate(found)


# --- how good -----------------------------------------------------------------------------------------------------


def quality(
    clean: np.ndarray, answer: np.ndarray, region: np.ndarray, limits: tuple[float, float] = (-1000.0, 400.0)
) -> np.ndarray:
    """PSNR (dB) and SSIM of each slice: float64 (slices, 2), over the pixels of ``region`` (bool) in it.

    All are (slices, rows, columns). What lies outside ``limits`` (HU) is cut off; their distance is the range that both
    measures need. SSIM: Wang and others (2004), https://doi.org/10.1109/TIP.2003.819861, in squares of 7 pixels. A
    slice without a pixel in the region has NaN.
    """
    found, span = [], limits[1] - limits[0]
    for truth, seen, where in zip(clean.clip(*limits), answer.clip(*limits), region, strict=True):
        error = np.sqrt(np.mean((truth - seen)[where] ** 2))
        alike = structural_similarity(truth, seen, data_range=span, full=True)[1]
        found.append((20 * np.log10(span / error), alike[where].mean()))
    return np.array(found)


# --- classical rivals ---------------------------------------------------------------------------------------------


def gaussian(voxels: np.ndarray, noise: float, setting: tuple[float, float]) -> np.ndarray:
    """A weighted mean of the neighbours; setting: its spread across slices and within them, in voxels."""
    across, within = setting
    return ndimage.gaussian_filter(voxels.astype(np.float32), (across, within, within))


def non_local_means(voxels: np.ndarray, noise: float, setting: tuple[float, int]) -> np.ndarray:
    """The mean of pixels whose surroundings look alike, slice by slice.

    setting: how alike, in units of the noise; side of a surrounding in pixels. Buades and others (2005),
    https://doi.org/10.1109/CVPR.2005.38.
    """
    alike, side = setting
    options = {"patch_size": side, "patch_distance": 5, "h": alike * noise, "sigma": noise, "fast_mode": True}
    return np.stack([denoise_nl_means(one, **options) for one in voxels.astype(np.float32)])


def total_variation(voxels: np.ndarray, noise: float, setting: tuple[float, int]) -> np.ndarray:
    """The picture, or the volume, that is near the noisy one and has few edges.

    setting: weight of the edges in units of the noise; 2, slice by slice, or 3, the volume as a whole. Rudin and others
    (1992), https://doi.org/10.1016/0167-2789(92)90242-F, by the method of Chambolle (2004),
    https://doi.org/10.1023/B:JMIV.0000011325.36760.1e.
    """
    weight, axes = setting
    parts = [voxels] if axes == 3 else voxels
    found = [denoise_tv_chambolle(one.astype(np.float32), weight * noise, max_num_iter=40) for one in parts]
    return found[0] if axes == 3 else np.stack(found)


RIVALS: Mapping[str, tuple[Callable, tuple]] = {
    "Gaussian": (gaussian, tuple(product((0.0, 0.4), (0.6, 0.8, 1.0)))),
    "total variation": (total_variation, tuple(product((0.7, 1.0, 1.3), (2, 3)))),
    "non-local means": (non_local_means, tuple(product((0.6, 0.8, 1.0), (5, 7)))),
}


def tuned(
    name: str, noisy: np.ndarray, noise: float, score: Callable[[np.ndarray], float]
) -> tuple[tuple, Callable[[np.ndarray], np.ndarray]]:
    """The best setting of a classical method on slices of a training patient, and the method with it.

    Parameters
    ----------
    name : str
        A key of ``RIVALS``.
    noisy : (slices, rows, columns)
        Neighbouring slices in HU.
    noise : float
        Standard deviation in HU; the methods need it.
    score : callable
        Takes the denoised slices and returns a number, the larger the better.

    Raises
    ------
    UsageError
        When there is no such method.
    """
    if name not in RIVALS:
        raise UsageError(f"There is no method {name!r}: choose {', '.join(RIVALS)}.")
    method, settings = RIVALS[name]
    best = max(settings, key=lambda setting: score(method(noisy, noise, setting)))
    return best, lambda voxels: method(voxels, noise, best)
