"""Pictures on their way into a network: crops, looks, and a first layer that starts from them."""

import keras
import numpy as np
import pytest

from utils.chapters import ch06_recipe as recipes
from utils.chapters import ch06_views as views
from utils.errors import CourseError


@pytest.mark.parametrize("size", [24, 32])
def test_crops_are_squares_of_the_picture(size):
    random = np.random.default_rng(0)
    image = np.arange(40 * 40 * 3).reshape(1, 40, 40, 3)
    places = set()
    for crop in views.crops(image, np.zeros(2000, int), size, True, random):
        if crop[0, 0, 0] > crop[0, 1, 0]:
            crop = crop[:, ::-1]
        top, left = divmod(int(crop[0, 0, 0]) // 3, 40)
        assert np.array_equal(crop, image[0, top : top + size, left : left + size])
        places.add((top, left))
    assert len(places) > 0.8 * (41 - size) ** 2
    assert {0, 40 - size} <= {top for top, _ in places}
    assert {0, 40 - size} <= {left for _, left in places}


def test_without_augmentation_the_middle_is_cut():
    image = np.arange(32 * 32 * 3).reshape(1, 32, 32, 3)
    crop = views.crops(image, np.zeros(2, int), 24, False, np.random.default_rng(0))
    assert np.array_equal(crop[1], image[0, 4:28, 4:28])


def test_six_looks_are_shifted_by_a_pixel_and_mirrored():
    images = np.arange(2 * 5 * 4 * 3).reshape(2, 5, 4, 3)
    seen = views.tta_views(images, 6)
    assert len(seen) == 6
    assert all(look.shape == images.shape for look in seen)
    assert np.array_equal(seen[1][:, :-1, :-1], images[:, 1:, 1:])  # to the upper left
    assert np.array_equal(seen[2][:, 1:, 1:], images[:, :-1, :-1])  # to the lower right
    for plain, mirrored in zip(seen[:3], seen[3:], strict=True):
        assert np.array_equal(mirrored, plain[:, :, ::-1])


def test_other_numbers_of_looks_are_refused():
    with pytest.raises(CourseError, match="1, 2 or 6"):
        views.tta_views(np.zeros((1, 8, 8, 3)), 3)


@pytest.fixture
def cloudy():
    """Pictures whose neighbouring pixels are alike, as in photographs."""
    noise = np.random.default_rng(0).normal(128, 60, size=(60, 33, 33, 3))
    return (noise[:, 1:, 1:] + noise[:, :-1, 1:] + noise[:, 1:, :-1] + noise[:, :-1, :-1]) / 4


def responses(model, images):
    """What the first convolution gives where its kernel lies inside the picture: (places, filters)."""
    layer = next(layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D))
    found = keras.ops.convert_to_numpy(keras.Model(model.inputs[0], layer.output)(images.astype("float32")))
    return found[:, 2:-2, 2:-2].reshape(-1, found.shape[-1])


def test_whitened_filters_are_uncorrelated_with_variance_one(cloudy):
    model = recipes.course_cnn(width=16)
    before = np.corrcoef(responses(model, cloudy)[:, :8].T) - np.eye(8)
    views.whiten(model, cloudy)
    found = responses(model, cloudy)
    assert np.allclose(found.var(axis=0), 1, atol=0.15)
    assert np.abs(np.corrcoef(found[:, :8].T) - np.eye(8)).max() < 0.1 < np.abs(before).max()
    assert np.allclose(found[:, :8], -found[:, 8:], atol=1e-3)  # both ends of each direction


def test_more_filters_than_directions_keep_the_rest(cloudy):
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(10, 1)])
    before = model.get_weights()[0]
    views.whiten(model, cloudy)
    after = model.get_weights()[0]
    assert np.array_equal(before[..., 6:], after[..., 6:])
    assert not np.allclose(before[..., :6], after[..., :6])


def test_whitening_needs_a_convolution_and_pictures(cloudy):
    with pytest.raises(CourseError, match="Conv2D"):
        views.whiten(keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]), np.zeros((3, 4)))
    with pytest.raises(CourseError, match="pictures"):
        views.whiten(recipes.course_cnn(width=4), cloudy[:0])
