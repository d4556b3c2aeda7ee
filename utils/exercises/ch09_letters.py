"""Exercises of chapter 09, letters: as numbers, each window once before splitting, and read from the other strand."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import Wrong, expect, expect_array, expect_close, expect_parts, rule_out

IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip


def _draw(rng, length, alphabet="ACGT"):
    return "".join(rng.choice(list(alphabet), size=length))


@exercise(
    "9.1",
    "Letters as numbers",
    points=2,
    hints=[
        "Begin with np.zeros((length, 4)). Rows that you never touch are the padding.",
        "IUPAC[letter] tells what a letter may stand for: for each of these, add 1 / len(IUPAC[letter]) to its column.",
        "for place, letter in enumerate(sequence[:length]) stops at the end of the window.",
    ],
)
def one_hot(sequence, length):
    """sequence: str → (length, 4), columns A, C, G, T; unclear letters share their 1, padding 0"""
    table = np.zeros((length, 4))
    for place, letter in enumerate(sequence[:length]):
        for base in IUPAC[letter]:
            table[place, "ACGT".index(base)] += 1 / len(IUPAC[letter])
    return table


@one_hot.checks
def _(answer, rng):
    cases = [("GATTACA", 7), ("ACGT", 6), ("ACGTAC", 3), ("NACR", 4), ("", 2), ("".join(IUPAC), 20)]
    cases += [(_draw(rng, int(rng.integers(4, 9)), "ACGTRYN"), 8)]
    for sequence, length in cases:
        inputs, wanted = f"sequence = {sequence!r}, length = {length}", one_hot(sequence, length)
        got = expect_array(
            answer(sequence, length), (length, 4), inputs=inputs, why="one row a place, one column a letter"
        )
        for mistake, words in {
            _unclear_is_zero: "a letter that is not clear gets 0 everywhere: that is how padding looks",
            _unclear_is_one: "a row adds up to more than 1: letters that may stand for several share the 1",
            _padding_is_n: "what is missing looks like N, any letter; padding should be all zeros",
            _padded_in_front: "your padding stands in front; put it at the end",
            _other_order: "the columns are in the order A, C, G, T",
        }.items():
            rule_out(got, mistake(sequence, length), wanted, f"for {inputs}: {words}")
        expect_close(got, wanted, inputs=inputs)


@one_hot.wrong("unclear letters are zeros", says="how padding looks")
def _unclear_is_zero(sequence, length):
    return one_hot(sequence, length) == 1


@one_hot.wrong("unclear letters count once for each", says="adds up to more than 1")
def _unclear_is_one(sequence, length):
    return (one_hot(sequence, length) > 0).astype(float)


@one_hot.wrong("padding looks like N", says="padding should be all zeros")
def _padding_is_n(sequence, length):
    return one_hot(sequence.ljust(length, "N"), length)


@one_hot.wrong("padding in front", says="stands in front")
def _padded_in_front(sequence, length):
    part = one_hot(sequence[:length], len(sequence[:length]))
    return np.concatenate([np.zeros((length - len(part), 4)), part])


@one_hot.wrong("columns A, T, C, G", says="in the order A, C, G, T")
def _other_order(sequence, length):
    return one_hot(sequence, length)[:, [0, 3, 1, 2]]


@exercise(
    "9.2",
    "Each window once, then split",
    points=2,
    hints=[
        "First find the rows to keep. np.unique(sequences, return_index=True)[1] gives the first row of each sequence.",
        "Then shuffle those rows, rng.permutation(rows), and cut: the first round(share * len(rows)) are for testing.",
    ],
)
def split_unique(sequences, share, rng):
    """sequences (n,) of str, share to test on, random generator
    → rows to train on, rows to test on"""
    rows = np.unique(sequences, return_index=True)[1]
    rows = rng.permutation(rows)
    cut = round(share * len(rows))
    return rows[cut:], rows[:cut]


@split_unique.checks
def _(answer, rng):
    for different, copies, share in [(20, 15, 0.3), (8, 24, 0.5), (10, 0, 0.2), (6, 40, 0.5)]:
        pool = list({_draw(rng, 6) for _ in range(3 * different)})[:different]
        sequences = np.array(pool + [pool[i] for i in rng.integers(different, size=copies)], dtype=object)
        sequences = sequences[rng.permutation(len(sequences))]
        inputs = f"{len(sequences)} sequences, {different} of them different, and share = {share}"
        parts = expect_parts(
            answer(sequences, share, np.random.default_rng(int(rng.integers(1000)))), ["train", "test"]
        )
        train, test = (_rows(part, len(sequences), inputs) for part in parts)
        both = set(sequences[train]) & set(sequences[test])
        expect(not both, f"for {inputs}, {len(both)} of them stand on both sides: take copies out before you split")
        used = list(sequences[train]) + list(sequences[test])
        expect(len(used) == len(set(used)), f"for {inputs}, one stands there more than once: keep one row of each")
        lost = set(sequences) - set(used)
        expect(not lost, f"for {inputs}, {len(lost)} of them are in neither part: of copies, one is kept")
        wanted = round(share * different)
        expect(
            len(test) == wanted,
            f"for {inputs} your test part has {len(test)} rows where {wanted} are expected, "
            "the share of the different sequences",
        )
        first = {sequence: row for row, sequence in reversed(list(enumerate(sequences)))}
        expect(
            set(first.values()) == {*train.tolist(), *test.tolist()},
            f"for {inputs} you kept a later copy; keep the first row of each sequence",
        )
    expect(_varies(answer), "two different generators gave the same test part: let rng do the shuffling")


def _rows(part, count, inputs):
    rows = expect_array(part, inputs=inputs, dtype_kind="iuf")
    if rows.ndim != 1 or (rows.size and (rows.min() < 0 or rows.max() >= count or (rows != rows.astype(int)).any())):
        raise Wrong(f"for {inputs} each part should be row numbers from 0 to {count - 1}")
    return rows.astype(int)


def _varies(answer):
    sequences = np.array([f"{number:06b}".replace("0", "A").replace("1", "C") for number in range(64)], dtype=object)
    tests = [set(np.asarray(answer(sequences, 0.5, np.random.default_rng(seed))[1]).tolist()) for seed in (1, 2)]
    return tests[0] != tests[1]


@split_unique.wrong("splits first", says="before you split")
def _(sequences, share, rng):
    rows = rng.permutation(len(sequences))
    cut = round(share * len(rows))
    train, test = (part[np.unique(sequences[part], return_index=True)[1]] for part in (rows[cut:], rows[:cut]))
    return train, test


@split_unique.wrong("keeps copies on one side", says="more than once")
def _(sequences, share, rng):
    group = np.unique(sequences, return_inverse=True)[1]
    chosen = rng.permutation(group.max() + 1)[: round(share * (group.max() + 1))]
    in_test = np.isin(group, chosen)
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


@split_unique.wrong("drops every copy", says="in neither part")
def _(sequences, share, rng):
    _, first, count = np.unique(sequences, return_index=True, return_counts=True)
    rows = rng.permutation(first[count == 1])
    cut = round(share * len(rows))
    return rows[cut:], rows[:cut]


@split_unique.wrong("a share of all rows", says="the share of the different sequences")
def _(sequences, share, rng):
    rows = rng.permutation(np.unique(sequences, return_index=True)[1])
    cut = min(round(share * len(sequences)), len(rows))
    return rows[cut:], rows[:cut]


@split_unique.wrong("does not shuffle", says="let rng do the shuffling")
def _(sequences, share, rng):
    rows = np.unique(sequences, return_index=True)[1]
    cut = round(share * len(rows))
    return rows[cut:], rows[:cut]


@exercise(
    "9.5",
    "The other strand",
    points=1,
    hints=[
        "Opposite A stands T, opposite C stands G. str.maketrans and str.translate exchange letters in one go.",
        "The other strand is read the other way: text[::-1].",
        "An unclear letter is turned too: R is A or G, so opposite stands T or C, which is Y. S, W and N stay.",
    ],
)
def reverse_complement(sequence):
    """sequence: str of IUPAC letters → what stands on the other strand, read in its direction"""
    return sequence.translate(str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN"))[::-1]


@reverse_complement.checks
def _(answer, rng):
    cases = [
        "CAGGTAAGT",
        "A",
        "",
        "AAC",
        "ANNG",
        "GATR",
        "GATTACA",
        "RYKMBDHVSWN",
        _draw(rng, 12),
        _draw(rng, 9, "ACGTRYN"),
    ]
    for sequence in cases:
        inputs, wanted = f"sequence = {sequence!r}", reverse_complement(sequence)
        got = answer(sequence)
        expect(isinstance(got, str), f"for {inputs} you returned {got!r}, where text is expected")
        for mistake, words in {
            _complement: "you exchanged the letters, but the other strand is also read the other way",
            _reverse: "you turned the order, but opposite A stands T, and opposite C stands G",
            _clear_only: "unclear letters have opposites too: R (A or G) and Y (C or T), K and M, B and V, D and H",
            _one_after_the_other: "an exchange letter by letter undoes itself: after A → T, the step T → A "
            "turns all back; exchange all at once",
        }.items():
            made = mistake(sequence)
            expect(got != made or made == wanted, f"for {inputs}: {words}")
        expect(got == wanted, f"for {inputs} you returned {got!r} where {wanted!r} is expected")


@reverse_complement.wrong("complement only", says="also read the other way")
def _complement(sequence):
    return reverse_complement(sequence)[::-1]


@reverse_complement.wrong("reverse only", says="opposite A stands T")
def _reverse(sequence):
    return sequence[::-1]


@reverse_complement.wrong("clear letters only", says="R (A or G) and Y (C or T)")
def _clear_only(sequence):
    return sequence.translate(str.maketrans("ACGT", "TGCA"))[::-1]


@reverse_complement.wrong("one letter after the other", says="undoes itself")
def _one_after_the_other(sequence):
    for letter, other in ("AT", "TA", "CG", "GC", "RY", "YR", "KM", "MK", "BV", "VB", "DH", "HD"):
        sequence = sequence.replace(letter, other)
    return sequence[::-1]
