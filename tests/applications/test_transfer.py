"""Features of a network for photographs, the regression on them, and the same network from two starts."""

import keras
import numpy as np
import pytest
from scipy.ndimage import zoom

from utils import datasets, metrics, nn
from utils.applications import images, transfer
from utils.errors import UsageError


@pytest.fixture(scope="module")
def nuclei():
    return datasets.load("nuclei")


@pytest.fixture(scope="module")
def seen(nuclei):
    """Features of 96 training and 90 test nuclei, and their labels."""
    train = transfer.balanced_draw(nuclei.labels, nuclei.split.train, 96)
    test = transfer.balanced_draw(nuclei.labels, nuclei.split.test, 90)
    found = [transfer.features(nuclei.images[rows], ["block_3", "block_8"]) for rows in (train, test)]
    return *found, nuclei.labels[train], nuclei.labels[test]


def test_features_are_means_over_the_places_of_a_block(nuclei):
    """Whatever the batches, and together as alone."""
    pictures, network = nuclei.images[:5], transfer.body(48)
    found = transfer.features(pictures, ["block_3", "block_8", "features"], batch_size=2)
    maps = nn.predict(keras.Model(network.inputs, network.get_layer("block_8").output), pictures)
    assert np.allclose(found["block_8"][0], maps.mean(axis=(1, 2)), atol=1e-4)
    assert np.allclose(found["features"][0], nn.predict(network, pictures), atol=1e-4)
    assert np.allclose(found["block_3"][0], nn.predict(transfer.body(48, "block_3"), pictures), atol=1e-4)
    for depth, width in transfer.WIDTHS.items():
        assert depth not in found or found[depth].shape == (1, 5, width)


def test_grey_pictures_are_three_equal_channels(nuclei):
    grey = nuclei.images[:4, :, :, :1]
    one, three = (transfer.features(given, ["block_3"]) for given in (grey, np.repeat(grey, 3, axis=-1)))
    assert np.allclose(one["block_3"], three["block_3"])


def test_pictures_are_resized_by_bilinear_interpolation(nuclei):
    """A picture of two even halves, twice as large: SciPy's grid interpolation gives the same features."""
    small = nuclei.images[:2, :32, :32].astype(float)
    large = np.stack([zoom(one, (2, 2, 1), order=1, grid_mode=True, mode="nearest") for one in small])
    network = transfer.body(64, "block_3")
    found = transfer.features(small.astype(np.uint8), ["block_3"], side=64)["block_3"][0]
    assert np.allclose(found, nn.predict(network, large.astype("float32")), atol=0.02)


def test_views_are_those_of_the_classical_methods(nuclei):
    """The views of one picture differ, and are in the order of ``image_baselines.turned``."""
    pictures = nuclei.images[:3]
    found = transfer.features(pictures, ["block_3"], mirror="all")["block_3"]
    assert found.shape == (8, 3, 24)
    last = np.rot90(pictures[:, :, ::-1], 3, (1, 2))
    assert np.allclose(found[7], transfer.features(last, ["block_3"])["block_3"][0], atol=1e-4)
    assert np.abs(found - found[:1]).max() > 0.01


@pytest.mark.parametrize(("shape", "side"), [((28, 28), 48), ((48, 48), 48), ((100, 64), 100), ((512, 512), 224)])
def test_the_usual_side(shape, side):
    assert transfer.usual_side(np.zeros((1, *shape, 1), np.uint8)) == side


def test_what_cannot_be_read_is_refused(nuclei):
    with pytest.raises(UsageError, match="no depth 'block_99'; give block_3, "):
        transfer.features(nuclei.images[:1], ["block_99"])
    with pytest.raises(UsageError, match="no pictures"):
        transfer.features(nuclei.images[:0])
    with pytest.raises(UsageError, match="give .n, height, width, 1 or 3"):
        transfer.features(np.zeros((2, 48, 48, 2), np.uint8), ["block_3"])


def test_a_draw_is_balanced_and_random(nuclei):
    rows = nuclei.split.train
    first, again, other = (transfer.balanced_draw(nuclei.labels, rows, 30, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again) and set(first) != set(other)
    assert np.bincount(nuclei.labels[first]).tolist() == [10, 10, 10]
    assert len(set(first)) == 30 and set(first) <= set(rows)


def test_a_rare_class_gives_all_it_has():
    labels = np.array([0] * 50 + [1] * 5 + [2] * 50)
    rows = np.arange(105)
    assert np.bincount(labels[transfer.balanced_draw(labels, rows, 45)]).tolist() == [20, 5, 20]
    assert sorted(transfer.balanced_draw(labels, rows, 105)) == rows.tolist()
    for size in (2, 106):
        with pytest.raises(UsageError, match=f"{size} of 105 rows of 3 classes"):
            transfer.balanced_draw(labels, rows, size)


def test_the_probe_is_chosen_on_the_validation_part(seen):
    train, test, labels, truth = seen
    chosen = transfer.probe(train, labels, (test, truth))
    assert chosen.depth in train and chosen.C in transfer.C_VALUES
    assert chosen.loss == pytest.approx(metrics.log_loss(truth, chosen.predict(test)))
    for depth in train:
        for C in transfer.C_VALUES:
            one = transfer.probe({depth: train[depth]}, labels, (test, truth), C_values=[C])
            assert one.loss >= chosen.loss
    assert metrics.macro_auc(truth, chosen.predict(test)) > 0.85
    shuffled = transfer.probe(train, np.random.default_rng(0).permutation(labels), (test, truth))
    assert metrics.macro_auc(truth, shuffled.predict(test)) < 0.8


def test_a_class_that_was_not_learned_gets_nothing(seen):
    train, test, labels, truth = seen
    some = labels != 1
    known = {depth: found[:, some] for depth, found in train.items()}
    without = transfer.probe(known, labels[some], (test, truth), outputs=3, C_values=[0.01])
    answers = without.predict(test)
    assert answers.shape == (90, 3)
    assert (answers[:, 1] == 0).all()
    assert np.allclose(answers.sum(axis=1), 1)


def test_both_starts_are_trained_alike_and_differ_in_their_weights_alone(nuclei):
    recipe = images.Recipe(epochs=1, batch_size=16, mirror="all", peak_rate=1e-4)
    train = transfer.balanced_draw(nuclei.labels, nuclei.split.train, 32)
    both = transfer.from_both_starts(
        nuclei.images[train], nuclei.labels[train], recipe, depth="block_5", run_eagerly=True
    )
    stem, moved, shapes = datasets.load("efficientnet_lite0").arrays["stem/kernel"], [], []
    for trained in both:
        answers = trained.predict(nuclei.images[:8])
        assert answers.shape == (8, 3) and np.allclose(answers.sum(axis=1), 1)
        body = next(layer for layer in trained.models[0].layers if layer.name.startswith("efficientnet"))
        moved.append(np.abs(body.get_layer("stem").get_weights()[0] - stem).max())
        shapes.append([weight.shape for weight in trained.models[0].get_weights()])
    assert 0 < moved[0] < 0.01 and moved[1] > 0.1
    assert shapes[0] == shapes[1]
