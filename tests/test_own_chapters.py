"""``course apply`` on data that no author has seen: small files. (Images: ``applications/test_images.py``.)"""

import html
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import CHAPTERS, read
from datasets.own_scans import dicom, nifti, nrrd_file, patient

pytestmark = pytest.mark.first(15.0)
ROWS = 60
AROMATIC = ["c1ccccc1{}", "c1ccncc1{}", "c1ccsc1{}", "C1CCCCC1{}", "C1CCNCC1{}", "c1ccc2ccccc2c1{}"]
TAILS = ["", "O", "N", "Cl", "CO", "CCO", "C(=O)O", "CCN", "Br", "F"]


def fasta(folder, random):
    """The same stretches, a file for each class."""
    table = pd.read_csv(sequences(folder, random))
    for label, rows in table.groupby("label"):
        records = [f">s{number} gene=g{number}\n{letters}\n" for number, letters in rows["sequence"].items()]
        (folder / f"{label}.fa").write_text("".join(records))
    return f"{folder / 'box.fa'},{folder / 'none.fa'}"


def sdf(folder, random):
    """Molecules whose activity is a property, and a number that is left out."""
    from rdkit import Chem

    blocks = []
    for number, smiles in enumerate(ring.format(tail) for ring in AROMATIC for tail in TAILS):
        molecule = Chem.MolFromSmiles(smiles)
        molecule.SetProp("active", str(number % 2))
        molecule.SetProp("weight in mg", f"{random.normal():.3f}")
        blocks.append(Chem.SDWriter.GetText(molecule))
    (folder / "assay.sdf").write_text("".join(blocks))
    return folder / "assay.sdf"


def pictures(folder, random):
    """Photographs of several sizes in folders of classes and patients: in one class a bright spot."""
    from PIL import Image

    for number in range(ROWS):
        label = ("ill", "well")[number % 2]
        pixels = random.integers(0, 120, (70 + number % 3 * 8, 90, 3), dtype=np.uint8)
        if label == "ill":
            pixels[30:40, 40:50] = 250
        path = folder / "skin" / label / f"patient {number // 4}" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    return folder / "skin"


def scans(folder, random):
    """Seven patients in every form that is read, five of them with a mask."""
    for number in range(7):
        voxels, mask = patient(number)
        name = folder / "ward" / f"p{number}"
        if number % 3 == 0:
            dicom(name, voxels, patient=f"id {number}", PatientName="Muster^Jane", PatientBirthDate="19580203")
        elif number % 3 == 1:
            nifti(name.with_suffix(".nii.gz"), voxels)
        else:
            nrrd_file(name.with_suffix(".nrrd"), voxels)
        if number < 5:
            nrrd_file(name.with_name(f"p{number}_mask.nrrd"), mask)
    return folder / "ward"


def records(folder, random):
    """Patients with up to nine visits and three variables, of which one tells; one patient was never seen."""
    folder = folder / "ward"
    folder.mkdir()
    labels = np.arange(ROWS) % 2
    lines = ["id,time,variable,value"]
    for who, label in enumerate(labels[:-1]):
        for time in np.sort(random.integers(0, 400, size=random.integers(1, 10))):
            for name, level in {"crp": 5 + 20 * label, "weight": 70, "pulse": 80}.items():
                lines.append(f"p{who},{time},{name},{level + random.normal(scale=5):.1f}")
    (folder / "events.csv").write_text("\n".join(lines))
    outcomes = pd.DataFrame({"id": [f"p{who}" for who in range(ROWS)], "label": labels})
    outcomes.to_csv(folder / "outcomes.csv", index=False)
    return folder


def sequences(folder, random):
    """Stretches of 20 to 45 letters in two classes: with and without TATA."""
    rows = []
    for row in range(ROWS):
        letters = "".join(random.choice(list("ACGT"), size=random.integers(20, 42)))
        rows.append((f"{letters[:9]}TATA{letters[9:]}" if row % 2 else letters, "box" if row % 2 else "none"))
    pd.DataFrame(rows, columns=["sequence", "label"]).to_csv(folder / "boxes.csv", index=False)
    return folder / "boxes.csv"


def molecules(folder, random):
    """Numbers to be predicted (so regression), two columns with gaps, and one line that is no molecule."""
    smiles = [ring.format(tail) for ring in AROMATIC for tail in TAILS]
    table = pd.DataFrame({"smiles": smiles, "melts": np.arange(len(smiles)) + random.normal(size=len(smiles))})
    table["boils"] = np.where(np.arange(len(smiles)) % 3, table["melts"] + 100, np.nan)
    table.loc[7, "smiles"] = "c1ccccc"
    table.to_csv(folder / "melting.csv", index=False)
    return folder / "melting.csv"


@pytest.fixture
def apply(command, tmp_path):
    """``course apply`` in smoke, into a folder ``run``. Returns (exit status, standard output, standard error)."""
    return lambda *words: command("apply", *words, "--profile", "smoke", "--json", "--out", tmp_path / "run")


@pytest.mark.parametrize(
    ("kind", "make", "options", "shown"),
    [
        ("records", records, (), ["crp"]),
        ("sequences", sequences, (), ["box 30 (50.0%)", "regression on words", "no two rows are relatives"]),
        ("molecules", molecules, ("--label", "melts,boils"), ["c1ccccc", "message passing", "RMSE", "scaffolds: 6"]),
        ("sequences", fasta, (), ["each file is a class: box, none", "box 30 (50.0%)"]),
        ("molecules", sdf, ("--label", "active"), ["not named by --label: weight in mg", "read as a SMILES"]),
        (
            "images",
            pictures,
            ("--side", "32"),
            ["scaled to 32 x 32 pixels", "read as patients", "15, never divided"],
        ),
    ],
)
def test_a_study_of_my_data_makes_a_report(kind, make, options, shown, tmp_path, apply):
    path = make(tmp_path, np.random.default_rng(8))
    code, out, err = apply(kind, path, *options)
    assert code == 0, err
    (result,) = json.loads(out)["chapters"]
    assert result["status"] == "ok", result["error"]
    (executed,) = (tmp_path / "run").glob("*.ipynb")
    assert str(path) in executed.read_text(encoding="utf-8")
    page, text = reported(tmp_path)
    every = [
        "was understood",
        str(path).rsplit("/", 1)[-1],
        "calibration slope",
        "worst mistakes",
        "Model card",
        "What you must add",
    ]
    for words in [*every, "no medical device", *shown]:
        assert words in text, words
    assert re.search(r"is better than|undecided between|Nothing can be said", text)
    assert "study.load(" not in page  # a colleague reads results, not code
    assert len(re.findall('<img alt="[^"]{15,}"|<img[^>]+ alt="[^"]{15,}"', page)) == page.count("<img")
    assert "<script" not in page


def reported(tmp_path):
    """The page, and its text without marks."""
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    return page, html.unescape(re.sub("<[^>]+>", " ", page))


def test_a_study_of_my_scans(tmp_path, apply):
    """DICOM, NIfTI and NRRD together; five of them have a mask, which is too few for a network."""
    path = scans(tmp_path, np.random.default_rng(0))
    code, _, err = apply("scans", path)
    assert code == 0, err
    page, text = reported(tmp_path)
    shown = ["7 of 7 patients, 5 of them with a mask", "largest diameter, mm", "What comes below stays empty."]
    for words in [
        *shown,
        "here are 5 (CT)",
        "PatientName",
        "There is no model, so there is no card",
    ]:
        assert words in text, words
    assert page.count("in the windows of lung, soft tissue and bone") == 2
    assert "The test, once" not in text
    for value in ("Muster", "Jane", "19580203"):
        assert value not in page
        assert value not in (tmp_path / "run" / "scans.ipynb").read_text(encoding="utf-8")
        assert value not in (tmp_path / "run" / "report.json").read_text(encoding="utf-8")
    assert "<script" not in page


def test_a_segmentation_of_my_scans(tmp_path, apply):
    for number in range(8):
        voxels, mask = patient(number)
        nifti(tmp_path / "ward" / f"p{number}.nii.gz", voxels)
        nifti(tmp_path / "ward" / f"p{number}_mask.nii.gz", mask)
    code, out, err = apply("scans", tmp_path / "ward")
    assert code == 0, err
    (result,) = json.loads(out)["chapters"]
    assert result["status"] == "ok", result["error"]
    assert [claim["name"] for claim in result["claims"]] == ["network: mean Dice, with that of the rule as its band"]
    assert not any(claim["judged"] for claim in result["claims"])
    page, text = reported(tmp_path)
    for words in ["5 to learn from, 1 to choose by, 2 tested once", "The test, once", "Hausdorff", "best of 48"]:
        assert words in text, words
    assert "Nothing can be said about other patients: 2 were tested" in text
    assert len(re.findall('<img alt="[^"]{15,}"|<img[^>]+ alt="[^"]{15,}"', page)) == page.count("<img")


def test_scans_of_pydicom(tmp_path, apply):
    """A folder made of its files: several series are listed, one can be chosen."""
    from pydicom.data import get_testdata_file

    for name in ("CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm"):
        shutil.copy(get_testdata_file(name), tmp_path)
    code, _, err = apply("scans", tmp_path)
    assert code == 1
    assert "expected one series, found 2: 1 (CT, 1 file, UID …" in err
    assert "choose one with --series, such as --series 85059.5457." in err
    code, _, err = apply("scans", tmp_path, "--series", "2730.12322")
    assert code == 0, err
    page, text = reported(tmp_path)
    assert "1 of 1 patient, 0 of them with a mask" in text
    assert "No scan has a mask: there is nothing to measure." in text
    assert "fields that identify a person are filled in: PatientName, PatientID" in text
    assert "CompressedSamples" not in page  # the patient's name in that file
    assert "1CT1" not in page


def test_a_set_of_the_catalogue_by_name(tmp_path, apply):
    """A trial with follow-up: the label is made at five years, and the first year is known."""
    code, out, err = apply("records", "pbc")
    assert code == 0, err
    (result,) = json.loads(out)["chapters"]
    assert [claim["name"].split(":")[0] for claim in result["claims"]] == ["network", "classical rival"]
    assert not any(claim["judged"] for claim in result["claims"])
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "transplanted or dead within 5 years of day 365" in page
    assert "male: yes" in page


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("sequences", "wrong.csv"), 1, "wrong.csv, line 3, column sequence: expected A, C, G, T"),
        (("sequences", "absent.csv"), 1, "absent.csv"),
        (("sequences", "few.csv"), 1, "few.csv: expected each class in"),
        (("sequences", "splicee"), 2, "did you mean splice"),
        (("molecules", "splice"), 2, "holds sequences, but molecules are read here"),
        (("molecules", "bbbp", "--label", "p_np"), 2, "leave --label out"),
        (("sequences", "few.csv", "--smiles", "label"), 2, "no option --smiles"),
        (("sequence", "splice"), 2, "Did you mean sequences?"),
        (("scans", "absent.nii.gz"), 1, "absent.nii.gz"),
        (("scans", "few.csv"), 1, "few.csv: expected a"),
        (("scans", "splice"), 2, "holds sequences, but scans are read here"),
        (("images", "few.csv", "--series", "3"), 2, "no option --series"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_studied_is_one_sentence_before_anything_runs(arguments, code, sentence, tmp_path, apply):
    (tmp_path / "wrong.csv").write_text("sequence,label\nACGT,1\nACXT,0\n")
    (tmp_path / "few.csv").write_text("sequence,label\nACGT,1\nACCT,0\n")
    arguments = [str(tmp_path / word) if "." in word else word for word in arguments]
    status, _, err = apply(*arguments)
    assert status == code
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("chapter", "kind"),
    [("07", "images"), ("08", "scans"), ("09", "records"), ("10", "sequences"), ("11", "molecules")],
)
def test_a_chapter_has_only_its_own_data(chapter, kind, tmp_path, command):
    """The old way to say it is refused with the new one; the chapter has no parameter left for other data."""
    code, _, err = command("run", chapter, "-p", "dataset", "mine.csv", "--out", tmp_path)
    assert code == 2
    assert f"course apply {kind} mine.csv" in err
    (notebook,) = (read(path) for path in CHAPTERS if path.stem.startswith(chapter))
    (parameters,) = (cell.source for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    assert parameters == 'profile = "quick"\nseed = 0'
    assert f"course apply {kind} PATH" in "\n".join(cell.source for cell in notebook.cells)
