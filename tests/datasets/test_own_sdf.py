"""Molecules of a reader's own in an SDF: what RDKit and others write is read, what does not fit is refused."""

import gzip

import numpy as np
import pytest

from datasets.own_files import SMILES, refused
from utils import datasets

COUNT = 30


@pytest.fixture(scope="module")
def content():
    """An SDF of 30 molecules as RDKit writes it: active in each, logP in two of three, an id and a comment."""
    from rdkit import Chem

    blocks = []
    for number in range(COUNT):
        molecule = Chem.MolFromSmiles(SMILES[number % 6])
        molecule.SetProp("_Name", f"molecule {number}")
        properties = {"active": number // 6 % 2, "Compound ID": f"X{number}", "comment": "made in house\nand kept"}
        if number % 3:
            properties["logP"] = f"{number / 7:.3f}"
        for name, value in properties.items():
            molecule.SetProp(name, str(value))
        blocks.append(Chem.SDWriter.GetText(molecule))
    return "".join(blocks)


@pytest.fixture
def write(tmp_path):
    def write(text, name="own.sdf"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


@pytest.mark.parametrize("kind", [None, "molecules"])
@pytest.mark.parametrize("name", ["own.sdf", "own.SDF", "own.sd", "own.sdf.gz"])
def test_structures_with_a_property_as_label(content, write, name, kind):
    data = datasets.load(write(content, name), kind=kind, label="active")
    assert data.smiles[:6].tolist() == ["CCO", "c1ccccc1", "CCN", "C1CCCCC1", "c1ccncc1", "C1CCNCC1"]
    assert (data.entry.task, data.task_names) == ("classification", ("active",))
    assert data.labels.ravel().tolist() == [number // 6 % 2 for number in range(COUNT)]
    assert data.entry.notes[0] == "each structure was read as a SMILES, without its coordinates"
    assert "left out, not named by --label: Compound ID, comment, logP" in data.entry.notes


def test_a_property_that_some_records_lack_was_not_measured_there(content, write):
    data = datasets.load(write(content), label="logP")
    assert data.entry.task == "regression"
    assert np.isnan(data.labels[::3]).all()
    np.testing.assert_allclose(data.labels[1, 0], 1 / 7, atol=1e-3)


def test_windows_lines_no_end_mark_and_letters_of_another_alphabet(content, write, tmp_path):
    text = content.replace("molecule 3", "Molekül 3").rstrip().removesuffix("$$$$").replace("\n", "\r\n")
    (tmp_path / "own.sdf").write_bytes(text.encode("cp1252"))
    assert len(datasets.load(tmp_path / "own.sdf", label="active").smiles) == COUNT


def test_groups_are_a_property_too(content, write):
    data = datasets.load(write(content.replace("Compound ID", "series")), label="active", group="series")
    assert any("splits keep rows with the same column series together" in note for note in data.entry.notes)


def test_stereochemistry_of_the_structure_is_kept(write):
    from rdkit import Chem
    from rdkit.Chem import AllChem

    blocks = []
    for number in range(12):
        molecule = Chem.AddHs(Chem.MolFromSmiles(("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O")[number % 2]))
        AllChem.EmbedMolecule(molecule, randomSeed=number)
        molecule.SetProp("y", str(number % 2))
        blocks.append(Chem.SDWriter.GetText(Chem.RemoveHs(molecule)))
    data = datasets.load(write("".join(blocks)))
    assert data.smiles[:2].tolist() == ["C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"]


def test_records_that_rdkit_cannot_read_are_listed_with_their_line(content, write):
    wrong = content.replace("V2000", "V2x00", 1)
    data = datasets.load(write(wrong), label="active")
    assert data.unparsable == ((1, "record_1"),)
    assert len(data.smiles) == COUNT - 1
    assert "of 30 that it cannot" in refused(write(content.replace("V2000", "V2x00", 9)), label="active")


REFUSED = {
    "no structure": (lambda text: "smiles,active\nCCO,1\n", "own.sdf, line 1: expected M  END and $$$$ after the"),
    "properties alone": (
        lambda text: "> <active>\n1\n\n$$$$\n",
        "own.sdf, line 1: expected a structure that ends with M  END, as an SDF has it, found none in the first",
    ),
    "no properties": (
        lambda text: text.split("> ")[0] + "$$$$\n",
        "own.sdf: expected a property to predict, as in > <active>, found structures alone; add it to each record.",
    ),
    "only empty lines": (
        lambda text: "\n\n$$$$\n",
        "own.sdf: expected structures that end with $$$$, found only empty",
    ),
    "cut short": (
        lambda text: text[: text.rindex("M  END")],
        "expected M  END and $$$$ after the structure that begins here, found the end of the file.",
    ),
    "a name in two ways": (
        lambda text: text.replace("<active>", "<Active>", 1),
        "expected one way to write each property, found Active before and active here.",
    ),
    "words": (
        lambda text: text.replace(">  <active>  \n0", ">  <active>  \nperhaps", 1),
        "column active: expected a number or an empty field, found 'perhaps'.",
    ),
}


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(content, write, change, words):
    changed = change(content)
    assert changed != content
    assert words in refused(write(changed), "molecules", label="active")


def test_labels_that_are_in_doubt_or_missing(content, write):
    path = write(content)
    assert "own.sdf: expected one column of labels, or columns of 0 and 1 only, found active, logP" in refused(path)
    assert refused(path, label="aktive") == (
        "own.sdf: expected the column aktive that --label names, found active, Compound ID, comment, logP; did you "
        "mean active?"
    )
    assert refused(path, smiles="active") == (
        "own.sdf: expected no option --smiles, since an SDF holds structures; leave it out."
    )


def test_a_damaged_packed_file(content, write):
    path = write(content, "own.sdf.gz")
    path.write_bytes(path.read_bytes()[:-30])
    assert refused(path) == "own.sdf.gz: the packed file is damaged or cut short; pack it again."
