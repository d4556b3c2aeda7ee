"""From events to arrays: labels with censoring, nothing after the moment of prediction, scales from training rows."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import datasets
from utils.datasets import splits
from utils.datasets.catalogue import find
from utils.datasets.types import Records
from utils.errors import CourseError
from utils.features import cohorts
from utils.features.cohorts import LaterEvent

many = settings(deadline=None, max_examples=60)
VARIABLES = ("a", "b", "c")


def records(events, labels, days=None, predict_at=None, groups=None):
    """Records of people 10, 11, …; events: rows of (id, time, variable, value)."""
    n = len(labels)
    patients = pd.DataFrame({"group": np.arange(n) if groups is None else groups}, index=np.arange(10, 10 + n))
    if days is not None:
        patients["follow_up_days"] = days
    if predict_at is not None:
        patients["predict_at"] = predict_at
    table = pd.DataFrame(events, columns=["id", "time", "variable", "value"])
    table = table.sort_values(["id", "time"], kind="stable", ignore_index=True)
    table = table.astype({"id": int, "time": float, "value": float})
    labels, groups = np.array(labels), patients["group"].to_numpy().copy()
    return Records(find("nafld"), patients, table, labels, ("no", "yes"), groups)


@st.composite
def people(draw):
    """Records of 4 people at random, with a moment of prediction each, and no, one or many events."""
    event = st.tuples(st.integers(10, 13), st.integers(-40, 40), st.sampled_from(VARIABLES), st.integers(-9, 9))
    moments = draw(st.lists(st.integers(-20, 20), min_size=4, max_size=4))
    return records(draw(st.lists(event, max_size=60)), [0, 1, 0, 1], predict_at=np.array(moments, float))


# --- who is in, and with which label ------------------------------------------------------------------------------


def test_label_at_horizon():
    label = cohorts.label_at_horizon([100, 100, 500, 500, 900, 900], [1, 0, 1, 0, 1, 0], 500)
    np.testing.assert_array_equal(label, [1, np.nan, 1, 0, 0, 0])


def test_a_cohort_at_a_horizon_leaves_out_the_censored_and_those_gone_before_the_start():
    found = cohorts.cohort(
        records([], [1, 0, 1, 0, 1], days=[50, 120, 300, 700, 900]), horizon=400, start=100, static=["follow_up_days"]
    )
    np.testing.assert_array_equal(found.ids, [12, 13, 14])  # 10 died before the start, 11 was lost
    np.testing.assert_array_equal(found.labels, [1, 0, 0])
    np.testing.assert_array_equal(found.predict_at, [100, 100, 100])
    np.testing.assert_array_equal(found.static, [[300], [700], [900]])


def test_without_a_horizon_everything_recorded_is_known():
    data = records([(10, 5, "a", 1), (10, 9, "a", 1), (11, 2, "a", 1)], [0, 1, 0])
    np.testing.assert_array_equal(cohorts.cohort(data).predict_at, [9, 2, 0])


def test_a_moment_of_prediction_is_taken_person_by_person():
    data = records([(10, 5, "a", 1), (11, 9, "a", 1)], [0, 1], predict_at=[3, np.nan])
    found = cohorts.cohort(data)
    np.testing.assert_array_equal(found.predict_at, [3, 9])
    assert cohorts.known_by(data.events, found)["id"].tolist() == [11]


def test_a_single_label_is_refused():
    with pytest.raises(CourseError, match=r"are \[0\]"):
        cohorts.cohort(records([], [0, 0]))


# --- the moment of prediction -------------------------------------------------------------------------------------


@many
@given(people())
def test_no_event_after_the_moment_of_prediction_is_in_any_array(data):
    """What happened later may be changed at will: nothing that a model reads moves, and no time is negative."""
    group = cohorts.cohort(data)
    known = cohorts.known_by(data.events, group)
    found = cohorts.build(known, group, VARIABLES, longest=5)
    table, _ = cohorts.summaries(known, group, VARIABLES)
    assert (found.before >= 0).all()
    moment = pd.Series(group.predict_at, index=group.ids)
    changed = data.events.copy()
    later = changed["time"].to_numpy() > moment.reindex(changed["id"]).to_numpy()
    changed.loc[later, "value"] = 1000.0
    changed.loc[later, "time"] += 7
    again = cohorts.known_by(changed, group)
    same = cohorts.build(again, group, VARIABLES, longest=5)
    for name in ("values", "observed", "before", "mask"):
        np.testing.assert_array_equal(getattr(found, name), getattr(same, name))
    np.testing.assert_array_equal(table, cohorts.summaries(again, group, VARIABLES)[0])


@many
@given(people(), st.integers(10, 13), st.integers(1, 50), st.sampled_from(VARIABLES))
def test_a_planted_later_event_is_caught(data, person, days, variable):
    group = cohorts.cohort(data)
    known = cohorts.known_by(data.events, group)
    planted = pd.DataFrame(
        {"id": [person], "time": [group.predict_at[person - 10] + days], "variable": [variable], "value": [1.0]}
    )
    events = pd.concat([known, planted], ignore_index=True)
    for make in (cohorts.build, cohorts.summaries):
        with pytest.raises(LaterEvent, match=f"1 events lie after .*'{variable}' \\(1\\).*patient {person}"):
            make(events, group, VARIABLES)


def test_later_events_of_nafld_are_caught_and_named():
    data = datasets.load("nafld")
    group = cohorts.cohort(data, horizon=5 * 365.25)
    with pytest.raises(LaterEvent, match="'hdl'.*'heart failure'.*predicted at 0"):
        cohorts.build(data.events, group, ("hdl",))
    known = cohorts.known_by(data.events, group)
    assert known["time"].max() <= 0
    assert known["id"].isin(group.ids).all()


# --- the arrays ---------------------------------------------------------------------------------------------------


def small():
    """Two visits of 10 (two values of a on one day), none of 11, three of 12."""
    rows = [(10, -30, "a", 1), (10, -10, "a", 2), (10, -10, "a", 4), (10, -10, "b", 0)]
    rows += [(12, -50, "b", 5), (12, -20, "a", 6), (12, 0, "a", 7), (12, 0, "unlisted", 1)]
    data = records(rows, [0, 1, 0], predict_at=[0.0, 0, 0])
    group = cohorts.cohort(data)
    return data.events, group


def test_build_by_hand():
    found = cohorts.build(*small(), ("a", "b"))
    assert found.values.shape == (3, 3, 2)
    np.testing.assert_array_equal(found.values[0], [[1, 0], [3, 0], [0, 0]])
    np.testing.assert_array_equal(found.observed[0], [[True, False], [True, True], [False, False]])
    np.testing.assert_array_equal(found.before, [[30, 10, 0], [0, 0, 0], [50, 20, 0]])
    np.testing.assert_array_equal(found.mask, [[True, True, False], [False] * 3, [True] * 3])
    np.testing.assert_array_equal(found.gaps(), [[0, 20, 0], [0, 0, 0], [0, 30, 20]])
    np.testing.assert_array_equal(found.filled()[2], [[0, 5], [6, 5], [7, 5]])
    np.testing.assert_array_equal(found.since()[2], [[0, 0], [30, 30], [20, 50]])
    np.testing.assert_array_equal(found[np.array([2])].before, [[50, 20, 0]])


def test_only_the_last_visits_are_kept():
    found = cohorts.build(*small(), ("a", "b"), longest=2)
    np.testing.assert_array_equal(found.values[2], [[6, 0], [7, 0]])
    np.testing.assert_array_equal(found.dropped, [0, 0, 1])


def test_nothing_recorded_gives_arrays_without_visits():
    data = records([], [0, 1])
    group = cohorts.cohort(data)
    found = cohorts.build(data.events, group, ("a",))
    assert found.mask.shape == (2, 1)
    assert not found.mask.any()
    assert np.isfinite(cohorts.steps(found, [0, 1])).all()
    with pytest.raises(CourseError, match="no variable"):
        cohorts.build(data.events, group, ())


def test_a_large_study_gets_fewer_visits(monkeypatch):
    monkeypatch.setattr(cohorts, "CELLS", 12)
    assert cohorts.build(*small(), ("a", "b")).values.shape == (3, 2, 2)


@many
@given(people())
def test_build_agrees_with_a_plain_loop(data):
    group = cohorts.cohort(data)
    known = cohorts.known_by(data.events, group)
    found = cohorts.build(known, group, VARIABLES, longest=100)
    for row, person in enumerate(group.ids):
        own = known[known["id"] == person]
        days = sorted(own["time"].unique())
        assert found.mask[row].sum() == len(days)
        for visit, day in enumerate(days):
            assert found.before[row, visit] == group.predict_at[row] - day
            for column, name in enumerate(VARIABLES):
                seen = own.loc[(own["time"] == day) & (own["variable"] == name), "value"]
                assert found.observed[row, visit, column] == (len(seen) > 0)
                assert found.values[row, visit, column] == pytest.approx(seen.mean() if len(seen) else 0)


def test_summaries_by_hand():
    table, names = cohorts.summaries(*small(), ("a", "b"))
    table = pd.DataFrame(table, columns=names)
    np.testing.assert_array_equal(table["a: last"], [4, np.nan, 7])
    np.testing.assert_allclose(table["a: mean"], [7 / 3, np.nan, 6.5], rtol=1e-6)
    np.testing.assert_array_equal(table["a: smallest"], [1, np.nan, 6])
    np.testing.assert_array_equal(table["b: count"], [1, 0, 1])
    np.testing.assert_array_equal(table["b: since"], [10, np.nan, 50])
    np.testing.assert_array_equal(table["times: count"], [2, 0, 3])
    np.testing.assert_array_equal(table["times: since first"], [30, np.nan, 50])


def test_commonest():
    events, _ = small()
    assert cohorts.commonest(events, [10, 12]) == ("a", "b", "unlisted")
    assert cohorts.commonest(events, [10, 12], most=2) == ("a", "b")


# --- learned from the training part alone -------------------------------------------------------------------------


def test_a_scale_of_a_column_that_never_varies_keeps_it():
    scale = cohorts.fit_scale(np.array([[1.0, np.nan, 2.0], [1.0, np.nan, 4.0]]), [0, 1])
    np.testing.assert_array_equal(scale(np.array([[1.0, np.nan, 1e9]])), [[1, 0, 5]])


@many
@given(people(), st.integers(0, 2**32 - 1))
def test_changing_test_rows_changes_nothing_for_the_others(data, seed):
    group = cohorts.cohort(data)
    known = cohorts.known_by(data.events, group)
    split = splits.by_group(group.groups, (0.5, 0.25, 0.25), seed)
    rest = np.concatenate([split.validation, split.test])
    changed = known.copy()
    changed.loc[changed["id"].isin(group.ids[rest]), "value"] = -777.0
    one, two = (cohorts.build(events, group, VARIABLES) for events in (known, changed))
    np.testing.assert_array_equal(
        cohorts.steps(one, split.train)[split.train], cohorts.steps(two, split.train)[split.train]
    )
    one, two = (cohorts.summaries(events, group, VARIABLES)[0] for events in (known, changed))
    before, after = (cohorts.fit_scale(table, split.train) for table in (one, two))
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(before.spread, after.spread)
    assert cohorts.commonest(known, group.ids[split.train]) == cohorts.commonest(changed, group.ids[split.train])


@pytest.mark.parametrize("seed", range(3))
def test_no_matched_set_of_nafld_is_on_both_sides(seed):
    group = cohorts.cohort(datasets.load("nafld"), horizon=5 * 365.25)
    parts = splits.by_group(group.groups, (0.6, 0.15, 0.25), seed).parts().values()
    sets = [set(group.groups[part]) for part in parts]
    ids = [set(group.ids[part]) for part in parts]
    for kind in (sets, ids):
        assert not kind[0] & kind[1]
        assert not kind[0] & kind[2]
        assert not kind[1] & kind[2]


@pytest.mark.parametrize("seed", range(20))
def test_each_part_has_both_labels_even_where_cases_are_few(seed):
    group = cohorts.cohort(records([], [int(row % 7 == 0) for row in range(30)], groups=np.arange(30) // 2))
    found = cohorts.part(group, (0.6, 0.15, 0.25), seed).parts().values()
    assert all(set(group.labels[rows]) == {0, 1} for rows in found)
    assert len(set(np.concatenate([np.unique(group.groups[rows]) for rows in found]))) == 15
    assert sum(len(np.unique(group.groups[rows])) for rows in found) == 15


def test_a_study_with_two_cases_cannot_be_parted_in_three():
    with pytest.raises(CourseError, match="30 people, 2 of them with label 1"):
        cohorts.part(cohorts.cohort(records([], [1, 1] + [0] * 28)))
