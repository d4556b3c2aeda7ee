"""Molecules as arrays: padding, batches, features, fingerprints, tokens; against RDKit itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem, DataStructs
from rdkit.Chem import Descriptors, rdFingerprintGenerator

from utils import datasets
from utils.errors import CourseError
from utils.exercises import reference
from utils.features import molecules as chemistry

SMILES = [
    "C",  # a single atom
    "CCO",
    "[Na+].[Cl-]",  # two parts without a bond
    "c1ccc(cc1)C(=O)O.CN",
    "FS(F)(F)(F)(F)F",  # an atom with six neighbours
    "C[C@@H](N)C(=O)O",
    "CC(C)NCC(O)COc1cccc2ccccc12",
    "C#N",
    "[Se]",
]


@pytest.fixture(scope="module")
def graphs():
    return chemistry.graphs(SMILES)


@pytest.mark.parametrize("row", range(len(SMILES)))
def test_neighbours_and_bonds_are_those_of_rdkit(graphs, row):
    molecule = Chem.MolFromSmiles(SMILES[row])
    batch = graphs.pad([row])
    assert batch["is_atom"].sum() == molecule.GetNumAtoms() == graphs.sizes[row]
    for atom in molecule.GetAtoms():
        found = [n for n in batch["neighbours"][0, atom.GetIdx()] if n >= 0]
        assert sorted(found) == sorted(n.GetIdx() for n in atom.GetNeighbors())
        for slot, other in enumerate(batch["neighbours"][0, atom.GetIdx()]):
            bond = batch["bonds"][0, atom.GetIdx(), slot]
            if other < 0:
                assert not bond.any()
                continue
            kind = molecule.GetBondBetweenAtoms(atom.GetIdx(), int(other)).GetBondType()
            kinds = [*chemistry.BOND_FEATURES["kind"], Chem.BondType.AROMATIC]
            assert bond[: len(kinds)].tolist() == [float(kind == one) for one in kinds]
            assert bond.sum() == len(chemistry.BOND_FEATURES)


def test_atoms_are_one_hot_in_every_feature_and_padding_is_zero(graphs):
    batch = graphs.pad(range(len(SMILES)), atoms=40)
    assert batch["atoms"].shape == (len(SMILES), 40, chemistry.ATOM_WIDTH)
    assert batch["bonds"].shape[3] == chemistry.BOND_WIDTH
    assert batch["neighbours"].shape[2] == 6
    assert (batch["atoms"].sum(axis=2)[batch["is_atom"]] == len(chemistry.ATOM_FEATURES)).all()
    assert not batch["atoms"][~batch["is_atom"]].any()
    assert (batch["neighbours"][~batch["is_atom"]] == -1).all()
    elements = chemistry.ATOM_FEATURES["element"]
    assert batch["atoms"][0, 0].argmax() == elements.index("C")
    assert batch["atoms"][SMILES.index("[Na+].[Cl-]"), 0, len(elements)] == 1  # sodium is "other"


@given(st.lists(st.integers(0, len(SMILES) - 1), min_size=0, max_size=12))
@settings(max_examples=30, deadline=None)
def test_a_batch_is_its_molecules(rows):
    graphs = chemistry.graphs(SMILES)
    together = graphs.pad(rows, atoms=24)
    for place, row in enumerate(rows):
        alone = graphs.pad([row], atoms=24)
        most = alone["neighbours"].shape[2]
        assert np.array_equal(together["atoms"][place], alone["atoms"][0])
        assert np.array_equal(together["neighbours"][place, :, :most], alone["neighbours"][0])
        assert (together["neighbours"][place, :, most:] == -1).all()
        assert np.array_equal(together["bonds"][place, :, :most], alone["bonds"][0])


def test_a_molecule_that_does_not_fit(graphs):
    with pytest.raises(CourseError, match="A molecule of 19 atoms does not fit into atoms=10"):
        graphs.pad([6], atoms=10)


@pytest.mark.parametrize("rng", [None, np.random.default_rng(0)], ids=["sorted", "at random"])
@pytest.mark.parametrize("size", [1, 3, 32])
def test_batches_hold_every_row_once(rng, size):
    graphs = chemistry.graphs(["C" * (1 + number % 50) for number in range(200)])
    rows = np.arange(10, 190)
    parts = list(graphs.batches(rows, size, rng))
    assert sorted(np.concatenate(parts)) == rows.tolist()
    assert max(map(len, parts)) <= size
    assert list(graphs.batches([], size)) == []


def test_a_giant_does_not_blow_up_the_batches_of_the_others():
    graphs = chemistry.graphs(["CCO"] * 1000 + ["C" * 1500])
    cells = [graphs.pad(part)["is_atom"].size for part in graphs.batches(np.arange(1001), 256)]
    assert max(cells) <= 256 * 8
    assert 1536 in cells  # the giant is alone
    assert sum(cells) < 1536 + 1001 * 8 + 8
    assert graphs.atoms.nbytes + graphs.bonds.nbytes + graphs.ends.nbytes < 200_000


def test_room_and_shapes_grow_with_the_atoms_only():
    assert [chemistry.padded_size(n) for n in (1, 8, 9, 128, 129, 300)] == [8, 8, 12, 128, 256, 384]


@pytest.mark.parametrize("text", ["C(", "not a molecule", "", None, "CC[NH]=C"])
def test_what_cannot_be_read_is_named_by_row(text):
    for read in (chemistry.graphs, chemistry.fingerprints, chemistry.descriptors):
        with pytest.raises(CourseError, match="Row 1: RDKit cannot read"):
            read(["CCO", text])


def test_fingerprints_are_rdkits():
    found = chemistry.fingerprints(SMILES, bits=512)
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=512)
    for row, smiles in enumerate(SMILES):
        assert np.array_equal(found[row], generator.GetFingerprintAsNumPy(Chem.MolFromSmiles(smiles)))


def test_nearest_similarity_is_rdkits():
    prints = np.vstack([chemistry.fingerprints(SMILES), np.zeros((1, 1024), np.uint8)])
    vectors = [DataStructs.CreateFromBitString("".join(map(str, row))) for row in prints]
    wanted = [max(DataStructs.BulkTanimotoSimilarity(one, vectors[:4])) for one in vectors]
    assert chemistry.nearest_similarity(prints, prints[:4]) == pytest.approx(wanted, abs=1e-6)
    assert chemistry.nearest_similarity(prints[:0], prints).shape == (0,)


def test_descriptors_are_rdkits():
    found = chemistry.descriptors(SMILES)
    assert found.shape == (len(SMILES), len(chemistry.DESCRIPTORS))
    for row, smiles in enumerate(SMILES):
        molecule = Chem.MolFromSmiles(smiles)
        wanted = [Descriptors.MolWt(molecule), Descriptors.MolLogP(molecule), Descriptors.TPSA(molecule)]
        names = ["molecular weight", "Crippen log P", "polar surface area"]
        assert [found[row, chemistry.DESCRIPTORS.index(name)] for name in names] == pytest.approx(wanted, rel=1e-5)
    assert np.isfinite(found).all()


def test_tokens_join_to_the_smiles_and_agree_with_the_exercise():
    for name in ("bbbp", "sider"):
        for smiles in datasets.load(name).smiles:
            tokens = chemistry.tokenise(smiles)
            assert "".join(tokens) == smiles
            assert tokens == reference("11.1")(smiles)


@pytest.mark.parametrize("name", ["bbbp", "esol", "sider", "tox21"])
def test_no_scaffold_stands_on_both_sides(name):
    data = datasets.load(name)
    parts = list(datasets.splits.by_scaffold(data, (0.8, 0.1, 0.1)).parts().values())
    for one in range(3):
        for other in range(one):
            assert not np.intersect1d(data.groups[parts[one]], data.groups[parts[other]]).size
