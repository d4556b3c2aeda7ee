"""Your own letters: a CSV with ``sequence,label`` and, where rows belong together, ``group``."""

import re
from pathlib import Path

import numpy as np

from utils.datasets.own import reading, tables
from utils.datasets.own.entries import entry
from utils.datasets.splits import numbered
from utils.datasets.types import Sequences

LONGEST = 10_000  # letters
LETTERS = "ACGTRYSWKMBDHVN"  # the four, and the IUPAC codes for "one of these" (doi:10.1093/nar/13.9.3021)
OTHER = re.compile(f"[^{LETTERS}]")


def sequences(path: Path) -> Sequences:
    """Stretches of DNA or RNA, any lengths up to 10,000 letters, each with the name or number of its class.

    Small letters become capitals and U becomes T. Classes are in the order of their numbers, or of the alphabet.
    groups: the same for identical letters; with a column ``group``, for the same value there too. Other columns are
    not used.
    """
    table = tables.table(path, text=("sequence", "label", "group"), optional={"group"})
    letters = _letters(table)
    labels, class_names = _classes(table)
    groups = numbered(letters)
    if "group" in table.columns:
        groups = _joined(groups, table.filled("group"))
    reading.enough_groups(path, labels, class_names, groups)
    return Sequences(entry(path, "sequences", "classification", class_names), letters, labels, class_names, groups)


def _letters(table: tables.Table) -> np.ndarray:
    letters = table.columns["sequence"]
    for row, sequence in enumerate(letters):
        letters[row] = sequence = sequence.upper().replace("U", "T")
        other = OTHER.search(sequence)
        if other:
            raise table.refuse(
                row,
                "sequence",
                f"expected A, C, G, T (or U) and the IUPAC codes {LETTERS[4:]}, "
                f"found {reading.brief(other.group())!r} at letter {other.start() + 1}.",
            )
        if not 1 <= len(sequence) <= LONGEST:
            raise table.refuse(row, "sequence", f"expected 1 to {LONGEST:,} letters, found {len(sequence):,}.")
    return letters


def _classes(table: tables.Table) -> tuple[np.ndarray, tuple[str, ...]]:
    """Index of the class of each row, and the names of the classes."""
    names = table.filled("label")
    try:
        order = {name: float(name) for name in set(names)}
    except ValueError:
        order = {name: name for name in set(names)}
    # "1" and "1.0" are one class, called what it is called first.
    first = {}
    for name in names:
        first.setdefault(order[name], name)
    values = sorted(first)
    if len(values) < 2:
        raise reading.refusal(
            table.path, "column label", f"expected two classes or more, found only {reading.brief(names[0])!r}."
        )
    if len(values) > max(len(names) / 3, 2):
        raise reading.refusal(
            table.path,
            "column label",
            f"expected a class that many rows share, found {len(values):,} different values in {len(names):,} rows.",
        )
    index = {value: place for place, value in enumerate(values)}
    return np.array([index[order[name]] for name in names], np.int64), tuple(first[value] for value in values)


def _joined(identical: np.ndarray, stated: np.ndarray) -> np.ndarray:
    """One number for all rows that hang together, by the same letters or by the same stated group."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    stated = numbered(stated) + identical.max() + 1
    size = int(stated.max()) + 1
    links = coo_array((np.ones(len(stated)), (identical, stated)), shape=(size, size))
    return connected_components(links, directed=False)[1][identical].astype(np.int64)
