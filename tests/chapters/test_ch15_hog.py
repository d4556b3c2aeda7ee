"""Histograms of oriented gradients: the numbers of scikit-image, for all pictures at once."""

import numpy as np
import pytest
from skimage import feature

from utils import datasets
from utils.chapters.ch15_hog import hog
from utils.errors import UsageError


@pytest.mark.parametrize(("crop", "cell"), [(0, 8), (4, 6), (3, 8)])
def test_the_numbers_are_those_of_scikit_image(crop, cell):
    pictures = datasets.load("cifar10_small").images[:40, crop : 32 - crop, crop : 32 - crop]
    options = {"orientations": 9, "pixels_per_cell": (cell, cell), "cells_per_block": (2, 2), "channel_axis": -1}
    expected = np.array([feature.hog(picture, **options) for picture in pictures])
    np.testing.assert_allclose(hog(pictures, cell=cell), expected, atol=1e-5)


def test_light_and_contrast_do_not_count():
    pictures = datasets.load("nuclei").images[:20].astype("float32")
    np.testing.assert_allclose(hog(0.5 * pictures + 30), hog(pictures), atol=1e-3)


@pytest.mark.parametrize(("shape", "cell"), [((5, 24, 24), 6), ((5, 24, 24, 3), 5), ((5, 8, 24, 3), 6)])
def test_pictures_without_blocks_are_refused(shape, cell):
    with pytest.raises(UsageError, match="at least two cells"):
        hog(np.zeros(shape), cell=cell)
