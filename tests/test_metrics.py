"""Scores against scikit-learn, SciPy and closed forms; bad input answered in one sentence."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap, norm
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from utils.errors import CourseError
from utils.metrics import Interval, UndefinedScore, bootstrap_interval, macro_auc


def labels_and_probabilities(seed, n=60, classes=3, steps=None):
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.integers(classes, size=n - classes)])
    probabilities = random.dirichlet(np.ones(classes), size=n)
    if steps:  # few different values, so that there are many ties
        probabilities = np.round(probabilities * steps) + 1
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    return labels, probabilities


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(3, 5), st.sampled_from([None, 2, 5]))
def test_macro_auc_is_that_of_scikit_learn(seed, classes, steps):
    labels, probabilities = labels_and_probabilities(seed, classes=classes, steps=steps)
    assert macro_auc(labels, probabilities) == pytest.approx(
        roc_auc_score(labels, probabilities, multi_class="ovr", average="macro"), abs=1e-12
    )


def test_two_classes_in_one_or_two_columns():
    labels, probabilities = labels_and_probabilities(1, classes=2)
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


def test_interval_of_a_mean_is_the_textbook_one():
    values = np.random.default_rng(0).normal(3, 2, size=400)
    low, high = bootstrap_interval(np.mean, values, repeats=4000)
    error = values.std() / np.sqrt(len(values))
    assert (low, high) == pytest.approx(norm.interval(0.95, values.mean(), error), abs=0.1 * error)


def test_interval_agrees_with_scipy():
    values = np.random.default_rng(1).exponential(size=80)
    ours = bootstrap_interval(np.median, values, repeats=4000, level=0.9)
    theirs = bootstrap(
        (values,), np.median, confidence_level=0.9, n_resamples=4000, method="percentile", random_state=0
    ).confidence_interval
    assert tuple(ours) == pytest.approx(tuple(theirs), abs=0.06)


def test_the_interval_covers_as_often_as_it_says():
    random = np.random.default_rng(2)
    hits = 0
    for seed in range(300):
        low, high = bootstrap_interval(np.mean, random.normal(size=50), repeats=200, seed=seed)
        hits += low <= 0 <= high
    assert 0.89 <= hits / 300 <= 0.98  # 95 % less the known few percent of a percentile interval at n = 50


def test_rows_stay_together():
    labels, _ = labels_and_probabilities(3)
    assert bootstrap_interval(lambda a, b: np.mean(a == b), labels, labels) == (1, 1)


def test_groups_are_drawn_whole():
    groups = np.repeat(np.arange(10), 5)
    seen = []

    def record(values, members):
        seen.append(members)
        return values.mean()

    bootstrap_interval(record, np.arange(50.0), groups, groups=groups, repeats=30)
    for members in seen:
        assert len(members) == 50
        assert (np.bincount(members, minlength=10) % 5 == 0).all()


def test_groups_widen_the_interval_of_repeated_measurements():
    random = np.random.default_rng(4)
    patients = np.repeat(np.arange(30), 20)
    values = random.normal(size=30)[patients] + 0.1 * random.normal(size=600)
    low, high = bootstrap_interval(np.mean, values, repeats=600)
    low_grouped, high_grouped = bootstrap_interval(np.mean, values, groups=patients, repeats=600)
    assert (high_grouped - low_grouped) / (high - low) == pytest.approx(np.sqrt(20), rel=0.25)


def test_groups_may_be_names_of_unequal_size():
    names = np.array(["anna", "anna", "bela", "carla", "carla", "carla"])
    low, high = bootstrap_interval(np.mean, np.arange(6.0), groups=names, repeats=200)
    assert 0.5 <= low < high <= 4


def test_the_seed_decides():
    values = np.random.default_rng(5).normal(size=30)
    assert bootstrap_interval(np.mean, values, seed=1) == bootstrap_interval(np.mean, values, seed=1)
    assert bootstrap_interval(np.mean, values, seed=1) != bootstrap_interval(np.mean, values, seed=2)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("score", [macro_auc, roc_auc_score])
def test_resamples_of_one_class_are_left_out(score):
    labels = np.array([1, 1, 1] + [0] * 27)  # three cases: 4 in 100 resamples hold none
    scores = np.linspace(1, 0, 30)
    scores[[1, 10]] = scores[[10, 1]]
    low, high = bootstrap_interval(score, labels, scores, repeats=500)
    assert 0 < low < high <= 1


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("score", [macro_auc, roc_auc_score])
def test_too_many_resamples_of_one_class_are_refused(score):
    labels = np.array([1] + [0] * 29)  # one case: a third of the resamples hold none
    with pytest.raises(UndefinedScore, match=r"only \d+ of 500 resamples"):
        bootstrap_interval(score, labels, np.linspace(1, 0, 30), repeats=500)


def test_a_score_that_does_not_exist_on_the_data():
    with pytest.raises(UndefinedScore, match="no example of class 0"):
        bootstrap_interval(macro_auc, [1, 1, 1], [0.1, 0.2, 0.3])
    with pytest.raises(UndefinedScore, match="NaN on the data"):
        bootstrap_interval(lambda values: np.nan, [1, 2, 3])


def test_a_fault_in_the_statistic_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        bootstrap_interval(lambda values: 1 / 0, [1, 2, 3])


@pytest.mark.parametrize(
    ("arrays", "options", "says"),
    [
        ([], {}, "nothing to resample"),
        ([[1, 2], [1, 2, 3]], {}, "array 1: 2, array 2: 3"),
        ([[1.0, np.nan]], {}, "1 missing values"),
        ([[]], {}, "nothing in the values of array 1"),
        ([[1]], {}, "only one example"),
        ([[1, 2]], {"groups": ["a", "a"]}, "only one group"),
        ([[1, 2]], {"groups": ["a"]}, "groups: 1"),
        ([[1, 2]], {"groups": [1.0, np.nan]}, "groups hold 1 missing"),
        ([[1, 2]], {"repeats": 5}, "at least 20"),
        ([[1, 2]], {"level": 95}, "between 0 and 1"),
    ],
)
def test_bootstrap_says_what_is_wrong(arrays, options, says):
    with pytest.raises(CourseError, match=says):
        bootstrap_interval(lambda *values: np.mean(values[0]), *arrays, **options)


def test_an_interval_is_written_with_the_digits_asked_for():
    assert f"{Interval(0.81234, 0.9):.2f}" == "0.81 to 0.90"


def test_balanced_accuracy_from_scikit_learn_fits_too():
    labels, probabilities = labels_and_probabilities(6)
    low, high = bootstrap_interval(balanced_accuracy_score, labels, probabilities.argmax(axis=1), repeats=100)
    assert 0 < low < high < 1
