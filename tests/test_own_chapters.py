"""Chapters 08 to 10 on data that no author has seen: small files of one's own. (Chapter 07: ``nn/test_images.py``.)"""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

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


@pytest.mark.parametrize(
    ("chapter", "make"),
    [("08", records), ("09", sequences), ("10", molecules)],
)
def test_a_chapter_runs_on_my_data(chapter, make, tmp_path, offline):
    path = make(tmp_path, np.random.default_rng(int(chapter)))
    command = [sys.executable, "-m", "utils.course", "run", chapter, "--profile", "smoke", "--solved", "--json"]
    done = subprocess.run(
        [*command, "-p", "dataset", path, "--out", tmp_path / "run"],
        cwd=ROOT,
        env=offline,
        stdout=subprocess.PIPE,
        text=True,
    )
    (result,) = json.loads(done.stdout)["chapters"]
    assert result["status"] == "ok", result["error"]
    assert len(result["claims"]) >= 2
    (executed,) = (tmp_path / "run").glob("*.ipynb")
    assert str(path) in executed.read_text(encoding="utf-8")


def test_a_file_that_does_not_fit_stops_the_chapter_with_one_sentence(tmp_path, offline):
    (tmp_path / "wrong.csv").write_text("sequence,label\nACGT,1\nACXT,0\n")
    command = [sys.executable, "-m", "utils.course", "run", "09", "--profile", "smoke", "--json", "--out", tmp_path]
    done = subprocess.run(
        [*command, "-p", "dataset", tmp_path / "wrong.csv"], cwd=ROOT, env=offline, stdout=subprocess.PIPE, text=True
    )
    assert done.returncode == 1
    (result,) = json.loads(done.stdout)["chapters"]
    assert "wrong.csv, line 3, column sequence: expected A, C, G, T" in result["error"]
