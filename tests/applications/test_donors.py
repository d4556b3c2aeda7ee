"""Transfer for donor sites, on the windows that ship with the course: what sees what, and what learns."""

import numpy as np
import pytest

from utils import datasets
from utils.applications import donors
from utils.errors import UsageError
from utils.features import dna
from utils.metrics import roc_auc


@pytest.fixture(scope="module")
def windows():
    data = datasets.load("splice")
    rows = np.random.default_rng(0).permutation(datasets.splits.deduplicate(data.sequences))[:600]
    return donors.around_cut(dna.one_hot(data.sequences[rows])), (data.labels[rows] == 0).astype(int)


def test_around_the_cut_are_five_letters_of_the_exon_and_thirteen_of_the_intron():
    letters = donors.around_cut(dna.one_hot(["A" * 25 + "C" * 5 + "GT" + "A" * 11 + "C" * 17]))
    assert np.array_equal(letters, dna.one_hot(["C" * 5 + "GT" + "A" * 11]))


def test_the_published_network_knows_donors_without_a_label(windows):
    letters, is_donor = windows
    assert roc_auc(is_donor, donors.predict(donors.published(), letters)[:, 0]) > 0.97
    assert donors.published("features").output.shape == (None, 64)


def test_each_way_learns_from_labels_and_only_from_true_ones(windows):
    letters, is_donor = windows
    shuffled = np.random.default_rng(1).permutation(is_donor[:100])
    for name, learn in donors.ways(steps=60).items():
        said = learn(letters[:100], is_donor[:100], letters[100:], 0)
        assert said.shape == (500,) and 0 <= said.min() <= said.max() <= 1
        assert roc_auc(is_donor[100:], said) > 0.93, name
        if "fine-tuned" not in name:  # what it knew beforehand is not forgotten in so few steps
            assert roc_auc(is_donor[100:], learn(letters[:100], shuffled, letters[100:], 0)) < 0.85, name


def test_the_same_seed_gives_the_same_answers_and_learns_from_the_start_each_time(windows):
    letters, is_donor = windows
    learn = donors.ways(steps=20)["same network, random start"]
    first, other, again = (learn(letters[:60], is_donor[:60], letters[60:], seed) for seed in (0, 1, 0))
    assert np.array_equal(first, again) and np.abs(first - other).max() > 0.01


def test_one_donor_alone_is_too_few_to_choose_on(windows):
    letters = windows[0]
    with pytest.raises(UsageError, match="there are 1 of the rarer kind"):
        donors.ways()["regression on letters"](letters[:20], np.arange(20) == 0, letters, 0)


def test_the_mean_of_several_trainings_is_the_mean_of_their_auc():
    labels = np.array([0, 0, 1, 1])
    said = np.array([[0.1, 0.9], [0.2, 0.8], [0.8, 0.3], [0.9, 0.2]])
    assert donors.mean_auc(labels, said) == 0.5
