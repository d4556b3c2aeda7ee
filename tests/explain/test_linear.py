"""Every method on linear models, where the right attribution is known in closed form; logits, softmax, sigmoid."""

import keras
import numpy as np
import pytest
from keras import layers

from explain.small import CLASSES, linear, molecule_model, normal, reader
from utils import explain

HEADS = [None, "softmax", "sigmoid"]
SHAPES = {"table": (5,), "sequence": (6, 4), "image": (4, 3, 2)}
each_head = pytest.mark.parametrize("head", HEADS, ids=str)
each_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


def close(found, expected):
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@each_head
@each_shape
def test_gradient_methods(shape, head):
    model, weights = linear(shape, head)
    inputs, target = normal(4, *shape), np.array([0, 2, 1, 1])
    slopes = np.moveaxis(weights, -1, 0)[target]
    close(explain.saliency(model, inputs, target), np.abs(slopes))
    close(explain.saliency(model, inputs, target, absolute=False), slopes)
    close(explain.gradient_times_input(model, inputs, target), slopes * inputs)
    close(explain.smooth_grad(model, inputs, target, samples=3), slopes)
    close(explain.integrated_gradients(model, inputs, target, steps=3), slopes * inputs)
    start = normal(*shape, seed=5)
    found = explain.integrated_gradients(model, inputs, target, baseline=start, steps=3)
    close(found, slopes * (inputs - start))
    close(explain.completeness_gap(model, inputs, target, found, baseline=start), np.zeros(4))


@each_head
def test_one_target_for_all_is_the_same_as_that_target_for_each(head):
    model, _ = linear((5,), head)
    close(explain.saliency(model, normal(4, 5), 2), explain.saliency(model, normal(4, 5), [2, 2, 2, 2]))


@pytest.mark.parametrize("head", [None, "sigmoid"], ids=str)
def test_a_single_output_needs_no_target(head):
    model, weights = linear((5,), head, classes=1)
    inputs = normal(4, 5)
    close(explain.integrated_gradients(model, inputs), weights[:, 0] * inputs)
    close(explain.occlusion(model, inputs, window=1), weights[:, 0] * inputs)


@each_head
@each_shape
def test_occlusion_of_single_places(shape, head):
    model, weights = linear(shape, head)
    inputs, start = normal(3, *shape), normal(shape[-1], seed=7)
    expected = weights[..., 1] * (inputs - start)
    if len(shape) > 1:
        expected = np.broadcast_to(expected.sum(axis=-1, keepdims=True), inputs.shape)
    close(explain.occlusion(model, inputs, 1, window=1, stride=1, baseline=start), expected)


@each_head
def test_mutagenesis_of_one_hot_letters(head):
    model, weights = linear((6, 4), head)
    letters = np.random.default_rng(0).integers(4, size=(3, 6))
    present = np.take_along_axis(weights[None, ..., 1], letters[..., None], axis=2)
    expected = weights[..., 1] - present
    close(explain.in_silico_mutagenesis(model, np.eye(4)[letters], 1), expected)
    padded = np.eye(4)[letters]
    padded[:, 4:] = 0
    expected[:, 4:] = 0
    close(explain.in_silico_mutagenesis(model, padded, 1), expected)


def test_mutagenesis_of_codes():
    one_hot, weights = linear((6, 5), "softmax")
    codes = keras.Input((6,), dtype="int32")
    model = keras.Model(codes, one_hot(layers.Embedding(5, 5, weights=[np.eye(5)])(codes)))
    letters = np.random.default_rng(0).integers(4, size=(3, 6))
    letters[0, 0] = 4  # an unclear letter, which may become a clear one, is no padding for the model, but it is for us
    found = explain.in_silico_mutagenesis(model, letters, 1, letters=4)
    expected = explain.in_silico_mutagenesis(one_hot, np.eye(5)[letters], 1, letters=4)[..., :4]
    expected[0, 0] = 0
    close(found, expected)


@each_head
def test_shapley_values(head):
    model, weights = linear((5,), head)
    inputs, background = normal(3, 5), normal(4, 5, seed=9)
    expected = weights[:, 1] * (inputs - background.mean(axis=0))
    close(explain.shapley_values(model, inputs, 1, background=background, samples=4), expected)


def test_shapley_values_of_visits_go_to_the_variable():
    model, weights = linear((6, 4), "softmax")
    inputs, background = normal(3, 6, 4), normal(2, 6, 4, seed=9)
    expected = np.einsum("tv,ntv->nv", weights[..., 1], inputs - background.mean(axis=0))
    close(explain.shapley_values(model, inputs, 1, background=background, samples=2), expected)


def test_permutation_importance():
    model, weights = linear((3,), None, classes=1)
    inputs = normal(500, 3) * [1, 2, 0.5]
    truth = model.predict(inputs, verbose=0)[:, 0]

    def quality(labels, predictions):
        return -np.mean((labels - predictions) ** 2)

    found = explain.permutation_importance(model, inputs, truth, metric=quality, repeats=40)
    np.testing.assert_allclose(found, 2 * weights[:, 0] ** 2 * inputs.var(axis=0), rtol=0.05)
    each = explain.permutation_importance(model, inputs, truth, metric=quality, repeats=40, average=False)
    assert each.shape == (40, 3)
    close(found, each.mean(axis=0))


def test_class_activation_maps():
    weights = normal(2, CLASSES)
    model, maps = reader((4, 5, 2), weights), normal(3, 4, 5, 2)
    expected = np.maximum(maps @ (weights[:, 1] / 20), 0)
    close(explain.grad_cam(model, maps, 1), expected)
    close(explain.grad_cam(model, maps, 1, resize=False), expected)


def test_atoms():
    model = molecule_model()
    weights = model.get_layer("each").get_weights()[0][:, 0]
    atoms, bonds = normal(2, 5, 4), normal(2, 5, 5, seed=3)
    mask = np.arange(5) < [[5], [3]]
    inputs = {"atoms": atoms, "bonds": bonds, "is_atom": mask}
    by_features = mask * (atoms @ weights)
    close(explain.atom_attribution(model, inputs), by_features + mask * bonds.sum(axis=2))
    for method in (explain.integrated_gradients, explain.gradient_times_input):
        close(explain.atom_attribution(model, inputs, method=method), by_features)


def test_one_of_several_inputs_is_attributed_to_and_the_others_are_held():
    model = molecule_model()
    atoms, bonds, mask = normal(2, 5, 4), normal(2, 5, 5, seed=3), np.ones((2, 5), bool)
    inputs = {"atoms": atoms, "bonds": bonds, "is_atom": mask}
    close(explain.saliency(model, inputs, of="bonds"), np.ones((2, 5, 5)))
    close(explain.integrated_gradients(model, inputs, of="bonds"), bonds)
    first, second = keras.Input((3,)), keras.Input((4,))
    both = keras.Model([first, second], layers.Dense(1)(layers.Concatenate()([first, second])))
    weights = both.get_weights()[0][:, 0]
    given = [normal(2, 3), normal(2, 4)]
    close(explain.gradient_times_input(both, given, of=1), weights[3:] * given[1])
    found = explain.shapley_values(both, given, of=1, background=np.zeros((1, 4)), samples=1)
    close(found, weights[3:] * given[1])


@each_head
def test_deletion_and_insertion_curves(head):
    model, weights = linear((4,), head)
    inputs = normal(3, 4)
    parts = weights[:, 1] * inputs
    full = parts.sum(axis=1) + model.get_weights()[1][1]
    ordered = -np.sort(-parts, axis=1)
    gone = np.concatenate([np.zeros((3, 1)), ordered.cumsum(axis=1)], axis=1)
    curve = explain.deletion(model, inputs, 1, parts, scale="logit")
    close(curve.share, [0, 0.25, 0.5, 0.75, 1])
    close(curve.scores, full[:, None] - gone)
    close(curve.auc, np.trapezoid(full[:, None] - gone, dx=0.25, axis=1))
    curve = explain.insertion(model, inputs, 1, parts, scale="logit")
    close(curve.scores, (full - parts.sum(axis=1))[:, None] + gone)
