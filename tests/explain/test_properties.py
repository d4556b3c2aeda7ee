"""What explanations must satisfy on other models: completeness, efficiency, known regions, batches, seeds."""

from itertools import combinations
from math import factorial

import keras
import numpy as np
import pytest
from keras import layers, ops

from explain.small import cnn, linear, normal
from utils import explain
from utils.errors import CourseError


@pytest.mark.parametrize("head", [None, "softmax"], ids=str)
def test_integrated_gradients_are_complete(head):
    images, target, start = normal(6, 8, 8, 2), np.arange(6) % 3, normal(6, 8, 8, 2, seed=3)

    def gap(model, steps, times=1.0):
        found = explain.integrated_gradients(model, images, target, baseline=start, steps=steps)
        return np.abs(explain.completeness_gap(model, images, target, found * times, baseline=start))

    smooth = cnn(head, "tanh", layers.AveragePooling2D)
    assert gap(smooth, 50).max() < 1e-4
    assert gap(smooth, 5).max() < 1e-2
    assert gap(smooth, 50, times=1.1).max() > 1e-2
    with_kinks = cnn(head)
    assert gap(with_kinks, 100).mean() < 0.02
    assert gap(with_kinks, 100).mean() < 0.2 * gap(with_kinks, 2).mean()


def test_integrated_gradients_of_a_smooth_function_in_closed_form():
    found = explain.integrated_gradients(lambda x: ops.sum(x**3, axis=1), [[1.0, 2.0], [-1.0, 0.0]], steps=100)
    np.testing.assert_allclose(found, [[1, 8], [-1, 0]], atol=1e-3)


def test_integrated_gradients_through_a_recurrent_layer_with_padding():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((7, 3)), layers.Masking(), layers.GRU(4), layers.Dense(1, activation="sigmoid")]
    )
    visits = normal(3, 7, 3)
    visits[0, 4:] = 0
    found = explain.integrated_gradients(model, visits, steps=20)
    assert not found[0, 4:].any()
    assert found[0, :4].any()


def shapley_by_enumeration(function, example, background):
    count = len(example)
    found = np.zeros(count)
    for one in range(count):
        others = [column for column in range(count) if column != one]
        for size in range(count):
            for known in combinations(others, size):
                weight = factorial(size) * factorial(count - size - 1) / factorial(count)
                without, with_it = background.copy(), background.copy()
                without[:, known] = example[list(known)]
                with_it[:, [*known, one]] = example[[*known, one]]
                found[one] += weight * (function(with_it) - function(without)).mean()
    return found


def test_shapley_values_where_columns_act_in_pairs_are_exact():
    def pairs(x):
        return x[:, 0] * x[:, 1] - 2 * x[:, 1] * x[:, 3] + x[:, 2] ** 2

    inputs, background = normal(3, 5).astype(float), normal(4, 5, seed=2).astype(float)
    found = explain.shapley_values(pairs, inputs, background=background, samples=4)
    expected = [shapley_by_enumeration(pairs, example, background) for example in inputs]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert not found[:, 4].any()  # what the model does not look at gets nothing


def test_shapley_values_of_a_network_approach_the_exact_ones_and_add_up():
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((4,)), layers.Dense(8, activation="tanh"), layers.Dense(3, activation="softmax")]
    )
    inputs, background = normal(2, 4), normal(3, 4, seed=2)

    def probability(x):
        return ops.convert_to_numpy(model(x.astype("float32")))[:, 1]

    options = {"background": background, "scale": "output"}
    exact = [shapley_by_enumeration(probability, example, background) for example in inputs]
    found = explain.shapley_values(model, inputs, 1, samples=60, **options)
    np.testing.assert_allclose(found, exact, atol=0.004)
    total = probability(inputs) - probability(background).mean()
    np.testing.assert_allclose(found.sum(axis=1), total, atol=1e-5)
    np.testing.assert_allclose(
        explain.shapley_values(model, inputs, 1, samples=3, **options).sum(axis=1), total, atol=1e-5
    )


def test_occlusion_finds_the_region_that_a_model_looks_at():
    def corner(images):
        return images[:, 2:4, 5:7].sum(axis=(1, 2, 3))

    images = np.ones((2, 9, 10, 3), "float32")
    found = explain.occlusion(corner, images, window=2, stride=1)
    assert found.shape == images.shape
    seen = np.zeros((9, 10), bool)
    seen[1:5, 4:8] = True  # every pixel that some window shares with the region
    assert (found[0, ..., 0] > 0).tolist() == seen.tolist()
    assert found[0].max() == found[0, 2, 5, 0] == found[0, 3, 6, 2]
    single = explain.occlusion(corner, images, window=1, stride=1)
    np.testing.assert_array_equal(single[..., 0] > 0, np.pad(np.ones((2, 2, 2), bool), ((0, 0), (2, 5), (5, 3))))


def test_windows_cover_every_place_whatever_the_stride():
    def all_of_it(sequences):
        return sequences.sum(axis=(1, 2))

    found = explain.occlusion(all_of_it, np.ones((1, 11, 2)), window=4, stride=3)
    np.testing.assert_allclose(found, 8)


def test_occlusion_can_be_of_a_probability():
    model, _ = linear((5,), "softmax")
    inputs = normal(3, 5)
    found = explain.occlusion(model, inputs, 1, window=1, scale="output")
    without = inputs.copy()
    without[:, 2] = 0
    expected = model.predict(inputs, verbose=0)[:, 1] - model.predict(without, verbose=0)[:, 1]
    np.testing.assert_allclose(found[:, 2], expected, atol=1e-6)


def test_models_of_another_library_can_be_explained_by_changing_their_inputs():
    from sklearn.linear_model import LogisticRegression

    x = normal(60, 3)
    y = (x[:, 0] > 0).astype(int)
    forest = LogisticRegression().fit(x, y)
    assert explain.occlusion(forest.predict_proba, x, 1, window=1).shape == x.shape
    importance = explain.permutation_importance(
        forest.predict_proba, x, y, metric=lambda labels, shares: np.mean(shares.argmax(axis=1) == labels)
    )
    assert importance.argmax() == 0
    shares = explain.shapley_values(forest.decision_function, x[:2], background=x, samples=60)
    expected = forest.coef_[0] * (x[:2] - x.mean(axis=0))
    np.testing.assert_allclose(shares, expected, atol=1e-5)


def test_smooth_grad_has_the_noise_that_is_asked_for():
    seen = []

    class Noting(layers.Layer):
        def call(self, inputs):
            return ops.sum(inputs**2, axis=(1, 2))

    images = normal(2, 30, 20) * 3
    model = Noting()
    slopes = explain.smooth_grad(model, images, samples=1, noise=0.1, seed=4)
    noise = slopes / 2 - images
    seen.append(noise.std(axis=(1, 2)) / np.ptp(images, axis=(1, 2)))
    np.testing.assert_allclose(seen[0], 0.1, rtol=0.1)
    many = explain.smooth_grad(model, images, samples=40, noise=0.1, seed=4)
    assert np.abs(many / 2 - images).std() < 0.25 * noise.std()
    np.testing.assert_allclose(explain.smooth_grad(model, images, samples=1, noise=0), 2 * images, rtol=1e-5)


@pytest.mark.parametrize(
    ("method", "options"),
    [
        (explain.smooth_grad, {"samples": 5}),
        (explain.integrated_gradients, {"steps": 7}),
        (explain.grad_cam, {}),
        (explain.grad_cam_plus_plus, {}),
        (explain.score_cam, {}),
        (explain.occlusion, {"window": 3}),
    ],
)
def test_neither_the_batch_size_nor_the_company_of_others_matters(method, options):
    model, images = cnn(), normal(5, 8, 8, 2)
    together = method(model, images, 1, **options)
    np.testing.assert_allclose(method(model, images, 1, batch_size=3, **options), together, atol=1e-5)
    np.testing.assert_allclose(method(model, images[:1], 1, **options), together[:1], atol=1e-5)


def test_the_same_seed_gives_the_same():
    model, table = linear((4,), "softmax")[0], normal(6, 4)
    for method, options in (
        (explain.shapley_values, {"background": table, "samples": 2}),
        (explain.smooth_grad, {"samples": 2}),
    ):
        first, again, other = (method(model, table**2, 1, seed=seed, **options) for seed in (0, 0, 1))
        np.testing.assert_array_equal(first, again)
        assert method is explain.smooth_grad or not np.array_equal(first, other)


def test_changed_weights_are_seen():
    model, _ = linear((4,), "softmax")
    table = normal(2, 4)
    before = explain.saliency(model, table, 1)
    model.set_weights([weights * 2 for weights in model.get_weights()])
    np.testing.assert_allclose(explain.saliency(model, table, 1), 2 * before, rtol=1e-5)


def test_a_layer_that_is_added_is_seen():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="one")])
    table = normal(2, 4)
    explain.saliency(model, table, 1)
    model.add(layers.Rescaling(3.0))
    found = explain.saliency(model, table, 1, absolute=False)
    np.testing.assert_allclose(found[0], 3 * model.get_layer("one").get_weights()[0][:, 1], rtol=1e-5)


def test_inputs_are_left_alone():
    model, images = cnn(), normal(2, 8, 8, 2)
    before = images.copy()
    for method in (explain.smooth_grad, explain.integrated_gradients, explain.score_cam, explain.occlusion):
        method(model, images, 1)
    explain.faithfulness(model, images, 1, images, steps=3, orders=1)
    np.testing.assert_array_equal(images, before)


def test_atoms_without_a_mask_are_those_with_features():
    def weight(inputs):
        return inputs["atoms"].sum(axis=(1, 2))

    atoms = np.ones((2, 4, 3), "float32")
    atoms[1, 2:] = 0
    found = explain.atom_attribution(weight, {"atoms": atoms}, mask=None)
    np.testing.assert_allclose(found, [[3, 3, 3, 3], [3, 3, 0, 0]])
    with pytest.raises(CourseError, match="mask is 'is_atom'"):
        explain.atom_attribution(weight, {"atoms": atoms})
