"""Exercise of chapter 11: a split by scaffold, so that no relative of a test molecule is learned from."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_parts


@exercise(
    "11.3",
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
        (np.array([3, 1, 5, 3, 1, 6, 3, 1, 7, 3]), 0.4),  # the first that fits leaves no room
        (np.array([1, 2, 2, 4, 0, 3, 4, 4, 1, 0]), 0.6),  # each order gives another training part
        (rng.permutation(40)[rng.geometric(0.15, size=60) % 40], 0.7),
        (np.array([3, 3, 3, 1, 1, 2, 2, 0, 4, 5]), 0.8),
        (np.array([7, 7, 7, 7, 1, 2]), 0.5),
        (np.arange(5), 0.6),
        (np.zeros(4, int), 0.8),
        (rng.geometric(0.4, size=30), 0.9),
        (rng.permutation(np.repeat(np.arange(60), np.resize([1, 2], 60))), 0.5),  # many that are equally common
    ]
    others = {  # the mistakes that would have passed the cases so far
        "strictly less": _strictly_less,
        "the rarest first": _rarest_first,
        "by number": _by_number,
        "of equals the larger number": _larger_number,
        "stops at the first that does not fit": _stops,
    }
    for scaffolds, share in cases:
        n = len(scaffolds)
        inputs = f"{n} molecules of {len(np.unique(scaffolds))} scaffolds and share {share}"
        parts = expect_parts(answer(scaffolds, share), names := ("training", "test"), inputs)
        parts = [expect_array(part, inputs=inputs, part=name) for part, name in zip(parts, names, strict=True)]
        masks = any(part.dtype.kind == "b" for part in parts)
        expect(not masks, f"for {inputs} your parts are masks; np.flatnonzero turns a mask into row numbers")
        train, test = (np.sort(part.astype(int).reshape(-1)) for part in parts)
        once = np.array_equal(np.sort(np.concatenate([train, test])), np.arange(n))
        answer.expect(once, "one molecule per scaffold", inputs, number=len(train) + len(test))
        torn = np.intersect1d(scaffolds[train], scaffolds[test])
        answer.expect(not len(torn), "row by row", inputs, scaffold=next(iter(torn), None))
        wanted = scaffold_split(scaffolds, share)
        right = np.array_equal(train, wanted[0])
        answer.expect(right or not np.array_equal(test, wanted[0]), "test part first", inputs)
        answer.expect(len(train) <= share * n + 1e-6, "goes on until training is full", inputs, number=len(train))
        for mistake, other in others.items():
            answer.expect(right or not np.array_equal(train, other(scaffolds, share)[0]), mistake, inputs)
        answer.expect(right, "scaffolds at random", inputs)
        others = {key: other for key, other in others.items() if np.array_equal(wanted[0], other(scaffolds, share)[0])}


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
    "strictly less", says="a scaffold that takes exactly the room that is left still fits: compare with <="
)
def _strictly_less(scaffolds, share):
    return _filled(scaffolds, share, _common_first, fits=lambda count, room: count < room - 1e-6)


@scaffold_split.wrong("test part first", says="your first part is the test part: return training, test")
def _(scaffolds, share):
    return scaffold_split(scaffolds, share)[::-1]


@scaffold_split.wrong(
    "the rarest first", says="you began with the rarest scaffolds: the common ones train, the rare ones test"
)
def _rarest_first(scaffolds, share):
    return _filled(scaffolds, share, _rare_first)


@scaffold_split.wrong(
    "by number", says="your training part has the smallest numbers: the most common scaffold comes first"
)
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
    return _filled(scaffolds, share, lambda counts: np.random.default_rng(8).permutation(len(counts)))
