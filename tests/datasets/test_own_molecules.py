"""Molecules of a reader's own: every form that is read, and each that is refused."""

import numpy as np
import pytest

from datasets.own_files import SMILES, compounds, refused, rows
from utils import datasets
from utils.datasets import own
from utils.datasets.own import needs


@pytest.fixture
def table(tmp_path):
    """Write a CSV; returns its path."""

    def write(text):
        path = tmp_path / "own.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.mark.parametrize("kind", [None, "molecules"])
def test_a_column_of_zeros_and_ones_is_classification(table, kind):
    data = datasets.load(table(compounds()), kind=kind)
    assert isinstance(data, datasets.Molecules)
    assert data.smiles[:3].tolist() == SMILES[:3]
    assert data.labels.shape == (40, 1)
    assert data.labels.dtype == np.float32
    assert data.labels[:, 0].tolist() == [n // 6 % 2 for n in range(40)]
    assert data.task_names == ("active",)
    assert data.unparsable == ()
    entry = data.entry
    assert (entry.name, entry.kind, entry.task, entry.embedded) == ("own", "molecules", "classification", False)


def test_other_numbers_are_regression_and_what_is_empty_was_not_measured(table):
    lines = [f"{SMILES[n % 6]},{n / 4},{('', 'NA', 'nan', '2e-3', ' -1 ')[n % 5]}" for n in range(20)]
    data = own.load(table(rows("SMILES,Log S, pKa ", *lines)), label=["Log S", "pKa"])
    assert data.entry.task == "regression"
    assert data.task_names == ("Log S", "pKa")
    assert data.labels[:3, 0].tolist() == [0, 0.25, 0.5]
    np.testing.assert_array_equal(data.labels[:5, 1], np.float32([np.nan, np.nan, np.nan, 2e-3, -1]))


def test_scaffolds_are_groups_and_the_same_molecule_may_come_again(table):
    groups = datasets.load(table(compounds())).groups
    assert groups.dtype == np.int64
    assert groups[0] == groups[2] == groups[6]  # CCO, CCN, CCO: no ring
    assert len(set(groups.tolist())) == 5
    ring, with_tail = datasets.load(table(compounds("c1ccccc1CC,1"))).groups[[1, -1]]
    assert ring == with_tail


def test_what_cannot_be_read_is_listed_and_left_out(table, capfd):
    data = datasets.load(table(compounds("c1ccc,1", "C(C)(C)(C)(C)C,1")))
    assert data.unparsable == ((42, "c1ccc"), (43, "C(C)(C)(C)(C)C"))
    assert len(data.smiles) == len(data.labels) == len(data.groups) == 40
    assert capfd.readouterr() == ("", "")  # RDKit has remarks of its own


def test_a_row_without_a_molecule_cannot_be_read(table):
    assert datasets.load(table(compounds(",1"))).unparsable == ((42, ""),)


def test_a_name_after_the_molecule_is_cut_off(table):
    assert datasets.load(table(compounds("CCO ethanol,1"))).smiles[-1] == "CCO"


REFUSED = {
    "too many unreadable": (
        compounds("wrong,1", "c1cc,0", "C(,1", "x,1"),
        "own.csv, column smiles: expected SMILES that RDKit can read, but for 5% that are left out, found 4 of 44 "
        "that it cannot, or with over 1,000 atoms: line 42 'wrong', line 43 'c1cc', line 44 'C(' …",
    ),
    "text": (
        compounds("CCO,high"),
        "line 42, column active: expected a number or an empty field, found 'high'.",
    ),
    "comma for a point": (
        compounds('CCO,"1,5"'),
        "a number or an empty field, found '1,5' with a comma for a point.",
    ),
    "underscore": (compounds("CCO,1_0"), "line 42, column active: expected a number"),
    "infinite": (compounds("CCO,inf"), "line 42, column active: expected a number"),
    "too large": (compounds("CCO,1e39"), "line 42, column active: expected a number"),
    "names": (
        rows("name,smiles", "aspirin,CCO", "urea,CCN"),
        "own.csv, line 2, column name: expected a number, found 'aspirin'.",
    ),
    "no labels": (
        rows("smiles", "CCO", "CCN"),
        "own.csv, line 1: expected a column of labels beside the others, found none.",
    ),
    "no molecules": (
        rows("compound,y", "CCO,1"),
        "own.csv, line 1: expected a column smiles, found compound, y; name it with --smiles.",
    ),
    "one class": (
        rows("smiles,a", *(f"{text},1" for text in SMILES)),
        "own.csv, column a: expected two different values or more, found only 1.",
    ),
    "one value": (
        rows("smiles,a", "CCO,1.5", "CCN,"),
        "own.csv, column a: expected two different values or more, found onl",
    ),
    "nothing measured": (
        rows("smiles,a", "CCO,", "CCN,NA"),
        "own.csv, column a: expected two different values or more, found no value.",
    ),
    "one class once the unreadable are out": (
        rows("smiles,a", *["CCO,1"] * 30, "wrong,0"),
        "own.csv, column a: expected two different values or more, found only 1 once the unreadable rows are left out.",
    ),
    "mixed": (
        rows("smiles,active,logS,toxic", "CCO,0,1.5,1", "CCN,1,2.5,0", "CCC,1,0.5,0"),
        "own.csv, line 1: expected one column of labels, or columns of 0 and 1 only, found active, logS, toxic, which "
        "may be labels or descriptors; name the labels with --label, as in --label 'A,B'.",
    ),
    "twice": (rows("smiles,a,A", "CCO,1,0"), "own.csv, line 1: expected each name once, found a twice."),
}


@pytest.mark.parametrize(("text", "words"), REFUSED.values(), ids=REFUSED)
def test_refused(table, text, words):
    assert words in refused(table(text), "molecules")


def test_a_table_of_few_skeletons_keeps_each_molecule_together(tmp_path):
    """Where a class has too few scaffolds for a study, the groups are molecules, and this is said."""
    chains = ["CCO", "CCC", "CCN", "CCS", "CCCl", "COC", "CNC", "CCCC", "OCCO", "CC(=O)O"]
    rings = ["", "O", "N", "Cl", "F", "Br", "C", "CC", "OC", "C#N"]
    rows = [f"{chain},0\n" for chain in chains] + [f"c1ccccc1{tail},1\n" for tail in rings]
    file = tmp_path / "few.csv"
    file.write_text("smiles,active\n" + "".join(rows * 3))
    data = own.load(file)
    assert len(np.unique(data.groups)) == 20
    assert "too few; splits keep each molecule together instead" in data.entry.notes[-1]
    split = needs.plan(data)
    assert not set(data.smiles[split.train]) & set(data.smiles[split.test])
