"""Your own patients: one CSV of what was recorded when, and one of what became of each."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from utils.datasets.own import reading, tables
from utils.datasets.own.entries import entry
from utils.datasets.own.reading import brief
from utils.datasets.splits import numbered
from utils.datasets.types import Records

EVENTS, OUTCOMES = "events.csv", "outcomes.csv"
CLASSES = ("label 0", "label 1")
DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?")
ID = re.compile(r"0|-?[1-9]\d{0,17}")


def of_folder(folder: Path) -> Records:
    """The two files events.csv and outcomes.csv of a folder."""
    for name in (EVENTS, OUTCOMES):
        if not (folder / name).is_file():
            found = reading.listed(sorted(path.name for path in folder.iterdir()))
            raise reading.refusal(folder, "", f"expected {EVENTS} and {OUTCOMES} in this folder, found {found}.")
    return records(folder / EVENTS, folder / OUTCOMES, folder)


def records(events_file: Path, outcomes_file: Path, named: Path | None = None) -> Records:
    """Events ``id,time,variable,value`` and outcomes ``id,label`` with, where known, ``time`` and ``group``.

    Times are numbers of days, or dates (2021-03-04, or 2021-03-04 17:30) in both files, which become days since the
    person's first event, or since the moment of prediction for who has none. label: 0 or 1. Outcomes' ``time`` is
    the moment of prediction, in ``patients`` as ``predict_at``: what happened up to and including it is known;
    without the column it is NaN, and everything is. ``group``: who must not be parted, as one family; without it,
    each is a group. A person without events is kept. Ids are int64 where all are whole numbers, text otherwise.
    """
    outcomes = tables.table(outcomes_file, text=("id", "time", "group"), numbers=("label",), optional={"time", "group"})
    events = tables.table(events_file, text=("id", "time", "variable"), numbers=("value",))
    for part in (outcomes, events):
        for column in part.columns:
            part.filled(column)
    labels = _labels(outcomes)
    place = _places(outcomes)
    person = _persons(events, place, outcomes_file)
    times, dated = _times(events, None)
    _refuse_disorder(events, person, times)
    predict_at = np.full(len(labels), np.nan)
    if "time" in outcomes.columns:
        predict_at, _ = _times(outcomes, dated)
    if dated:
        start = _first(person, times, predict_at)
        times, predict_at = times - start[person], predict_at - start
    groups = numbered(outcomes.columns["group"] if "group" in outcomes.columns else outcomes.columns["id"])
    reading.enough_groups(outcomes_file, labels, CLASSES, groups)
    ids = outcomes.columns["id"]
    whole = all(map(ID.fullmatch, ids))
    index = pd.Index(ids.astype(np.int64) if whole else ids.astype(str), name="id")
    patients = pd.DataFrame({"group": groups, "predict_at": predict_at}, index=index)
    # By id, then time; events of one day stay in the order of the file.
    rank = np.empty(len(index), np.int64)
    rank[index.argsort()] = np.arange(len(index))
    order = np.lexsort((times, rank[person]))
    listed = pd.DataFrame(
        {
            "id": index[person[order]],
            "time": times[order],
            "variable": events.columns["variable"][order],
            "value": events.columns["value"][order],
        }
    )
    own = entry(named or events_file, "records", "classification", CLASSES)
    return Records(own, patients, listed, labels, CLASSES, groups.copy())


def _labels(outcomes: tables.Table) -> np.ndarray:
    labels = outcomes.columns["label"]
    wrong = ~np.isin(labels, (0, 1))
    if wrong.any():
        row = int(wrong.argmax())
        raise outcomes.refuse(row, "label", f"expected 0 or 1, found {labels[row]:g}.")
    if labels.min() == labels.max():
        raise reading.refusal(outcomes.path, "column label", f"expected both 0 and 1, found only {labels[0]:g}.")
    return labels.astype(np.int64)


def _places(outcomes: tables.Table) -> dict[str, int]:
    """id → row of the outcomes."""
    place = {}
    for row, name in enumerate(outcomes.columns["id"]):
        if place.setdefault(name, row) != row:
            before = outcomes.lines[place[name]]
            raise outcomes.refuse(row, "id", f"expected each id once, found {brief(name)!r} here and in line {before}.")
    return place


def _persons(events: tables.Table, place: dict[str, int], outcomes_file: Path) -> np.ndarray:
    """The row of the outcomes that each event belongs to."""
    names = events.columns["id"]
    person = np.array([place.get(name, -1) for name in names.tolist()], np.int64)
    if person.min() < 0:
        row = int((person < 0).argmax())
        raise events.refuse(
            row,
            "id",
            f"expected an id that {brief(outcomes_file.name)} has a row for, found {brief(names[row])!r}.",
        )
    return person


def _times(table: tables.Table, dated: bool | None) -> tuple[np.ndarray, bool]:
    """Times as days, and whether they are dates; dated: what the other file holds, None when this is the first."""
    words = table.columns["time"]
    dates = bool(DATE.fullmatch(words[0]))
    if dated is not None and dates != dated:
        kinds = ("numbers of days", "dates")
        raise table.refuse(0, "time", f"expected {kinds[dated]} as in the events, found {brief(words[0])!r}.")
    if not dates:
        expected = "a number of days" + (", or dates like 2021-03-04 throughout" if dated is None else "")
        return tables.numeric(table.path, "time", words, table.lines, expected), False
    days = {}
    for word in dict.fromkeys(words.tolist()):
        try:
            days[word] = np.datetime64(DATE.fullmatch(word)[0], "s").astype(np.int64) / 86_400
        except (TypeError, ValueError):
            row, problem = int((words == word).argmax()), f"expected a date like 2021-03-04, found {brief(word)!r}."
            raise table.refuse(row, "time", problem) from None
    return np.array([days[word] for word in words.tolist()]), True


def _refuse_disorder(events: tables.Table, person: np.ndarray, times: np.ndarray) -> None:
    order = np.argsort(person, kind="stable")
    back = (np.diff(times[order]) < 0) & (np.diff(person[order]) == 0)
    if back.any():
        place = int(back.argmax())
        earlier, row = order[place], order[place + 1]
        words = events.columns["time"]
        raise events.refuse(
            row,
            "time",
            f"expected no time before {brief(words[earlier])} (line {events.lines[earlier]}) for id "
            f"{brief(events.columns['id'][row])!r}, found {brief(words[row])}.",
        )


def _first(person: np.ndarray, times: np.ndarray, predict_at: np.ndarray) -> np.ndarray:
    """The day that counts as 0 for each person."""
    start = np.full(len(predict_at), np.inf)
    np.minimum.at(start, person, times)
    start = np.where(np.isinf(start), predict_at, start)
    return np.nan_to_num(start)
