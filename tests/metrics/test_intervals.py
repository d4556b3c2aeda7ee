"""Intervals against SciPy, closed forms and how often they hold the truth."""

import numpy as np
import pytest
from scipy.stats import bootstrap, norm
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from metrics.samples import several_classes, two_classes, work
from utils.errors import CourseError
from utils.metrics import (
    Estimate,
    Interval,
    UndefinedScore,
    bootstrap_interval,
    estimate,
    macro_auc,
    roc_auc,
)


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
    labels, _ = several_classes(3)
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
        ([[1, 2]], {"repeats": 50.0}, "whole number of at least 20"),
        ([[1, 2]], {"repeats": "many"}, "whole number of at least 20"),
        ([[1, 2]], {"level": 95}, "between 0 and 1"),
        ([[1, 2]], {"level": 1}, "between 0 and 1"),
        ([[1, 2], [[1, 2], [3]]], {}, "rows of different lengths"),
        ([[1, 2], [[1, np.nan], [3, 4]]], {}, "values of array 2 hold 1 missing"),
        ([["a", None]], {}, "1 missing values"),
        ([[1, 2]], {"groups": ["a", None]}, "groups hold 1 missing"),
        ([[1, 2]], {"groups": np.array(["a", 1], dtype=object)}, "mix numbers and text"),
        ([[1, 2]], {"groups": [[1], [2]]}, "groups have shape"),
    ],
)
def test_bootstrap_says_what_is_wrong(arrays, options, says):
    with pytest.raises(CourseError, match=says):
        bootstrap_interval(lambda *values: np.mean(values[0]), *arrays, **options)


def test_an_interval_is_written_with_the_digits_asked_for():
    assert f"{Interval(0.81234, 0.9):.2f}" == "0.81 to 0.90"


def test_balanced_accuracy_from_scikit_learn_fits_too():
    labels, probabilities = several_classes(6)
    low, high = bootstrap_interval(balanced_accuracy_score, labels, probabilities.argmax(axis=1), repeats=100)
    assert 0 < low < high < 1


def test_an_estimate_is_the_score_and_its_interval():
    labels, probabilities = two_classes(7)
    patients = np.arange(60) // 2
    found = estimate(roc_auc, labels, probabilities, groups=patients, repeats=100, seed=3, level=0.8)
    assert found.value == roc_auc(labels, probabilities)
    assert (found.low, found.high) == bootstrap_interval(
        roc_auc, labels, probabilities, groups=patients, repeats=100, seed=3, level=0.8
    )
    assert f"{Estimate(0.912, 0.8812, 0.94):.2f}" == "0.91 (0.88 to 0.94)"
    assert f"{Estimate(0.5, 0.25, 0.75)}" == "0.5 (0.25 to 0.75)"


def test_intervals_of_an_auc_cover_the_true_one():
    true = norm.cdf(1 / np.sqrt(2))  # two normal scores, one standard deviation apart
    random = np.random.default_rng(8)
    hits = 0
    for seed in range(150):
        labels = random.permutation(np.arange(80) % 2)
        low, high = bootstrap_interval(roc_auc, labels, random.normal(labels), repeats=150, seed=seed)
        hits += low <= true <= high
    assert 0.88 <= hits / 150 <= 0.99


def test_rows_alone_would_claim_too_much_of_clustered_data():
    random = np.random.default_rng(9)
    patients = np.repeat(np.arange(40), 15)
    labels = (np.arange(40) % 2)[patients]  # all images of a patient share label and most of the score
    scores = labels + random.normal(size=40)[patients] + 0.3 * random.normal(size=600)
    rows, grouped = (estimate(roc_auc, labels, scores, groups=groups, repeats=300) for groups in (None, patients))
    assert rows.value == grouped.value
    assert grouped.high - grouped.low > 2 * (rows.high - rows.low)


def test_an_interval_may_be_of_any_arrays():
    words = np.array(["a", "b", "a", "c"])
    images = np.random.default_rng(10).random((4, 5, 5, 3))
    found = estimate(lambda names, pictures: (pictures.mean(axis=(1, 2, 3)) * (names == "a")).sum(), words, images)
    assert found.low < found.value < found.high


@pytest.mark.parametrize("rows_in_a_group", [None, 2])
def test_the_work_of_a_resample_is_that_of_a_few_arrays(rows_in_a_group):
    """No loop over rows or groups: fifty thousand take as many calls as five thousand, and memory in proportion."""
    costs = []
    for n in (5_000, 50_000):
        values = np.random.default_rng(11).normal(size=n)
        groups = np.arange(n) // rows_in_a_group if rows_in_a_group else None
        costs.append(work(lambda given=values, groups=groups: estimate(np.mean, given, groups=groups, repeats=20)))
    (few_calls, few_bytes), (calls, most) = costs
    assert calls == few_calls
    assert most < 12 * few_bytes
