"""Accuracy and the error of predicted numbers against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, root_mean_squared_error
from sklearn.metrics import log_loss as sklearn_log_loss

from metrics.samples import several_classes, two_classes
from utils.errors import CourseError, UsageError
from utils.metrics import UndefinedScore, accuracy, estimate, log_loss, macro_auc, rmse


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


def test_rmse_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    labels, predictions = random.normal(size=(2, 50))
    assert rmse(labels, predictions) == pytest.approx(root_mean_squared_error(labels, predictions))
    assert rmse([3, 0], np.array([0, 4], np.uint8)) == pytest.approx(np.sqrt(12.5))
    assert rmse(labels, np.full(50, labels.mean())) == pytest.approx(labels.std())
    found = estimate(rmse, labels, predictions, groups=np.arange(50) // 5, repeats=100)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("labels", "predictions", "says"),
    [
        ([1.0, 2.0], [1.0], "labels: 2, predictions: 1"),
        ([1.0, np.nan], [1.0, 2.0], "labels hold 1 missing"),
        ([1.0, 2.0], [1.0, np.inf], "predictions hold infinite"),
        ([1.0, 2.0], [[1.0], [2.0]], r"predictions \(2, 1\): give"),
        (["1", "2"], [1.0, 2.0], "labels hold text"),
        ([], [], "nothing in the labels"),
    ],
)
def test_rmse_says_what_is_wrong(labels, predictions, says):
    with pytest.raises(CourseError, match=says):
        rmse(labels, predictions)


def test_rmse_of_a_table_leaves_out_what_was_not_measured():
    labels = np.array([[1.0, np.nan, np.nan], [2.0, 4.0, np.nan]])
    assert rmse(labels, np.zeros((2, 3))) == pytest.approx((np.sqrt(2.5) + 4) / 2)
    with pytest.raises(UndefinedScore, match="No task"):
        rmse(np.full((2, 1), np.nan), np.zeros((2, 1)))


def test_log_loss_is_that_of_scikit_learn():
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.ones(3), 40)
    labels = random.integers(3, size=40)
    assert log_loss(labels, probabilities) == pytest.approx(sklearn_log_loss(labels, probabilities, labels=[0, 1, 2]))
    assert log_loss([1, 0], [[1.0, 0.0], [1.0, 0.0]]) == pytest.approx(-np.log(1e-7) / 2, rel=1e-5)  # sure and wrong
    findings = np.array([[0, 1], [1, 1]])
    assert log_loss(findings, np.full((2, 2), 0.25)) == pytest.approx(-np.log([0.75, 0.25, 0.25, 0.25]).mean())


def test_a_score_that_does_not_exist_can_be_nan():
    found = estimate(macro_auc, np.array([0, 0, 0, 1]), np.array([0.1, 0.2, 0.3, 0.9]), repeats=50, undefined="nan")
    assert found.value == 1
    assert np.isnan(found.low)
    assert np.isnan(estimate(macro_auc, np.zeros(4, int), np.ones(4), repeats=50, undefined="nan").value)
    with pytest.raises(UsageError, match="undefined="):
        estimate(macro_auc, np.zeros(4, int), np.ones(4), undefined="maybe")
