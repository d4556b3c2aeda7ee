"""Your own molecules: a table with SMILES, or an SDF, and one column or property or more of measurements."""

from pathlib import Path

import numpy as np

from utils.datasets.conversions.molecules import scaffold
from utils.datasets.own import labels as choice
from utils.datasets.own import reading, sdf
from utils.datasets.own.entries import entry
from utils.datasets.own.needs import can_be_planned
from utils.datasets.own.numbers import Numbers
from utils.datasets.own.sequences import joined
from utils.datasets.own.tables import GROUP, SMILES, Sheet, Table
from utils.datasets.splits import numbered
from utils.datasets.types import Molecules

MOST_UNPARSABLE = 0.05  # share of the rows
MOST_ATOMS = 1_000  # other than hydrogen: larger ones take minutes to draw, and are no drugs
LONGEST = 10 * MOST_ATOMS  # letters of a SMILES with as many atoms
EXPECTED = "a number or an empty field"


def molecules(path: Path, *, label: str | list[str] | None = None, **options: str) -> Molecules:
    """Molecules and their labels. An empty field (or NA, NaN) was not measured.

    label: the name of the column of labels, or several; without it the columns decide where there is no doubt. Further
    options: smiles, group and id, the names of columns. Two values in each column of labels: classification; otherwise
    regression. What RDKit cannot read, or has more than 1,000 atoms other than hydrogen, is left out and listed in
    ``unparsable`` as (line of the file, SMILES), up to 5 % of the rows. What follows a space in a SMILES is a name and
    is cut off. groups: by scaffold; by the stated group where there is one; by molecule where there are too few
    scaffolds for a study. The same molecule is always in one group. An SDF is a table of its properties; one without
    a value is empty.
    """
    if sdf.is_sdf(path):
        sheet = Sheet(path, sdf.detect(path))
        if "smiles" in options:
            raise sdf.refuse_structure(path, "smiles")
        options["smiles"] = sdf.STRUCTURE
    else:
        sheet = Sheet(path)
    sheet.choose(**options)
    sheet.find("smiles", SMILES)
    sheet.find("group", GROUP, required=False)
    places = None if label is None else sheet.several("label", label)
    rest = sheet.rest()
    table = sheet.read(("smiles", "group"), rest if places is None else places)
    if places is None:
        places = choice.columns(sheet, table, rest)
    else:
        sheet.left_out([place for place in rest if place not in places], "not named by --label")
    columns = [table.numbers[place] for place in places]
    labels, task = _labels(path, columns, sheet.notes)
    smiles = np.array([(text.split() or [""])[0] for text in table.words["smiles"]], object)
    scaffolds = _scaffolds(smiles)
    kept = np.array([found is not None for found in scaffolds])
    unparsable = _left_out(table, smiles, kept, sheet.notes)
    labels, smiles = labels[kept].astype(np.float32), smiles[kept]
    names = tuple(column.name for column in columns)
    for name, values in zip(names, labels.T, strict=True):
        values = np.unique(values[~np.isnan(values)])
        if len(values) < 2:
            found = f"only {values[0]:g}" if len(values) else "no value"
            problem = f"expected two different values or more, found {found} once the unreadable rows are left out."
            raise reading.refusal(path, f"column {reading.brief(name)}", problem)
    groups = numbered(np.array([scaffolds[row] for row in np.flatnonzero(kept)], object))
    if "group" in table.words:
        groups = joined(_identical(smiles), table.filled("group")[kept])
        sheet.notes.append(f"splits keep rows with the same {table.where('group')} together, instead of scaffolds")
    elif not can_be_planned(labels, groups, task):
        same = _identical(smiles)
        if can_be_planned(labels, same, task):
            sheet.notes.append(
                f"different scaffolds: {len(np.unique(groups)):,}, too few; splits keep each molecule together instead"
            )
            groups = same
    return Molecules(entry(path, "molecules", task, (), sheet.notes), smiles, labels, names, groups, unparsable)


def _labels(path: Path, columns: list[Numbers], notes: list[str]) -> tuple[np.ndarray, str]:
    """float64 (rows, columns), and the task: classification when all columns have two values, regression when none."""
    for column in columns:
        choice.refuse_unusable(column, EXPECTED)
        notes += column.notes()
    two = [choice.zero_one(column) for column in columns]
    if all(two):
        notes += [said for _, said in two if said]
        return np.stack([values for values, _ in two], axis=1), "classification"
    binary = [column.name for column in columns if column.is_zero_one]
    if binary:
        others = [column.name for column in columns if not column.is_zero_one]
        raise reading.refusal(
            path,
            "",
            f"expected one kind of label, found 0 and 1 only in {reading.listed(binary, 3)}, but other numbers in "
            f"{reading.listed(others, 3)}; name one kind with --label.",
        )
    return np.stack([column.values for column in columns], axis=1), "regression"


def _left_out(table: Table, smiles: np.ndarray, kept: np.ndarray, notes: list[str]) -> tuple[tuple[int, str], ...]:
    unparsable = tuple((int(table.lines[row]), smiles[row]) for row in np.flatnonzero(~kept))
    if len(unparsable) > MOST_UNPARSABLE * len(smiles):
        first = ", ".join(f"line {line} {reading.brief(text, 24)!r}" for line, text in unparsable[:3])
        raise reading.refusal(
            table.path,
            table.where("smiles"),
            f"expected SMILES that RDKit can read, but for {MOST_UNPARSABLE:.0%} that are left out, found "
            f"{len(unparsable):,} of {len(smiles):,} that it cannot, or with over {MOST_ATOMS:,} atoms: "
            f"{first}{' …' if len(unparsable) > 3 else '.'}",
        )
    if unparsable:
        count = f"{len(unparsable):,} row{'s' if len(unparsable) > 1 else ''}"
        notes.append(f"left out, unreadable for RDKit or with more than {MOST_ATOMS:,} atoms: {count}")
    return unparsable


def _scaffolds(smiles: np.ndarray) -> list[str | None]:
    """The scaffold of each molecule, None where it is unreadable, too large or has no atoms."""
    from rdkit import rdBase

    known = {"": None}
    with rdBase.BlockLogs():  # RDKit's own remarks are held back
        for text in smiles:
            if text not in known:
                known[text] = scaffold(text) if _is_small(text) else None
        return [known[text] for text in smiles]


def _is_small(text: str) -> bool:
    """Whether a SMILES has no more atoms than are drawn and computed with in a moment."""
    from rdkit import Chem

    if len(text) <= MOST_ATOMS:  # an atom takes a letter at least
        return True
    molecule = Chem.MolFromSmiles(text, sanitize=False) if len(text) <= LONGEST else None
    return molecule is not None and molecule.GetNumHeavyAtoms() <= MOST_ATOMS


def _identical(smiles: np.ndarray) -> np.ndarray:
    """One number for all rows of the same molecule, however its SMILES is written."""
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        written = {text: Chem.CanonSmiles(text) for text in set(smiles.tolist())}
    return numbered(np.array([written[text] for text in smiles.tolist()], object))
