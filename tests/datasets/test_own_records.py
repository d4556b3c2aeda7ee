"""Patients of a reader's own: every form that is read, and each that is refused."""

import numpy as np
import pytest

from datasets.own_files import happenings, people, refused, rows
from utils import datasets
from utils.datasets import own


@pytest.fixture
def folder(tmp_path):
    """Write events.csv and outcomes.csv; returns their folder."""

    def write(events=None, outcomes=None):
        where = tmp_path / "cohort"
        where.mkdir(exist_ok=True)
        (where / "events.csv").write_text(events or happenings(), encoding="utf-8")
        (where / "outcomes.csv").write_text(outcomes or people(), encoding="utf-8")
        return where

    return write


@pytest.mark.parametrize("kind", [None, "records"])
@pytest.mark.parametrize("form", ["{0}", "{0}/", "{0}/events.csv,{0}/outcomes.csv", "{0}/events.csv, {0}/outcomes.csv"])
def test_a_folder_or_two_files(folder, kind, form):
    data = datasets.load(form.format(folder()), kind=kind)
    assert isinstance(data, datasets.Records)
    assert data.patients.index.tolist() == [f"p{n}" for n in range(8)]
    assert data.labels.tolist() == [0, 1] * 4
    assert data.class_names == ("label 0", "label 1")
    assert len(set(data.groups.tolist())) == 8
    assert data.patients["predict_at"].isna().all()
    assert list(data.events.columns) == ["id", "time", "variable", "value"]
    assert data.events.iloc[0].tolist() == ["p0", 0.5, "weight", 60.0]
    assert data.events.iloc[-1].tolist() == ["p7", 10.0, "pulse", 77.0]
    entry = data.entry
    assert (entry.kind, entry.task, entry.embedded) == ("records", "classification", False)
    assert entry.name == ("events" if "," in form else "cohort")
    assert data.visits().loc[("p0", 3.0), "pulse"] == 70


def test_events_are_sorted_by_id_then_time_and_else_as_in_the_file(folder):
    text = rows("id,time,variable,value", "10,5,b,1", "9,1,a,2", "10,5,a,3", "9,1,c,4", "10,6,a,5")
    data = datasets.load(folder(text, rows("id,label", *(f"{n},{n % 2}" for n in range(5, 13)))))
    assert data.patients.index.dtype == np.int64
    assert data.events["id"].tolist() == [9, 9, 10, 10, 10]
    assert data.events["variable"].tolist() == ["a", "c", "b", "a", "a"]


def test_ids_that_are_not_all_numbers_stay_text(folder):
    outcomes = people("007,0", "7,1")
    data = datasets.load(folder(happenings("007,1,pulse,60", "7,1,pulse,61"), outcomes))
    assert data.patients.index.tolist()[-2:] == ["007", "7"]
    assert data.events.set_index("id").loc["007", "value"] == 60


def test_a_person_without_events_stays(folder):
    data = datasets.load(folder(outcomes=people("nobody,1")))
    assert len(data.patients) == 9
    assert "nobody" not in set(data.events["id"])


def test_the_moment_of_prediction(folder):
    data = datasets.load(folder(outcomes=rows("id,label,time", *(f"p{n},{n % 2},{n + 2}" for n in range(8)))))
    assert data.patients["predict_at"].tolist() == [n + 2 for n in range(8)]
    moment = data.patients["predict_at"].reindex(data.events["id"]).to_numpy()
    assert (data.events["time"].to_numpy() <= moment).sum() == 8


def test_dates_become_days(folder):
    events = rows(
        "id,time,variable,value",
        *(f"p{n},2021-02-28,a,1\np{n},2021-03-0{n + 1}T12:00,a,1\np{n},2021-03-09 18:00:00,a,1" for n in range(8)),
    )
    outcomes = rows("id,label,time", *(f"p{n},{n % 2},2021-03-07" for n in range(8)), "nobody,1,2021-01-01")
    data = datasets.load(folder(events, outcomes))
    assert data.events["time"].tolist()[:6] == [0, 1.5, 9.75, 0, 2.5, 9.75]
    assert data.patients["predict_at"].tolist() == [7.0] * 8 + [0.0]
    data = datasets.load(folder(events))
    assert data.events["time"].tolist()[:3] == [0, 1.5, 9.75]
    assert data.patients["predict_at"].isna().all()


def test_groups(folder):
    outcomes = rows("id,label,group", *(f"p{n},{n % 2},family {n // 2 % 3}" for n in range(8)))
    data = datasets.load(folder(outcomes=outcomes))
    assert data.groups.tolist() == [0, 0, 1, 1, 2, 2, 0, 0]
    assert data.patients["group"].tolist() == data.groups.tolist()


def test_other_columns_are_not_used(folder):
    events = happenings(header="id,time,variable,value,unit").replace("0\n", "0,kg\n")
    events = "\n".join(line if line.count(",") == 4 else line + ",kg" for line in events.splitlines())
    assert len(datasets.load(folder(events, people().replace("label", "Label"))).events) == 16


EVENTS = {
    "no value": (
        rows("id,time,variable", "p0,1,a"),
        "events.csv, line 1: expected a column value, found id, time, var",
    ),
    "text": (happenings("p0,9,pulse,fast"), "events.csv, line 18, column value: expected a number, found 'fast'."),
    "empty value": (
        happenings("p0,9,pulse,"),
        "events.csv, line 18, column value: expected a value, found an empty field",
    ),
    "NaN value": (happenings("p0,9,pulse,nan"), "events.csv, line 18, column value: expected a value"),
    "empty time": (happenings("p0,,pulse,1"), "events.csv, line 18, column time: expected a value"),
    "NaN time": (happenings("p0,NaN,pulse,1"), "events.csv, line 18, column time: expected a value"),
    "empty variable": (happenings("p0,9,,1"), "events.csv, line 18, column variable: expected a value"),
    "text for time": (
        happenings("p0,soon,pulse,1"),
        "line 18, column time: expected a number of days, or dates like 2021-03-04 throughout, found 'soon'.",
    ),
    "other dates": (
        rows("id,time,variable,value", "p0,04.03.2021,a,1"),
        "line 2, column time: expected a number of days, ",
    ),
    "a date among numbers": (
        happenings("p0,2021-03-04,a,1"),
        "line 18, column time: expected a number of days, or dates ",
    ),
    "a number among dates": (
        rows("id,time,variable,value", "p0,2021-03-04,a,1", "p0,17,a,1"),
        "events.csv, line 3, column time: expected a date like 2021-03-04, found '17'.",
    ),
    "no such day": (
        rows("id,time,variable,value", "p0,2021-02-28,a,1", "p0,2021-02-30,a,1"),
        "events.csv, line 3, column time: expected a date like 2021-03-04, found '2021-02-30'.",
    ),
    "order": (
        happenings("p3,5.5,pulse,1"),
        "events.csv, line 18, column time: expected no time before 6 (line 9) for id 'p3', found 5.5.",
    ),
    "order of dates": (
        rows("id,time,variable,value", "p0,2021-03-04,a,1", "p1,2021-01-01,a,1", "p0,2021-03-03,a,1"),
        "line 4, column time: expected no time before 2021-03-04 (line 2) for id 'p0', found 2021-03-03.",
    ),
    "stranger": (
        happenings("p99,1,pulse,1"),
        "events.csv, line 18, column id: expected an id that outcomes.csv has a row for, found 'p99'.",
    ),
    "no rows": (rows("id,time,variable,value"), "events.csv: expected rows below the header, found none."),
    "outcomes in its place": (
        people(),
        "events.csv, line 1: expected a column time, found id, label; name it with --time.",
    ),
}


@pytest.mark.parametrize(("events", "words"), EVENTS.values(), ids=EVENTS)
def test_refused_events(folder, events, words):
    assert words in refused(folder(events), "records")


OUTCOMES = {
    "no label": (
        rows("id,age,height", "p0,1.5,2.5", "p1,2.5,3.5", "p2,3.5,4.5"),
        "outcomes.csv, line 1: expected a column of labels, found id, age, height; name it with --label.",
    ),
    "two that may be labels": (
        rows("id,male,died", *(f"p{n},{n % 2},{n // 2 % 2}" for n in range(8))),
        "outcomes.csv, line 1: expected one column label, found male, died; name it with --label.",
    ),
    "label 2": (people("p8,2"), "outcomes.csv, line 10, column label: expected 0 or 1, found 2."),
    "label in words": (people("p8,yes"), "outcomes.csv, line 10, column label: expected a number, found 'yes'."),
    "no label in a row": (people("p8,"), "outcomes.csv, line 10, column label: expected a value, found an empty field"),
    "single class": (
        rows("id,label", *(f"p{n},1" for n in range(8))),
        "outcomes.csv, column label: expected both 0 and 1, found only 1.",
    ),
    "twice": (
        people("p3,1"),
        "outcomes.csv, line 10, column id: expected each id once, found 'p3' here and in line 5.",
    ),
    "nobody": (people(",1"), "outcomes.csv, line 10, column id: expected a value"),
    "no rows": (rows("id,label"), "outcomes.csv: expected rows below the header, found none."),
    "a time missing": (
        rows("id,label,time", *(f"p{n},{n % 2},{'' if n == 4 else n}" for n in range(8))),
        "outcomes.csv, line 6, column time: expected a value, found an empty field (or NA, NaN).",
    ),
    "dates beside days": (
        rows("id,label,time", *(f"p{n},{n % 2},2021-03-04" for n in range(8))),
        "outcomes.csv, line 2, column time: expected numbers of days as in the events, found '2021-03-04'.",
    ),
    "almost time": (
        rows("id,label,times", "p0,1,2"),
        "line 1: expected time, or a name unlike it, found times; name it with --time.",
    ),
}


@pytest.mark.parametrize(("outcomes", "words"), OUTCOMES.values(), ids=OUTCOMES)
def test_refused_outcomes(folder, outcomes, words):
    assert words in refused(folder(outcomes=outcomes), "records")


def test_a_folder_that_lacks_a_file(folder):
    where = folder()
    (where / "outcomes.csv").rename(where / "results.csv")
    assert refused(where) == (
        "cohort: expected events.csv and outcomes.csv in this folder, found events.csv, results.csv."
    )
    assert "There is no outcomes.csv in the folder" in refused(f"{where}/events.csv,{where}/outcomes.csv")


@pytest.mark.parametrize("kind", [None, "records"])
def test_one_file_alone(folder, kind):
    assert refused(folder() / "events.csv", kind) == (
        "events.csv: expected two files, as a folder with events.csv and outcomes.csv or as EVENTS.csv,OUTCOMES.csv, "
        "found one file."
    )


def test_other_names_and_separators(folder):
    events = happenings(header="Patient ID,charttime,code,result").replace(",", "\t").replace(".5", ",5")
    outcomes = rows("subject_id;age;died;predict_at", *(f"p{n};{40 + n};{'NY'[n % 2]};{n + 2}" for n in range(8)))
    data = datasets.load(folder(events, outcomes))
    assert data.labels.tolist() == [0, 1] * 4
    assert data.events.iloc[0].tolist() == ["p0", 0.5, "weight", 60.0]
    assert data.patients["predict_at"].tolist() == [n + 2 for n in range(8)]
    assert data.entry.notes == (
        "outcomes.csv: the columns are separated by semicolons",
        "outcomes.csv: the column subject_id was read as id",
        "outcomes.csv: the column predict_at was read as time",
        "outcomes.csv: the column died was read as label; --label names another",
        "outcomes.csv: left out, not named as labels: age",
        "outcomes.csv: in column died the words n and y were read as 0 and 1",
        "events.csv: the columns are separated by tabs",
        "events.csv: the column Patient ID was read as id",
        "events.csv: the column charttime was read as time",
        "events.csv: the column code was read as variable",
        "events.csv: the column result was read as value",
        "events.csv: in column charttime commas were read as decimal points",
    )


def test_options_name_the_columns(folder):
    events = happenings(header="pid,since,variable,value")
    outcomes = rows("pid,male,died,asked,clinic", *(f"p{n},{n // 2 % 2},{n % 2},{n + 2},c{n // 4}" for n in range(8)))
    path = folder(events, outcomes)
    assert "outcomes.csv, line 1: expected a column id, found pid, male, died, asked, clinic; name it" in refused(path)
    assert "expected one column label, found male, died; name it with --label." in refused(path, id="pid")
    assert "events.csv, line 1: expected a column time, found pid" in refused(path, id="pid", label="died")
    data = own.load(path, id="pid", label="died", time="since", group="clinic")
    assert data.labels.tolist() == [0, 1] * 4
    assert data.groups.tolist() == [0] * 4 + [1] * 4
    assert data.patients["predict_at"].isna().all()
    assert "events.csv, line 1: expected the column day that --time names" in refused(path, id="pid", time="day")


def test_a_moment_of_prediction_named_in_one_file_alone(folder):
    outcomes = rows("id,label,asked", *(f"p{n},{n % 2},{n + 2}" for n in range(8)))
    data = own.load(folder(outcomes=outcomes), time="asked")
    assert data.patients["predict_at"].tolist() == [n + 2 for n in range(8)]
    assert data.events["time"].tolist()[:2] == [0.5, 3.0]


def test_a_date_in_the_outcomes_is_not_taken_for_the_moment_of_prediction(folder):
    """It may be the day of the outcome."""
    data = datasets.load(folder(outcomes=rows("id,label,date", *(f"p{n},{n % 2},{n}" for n in range(8)))))
    assert data.patients["predict_at"].isna().all()
    assert data.entry.notes == ("outcomes.csv: left out, not needed: date",)


@pytest.mark.parametrize(("low", "high"), [(1, 2), (-1, 1), (0.5, 7)])
def test_two_other_values_are_two_classes_and_it_is_said(folder, low, high):
    data = datasets.load(folder(outcomes=rows("id,label", *(f"p{n},{(low, high)[n % 2]}" for n in range(8)))))
    assert data.labels.tolist() == [0, 1] * 4
    assert data.entry.notes == (
        f"outcomes.csv: column label holds two values only, {low} and {high}: they were read as the classes 0 and 1",
    )


@pytest.mark.parametrize("suffix", [".tsv", ".txt", ".tab"])
def test_other_endings_of_the_two_files(folder, suffix):
    where = folder(happenings().replace(",", "\t"), people().replace(",", "\t"))
    for name in ("events", "outcomes"):
        (where / f"{name}.csv").rename(where / f"{name}{suffix}")
    assert len(datasets.load(where).events) == 16
    assert len(datasets.load(f"{where}/events{suffix},{where}/outcomes{suffix}").events) == 16
