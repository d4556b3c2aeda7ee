"""Training on a budget: the schedule, the operations, the budget that is kept, and what is refused."""

import itertools
from dataclasses import replace

import keras
import numpy as np
import pytest

from utils.chapters import ch06_recipe as recipes
from utils.errors import CourseError, UsageError
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
    """A clock that goes on by ``step`` seconds whenever it is read."""
    return itertools.count(0, step).__next__


few_steps = pytest.mark.usefixtures("eagerly")


def tiny():
    return recipes.course_cnn(width=4)


def test_the_schedule_is_that_of_the_exercise():
    for passed in np.linspace(0, 1, 41):
        assert recipes.one_cycle(passed, 0.3) == pytest.approx(get("6.5")(passed, 0.3))
    assert recipes.one_cycle(-1, 1) == pytest.approx(0.1)
    assert recipes.one_cycle(2, 1) == 0
    assert replace(FAST, one_cycle=False).rate(0.9) == FAST.peak_rate


def convolution_by_hand(size, kernel_shape, padding=0, stride=1):
    """Operations of a convolution, counted place by place."""
    height, width, channels, filters = kernel_shape
    starts = range(-(padding // 2), size + padding - padding // 2 - height + 1, stride)
    return sum(2 * height * width * channels * filters for _ in starts for _ in starts)


def test_operations_are_those_of_the_exercise():
    flops = get("6.3")
    by_hand = flops(32, 32, (3, 3, 3, 32)) + flops(15, 15, (3, 3, 32, 64)) + 2 * 6 * 6 * 64 * 64 + 2 * 64 * 10
    assert recipes.operations(recipes.article_cnn()) == by_hand


@pytest.mark.parametrize("size", [24, 32])
def test_operations_with_stride_padding_and_a_size_of_its_own(size):
    half, quarter = size // 2, size // 4
    by_hand = (
        convolution_by_hand(size, (4, 4, 3, 4), padding=2, stride=2)
        + convolution_by_hand(half, (3, 3, 4, 8), padding=2)
        + convolution_by_hand(quarter, (3, 3, 8, 8), padding=2)
        + convolution_by_hand(quarter, (3, 3, 8, 16), padding=2)
        + convolution_by_hand(quarter // 2, (3, 3, 16, 16), padding=2)
        + 2 * 16 * 10
    )
    assert recipes.operations(tiny(), size) == by_hand


def test_operations_of_a_gru_and_of_attention():
    gru = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Reshape((32, 96)), keras.layers.GRU(5)])
    assert recipes.operations(gru) == 32 * 2 * (3 * 5 * 96 + 3 * 5 * 5)
    block = [models.AddPositions(), models.EncoderBlock(heads=2, hidden=10)]
    patches = [keras.layers.Conv2D(6, 8, strides=8), keras.layers.Reshape((16, 6))]
    attention = keras.Sequential([keras.Input((32, 32, 3)), *patches, *block])
    by_hand = 16 * 2 * 8 * 8 * 3 * 6  # the patches
    by_hand += 16 * 2 * 4 * 6 * 6  # query, key, value and what leads out
    by_hand += 2 * 2 * 16 * 16 * 6  # each patch looks at each, and takes from each
    by_hand += 16 * 2 * 2 * 6 * 10  # the small network
    assert recipes.operations(attention) == by_hand


def test_operations_that_are_not_known_are_not_left_out():
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.DepthwiseConv2D(3, name="odd")])
    with pytest.raises(UsageError, match="'odd' cannot be counted: use Conv2D"):
        recipes.operations(model)


@few_steps
@pytest.mark.parametrize("small_until", [0, 0.5])
def test_a_budget_of_operations_is_used_and_kept(pictures, small_until):
    recipe = replace(FAST, small_until=small_until)
    large, small = (recipes.TRAINING * 16 * recipes.operations(tiny(), size) for size in (32, 24))
    trained = recipes.train_within(4 * large, tiny, *pictures, recipe)
    small_steps = 4 if small_until else 0  # each takes 0.56 of a large one: the fourth begins before half is used
    assert small_steps * small == pytest.approx(2.25 * large * (small_until > 0), rel=0.01)
    assert trained.steps == small_steps + (1 if small_until else 4)
    assert trained.operations == small_steps * small + (trained.steps - small_steps) * large
    assert trained.images == trained.steps * 16


@few_steps
def test_the_same_seed_gives_the_same_network_however_slow_the_machine(pictures, monkeypatch):
    budget = 5 * recipes.TRAINING * 16 * recipes.operations(tiny())
    found = []
    for step in (0.001, 1000.0):  # seconds that pass whenever the time is read
        monkeypatch.setattr(recipes.time, "perf_counter", ticking(step))
        keras.utils.set_random_seed(int(step))  # what happened before does not matter either
        found.append(recipes.train_within(budget, tiny, *pictures, FAST, seed=3))
    fast, slow = found
    assert (fast.steps, fast.images, fast.operations) == (slow.steps, slow.images, slow.operations)
    assert fast.seconds < slow.seconds
    assert np.allclose(fast.predict(pictures[0]), slow.predict(pictures[0]), atol=1e-4)
    other = recipes.train_within(budget, tiny, *pictures, FAST, seed=4)
    assert not np.allclose(fast.predict(pictures[0]), other.predict(pictures[0]), atol=1e-2)


@few_steps
def test_a_budget_of_seconds_is_kept_and_the_steps_are_counted(pictures):
    trained = recipes.train_within(10, tiny, *pictures, FAST, clock=ticking())
    # The clock is read at the start (0), before the first step (1), and after each (2 to 10).
    assert trained.steps == 9
    assert trained.images == 9 * 16
    assert trained.seconds == 10
    assert trained.operations == recipes.TRAINING * trained.images * recipes.operations(tiny())


@few_steps
def test_no_step_is_begun_that_would_end_late(pictures):
    """With steps of 3 s, the second would end at 9 s, too late for 8.5 s."""
    trained = recipes.train_within(8.5, tiny, *pictures, FAST, clock=ticking(3.0))
    assert trained.steps == 1


@pytest.mark.parametrize(("clock", "unit"), [(None, "operations"), (ticking(), "seconds")])
@pytest.mark.parametrize("budget", [0, 0.5])
def test_too_small_a_budget_is_refused(pictures, budget, clock, unit):
    with pytest.raises(CourseError, match=f"{budget} {unit} do not allow one step"):
        recipes.train_within(budget, tiny, *pictures, FAST, clock=clock)


def test_labels_must_fit_the_images(pictures):
    with pytest.raises(CourseError, match="one label for each image"):
        recipes.train_within(5, tiny, pictures[0], pictures[1][:-1], FAST)


@few_steps
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
    budget = 40 * recipes.TRAINING * recipe.batch_size * recipes.operations(tiny())
    trained = recipes.train_within(budget, tiny, images, labels, recipe)
    assert np.mean(trained.predict(images).argmax(axis=1) == labels) > 0.5  # by chance 0.1


def test_two_looks_are_the_mean_of_both(pictures):
    images, _ = pictures
    once = recipes.Trained(tiny(), 1, 1, 1, 1)
    twice = replace(once, tta_views=2).predict(images[:8])
    assert np.allclose(twice, (once.predict(images[:8]) + once.predict(images[:8, :, ::-1])) / 2, atol=1e-6)


def test_the_articles_network_is_the_articles(pictures):
    kinds = [type(layer).__name__ for layer in recipes.article_cnn().layers]
    assert kinds == ["Rescaling", "Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dense"]
    trained = recipes.train_article(*pictures, epochs=1, jit_compile=False)
    assert (trained.steps, trained.images) == (2, 64)
    assert trained.operations == 3 * 64 * recipes.operations(trained.model)
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
