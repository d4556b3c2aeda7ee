"""The p-value of a two-sample test, and repainted pictures."""

import numpy as np
import pytest

from utils import datasets
from utils.chapters import ch13_shift
from utils.errors import UsageError


def test_p_values_are_uniform_where_nothing_differs():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 5)
    found = [
        ch13_shift.p_value(rng.normal(size=100) + rng.normal(size=20)[groups], groups % 2, groups, 99, seed)
        for seed in range(200)
    ]
    assert 0.4 < np.mean(found) < 0.6
    assert np.mean(np.array(found) <= 0.05) <= 0.1


def test_a_clear_difference_is_as_rare_as_the_shuffles_can_say():
    groups = np.repeat(np.arange(20), 5)
    assert ch13_shift.p_value(groups >= 10, groups >= 10, groups, 99) == 0.01
    assert ch13_shift.p_value(groups < 10, groups >= 10, groups, 99) == 1


def test_equal_scores_say_nothing():
    groups = np.arange(10)
    assert ch13_shift.p_value(np.zeros(10), groups % 2, groups, 19) == 1


@pytest.mark.parametrize("is_new", [np.zeros(4), np.ones(4), [0, 1, 0, 1]])
def test_what_cannot_be_shuffled_is_refused(is_new):
    with pytest.raises(UsageError, match="of 4 rows are new"):
        ch13_shift.p_value(np.arange(4), is_new, [0, 0, 1, 1], 19)


def test_repainted_pictures_have_the_other_colours_and_stay_where_nothing_differs():
    nuclei = datasets.load("nuclei")
    one, other = nuclei.images[nuclei.fields == 1][:200], nuclei.images[nuclei.fields == 2][:200]
    painted = ch13_shift.repainted(one, one, other)
    assert painted.dtype == np.uint8
    assert painted.shape == one.shape
    means = [pictures.mean(axis=(0, 1, 2)) for pictures in (one, painted, other)]
    assert np.all(np.abs(means[1] - means[2]) < 0.2 * np.abs(means[0] - means[2]))
    assert np.abs(ch13_shift.repainted(one, one, one).astype(int) - one).max() <= 1
