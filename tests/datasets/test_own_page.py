"""``data/YOUR_OWN.md`` says what the code does: its examples are read, its limits are the code's."""

import re

import numpy as np
import pytest

from datasets.own_files import pictures
from utils import datasets
from utils.datasets import own
from utils.datasets.catalogue import data_folder
from utils.datasets.own import images, layout, molecules, needs, numbers, reading, sequences, tables
from utils.errors import CourseError

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


def test_the_example_of_records(tmp_path):
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


WORDS = ("zero", "one", "two", "three", "four", "five", "six")


@pytest.mark.parametrize(
    "words",
    [
        f"The most is {reading.LIMIT / 1e9:g} GB",
        f"{images.SMALLEST} × {images.SMALLEST} pixels",
        f"1 to {sequences.LONGEST:,} letters",
        f"more than {molecules.MOST_ATOMS:,} atoms",
        f"up to {molecules.MOST_UNPARSABLE * 100:g} % of the rows",
        f"at least {WORDS[needs.FEWEST_GROUPS]} groups",
    ],
)
def test_the_limits(words):
    assert words in PAGE


def test_the_tables():
    assert all(f"`{suffix}`" in PAGE for suffix in layout.SUFFIXES)
    assert all(word in PAGE for word in layout.SEPARATORS.values())
    for role, names in (("smi", tables.SMILES), ("seq", tables.SEQUENCE), ("target", tables.LABEL)):
        assert role in names
        assert f"`{role}`" in PAGE
    assert {"class", "y", "target", "outcome"} <= set(tables.LABEL)


@pytest.mark.parametrize("kind", own.KINDS)
def test_the_options(kind):
    """Each option of each kind is in the table of options, in a row that names the kind."""
    lines = [line for line in PAGE.splitlines() if line.startswith("| `--")]
    for option in own.OPTIONS[kind]:
        assert any(f"`--{option}`" in line and kind in line.split("|")[3] for line in lines)
    assert f"`{kind}`" in PAGE


@pytest.mark.parametrize(
    ("one", "other"), re.findall(r"`([^`]+)` and `([^`]+)`", PAGE.split("**Names of classes**")[1])
)
def test_names_that_may_be_one_class(tmp_path, one, other):
    lines = [f"{'ACGT'[n % 4]}{'ACGT'[n // 4]},{(one, other)[n % 2]}" for n in range(16)]
    (tmp_path / "own.csv").write_text("\n".join(["sequence,label", *lines]))
    with pytest.raises(CourseError, match="may or may not be one class"):
        datasets.load(tmp_path / "own.csv")


def test_the_share_of_each_part():
    """A fifth of the rows for the test, a fifth of the others for validation."""
    test = 1 / needs.FOLDS[0]
    shares = [(1 - test) * (1 - test), (1 - test) * test, test]
    text = "about {:.0%} of the rows for training, {:.0%} for validation, {:.0%} for the test".format(*shares)
    assert text.replace("%", " %") in PAGE


def test_pairs_of_words():
    assert {("no", "yes"), ("false", "true")} <= set(numbers.PAIRS)
    assert "no and yes, False and True" in PAGE
