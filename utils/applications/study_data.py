"""Data for a ``study``: a path or a name in; rows with labels and groups out."""

import dataclasses
import os

import numpy as np

from utils import datasets
from utils.datasets import own
from utils.datasets.own.scaling import SIDE
from utils.datasets.own.summary import summary
from utils.datasets.types import Images, Molecules, Records, Scans, Sequences
from utils.errors import UsageError
from utils.features.cohorts import label_at_horizon

FIVE_YEARS = 5 * 365.25  # days
START = {"pbc": 365.0}  # the moment of prediction where it is not day 0: the trial's patients come back after a year
Data = Images | Scans | Records | Sequences | Molecules


def load(path: str | os.PathLike, kind: str, side: int | None = None, **columns: str | None) -> Data:
    """The data at a path, or the catalogue's set of this name; columns (label, smiles, …) that are None are left out.

    Records with a follow-up get a label at five years: see ``at_horizon``. side: pixels that pictures at a path are
    made smaller to, where they have more on their shorter side (64 unless given); those of a set are never that large.

    Raises UsageError for a column option with a name of the catalogue, and otherwise what ``datasets.load`` raises.
    """
    columns = {name: column for name, column in columns.items() if column is not None}
    named = path in datasets.catalogue()
    if named and columns:
        raise UsageError(f"The set {path!r} has its columns already: leave --{next(iter(columns))} out.")
    if not named and (own.is_path(path) or own.several(os.fspath(path))):
        return own.load(path, kind, side=side or (SIDE if kind == "images" else None), **columns)
    data = datasets.load(path, kind=kind)
    if isinstance(data, Records) and "follow_up_days" in data.patients:
        return at_horizon(data, FIVE_YEARS, START.get(path, 0.0))
    return data


def understood(data: Data, seed: int = 0) -> None:
    """Print what was understood of the data: what they hold, what was assumed or left out, and this seed's split."""
    print(data.entry.title)
    for what, text in summary(data, seed).items():
        print(f"  {what:<10} {text}")


def at_horizon(records: Records, horizon: float, start: float = 0.0) -> Records:
    """Records whose label is whether the outcome (any class but 0) came within the horizon, counted from the start.

    Who was censored before the horizon, or was not followed beyond the start, is left out, and a note says how many.
    patients keeps "group", the numbers without a date, such as age, and "predict_at". Times in days.
    """
    patients = records.patients
    days = patients["follow_up_days"].to_numpy(float) - start
    label = np.where(days > 0, label_at_horizon(days, records.labels > 0, horizon), np.nan)
    known = ~np.isnan(label)
    if "sex" in patients:
        patients = patients.assign(male=(patients["sex"] == "m").astype(float))
    static = patients.select_dtypes("number").drop(columns=["follow_up_days", "died", "outcome"], errors="ignore")
    ids = patients.index[known]
    events = records.events[records.events["id"].isin(ids)].reset_index(drop=True)
    note = (
        f"The label: {' or '.join(records.class_names[1:])} within {horizon / 365.25:g} years of day {start:g}. "
        f"{(~known).sum():,} people were left out because it is not known."
    )
    entry = dataclasses.replace(records.entry, notes=(*records.entry.notes, note))
    return Records(
        entry,
        static[known].assign(predict_at=start),
        events,
        label[known].astype(np.int64),
        ("did not happen", "happened"),
        records.groups[known],
    )
