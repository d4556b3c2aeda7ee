"""Squares that share nothing, crops that keep picture and mask together, a loss by hand, and seams that do not show."""

import keras
import numpy as np
import pytest

from utils import datasets, metrics
from utils.applications import images, segmentation
from utils.errors import CourseError


@pytest.fixture(scope="module")
def field():
    return datasets.tissue_field(1)


@pytest.fixture(scope="module")
def squares(field):
    return segmentation.cut(field)


def test_no_square_of_two_parts_shares_a_pixel_and_the_gap_is_kept(field, squares):
    for seed in range(5):
        split = segmentation.deal(squares, seed)
        grown = {}
        for part, rows in split.parts().items():
            grown[part] = np.zeros((1500 + 44, 1500 + 44), bool)
            for row, column in squares.corners[rows]:
                grown[part][row : row + 256 + 44, column : column + 256 + 44] = True  # the strip belongs to it, too
        assert not (grown["train"] & grown["test"]).any()
        assert not (grown["train"] & grown["validation"]).any()
        assert not (grown["validation"] & grown["test"]).any()
        assert [len(rows) for rows in split.parts().values()] == [15, 5, 5]


def test_crops_of_training_lie_in_training_squares(squares):
    """Each crop, before its tints change, is a piece of a training square."""
    split = segmentation.deal(squares)
    crops = segmentation.Crops(squares.take(split.train), steps=4, batch_size=4, side=32, tint=0)
    everywhere = {bytes(row) for image in squares.images[split.train, ..., 0] for row in _runs(image)}
    elsewhere = {bytes(row) for image in squares.images[split.test, ..., 0] for row in _runs(image)} - everywhere
    for batch in range(4):
        for crop in crops[batch][0][..., 0].astype(np.uint8):
            runs = {bytes(row) for view in (crop, crop[:, ::-1]) for row in _runs(view)}
            assert runs & everywhere
            assert not runs & elsewhere


def _runs(image):
    """All stretches of 16 pixels along rows and columns."""
    windows = np.lib.stride_tricks.sliding_window_view
    return np.concatenate([windows(one, 16, axis=1).reshape(-1, 16) for one in (image, image.T)])


def test_squares_are_the_field(field, squares):
    row, column = squares.corners[7]
    assert np.array_equal(squares.images[7], field.image[row : row + 256, column : column + 256])
    assert np.array_equal(squares.masks[7], field.instances[row : row + 256, column : column + 256] > 0)
    assert len(squares.take([3, 4]).images) == 2


def test_the_deal_mixes_dense_and_sparse(squares):
    share = squares.masks.mean(axis=(1, 2))
    for seed in range(5):
        for rows in segmentation.deal(squares, seed).parts().values():
            assert abs(share[rows].mean() - share.mean()) < 0.05
    assert not np.array_equal(segmentation.deal(squares, 0).test, segmentation.deal(squares, 1).test)


def test_picture_and_mask_are_turned_together(squares):
    painted = segmentation.Squares(
        np.repeat(squares.masks[..., None], 3, axis=-1).astype(np.uint8) * 200, squares.masks, squares.corners
    )
    crops = segmentation.Crops(painted, steps=3, batch_size=4, side=64, tint=0)
    assert len(crops) == 3
    for batch in range(3):
        x, y = crops[batch]
        assert x.shape == (4, 64, 64, 3)
        assert y.shape == (4, 64, 64, 1)
        assert np.array_equal(x[..., :1] > 100, y == 1)


def test_tints_change_the_picture_and_stay_in_range(squares):
    x, _ = segmentation.Crops(squares, steps=1, batch_size=8, side=64, tint=0.3, seed=1)[0]
    assert 0 <= x.min() <= x.max() <= 255
    assert x.dtype == np.float32


def test_the_loss_by_hand():
    random = np.random.default_rng(0)
    masks = random.integers(0, 2, (2, 4, 4, 1)).astype("float32")
    logits = random.normal(size=masks.shape).astype("float32")
    p = 1 / (1 + np.exp(-logits))
    cross_entropy = -np.mean(masks * np.log(p) + (1 - masks) * np.log(1 - p))
    dice = (2 * np.sum(p * masks) + 1) / (np.sum(p) + np.sum(masks) + 1)
    assert float(segmentation.loss(masks, logits)) == pytest.approx(cross_entropy + 1 - dice, abs=1e-5)
    assert float(segmentation.loss(masks, (2 * masks - 1) * 50)) == pytest.approx(0, abs=1e-5)


def test_the_unet_has_the_training_statistics_and_keeps_the_size(squares):
    unet = segmentation.unet(squares.images[:3], width=4)
    mean = keras.ops.convert_to_numpy(unet.get_layer("normalise").mean)
    assert np.allclose(mean, images.statistics(squares.images[:3])[0], atol=1e-3)
    found = segmentation.predict(unet, squares.images[:2, :64, :96])
    assert found.shape == (2, 64, 96)
    assert 0 <= found.min() <= found.max() <= 1


def test_the_unet_learns(squares):
    """A few steps on one square: better than marking everything."""
    one = squares.take([12])
    unet, history = segmentation.train(one, steps=90, width=8, side=64)
    assert history.history["loss"][-1] < history.history["loss"][0]
    guess = segmentation.predict(unet, one.images)
    everything = metrics.dice(one.masks, np.ones_like(one.masks))
    assert max(metrics.dice(one.masks, guess > cut) for cut in (0.3, 0.5, 0.7)) > everything + 0.1


def test_the_network_to_train_may_be_ones_own(squares):
    asked = []

    def build(pictures, width):
        asked.append((len(pictures), width))
        return segmentation.unet(pictures, width)

    segmentation.train(squares.take([0, 1]), steps=1, width=2, side=32, build=build, run_eagerly=True)
    assert asked == [(2, 2)]


def test_objects_touch_along_a_side_and_have_a_size(squares):
    mask = np.zeros((2, 12, 12), bool)
    mask[0, :4, :4] = mask[0, 4:8, 4:8] = True  # at a corner: two objects
    mask[1, 0, :3], mask[1, 5:9, 5:9] = True, True  # one too small
    found = segmentation.objects(mask, smallest=16)
    assert np.array_equal(found > 0, mask & (np.arange(12) > 3)[:, None] | mask & (np.arange(2) == 0)[:, None, None])
    assert [len(np.unique(one)) - 1 for one in found] == [2, 1]
    cut = segmentation.objects(squares.masks[:2])
    assert np.array_equal(segmentation.objects(squares.masks[:2], smallest=1) > 0, squares.masks[:2])
    assert min(np.bincount(cut[0].ravel())[np.unique(cut[0])]) >= 30


def test_nuclei_that_share_a_piece_are_counted():
    given, found = np.zeros((2, 6, 20), int), np.zeros((2, 6, 20), int)
    given[0, :, :4], given[0, :, 6:10], given[0, :, 12:16] = 3, 5, 9
    found[0, :, :9], found[0, :, 13:16] = 2, 1  # the first two lie in one piece, the third in one of its own
    given[1, :, :4], given[1, :, 6:10] = 1, 2  # neither is found: they share nothing
    assert segmentation.merged(given, found) == 2
    assert segmentation.merged(given, given) == 0


@pytest.mark.parametrize("shape", [(300, 500), (64, 64), (40, 200), (256, 256), (257, 100)])
def test_stitching_gives_back_what_each_piece_says(shape):
    image = np.random.default_rng(0).random((*shape, 3)).astype("float32")
    found = segmentation.stitch(lambda pieces: pieces.mean(axis=-1), image, side=64, overlap=16)
    assert found.shape == shape
    assert np.allclose(found, image.mean(axis=-1), atol=1e-5)


def test_stitching_trusts_the_middle():
    """A predictor that is wrong at the rim of each piece: overlap hides it, except at the rim of the field."""

    def wrong_at_rim(pieces):
        answer = np.ones(pieces.shape[:3], "float32")
        answer[:, 1:-1, 1:-1] = 0
        return answer

    image = np.zeros((200, 200, 3))
    with_overlap = segmentation.stitch(wrong_at_rim, image, side=64, overlap=32)
    without = segmentation.stitch(wrong_at_rim, image, side=64, overlap=0)
    assert with_overlap[10:-10, 10:-10].max() < 0.1
    assert without[10:-10, 10:-10].max() == 1


def test_what_does_not_fit_is_refused(field, squares):
    with pytest.raises(CourseError, match="multiple of 16"):
        segmentation.cut(field, side=100)
    with pytest.raises(CourseError, match="cannot be cut"):
        segmentation.cut(field, side=1600)
    with pytest.raises(CourseError, match="cannot be cut"):
        segmentation.cut(field, gap=-1)
    with pytest.raises(CourseError, match="at least five"):
        segmentation.deal(squares.take([0, 1, 2]))
    with pytest.raises(CourseError, match="cannot be cut from squares"):
        segmentation.Crops(squares, steps=1, side=512)
    with pytest.raises(CourseError, match="give 0 to 63"):
        segmentation.stitch(lambda pieces: pieces[..., 0], np.zeros((64, 64, 3)), side=64, overlap=64)
