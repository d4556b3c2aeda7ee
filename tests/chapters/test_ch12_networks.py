"""One network with the weights of several trainings: each is what it is, and the first comes back."""

import numpy as np
import pytest

from utils.applications.images import Recipe
from utils.chapters.ch12_networks import Trainings
from utils.errors import UsageError

RECIPE = Recipe(epochs=1, batch_size=6, width=4, mirror="none", turn=0, shift=0, zoom=0, light=0)


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(0)
    return random.integers(0, 256, (12, 16, 16, 3), dtype="uint8"), np.arange(12) % 3


@pytest.fixture(scope="module")
def trained(pictures):
    images, labels = pictures
    trainings = Trainings(images, labels, 4, RECIPE, run_eagerly=True)
    trainings.learn("first", images)
    trainings.learn("again", images)
    trainings.learn("other pictures", images[::-1])
    trainings.learn("other seed", images, seed=1)
    return trainings


def answers(trained, pictures, name):
    with trained.using(name) as model:
        return model.predict(pictures[0], verbose=0)


def test_trainings_differ_in_their_pictures_and_seed_alone(trained, pictures):
    first = answers(trained, pictures, "first")
    assert first.shape == (12, 4)  # a class of which no picture was seen has its column
    np.testing.assert_allclose(first.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(answers(trained, pictures, "again"), first)
    assert np.abs(answers(trained, pictures, "other pictures") - first).max() > 1e-4
    assert np.abs(answers(trained, pictures, "other seed") - first).max() > 1e-4


def test_after_the_block_the_first_training_is_back(trained, pictures):
    first = trained.model.predict(pictures[0], verbose=0)
    with pytest.raises(ZeroDivisionError), trained.using("other seed"):
        1 / 0  # noqa: B018 - whatever happens within
    np.testing.assert_array_equal(trained.model.predict(pictures[0], verbose=0), first)
    np.testing.assert_array_equal(answers(trained, pictures, "first"), first)


def test_a_training_that_is_not_there_is_named(trained, pictures):
    with pytest.raises(UsageError, match="no training 'third'; there are 'first', 'again'"), trained.using("third"):
        pass
    with pytest.raises(UsageError, match="12 labels and 5 pictures"):
        trained.learn("few", pictures[0][:5])
