"""Training against a clock: the schedule, the crops, the time that is kept, and what is refused."""

import itertools
from dataclasses import replace

import keras
import numpy as np
import pytest

from utils.chapters import ch06_recipe as recipes
from utils.errors import CourseError
from utils.exercises.core import get
from utils.nn import layers as models

FAST = recipes.Recipe(batch_size=16, augment=True, tta_views=1, whiten=False)


@pytest.fixture
def pictures():
    random = np.random.default_rng(0)
    labels = np.arange(64) % 10
    images = random.integers(0, 40, size=(64, 32, 32, 3)) + 20 * labels[:, None, None, None]
    return images.astype("uint8"), labels


def ticking(step=1.0):
    """A clock that goes on by ``step`` seconds each time somebody looks."""
    return itertools.count(0, step).__next__


def tiny():
    return recipes.course_cnn(width=4)


def test_the_schedule_is_that_of_the_exercise():
    for passed in np.linspace(0, 1, 41):
        assert recipes.one_cycle(passed, 0.3) == pytest.approx(get("6.5")(passed, 0.3))
    assert recipes.one_cycle(-1, 1) == pytest.approx(0.1)
    assert recipes.one_cycle(2, 1) == 0
    assert replace(FAST, one_cycle=False).rate(0.9) == FAST.peak_rate


def test_the_time_is_kept_and_the_steps_are_counted(pictures):
    trained = recipes.train_within(10, tiny, *pictures, FAST, clock=ticking())
    # The clock is read at the start (0), before the first step (1), after each (2 to 9), and for the total (10).
    assert trained.steps == 8
    assert trained.images == 8 * 16
    assert trained.seconds == 10


def test_no_step_is_begun_that_would_end_late(pictures):
    """With steps of 3 s, the second would end at 9 s, too late for 8.5 s."""
    trained = recipes.train_within(8.5, tiny, *pictures, FAST, clock=ticking(3.0))
    assert trained.steps == 1


def test_too_little_time_is_refused(pictures):
    with pytest.raises(CourseError, match="do not allow one step"):
        recipes.train_within(0.5, tiny, *pictures, FAST, clock=ticking())


def test_labels_must_fit_the_images(pictures):
    with pytest.raises(CourseError, match="one label for each image"):
        recipes.train_within(5, tiny, pictures[0], pictures[1][:-1], FAST)


def test_a_training_that_diverges_is_stopped(pictures):
    def exploding():
        model = tiny()
        model.layers[-1].set_weights([np.full(shape.shape, np.nan) for shape in model.layers[-1].get_weights()])
        return model

    with pytest.raises(CourseError, match="smaller learning rate"):
        recipes.train_within(50, exploding, *pictures, FAST, clock=ticking())


def test_it_learns(pictures):
    images, labels = pictures
    recipe = replace(FAST, small_until=0.5, label_smoothing=0)
    trained = recipes.train_within(60, tiny, images, labels, recipe, clock=ticking())
    assert np.mean(trained.predict(images).argmax(axis=1) == labels) > 0.5  # by chance 0.1


def test_two_looks_are_the_mean_of_both(pictures):
    images, _ = pictures
    once = recipes.Clocked(tiny(), 1, 1, 1)
    twice = replace(once, tta_views=2).predict(images[:8])
    assert np.allclose(twice, (once.predict(images[:8]) + once.predict(images[:8, :, ::-1])) / 2, atol=1e-6)


def test_the_articles_network_is_the_articles(pictures):
    kinds = [type(layer).__name__ for layer in recipes.article_cnn().layers]
    assert kinds == ["Rescaling", "Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dense"]
    trained = recipes.train_article(*pictures, epochs=1, jit_compile=False)
    assert (trained.steps, trained.images) == (2, 64)
    assert trained.model.count_params() == 167_562
    assert np.allclose(trained.predict(pictures[0]).sum(axis=1), 1, atol=1e-5)


def test_positions_are_added_and_learned():
    layer = models.AddPositions()
    x = np.random.default_rng(0).normal(size=(2, 5, 3)).astype("float32")
    moved = keras.ops.convert_to_numpy(layer(x)) - x
    assert layer.count_params() == 15
    assert np.allclose(moved[0], moved[1], atol=1e-6)
    assert not np.allclose(moved[0, 0], moved[0, 1])


@pytest.mark.parametrize("shape", [(2, 3), (None, None, 4)])
def test_positions_need_a_fixed_length(shape):
    with pytest.raises(CourseError, match="fixed length"):
        models.AddPositions().build(shape)
