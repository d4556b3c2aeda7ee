"""``data/YOUR_OWN.md`` says what the code does: its examples are read, its limits are the code's."""

import re

import numpy as np
import pytest

from datasets.own_files import pictures
from utils import datasets
from utils.datasets.catalogue import data_folder
from utils.datasets.own import images, molecules, reading, sequences

PAGE = (data_folder() / "YOUR_OWN.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\w*\n(.*?)```", PAGE, re.DOTALL)


def block(start):
    return next(text for text in BLOCKS if text.startswith(start))


def test_the_examples_of_letters_and_molecules(tmp_path):
    header, *lines = block("sequence,").splitlines()
    more = [
        line.replace("gene", f"gene {copy}").replace("AG", "AG" + "ACT"[copy]) for copy in range(3) for line in lines
    ]
    (tmp_path / "genes.csv").write_text("\n".join([header, *more]))
    data = datasets.load(tmp_path / "genes.csv")
    assert data.class_names == ("acceptor", "donor")
    assert len(set(data.groups.tolist())) == 6
    (tmp_path / "drugs.csv").write_text(block("smiles,"))
    data = datasets.load(tmp_path / "drugs.csv")
    assert (data.entry.task, data.task_names) == ("classification", ("crosses the barrier",))


def test_the_example_of_patients(tmp_path):
    """The page shows both files side by side; two people are too few, so that four others join them."""
    lines = [re.split(r" {3,}", line) for line in block("events.csv").splitlines()]
    others = {"events.csv": "q{0},-1,creatinine,80", "outcomes.csv": "q{0},{1},0,family {0}"}
    for name, *rows in zip(*lines, strict=True):
        rows += [others[name].format(number, number % 2) for number in range(4)]
        (tmp_path / name).write_text("\n".join(rows))
    data = datasets.load(tmp_path)
    assert data.events[data.events["id"] == "p1"]["time"].tolist() == [-30, -2.5]
    assert data.patients.loc["p1", "predict_at"] == 0


def test_the_keys_of_the_archive(tmp_path):
    keys = re.findall(r"(\w+)=…", block("numpy.savez"))
    assert keys == images.NEEDED
    np.savez(tmp_path / "scans.npz", **{key: pictures()[key] for key in keys})
    assert len(datasets.load(tmp_path / "scans.npz").images) == 24
    assert all(f"`{key}`" in PAGE for key in [*images.GROUPS, "class_names"])


@pytest.mark.parametrize(
    "told",
    [
        f"The most is {reading.LIMIT / 1e9:g} GB",
        f"{images.SMALLEST} × {images.SMALLEST} pixels",
        f"1 to {sequences.LONGEST:,} letters",
        f"up to {molecules.MOST_UNPARSABLE * 100:g} % of the rows",
        f"at least {('zero', 'one', 'two', 'three')[reading.FEWEST_GROUPS]} groups",
    ],
)
def test_the_limits(told):
    assert told in PAGE
