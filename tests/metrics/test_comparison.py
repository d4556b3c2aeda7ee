"""Which of two models is better: named only when the interval of the paired difference leaves out 0."""

import numpy as np
import pytest

from utils import metrics
from utils.errors import CourseError
from utils.metrics.comparison import sentence, signed


@pytest.fixture
def said():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 100)
    good = labels + rng.normal(size=200)
    return labels, good, good + rng.normal(0, 0.05, 200), rng.normal(size=200)


def test_the_better_model_is_named_whichever_comes_first(said):
    labels, good, _, noise = said
    found = metrics.compare(metrics.roc_auc, labels, {"forest": good, "network": noise}, measure="AUC")
    assert found.difference.low > 0
    assert str(found).startswith("Forest is better than network: AUC differs by +0.")
    turned = metrics.compare(metrics.roc_auc, labels, {"network": noise, "forest": good}, measure="AUC")
    assert str(turned).startswith("Forest is better than network: AUC differs by -0.")
    assert turned.difference.value == pytest.approx(-found.difference.value)


def test_of_an_error_the_smaller_one_is_better(said):
    labels, good, _, noise = said
    found = metrics.compare(
        metrics.rmse, labels, {"forest": good, "network": noise * 3}, measure="RMSE", lower_is_better=True
    )
    assert str(found).startswith("Forest is better than network: RMSE differs by -")


def test_two_models_that_hardly_differ_are_undecided(said):
    labels, good, twin, _ = said
    found = metrics.compare(metrics.roc_auc, labels, {"forest": good, "twin": twin}, measure="AUC")
    assert found.difference.low <= 0 <= found.difference.high
    assert str(found).startswith("Forest or twin: undecided between ")


def test_it_is_paired(said):
    """What is hard for both cancels: the interval of twins is far narrower than that of either score."""
    labels, good, twin, _ = said
    paired = metrics.compare(metrics.roc_auc, labels, {"forest": good, "twin": twin}, measure="AUC").difference
    alone = metrics.estimate(metrics.roc_auc, labels, good)
    assert (paired.high - paired.low) < 0.3 * (alone.high - alone.low)


def test_whole_groups_are_drawn(said):
    """Ten copies of each row tell nothing new."""
    labels, good, _, noise = said
    models = {"forest": good, "network": noise}
    once = metrics.compare(metrics.roc_auc, labels, models, measure="AUC", groups=np.arange(200)).difference
    copies = {name: np.repeat(scores, 10) for name, scores in models.items()}
    tenfold = metrics.compare(
        metrics.roc_auc, np.repeat(labels, 10), copies, measure="AUC", groups=np.repeat(np.arange(200), 10)
    ).difference
    assert tenfold == pytest.approx(once)


def test_too_few_rows_allow_no_sentence():
    found = metrics.compare(
        metrics.roc_auc, [0, 1], {"a": [0.1, 0.9], "b": [0.2, 0.3]}, measure="AUC", groups=["one", "two"]
    )
    assert str(found) == "Nothing can be said about a and b: there are too few test rows."


def test_two_models_are_needed(said):
    labels, good, _, _ = said
    with pytest.raises(CourseError, match="you gave 1"):
        metrics.compare(metrics.roc_auc, labels, {"forest": good}, measure="AUC")


@pytest.mark.parametrize(
    ("value", "text"), [(0.0201, "+0.020"), (-0.3, "-0.300"), (0.0012, "+0.0012"), (0.0, "+0.000")]
)
def test_differences_carry_their_sign(value, text):
    assert signed(value) == text


def test_an_interval_that_ends_at_zero_decides_nothing():
    assert "undecided" in sentence(metrics.Estimate(0.1, 0.0, 0.2), ("a", "b"), "AUC")
