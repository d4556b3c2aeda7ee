"""Letters of DNA as numbers, the other strand, and who is related to whom: what a model of sequences needs first."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from utils.errors import CourseError, UsageError

# What each IUPAC letter may stand for: Cornish-Bowden (1985), https://doi.org/10.1093/nar/13.9.3021.
IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip
PADDING = len(IUPAC)
COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN")
SEED = 8  # letters that two windows must share at the same places before they are compared in full
CROWD = 20  # neighbours with the same seed that a window is compared with
MOST_WORDS = 4_000_000

_CODE = np.full(128, 255, np.uint8)
_CODE[[ord(letter) for letter in IUPAC]] = range(len(IUPAC))
_SHARES = np.array([[letter in may_be for letter in "ACGT"] for may_be in IUPAC.values()] + [[False] * 4], "float32")
_SHARES /= np.maximum(_SHARES.sum(axis=1, keepdims=True), 1)


def codes(sequences: Sequence[str], length: int | None = None) -> np.ndarray:
    """Each letter as its place in ``IUPAC``: A, C, G, T are 0-3, ambiguous letters 4-14, padding at the end 15.

    sequences: str (n,), capitals. length: columns; of what is longer the middle is kept; the longest unless given.
    Returns uint8 (n, length). Raises CourseError for a character that is not a letter of DNA, with sequence and place.
    """
    sequences = list(sequences)
    length = max(map(len, sequences), default=0) if length is None else length
    table = np.full((len(sequences), length), PADDING, np.uint8)
    for row, sequence in enumerate(sequences):
        start = max(len(sequence) - length, 0) // 2
        part = sequence[start : start + length]
        table[row, : len(part)] = _CODE[np.frombuffer(part.encode("ascii", "replace"), np.uint8)]
    if (table == 255).any():
        row, place = np.argwhere(table == 255)[0]
        raise CourseError(
            f"Sequence {row} has {sequences[row][place + max(len(sequences[row]) - length, 0) // 2]!r} where one of "
            f"{''.join(IUPAC)} is expected; write RNA with T, and all in capitals."
        )
    return table


def one_hot(sequences: Sequence[str], length: int | None = None) -> np.ndarray:
    """Four columns a letter, A, C, G, T, float32 (n, length, 4); sequences, length and errors as in ``codes``.

    An ambiguous letter shares its 1 among the letters it may stand for; padding is all zeros.
    """
    return _SHARES[codes(sequences, length)]


def reverse_complement(sequence: str) -> str:
    """The same stretch read from the other strand: A and T, C and G exchanged, and from the end. Ambiguity is kept."""
    return sequence.translate(COMPLEMENT)[::-1]


def families(
    sequences: Sequence[str], run: int | None = None, share: float = 0.75, groups: ArrayLike | None = None
) -> np.ndarray:
    """Rows that are, or may be, relatives: int64 (n,), one number per family. Keep each on one side of a split.

    Two rows are linked when they share a run of ``run`` letters, wherever it stands; or when at least ``share`` of
    their letters agree, place by place (looked for among rows that share ``SEED`` letters at the same places); or
    when they have the same entry in ``groups`` (n,). A link to a link is a link. A run of which one letter makes
    three quarters, or one that more than a twentieth of the rows (and 50) have, does not count. Where most rows have
    a stretch in common, such as a primer, most are one family all the same: cut it off first.

    run: 12 to 27; unless given, so long that chance alone links fewer than one row in fifty. The work grows in
    proportion to the number of rows; of more than ``MOST_WORDS`` runs, a fixed share is looked at.
    """
    table = codes(sequences)
    run = _long_enough(table) if run is None else run
    if not 12 <= run <= 27:
        raise UsageError(f"Runs of {run} letters do not tell relatives from strangers; give 12 to 27.")
    rows, words = _words(table, run)
    _, word, number = np.unique(words, return_inverse=True, return_counts=True)
    keep = number[word] <= max(len(table) / 20, 50)
    links = [(rows[keep], len(table) + word[keep])]
    starts = np.arange(max(table.shape[1] - SEED + 1, 0))
    links += [_alike(table, start, share) for start in starts[:: max(len(starts) // 50, 1)]]
    if groups is not None:
        same = np.unique(np.asarray(groups), return_inverse=True)[1]
        links.append((np.arange(len(table)), len(table) + len(number) + same))
    return _joined(len(table), links)


def folds(labels: ArrayLike, groups: ArrayLike, count: int = 10, seed: int = 0) -> np.ndarray:
    """A fold for each row, int64 (n,), 0 to count - 1: whole groups, dealt out class by class, the largest first.

    labels: int (n,). A group of several classes goes with its most frequent one. Raises UsageError when there are
    fewer groups than folds.
    """
    labels = np.asarray(labels)
    member = np.unique(np.asarray(groups), return_inverse=True)[1]
    size = np.bincount(member)
    if count < 2 or len(size) < count:
        raise UsageError(f"{len(size)} groups cannot be dealt out to {count} folds; give 2 folds or more, and fewer.")
    of_class = np.stack([np.bincount(member, labels == label) for label in range(labels.max() + 1)])
    random = np.random.default_rng(seed)
    order = np.lexsort((random.random(len(size)), -size, of_class.argmax(axis=0)))
    fold = np.empty(len(size), np.int64)
    fold[order] = np.arange(len(size)) % count
    return fold[member]


def shares_run(sequences: Sequence[str], others: Sequence[str], run: int = 20) -> np.ndarray:
    """Which sequences have a run of so many letters that some other one has too, wherever it stands: bool (n,).

    For parts that a split by position has made, between which relatives can still be found: genes have copies.
    """
    known = np.unique(_words(codes(others), run, every=1)[1])
    found = np.zeros(len(sequences), bool)
    for first in range(0, len(sequences), 100_000):
        rows, words = _words(codes(sequences[first : first + 100_000]), run, every=1)
        place = np.searchsorted(known, words).clip(max=max(len(known) - 1, 0))
        if len(known):
            found[first + rows[known[place] == words]] = True
    return found


def _long_enough(table: np.ndarray) -> int:
    """The shortest run that strangers share so rarely that fewer than one row in fifty gets a link by chance."""
    runs = max(int((table != PADDING).sum()), 1)
    wanted = np.log(runs**2 / 2 / max(len(table) / 50, 1)) / np.log(4)
    return int(np.clip(np.ceil(wanted), 12, 27))


def _words(table: np.ndarray, run: int, every: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Row and number (base 4) of every run of clear letters; of very many, of those with a certain remainder."""
    every = max(-(-table.size // MOST_WORDS), 1) if every is None else every
    at_once = max(MOST_WORDS // max(table.shape[1], 1), 1)
    found = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    places = table.shape[1] - run + 1
    for first in range(0, len(table) if places > 0 else 0, at_once):
        digits = table[first : first + at_once]
        words, usable = np.zeros((len(digits), places), np.int64), np.ones((len(digits), places), bool)
        for offset in range(run):
            part = digits[:, offset : offset + places]
            words = 4 * words + part
            usable &= part < 4
        usable &= words % every == 0
        for letter in range(4):  # a run of little else than one letter says nothing of kinship
            ends = np.cumsum(np.pad(digits == letter, ((0, 0), (1, 0))), axis=1)
            usable &= ends[:, run:] - ends[:, :-run] < 0.75 * run
        found.append((first + np.nonzero(usable)[0], words[usable]))
    return tuple(map(np.concatenate, zip(*found, strict=True)))


def _alike(table: np.ndarray, start: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of rows that share the seed at this place and enough letters on the whole."""
    rows, words = _words(table[:, start : start + SEED], SEED)
    order = np.argsort(words, kind="stable")
    rows, words = rows[order], words[order]
    pairs = []
    for step in range(1, CROWD + 1):
        same = np.flatnonzero(words[step:] == words[:-step])
        if not len(same):
            break
        one, other = table[rows[same]], table[rows[same + step]]
        longest = np.maximum((one != PADDING).sum(axis=1), (other != PADDING).sum(axis=1))
        enough = ((one == other) & (one < 4)).sum(axis=1) >= share * longest
        pairs.append((rows[same][enough], rows[same + step][enough]))
    return tuple(map(np.concatenate, zip(*pairs, strict=True))) if pairs else (np.empty(0, int), np.empty(0, int))


def _joined(count: int, links: list) -> np.ndarray:
    """Numbers of the connected parts among the first ``count`` nodes."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = (np.concatenate(side) for side in zip(*links, strict=True))
    size = int(max(count, one.max(initial=0) + 1, other.max(initial=0) + 1))
    graph = coo_array((np.ones(len(one), bool), (one, other)), shape=(size, size))
    part = connected_components(graph, directed=False)[1][:count]
    return np.unique(part, return_inverse=True)[1].astype(np.int64)
