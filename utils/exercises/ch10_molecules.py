"""Exercises of chapter 10 on molecules themselves: tokens of a SMILES, likeness of two, a split by scaffold."""

import re

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_close, expect_number, expect_parts, rule_out


@exercise(
    "10.1",
    "The tokens of a SMILES",
    points=2,
    hints=[
        "Walk along the text with a place that begins at 0. Decide where the token that starts there ends, keep "
        "smiles[place:end], and go on from end.",
        "A token that starts with [ ends after the next ]: smiles.index(']', place) + 1. If smiles[place:place + 2] is "
        "'Cl' or 'Br' it has two characters, after a % three, and otherwise one.",
    ],
)
def tokenise(smiles):
    """ "CC(=O)Cl" → ["C", "C", "(", "=", "O", ")", "Cl"]: a list of str that joins to the SMILES"""
    tokens, place = [], 0
    while place < len(smiles):
        if smiles[place] == "[":
            end = smiles.index("]", place) + 1
        elif smiles[place : place + 2] in ("Cl", "Br"):
            end = place + 2
        else:
            end = place + (3 if smiles[place] == "%" else 1)
        tokens.append(smiles[place:end])
        place = end
    return tokens


@tokenise.checks
def _(answer, rng):
    cases = ["CCO", "CC(=O)Cl", "BrCCBr", "Cc1ccccc1", "C[C@@H](N)C(=O)[O-]", "Sc1ccccc1", "C%12CCCC%12", "[Na+].[Cl-]"]
    pieces = ["C", "c", "N", "Cl", "Br", "[nH]", "[C@H]", "=", "(", ")", "1", "2", "%10", "F"]
    cases += ["".join(rng.choice(pieces, size=rng.integers(1, 12))) for _ in range(20)] + [""]
    for smiles in cases:
        got, wanted = answer(smiles), tokenise(smiles)
        expect(got is not None, "your function returned None: is there a return in it?")
        expect(
            not isinstance(got, str) and all(isinstance(token, str) for token in got),
            f"for {smiles!r} you returned {got!r}: give a list of strings",
        )
        got = list(got)
        expect("".join(got) == smiles, f"for {smiles!r} your tokens join to {''.join(got)!r}: some characters got lost")
        for wrong, words in {
            _elements: "outside brackets only Cl and Br have two letters: in Cc a carbon meets an aromatic carbon",
            _no_brackets: "what stands in brackets is one atom, with its charge and hydrogens: one token",
            _no_ring_numbers: "a % announces a ring number of two digits: %12 is one token",
            _letters: "Cl and Br are one atom each, what stands in brackets is one, and % takes two digits with it",
        }.items():
            expect(got != wrong(smiles) or got == wanted, f"for {smiles!r} you returned {got!r}: {words}")
        expect(got == wanted, f"for {smiles!r} you returned {got!r} where {wanted!r} is expected")


@tokenise.wrong("letter by letter", says="are one atom each")
def _letters(smiles):
    return list(smiles)


@tokenise.wrong("any capital with a small letter", says="outside brackets only Cl and Br")
def _elements(smiles):
    return re.findall(r"\[[^\]]*\]|%\d\d|[A-Z][a-z]|.", smiles)


@tokenise.wrong("opens the brackets", says="what stands in brackets is one atom")
def _no_brackets(smiles):
    return re.findall(r"Br|Cl|%\d\d|.", smiles)


@tokenise.wrong("ring numbers of one digit", says="announces a ring number")
def _no_ring_numbers(smiles):
    return re.findall(r"\[[^\]]*\]|Br|Cl|.", smiles)


@tokenise.wrong("drops what is not a letter", says="some characters got lost")
def _(smiles):
    return re.findall(r"Br|Cl|[A-Za-z]", smiles)


@exercise(
    "10.2",
    "How alike are two molecules?",
    points=1,
    hints=[
        "Count the places where both have a 1, and the places where at least one has. Divide the first by the second.",
        "With both = np.sum(one & other) and either = np.sum(one | other): return both / either, but 0 where either "
        "is 0: nothing is known that they share.",
    ],
)
def tanimoto(one, other):
    """Two fingerprints (bits,) of 0 and 1 → shared ones / ones in either; 0.0 if neither has any"""
    both, either = np.sum(one & other), np.sum(one | other)
    return both / either if either else 0.0


@tanimoto.checks
def _(answer, rng):
    empty, full = np.zeros(6, np.uint8), np.ones(6, np.uint8)
    known = np.array([[1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 0, 0, 0, 1, 0, 0]], np.uint8)
    cases = [(known[0], known[1])]
    cases += [(rng.integers(0, 2, 40).astype(np.uint8), rng.integers(0, 2, 40).astype(np.uint8)) for _ in range(5)]
    sparse = (rng.random((2, 500)) < 0.05).astype(np.uint8)
    cases += [(sparse[0], sparse[1]), (full, full), (full, empty), (np.eye(6, dtype=np.uint8)[0], full), (empty, empty)]
    for one, other in cases:
        inputs = (
            f"fingerprints of {len(one)} bits with {one.sum()} and {other.sum()} ones, {np.sum(one & other)} shared"
        )
        wanted, got = tanimoto(one, other), expect_number(answer(one, other))
        expect(not np.isnan(got), f"for {inputs} you divided 0 by 0: where neither has a 1 nothing is shared, so 0.0")
        for wrong, words in {
            _matching: "zeros in common say little, or two molecules would be alike by what both lack: count only ones",
            _dice: "this is Dice's coefficient; divide by the ones in either, each place counted once",
            _cosine: "this is the cosine; divide by the ones in either",
            _of_the_first: "divide by the ones in either, not by those of the first: the likeness goes both ways",
        }.items():
            rule_out(got, wrong(one, other), wanted, f"for {inputs}: {words}")
        expect_close(got, wanted, inputs=inputs, why="shared ones divided by ones in either")


@tanimoto.wrong("counts zeros in common", says="zeros in common say little")
def _matching(one, other):
    return np.mean(one == other)


@tanimoto.wrong("Dice's coefficient", says="Dice's coefficient")
def _dice(one, other):
    return 2 * np.sum(one & other) / max(one.sum() + other.sum(), 1) if one.any() or other.any() else 0.0


@tanimoto.wrong("the cosine", says="this is the cosine")
def _cosine(one, other):
    return np.sum(one & other) / np.sqrt(max(one.sum() * float(other.sum()), 1)) if one.any() or other.any() else 0.0


@tanimoto.wrong("divides by the first", says="goes both ways")
def _of_the_first(one, other):
    return np.sum(one & other) / max(one.sum(), 1) if one.any() or other.any() else 0.0


@tanimoto.wrong("0 divided by 0", says="you divided 0 by 0")
def _(one, other):
    return np.float64(np.sum(one & other)) / np.sum(one | other)


@exercise(
    "10.3",
    "Split by scaffold",
    points=2,
    hints=[
        "names, counts = np.unique(scaffolds, return_counts=True) lists the scaffolds and how common they are; "
        "np.argsort(-counts, kind='stable') puts the most common first.",
        "Keep a count of the room left in training, share * len(scaffolds) to begin with. A scaffold goes to training "
        "if it fits, all rows with scaffolds == name, and the room shrinks by its count.",
        "np.flatnonzero(is_train) and np.flatnonzero(~is_train) turn a mask into row numbers.",
    ],
)
def scaffold_split(scaffolds, share):
    """scaffolds (n,) of int, share of training → rows of training, rows of test. The most common
    scaffold first (of equals the smaller number): to training if it still fits, else to test"""
    names, counts = np.unique(scaffolds, return_counts=True)
    is_train, room = np.zeros(len(scaffolds), bool), share * len(scaffolds) + 1e-9
    for k in np.argsort(-counts, kind="stable"):
        if counts[k] <= room:
            is_train[scaffolds == names[k]] = True
            room -= counts[k]
    return np.flatnonzero(is_train), np.flatnonzero(~is_train)


@scaffold_split.checks
def _(answer, rng):
    cases = [
        (rng.geometric(0.15, size=60), 0.7),
        (np.array([3, 3, 3, 1, 1, 2, 2, 0, 4, 5]), 0.8),
        (np.array([7, 7, 7, 7, 1, 2]), 0.5),
        (np.arange(5), 0.6),
    ]
    cases += [(np.zeros(4, int), 0.8), (rng.geometric(0.4, size=30), 0.9)]
    for scaffolds, share in cases:
        inputs = f"{len(scaffolds)} molecules of {len(np.unique(scaffolds))} scaffolds and share {share}"
        parts = expect_parts(answer(scaffolds, share), ["training", "test"])
        train, test = (np.sort(expect_array(part, inputs=inputs).astype(int).reshape(-1)) for part in parts)
        everyone = np.sort(np.concatenate([train, test]))
        expect(
            np.array_equal(everyone, np.arange(len(scaffolds))),
            f"for {inputs} your parts hold {len(everyone)} rows together: each row belongs to one of them, once",
        )
        torn = np.intersect1d(scaffolds[train], scaffolds[test])
        expect(
            not len(torn),
            f"for {inputs}, scaffold {torn[0] if len(torn) else ''} stands on both sides: it was torn apart",
        )
        expect(
            len(train) <= share * len(scaffolds) + 1e-6,
            f"for {inputs} your training part has {len(train)} rows: what does not fit any more goes to test",
        )
        right = scaffold_split(scaffolds, share)[0]
        rare = _rare_first(scaffolds, share)[0]
        expect(
            np.array_equal(train, right) or not np.array_equal(train, rare),
            f"for {inputs} you began with the rarest scaffolds: the common ones train, the rare ones test",
        )
        expect(
            np.array_equal(train, right),
            f"for {inputs} you put other rows into training than expected: the most common scaffold first, "
            "of equals the smaller number, each to training if it still fits",
        )


@scaffold_split.wrong("row by row", says="stands on both sides")
def _(scaffolds, share):
    rows = np.arange(len(scaffolds))
    cut = int(share * len(rows))
    return rows[:cut], rows[cut:]


@scaffold_split.wrong("the rarest first", says="you began with the rarest")
def _rare_first(scaffolds, share):
    names, counts = np.unique(scaffolds, return_counts=True)
    is_train, room = np.zeros(len(scaffolds), bool), share * len(scaffolds) + 1e-9
    for k in np.argsort(counts, kind="stable"):
        if counts[k] <= room:
            is_train[scaffolds == names[k]] = True
            room -= counts[k]
    return np.flatnonzero(is_train), np.flatnonzero(~is_train)


@scaffold_split.wrong("stops after the training part is full", says="does not fit any more goes to test")
def _(scaffolds, share):
    names, counts = np.unique(scaffolds, return_counts=True)
    is_train = np.zeros(len(scaffolds), bool)
    for k in np.argsort(-counts, kind="stable"):
        if is_train.sum() < share * len(scaffolds):
            is_train[scaffolds == names[k]] = True
    return np.flatnonzero(is_train), np.flatnonzero(~is_train)


@scaffold_split.wrong("one molecule a scaffold", says="each row belongs to one")
def _(scaffolds, share):
    rows = np.unique(scaffolds, return_index=True)[1]
    cut = int(share * len(rows))
    return rows[:cut], rows[cut:]


@scaffold_split.wrong("scaffolds at random", says="the most common scaffold first")
def _(scaffolds, share):
    names, counts = np.unique(scaffolds, return_counts=True)
    is_train, room = np.zeros(len(scaffolds), bool), share * len(scaffolds) + 1e-9
    for k in np.random.default_rng(7).permutation(len(names)):
        if counts[k] <= room:
            is_train[scaffolds == names[k]] = True
            room -= counts[k]
    return np.flatnonzero(is_train), np.flatnonzero(~is_train)
