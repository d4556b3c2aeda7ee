"""Signals and sequences: ECG beats, splice junctions."""

import numpy as np

from utils.datasets.catalogue import Entry
from utils.datasets.splits import Split, numbered
from utils.datasets.store import read_csv, read_npy
from utils.datasets.types import Sequences, Signals


def ecg5000(entry: Entry) -> Signals:
    """5,000 beats of 140 samples. They come from one patient, so that there is one group only."""
    signals, table = read_npy(entry, "beats.npy.xz"), read_csv(entry, "labels.csv")
    rows = {part: np.flatnonzero(table["part"] == part) for part in ("train", "test")}
    split = Split(rows["train"], [], rows["test"])
    groups = np.zeros(len(signals), np.int64)
    return Signals(entry, signals, table["label"].to_numpy(np.int64) - 1, entry.class_names, groups, split)


def splice(entry: Entry) -> Sequences:
    """3,190 stretches of 60 bases, as published, duplicates included."""
    table = read_csv(entry, "splice.csv.xz")
    sequences = table["sequence"].to_numpy(object)
    labels = np.array([entry.class_names.index(label) for label in table["label"]], np.int64)
    return Sequences(entry, sequences, labels, entry.class_names, numbered(sequences))
