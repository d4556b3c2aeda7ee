"""Your own molecules: a CSV with ``smiles`` and one column or more of measurements."""

from pathlib import Path

import numpy as np

from utils.datasets.conversions.molecules import scaffold
from utils.datasets.own import reading
from utils.datasets.own.entries import entry
from utils.datasets.splits import numbered
from utils.datasets.types import Molecules

MOST_UNPARSABLE = 0.05  # share of the rows


def molecules(path: Path) -> Molecules:
    """Molecules and their labels: every column but ``smiles``. An empty field (or NA, NaN) was not measured.

    Only 0 and 1 in all columns: classification; otherwise regression. What RDKit cannot read is left out and listed
    in ``unparsable`` as (line of the file, SMILES), up to 5 % of the rows. What follows a space in a SMILES is a name
    and is cut off. The same molecule may come several times: it has one scaffold, and so one group.
    """
    table = reading.table(path, text=("smiles",), numbers=None)
    columns = {name: values for name, values in table.columns.items() if name != "smiles"}
    if not columns:
        raise reading.refusal(path, "line 1", "expected a column of labels beside smiles, found none.")
    smiles = np.array([(text.split() or [""])[0] for text in table.columns["smiles"]], object)
    task = _task(path, columns)
    scaffolds = _scaffolds(smiles)
    kept = np.array([found is not None for found in scaffolds])
    unparsable = tuple((int(table.lines[row]), smiles[row]) for row in np.flatnonzero(~kept))
    if len(unparsable) > MOST_UNPARSABLE * len(smiles):
        first = ", ".join(f"line {line} {reading.brief(text, 24)!r}" for line, text in unparsable[:3])
        raise reading.refusal(
            path,
            "column smiles",
            f"RDKit cannot read {len(unparsable):,} of {len(smiles):,} molecules, more than the {MOST_UNPARSABLE:.0%} "
            f"that are left out: {first}{' …' if len(unparsable) > 3 else '.'}",
        )
    labels = np.stack([values[kept] for values in columns.values()], axis=1).astype(np.float32)
    for name, values in zip(columns, labels.T, strict=True):
        measured = np.unique(values[~np.isnan(values)])
        if len(measured) < 2:
            found = f"only {measured[0]:g}" if len(measured) else "no value"
            raise reading.refusal(
                path, f"column {reading.brief(name)}", f"expected two different values or more, found {found}."
            )
    groups = numbered(np.array([scaffolds[row] for row in np.flatnonzero(kept)], object))
    return Molecules(entry(path, "molecules", task), smiles[kept], labels, tuple(columns), groups, unparsable)


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
