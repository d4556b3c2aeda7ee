"""Surface distances beside scipy, on shapes whose distance is known, with thick slices and empty masks; lesions."""

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist, directed_hausdorff
from skimage.metrics import hausdorff_distance as of_skimage

from utils import metrics
from utils.errors import CourseError


@pytest.fixture(params=[0, 1, 2])
def blobs(request):
    random = np.random.default_rng(request.param)
    smooth = [ndimage.gaussian_filter(random.normal(size=(12, 25, 30)), 2) for _ in range(2)]
    return [one > 0.03 for one in smooth]


def surface(mask, spacing):
    return np.argwhere(mask & ~ndimage.binary_erosion(mask)) * spacing


@pytest.mark.parametrize("spacing", [(1, 1, 1), (5, 0.7, 0.9)])
def test_distances_are_scipys(blobs, spacing):
    points = [surface(one, spacing) for one in blobs]
    between = cdist(*points)
    np.testing.assert_allclose(metrics.surface_distances(*blobs, spacing)[0], between.min(1))
    np.testing.assert_allclose(metrics.surface_distances(*blobs, spacing)[1], between.min(0))
    largest = max(directed_hausdorff(*points)[0], directed_hausdorff(*points[::-1])[0])
    assert metrics.hausdorff_distance(*blobs, spacing) == pytest.approx(largest)
    at_95 = max(np.percentile(between.min(1), 95), np.percentile(between.min(0), 95))
    assert metrics.hausdorff_distance(*blobs, spacing, percentile=95) == pytest.approx(at_95)
    mean = np.concatenate([between.min(1), between.min(0)]).mean()
    assert metrics.average_surface_distance(*blobs, spacing) == pytest.approx(mean)


def test_the_largest_distance_is_skimages(blobs):
    edges = [one & ~ndimage.binary_erosion(one) for one in blobs]
    assert metrics.hausdorff_distance(*blobs, 1) == pytest.approx(of_skimage(*edges))


def test_two_squares():
    mask, predicted = np.zeros((2, 9, 20), bool)
    mask[2:6, 3:7], predicted[2:6, 8:12] = True, True
    assert metrics.hausdorff_distance(mask, predicted, (1, 1)) == 5
    assert metrics.hausdorff_distance(mask, predicted, (1, 0.5)) == 2.5
    assert metrics.hausdorff_distance(mask, mask, 1) == metrics.average_surface_distance(mask, mask, 1) == 0


def test_thick_slices_count():
    mask = np.zeros((5, 8, 8), bool)
    mask[1, 2:6, 2:6] = True
    assert metrics.hausdorff_distance(mask, np.roll(mask, 1, axis=0), (5, 1, 1)) == 5
    assert metrics.hausdorff_distance(mask, np.roll(mask, 1, axis=1), (5, 1, 1)) == 1


def test_a_stray_voxel_decides_the_largest_but_not_the_percentile():
    mask = np.zeros((60, 60), bool)
    mask[10:30, 10:30] = True
    stray = mask.copy()
    stray[55, 55] = True
    assert metrics.hausdorff_distance(mask, stray, 1) > 30
    assert metrics.hausdorff_distance(mask, stray, 1, percentile=95) == 0


def test_a_mask_at_the_rim_of_the_picture():
    full = np.ones((4, 5), bool)
    assert [len(one) for one in metrics.surface_distances(full, full, 1)] == [14, 14]


def test_empty_masks():
    some, none = np.eye(4), np.zeros((4, 4))
    for score in (metrics.hausdorff_distance, metrics.average_surface_distance):
        assert score(none, none, 1) == 0
        assert score(some, none, 1) == score(none, some, 1) == np.inf
    with pytest.raises(CourseError, match="The predicted mask is empty"):
        metrics.surface_distances(some, none, 1)


def test_lesions():
    mask, predicted = np.zeros((2, 12, 12), int)
    mask[1:4, 1:4] = mask[6:8, 6:8] = mask[4, 4] = 1  # the third touches the first at a corner
    predicted[3, 3] = predicted[9:11, 0:3] = 1
    assert metrics.lesions(mask, predicted) == (1, 2, 1)
    assert metrics.lesions(mask, predicted).sensitivity == 0.5
    assert metrics.lesions(mask, predicted, overlap=0.2).found == 0
    assert metrics.lesions(mask, mask) == (2, 2, 0)
    assert metrics.lesions(mask, mask * 0) == (0, 2, 0)
    assert metrics.lesions(mask * 0, mask) == (0, 0, 2)
    assert np.isnan(metrics.lesions(mask * 0, mask * 0).sensitivity)


@pytest.mark.parametrize("spacing", [0, -1, np.nan, (1, 2, 3), (1, 0)])
def test_a_spacing_that_is_none(spacing):
    with pytest.raises(CourseError, match="A spacing is one number of mm above 0"):
        metrics.surface_distances(np.eye(3), np.eye(3), spacing)


def test_bad_masks():
    with pytest.raises(CourseError, match="only 0 and 1 are masks"):
        metrics.hausdorff_distance([[0, 2]], [[0, 1]], 1)
    with pytest.raises(CourseError, match="give one shape"):
        metrics.lesions(np.eye(3), np.eye(4))
    with pytest.raises(CourseError, match="A percentile is above 0"):
        metrics.hausdorff_distance(np.eye(3), np.eye(3), 1, percentile=0)
    with pytest.raises(CourseError, match="An overlap is a share"):
        metrics.lesions(np.eye(3), np.eye(3), overlap=1)
