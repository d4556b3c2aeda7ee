"""Your own molecules: a CSV with ``smiles`` and one column or more of measurements."""

from pathlib import Path

import numpy as np

from utils.datasets.conversions.molecules import scaffold
from utils.datasets.own import reading, tables
from utils.datasets.own.entries import entry
from utils.datasets.splits import numbered
from utils.datasets.types import Molecules

MOST_UNPARSABLE = 0.05  # share of the rows
EXPECTED = "a number or an empty field in every column but smiles"


def molecules(path: Path) -> Molecules:
    """Molecules and their labels: every column but ``smiles``. An empty field (or NA, NaN) was not measured.

    Only 0 and 1 in all columns: classification; otherwise regression. What RDKit cannot read is left out and listed
    in ``unparsable`` as (line of the file, SMILES), up to 5 % of the rows. What follows a space in a SMILES is a name
    and is cut off. The same molecule may come several times: it has one scaffold, and so one group.
    """
    table = tables.table(path, text=("smiles",), numbers=None, expected=EXPECTED)
    columns = {name: values for name, values in table.columns.items() if name != "smiles"}
    if not columns:
        raise reading.refusal(path, "line 1", "expected a column of labels beside smiles, found none.")
    _refuse_constant(path, columns)
    task = _task(path, columns)
    smiles = np.array([(text.split() or [""])[0] for text in table.columns["smiles"]], object)
    scaffolds = _scaffolds(smiles)
    kept = np.array([found is not None for found in scaffolds])
    unparsable = tuple((int(table.lines[row]), smiles[row]) for row in np.flatnonzero(~kept))
    if len(unparsable) > MOST_UNPARSABLE * len(smiles):
        first = ", ".join(f"line {line} {reading.brief(text, 24)!r}" for line, text in unparsable[:3])
        raise reading.refusal(
            path,
            "column smiles",
            f"expected SMILES that RDKit can read, but for {MOST_UNPARSABLE:.0%} that are left out, found "
            f"{len(unparsable):,} of {len(smiles):,} that it cannot: {first}{' …' if len(unparsable) > 3 else '.'}",
        )
    columns = {name: values[kept].astype(np.float32) for name, values in columns.items()}
    _refuse_constant(path, columns)
    groups = numbered(np.array([scaffolds[row] for row in np.flatnonzero(kept)], object))
    labels = np.stack(list(columns.values()), axis=1)
    return Molecules(entry(path, "molecules", task), smiles[kept], labels, tuple(columns), groups, unparsable)


def _refuse_constant(path: Path, columns: dict[str, np.ndarray]) -> None:
    for name, values in columns.items():
        measured = np.unique(values[~np.isnan(values)])
        if len(measured) < 2:
            found = f"only {measured[0]:g}" if len(measured) else "no value"
            where = f"column {reading.brief(name)}"
            raise reading.refusal(path, where, f"expected two different values or more, found {found}.")


def _task(path: Path, columns: dict[str, np.ndarray]) -> str:
    """classification when all columns hold 0 and 1 only, regression when none does."""
    binary = [name for name, values in columns.items() if np.isin(values[~np.isnan(values)], (0, 1)).all()]
    if binary and len(binary) < len(columns):
        others = [name for name in columns if name not in binary]
        raise reading.refusal(
            path,
            "",
            f"expected one kind of label, found 0 and 1 only in {reading.listed(binary, 3)}, but other numbers in "
            f"{reading.listed(others, 3)}; make two files.",
        )
    return "classification" if binary else "regression"


def _scaffolds(smiles: np.ndarray) -> list[str | None]:
    """The scaffold of each molecule, None where it is unreadable or has no atoms. RDKit's own remarks are held back."""
    from rdkit import rdBase

    known = {"": None}
    with rdBase.BlockLogs():
        for text in smiles:
            if text not in known:
                known[text] = scaffold(text)
        return [known[text] for text in smiles]
