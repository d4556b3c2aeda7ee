"""Chapter 02's hand-written losses and optimisers against Keras: same values, same gradients, same step after step."""

import ast
import functools

import keras
import numpy as np
import pytest
from conftest import ROOT, code_cells, read
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from sklearn.metrics import log_loss

from utils import nn
from utils.exercises.ch02_core_concepts import constant_log_loss, cross_entropy_and_gradient, softmax
from utils.exercises.ch02_training import adam_step, split_by_group

bounded = settings(max_examples=50, deadline=None, derandomize=True)
seeds, rates, momenta = st.integers(0, 2**16), st.floats(1e-4, 0.1), st.floats(0.0, 0.95)
lengths, scales = st.integers(1, 5), st.sampled_from([1e-6, 1e-3, 1.0, 10.0])
STEPS = 12


def assert_equal(hand, library):
    np.testing.assert_allclose(hand, ops.convert_to_numpy(library), rtol=1e-5, atol=1e-5)


@functools.cache
def shown_to_the_reader(name):
    """A function that chapter 02 defines: what is tested is what the reader sees."""
    for cell in code_cells(read(ROOT / "chapters" / "02_core_concepts.ipynb")):
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.FunctionDef) and node.name == name:
                namespace = {"np": np}
                exec(compile(ast.Module([node], []), cell.id, "exec"), namespace)
                return namespace[name]
    raise AssertionError(f"chapter 02 defines no {name}")


def start(seed, length, scale):
    """Weights (length,) and one gradient a step (STEPS, length), float32; the scale is that of the gradients."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=length).astype("float32"), rng.normal(scale=scale, size=(STEPS, length)).astype("float32")


def keras_steps(optimiser):
    """A function (weights, gradient) → where Keras goes from there; the optimiser remembers its earlier steps."""
    variable = None

    def step(weights, gradient):
        nonlocal variable
        variable = keras.Variable(weights) if variable is None else variable
        variable.assign(weights)  # float32 in Keras: without this, its rounding would add up over the steps
        optimiser.apply([ops.convert_to_tensor(gradient)], [variable])
        return ops.convert_to_numpy(ops.copy(variable))

    return step


@bounded
@given(seeds, lengths, scales, rates)
def test_gradient_descent(seed, length, scale, rate):
    rule = shown_to_the_reader("descend")(rate)
    weights, gradients = start(seed, length, scale)
    step = keras_steps(keras.optimizers.SGD(rate))
    for gradient in gradients:
        library, (weights, _) = step(weights, gradient), rule(weights, gradient, None, 1)
        assert_equal(weights, library)


@bounded
@given(seeds, lengths, scales, rates, momenta)
def test_momentum(seed, length, scale, rate, momentum):
    rule = shown_to_the_reader("roll")(rate, momentum)
    weights, gradients = start(seed, length, scale)
    velocity, step = np.zeros(length), keras_steps(keras.optimizers.SGD(rate, momentum=momentum))
    for gradient in gradients:
        library = step(weights, gradient)
        weights, velocity = rule(weights, gradient, velocity, 1)
        assert_equal(weights, library)


@bounded
@given(seeds, lengths, scales, rates, st.floats(0.0, 0.95), st.floats(0.5, 0.999))
def test_adam(seed, length, scale, rate, beta1, beta2):
    """Gradients as small as epsilon too: there the two places where epsilon can stand give different steps."""
    weights, gradients = start(seed, length, scale)
    mean, square = np.zeros(length), np.zeros(length)
    keras_step = keras_steps(keras.optimizers.Adam(rate, beta_1=beta1, beta_2=beta2))
    for step, gradient in enumerate(gradients, 1):
        library = keras_step(weights, gradient)
        weights, mean, square = adam_step(weights, gradient, mean, square, step, rate, beta1, beta2)
        assert_equal(weights, library)


@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_a_logistic_regression_trains_alike(name):
    """Loss, gradient and step together: a Keras model, batch after batch, against everything by hand."""
    descend, roll = shown_to_the_reader("descend")(0.1), shown_to_the_reader("roll")(0.1)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)).astype("float32"), rng.integers(0, 2, 60)
    optimiser = {
        "sgd": keras.optimizers.SGD(0.1),
        "momentum": keras.optimizers.SGD(0.1, momentum=0.9),
        "adam": keras.optimizers.Adam(0.1),
    }[name]
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, use_bias=False)])
    model.compile(optimiser, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    weights = model.get_weights()[0]
    memory = [np.zeros(weights.shape), np.zeros(weights.shape)]
    for step in range(1, STEPS + 1):
        loss, of_scores = cross_entropy_and_gradient(x @ weights, y)
        gradient = x.T @ of_scores
        assert model.train_on_batch(x, y) == pytest.approx(loss, abs=1e-5)
        if name == "sgd":
            weights, _ = descend(weights, gradient, None, step)
        elif name == "momentum":
            weights, memory[0] = roll(weights, gradient, memory[0], step)
        else:
            weights, *memory = adam_step(weights, gradient, *memory, step, 0.1)
        assert_equal(weights, model.get_weights()[0])


@bounded
@given(seeds, st.integers(1, 6), st.integers(2, 5), st.floats(0.1, 50))
def test_softmax_and_cross_entropy(seed, rows, classes, scale):
    rng = np.random.default_rng(seed)
    scores, labels = rng.normal(scale=scale, size=(rows, classes)).astype("float32"), rng.integers(0, classes, rows)
    keras_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss, gradient = cross_entropy_and_gradient(scores, labels)
    assert_equal(softmax(scores), ops.softmax(scores))
    assert_equal(loss, keras_loss(labels, scores))
    assert_equal(gradient, nn.gradient(lambda s: keras_loss(labels, s), scores))


@bounded
@given(seeds, lengths, st.floats(-500, 500))
def test_softmax_does_not_notice_a_shift(seed, classes, shift):
    scores = np.random.default_rng(seed).normal(size=(3, classes))
    np.testing.assert_allclose(softmax(scores + shift), softmax(scores), atol=1e-10)


@bounded
@given(st.integers(1, 50), st.integers(1, 50), st.floats(0.001, 0.999))
def test_no_constant_beats_the_best_constant(ones, zeros, another):
    labels = np.repeat([1, 0], [ones, zeros])
    probability, loss = constant_log_loss(labels)
    assert loss == pytest.approx(log_loss(labels, np.full(len(labels), probability)), abs=1e-9)
    assert loss <= log_loss(labels, np.full(len(labels), another)) + 1e-9


@bounded
@given(st.lists(st.integers(0, 15), min_size=2, max_size=60), st.floats(0.2, 0.6), seeds)
def test_no_patient_stands_on_both_sides(groups, fraction, seed):
    groups = np.array([*groups, 98, 99])
    test = split_by_group(groups, fraction, seed)
    assert not set(groups[test]) & set(groups[~test])
    assert test.any()
    assert not test.all()
