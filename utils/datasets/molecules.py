"""Molecules with measured properties: the four MoleculeNet sets."""

import numpy as np

from utils.datasets.catalogue import Entry
from utils.datasets.splits import numbered
from utils.datasets.store import read_csv
from utils.datasets.types import Molecules


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
        groups=numbered(kept["scaffold"].fillna("").to_numpy(object)),
        unparsable=tuple((int(row), smiles) for row, smiles in table.loc[~readable, "smiles"].items()),
    )
