"""Exercises of chapter 10 on molecules themselves: tokens of a SMILES, similarity of two, a split by scaffold."""

import re

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect_array, expect_parts


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
    cases = ["CCO", "CC(=O)Cl", "BrCCBr", "Cc1ccccc1", "C[C@@H](N)C(=O)[O-]", "Sc1ccccc1", "C%12CCCC%12"]
    cases += ["[Na+].[Cl-]", r"C/C=C\C", "CC#N", "COc1cc(N)ccc1-c1ccccc1"]
    pieces = ["C", "c", "N", "Cl", "Br", "[nH]", "[C@H]", "=", "(", ")", "1", "2", "%10", "F", "/", "\\", "#", ":", "."]
    cases += ["".join(rng.choice(pieces, size=rng.integers(1, 12))) for _ in range(20)]
    for smiles in cases:
        answer.case(None, smiles)


@tokenise.wrong("letter by letter", says="you returned {got}: Cl, Br, a bracket and %12 are one token each")
def _(smiles):
    return list(smiles)


@tokenise.wrong("any capital with a small letter", says="you returned {got}: only Cl and Br have two letters")
def _(smiles):
    return re.findall(r"\[[^\]]*\]|%\d\d|[A-Z][a-z]|.", smiles)


@tokenise.wrong("opens the brackets", says="you returned {got}: a bracket with all its content is one token")
def _(smiles):
    return re.findall(r"Br|Cl|%\d\d|.", smiles)


@tokenise.wrong("without the brackets", says="you returned {got}: the brackets belong to their token")
def _(smiles):
    return [token.strip("[]") for token in tokenise(smiles)]


@tokenise.wrong("ring numbers of one digit", says="you returned {got}: a % takes two digits, %12 is one token")
def _(smiles):
    return re.findall(r"\[[^\]]*\]|Br|Cl|.", smiles)


@tokenise.wrong("drops what is not a letter", says="you returned {got}: bonds and branches are tokens, too")
def _(smiles):
    return re.findall(r"Br|Cl|[A-Za-z]", smiles)


@tokenise.wrong("a list of characters", says=r"you returned {got}: any other character is a token, / and \ too")
def _(smiles):
    return re.findall(r"\[[^\]]*\]|Br|Cl|%\d\d|[A-Za-z0-9()=#.\-+]", smiles)


@exercise(
    "10.2",
    "How alike are two molecules?",
    points=1,
    hints=[
        "Count the places where both have a 1, and the places where at least one has. Divide the first by the second.",
        "With both = np.sum(one & other) and either = np.sum(one | other): return both / either, but 0.0 where either "
        "is 0.",
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
    cases = [
        known,
        *rng.integers(0, 2, size=(5, 2, 40), dtype=np.uint8),
        (rng.random((2, 500)) < 0.05).astype(np.uint8),
    ]
    cases += [(full, full), (full, empty), (np.eye(6, dtype=np.uint8)[0], full), (empty, empty)]
    cases += [(rng.random((2, 1024)) < 0.8).astype(np.uint8)]
    for one, other in cases:
        ones, shared = f"{one.sum()} and {other.sum()} ones", f"{np.sum(one & other)} shared"
        answer.case(
            f"fingerprints of {len(one)} bits with {ones}, {shared}",
            *(one, other),
            shape="the similarity is one number",
            why="shared ones divided by ones in either",
        )


@tanimoto.wrong("counts zeros in common", says="you counted zeros in common: what both lack says little")
def _(one, other):
    return np.mean(one == other)


@tanimoto.wrong("Dice's coefficient", says="you returned Dice's coefficient; divide by the ones in either")
def _(one, other):
    return 2 * np.sum(one & other) / max(one.sum() + other.sum(), 1)


@tanimoto.wrong("shared ones counted twice", says="you counted shared ones twice in the denominator")
def _(one, other):
    return np.sum(one & other) / max(one.sum() + other.sum(), 1)


@tanimoto.wrong("the cosine", says="you returned the cosine; divide by the ones in either")
def _(one, other):
    return np.sum(one & other) / np.sqrt(max(one.sum() * float(other.sum()), 1))


@tanimoto.wrong("divides by the first", says="you divided by the ones of the first; divide by those in either")
def _(one, other):
    return np.sum(one & other) / max(one.sum(), 1)


@tanimoto.wrong("0 divided by 0", says="you divided 0 by 0: if neither has any bit, nothing is shared; return 0.0")
def _(one, other):
    return np.float64(np.sum(one & other)) / np.sum(one | other)


@tanimoto.wrong(
    "counts in 8 bits",
    says="you returned {got} where {wanted} is expected: a product of uint8 arrays counts only to 255; use np.sum, or "
    "turn the fingerprints into int first",
)
def _(one, other):
    both = one @ other
    return both / (one.sum() + other.sum() - both) if one.any() or other.any() else 0.0


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
    """The rows of a part may come in any order, so the parts are judged here and not compared as they are."""
    cases = [
        (np.array([9, 2, 8, 9, 2, 5, 9, 2, 8, 9]), 0.5),  # each order gives another training part
        (rng.permutation(40)[rng.geometric(0.15, size=60) % 40], 0.7),
        (np.array([3, 3, 3, 1, 1, 2, 2, 0, 4, 5]), 0.8),
        (np.array([7, 7, 7, 7, 1, 2]), 0.5),
        (np.arange(5), 0.6),
        (np.zeros(4, int), 0.8),
        (rng.geometric(0.4, size=30), 0.9),
    ]
    for scaffolds, share in cases:
        n = len(scaffolds)
        inputs = f"{n} molecules of {len(np.unique(scaffolds))} scaffolds and share {share}"
        parts = expect_parts(answer(scaffolds, share), names := ("training", "test"), inputs)
        parts = [expect_array(part, inputs=inputs, part=name) for part, name in zip(parts, names, strict=True)]
        train, test = (np.sort(part.astype(int).reshape(-1)) for part in parts)
        once = np.array_equal(np.sort(np.concatenate([train, test])), np.arange(n))
        answer.expect(once, "one molecule per scaffold", inputs, number=len(train) + len(test))
        torn = np.intersect1d(scaffolds[train], scaffolds[test])
        answer.expect(not len(torn), "row by row", inputs, scaffold=next(iter(torn), None))
        answer.expect(len(train) <= share * n + 1e-6, "goes on until training is full", inputs, number=len(train))
        right = np.array_equal(train, scaffold_split(scaffolds, share)[0])
        for mistake, other in {
            "the rarest first": _rarest_first,
            "by number": _by_number,
            "of equals the larger number": _larger_number,
            "stops at the first that does not fit": _stops,
        }.items():
            answer.expect(right or not np.array_equal(train, other(scaffolds, share)[0]), mistake, inputs)
        answer.expect(right, "scaffolds at random", inputs)


def _filled(scaffolds, share, order, fits=lambda count, room: count <= room, stops=False):
    """The split with the scaffolds in the order of ``order(counts)``, another rule of what fits, or an early end."""
    names, counts = np.unique(scaffolds, return_counts=True)
    is_train, room = np.zeros(len(scaffolds), bool), share * len(scaffolds) + 1e-9
    for k in order(counts):
        if fits(counts[k], room):
            is_train[scaffolds == names[k]] = True
            room -= counts[k]
        elif stops:
            break
    return np.flatnonzero(is_train), np.flatnonzero(~is_train)


def _common_first(counts):
    return np.argsort(-counts, kind="stable")


def _rare_first(counts):
    return np.argsort(counts, kind="stable")


@scaffold_split.wrong(
    "row by row", says="scaffold {scaffold} is in both parts: all molecules of a scaffold stay together"
)
def _(scaffolds, share):
    rows = np.arange(len(scaffolds))
    cut = int(share * len(rows))
    return rows[:cut], rows[cut:]


@scaffold_split.wrong(
    "one molecule per scaffold", says="your parts hold {number} rows together: each row belongs to one of them, once"
)
def _(scaffolds, share):
    rows = np.unique(scaffolds, return_index=True)[1]
    cut = int(share * len(rows))
    return rows[:cut], rows[cut:]


@scaffold_split.wrong(
    "goes on until training is full",
    says="your training part has {number} rows, more than its share: a scaffold that does not fit goes to test",
)
def _(scaffolds, share):
    return _filled(scaffolds, share, _common_first, fits=lambda count, room: room > 1e-6)


@scaffold_split.wrong(
    "the rarest first", says="you began with the rarest scaffolds: the common ones train, the rare ones test"
)
def _rarest_first(scaffolds, share):
    return _filled(scaffolds, share, _rare_first)


@scaffold_split.wrong("by number", says="you took the scaffolds by their number: the most common one comes first")
def _by_number(scaffolds, share):
    return _filled(scaffolds, share, lambda counts: range(len(counts)))


@scaffold_split.wrong(
    "of equals the larger number", says="of equally common scaffolds you took the larger number first, not the smaller"
)
def _larger_number(scaffolds, share):
    return _filled(scaffolds, share, lambda counts: _rare_first(counts)[::-1])


@scaffold_split.wrong(
    "stops at the first that does not fit",
    says="you stopped at the first scaffold that does not fit: a rarer one may still fit",
)
def _stops(scaffolds, share):
    return _filled(scaffolds, share, _common_first, stops=True)


@scaffold_split.wrong(
    "scaffolds at random",
    says="you put other rows into training than expected: the most common scaffold first, of equals the smaller "
    "number, each to training if it still fits",
)
def _(scaffolds, share):
    return _filled(scaffolds, share, lambda counts: np.random.default_rng(7).permutation(len(counts)))
