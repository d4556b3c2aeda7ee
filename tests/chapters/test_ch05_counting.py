"""Costs that are counted: operations, those in a row, and bytes, against what can be worked out on paper."""

import numpy as np
import pytest

from utils.chapters.ch05_counting import count
from utils.errors import UsageError

MIX = np.eye(8)


def ones(length):
    return np.ones((length, 8))


@pytest.mark.parametrize("length", [3, 50])
@pytest.mark.parametrize(
    ("function", "operations", "in_a_row"),
    [
        (lambda x: x + 1, lambda n: 8 * n, 1),
        (lambda x: np.exp(x) * x, lambda n: 16 * n, 2),
        (lambda x: x.max(axis=-1, keepdims=True), lambda n: 8 * n, 1),
        (lambda x: x.sum(), lambda n: 8 * n, 1),
        (lambda x: x @ MIX, lambda n: 2 * 8 * 8 * n, 1),
        (lambda x: MIX @ x.T, lambda n: 2 * 8 * 8 * n, 1),
        (lambda x: x @ x.T, lambda n: 2 * 8 * n * n, 1),
        (lambda x: (x @ x.T) @ x, lambda n: 2 * 2 * 8 * n * n, 2),
        (lambda x: [x + 1, x + 2, x + 3], lambda n: 24 * n, 1),  # these need not wait for each other
    ],
)
def test_operations_are_those_on_paper(function, operations, in_a_row, length):
    found = count(function, ones(length))
    assert (found.operations, found.in_a_row) == (operations(length), in_a_row)


def test_a_loop_waits_for_itself():
    def running_sum(x):
        states, state = np.empty_like(x), np.zeros_like(x[0])
        for t in range(len(x)):
            states[t] = state = state + x[t]
        return states

    assert count(running_sum, ones(40))[:2] == (40 * 8, 40)


def test_bytes_are_those_of_the_arrays_at_the_highest_point():
    found = count(lambda x: (x @ x.T).sum(axis=-1), ones(1000))
    assert found.bytes == pytest.approx(1000 * 1000 * 8, rel=0.02)
    one_after_the_other = count(lambda x: [np.ones(10**6).sum() for _ in range(3)], ones(5))
    assert one_after_the_other.bytes == pytest.approx(8e6, rel=0.02)


def test_what_was_given_stays_as_it_is():
    x = ones(4)
    count(lambda x: x * 2, x)
    assert type(x) is np.ndarray
    assert np.array_equal(x, ones(4))


def in_place(x):
    x = x * 1
    x += 1
    return x


@pytest.mark.parametrize(
    "function",
    [
        in_place,
        np.add.accumulate,
        lambda x: np.exp(x, out=np.empty((3, 8))),
        lambda x: np.dot(x, x.T),
        lambda x: np.einsum("ij,kj->ik", x, x),
    ],
)
def test_what_cannot_be_counted_is_refused(function):
    with pytest.raises(UsageError, match="cannot be counted: "):
        count(function, ones(3))
