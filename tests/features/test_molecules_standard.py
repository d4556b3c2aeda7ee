"""Molecules in one form: what a salt becomes, one row each, and nothing that depends on how a molecule is written."""

import numpy as np
import pytest
from rdkit import Chem, rdBase

from utils import datasets
from utils.errors import CourseError
from utils.features import molecules as chemistry
from utils.features.molecules_standard import one_row_each, standardise


@pytest.mark.parametrize(
    ("record", "substance"),
    [
        ("[Cl].CC(C)NCC(O)COc1cccc2ccccc12", "CC(C)NCC(O)COc1cccc2ccccc12"),  # propranolol, the chlorine aside
        ("CC(C)[NH2+]CC(O)COc1cccc2ccccc12.[Cl-]", "CC(C)NCC(O)COc1cccc2ccccc12"),
        ("CC(=O)Oc1ccccc1C(=O)[O-].[Na+]", "CC(=O)Oc1ccccc1C(=O)O"),
        ("C[N+](C)(C)CCO.[Cl-]", "C[N+](C)(C)CCO"),  # stays charged
        ("C1=CC=CC=C1", "c1ccccc1"),
        ("CN(=O)=O", "C[N+](=O)[O-]"),
        ("N[C@@H](C)C(=O)O", "C[C@H](N)C(=O)O"),  # keeps its handedness
    ],
)
def test_a_record_becomes_the_substance(record, substance):
    assert standardise([record]).tolist() == [Chem.CanonSmiles(substance)]


def test_what_cannot_be_read_is_named_by_row():
    with pytest.raises(CourseError, match="Row 1: RDKit cannot read"):
        standardise(["CCO", "C("])
    assert len(standardise([])) == 0


def test_one_row_for_each_molecule_and_none_where_labels_differ():
    names = ["a", "b", "a", "c", "b", "d"]
    labels = np.array([[1, np.nan], [0, 1], [1, 0], [1, 1], [1, 1], [np.nan, np.nan]])
    rows, conflicting = one_row_each(names, labels)
    assert rows.tolist() == [0, 3, 5]
    assert conflicting.tolist() == [1, 4]
    assert all(len(part) == 0 for part in one_row_each([], np.zeros((0, 1))))


@pytest.fixture(scope="module", params=["bbbp", "esol"])
def spellings(request):
    """Molecules of a table as published, and each once more, written at random."""
    published = datasets.load(request.param).smiles
    published = published[:: max(len(published) // 600, 1)]
    rdBase.SeedRandomNumberGenerator(7)
    return published, [Chem.MolToSmiles(Chem.MolFromSmiles(text), doRandom=True) for text in published]


def test_standardised_names_do_not_depend_on_the_spelling(spellings):
    first, second = map(standardise, spellings)
    assert (first == second).all()
    assert not any("." in text for text in first)


def test_fingerprints_and_descriptors_do_not_depend_on_the_spelling(spellings):
    first, second = map(chemistry.fingerprints, spellings)
    assert np.array_equal(first, second)
    first, second = map(chemistry.descriptors, spellings)
    assert first == pytest.approx(second, rel=1e-4, abs=1e-4)


def test_atoms_and_bonds_do_not_depend_on_the_spelling(spellings):
    """As sets: each atom with its neighbours and the bonds to them, in no order."""
    first, second = (chemistry.graphs(texts, handedness=True) for texts in spellings)
    assert first.atoms[:, -1].any() == any("@" in text for text in spellings[0])
    for row in range(len(first)):
        assert atoms_with_neighbours(first, row) == atoms_with_neighbours(second, row)


def atoms_with_neighbours(graphs, row):
    atoms = list(map(bytes, graphs.atoms[graphs.atom_start[row] : graphs.atom_start[row + 1]]))
    around = [[] for _ in atoms]
    part = slice(graphs.bond_start[row], graphs.bond_start[row + 1])
    for (listens, _, speaks), bond in zip(graphs.ends[part], graphs.bonds[part], strict=True):
        around[listens].append((bytes(bond), atoms[speaks]))
    return sorted((atom, sorted(heard)) for atom, heard in zip(atoms, around, strict=True))


def test_handedness_is_told_only_when_asked_for():
    alanine = ["C[C@H](N)C(=O)O", "N[C@@H](C)C(=O)O", "C[C@@H](N)C(=O)O"]  # L, L and D
    told = [atoms_with_neighbours(chemistry.graphs(alanine, handedness=True), row) for row in range(3)]
    assert told[0] == told[1] != told[2]
    plain = [atoms_with_neighbours(chemistry.graphs(alanine), row) for row in range(3)]
    assert plain[0] == plain[1] == plain[2]
