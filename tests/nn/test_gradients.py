"""``nn.gradient`` against derivatives known in closed form, and what it does with functions that have none."""

import numpy as np
import pytest
from keras import ops

from utils import nn


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize(
    ("function", "derivative"),
    [
        (lambda x: ops.sum(x**3), lambda x: 3 * x**2),
        (lambda x: ops.sum(ops.sin(x)), np.cos),
        (lambda x: ops.sum(ops.sigmoid(x)), lambda x: np.exp(-x) / (1 + np.exp(-x)) ** 2),
        (lambda x: ops.logsumexp(x), lambda x: np.exp(x) / np.exp(x).sum()),
        (lambda x: ops.max(x), lambda x: (x == x.max()).astype(float)),
    ],
    ids=["cube", "sine", "sigmoid", "logsumexp", "maximum"],
)
def test_equals_the_closed_form(function, derivative):
    x = normal(4, 3)
    np.testing.assert_allclose(nn.gradient(function, x), derivative(x), atol=1e-5)


def test_several_arrays_give_one_gradient_each_in_their_order():
    matrix, vector = normal(3, 5), normal(5)
    of_matrix, of_vector = nn.gradient(lambda a, v: ops.sum(ops.matmul(a, v) ** 2), matrix, vector)
    residual = 2 * matrix @ vector
    np.testing.assert_allclose(of_matrix, np.outer(residual, vector), atol=1e-5)
    np.testing.assert_allclose(of_vector, matrix.T @ residual, atol=1e-5)


def test_an_array_that_the_function_does_not_use_has_gradient_zero():
    used, unused = nn.gradient(lambda a, b: ops.sum(a * a), normal(2), normal(3, 4))
    np.testing.assert_allclose(used, 2 * normal(2), atol=1e-6)
    np.testing.assert_array_equal(unused, np.zeros((3, 4)))


def test_gives_plain_arrays_of_the_inputs_shape_in_float32():
    found = nn.gradient(lambda x: ops.sum(x * x), [[1, 2, 3]])
    assert type(found) is np.ndarray
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, [[2, 4, 6]])


def test_a_single_number_is_differentiated_too():
    assert nn.gradient(lambda x: x * x * x, 2.0) == pytest.approx(12.0)


def test_leaves_its_input_alone():
    x = normal(3)
    before = x.copy()
    nn.gradient(lambda value: ops.sum(value * 2), x)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("function", [lambda x: x * 2, lambda x: ops.reshape(ops.sum(x), (1, 1))])
def test_a_function_that_returns_more_than_one_number_is_refused_with_its_shape(function):
    with pytest.raises(ValueError, match=r"must return a single number.*\(\d"):
        nn.gradient(function, normal(2, 2))


def test_no_array_is_refused():
    with pytest.raises(ValueError, match="at least one array"):
        nn.gradient(lambda: ops.sum(1.0))
