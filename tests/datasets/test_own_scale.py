"""50,000 rows of each kind: in a stated time on one core, and five times the rows in at most twelve times the time,
which is twice the rows in three times; what grows with their square would take twenty-five times."""

import time

import numpy as np
import pytest

from utils import datasets

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


# kind → how to write it, seconds of processor time allowed for 50,000 rows (about four times what two cores need)
KINDS = {
    "images": (write_images, 4),
    "sequences": (write_sequences, 6),
    "molecules": (write_molecules, 60),
    "records": (write_records, 24),
}


def seconds(path):
    started = time.process_time()
    data = datasets.load(path)
    return time.process_time() - started, data


@pytest.mark.parametrize("kind", KINDS)
def test_fifty_thousand_rows(tmp_path, kind):
    write, allowed = KINDS[kind]
    taken = {}
    for count in (100, ROWS // 5, ROWS):  # the first loads the libraries
        (tmp_path / str(count)).mkdir()
        taken[count], data = seconds(write(tmp_path / str(count), count))
        assert len(data.labels) == count
    assert taken[ROWS] <= allowed
    assert taken[ROWS] <= 12 * max(taken[ROWS // 5], 0.1)
