"""``data/YOUR_OWN.md`` says what the code does: its examples are read, its limits are the code's."""

import re
from pathlib import Path

import numpy as np
import pytest

from datasets.own_files import pictures
from utils import datasets
from utils.datasets import own
from utils.datasets.catalogue import data_folder
from utils.datasets.own import (
    fasta,
    images,
    layout,
    molecules,
    needs,
    numbers,
    patients,
    reading,
    scaling,
    scans,
    sdf,
    sequences,
    tables,
)
from utils.datasets.volumes import gathering
from utils.errors import CourseError

PAGE = (data_folder() / "YOUR_OWN.md").read_text(encoding="utf-8")
FLOWING = " ".join(PAGE.split())  # wherever its lines end
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
    keys = re.findall(r"(\w+)=\.\.\.", block("numpy.savez"))
    assert keys == images.NEEDED
    np.savez(tmp_path / "cells.npz", **{key: pictures()[key] for key in keys})
    assert len(datasets.load(tmp_path / "cells.npz").images) == 24
    assert all(f"`{key}`" in PAGE for key in [*images.GROUPS, "class_names"])


def test_the_headers_of_fasta(tmp_path):
    for header in block(">s1").splitlines():
        other = header.replace("donor", "acceptor").replace("s1", "s2")
        (tmp_path / "own.fa").write_text(f"{header}\nACGT\n{other}\nGGGG\n")
        assert datasets.load(tmp_path / "own.fa").class_names == ("acceptor", "donor")


def test_the_table_of_pictures(tmp_path):
    from PIL import Image

    (tmp_path / "labels.csv").write_text(block("file,label"))
    for number, name in enumerate(("a.jpg", "b.jpg")):
        Image.fromarray(np.full((9, 9), 90 * number, np.uint8)).save(tmp_path / name)
    data = datasets.load(tmp_path)
    assert data.class_names == ("melanoma", "naevus")
    assert [len(part) for part in data.split.parts().values()] == [1, 0, 1]


@pytest.mark.parametrize("place", range(3))
def test_the_folders_of_pictures(tmp_path, place):
    from PIL import Image

    for line in block("skin/").splitlines():
        path = tmp_path / re.split(r" {3,}", line)[place]
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((9, 9), len(line), np.uint8)).save(path)
    assert datasets.load(tmp_path / "skin").class_names == ("melanoma", "naevus")


def test_the_places_of_masks(tmp_path):
    """Each line of the page is a study of its own; ``*`` stands for a slice."""
    import nibabel
    import nrrd
    import pydicom
    from pydicom.data import get_testdata_file

    for line in block("study/").splitlines():
        for name in re.split(r" {2,}", line)[:2]:
            path = tmp_path / line[6:8].strip("*.") / name.replace("*", "1")
            path.parent.mkdir(parents=True, exist_ok=True)
            voxels = np.zeros((16, 16, 3), np.uint8)
            voxels[5:9, 5:9] = 1
            if path.suffix == ".dcm":
                pydicom.dcmread(get_testdata_file("CT_small.dcm")).save_as(path)
                voxels = np.ones((128, 128, 1), np.uint8)
            elif path.suffix == ".nrrd":
                nrrd.write(str(path), voxels, {"space": "LPS", "space directions": np.eye(3), "space origin": [0] * 3})
            else:
                nibabel.save(nibabel.Nifti1Image(voxels, np.eye(4)), path)
    assert len(list(tmp_path.iterdir())) == 4
    for folder in sorted(tmp_path.iterdir()):
        if folder.name == "p3":  # its mask has another grid: what counts here is that it was found to belong there
            with pytest.raises(CourseError, match="p3_mask.nrrd: expected the shape of its scan"):
                datasets.load(folder / "study")
        else:
            (volume,) = datasets.load(folder / "study").volumes
            assert volume.mask.sum() == 48


def test_the_endings_of_masks():
    endings = re.search(r"called as its scan is, with (.*?) at the end", FLOWING)[1]
    for ending in re.findall(r"`(.*?)`", endings):
        assert scans.is_mask(Path(f"p1{ending}.nii.gz"), Path())


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
        f"at most {scaling.SIDE} pixels on the shorter side",
        f"masks of {WORDS[patients.FEWEST]} patients or more",
        f"an `.npz` may have {images.LARGEST_FILE / 1e9:g} GB",
        f"Scans of more than {gathering.IN_MEMORY / 1e6:g} MB stay on the disk",
    ],
)
def test_the_limits(words):
    assert words in FLOWING


def test_the_tables():
    assert all(f"`{suffix}`" in PAGE for suffix in (*layout.SUFFIXES, *fasta.SUFFIXES, *sdf.SUFFIXES, *scans.WHOLE))
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
    assert text.replace("%", " %") in FLOWING


def test_pairs_of_words():
    assert {("no", "yes"), ("false", "true")} <= set(numbers.PAIRS)
    assert "no and yes, False and True" in PAGE
