"""How alike a picture is to the one that it should be: noise, and structure."""

import numpy as np
from numpy.typing import ArrayLike

from utils.errors import CourseError
from utils.metrics import checks

WINDOW = 5  # pixels on each side of the middle of SSIM's window


def psnr(clean: ArrayLike, picture: ArrayLike, data_range: float) -> float:
    """Peak signal-to-noise ratio in decibels: 10 log10(range² / mean squared error). Equal pictures: infinite.

    clean, picture: one shape, finite numbers. data_range: of the values that matter, for example the width of the
    window in Hounsfield units; above 0. Twice the noise is 6 dB less.
    """
    clean, picture = _pictures(clean, picture, data_range)
    error = np.mean((clean - picture) ** 2)
    return float(10 * np.log10(data_range**2 / error)) if error else float("inf")


def ssim(clean: ArrayLike, picture: ArrayLike, data_range: float) -> float:
    """Structural similarity of two pictures (rows, columns) or volumes: 1 when equal, near 0 when unlike.

    Means, spreads and their correlation in a Gaussian window of standard deviation 1.5 (11 voxels wide), averaged over
    all windows that lie inside; each side has at least 11 voxels. Wang and others, 2004, doi:10.1109/TIP.2003.819861.
    clean, picture, data_range: as for ``psnr``.
    """
    from scipy import ndimage

    clean, picture = _pictures(clean, picture, data_range)
    if min(clean.shape) < 2 * WINDOW + 1:
        raise CourseError(f"The pictures are {clean.shape}; SSIM needs at least {2 * WINDOW + 1} along each side.")

    def mean(values: np.ndarray) -> np.ndarray:
        return ndimage.gaussian_filter(values, 1.5, truncate=3.5)

    one, two = mean(clean), mean(picture)
    spread_one, spread_two = mean(clean * clean) - one * one, mean(picture * picture) - two * two
    together = mean(clean * picture) - one * two
    small, smaller = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    similar = (2 * one * two + small) * (2 * together + smaller)
    similar /= (one**2 + two**2 + small) * (spread_one + spread_two + smaller)
    return float(similar[(slice(WINDOW, -WINDOW),) * clean.ndim].mean())


def _pictures(clean: ArrayLike, picture: ArrayLike, data_range: float) -> tuple[np.ndarray, np.ndarray]:
    clean = np.asarray(checks.numbers(clean, "values of the clean picture"), float)
    picture = np.asarray(checks.numbers(picture, "values of the picture"), float)
    if clean.shape != picture.shape:
        raise CourseError(f"The clean picture has shape {clean.shape} and the other {picture.shape}: give one shape.")
    if not data_range > 0:
        raise CourseError(f"The range of the data is above 0; got {data_range!r}.")
    return clean, picture
