"""50,000 rows of each kind are read, and work and memory grow with the rows.

What is counted does not depend on how busy the machine is: calls of functions, bytes at the peak, files opened.
"""

from pathlib import Path

import numpy as np
import pytest
from effort import calls, peak

from utils import datasets
from utils.datasets.own.needs import plan

ROWS = 50_000


def write_images(folder, count):
    rng = np.random.default_rng(0)
    arrays = {}
    for part, share in (("train", 0.7), ("val", 0.15), ("test", 0.15)):
        size = round(count * share)
        arrays[f"{part}_images"] = rng.integers(0, 256, (size, 28, 28), dtype=np.uint8)
        arrays[f"{part}_labels"] = rng.integers(0, 5, (size, 1))
    np.savez(folder / "own.npz", **arrays)
    return folder / "own.npz"


def write_sequences(folder, count):
    rng = np.random.default_rng(0)
    letters = rng.choice(np.frombuffer(b"ACGT", np.uint8), (count, 60))
    lines = (f"{row.tobytes().decode()},{n % 3},g{n // 2}" for n, row in enumerate(letters))
    (folder / "own.csv").write_text("sequence,label,group\n" + "\n".join(lines))
    return folder / "own.csv"


def write_molecules(folder, count):
    """Different molecules: a tail of any length up to 40 at a ring with a side chain of any kind."""
    groups = ("N", "O", "F", "Cl", "Br", "S", "C#N", "C(=O)O", "OC", "NC", "SC", "CC", "C=C", "C(=O)N", "C(F)(F)F", "I")
    rings = ("c1ccc(X)cc1", "c1cc(X)ccn1", "C1CCC(X)CC1", "C1CN(X)CCN1", "c1cc(X)cs1")
    lines = []
    for number in range(count):
        ring, rest = rings[number % 5], number // 5
        tail, end = "C" * (rest // 16 % 40 + 1), "CO"[rest // 640 % 2] + "N" * (rest // 1280)
        lines.append(f"{end}{tail}{ring.replace('X', groups[rest % 16])},{number % 2},{number * 7 % 3 % 2}")
    (folder / "own.csv").write_text("smiles,a,b\n" + "\n".join(lines))
    return folder / "own.csv"


def write_records(folder, count):
    """20 events a person."""
    rng = np.random.default_rng(0)
    person, value = rng.integers(0, count, 20 * count), rng.normal(size=20 * count).round(3)
    lines = (f"p{p},{n // 1000},v{n % 30},{v}" for n, (p, v) in enumerate(zip(person, value, strict=True)))
    (folder / "events.csv").write_text("id,time,variable,value\n" + "\n".join(lines))
    (folder / "outcomes.csv").write_text("id,label,time\n" + "\n".join(f"p{n},{n % 2},500" for n in range(count)))
    return folder


KINDS = {"images": write_images, "sequences": write_sequences, "molecules": write_molecules, "records": write_records}


def written(folder, kind, count):
    (folder / str(count)).mkdir()
    return KINDS[kind](folder / str(count), count)


@pytest.mark.parametrize("kind", KINDS)
def test_fifty_thousand_rows(tmp_path, kind):
    data = datasets.load(written(tmp_path, kind, ROWS))
    assert len(data.labels) == len(data.groups) == ROWS
    assert sum(map(len, plan(data).parts().values())) == ROWS


@pytest.mark.parametrize("measure", [calls, peak])
@pytest.mark.parametrize("kind", KINDS)
def test_four_times_the_rows_are_four_times_the_work(tmp_path, kind, measure):
    datasets.load(written(tmp_path, kind, 100))  # loads the libraries
    few, many = (written(tmp_path, kind, count) for count in (1_000, 4_000))
    assert measure(lambda: datasets.load(many)) <= 4.4 * measure(lambda: datasets.load(few))


@pytest.mark.parametrize("kind", ["sequences", "molecules", "records"])
def test_a_table_is_opened_as_often_however_long_it_is(tmp_path, kind, monkeypatch):
    opened, real = [], Path.open
    monkeypatch.setattr(
        Path, "open", lambda path, *options, **more: opened.append(path) or real(path, *options, **more)
    )
    counts = []
    for count in (100, 2_000):
        path = written(tmp_path, kind, count)
        opened.clear()
        datasets.load(path)
        counts.append(len(opened))
    assert counts[0] == counts[1] <= 16
