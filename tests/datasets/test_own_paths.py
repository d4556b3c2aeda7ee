"""Names, paths, and what is neither: what each is taken for, and what is said of it."""

import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from datasets.own_files import compounds, happenings, people, pictures, refused, rows, stretches
from utils import datasets
from utils.course import cli
from utils.errors import CourseError, UsageError

ENOUGH = {"train": 12, "val": 12, "test": 12}  # pictures: four of each class in the test part


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, with a right file of each kind."""
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "scans.npz", **pictures(ENOUGH))
    (tmp_path / "genes.csv").write_text(stretches())
    (tmp_path / "drugs.csv").write_text(compounds())
    (tmp_path / "ward").mkdir()
    (tmp_path / "ward" / "events.csv").write_text(happenings(count=16))
    (tmp_path / "ward" / "outcomes.csv").write_text(people(count=16))
    return tmp_path


FILES = {"images": "scans.npz", "sequences": "genes.csv", "molecules": "drugs.csv", "records": "ward"}


@pytest.mark.parametrize(("kind", "name"), FILES.items())
def test_the_file_decides_the_kind(folder, kind, name):
    for path in (name, f"./{name}", folder / name, Path(name)):
        assert datasets.load(path).entry.kind == kind
    others = [other for other in FILES if other != kind]
    for other in others:
        with pytest.raises(CourseError):
            datasets.load(name, kind=other)


def test_a_name_stays_a_name_where_a_folder_is_called_so(folder):
    (folder / "nuclei").mkdir()
    assert datasets.load("nuclei", kind="images").entry.embedded
    assert refused("nuclei/") == (
        "nuclei: expected events.csv and outcomes.csv, pictures in folders of classes, FASTA or scans, found nothing."
    )
    assert refused("nuclei/", "records") == (
        "nuclei: expected events.csv and outcomes.csv in this folder, found nothing."
    )


def test_a_name_of_another_kind():
    with pytest.raises(UsageError) as caught:
        datasets.load("splice", kind="records")
    assert str(caught.value) == (
        "The dataset 'splice' holds sequences, but records are read here; give nafld, pbc, or a path to your own."
    )
    with pytest.raises(
        UsageError, match=r"holds records, but images are read here; give nuclei, .*retinamnist"
    ) as caught:
        datasets.load("nafld", kind="images")
    assert len(f"UsageError: {caught.value}") <= 300


@pytest.mark.parametrize("name", ["nucleii", "", 3, None])
def test_what_is_neither_a_name_nor_a_path(folder, name):
    with pytest.raises(UsageError) as caught:
        datasets.load(name)
    assert str(caught.value).startswith(f"There is no dataset {name!r}; ")
    assert str(caught.value).endswith("Your own data are a path: x.npz, x.csv, or folder/ (data/YOUR_OWN.md).")


def test_a_kind_that_own_data_cannot_be(folder):
    with pytest.raises(UsageError) as caught:
        datasets.load("genes.csv", kind="signals")
    assert str(caught.value) == (
        "Your own data cannot be signals; they can be images, scans, sequences, molecules, records."
    )
    with pytest.raises(UsageError, match="A path has no option 'size'; it has label, smiles,"):
        datasets.load("scans.npz", size=32)


def test_columns_can_be_named_in_a_chapter_too(tmp_path):
    file = tmp_path / "genes.csv"
    rows = "".join(
        f"{'ACGT' * 5}{letters},{number % 2},x\n" for number, letters in enumerate(["A", "C", "G", "T"] * 10)
    )
    file.write_text("dna,signal,other\n" + rows)
    assert datasets.load(file, label="signal").class_names == ("0", "1")


@pytest.mark.parametrize("kind", [None, "sequences"])
def test_a_file_that_is_not_there(folder, kind):
    assert refused("gene.csv", kind) == f"There is no gene.csv in the folder {shown(folder)}; did you mean genes.csv?"
    assert refused("xyz.csv", kind) == f"There is no xyz.csv in the folder {shown(folder)}; look at its name."
    assert "There is no folder " in refused("nowhere/genes.csv", kind)
    assert "did you mean ward?" in refused("wards/", "records")
    assert "There is no " in refused("x" * 5000 + ".csv", kind)


def shown(folder):
    return str(folder) if len(str(folder)) <= 60 else "…" + str(folder)[-59:]


def test_two_paths_where_one_file_is_read(folder):
    assert refused("genes.csv,drugs.csv", "sequences") == (
        "genes.csv: expected one file of sequences, or a file of FASTA for each class, found two paths."
    )


def test_a_name_with_a_comma_is_one_file(folder):
    (folder / "a.csv,b.csv").write_text(stretches())
    assert datasets.load("a.csv,b.csv").entry.kind == "sequences"


def test_a_folder_where_a_file_is_read(folder):
    assert refused("ward/", "molecules") == "ward: expected a .csv file, found a folder; name the file in it."
    assert refused("ward/", "images") == (
        "ward: expected one table of labels, or one called labels.csv, found events.csv, outcomes.csv."
    )


@pytest.mark.parametrize("kind", [None, "sequences"])
def test_another_suffix(folder, kind):
    (folder / "genes.xlsx").write_bytes(b"PK")
    (folder / "Makefile").write_text("x")
    assert "found a name that ends in .xlsx" in refused("genes.xlsx", kind)
    assert "found a name without an ending" in refused("Makefile", kind)
    assert "expected a .csv file, found a name that ends in .npz" in refused("scans.npz", "sequences")
    (folder / "genes.CSV").write_text(stretches())
    assert datasets.load("genes.CSV", kind=kind).entry.kind == "sequences"


def test_something_that_is_no_file(folder, monkeypatch):
    monkeypatch.setattr(Path, "is_file", lambda path: False)  # as for a pipe or a device
    assert refused("genes.csv") == "genes.csv: expected a .csv file, found something that is not a file."


@pytest.mark.parametrize("name", ["empty.csv", "empty.npz"])
def test_an_empty_file(folder, name):
    (folder / name).touch()
    assert refused(name) == f"{name}: expected a {name[-4:]} file with data, found an empty file."


CONTENTS = {
    "only empty lines": (b"\n\n\n", "own.csv, line 1: expected the names of columns, found nothing."),
    "only a header": (b"sequence,label\n", "own.csv: expected rows below the header, found none."),
    "UTF-8 with other bytes": (
        "sequence,label\nACGT,große\nACGA,".encode() + b"sch\xf6n\n",
        "own.csv, line 3: expected UTF-8, found other bytes; save it as 'CSV UTF-8'.",
    ),
    "bytes that Windows-1252 does not use": (
        b"sequence,label\nACGT,\x81\x8d\nACGA,b\n",
        "own.csv, line 2: expected UTF-8, found other bytes; save it as 'CSV UTF-8'.",
    ),
    "half a letter": (
        "sequence,label\nACGT,1\n".encode("utf-16")[:-1],
        "own.csv: expected UTF-16, found other bytes; save it as 'CSV UTF-8'.",
    ),
    "a workbook": (b"PK\3\4\0\0", "own.csv: expected text, found something else; save the table as 'CSV UTF-8'."),
    "other columns": (
        b"peptide,class\nACGT,1\n",
        "the columns smiles and labels (molecules), or sequence and label (sequences), found peptide, class; name one "
        "with --smiles or --sequence.",
    ),
    "ids of something else": (
        b"id,structure,pIC50\n1,C,5.5\n",
        "(sequences), found id, structure, pIC50; name one with --smiles or --sequence.",
    ),
    "both": (b"smiles,dna,y\nC,A,1\n", "expected molecules or sequences, found both in smiles, dna, y; say --kind."),
    "a very long name": (b"x" * 500 + b",label\n", "found " + "x" * 23 + "…, label; name one"),
    "many names": (",".join(f"column{n}" for n in range(900)).encode(), "column4, column5 and 894 more; name one"),
    "a field without end": (
        b'sequence,label\n"' + b"A" * 200_000,
        "line 2: expected commas between the columns and closed",
    ),
    "a name over two lines": (
        b'"sequ\nence",label\n',
        "own.csv, line 1: expected commas between the columns and closed quotation marks",
    ),
}


@pytest.mark.parametrize(("content", "words"), CONTENTS.values(), ids=CONTENTS)
def test_refused(folder, content, words):
    (folder / "own.csv").write_bytes(content)
    assert words in refused("own.csv")


@pytest.mark.parametrize("kind", [None, "sequences", "molecules", "images", "records"])
def test_ten_gigabytes_by_mistake(folder, kind, monkeypatch):
    monkeypatch.setattr(Path, "open", None)  # nothing may be read
    name = "huge.npz" if kind == "images" else "huge.csv"
    with open(folder / name, "wb") as stream:  # noqa: PTH123
        stream.truncate(10_000_000_000)  # a sparse file: it takes no room
    path = f"{folder}/{name},{folder}/{name}" if kind == "records" else name
    advice = "; --side 64 makes the pictures smaller while it reads" if kind == "images" else ""
    assert refused(path, kind) == f"{name}: expected 2 GB at the most, found 10.0 GB; nothing was read{advice}."


@pytest.mark.parametrize("name", ["genes.csv", "scans.npz"])
def test_a_file_that_may_not_be_read(folder, name, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    monkeypatch.setattr(zipfile, "ZipFile", denied)
    assert refused(name) == f"{name}: expected a file that can be read, found one that cannot (Permission denied)."


DAMAGE = (
    b",",
    b'"',
    b"\n",
    b"\r",
    b"nan",
    b"1e999",
    b"-",
    b"\xff",
    b"\xe2\x80\xa8",
    b"\0",
    b"2021-01-01",
    b"C1",
    b"NA",
    b"",
)


@pytest.mark.parametrize(("kind", "name"), FILES.items())
def test_whatever_is_changed_it_is_read_or_refused_in_one_sentence(folder, kind, name):
    random = np.random.default_rng(0)
    path = folder / name / "events.csv" if kind == "records" else folder / name
    content, outcomes = path.read_bytes(), {"read": 0, "refused": 0}
    for _ in range(150):
        changed = bytearray(content)
        for _ in range(random.choice([1, 2, 5])):
            place, length = random.integers(len(changed)), random.choice([0, 1, 2, 8])
            changed[place : place + length] = DAMAGE[random.integers(len(DAMAGE))]
        path.write_bytes(changed)
        try:
            datasets.load(name, kind=kind)
            outcomes["read"] += 1
        except CourseError:
            refused(name, kind)
            outcomes["refused"] += 1
    assert min(outcomes.values()) > 0


@pytest.fixture
def check(folder, monkeypatch, capsys):
    """Call ``course data check …``; returns (exit code, standard output, standard error)."""

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["course", "data", "check", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        printed = capsys.readouterr()
        return end.value.code or 0, printed.out, printed.err

    return call


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        (
            "scans.npz",
            ["images, classification", "36 (12 train, 12 validation, 12 test)", "9 x 8 pixels, 1 channel"],
        ),
        ("genes.csv", ["sequences, classification", "no 6 (50.0%), yes 6 (50.0%)", "8 to 8 letters, median 8"]),
        (
            "drugs.csv",
            ["molecules, classification", "40, of which 6 different SMILES", "(40 measured, 45.0% are 1)"],
        ),
        (
            "ward/",
            ["records, classification", "16, of whom 0 without events", "weight 16, pulse 16", "every event, since"],
        ),
    ],
)
def test_check_says_what_was_understood(check, path, lines):
    code, out, err = check(path)
    assert (code, err) == (0, "")
    assert out.startswith("✓ Your own ")
    for line in lines:
        assert line in out


def test_check_says_how_the_rows_are_divided(check):
    out = check("scans.npz")[1]
    assert "split      train: 12 in 12 groups: class 0 4, class 1 4, class 2 4\n" in out
    assert "\n             test: 12 in 12 groups: class 0 4, class 1 4, class 2 4\n" in out


def test_check_says_what_to_look_at(check, folder):
    arrays = pictures(ENOUGH)
    arrays["test_images"][2] = arrays["train_images"][5]
    np.savez(folder / "scans.npz", **arrays)
    assert "note       1 pictures are in two parts, pixel for pixel" in check("scans.npz")[1]
    (folder / "drugs.csv").write_text(compounds("c1cc,1"))
    assert "left out   1 that RDKit cannot read, or too large: line 42 'c1cc'" in check("drugs.csv")[1]
    (folder / "drugs.csv").write_text(rows("smiles,logS", *(f"{'C' * n}O,{n / 2 - 1}" for n in range(1, 25))))
    assert "logS (24 measured, -0.5 to 11, median 5.25)" in check("drugs.csv")[1]
    (folder / "ward" / "outcomes.csv").write_text(
        rows("id,label,time,group", *(f"p{n},{n % 2},{n + 2},{n // 2}" for n in range(16)))
    )
    code, out, _ = check("ward/events.csv,ward/outcomes.csv")
    assert code == 0
    assert "16 events, up to the moment of prediction; 16 come later" in out
    assert "8, never divided by a split" in out


def test_check_says_what_was_assumed(check, folder):
    (folder / "genes.csv").write_text(stretches().replace(",", ";"))
    assert "assumed    the columns are separated by semicolons\n" in check("genes.csv")[1]


def test_check_of_a_wrong_file(check, folder):
    (folder / "genes.csv").write_text(stretches("ACGE,no"))
    code, out, err = check("genes.csv")
    assert (code, out) == (1, "")
    assert err.startswith("course: genes.csv, line 14, column sequence: expected A, C, G, T")
    code, out, err = check("drugs.csv", "--kind", "sequences")
    assert (code, out) == (1, "")
    assert err == (
        "course: drugs.csv, line 1: expected a column sequence, found smiles, active; name it with --sequence.\n"
    )
    assert check("drugs.csv", "--kind", "signals")[0] == 2
