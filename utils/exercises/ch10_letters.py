"""Exercises of chapter 10, letters: as numbers, each window once before splitting, and read from the other strand."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_parts


def _draw(rng, length, alphabet="ACGT"):
    return "".join(rng.choice(list(alphabet), size=length))


# What each letter may stand for, as in utils.features.dna, which exercises do not know (a test compares the two).
IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T", "R": "AG", "Y": "CT", "S": "CG", "W": "AT", "K": "GT", "M": "AC",
    "B": "CGT", "D": "AGT", "H": "ACT", "V": "ACG", "N": "ACGT",
}  # fmt: skip


@exercise(
    "10.1",
    "Letters as numbers",
    points=2,
    hints=[
        "Begin with np.zeros((length, 4)). Rows that you never touch are the padding.",
        "IUPAC[letter] says what a letter may stand for: for each of these, add 1 / len(IUPAC[letter]) to its column.",
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
    cases = [("GATTACA", 7), ("ACGT", 6), ("ACGTAC", 3), ("NACR", 4), ("".join(IUPAC), 20)]
    cases += [(_draw(rng, int(rng.integers(4, 9)), "ACGTRYN"), 8)]
    for sequence, length in cases:
        answer.case(None, sequence, length, shape="one row per place, one column per letter")


@one_hot.wrong(
    "unclear letters are zeros", says="your row of an unclear letter is all zeros, but that is how padding looks"
)
def _(sequence, length):
    return one_hot(sequence, length) == 1


@one_hot.wrong(
    "unclear letters count once for each",
    says="the row of an unclear letter adds up to more than 1; the letters that it may stand for share the 1",
)
def _(sequence, length):
    return (one_hot(sequence, length) > 0).astype(float)


@one_hot.wrong(
    "the first letter for all",
    says="an unclear letter counts as the first letter that it may stand for; all of them share the 1",
)
def _(sequence, length):
    return one_hot("".join(IUPAC[letter][0] for letter in sequence), length)


@one_hot.wrong("padding looks like N", says="your padding looks like N, any letter; padding should be all zeros")
def _(sequence, length):
    return one_hot(sequence.ljust(length, "N"), length)


@one_hot.wrong("padding in front", says="your padding is in front; put it at the end")
def _(sequence, length):
    part = one_hot(sequence[:length], len(sequence[:length]))
    return np.concatenate([np.zeros((length - len(part), 4)), part])


@one_hot.wrong("the end of a long sequence", says="you cut off the beginning; keep the first {length} letters")
def _(sequence, length):
    return one_hot(sequence[-length:], length)


@one_hot.wrong("a long sequence stays long", says="you kept {got}; cut what is longer than length")
def _(sequence, length):
    return one_hot(sequence, max(length, len(sequence)))


@one_hot.wrong("not padded", says="you returned {got}; add rows of zeros up to length {length}")
def _(sequence, length):
    return one_hot(sequence, min(length, len(sequence)))


@one_hot.wrong("columns A, T, C, G", says="your columns are in another order; it should be A, C, G, T")
def _(sequence, length):
    return one_hot(sequence, length)[:, [0, 3, 1, 2]]


@exercise(
    "10.2",
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
        generator = np.random.default_rng(int(rng.integers(1000)))
        _judge_parts(answer, inputs, sequences, share, generator, round(share * different))
    sequences = np.array([f"{number:06b}".replace("0", "A").replace("1", "C") for number in range(64)], dtype=object)
    tests = [set(np.asarray(answer(sequences, 0.5, np.random.default_rng(s))[1]).tolist()) for s in (1, 1, 2)]
    answer.expect(tests[0] == tests[1], "another generator", "two generators in the same state")
    answer.expect(tests[0] != tests[2], "does not shuffle", "two different generators")


def _judge_parts(answer, inputs, sequences, share, generator, wanted):
    parts = expect_parts(answer(sequences, share, generator), ["train", "test"], inputs)
    train, test = (_rows(part, len(sequences), inputs) for part in parts)
    number = len(set(sequences[train]) & set(sequences[test]))
    answer.expect(not number, "splits first", inputs, number=number)
    used = sequences[np.concatenate([train, test])].tolist()
    answer.expect(len(used) == len(set(used)), "keeps copies on one side", inputs)
    number = len(set(sequences) - set(used))
    answer.expect(not number, "drops every copy", inputs, number=number)
    answer.expect(len(test) == wanted or len(train) != wanted, "test part first", inputs)
    answer.expect(len(test) == wanted, "a share of all rows", inputs, number=len(test), wanted=wanted)
    first = np.unique(sequences, return_index=True)[1]
    answer.expect({*first.tolist()} == {*train.tolist(), *test.tolist()}, "the last of the copies", inputs)


def _rows(part, count, inputs):
    rows = expect_array(part, inputs=inputs)
    expect(rows.dtype.kind != "b", f"for {inputs} your parts are masks; np.flatnonzero turns a mask into row numbers")
    places = rows.ndim == 1 and np.all((rows >= 0) & (rows < count) & (rows == rows.astype(int)))
    expect(places, f"for {inputs} each part should be row numbers from 0 to {count - 1}")
    return rows.astype(int)


@split_unique.wrong(
    "splits first", says="{number} of the sequences in one part are in the other, too: take copies out before you split"
)
def _(sequences, share, rng):
    rows = rng.permutation(len(sequences))
    cut = round(share * len(rows))
    train, test = (part[np.unique(sequences[part], return_index=True)[1]] for part in (rows[cut:], rows[:cut]))
    return train, test


@split_unique.wrong("keeps copies on one side", says="you kept a sequence more than once: keep one row of each")
def _(sequences, share, rng):
    group = np.unique(sequences, return_inverse=True)[1]
    chosen = rng.permutation(group.max() + 1)[: round(share * (group.max() + 1))]
    in_test = np.isin(group, chosen)
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


@split_unique.wrong(
    "drops every copy", says="you lost {number} sequences, which are in neither part: keep one of the copies"
)
def _(sequences, share, rng):
    _, first, count = np.unique(sequences, return_index=True, return_counts=True)
    rows = rng.permutation(first[count == 1])
    cut = round(share * len(rows))
    return rows[cut:], rows[:cut]


@split_unique.wrong(
    "a share of all rows",
    says="your test part has {number} rows where {wanted} are expected: take the share of the different sequences",
)
def _(sequences, share, rng):
    rows = rng.permutation(np.unique(sequences, return_index=True)[1])
    cut = min(round(share * len(sequences)), len(rows))
    return rows[cut:], rows[:cut]


@split_unique.wrong("test part first", says="your first part has the size of the test part: return train, test")
def _(sequences, share, rng):
    return split_unique(sequences, share, rng)[::-1]


@split_unique.wrong("the last of the copies", says="you kept a later copy: keep the first row of each sequence")
def _(sequences, share, rng):
    train, test = split_unique(sequences[::-1], share, rng)
    return len(sequences) - 1 - train, len(sequences) - 1 - test


@split_unique.wrong("another generator", says="you drew different test parts: let rng shuffle, and nothing else")
def _(sequences, share, rng):
    return split_unique(sequences, share, np.random.default_rng())


@split_unique.wrong("does not shuffle", says="you returned the same test part: let rng shuffle")
def _(sequences, share, rng):
    rows = np.unique(sequences, return_index=True)[1]
    cut = round(share * len(rows))
    return rows[cut:], rows[:cut]


@exercise(
    "10.5",
    "The other strand",
    points=1,
    hints=[
        "T is opposite A, and G is opposite C. str.maketrans and str.translate exchange letters in one go.",
        "The other strand is read the other way: text[::-1].",
        "An unclear letter is turned too: R is A or G, so that T or C is opposite, which is Y. S, W and N stay.",
    ],
)
def reverse_complement(sequence):
    """sequence: str of IUPAC letters → what stands on the other strand, read in its direction"""
    return sequence.translate(str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN"))[::-1]


@reverse_complement.checks
def _(answer, rng):
    cases = ["CAGGTAAGT", "A", "AAC", "ANNG", "GATR", "GATTACA", "RYKMBDHVSWN"]
    for sequence in [*cases, _draw(rng, 12), _draw(rng, 9, "ACGTRYN")]:
        answer.case(None, sequence)


@reverse_complement.wrong(
    "complement only",
    says="you returned {got}: you exchanged the letters, but the other strand is also read the other way",
)
def _(sequence):
    return reverse_complement(sequence)[::-1]


@reverse_complement.wrong(
    "reverse only", says="you returned {got}: you turned the order, but T is opposite A, and G is opposite C"
)
def _(sequence):
    return sequence[::-1]


@reverse_complement.wrong(
    "clear letters only",
    says="you returned {got}: unclear letters have opposites too, R (A or G) and Y (C or T), K and M, B and V, D and H",
)
def _(sequence):
    return sequence.translate(str.maketrans("ACGT", "TGCA"))[::-1]


@reverse_complement.wrong(
    "one letter after the other",
    says="you returned {got}: after A → T, the step T → A turns all of them back; exchange all letters at once",
)
def _(sequence):
    for letter, other in ("AT", "TA", "CG", "GC", "RY", "YR", "KM", "MK", "BV", "VB", "DH", "HD"):
        sequence = sequence.replace(letter, other)
    return sequence[::-1]


@reverse_complement.wrong(
    "S and W exchanged",
    says="you returned {got}: S (C or G) is opposite S, and W (A or T) is opposite W",
)
def _(sequence):
    return reverse_complement(sequence).translate(str.maketrans("SW", "WS"))


@reverse_complement.wrong("a list", says="you returned {got}: join the letters to one text, with ''.join")
def _(sequence):
    return list(reverse_complement(sequence))
