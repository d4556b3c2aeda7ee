"""From dated events to arrays: who is in the study with which label, what was known when, and numbers for a model.

The moment of prediction rules everything here: an array is only made from events at or before it, and an event after
it raises ``LaterEvent``. Times are in the unit of the data (days in the course's own).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utils.datasets import splits
from utils.errors import CourseError

FURTHEST = 5.0  # standard deviations; what lies beyond is drawn in to here
CELLS = 4e7  # numbers that a sequence array may hold, 160 MB


class LaterEvent(CourseError):
    """An event lies after the moment of prediction: nobody could have known it then."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """The people of a study.

    ids: (n,). labels: int64 (n,), 0 or 1. groups: int64 (n,), people who may not be parted. predict_at: float64 (n,),
    moment of prediction. static: float32 (n, columns), what has no date, NaN where unknown; static_names: its columns.
    """

    ids: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    predict_at: np.ndarray
    static: np.ndarray
    static_names: tuple[str, ...]


def label_at_horizon(days: ArrayLike, happened: ArrayLike, horizon: float) -> np.ndarray:
    """What is known of each person at the horizon: 1.0 it happened by then, 0.0 it did not, NaN not known.

    days: (n,), until it happened or until the last contact. happened: (n,) of bool. Someone last seen before the
    horizon, without the event, is **censored**: neither 0 nor 1. Returns float64 (n,).
    """
    days, happened = np.asarray(days, float), np.asarray(happened, bool)
    return np.where(happened & (days <= horizon), 1.0, np.where(days >= horizon, 0.0, np.nan))


def cohort(records: Any, *, horizon: float | None = None, start: float = 0.0, static: Sequence[str] = ()) -> Cohort:
    """The people who can be studied, with label and moment of prediction.

    With a horizon, the label is whether the outcome (any class but 0) comes within it, counted from ``start``; people
    whose follow-up ends by ``start`` and people censored before the horizon are left out. Without one, the labels of
    the records are taken, and the moment of prediction from the patients' column "predict_at"; without it,
    it is the time of the last event, so that everything counts as known. static: columns of the patients' table.

    Raises CourseError when a label is neither 0 nor 1, or only one of the two is left.
    """
    patients = records.patients
    if horizon is None:
        labels = records.labels.astype(float)
        last = records.events.groupby("id")["time"].max().reindex(patients.index).fillna(0.0)
        predict_at = patients["predict_at"].fillna(last) if "predict_at" in patients else last
        predict_at = predict_at.to_numpy(float)
    else:
        days = patients["follow_up_days"].to_numpy(float) - start
        labels = np.where(days > 0, label_at_horizon(days, records.labels > 0, horizon), np.nan)
        predict_at = np.full(len(patients), float(start))
    rows = np.flatnonzero(~np.isnan(labels))
    labels = labels[rows].astype(np.int64)
    if set(np.unique(labels)) != {0, 1}:
        raise CourseError(
            f"The labels of {records.entry.name!r} are {sorted(set(labels.tolist()))} for those whose outcome is known;"
            " a risk can be learned only where there are both 0 and 1."
        )
    table = patients.iloc[rows][list(static)].to_numpy(np.float32).reshape(len(rows), len(static))
    ids = patients.index.to_numpy()[rows]
    return Cohort(ids, labels, records.groups[rows], predict_at[rows], table, tuple(static))


def known_by(events: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """The events of the cohort's people at or before each one's moment of prediction, in their order."""
    moment = pd.Series(cohort.predict_at, index=cohort.ids).reindex(events["id"]).to_numpy()
    return events[events["time"].to_numpy() <= moment].reset_index(drop=True)  # NaN, not in the cohort: False


def refuse_later(events: pd.DataFrame, cohort: Cohort) -> None:
    """Raise LaterEvent, naming variables, people and one example, when an event lies after the moment of prediction."""
    moment = pd.Series(cohort.predict_at, index=cohort.ids).reindex(events["id"]).to_numpy()
    later = np.flatnonzero(events["time"].to_numpy() > moment)
    if len(later):
        names = events["variable"].iloc[later].value_counts()
        told = ", ".join(f"{name!r} ({count:,})" for name, count in names.items())
        first, at = events.iloc[later[0]], moment[later[0]]
        raise LaterEvent(
            f"{len(later):,} events lie after the moment of prediction: {told}; the first is {first['variable']!r} of "
            f"patient {first['id']} at time {first['time']:g}, predicted at {at:g}. Leave them out with known_by()."
        )


def part(cohort: Cohort, fractions: Sequence[float] = splits.FRACTIONS, seed: int = 0) -> splits.Split:
    """``splits.by_group`` such that every part has both labels; where chance says otherwise, the next seed is tried.

    Raises CourseError when no split of 200 has, because there are too few groups with one of the labels.
    """
    for attempt in range(200):
        found = splits.by_group(cohort.groups, fractions, seed + 1000 * attempt)
        if all(len(np.unique(cohort.labels[rows])) == 2 for rows in found.parts().values() if len(rows)):
            return found
    cases = int(cohort.labels.sum())
    raise CourseError(
        f"{len(cohort.labels)} people, {cases} of them with label 1, cannot be parted so that each part has both "
        "labels; a study needs more."
    )


def commonest(events: pd.DataFrame, ids: ArrayLike, most: int = 32) -> tuple[str, ...]:
    """The variables recorded for the largest number of these people (give those of the training part): tuple of str."""
    own = events[events["id"].isin(ids)].drop_duplicates(["id", "variable"])
    people = own["variable"].value_counts()
    return tuple(sorted(people.index[:most]))


@dataclass(frozen=True, eq=False)
class Histories:
    """Visits of unequal number in one array, padded at the end. Indexing by rows gives the histories of those people.

    values: float32 (n, visits, variables), 0 where not observed. observed: bool, of the same shape. before: float32
    (n, visits), time from each visit to the moment of prediction, never negative, 0 in padding. mask: bool (n, visits),
    True where there is a visit. variables: names. dropped: int64 (n,), earlier visits for which there was no room.
    """

    values: np.ndarray
    observed: np.ndarray
    before: np.ndarray
    mask: np.ndarray
    variables: tuple[str, ...]
    dropped: np.ndarray

    def __len__(self):
        return len(self.values)

    def __getitem__(self, rows: ArrayLike) -> "Histories":
        parts = (self.values, self.observed, self.before, self.mask)
        return Histories(*(part[rows] for part in parts), self.variables, self.dropped[rows])

    def filled(self, values: Any = None) -> np.ndarray:
        """Each value carried forward until the next observation; 0 before the first one: (n, visits, variables)."""
        values = self.values if values is None else values
        latest = np.where(self.observed, np.arange(values.shape[1])[:, None], -1)
        latest = np.maximum.accumulate(latest, axis=1) if values.shape[1] else latest
        carried = np.take_along_axis(values, latest.clip(min=0), axis=1) if values.shape[1] else values
        return np.where(latest >= 0, carried, 0).astype(np.float32)

    def gaps(self) -> np.ndarray:
        """Time since the visit before, 0 at the first and in padding: float32 (n, visits)."""
        gaps = np.zeros_like(self.before)
        gaps[:, 1:] = np.where(self.mask[:, 1:], self.before[:, :-1] - self.before[:, 1:], 0)
        return gaps

    def since(self) -> np.ndarray:
        """Time since each variable was last observed at an *earlier* visit, or since the first visit if it never was:
        float32 (n, visits, variables), as δ in Che et al. (2018), doi:10.1038/s41598-018-24271-9."""
        gaps, since = self.gaps(), np.zeros_like(self.values)
        for visit in range(1, since.shape[1]):
            earlier = np.where(self.observed[:, visit - 1], 0, since[:, visit - 1])
            since[:, visit] = np.where(self.mask[:, visit, None], gaps[:, visit, None] + earlier, 0)
        return since


def build(events: pd.DataFrame, cohort: Cohort, variables: Sequence[str], longest: int = 24) -> Histories:
    """Padded arrays of the cohort's visits; several values of one variable at one time are averaged.

    events: id, time, variable, value; those of other people and other variables are passed over. longest: visits kept
    for a person, the last ones; fewer when the array would hold more than 40 million numbers. Returns ``Histories``,
    whose number of visits is that of the longest history (at least 1). Raises LaterEvent for an event after the moment
    of prediction, CourseError when there is no variable.
    """
    refuse_later(events, cohort)
    if not len(variables):
        raise CourseError("There is no variable to build histories from: give the names of one or more.")
    row = pd.Index(cohort.ids).get_indexer(events["id"])
    column = pd.Index(variables).get_indexer(events["variable"])
    chosen = (row >= 0) & (column >= 0)
    row, column = row[chosen], column[chosen]
    time, value = events["time"].to_numpy(float)[chosen], events["value"].to_numpy(float)[chosen]
    order = np.lexsort((time, row))
    row, column, time, value = row[order], column[order], time[order], value[order]
    n, width = len(cohort.ids), len(variables)
    new = np.ones(len(row), bool)  # does a visit begin here?
    new[1:] = (np.diff(row) != 0) | (np.diff(time) != 0)
    visit_row, visit_time = row[new], time[new]
    count = np.bincount(visit_row, minlength=n)
    place = np.arange(len(visit_row)) - (np.cumsum(count) - count)[visit_row]
    longest = max(1, min(longest, count.max(initial=1), int(CELLS / max(n * width, 1))))
    dropped = (count - longest).clip(min=0)
    place = place - dropped[visit_row]
    kept = place >= 0
    before, mask = np.zeros((n, longest), np.float32), np.zeros((n, longest), bool)
    before[visit_row[kept], place[kept]] = (cohort.predict_at[visit_row] - visit_time)[kept]
    mask[visit_row[kept], place[kept]] = True
    visit = np.cumsum(new) - 1  # of each event
    inside = kept[visit]
    cell = (row * longest + place[visit])[inside] * width + column[inside]
    number = np.bincount(cell, minlength=n * longest * width).reshape(n, longest, width)
    total = np.bincount(cell, weights=value[inside], minlength=n * longest * width).reshape(n, longest, width)
    values = (total / np.maximum(number, 1)).astype(np.float32)
    return Histories(values, number > 0, before, mask, tuple(variables), dropped)


def summaries(events: pd.DataFrame, cohort: Cohort, variables: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """One row per person for classical models: of each variable the last value, mean, smallest, largest, how often it
    was recorded, and the time since; then the number of different times and the time since the first and the last.

    Returns float32 (n, 6 variables + 3), NaN where a variable was never recorded, and the names of the columns. Raises
    LaterEvent for an event after the moment of prediction.
    """
    refuse_later(events, cohort)
    own = events[events["id"].isin(cohort.ids)].sort_values(["id", "time"], kind="stable")
    moment, pieces = pd.Series(cohort.predict_at, index=cohort.ids), {}
    grouped = own[own["variable"].isin(variables)].groupby(["variable", "id"], observed=True)
    table = grouped.agg(
        last=("value", "last"), mean=("value", "mean"), smallest=("value", "min"), largest=("value", "max"),
        count=("value", "size"), since=("time", "last"),
    )  # fmt: skip
    for name in variables:
        part = table.loc[name] if name in table.index.get_level_values(0) else table.iloc[:0].droplevel(0)
        part = part.reindex(cohort.ids)
        part["count"], part["since"] = part["count"].fillna(0), moment - part["since"]
        pieces |= {f"{name}: {column}": part[column].to_numpy(np.float32) for column in part}
    times = own.drop_duplicates(["id", "time"]).groupby("id")["time"].agg(["size", "min", "max"]).reindex(cohort.ids)
    pieces["times: count"] = times["size"].fillna(0).to_numpy(np.float32)
    pieces["times: since first"] = (moment - times["min"]).to_numpy(np.float32)
    pieces["times: since last"] = (moment - times["max"]).to_numpy(np.float32)
    return np.column_stack(list(pieces.values())), tuple(pieces)


@dataclass(frozen=True, eq=False)
class Scale:
    """Mean and standard deviation of each column, learned from training rows; see ``fit_scale``."""

    mean: np.ndarray
    spread: np.ndarray

    def __call__(self, values: Any, observed: Any = None):
        """Standardise the last axis: float32, within ±5, 0 where NaN or not observed."""
        observed = ~np.isnan(values) if observed is None else observed
        scaled = np.clip((values - self.mean) / self.spread, -FURTHEST, FURTHEST)
        return np.where(observed, scaled, 0).astype(np.float32)


def fit_scale(values: Any, rows: ArrayLike, observed: Any = None) -> Scale:
    """Learn a Scale from these rows (those of the training part) and what was observed in them.

    values: (n, …, columns). observed: bool of that shape; not NaN, unless given. A column that never varies, such as a
    diagnosis coded 1, keeps its value: mean 0, spread 1. So does one that was never observed.
    """
    values = np.asarray(values)[rows]
    observed = ~np.isnan(values) if observed is None else np.asarray(observed)[rows]
    axes = tuple(range(values.ndim - 1))
    number = np.maximum(observed.sum(axis=axes), 1)
    mean = np.where(observed, values, 0).sum(axis=axes, dtype=np.float64) / number
    squares = np.where(observed, values - mean, 0) ** 2
    spread = np.sqrt(squares.sum(axis=axes, dtype=np.float64) / number)
    flat = spread < 1e-6 * np.maximum(np.abs(mean), 1e-6)
    return Scale(np.where(flat, 0, mean), np.where(flat, 1, spread))


def steps(histories: Histories, rows: ArrayLike) -> np.ndarray:
    """What a sequence model reads at each visit: float32 (n, visits, 3 variables + 2), 0 in padding.

    The standardised value carried forward, whether it was observed here, the logarithm of the time since it last was;
    then the logarithms of the time since the visit before and until the moment of prediction. Scales are learned from
    these rows (those of the training part) alone; times are in units of their median gap.
    """
    values = fit_scale(histories.values, rows, histories.observed)(histories.values, histories.observed)
    gaps = histories.gaps()
    between = gaps[rows][:, 1:][histories.mask[rows][:, 1:]]
    unit = np.median(between) if len(between) else 1.0
    unit = unit if unit > 0 else 1.0
    times = np.stack([gaps, histories.before], axis=-1)
    parts = [histories.filled(values), histories.observed, np.log1p(histories.since() / unit), np.log1p(times / unit)]
    return np.where(histories.mask[..., None], np.concatenate(parts, axis=-1), 0).astype(np.float32)
