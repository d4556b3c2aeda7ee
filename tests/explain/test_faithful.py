"""Faithfulness tells right maps from wrong ones, and the randomisation check tells models from their ruins."""

import numpy as np
import pytest

from explain.small import cnn, linear, normal
from utils import explain
from utils.errors import CourseError


@pytest.fixture(scope="module")
def known():
    model, weights = linear((6, 5, 2), "softmax")
    images = normal(8, 6, 5, 2)
    return model, images, weights[..., 1] * images


def test_the_right_map_is_better_than_random_and_the_wrong_one_worse(known):
    model, images, right = known
    good = explain.faithfulness(model, images, 1, right, scale="logit")
    bad = explain.faithfulness(model, images, 1, -right, scale="logit")
    assert (good.deletion < good.random_deletion).all() and (good.insertion > good.random_insertion).all()
    assert (good.gain > 0).all() and (bad.gain < 0).all()
    assert good.gain.shape == (8,) and good.gain.dtype == np.float32


def test_a_map_that_says_nothing_is_as_good_as_random(known):
    model, images, right = known
    nothing = explain.faithfulness(model, images, 1, np.zeros((8, 6, 5)), orders=20, scale="logit")
    good = explain.faithfulness(model, images, 1, right, orders=20, scale="logit")
    assert np.abs(nothing.gain.mean()) < 0.15 * good.gain.mean()


def test_curves_are_of_the_models_own_output_unless_asked_otherwise(known):
    model, images, right = known
    deleted = explain.deletion(model, images, 1, right, steps=7)
    np.testing.assert_allclose(deleted.scores[:, 0], model.predict(images, verbose=0)[:, 1], atol=1e-6)
    nothing = model.predict(images * 0, verbose=0)[:, 1]
    np.testing.assert_allclose(deleted.scores[:, -1], nothing, atol=1e-6)
    inserted = explain.insertion(model, images, 1, right, steps=7)
    np.testing.assert_allclose(inserted.scores[:, ::6][:, :1], nothing[:, None], atol=1e-6)
    np.testing.assert_allclose(inserted.scores[:, -1], deleted.scores[:, 0], atol=1e-6)
    assert deleted.share[0] == 0 and deleted.share[-1] == 1 and len(deleted.share) == 8
    assert ((deleted.auc >= 0) & (deleted.auc <= 1)).all()


def test_channels_of_a_pixel_go_together(known):
    model, images, right = known
    by_channel = explain.deletion(model, images, 1, right)
    by_pixel = explain.deletion(model, images, 1, right.sum(axis=-1))
    np.testing.assert_allclose(by_channel.scores, by_pixel.scores, atol=1e-6)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (np.zeros((8, 5, 6)), r"attributions have shape \(8, 5, 6\).*\(8, 6, 5, 2\).*\(8, 6, 5\)"),
        (np.full((8, 6, 5), np.nan), "attributions hold values that are missing"),
    ],
)
def test_attributions_that_do_not_fit_are_refused(known, wrong, says):
    model, images, _ = known
    for judge in (explain.deletion, explain.insertion, explain.faithfulness):
        with pytest.raises(CourseError, match=says):
            judge(model, images, 1, wrong)


@pytest.mark.parametrize("method", [explain.saliency, explain.integrated_gradients, explain.grad_cam])
def test_a_randomised_model_changes_the_map_and_is_put_back(method):
    model, images = cnn(), normal(4, 8, 8, 2)
    before, weights = method(model, images, 1), model.get_weights()
    found = explain.randomisation_check(model, images, 1, method=method)
    assert found.layers == (model.layers[-1].name, "second", "first")
    assert found.similarity.shape == (3, 4)
    assert found.similarity[-1].mean() < 0.5
    np.testing.assert_array_equal(found.maps[0], before)
    np.testing.assert_array_equal(found.similarity[1], explain.rank_correlation(before, found.maps[2]))
    for kept, now in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)
    np.testing.assert_array_equal(method(model, images, 1), before)


def test_a_method_that_only_looks_at_the_picture_fails_the_check():
    def edges(model, inputs, target):
        return np.abs(np.diff(inputs, axis=2))

    found = explain.randomisation_check(cnn(), normal(4, 8, 8, 2), 1, method=edges)
    np.testing.assert_allclose(found.similarity, 1)


def test_weights_are_put_back_after_an_error():
    model, calls = cnn(), []

    def fails(model, inputs, target):
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("on the way")
        return inputs

    weights = model.get_weights()
    with pytest.raises(RuntimeError):
        explain.randomisation_check(model, normal(2, 8, 8, 2), 1, method=fails)
    for kept, now in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(kept, now)


def test_rank_correlation():
    from scipy.stats import spearmanr

    first, second = normal(3, 4, 5), np.round(normal(3, 4, 5, seed=1))
    expected = [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(explain.rank_correlation(first, second), expected, rtol=1e-5)
    np.testing.assert_allclose(explain.rank_correlation(first, -first), -1)
    np.testing.assert_array_equal(explain.rank_correlation(first, first * 0), 0)
    with pytest.raises(CourseError, match="shapes"):
        explain.rank_correlation(first, second[:2])
    with pytest.raises(CourseError, match="missing"):
        explain.rank_correlation(first, first * np.nan)


def test_a_model_with_nothing_to_destroy_is_refused():
    model, _ = linear((4,), "softmax")
    model.trainable = False
    with pytest.raises(CourseError, match="no trainable weights"):
        explain.randomisation_check(model, normal(2, 4), 1)
