"""Studies of any data: what is chosen, compared and said, by hand on small data and on the course's own."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from utils import metrics
from utils.applications import study, study_measures
from utils.applications.study_data import at_horizon
from utils.datasets.own.entries import entry
from utils.datasets.types import Molecules, Records, Sequences
from utils.errors import UsageError


def sequences(rows=200, classes=2, groups=None):
    labels, names = np.arange(rows) % classes, tuple(f"class {number}" for number in range(classes))
    texts = np.array(["ACGT" * (1 + row % 3) for row in range(rows)], object)
    own = entry(Path("mine.csv"), "sequences", "classification", names, ["Something was assumed."])
    return Sequences(own, texts, labels, names, np.arange(rows) if groups is None else groups)


def molecules(labels, task):
    names = tuple(f"column {number}" for number in range(labels.shape[1]))
    own = entry(Path("mine.csv"), "molecules", task)
    return Molecules(own, np.array(["C"] * len(labels), object), labels, names, np.arange(len(labels)))


def answers(work, part="test", strength=1.0, seed=0):
    """Probabilities or numbers that follow the truth as far as the strength goes."""
    random, truth = np.random.default_rng(seed), work.labels[work.split.parts()[part]]
    if work.task == "classes":
        noise = random.random((len(truth), len(work.names)))
        found = strength * np.eye(len(work.names))[truth] + noise
        return found / found.sum(axis=1, keepdims=True)
    known = np.nan_to_num(truth)
    if work.task == "numbers":
        return known + random.normal(size=truth.shape) / (strength + 1e-3)
    return np.clip(0.3 + 0.4 * strength * (known - 0.5) + 0.2 * random.random(truth.shape), 0.01, 0.99)


def every_task():
    random = np.random.default_rng(1)
    gaps = np.where(random.random((200, 2)) < 0.2, np.nan, 1.0)
    yield sequences()
    yield sequences(classes=3)
    yield molecules((random.integers(0, 2, (200, 2)) * gaps).astype("float32"), "classification")
    yield molecules((random.normal(size=(200, 2)) * gaps).astype("float32"), "regression")


@pytest.mark.parametrize("data", list(every_task()), ids=["two classes", "three classes", "findings", "numbers"])
def test_every_step_for_every_task(data, capsys):
    work = study.begin(data, repeats=40)
    good, bad = answers(work, strength=1), answers(work, strength=0, seed=1)
    assert work.choose({"bad": answers(work, "validation", 0), "good": answers(work, "validation", 1)}) == "good"
    assert capsys.readouterr().out.count("← chosen") == 1
    scores = work.scores({"good": good, "bad": bad})
    assert list(scores.index[:2]) == ["good", "bad"]
    assert scores.index[2].startswith("no model")
    comparison = work.compare("good", good, "bad", bad)
    assert comparison.sentence.startswith("Good is better than bad: ")
    assert work.compare("bad", bad, "good", good).sentence.startswith("Good is better than bad: ")
    slopes = work.calibration({"good": good, "bad": bad})
    assert ("calibration error" in slopes) == (work.task != "numbers")
    assert work.calibration_figure({"good": good, "bad": bad}).axes[0].get_xlabel()
    worst = work.worst(bad, most=5)
    assert len(worst) == 5
    assert set(worst.index) <= set(work.split.test)
    assert (np.diff(worst["loss"]) <= 0).all()
    assert list(work.subgroups(good).index) == list(work.names)
    card = work.card("good", trained="By hand.", scores=scores, comparison=comparison)
    for words in ("Model card: good", "By hand.", comparison.sentence, "What you must add", "no medical device"):
        assert words in card
    assert all(f"Assumed**: {note}" in card for note in data.entry.notes)


def test_equal_models_are_undecided_with_both_ends():
    work = study.begin(sequences(), repeats=100)
    found = work.compare("first", answers(work, strength=0.4, seed=1), "second", answers(work, strength=0.4, seed=2))
    assert found.difference.low < 0 < found.difference.high
    low, high = (f"{end:+.2g}" if 0 < abs(end) < 0.005 else f"{end:+.3f}" for end in found.difference[1:])
    ends = f"undecided between {low} and {high}"
    assert found.sentence.startswith(f"First or second: {ends}")


def test_the_difference_is_paired_and_by_group():
    """Two models that differ by the same amount everywhere have a narrow difference, however wide their own scores."""
    work = study.begin(sequences(groups=np.arange(200) // 4), repeats=200)
    guess = answers(work, strength=0.3)
    assert work.compare("one", guess, "two", guess).difference == (0, 0, 0)
    by_hand = metrics.estimate(
        metrics.macro_auc, work.labels[work.split.test], guess, groups=work.groups[work.split.test], repeats=200, seed=0
    )
    assert work.estimate(work.main, guess) == by_hand


def test_the_rule_of_the_choice_is_the_validation_loss():
    work = study.begin(sequences(), repeats=40)
    guesses = {name: answers(work, "validation", strength) for name, strength in (("a", 0.5), ("b", 2.0), ("c", 1.0))}
    truth = work.labels[work.split.validation]
    assert work.choose(guesses) == min(guesses, key=lambda name: metrics.log_loss(truth, guesses[name]))
    assert work.losses(guesses["a"], "validation").mean() == pytest.approx(metrics.log_loss(truth, guesses["a"]))


def test_risks_of_one_column_are_those_of_class_1():
    work = study.begin(sequences(), repeats=40)
    two = answers(work)
    assert np.array_equal(work.losses(two[:, 1]), work.losses(np.column_stack([1 - two[:, 1], two[:, 1]])))
    with pytest.raises(UsageError, match=r"the test part needs \(\d+, 2\)"):
        work.losses(two[:-1])


def test_what_was_not_measured_has_no_loss():
    labels = np.array([[1, np.nan], [np.nan, np.nan], [0, 1]])
    found = study_measures.losses("findings", labels, np.full((3, 2), 0.25))
    assert found[0] == pytest.approx(-np.log(0.25))
    assert np.isnan(found[1])
    assert found[2] == pytest.approx(-(np.log(0.75) + np.log(0.25)) / 2)
    spreads = study_measures.spread(np.array([[0.0, 5.0], [2.0, 5.0]]))
    assert np.array_equal(spreads, [1, 1])
    assert study_measures.losses("numbers", np.array([[3.0, np.nan]]), np.zeros((1, 2)), np.array([2.0, 1]))[0] == 2.25


def test_mixtures_are_all_means():
    parts = {"a": np.array([1.0, 0.0]), "b": np.array([0.0, 0.0]), "c": np.array([1.0, 3.0])}
    found = study.mixtures(parts)
    assert list(found) == ["a", "b", "c", "a + b", "a + c", "b + c", "a + b + c"]
    assert np.array_equal(found["a + c"], [1, 1.5])


def test_the_calibration_slope_is_that_of_a_logistic_regression():
    random = np.random.default_rng(0)
    x = random.normal(scale=2, size=2000)
    labels = (random.random(2000) < 1 / (1 + np.exp(0.4 - 0.7 * x))).astype(int)
    library = LogisticRegression(C=1 / (1e-4 * 2000), max_iter=1000).fit(x[:, None], labels).coef_[0, 0]
    assert study_measures.logistic_slope(x, labels) == pytest.approx(library, abs=1e-3)
    said = 1 / (1 + np.exp(-2 * x))  # of a model that is too sure
    slope = study_measures.slope("classes")(labels, np.column_stack([1 - said, said]))
    assert slope == pytest.approx(0.35, abs=0.05)
    assert np.isfinite(study_measures.logistic_slope(x, (x > 0).astype(int)))
    numbers = np.arange(20.0)[:, None]
    assert study_measures.slope("numbers")(3 * numbers, numbers) == pytest.approx(3)


def test_subgroups_are_large_groups_and_what_is_given():
    groups = np.repeat(np.arange(20), 30)
    work = study.begin(sequences(rows=600, groups=groups), repeats=40)
    guess = answers(work)
    side = np.where(np.arange(len(work.split.test)) % 3, "left", "right")
    found = work.subgroups(guess, {"side": side})
    assert list(found.index[:2]) == ["side: left", "side: right"]
    assert found.loc["side: right", "rows"] == (side == "right").sum()
    inside = np.unique(groups[work.split.test])
    assert sorted(found.index[2:]) == sorted(f"group {group}" for group in inside)
    assert (found["rows"][2:] == 30).all()


def test_recorded_scores_are_never_judged(shown):
    work = study.begin(sequences(), repeats=40)
    work.record("network", answers(work))
    (bundle,) = shown
    (record,) = (value for mime, value in bundle.items() if mime.endswith("claim+json"))
    assert not record["judged"]
    assert record["low"] == 0.5
    numbers = study.begin(molecules(np.random.default_rng(0).normal(size=(200, 1)), "regression"), repeats=40)
    numbers.record("network", answers(numbers))
    (record,) = (value for mime, value in shown[1].items() if mime.endswith("claim+json"))
    assert record["low"] is None
    assert record["high"] == pytest.approx(1, abs=0.4)


def test_a_horizon_leaves_out_who_is_not_known():
    patients = pd.DataFrame(
        {"group": [1, 2, 3, 4], "age": [50, 60, 70, 80], "sex": list("fmfm"), "follow_up_days": [100, 100, 900, 20]},
        index=pd.Index([1, 2, 3, 4], name="id"),
    ).assign(outcome=[1, 0, 1, 1])
    events = pd.DataFrame({"id": [1, 2, 3], "time": [0.0, 5.0, 50.0], "variable": "crp", "value": 1.0})
    own = entry(Path("ward"), "records", "classification")
    names = ("alive", "transplanted", "dead")
    labels = np.array([1, 0, 2, 1])
    found = at_horizon(Records(own, patients, events, labels, names, np.arange(4)), 2 * 365.25, start=30)
    assert list(found.patients.index) == [1, 3]  # 2 is censored, 4 was not followed until the start
    assert list(found.labels) == [1, 0]
    assert list(found.patients) == ["group", "age", "male", "predict_at"]
    assert (found.patients["predict_at"] == 30).all()
    assert set(found.events["id"]) == {1, 3}
    assert "transplanted or dead within 2 years of day 30. 2 people were left out" in found.entry.notes[-1]


def test_patches_of_one_field_are_grouped_by_blocks_that_no_split_divides():
    data = study.load("nuclei", "images")
    parts = data.split.parts().values()
    groups = [set(data.groups[rows]) for rows in parts]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    assert "blocks of 150" in data.entry.notes[-1]


def test_columns_are_not_for_a_set_of_the_catalogue():
    with pytest.raises(UsageError, match="leave --label out"):
        study.load("bbbp", "molecules", label="p_np", smiles=None)
    assert study.load("bbbp", "molecules", label=None).entry.name == "bbbp"
