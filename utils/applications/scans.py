"""Less noise in a CT: a small 3-D network that learns from patches of one patient, beside three classical methods."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from typing import Any

import joblib
import keras
import numpy as np
from keras import layers
from scipy import ndimage
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle

from utils import metrics
from utils.errors import UsageError
from utils.features.scans_patches import slide
from utils.nn.inference import predict
from utils.nn.schedules import rise_and_fall
from utils.nn.training import fit, seeded

KERNELS = ((3, 3, 3), *[(1, 3, 3)] * 4, (3, 3, 3))  # slices are far apart: only two layers look at their neighbours
HALO = tuple(sum(kernel[axis] // 2 for kernel in KERNELS) for axis in range(3))  # what a voxel sees on each side
LIMITS = -1000.0, 400.0  # HU, from air to dense soft tissue: where a denoised scan is judged
SCALE = 200.0  # HU; the network sees them divided by this


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


# --- the network --------------------------------------------------------------------------------------------------


def denoiser(width: int = 16) -> keras.Model:
    """A network that finds the noise in a patch and subtracts it: six 3-D convolutions, as in DnCNN.

    After Zhang and others (2017), https://doi.org/10.1109/TIP.2017.2662206. Without padding: the answer is smaller than
    the patch by ``HALO`` on each side, and the same wherever the patch was cut. It begins with subtracting nothing. Not
    compiled; takes and returns (batch, slices, rows, columns, 1), HU divided by ``SCALE``.
    """
    inputs = keras.Input((None, None, None, 1))
    x = inputs
    for kernel in KERNELS[:-1]:
        x = layers.Conv3D(width, kernel, activation="relu")(x)
    noise = layers.Conv3D(1, KERNELS[-1], kernel_initializer="zeros", name="noise")(x)
    return keras.Model(inputs, layers.Subtract()([layers.Cropping3D(HALO)(inputs), noise]), name="denoiser")


class Patches(keras.utils.PyDataset):
    """Batches for ``fit``: patches from inside the body, each under grain that it has never had before.

    voxels: (slices, rows, columns) in HU, without the added noise. region: bool, of the same shape, where the middle of
    a patch may lie. There are ``steps`` batches of ``batch_size`` patches of ``size``, some mirrored. Yields the
    noisy patches with a halo around, and what is under the noise, both float32 (batch, …, 1), HU over ``SCALE``.
    """

    def __init__(
        self,
        voxels: np.ndarray,
        region: np.ndarray,
        *,
        noise: float,
        steps: int,
        batch_size: int = 1,
        size: tuple[int, int, int] = (3, 64, 64),
        seed: int = 0,
    ):
        super().__init__()
        self.random, self.steps, self.batch_size, self.size = np.random.default_rng(seed), steps, batch_size, size
        self.clean = padded(voxels)
        self.grain = grain(self.clean.shape, noise, self.random)
        middles = tuple(
            slice(side // 2, side // 2 + one - side + 1) for side, one in zip(size, voxels.shape, strict=True)
        )
        self.room = region[middles].shape  # of corners, one for each place of a middle
        self.corners = np.flatnonzero(region[middles])

    def __len__(self):
        return self.steps

    def __getitem__(self, _: int):
        whole = np.array(self.size) + 2 * np.array(HALO)
        clean, noisy = [], []
        for _ in range(self.batch_size):
            corner = np.unravel_index(self.random.choice(self.corners), self.room)
            patch = _cut(self.clean, corner, whole)
            elsewhere = self.random.integers(np.array(self.grain.shape) - whole + 1)
            patch = patch[..., :: self.random.choice([1, -1])]
            clean.append(patch[tuple(slice(halo, -halo) for halo in HALO)])
            noisy.append(patch + _cut(self.grain, elsewhere, whole))
        return np.stack(noisy)[..., None] / SCALE, np.stack(clean)[..., None] / SCALE


def _cut(array: np.ndarray, corner: Sequence, size: np.ndarray):
    return array[tuple(slice(start, start + length) for start, length in zip(corner, size, strict=True))]


def padded(voxels: np.ndarray) -> np.ndarray:
    """float32: the voxels with a halo around, continued by their mirror image."""
    return np.pad(voxels.astype(np.float32), [(halo, halo) for halo in HALO], mode="symmetric")


def train_denoiser(
    voxels: np.ndarray,
    region: np.ndarray,
    *,
    noise: float,
    steps: int,
    width: int = 16,
    seed: int = 0,
    run_eagerly: bool = False,
    **options: Any,
) -> tuple[keras.Model, keras.callbacks.History]:
    """Train the network on patches of one patient; returns (model, what ``fit`` returned).

    voxels, region: as for ``Patches``. noise: standard deviation in HU. steps: batches in all. seed: of start, patches
    and noise. options: for ``Patches``. The learning rate rises to 0.005 and falls along a cosine.
    """
    with seeded(seed):
        model = denoiser(width)
    model.compile(
        keras.optimizers.Adam(rise_and_fall(steps, 0.005)),
        "mean_squared_error",
        jit_compile=False,
        run_eagerly=run_eagerly,
    )
    patches = Patches(voxels, region, noise=noise, steps=steps, seed=seed, **options)
    return model, fit(model, patches, epochs=max(steps // 40, 1), steps_per_epoch=min(steps, 40))


def denoised(model: keras.Model, voxels: np.ndarray, size: tuple[int, int, int] = (8, 512, 512)) -> np.ndarray:
    """The answer of the network for a whole volume in HU, float32, by a window that slides over it.

    size: of the window with its halo, in voxels; the answer is the same for any.
    """

    def with_a_rim(patches):
        return np.pad(predict(model, patches), [(0, 0), *((halo, halo) for halo in HALO), (0, 0)])

    around = padded(voxels) / SCALE
    found = slide(with_a_rim, around, size, overlap=0.0, halo=HALO, weights="flat", batch=1)[..., 0]
    return SCALE * found[tuple(slice(halo, -halo) for halo in HALO)]


# --- how good -----------------------------------------------------------------------------------------------------


def psnr(clean: np.ndarray, answer: np.ndarray, region: np.ndarray) -> np.ndarray:
    """PSNR in dB of each slice over the pixels of the region: float64 (slices,); see ``metrics.psnr``.

    clean, answer, region (bool, some pixels of each slice): (slices, rows, columns). What lies outside ``LIMITS`` is
    cut off; their distance is the range that the measure needs.
    """
    slices = zip(clean.clip(*LIMITS), answer.clip(*LIMITS), region, strict=True)
    return np.array([metrics.psnr(truth[where], seen[where], LIMITS[1] - LIMITS[0]) for truth, seen, where in slices])


def ssim(clean: np.ndarray, answer: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Structural similarity of each slice in the box around the region: float64 (slices,). As ``psnr`` otherwise."""
    found = []
    for truth, seen, where in zip(clean.clip(*LIMITS), answer.clip(*LIMITS), region, strict=True):
        sides = [np.flatnonzero(where.any(axis=axis)) for axis in (1, 0)]
        box = tuple(slice(places[0], places[-1] + 1) for places in sides)
        found.append(metrics.ssim(truth[box], seen[box], LIMITS[1] - LIMITS[0]))
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
    return _slice_by_slice(partial(denoise_nl_means, **options), voxels)


def total_variation(voxels: np.ndarray, noise: float, setting: tuple[float, int]) -> np.ndarray:
    """The picture, or the volume, that is near the noisy one and has few edges.

    setting: weight of the edges in units of the noise; 2, slice by slice, or 3, the volume as a whole. Rudin and others
    (1992), https://doi.org/10.1016/0167-2789(92)90242-F, by the method of Chambolle (2004),
    https://doi.org/10.1023/B:JMIV.0000011325.36760.1e.
    """
    weight, axes = setting
    method = partial(denoise_tv_chambolle, weight=weight * noise, max_num_iter=40)
    return method(voxels.astype(np.float32)) if axes == 3 else _slice_by_slice(method, voxels)


def _slice_by_slice(method: Callable[[np.ndarray], np.ndarray], voxels: np.ndarray) -> np.ndarray:
    """All slices as the method leaves them, on all cores: the library works without holding Python's lock."""
    with ThreadPoolExecutor(joblib.cpu_count()) as pool:
        return np.stack(list(pool.map(method, voxels.astype(np.float32))))


RIVALS: Mapping[str, tuple[Callable, tuple]] = {
    "Gaussian": (gaussian, tuple(product((0.0, 0.4), (0.5, 0.6, 0.7)))),
    "total variation": (total_variation, tuple(product((0.6, 0.8, 1.0), (2, 3)))),
    "non-local means": (non_local_means, tuple(product((0.6, 0.8, 1.0), (5, 7)))),
}


def tuned(
    name: str, noisy: np.ndarray, noise: float, score: Callable[[np.ndarray], float]
) -> tuple[Callable[[np.ndarray, float], np.ndarray], tuple, float]:
    """A classical method with its best setting on slices of a training patient.

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

    Returns
    -------
    (method, setting, score)
        The method takes (voxels, noise) and returns the denoised voxels.

    Raises
    ------
    UsageError
        When there is no such method.
    """
    if name not in RIVALS:
        raise UsageError(f"There is no method {name!r}: choose {', '.join(RIVALS)}.")
    method, settings = RIVALS[name]
    scores = {setting: score(method(noisy, noise, setting)) for setting in settings}
    best = max(scores, key=scores.get)
    return partial(method, setting=best), best, scores[best]
