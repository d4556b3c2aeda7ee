"""Your own patients: one CSV of what was recorded when, and one of what became of each."""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from utils.datasets.own import labels as choice
from utils.datasets.own import reading
from utils.datasets.own.entries import entry
from utils.datasets.own.layout import SUFFIXES
from utils.datasets.own.numbers import Numbers
from utils.datasets.own.reading import brief
from utils.datasets.own.tables import GROUP, MOMENT, PERSON, TIME, VALUE, VARIABLE, Sheet, Table
from utils.datasets.splits import numbered
from utils.datasets.types import Records

EVENTS, OUTCOMES = "events.csv", "outcomes.csv"
CLASSES = ("label 0", "label 1")
DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?")
ID = re.compile(r"0|-?[1-9]\d{0,17}")


def of_folder(folder: Path, **options: str) -> Records:
    """The two files events.csv and outcomes.csv of a folder; they may also end in .tsv, .tab or .txt."""
    files = []
    for name in (EVENTS, OUTCOMES):
        forms = [folder / Path(name).with_suffix(suffix) for suffix in SUFFIXES]
        there = [path for path in forms if path.is_file()]
        if not there:
            found = reading.listed(sorted(path.name for path in folder.iterdir()))
            raise reading.refusal(folder, "", f"expected {EVENTS} and {OUTCOMES} in this folder, found {found}.")
        files.append(there[0])
    return records(*files, folder, **options)


def records(events_file: Path, outcomes_file: Path, named: Path | None = None, **options: str) -> Records:
    """Events ``id,time,variable,value`` and outcomes ``id,label`` with, where known, ``time`` and ``group``.

    Times are numbers of days, or dates (2021-03-04, or 2021-03-04 17:30) in both files, which become days since the
    person's first event, or since the moment of prediction for a person without events. label: 0 or 1, or two other
    values, of which the higher becomes 1. Outcomes' ``time`` is the moment of prediction, in ``patients`` as
    ``predict_at``: what happened up to and including it is known; without the column it is NaN, and everything is.
    ``group``: people who must not be separated, such as a family; without it, each person is a group. A person without
    events is kept. Ids are int64 where all are whole numbers, text otherwise. Options: id and time (in the files that
    have a column of that name), label and group (in the outcomes), the names of columns.
    """
    outcomes_sheet, events_sheet = Sheet(outcomes_file), Sheet(events_file)
    _choose(outcomes_sheet, events_sheet, options)
    outcomes, label = _outcomes(outcomes_sheet)
    for role, aliases in (("id", PERSON), ("time", TIME), ("variable", VARIABLE), ("value", VALUE)):
        events_sheet.find(role, aliases)
    events_sheet.left_out(events_sheet.rest(), "not needed")
    place_of_value = events_sheet.roles["value"]
    events = events_sheet.read(("id", "time", "variable"), (place_of_value,))
    values = _numbers(events.numbers[place_of_value], events)
    for part in (outcomes, events):
        for column in part.words:
            part.filled(column)
    labels, said = _labels(outcomes, label)
    place = _places(outcomes)
    person = _persons(events, place, outcomes_file)
    times, dated = _times(events, events_sheet, None)
    _refuse_disorder(events, person, times)
    predict_at = np.full(len(labels), np.nan)
    if "time" in outcomes.words:
        predict_at, _ = _times(outcomes, outcomes_sheet, dated)
    if dated:
        start = _first(person, times, predict_at)
        times, predict_at = times - start[person], predict_at - start
    groups = numbered(outcomes.words["group" if "group" in outcomes.words else "id"])
    ids = outcomes.words["id"]
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
            "variable": events.words["variable"][order],
            "value": values[order],
        }
    )
    notes = [f"{brief(outcomes_file.name, 24)}: {note}" for note in [*outcomes_sheet.notes, *said]]
    said = _said(events.numbers[place_of_value])
    notes += [f"{brief(events_file.name, 24)}: {note}" for note in [*events_sheet.notes, *said]]
    own = entry(named or events_file, "records", "classification", CLASSES, notes)
    return Records(own, patients, listed, labels, CLASSES, groups.copy())


def _choose(outcomes: Sheet, events: Sheet, options: dict[str, str]) -> None:
    """Take the columns that options name: id and time in each file that has them, label and group in the outcomes."""
    for role, name in options.items():
        sheets = [sheet for sheet in (events, outcomes) if sheet.has(name)] if role in ("id", "time") else [outcomes]
        for sheet in sheets or [events]:
            sheet.choose(**{role: name})


def _outcomes(sheet: Sheet) -> tuple[Table, int]:
    """The outcomes, and the place of their labels: the named column, or the only one with two values."""
    sheet.find("id", PERSON)
    sheet.find("time", MOMENT, required=False)
    sheet.find("group", GROUP, required=False)
    rest = sheet.rest()
    if "label" in sheet.roles or not rest or any(reading.plain(sheet.names[place]) == "label" for place in rest):
        place = sheet.find("label")
        sheet.left_out(sheet.rest(), "not needed")
        return sheet.read(("id", "time", "group"), (place,)), place
    table = sheet.read(("id", "time", "group"), rest)
    chosen = choice.columns(sheet, table, rest, lambda column: choice.zero_one(column) is not None)
    if len(chosen) > 1:
        names = reading.listed([sheet.names[place] for place in chosen], 4)
        raise sheet.refuse(f"expected one column label, found {names}; name it with --label.")
    said = f"the column {brief(sheet.names[chosen[0]], 24)} was read as label"
    if not any(note.startswith(said) for note in sheet.notes):
        sheet.notes.append(said)
    return table, chosen[0]


def _numbers(column: Numbers, table: Table) -> np.ndarray:
    """The values of a column of numbers, none of them missing."""
    column.refuse_words()
    missing = np.isnan(column.values)
    if missing.any():
        where = f"line {table.lines[int(missing.argmax())]}, column {brief(column.name)}"
        raise reading.refusal(table.path, where, "expected a value, found an empty field (or NA, NaN).")
    return column.values


def _said(column: Numbers) -> list[str]:
    if column.pair:
        words = " and ".join(column.pair)
        return [*column.notes(), f"in column {brief(column.name, 24)} the words {words} were read as 0 and 1"]
    return column.notes()


def _labels(outcomes: Table, place: int) -> tuple[np.ndarray, list[str]]:
    """0 or 1 for each person, and what has to be said about that."""
    column = outcomes.numbers[place]
    values, where = _numbers(column, outcomes), f"column {brief(column.name)}"
    found = choice.zero_one(column)
    if found is None and values.min() < values.max():
        row = int((~np.isin(values, (0, 1))).argmax())
        where = f"line {outcomes.lines[row]}, {where}"
        raise reading.refusal(outcomes.path, where, f"expected 0 or 1, found {values[row]:g}.")
    if values.min() == values.max():
        raise reading.refusal(outcomes.path, where, f"expected both 0 and 1, found only {values[0]:g}.")
    return found[0].astype(np.int64), [*column.notes(), *filter(None, [found[1]])]


def _places(outcomes: Table) -> dict[str, int]:
    """id → row of the outcomes."""
    place = {}
    for row, name in enumerate(outcomes.words["id"]):
        if place.setdefault(name, row) != row:
            before = outcomes.lines[place[name]]
            raise outcomes.refuse(row, "id", f"expected each id once, found {brief(name)!r} here and in line {before}.")
    return place


def _persons(events: Table, place: dict[str, int], outcomes_file: Path) -> np.ndarray:
    """The row of the outcomes that each event belongs to."""
    names = events.words["id"]
    person = np.array([place.get(name, -1) for name in names.tolist()], np.int64)
    if person.min() < 0:
        row = int((person < 0).argmax())
        raise events.refuse(
            row,
            "id",
            f"expected an id that {brief(outcomes_file.name)} has a row for, found {brief(names[row])!r}.",
        )
    return person


def _times(table: Table, sheet: Sheet, dated: bool | None) -> tuple[np.ndarray, bool]:
    """Times as days, and whether they are dates; dated: what the other file holds, None when this is the first."""
    words = table.words["time"]
    dates = bool(DATE.fullmatch(words[0]))
    if dated is not None and dates != dated:
        kinds = ("numbers of days", "dates")
        raise table.refuse(0, "time", f"expected {kinds[dated]} as in the events, found {brief(words[0])!r}.")
    if not dates:
        column = Numbers(table.path, table.names["time"], sheet.layout.separator)
        column.add(words.tolist(), table.lines.tolist())
        expected = "a number of days" + (", or dates like 2021-03-04 throughout" if dated is None else "")
        column.refuse_words(expected, pairs=False)
        sheet.notes += column.notes()
        return column.values, False
    days = {}
    for word in dict.fromkeys(words.tolist()):
        try:
            days[word] = np.datetime64(DATE.fullmatch(word)[0], "s").astype(np.int64) / 86_400
        except (TypeError, ValueError):
            row, problem = int((words == word).argmax()), f"expected a date like 2021-03-04, found {brief(word)!r}."
            raise table.refuse(row, "time", problem) from None
    return np.array([days[word] for word in words.tolist()]), True


def _refuse_disorder(events: Table, person: np.ndarray, times: np.ndarray) -> None:
    order = np.argsort(person, kind="stable")
    back = (np.diff(times[order]) < 0) & (np.diff(person[order]) == 0)
    if back.any():
        place = int(back.argmax())
        earlier, row = order[place], order[place + 1]
        words = events.words["time"]
        raise events.refuse(
            row,
            "time",
            f"expected no time before {brief(words[earlier])} (line {events.lines[earlier]}) for id "
            f"{brief(events.words['id'][row])!r}, found {brief(words[row])}.",
        )


def _first(person: np.ndarray, times: np.ndarray, predict_at: np.ndarray) -> np.ndarray:
    """The day that counts as 0 for each person."""
    start = np.full(len(predict_at), np.inf)
    np.minimum.at(start, person, times)
    start = np.where(np.isinf(start), predict_at, start)
    return np.nan_to_num(start)
