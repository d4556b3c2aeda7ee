"""Areas under the ROC curve against scikit-learn, and against what can be known without it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from metrics.samples import several_classes, two_classes, work
from utils.errors import CourseError
from utils.metrics import UndefinedScore, estimate, macro_auc, multilabel_auc, roc_auc

bounded = settings(max_examples=40, deadline=None, derandomize=True)


@bounded
@given(st.integers(0, 10_000), st.integers(3, 5), st.sampled_from([None, 2, 5]))
def test_macro_auc_is_that_of_scikit_learn(seed, classes, steps):
    labels, probabilities = several_classes(seed, classes=classes, steps=steps)
    assert macro_auc(labels, probabilities) == pytest.approx(
        roc_auc_score(labels, probabilities, multi_class="ovr", average="macro"), abs=1e-12
    )


def test_two_classes_in_one_or_two_columns():
    labels, probabilities = several_classes(1, classes=2)
    expected = roc_auc_score(labels, probabilities[:, 1])
    assert macro_auc(labels, probabilities) == pytest.approx(expected)
    assert macro_auc(labels, probabilities[:, 1]) == pytest.approx(expected)
    assert macro_auc(labels == 1, probabilities[:, 1]) == pytest.approx(expected)


def test_perfect_guessed_and_upside_down():
    labels = np.array([0, 1, 2, 0, 1, 2])
    perfect = np.eye(3)[labels]
    assert macro_auc(labels, perfect) == 1
    assert macro_auc(labels, 1 - perfect) == 0
    assert macro_auc(labels, np.full((6, 3), 1 / 3)) == 0.5


@pytest.mark.parametrize(
    ("labels", "probabilities", "says"),
    [
        ([0, 1, 1], [0.2, 0.4], "labels: 3, probabilities: 2"),
        ([0, 1], [0.2, np.nan], "1 missing values"),
        ([0.0, np.nan], [0.2, 0.3], "labels hold 1 missing"),
        ([0, 1], [0.2, np.inf], "infinite"),
        ([0, 3], [[0.5, 0.5], [0.5, 0.5]], "from 0 to 1"),
        ([0, 0.5], [0.2, 0.3], "whole class numbers"),
        (["ill", "well"], [0.2, 0.3], "numbers are expected"),
        ([[0], [1]], [0.2, 0.3], "shape"),
        ([0, 1], [[0.2], [0.3]], "shape"),
        ([], [], "nothing in the labels"),
    ],
)
def test_macro_auc_says_what_is_wrong(labels, probabilities, says):
    with pytest.raises(CourseError, match=says):
        macro_auc(labels, probabilities)


def test_one_class_has_no_auc():
    with pytest.raises(UndefinedScore, match="no example of class 0"):
        macro_auc([1, 1], [0.2, 0.9])
    with pytest.raises(UndefinedScore, match="class 2"):
        macro_auc([0, 1, 0], np.eye(3))


@bounded
@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=12))
def test_roc_auc_of_a_few_tied_rows_counts_the_pairs(rows):
    labels, scores = np.array(rows).T
    cases, others = scores[labels == 1], scores[labels == 0]
    if len(cases) and len(others):
        won = [np.sign(case - other) / 2 + 0.5 for case in cases for other in others]
        assert roc_auc(labels, scores) == pytest.approx(np.mean(won), abs=1e-12)
        assert roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
        assert macro_auc(labels, scores) == roc_auc(labels, scores)
    else:
        with pytest.raises(UndefinedScore, match="no example of class"):
            roc_auc(labels, scores)


def test_roc_auc_asks_only_for_order():
    labels, probabilities = two_classes(1)
    logits = np.log(probabilities / (1 - probabilities))
    assert roc_auc(labels, logits) == roc_auc(labels == 1, probabilities) == 1 - roc_auc(labels, -logits)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.int64, np.uint8, bool])
def test_scores_of_any_number_type(dtype):
    labels, probabilities = two_classes(2)
    scores = (probabilities * 20).astype(dtype)
    assert roc_auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores.astype(float)))


def test_roc_auc_is_for_two_classes():
    labels, probabilities = several_classes(1)
    with pytest.raises(CourseError, match=r"for two classes.*scores\[:, 1\]"):
        roc_auc(labels, probabilities)
    with pytest.raises(CourseError, match="whole class numbers from 0 to 1"):
        roc_auc(labels, probabilities[:, 0])


def test_the_work_of_a_resample_is_that_of_a_few_arrays():
    """No loop over rows, and no table of all pairs: a thousand resamples of ten thousand rows take a second."""
    costs = []
    for n in (1_000, 10_000):
        labels, probabilities = two_classes(3, n=n)
        costs.append(work(lambda given=(labels, probabilities): estimate(roc_auc, *given, repeats=20)))
    (few_calls, few_bytes), (calls, most) = costs
    assert calls == few_calls
    assert most < 12 * few_bytes


def several_tasks(seed, n=50, tasks=4):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, size=(n, tasks)).astype(float)
    labels[random.random((n, tasks)) < 0.3] = np.nan
    return labels, random.normal(size=(n, tasks)).round(1)


def test_multilabel_auc_is_the_mean_over_what_was_measured():
    labels, scores = several_tasks(0)
    labels[:, 2] = np.where(labels[:, 2] == 1, np.nan, labels[:, 2])  # nothing but non-cases: left out
    known = ~np.isnan(labels)
    expected = [roc_auc_score(labels[known[:, task], task], scores[known[:, task], task]) for task in (0, 1, 3)]
    assert multilabel_auc(labels, scores) == pytest.approx(np.mean(expected))


def test_multilabel_auc_of_one_whole_task_is_roc_auc():
    labels, scores = two_classes(4)
    assert multilabel_auc(labels[:, None], scores[:, None]) == roc_auc(labels, scores)


def test_multilabel_auc_has_an_interval_in_spite_of_what_was_not_measured():
    labels, scores = several_tasks(1)
    found = estimate(multilabel_auc, labels, scores, groups=np.arange(50) // 2, repeats=100)
    assert found.low < found.value < found.high


@pytest.mark.parametrize(
    ("labels", "scores", "says"),
    [
        ([[0, 2], [1, 1]], np.eye(2), "0, 1 or NaN"),
        ([[0, 1], [1, 1]], [[0.1, np.nan], [0.3, 0.4]], "scores hold 1 missing"),
        ([[0, 1], [1, 1]], [[0.1], [0.3]], r"shape \(2, 2\) and the scores \(2, 1\)"),
        ([0, 1], [0.1, 0.3], "there is roc_auc"),
        ([[0, 1], [1]], np.eye(2), "rows of different lengths"),
        (np.zeros((0, 2)), np.zeros((0, 2)), "nothing in the labels"),
    ],
)
def test_multilabel_auc_says_what_is_wrong(labels, scores, says):
    with pytest.raises(CourseError, match=says):
        multilabel_auc(labels, scores)


def test_tasks_without_both_classes_have_no_auc():
    with pytest.raises(UndefinedScore, match="No task of 2"):
        multilabel_auc([[0, 1], [np.nan, 1]], np.eye(2))


def test_macro_auc_sends_several_tasks_elsewhere():
    with pytest.raises(CourseError, match="multilabel_auc"):
        macro_auc(np.eye(3), np.eye(3))
