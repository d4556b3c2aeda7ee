"""Small files of a reader's own, right in every point until a test changes one."""

import numpy as np
import pytest

from utils.datasets import own
from utils.errors import CourseError

COUNTS = {"train": 12, "val": 6, "test": 6}
KEYS = [f"{part}_{what}" for part in COUNTS for what in ("images", "labels")]
SMILES = ["CCO", "c1ccccc1", "CCN", "C1CCCCC1", "c1ccncc1", "C1CCNCC1"]


def pictures(counts=COUNTS, **changed):
    """The arrays of an archive of 12, 6 and 6 grey pictures with three classes; ``key=None`` takes an array out."""
    rng = np.random.default_rng(0)
    arrays = {}
    for part, count in counts.items():
        arrays[f"{part}_images"] = rng.integers(0, 256, (count, 9, 8), dtype=np.uint8)
        arrays[f"{part}_labels"] = np.arange(count) % 3
    return {key: array for key, array in (arrays | changed).items() if array is not None}


def rows(header, *lines, line_end="\n"):
    return line_end.join([header, *lines]) + line_end


def stretches(*more, count=12, header="sequence,label"):
    """A CSV of letters, two classes, every row different; ``more`` are further lines."""
    letters = ["".join("ACGT"[number >> 2 * place & 3] for place in range(8)) for number in range(count)]
    return rows(header, *(f"{text},{'yes' if n % 2 else 'no'}" for n, text in enumerate(letters)), *more)


def compounds(*more, count=40, header="smiles,active"):
    """A CSV of molecules with one column of 0 and 1."""
    return rows(header, *(f"{SMILES[n % 6]},{n // 6 % 2}" for n in range(count)), *more)


def people(*more, count=8, header="id,label"):
    return rows(header, *(f"p{n},{n % 2}" for n in range(count)), *more)


def happenings(*more, count=8, header="id,time,variable,value"):
    """Two events per person, lines 2 + 2 n and 3 + 2 n: weight at n + 0.5 days, pulse at n + 3."""
    each = [(f"p{n},{n}.5,weight,{60 + n}", f"p{n},{n + 3},pulse,{70 + n}") for n in range(count)]
    return rows(header, *(line for two in each for line in two), *more)


def refused(path, kind=None, **options):
    """The sentence that refuses this file: one line, short enough for a report, with a full stop or a question mark."""
    with pytest.raises(CourseError) as caught:
        own.load(path, kind, **options)
    return sentence(caught.value)


def sentence(error):
    """The text of an error, when it is one line, short enough for a report, with a full stop or a question mark."""
    text = str(error)
    assert text.isprintable()
    assert len(f"CourseError: {text}") <= 300
    assert text[-1] in ".?…"
    return text
