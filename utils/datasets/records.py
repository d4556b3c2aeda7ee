"""Patients over time: the NAFLD cohort and the PBC visits."""

import numpy as np
import pandas as pd

from utils.datasets.catalogue import Entry
from utils.datasets.store import read_csv
from utils.datasets.types import Records


def nafld(entry: Entry, as_published: bool = False) -> Records:
    """Measurements and diagnoses (value 1) as one list of events; label 1 for those who died."""
    patients = read_csv(entry, "patients.csv.xz", index_col="id")
    events = _concat(read_csv(entry, "measurements.csv.xz"), read_csv(entry, "diagnoses.csv.xz").assign(value=1.0))
    if not as_published:
        # "chol" repeats "hdl" and "dbp" repeats "sbp", number for number: under these names the numbers are false.
        events = events[~events["variable"].isin(["chol", "dbp"])].reset_index(drop=True)
    return _records(entry, patients, events, patients["died"])


def pbc(entry: Entry) -> Records:
    """Visits unrolled into events; each patient is a group. Label: alive, transplanted or dead at the last contact."""
    visits = read_csv(entry, "visits.csv.xz")
    unchanging = ["id", "follow_up_days", "outcome", "trt", "age", "sex"]
    patients = visits[unchanging].drop_duplicates("id").set_index("id")
    patients["group"] = patients.index
    measured = visits.drop(columns=unchanging[1:])
    events = measured.melt(id_vars=["id", "time"]).dropna(subset="value").sort_values(["id", "time"], kind="stable")
    return _records(entry, patients, events.reset_index(drop=True), patients["outcome"])


def _concat(*tables: pd.DataFrame) -> pd.DataFrame:
    return pd.concat(tables, ignore_index=True).sort_values(["id", "time"], kind="stable", ignore_index=True)


def _records(entry: Entry, patients: pd.DataFrame, events: pd.DataFrame, outcome: pd.Series) -> Records:
    labels, groups = outcome.to_numpy(np.int64, copy=True), patients["group"].to_numpy(np.int64, copy=True)
    return Records(entry, patients, events.astype({"value": float}), labels, entry.class_names, groups)
