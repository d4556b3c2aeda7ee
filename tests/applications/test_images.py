"""The classifier for small pictures and its recipe: shapes, what is fitted to which rows, whole chapters by name."""

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest
from conftest import ROOT, read
from datasets.serving import Server, medmnist_like

from utils import datasets, metrics
from utils.applications import image_baselines, images
from utils.course.editions import solved
from utils.errors import CourseError

TINY = images.Recipe(epochs=1, width=2, members=1)


def pictures(n=24, side=28, channels=1, classes=3, seed=0):
    """Pictures whose brightness tells their class."""
    labels = np.arange(n) % classes
    noise = np.random.default_rng(seed).integers(0, 60, size=(n, side, side, channels))
    return (noise + 60 * labels[:, None, None, None]).astype("uint8"), labels


# --- nothing of the test part in the training -----------------------------------------------------------------------


def test_no_test_patch_shares_a_pixel_with_training_or_validation():
    """Drawn into the field: no pixel is covered by patches of two parts."""
    data = datasets.load("nuclei")
    side = data.images.shape[1]
    covered = {}
    for part, rows in data.split.parts().items():
        assert (data.fields[rows] == 1).all()
        covered[part] = np.zeros((1500 + 2 * side, 1500 + 2 * side), bool)
        for row, column in np.floor(data.positions[rows] + 0.5).astype(int) + side - side // 2:
            covered[part][row : row + side, column : column + side] = True
    assert not (covered["train"] & covered["test"]).any()
    assert not (covered["train"] & covered["validation"]).any()
    assert not (covered["validation"] & covered["test"]).any()


def test_statistics_are_those_of_the_pictures_given():
    x, _ = pictures(channels=3)
    mean, variance = images.statistics(x)
    assert np.allclose(mean, x.mean(axis=(0, 1, 2)))
    assert np.allclose(variance, x.var(axis=(0, 1, 2)))
    assert images.statistics(np.full((2, 8, 8, 1), 7, np.uint8))[1] == 1


def test_the_network_is_normalised_by_training_rows_alone():
    """A test part of another brightness changes nothing; training pictures of another brightness do."""
    x, y = pictures()
    split = datasets.splits.by_row(len(x), seed=0)
    changed = x.copy()
    changed[split.test] = 255
    mean, variance = images.statistics(x[split.train])
    for all_pictures in (x, changed):
        trained = images.train(all_pictures[split.train], y[split.train], TINY, outputs=3, run_eagerly=True)
        layer = trained.models[0].get_layer("normalise")
        assert np.allclose(keras.ops.convert_to_numpy(layer.mean), mean, atol=1e-4)
        assert np.allclose(keras.ops.convert_to_numpy(layer.variance), variance, rtol=1e-5)


def test_scaling_of_the_baseline_is_fitted_to_training_rows_alone():
    x, y = pictures(n=60)
    model = image_baselines.logistic_regression(3).fit(x[:40], y[:40])
    scaler = model.models[0].named_steps["standardscaler"]
    assert np.allclose(scaler.mean_, image_baselines.shrunk(x[:40]).mean(axis=0), atol=1e-3)


# --- any pictures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("side", "channels", "outputs"), [(8, 1, 2), (28, 1, 2), (32, 3, 7), (64, 3, 3), (100, 1, 4)])
def test_sizes_channels_and_classes(side, channels, outputs):
    x, y = pictures(n=8, side=side, channels=channels, classes=outputs)
    trained = images.train(x, y, TINY, outputs=outputs, run_eagerly=True)
    found = trained.predict(x)
    assert found.shape == (8, outputs)
    assert np.allclose(found.sum(axis=1), 1)


def test_several_findings_are_told_apart_one_by_one():
    x, y = pictures(n=32)
    findings = np.column_stack([y == 0, y == 1, y >= 0, y == 2]).astype(int)
    trained = images.train(x, findings, TINY, run_eagerly=True)
    found = trained.predict(x)
    assert trained.multilabel
    assert found.shape == (32, 4)
    assert not np.allclose(found.sum(axis=1), 1)
    assert metrics.auc(findings, found) == metrics.multilabel_auc(findings, found)
    assert 0 <= metrics.accuracy(findings, found) <= 1
    assert metrics.log_loss(findings, found) > 0
    for build in (image_baselines.logistic_regression, lambda outputs: image_baselines.random_forest(outputs, trees=5)):
        guess = build(4).fit(x, findings).predict(x)
        assert guess.shape == (32, 4)
        assert (guess[:, 2] == 1).all()  # the only answer that there was


def test_a_class_that_training_lacks_gets_a_column():
    x, y = pictures()
    kept = y != 1
    assert images.train(x[kept], y[kept], TINY, outputs=3, run_eagerly=True).predict(x).shape == (24, 3)
    assert (image_baselines.logistic_regression(3).fit(x[kept], y[kept]).predict(x)[:, 1] == 0).all()


def test_it_learns_and_the_mean_of_members_and_views_is_meant():
    x, y = pictures(n=96)
    recipe = images.Recipe(epochs=6, width=4, light=0, members=2, mirror="all")
    trained = images.train(x, y, recipe)
    assert metrics.auc(y, trained.predict(x)) > 0.8
    alone = [replace(trained, models=[model], recipe=replace(recipe, mirror="none")) for model in trained.models]
    views = [x, x[:, ::-1], x[:, :, ::-1], x[:, ::-1, ::-1]]
    by_hand = np.mean([one.logits(view) for one in alone for view in views], axis=0)
    assert np.allclose(trained.logits(x), by_hand, atol=1e-4)


@pytest.mark.parametrize("several", [False, True])
def test_the_validation_part_chooses_one_or_the_mean_of_several(several):
    x, y = pictures(n=48)
    y = np.column_stack([y == 0, y == 1]).astype(int) if several else y
    recipes = images.candidates(TINY)
    validation = x[32:], y[32:]
    chosen, trained, losses = images.choose(recipes, x[:32], y[:32], validation, run_eagerly=True)
    assert len(losses) == 7  # three alone, three pairs, all
    best = min(losses, key=losses.get)
    by_hand = np.mean([trained[name].predict(x) for name in best], axis=0)
    assert np.allclose(chosen.predict(x), by_hand)
    assert metrics.log_loss(y[32:], by_hand[32:]) == pytest.approx(min(losses.values()))
    assert np.allclose(images.probabilities(chosen.logits(x), several), by_hand, atol=1e-6)


def test_the_same_seed_gives_the_same_network():
    x, y = pictures()
    first, again, other = (images.train(x, y, TINY, seed=seed, run_eagerly=True).logits(x) for seed in (0, 0, 1))
    assert np.allclose(first, again, atol=1e-5)
    assert not np.allclose(first, other, atol=1e-3)


def test_augmentation_acts_in_training_only():
    x, _ = pictures(channels=3)
    changes = keras.Sequential(images.augmentation(images.Recipe(mirror="all")))
    assert np.array_equal(keras.ops.convert_to_numpy(changes(x, training=False)), x)
    assert images.augmentation(images.Recipe(mirror="none", turn=0, shift=0, zoom=0, light=0)) == []


def test_class_weights_make_classes_equal():
    weights = images.class_weights(np.repeat([0, 2], [30, 10]), 3)
    assert 30 * weights[0] == pytest.approx(10 * weights[2]) == pytest.approx(20)


def test_too_few_for_an_interval_is_no_crash():
    found = metrics.estimate(
        metrics.roc_auc, np.array([0, 0, 0, 1]), np.array([0.1, 0.2, 0.3, 0.9]), repeats=50, undefined="nan"
    )
    assert found.value == 1
    assert np.isnan(found.low)
    assert np.isnan(metrics.estimate(metrics.roc_auc, np.zeros(4, int), np.ones(4), repeats=50, undefined="nan").value)


def test_what_does_not_fit_is_refused():
    x, y = pictures()
    with pytest.raises(CourseError, match="one label each"):
        images.train(x, y[:-1])
    with pytest.raises(CourseError, match="no mirror='up'"):
        images.Recipe(mirror="up")
    with pytest.raises(CourseError, match="at least 1 epoch"):
        images.Recipe(epochs=0)
    with pytest.raises(CourseError, match="no mirror='up'"):
        image_baselines.turned(x, "up")


def test_views_and_tints_by_hand():
    x = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4, 1)
    assert image_baselines.turned(x, "all").shape == (16, 4, 4, 1)
    assert len({view.tobytes() for view in image_baselines.turned(x[:1], "all")}) == 8
    assert np.array_equal(image_baselines.shrunk(x, 2)[0], [2.5, 4.5, 10.5, 12.5])
    assert image_baselines.shrunk(np.zeros((3, 28, 30, 2), np.uint8)).shape == (3, 8 * 8 * 2)


# --- the study of pictures, by a name of MedMNIST and with pictures of your own --------------------------------------


@pytest.fixture
def run_study(command, tmp_path):
    """``course apply images`` in the smoke profile; returns its claims and its page."""

    def run_study(path):
        words = ("apply", "images", path, "--profile", "smoke", "--json", "--out", tmp_path / "out")
        code, out, err = command(*words)
        assert code == 0, out[-4000:] + err[-4000:]
        (result,) = json.loads(out)["chapters"]
        assert result["status"] == "ok"
        return result["claims"], (tmp_path / "out" / "report.html").read_text(encoding="utf-8")

    return run_study


def test_breastmnist_by_name_from_a_server(tmp_path):
    """The real file where COURSE_TEST_MIRROR names its folder; otherwise a stand-in, known to the catalogue's copy."""
    given = os.environ.get("COURSE_TEST_MIRROR")
    environment = os.environ | {"COURSE_DATA_DIR": str(tmp_path / "cache")}
    if given:
        content = (Path(given) / "breastmnist.npz").read_bytes()
    else:
        content, _ = medmnist_like()
        (tmp_path / "sitecustomize.py").write_text(STAND_IN.format(hashlib.md5(content).hexdigest(), len(content)))
        environment["PYTHONPATH"] = str(tmp_path)
    mirror = Server(content)
    environment["COURSE_DATA_MIRROR"] = f"{mirror.address}/good/"
    words = ["apply", "images", "breastmnist", "--profile", "smoke", "--json", "--out", tmp_path / "out"]
    done = subprocess.run(  # a process of its own, where the catalogue can be another one
        [sys.executable, "-m", "utils.course", *words], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    mirror.close()
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    (result,) = json.loads(done.stdout)["chapters"]
    assert result["status"] == "ok"
    claims, page = result["claims"], (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert mirror.asked == {"good": 1}
    assert [claim["low"] for claim in claims if "ResNet-18" in claim["name"]] == [0.901, 0.863]
    assert "ResNet-18" in page


STAND_IN = """# Python imports this module by itself: the catalogue then has the stand-in's digest and size
import tomllib

plain = tomllib.loads


def loads(text, **options):
    table = plain(text, **options)
    for file in table.get("datasets", {{}}).get("breastmnist", {{}}).get("files", []):
        file.update(digest="md5:{}", size={})
    return table


tomllib.loads = loads
"""


@pytest.mark.parametrize("kind", ["colours and four classes", "fifty pictures with several findings"])
def test_your_own_pictures(kind, tmp_path, run_study):
    random, arrays, colours = np.random.default_rng(0), {}, "colours" in kind
    for part, n in {
        "train": 60 if colours else 30,
        "val": 30 if colours else 10,
        "test": 40 if colours else 10,
    }.items():
        arrays[f"{part}_images"] = random.integers(0, 256, (n, 20, 24, 3) if colours else (n, 40, 40), dtype=np.uint8)
        label = np.arange(n) % (4 if colours else 2)
        findings = np.column_stack([label, 1 - label, random.permutation(label)])
        arrays[f"{part}_labels"] = label if colours else findings
    np.savez(tmp_path / "own.npz", **arrays)
    claims, page = run_study(tmp_path / "own.npz")
    assert len(claims) == 2
    assert not any(claim["judged"] for claim in claims)
    assert "ResNet-18" not in page
    for words in ("own.npz", "macro-AUC" if colours else "mean AUC", "worst mistakes", "Model card", "classical rival"):
        assert words in page, words


def test_the_solved_edition_still_has_the_five_exercises():
    notebook = solved(read(next((ROOT / "chapters").glob("07_*.ipynb"))))
    assert [cell.metadata["exercise"] for cell in notebook.cells if "exercise" in cell.metadata] == [
        f"7.{number}" for number in range(1, 6)
    ]
