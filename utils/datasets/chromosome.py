"""Chromosome 19 as windows: real splice sites, and decoys: places with the two bases of a site that are not one."""

import numpy as np
import pandas as pd

from utils.datasets.catalogue import Entry
from utils.datasets.store import location, provide
from utils.datasets.types import Sequences
from utils.errors import UsageError

COMPLEMENT = np.array([3, 2, 1, 0, 4], np.uint8)
LETTERS = np.frombuffer(b"ACGTN", np.uint8)


def splice_chr19(
    entry: Entry, width: int = 60, decoys: float | None = 10, within: tuple[int, int] | None = None, seed: int = 0
) -> Sequences:
    """Windows of ``width`` bases along the strand that is read, with the site in the middle.

    Every annotated donor (class 0) and acceptor (class 1), then ``decoys`` times as many places (class 2), drawn by
    the seed from all GT and AG on the read strand of a gene that are not annotated as a site; None takes all of them,
    about 160 per site, and so the prevalence of the genome. within: only windows that lie wholly between
    these two places of the chromosome. positions: the cut on the forward strand; two windows share bases when
    their positions are less than ``width`` apart.
    """
    if width < 4 or width % 2 or not (decoys is None or decoys >= 0):
        raise UsageError(
            f"Windows of {width} bases with {decoys} decoys per site cannot be cut; give an even width of 4 or more, "
            "and decoys of 0 or more, or None for all."
        )
    provide(entry)
    letters = np.load(location(entry, entry.file("letters.npy")), allow_pickle=False)
    sites, genes = (pd.read_csv(location(entry, entry.file(f"{name}.csv"))) for name in ("sites", "genes"))
    places, labels = candidates(letters, sites, genes)
    first, last = np.clip(within or (0, len(letters)), 0, len(letters))
    rows = np.flatnonzero((places[:, 0] - width // 2 >= first) & (places[:, 0] + width // 2 <= last))
    if decoys is not None:
        real, others = rows[labels[rows] < 2], rows[labels[rows] == 2]
        drawn = np.random.default_rng(seed).permutation(others)[: round(decoys * len(real))]
        rows = np.concatenate([real, np.sort(drawn)])
    sequences = windows(letters, places[rows], width)
    return Sequences(
        entry, sequences, labels[rows], entry.class_names, _numbers(sequences), positions=places[rows, 0].copy()
    )


def candidates(letters: np.ndarray, sites: pd.DataFrame, genes: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """All places with the two bases of a site on the read strand of a gene, and all sites whatever their bases.

    Returns places, int64 (n, 2): cut and strand (0 forward, 1 reverse); labels, int64 (n,): donor 0, acceptor 1,
    neither 2. A place that is a donor of one transcript and an acceptor of another is listed twice; a decoy whose
    cut has AG before it and GT behind it, once.
    """
    found = []
    for number, strand in enumerate("+-"):
        read, place = np.zeros((2, len(letters) + 1), bool)
        for gene in genes[genes["strand"] == strand].itertuples():
            read[gene.start : gene.end] = True
        before, behind = ("AG", "GT") if strand == "+" else ("AC", "CT")  # the cut, on the forward strand
        place[_starts(letters, before) + 2] = True
        place[_starts(letters, behind)] = True
        mine = sites[sites["strand"] == strand]
        place[mine["cut"].to_numpy()] = False
        of_kind = [mine.loc[mine["kind"] == kind, "cut"].to_numpy() for kind in ("donor", "acceptor")]
        for label, cuts in enumerate([*of_kind, np.flatnonzero(place & read)]):
            found.append(np.column_stack([cuts, np.full_like(cuts, number), np.full_like(cuts, label)]))
    table = np.concatenate(found).astype(np.int64)
    return table[:, :2], table[:, 2]


def windows(letters: np.ndarray, places: np.ndarray, width: int) -> np.ndarray:
    """The bases around each place (n, 2) along its strand, as str objects (n,)."""
    offsets = np.arange(width) - width // 2
    cut = letters[places[:, :1] + offsets]
    backwards = places[:, 1] == 1
    cut[backwards] = COMPLEMENT[cut[backwards, ::-1]]
    text = LETTERS[cut].tobytes().decode()
    return np.array([text[start : start + width] for start in range(0, len(text), width)], dtype=object)


def _numbers(sequences: np.ndarray) -> np.ndarray:
    """One number for each different sequence; a million of them would be sorted slowly, and in much memory."""
    return pd.factorize(sequences)[0].astype(np.int64)


def _starts(letters: np.ndarray, pair: str) -> np.ndarray:
    """Where these two bases are, one after the other: the place of the first."""
    one, two = ("ACGT".index(letter) for letter in pair)
    return np.flatnonzero((letters[:-1] == one) & (letters[1:] == two))
