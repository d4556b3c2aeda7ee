"""MoleculeNet tables with the scaffold of each molecule worked out once, so that loading needs no chemistry library."""

import io
import lzma
from collections.abc import Callable

import pandas as pd

from utils.datasets.conversions.encoding import csv, xz

FOLDER = "molsetrep-0.9.0/data/moleculenet/"
TASKS = {
    "bbbp": {"p_np": "penetrates the blood-brain barrier"},
    "esol": {"measured log solubility in mols per litre": "log10 solubility in mol/L"},
}
NOT_TASKS = {"mol_id", "smiles"}


def convert(name: str, read: Callable[[str], bytes]) -> dict[str, bytes]:
    """smiles, scaffold, readable, then one column per task. What RDKit cannot read keeps its row, with readable 0."""
    published = pd.read_csv(io.BytesIO(lzma.decompress(read(f"{FOLDER}{name}.csv.xz"))))
    renamed = TASKS.get(name) or {column: column for column in published.columns if column not in NOT_TASKS}
    smiles = published["smiles"].str.strip()
    scaffolds = smiles.map(scaffold)
    table = pd.DataFrame(
        {"smiles": smiles, "scaffold": scaffolds.fillna(""), "readable": scaffolds.notna().astype(int)}
    )
    for column, task in renamed.items():
        values = published[column]
        # Yes or no is written 1 or 0; an untested molecule leaves the field empty.
        table[task] = values.astype("Int64") if name != "esol" else values
    return {f"moleculenet/{name}.csv.xz": xz(csv(table))}


def scaffold(smiles: str) -> str | None:
    """Bemis-Murcko scaffold (doi:10.1021/jm9602928) as canonical SMILES: "" without rings, None if unreadable."""
    from rdkit import Chem, rdBase
    from rdkit.Chem.Scaffolds import MurckoScaffold

    with rdBase.BlockLogs():
        molecule = Chem.MolFromSmiles(smiles)
    return None if molecule is None else MurckoScaffold.MurckoScaffoldSmiles(mol=molecule)
