"""From a name to a dataset: reads the files, checks them, and puts them into the type of their kind."""

import inspect

import numpy as np

from utils.datasets import images
from utils.datasets.catalogue import Entry, find
from utils.datasets.images import tissue_field
from utils.datasets.splits import Split
from utils.datasets.store import read_csv, read_npy
from utils.datasets.types import Molecules, Records, Sequences, Signals
from utils.errors import UsageError

__all__ = ["load", "tissue_field"]


def load(name: str, **options):
    """The dataset of this name, as ``Images``, ``Records``, ``Signals``, ``Sequences`` or ``Molecules``.

    What ships with the course is read from ``data/``; the rest is fetched into the cache first.
    Options: ``size`` of a patch in pixels for "nuclei" (32); ``as_published=True`` for "nafld" keeps two variables that are
    false copies (see its card). Raises UsageError for an unknown name or option, CourseError for a damaged or missing file.
    """
    entry = find(name)
    loader = LOADERS.get(name) or LOADERS[entry.kind if entry.kind == "molecules" else "medmnist"]
    known = list(inspect.signature(loader).parameters)[1:]
    for option in options:
        if option not in known:
            raise UsageError(f"The dataset {name!r} has no option {option!r}; it has {', '.join(known) or 'none'}.")
    return loader(entry, **options)


def nafld(entry: Entry, as_published: bool = False) -> Records:
    """Measurements and diagnoses (value 1) as one list of events; label 1 for those who died."""
    patients = read_csv(entry, "patients.csv.xz", index_col="id")
    events = _concat(read_csv(entry, "measurements.csv.xz"), read_csv(entry, "diagnoses.csv.xz").assign(value=1.0))
    if not as_published:
        # "chol" repeats "hdl" and "dbp" repeats "sbp", number for number: under these names the numbers are false.
        events = events[~events["variable"].isin(["chol", "dbp"])].reset_index(drop=True)
    return _records(entry, patients, events, patients["died"])


def pbc(entry: Entry) -> Records:
    """Visits unrolled into events; label 0 alive, 1 transplanted, 2 dead at the last contact. Each patient is a group."""
    visits = read_csv(entry, "visits.csv.xz")
    unchanging = ["id", "follow_up_days", "outcome", "trt", "age", "sex"]
    patients = visits[unchanging].drop_duplicates("id").set_index("id")
    patients["group"] = patients.index
    measured = visits.drop(columns=unchanging[1:])
    events = measured.melt(id_vars=["id", "time"]).dropna(subset="value").sort_values(["id", "time"], kind="stable")
    return _records(entry, patients, events.reset_index(drop=True), patients["outcome"])


def _concat(*tables):
    import pandas as pd

    return pd.concat(tables, ignore_index=True).sort_values(["id", "time"], kind="stable", ignore_index=True)


def _records(entry: Entry, patients, events, outcome) -> Records:
    labels, groups = outcome.to_numpy(np.int64, copy=True), patients["group"].to_numpy(np.int64, copy=True)
    return Records(entry, patients, events.astype({"value": float}), labels, entry.class_names, groups)


def ecg5000(entry: Entry) -> Signals:
    """5,000 beats of 140 samples. They come from one patient, so that there is one group only."""
    signals, table = read_npy(entry, "beats.npy.xz"), read_csv(entry, "labels.csv")
    rows = {part: np.flatnonzero(table["part"] == part) for part in ("train", "test")}
    split = Split(rows["train"], [], rows["test"])
    groups = np.zeros(len(signals), np.int64)
    return Signals(entry, signals, table["label"].to_numpy(np.int64) - 1, entry.class_names, groups, split)


def splice(entry: Entry) -> Sequences:
    """3,190 stretches of 60 letters, as published, duplicates included."""
    table = read_csv(entry, "splice.csv.xz")
    sequences = table["sequence"].to_numpy(object)
    labels = np.array([entry.class_names.index(label) for label in table["label"]], np.int64)
    return Sequences(entry, sequences, labels, entry.class_names, _numbers(sequences))


def molecules(entry: Entry) -> Molecules:
    """The molecules that RDKit can read; the others are listed in ``unparsable``."""
    table = read_csv(entry, f"{entry.name}.csv.xz")
    readable = table["readable"] == 1
    kept = table[readable]
    tasks = list(table.columns[3:])
    return Molecules(
        entry,
        smiles=kept["smiles"].to_numpy(object),
        labels=kept[tasks].to_numpy(np.float32),
        task_names=tuple(tasks),
        groups=_numbers(kept["scaffold"].fillna("").to_numpy(object)),
        unparsable=tuple((int(row), smiles) for row, smiles in table.loc[~readable, "smiles"].items()),
    )


def _numbers(names: np.ndarray) -> np.ndarray:
    """int64 (n,): one number for each different name."""
    return np.unique(names.astype(str), return_inverse=True)[1].astype(np.int64)


LOADERS = {
    "nuclei": images.nuclei,
    "cifar10": images.cifar10,
    "cifar10_small": images.cifar10_small,
    "medmnist": images.medmnist,
    "nafld": nafld,
    "pbc": pbc,
    "ecg5000": ecg5000,
    "splice": splice,
    "molecules": molecules,
}
