"""Every score for two classes gives the same clear answer to the same bad input."""

import subprocess
import sys

import numpy as np
import pytest

from metrics.samples import several_classes, two_classes
from utils import metrics
from utils.errors import CourseError
from utils.metrics import UndefinedScore, estimate


def at(score, *options):
    """The score with its options filled in, under its own name."""

    def filled(labels, values):
        return score(labels, values, *options)

    filled.__name__ = score.__name__
    return filled


NEED_BOTH_CLASSES = [
    metrics.roc_auc,
    metrics.macro_auc,
    metrics.average_precision,
    metrics.roc_curve,
    at(metrics.sensitivity_at_specificity, 0.9),
    at(metrics.enrichment_factor, 0.1),
    at(metrics.best_threshold, 5, 1),
    metrics.temperature,
]
NEED_PROBABILITIES = [
    metrics.accuracy,
    metrics.brier_score,
    metrics.reliability,
    metrics.calibration_error,
    at(metrics.net_benefit, 0.2),
    at(metrics.best_threshold, 5, 1),
]
SCORES = NEED_BOTH_CLASSES + NEED_PROBABILITIES[:-1]
SEVERAL_CLASSES = [
    metrics.macro_auc,
    metrics.accuracy,
    metrics.brier_score,
    metrics.reliability,
    metrics.calibration_error,
    metrics.temperature,
]


def name(score):
    return score.__name__


@pytest.mark.parametrize("score", SCORES, ids=name)
@pytest.mark.parametrize(
    ("labels", "values", "says"),
    [
        ([0, 1, 1], [0.2, 0.4], "lengths differ .*: 3, .*: 2"),
        ([0, 1], [0.2, np.nan], "hold 1 missing values"),
        ([0.0, np.nan], [0.2, 0.3], "labels hold 1 missing values"),
        ([0, None], [0.2, 0.3], "labels hold 1 missing values"),
        ([0, 1], [0.2, np.inf], "infinite"),
        ([0, 2], [0.2, 0.4], "whole class numbers from 0 to 1.*from 0 to 2"),
        ([-1, 1], [0.2, 0.4], "whole class numbers"),
        ([0, 0.5], [0.2, 0.3], "whole class numbers"),
        (["ill", "well"], [0.2, 0.3], "labels hold text"),
        ([0, 1], ["much", "little"], "hold text, where numbers are expected"),
        ([0, 1], [1j, 2], "values of type complex128"),
        ([[0, 1], [1, 0]], [0.2, 0.3], r"labels have shape \(2, 2\)"),
        ([0, 1], [[0.2], [0.3]], r"shape \(2, 1\)"),
        ([0, 1], [[0.2], [0.3, 0.4]], "rows of different lengths"),
        ([], [], "There is nothing in the"),
        (1, 0.5, "There is nothing in the"),
        (None, None, "There is nothing in the"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(score, labels, values, says):
    with pytest.raises(CourseError, match=says) as caught:
        score(labels, values)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("score", NEED_BOTH_CLASSES, ids=name)
@pytest.mark.parametrize("label", [0, 1])
def test_one_class_alone_is_not_enough(score, label):
    with pytest.raises(UndefinedScore, match="class"):
        score([label] * 3, [0.1, 0.2, 0.3])


@pytest.mark.parametrize("score", NEED_PROBABILITIES, ids=name)
def test_what_is_no_probability_is_refused(score):
    with pytest.raises(CourseError, match="from -2 to 0.3, outside 0 to 1: turn logits"):
        score([0, 1], [-2, 0.3])


@pytest.mark.parametrize("score", [score for score in SCORES if score is not metrics.roc_curve], ids=name)
@pytest.mark.parametrize("groups", [None, np.arange(60) // 3])
def test_every_score_of_two_classes_has_an_interval(score, groups):
    sample = two_classes(5)
    if score is metrics.reliability:
        with pytest.raises(CourseError, match="let it return one number"):
            estimate(score, *sample)
        return
    found = estimate(score, *sample, groups=groups, repeats=40)
    assert found.low <= found.high
    assert found.value == score(*sample)


@pytest.mark.parametrize("score", SEVERAL_CLASSES, ids=name)
@pytest.mark.parametrize("groups", [None, np.arange(60) // 3])
def test_every_score_of_several_classes_has_an_interval(score, groups):
    sample = several_classes(5)
    if score is not metrics.reliability:
        found = estimate(score, *sample, groups=groups, repeats=40)
        assert found.low <= found.high


def test_all_that_is_promised_is_there():
    assert all(callable(getattr(metrics, promised)) for promised in metrics.__all__)
    assert len(set(metrics.__all__)) == len(metrics.__all__)


def test_metrics_know_neither_models_nor_data():
    code = (
        "import sys, utils.metrics; print([m for m in ('keras', 'tensorflow', 'utils.datasets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
