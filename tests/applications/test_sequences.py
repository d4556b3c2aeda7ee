"""Networks for letters: shapes and padding, what cross-validation hides and resets, and that they learn a place."""

import keras
import numpy as np
import pytest

from utils.applications import sequences as networks
from utils.datasets import own
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


# --- the rivals, and families ---------------------------------------------------------------------------------------


def test_classical_models_learn_a_place_and_a_word():
    """On places a signal at one place is found; on words one that stands anywhere."""
    rng = np.random.default_rng(1)
    letters = ["".join(rng.choice(list("ACG"), size=30)) for _ in range(240)]
    labels = np.arange(240) % 2
    fixed = np.array([t[:15] + "T" + t[16:] if label else t for t, label in zip(letters, labels, strict=True)], object)
    anywhere = fixed.copy()
    for row in np.flatnonzero(labels):
        place = int(rng.integers(0, 27))
        anywhere[row] = letters[row][:place] + "TGT" + letters[row][place + 3 :]
    for texts, names in ((fixed, ("regression on places", "forest on places")), (anywhere, ("regression on words",))):
        models = networks.classical_models(30, trees=60)
        for name in names:
            said = models[name].fit(texts[:160], labels[:160]).predict_proba(texts[160:])
            assert said.shape == (80, 2)
            assert (said.argmax(axis=1) == labels[160:]).mean() >= 0.9, name


def test_classical_models_read_shorter_and_longer_texts():
    texts = np.array(["ACGTACGTAC", "A", "NNRY", "TTTTTTTTTTTTTTTTTTTT"] * 5, object)
    labels = np.array([0, 1, 2, 1] * 5)
    for model in networks.classical_models(8, trees=5).values():
        said = model.fit(texts, labels).predict_proba(texts)
        assert np.allclose(said.sum(axis=1), 1)


def test_a_draw_has_every_class():
    labels = np.zeros(1000, int)
    labels[[7, 900]] = 1, 2
    rows = np.arange(5, 1000)
    for seed in range(5):
        drawn = networks.draw(rows, labels, 20, seed)
        assert len(drawn) == len(set(drawn)) == 20
        assert set(labels[drawn]) == {0, 1, 2}
        assert set(drawn) <= set(rows)
    assert np.array_equal(networks.draw(rows, labels, 5000), rows)
    assert len(networks.draw(rows, labels, 1)) == 3


def table(path, rows):
    path.write_text("sequence,label\n" + "\n".join(f"{text},{label}" for text, label in rows))
    return own.load(path, "sequences")


def test_relatives_are_put_into_one_group(tmp_path):
    """A window and the same one with a letter changed are on one side of the split; strangers are not joined."""
    rng = np.random.default_rng(4)
    rows = [("".join(rng.choice(list("ACGT"), size=50)), row % 2) for row in range(60)]
    rows += [(text[:3] + ("A" if text[3] != "A" else "C") + text[4:], label) for text, label in rows[:10]]
    data = table(tmp_path / "genes.csv", rows)
    assert len(np.unique(data.groups)) == 70
    related = networks.with_families(data)
    assert np.array_equal(related.groups[:10], related.groups[60:])
    assert len(np.unique(related.groups)) == 60
    assert related.entry.notes == (*data.entry.notes, "relatives are kept together: 60 families, the largest of 2 rows")
    strangers = networks.with_families(table(tmp_path / "strangers.csv", rows[:60]))
    assert strangers.entry.notes[-1] == "no two rows are relatives"


def test_where_all_are_relatives_the_groups_remain(tmp_path):
    rng = np.random.default_rng(3)
    gene = rng.choice(list("ACGT"), size=60)
    rows = []
    for row in range(60):
        changed = gene.copy()
        changed[rng.integers(60, size=4)] = rng.choice(list("ACGT"), size=4)
        rows.append(("".join(changed), row % 2))
    data = table(tmp_path / "variants.csv", rows)
    related = networks.with_families(data)
    assert np.array_equal(related.groups, data.groups)
    assert "nearly all rows are relatives" in related.entry.notes[-1]
