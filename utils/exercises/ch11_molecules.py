"""Exercises of chapter 11 on molecules themselves: tokens of a SMILES, and how alike two molecules are."""

import re

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "11.1",
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
    "11.2",
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


@tanimoto.wrong("divides by the first", says="you divided by the ones of one of the two; divide by those in either")
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
