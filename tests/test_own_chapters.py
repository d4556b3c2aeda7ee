"""``course apply`` on data that no author has seen: small files. (Images: ``applications/test_images.py``.)"""

import html
import json
import re

import numpy as np
import pandas as pd
import pytest
from conftest import CHAPTERS, read

pytestmark = pytest.mark.first(15.0)
ROWS = 60
AROMATIC = ["c1ccccc1{}", "c1ccncc1{}", "c1ccsc1{}", "C1CCCCC1{}", "C1CCNCC1{}", "c1ccc2ccccc2c1{}"]
TAILS = ["", "O", "N", "Cl", "CO", "CCO", "C(=O)O", "CCN", "Br", "F"]


def records(folder, random):
    """Patients with up to nine visits and three variables, of which one tells; one patient was never seen."""
    folder = folder / "ward"
    folder.mkdir()
    labels = np.arange(ROWS) % 2
    lines = ["id,time,variable,value"]
    for patient, label in enumerate(labels[:-1]):
        for time in np.sort(random.integers(0, 400, size=random.integers(1, 10))):
            for name, level in {"crp": 5 + 20 * label, "weight": 70, "pulse": 80}.items():
                lines.append(f"p{patient},{time},{name},{level + random.normal(scale=5):.1f}")
    (folder / "events.csv").write_text("\n".join(lines))
    outcomes = pd.DataFrame({"id": [f"p{patient}" for patient in range(ROWS)], "label": labels})
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
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    text = html.unescape(re.sub("<[^>]+>", " ", page))
    every = ["was understood", path.name, "calibration slope", "worst mistakes", "Model card", "What you must add"]
    for words in [*every, "no medical device", *shown]:
        assert words in text, words
    assert re.search(r"is better than|undecided between|Nothing can be said", text)
    assert "study.load(" not in page  # a colleague reads results, not code
    assert len(re.findall('<img alt="[^"]{15,}"|<img[^>]+ alt="[^"]{15,}"', page)) == page.count("<img")
    assert "<script" not in page


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
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_studied_is_one_sentence_before_anything_runs(arguments, code, sentence, tmp_path, apply):
    (tmp_path / "wrong.csv").write_text("sequence,label\nACGT,1\nACXT,0\n")
    (tmp_path / "few.csv").write_text("sequence,label\nACGT,1\nACCT,0\n")
    arguments = [str(tmp_path / word) if word.endswith(".csv") else word for word in arguments]
    status, _, err = apply(*arguments)
    assert status == code
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("chapter", "kind"), [("07", "images"), ("08", "records"), ("09", "sequences"), ("10", "molecules")]
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
