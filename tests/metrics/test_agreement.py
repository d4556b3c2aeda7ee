"""Accuracy and the error of predicted numbers against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, root_mean_squared_error

from metrics.samples import several_classes, two_classes
from utils.errors import CourseError
from utils.metrics import accuracy, estimate, root_mean_square_error


@pytest.mark.parametrize("steps", [None, 2])
def test_accuracy_is_that_of_scikit_learn(steps):
    labels, probabilities = several_classes(0, steps=steps)
    assert accuracy(labels, probabilities) == accuracy_score(labels, probabilities.argmax(axis=1))


def test_two_classes_in_one_or_two_columns():
    labels, probabilities = two_classes(0, steps=4)
    assert (probabilities == 0.5).any()
    both = np.column_stack([1 - probabilities, probabilities])
    assert accuracy(labels, probabilities) == accuracy(labels, both)
    assert accuracy(labels, probabilities) == accuracy_score(labels, probabilities > 0.5)


def test_accuracy_needs_neither_every_class_nor_probabilities_that_sum_to_one():
    assert accuracy([2, 2], [[0.0, 1.0, 7.0], [9.0, 0.0, -3.0]]) == 0.5


def test_one_column_of_logits_or_class_numbers_is_refused():
    with pytest.raises(CourseError, match="from -2 to 3, outside 0 to 1"):
        accuracy([0, 1], [-2.0, 3.0])
    with pytest.raises(CourseError, match="whole class numbers from 0 to 1"):
        accuracy([0, 1, 2], [0, 1, 2])


def test_root_mean_square_error_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    labels, predictions = random.normal(size=(2, 50))
    assert root_mean_square_error(labels, predictions) == pytest.approx(root_mean_squared_error(labels, predictions))
    assert root_mean_square_error([3, 0], np.array([0, 4], np.uint8)) == pytest.approx(np.sqrt(12.5))
    assert root_mean_square_error(labels, np.full(50, labels.mean())) == pytest.approx(labels.std())
    found = estimate(root_mean_square_error, labels, predictions, groups=np.arange(50) // 5, repeats=100)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("labels", "predictions", "says"),
    [
        ([1.0, 2.0], [1.0], "labels: 2, predictions: 1"),
        ([1.0, np.nan], [1.0, 2.0], "labels hold 1 missing"),
        ([1.0, 2.0], [1.0, np.inf], "predictions hold infinite"),
        ([1.0, 2.0], [[1.0], [2.0]], r"predictions \(2, 1\): give one number"),
        (["1", "2"], [1.0, 2.0], "labels hold text"),
        ([], [], "nothing in the labels"),
    ],
)
def test_root_mean_square_error_says_what_is_wrong(labels, predictions, says):
    with pytest.raises(CourseError, match=says):
        root_mean_square_error(labels, predictions)
