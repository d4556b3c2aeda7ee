"""Ink is where it is said to be, and maps have one number per pixel."""

import numpy as np

from utils.chapters.ch12_pictures import per_pixel, stamp


def test_the_ink_is_in_a_corner_and_nowhere_else():
    images = np.random.default_rng(0).integers(200, 256, (40, 30, 20, 3), dtype="uint8")
    before = images.copy()
    marked, where = stamp(images, 3, side=5, colour=(1, 2, 3))
    np.testing.assert_array_equal(images, before)
    assert (where.sum(axis=(1, 2)) == 25).all() and (marked[where] == (1, 2, 3)).all()
    np.testing.assert_array_equal(marked[~where], images[~where])
    corners = {tuple(np.argwhere(one)[0]) for one in where}
    assert corners == {(1, 1), (1, 14), (24, 1), (24, 14)}
    np.testing.assert_array_equal(stamp(images, 3, side=5)[1], where)
    assert (stamp(images, 4, side=5)[1] != where).any()


def test_channels_are_added_up_and_maps_without_them_are_left():
    images = np.ones((2, 4, 4, 3))
    found = per_pixel(lambda model, x, target, factor: factor * x, factor=2)(None, images, 0)
    np.testing.assert_array_equal(found, np.full((2, 4, 4), 6.0))
    np.testing.assert_array_equal(per_pixel(lambda model, x, target: x[..., 0])(None, images, 0), np.ones((2, 4, 4)))
