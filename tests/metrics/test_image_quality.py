"""Noise and structure of pictures, beside scikit-image."""

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from utils import datasets, metrics
from utils.errors import CourseError


@pytest.mark.parametrize("size", [(40, 50), (15, 20, 25)])
@pytest.mark.parametrize("noise", [0.05, 0.5])
def test_both_are_skimages(size, noise):
    random = np.random.default_rng(0)
    clean = random.normal(size=size)
    picture = clean + noise * random.normal(size=size)
    judged = structural_similarity(
        clean, picture, data_range=4.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    assert metrics.ssim(clean, picture, 4.0) == pytest.approx(judged)
    assert metrics.psnr(clean, picture, 4.0) == pytest.approx(peak_signal_noise_ratio(clean, picture, data_range=4.0))


def test_what_is_equal_and_what_is_noisier():
    clean = datasets.load("scans").volume("lung1").voxels[20].astype(float)
    noise = np.random.default_rng(1).normal(size=clean.shape)
    assert metrics.psnr(clean, clean, 1500) == np.inf and metrics.ssim(clean, clean, 1500) == pytest.approx(1)
    less, more = metrics.psnr(clean, clean + 20 * noise, 1500), metrics.psnr(clean, clean + 40 * noise, 1500)
    assert less - more == pytest.approx(20 * np.log10(2))
    assert metrics.ssim(clean, clean + 20 * noise, 1500) > metrics.ssim(clean, clean + 40 * noise, 1500)
    whole = clean.astype(np.int16)
    assert metrics.psnr(whole, whole + np.int16(30_000), 1500) == pytest.approx(20 * np.log10(1500 / 30_000))


def test_bad_pictures():
    with pytest.raises(CourseError, match="give one shape"):
        metrics.psnr(np.eye(3), np.eye(4), 1)
    with pytest.raises(CourseError, match="range of the data is above 0"):
        metrics.psnr(np.eye(3), np.eye(3), 0)
    with pytest.raises(CourseError, match="at least 11 along each side"):
        metrics.ssim(np.eye(10), np.eye(10), 1)
    with pytest.raises(CourseError, match="missing values"):
        metrics.ssim(np.full((12, 12), np.nan), np.eye(12), 1)
