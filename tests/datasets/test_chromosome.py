"""Chromosome 19 on a made-up one of a few hundred letters: conversion, windows, decoys, parts without overlap."""

import gzip
import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from utils import datasets
from utils.datasets import loaders
from utils.datasets.catalogue import data_folder, find
from utils.datasets.conversions import chromosome
from utils.errors import CourseError, UsageError
from utils.features import dna

FORWARD = ((20, 40), (60, 80), (100, 120))  # exons of a gene on the forward strand, cuts
REVERSE = ((200, 230), (260, 300))
NAMES = {"letters.npy", "sites.csv", "genes.csv"}


def put(text, place, what):
    return text[:place] + what + text[place + len(what) :]


@pytest.fixture(scope="module")
def made():
    """(letters as text, files): introns begin with GT and end with AG, on the reverse strand written AC … CT."""
    rng = np.random.default_rng(0)
    text = "".join(rng.choice(list("ACGT"), size=400))
    for (_, start), (end, _) in zip(FORWARD, FORWARD[1:], strict=False):
        text = put(put(text, start, "GT"), end - 2, "AG")
    (_, start), (end, _) = REVERSE
    text = put(put(text, end - 2, "AC"), start, "CT")
    text = "N" * 10 + text[10:]
    lines = ["##gff-version 3"]
    for name, strand, exons in (("one", "+", FORWARD), ("two", "-", REVERSE)):
        lines.append(f"19\tx\tgene\t{exons[0][0] + 1}\t{exons[-1][1]}\t.\t{strand}\t.\tID=gene:{name}")
        for transcript in ("a", "b"):  # the same introns twice, in any order of the exons
            for first, last in exons[::-1]:
                lines.append(f"19\tx\texon\t{first + 1}\t{last}\t.\t{strand}\t.\tParent=transcript:{name}{transcript}")
    content = {
        f"{chromosome.INSIDE}.fa.gz": gzip.compress(f">19 made up\n{text[:60]}\n{text[60:].lower()}\n".encode()),
        f"{chromosome.INSIDE}.gff3.gz": gzip.compress("\n".join(lines).encode()),
    }
    return text, chromosome.convert(content.__getitem__)


@pytest.fixture
def load(made, tmp_path, monkeypatch):
    """``datasets.load("splice_chr19")`` on the made-up chromosome."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    (tmp_path / "splice_chr19").mkdir()
    for path, content in made[1].items():
        (tmp_path / path).write_bytes(content)
    entry = find("splice_chr19")
    files = tuple(replace(file, size=len(made[1][file.path])) for file in entry.files)
    monkeypatch.setattr(loaders, "find", lambda name: replace(entry, files=files))
    return lambda **options: datasets.load("splice_chr19", **options)


def test_the_conversion_makes_the_files_of_the_catalogue(made):
    text, files = made
    assert set(files) == {file.path for file in find("splice_chr19").files}
    assert {path.split("/")[1] for path in files} == NAMES
    array = np.load(io.BytesIO(files["splice_chr19/letters.npy"]))
    assert "".join("ACGTN"[code] for code in array) == text
    sites = pd.read_csv(io.BytesIO(files["splice_chr19/sites.csv"]))
    found = set(sites.itertuples(index=False, name=None))
    assert found == {
        ("donor", "+", 40), ("acceptor", "+", 60), ("donor", "+", 80), ("acceptor", "+", 100),
        ("acceptor", "-", 230), ("donor", "-", 260),
    }  # fmt: skip
    genes = pd.read_csv(io.BytesIO(files["splice_chr19/genes.csv"]))
    assert genes.values.tolist() == [[20, 120, "+"], [200, 300, "-"]]


def test_sites_lie_in_the_middle_on_either_strand(load):
    data = load(width=20, decoys=None)
    for sequence, label in zip(data.sequences, data.labels, strict=True):
        signal = {0: sequence[10:12] == "GT", 1: sequence[8:10] == "AG"}
        signal[2] = signal[0] or signal[1]
        assert signal[label]
    assert np.bincount(data.labels)[:2].tolist() == [3, 3]


def test_the_reverse_strand_is_read_backwards(load, made):
    text, data = made[0], load(width=20, decoys=0)
    row = int(np.flatnonzero(data.positions == 260)[0])
    assert data.sequences[row] == dna.reverse_complement(text[250:270])


def test_decoys_are_all_other_gt_and_ag_of_the_read_strand(load, made):
    text, data = made[0], load(width=4, decoys=None)
    wanted = []
    for first, last, strand in ((20, 120, "+"), (200, 300, "-")):
        for cut in range(first, last):
            around = text[cut - 2 : cut + 2]
            around = around if strand == "+" else dna.reverse_complement(around)
            if (around[:2] == "AG" or around[2:] == "GT") and cut not in (40, 60, 80, 100, 230, 260):
                wanted.append((cut, around))
    assert sorted(zip(data.positions[data.labels == 2], data.sequences[data.labels == 2], strict=True)) == wanted


def test_parts_share_no_letter(load):
    """Windows of two parts of the chromosome do not overlap, however they are drawn."""
    first, second = load(width=20, decoys=None, within=(0, 150)), load(width=20, decoys=None, within=(150, 400))
    assert len(first.labels) and len(second.labels)
    assert first.positions.max() + 10 <= 150 <= second.positions.min() - 10
    everything = load(width=20, decoys=None)
    assert len(first.labels) + len(second.labels) <= len(everything.labels)


def test_decoys_are_drawn_by_the_seed(load):
    one, again, other = (load(width=8, decoys=2, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.positions, again.positions)
    assert not np.array_equal(one.positions, other.positions)
    assert np.bincount(one.labels).tolist() == [3, 3, 12]
    for wrong in ({"width": 5}, {"width": 2}, {"decoys": -1}):
        with pytest.raises(UsageError, match="give an even width"):
            load(**wrong)


def test_two_sequences_in_one_file_are_refused():
    with pytest.raises(CourseError, match="does not hold one sequence"):
        chromosome.letters(b">19\nACGT\n>20\nACGT\n")


def test_the_card_gives_the_catalogues_counts():
    """The catalogue's digests hold the files to these numbers, without their 94 MB being fetched for a test."""
    entry = find("splice_chr19")
    card = (data_folder() / entry.card).read_text(encoding="utf-8")
    assert set(entry.counts) == {"genes", "donors", "acceptors"}
    for what, number in entry.counts.items():
        assert f"| {what} | {number:,} |" in card
