"""Networks for letters: shapes and padding, what cross-validation hides and resets, and that they learn a place."""

import keras
import numpy as np
import pytest

from utils.applications import sequences as networks
from utils.errors import CourseError
from utils.features import dna

BUILDERS = {"cnn": networks.cnn, "gru": networks.gru, "attention": networks.attention}
each = pytest.mark.parametrize("name", BUILDERS)


@pytest.fixture(scope="module")
def planted():
    """120 windows of 24 letters; class 1 has GT in the middle, class 0 has it three letters later."""
    rng = np.random.default_rng(0)
    rows = ["".join(rng.choice(list("ACGT"), size=24)) for _ in range(120)]
    labels = np.arange(120) % 2
    rows = [row[:12] + ("GTAAGC" if label else "CCCGTA") + row[18:] for row, label in zip(rows, labels, strict=True)]
    return dna.one_hot(rows), labels


@each
@pytest.mark.parametrize("length", [1, 7, 60, 401])
def test_any_length_and_number_of_classes(name, length):
    model = BUILDERS[name](length, 4)
    x = dna.one_hot(["ACGT" * 200, "A", ""], length)
    found = networks.predict(model, x)
    assert found.shape == (3, 4)
    assert np.isfinite(found).all()
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", ["gru", "attention"])
def test_padding_is_not_read(name):
    """Behind the last letter the hidden steps are zero, whatever the weights."""
    model = BUILDERS[name](60, 2)
    before_head = keras.Model(model.input, [layer for layer in model.layers if "flatten" in layer.name][0].output)
    steps = np.asarray(before_head(dna.one_hot(["ACGTACG"], 60))).reshape(20, -1)
    assert np.abs(steps[:3]).max() > 0
    assert np.abs(steps[3:]).max() == 0


def test_only_the_tested_folds_are_predicted(planted):
    x, y = planted
    fold = np.arange(len(y)) // 2 % 5
    recipe = networks.Recipe(epochs=1)
    found, _ = networks.cross_validate(
        lambda: networks.cnn(24, 2), x, y, fold, tested=[3, 1], recipe=recipe, run_eagerly=True
    )
    assert np.array_equal(np.isfinite(found).all(axis=1), np.isin(fold, [1, 3]))


def test_each_fold_begins_anew(planted, monkeypatch):
    """Before each training the weights are fresh and the optimizer knows nothing of the one before."""
    x, y = planted
    seen = []
    fit = keras.Model.fit

    def watched(model, *given, **options):
        moments = [np.abs(np.asarray(v)).max() for v in model.optimizer.variables]
        seen.append((np.asarray(model.get_layer("filters").kernel).copy(), max(moments, default=0)))
        return fit(model, *given, **options)

    monkeypatch.setattr(keras.Model, "fit", watched)
    fold = np.arange(len(y)) // 2 % 4
    networks.cross_validate(
        lambda: networks.cnn(24, 2), x, y, fold, tested=[0, 1], recipe=networks.Recipe(epochs=1), run_eagerly=True
    )
    (first, before), (second, after) = seen
    assert before == after == 0
    assert not np.allclose(first, second)
    assert np.abs(second).max() < 3 * np.abs(first).max()


def test_the_fold_that_is_tested_is_never_learned_from(planted):
    """Labels of the tested fold may be anything: its predictions stay the same."""
    x, y = planted
    fold = np.arange(len(y)) // 2 % 4
    found = []
    for labels in (y, np.where(fold == 2, 1 - y, y)):
        keras.utils.set_random_seed(1)
        recipe = networks.Recipe(epochs=1)
        found.append(
            networks.cross_validate(
                lambda: networks.cnn(24, 2), x, labels, fold, tested=[2], recipe=recipe, run_eagerly=True
            )[0]
        )
    assert np.allclose(found[0][fold == 2], found[1][fold == 2], atol=1e-6)


@each
def test_they_learn_where_a_signal_stands(name, planted):
    x, y = planted
    keras.utils.set_random_seed(0)
    recipe = networks.Recipe(epochs=25, batch_size=16, rate=0.01)
    fold = np.arange(len(y)) // 2 % 4
    found, _ = networks.cross_validate(lambda: BUILDERS[name](24, 2), x, y, fold, tested=[0], recipe=recipe)
    assert (found.argmax(axis=1) == y)[fold == 0].mean() >= 0.85


def test_recipes_scale_with_the_rows():
    recipe = networks.Recipe()
    assert recipe.scaled(2700) == recipe
    assert recipe.scaled(50_000).epochs == 2
    small = recipe.scaled(50)
    assert (small.epochs, small.batch_size) == (40, 6)


def test_a_fold_without_rows_is_refused(planted):
    x, y = planted
    with pytest.raises(CourseError, match="Fold 7 holds 0 of 120 rows"):
        networks.cross_validate(lambda: networks.cnn(24, 2), x, y, np.zeros(120, int), tested=[7])
    with pytest.raises(CourseError, match="Fold 0 holds 120 of 120 rows"):
        networks.cross_validate(lambda: networks.cnn(24, 2), x, y, np.zeros(120, int))
