"""Splits: nothing on both sides, nothing empty, the same again with the same seed - whatever hypothesis invents."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from utils import datasets
from utils.datasets import splits
from utils.errors import UsageError

many = settings(deadline=None, max_examples=60)

fractions = st.sampled_from(
    [(0.7, 0.15, 0.15), (0.5, 0.25, 0.25), (0.8, 0.0, 0.2), (0.6, 0.4, 0.0), (1.0, 0.0, 0.0), (0.34, 0.33, 0.33)]
)
seeds = st.integers(0, 2**32 - 1)
groups = npst.arrays(np.int64, st.integers(1, 120), elements=st.integers(-5, 25))


def parts(split):
    return list(split.parts().values())


def check(split, wanted, rows):
    """Every row in exactly one part, and a part is empty only where its fraction is 0."""
    assert np.array_equal(np.sort(np.concatenate(parts(split))), np.sort(rows))
    assert [len(part) > 0 for part in parts(split)] == [fraction > 0 for fraction in wanted]
    assert all(part.dtype == np.int64 and np.all(np.diff(part) > 0) for part in parts(split))


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(parts(one), parts(other), strict=True))


@many
@given(st.integers(3, 500), fractions, seeds)
def test_by_row(n, wanted, seed):
    split = splits.by_row(n, wanted, seed)
    check(split, wanted, np.arange(n))
    assert same(split, splits.by_row(n, wanted, seed))
    if n >= 20:
        assert all(abs(len(part) - fraction * n) <= 2 for part, fraction in zip(parts(split), wanted, strict=True))


@many
@given(npst.arrays(np.int64, st.integers(60, 400), elements=st.integers(0, 3)), fractions, seeds)
def test_by_row_keeps_the_shares_of_the_classes(labels, wanted, seed):
    split = splits.by_row(len(labels), wanted, seed, labels=labels)
    check(split, wanted, np.arange(len(labels)))
    for label in np.unique(labels):
        size = (labels == label).sum()
        for part, fraction in zip(parts(split), wanted, strict=True):
            assert abs((labels[part] == label).sum() - fraction * size) <= 3


@many
@given(groups, fractions, seeds)
def test_by_group(members, wanted, seed):
    assume(len(np.unique(members)) >= np.count_nonzero(wanted))
    split = splits.by_group(members, wanted, seed)
    check(split, wanted, np.arange(len(members)))
    together = [set(members[part]) for part in parts(split)]
    assert not together[0] & together[1] and not together[0] & together[2] and not together[1] & together[2]
    assert same(split, splits.by_group(members, wanted, seed))


@many
@given(groups, fractions)
def test_by_scaffold(members, wanted):
    assume(len(np.unique(members)) >= np.count_nonzero(wanted))
    split = splits.by_scaffold(members, wanted)
    check(split, wanted, np.arange(len(members)))
    sizes = {group: (members == group).sum() for group in np.unique(members)}
    used = [[sizes[group] for group in set(members[part])] for part in parts(split)]
    assert sum(map(len, used)) == len(sizes)
    present = [part for part in used if part]
    assert all(min(left) >= max(right) for left, right in zip(present, present[1:], strict=False))


@many
@given(
    npst.arrays(np.float32, st.tuples(st.integers(3, 150), st.just(2)), elements=st.floats(0, 1000, width=32)),
    fractions,
    st.sampled_from(["row", "column", "tiles"]),
    st.one_of(st.none(), seeds),
    st.sampled_from([8, 32, 33]),
)
def test_by_position(positions, wanted, axis, seed, size):
    """No two patches of different parts share a pixel."""
    try:
        split = splits.by_position(positions, wanted, axis=axis, gap=size, seed=seed, tiles=4)
    except UsageError as error:
        # Few patches, close together, cannot always be parted; then the sentence says what to change.
        assert any(word in str(error) for word in ("smaller gap", "cannot fill", "fewer tiles"))
        return
    corners = np.floor(positions + 0.5).astype(int) - size // 2
    used = parts(split)
    for one in range(3):
        for other in range(one + 1, 3):
            apart = np.abs(corners[used[one]][:, None] - corners[used[other]][None]).max(axis=2)
            assert apart.size == 0 or apart.min() >= size
    assert [len(part) > 0 for part in used] == [fraction > 0 for fraction in wanted]
    assert same(split, splits.by_position(positions, wanted, axis=axis, gap=size, seed=seed, tiles=4))


@many
@given(st.lists(st.text("ACGT", max_size=3), min_size=1, max_size=60))
def test_deduplicate(sequences):
    rows = splits.deduplicate(sequences)
    assert [sequences[row] for row in rows] == list(dict.fromkeys(sequences))
    again = splits.numbered(np.array(sequences, dtype=object))
    assert all((sequences[i] == sequences[j]) == (again[i] == again[j]) for i in range(len(again)) for j in range(i))


@pytest.mark.parametrize("axis", ["column", "row", "tiles"])
def test_nuclei_parted_by_position(axis):
    """Field 1 parted by position; field 2 is in no part."""
    nuclei = datasets.load("nuclei")
    split = splits.by_position(
        nuclei.positions, axis=axis, gap=48, within=nuclei.fields == 1, seed=0 if axis == "tiles" else None, tiles=5
    )
    used = np.concatenate(parts(split))
    assert set(nuclei.fields[used]) == {1}
    assert len(used) > 0.8 * np.sum(nuclei.fields == 1)
    assert all(set(nuclei.labels[part]) == {0, 1, 2} for part in parts(split))
    if axis != "tiles":
        coordinate = nuclei.positions[:, ("row", "column").index(axis)]
        assert coordinate[split.train].max() + 48 <= coordinate[split.validation].min()
        assert coordinate[split.validation].max() + 48 <= coordinate[split.test].min()


def test_matched_sets_and_scaffolds_stay_together():
    nafld = datasets.load("nafld")
    split = splits.by_group(nafld.groups)
    assert [round(len(part) / len(nafld.groups), 2) for part in parts(split)] == [0.7, 0.15, 0.15]
    tox21 = datasets.load("tox21")
    scaffold = splits.by_scaffold(tox21)
    assert same(scaffold, splits.by_scaffold(tox21.groups))
    assert abs(len(scaffold.train) / len(tox21.groups) - 0.7) < 0.01


def test_duplicates_stay_together():
    splice = datasets.load("splice")
    used = [set(splice.sequences[part]) for part in parts(splits.by_group(splice.groups))]
    assert not used[0] & used[1] and not used[0] & used[2] and not used[1] & used[2]
    again = splice.sequences[splits.deduplicate(splice.sequences)]
    assert len(set(again)) == len(again) == 3005


def test_chance_is_fair():
    """Over many seeds, a group lands in training as often as the fraction says, whatever its size."""
    members = np.repeat(np.arange(40), np.tile([1, 2, 3, 4], 10))
    landed = np.array(
        [np.isin(np.arange(40), members[splits.by_group(members, seed=seed).train]) for seed in range(200)]
    )
    assert np.abs(landed.mean(axis=0) - 0.7).max() < 0.15


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: splits.by_row(10, (0.5, 0.5)), "are no split; give three numbers that add up to 1"),
        (lambda: splits.by_row(10, (0.5, 0.5, 0.5)), "are no split"),
        (lambda: splits.by_row(10, (1.2, -0.1, -0.1)), "are no split"),
        (lambda: splits.by_row(2), "2 rows cannot fill 3 parts; give more of them, or set a fraction to 0"),
        (lambda: splits.by_row(10, labels=np.zeros(9)), "9 labels cannot stratify 10 rows; give one label per row"),
        (lambda: splits.by_group([1, 1, 2]), "2 groups cannot fill 3 parts"),
        (lambda: splits.by_scaffold([1, 1, 2]), "2 scaffolds cannot fill 3 parts"),
        (lambda: splits.by_position(np.zeros((9, 2)), axis="depth"), "give 'column', 'row' or 'tiles'"),
        (lambda: splits.by_position(np.zeros(9)), r"give row and column of each patch, \(n, 2\)"),
        (lambda: splits.by_position(np.arange(18.0).reshape(9, 2)), "A gap of 32 pixels leaves no patch for train"),
        (lambda: splits.by_position(np.arange(18.0).reshape(9, 2), axis="tiles"), "wider than a tile of 3; take fewer"),
        (lambda: splits.Split([0, 1], [1], []), "is in two parts"),
    ],
)
def test_what_cannot_be_split_says_why(call, words):
    with pytest.raises(UsageError, match=words):
        call()


def collinear(count, direction):
    """Places in one line: level, upright, or all in one point."""
    return np.arange(count)[:, None] * np.array(direction, float) * 40


@pytest.mark.parametrize("direction", [(1, 0), (0, 1)])
@pytest.mark.parametrize("gap", [0, 32])
def test_patches_in_one_line_are_cut_along_it(direction, gap):
    positions = collinear(60, direction)
    split = splits.by_position(positions, axis="tiles", gap=gap, tiles=6)
    assert all(len(part) for part in parts(split))
    used = parts(split)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(positions[used[one]][:, None] - positions[used[other]]).max(axis=2).min() >= gap


@pytest.mark.parametrize("axis", ["row", "column", "tiles"])
@pytest.mark.parametrize("positions", [np.zeros((1, 2)), np.full((9, 2), 5.0)], ids=["one patch", "one place"])
def test_one_place_fills_one_part_only(positions, axis):
    with pytest.raises(UsageError, match="cannot fill 3 parts|leaves no patch for"):
        splits.by_position(positions, axis=axis, gap=0)
    everything = splits.by_position(positions, (1, 0, 0), axis=axis, gap=0)
    assert everything.train.tolist() == list(range(len(positions)))


numbers = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 40), st.floats(), st.text(max_size=3), st.lists(st.integers(), max_size=2)
)
columns = st.one_of(
    st.lists(st.one_of(st.none(), st.integers(-2, 3), st.floats(), st.text(max_size=2)), max_size=12),
    npst.arrays(np.float64, npst.array_shapes(max_dims=3, max_side=4)),
    npst.arrays(bool, st.integers(0, 12)),
    numbers,
)
places = st.one_of(
    columns,
    npst.arrays(np.float64, st.tuples(st.integers(0, 12), st.just(2))),
    npst.arrays(
        np.float64, st.tuples(st.integers(1, 12), st.just(2)), elements=st.sampled_from([0.0, 1.0, 50.0, 90.0])
    ),
)
shares = st.one_of(fractions, st.lists(numbers, max_size=4), st.text(max_size=3), numbers)
anything = settings(deadline=None, max_examples=300)


def split_or_sentence(call, rows):
    """A split of rows that are there, or a UsageError in one line; no other error and no warning."""
    try:
        with np.errstate(all="raise"):
            split = call()
    except UsageError as error:
        assert "\n" not in str(error)
        return
    used = np.concatenate(parts(split))
    assert not len(used) or 0 <= used.min() <= used.max() < rows


@anything
@given(numbers, shares, numbers, st.one_of(st.none(), columns))
def test_any_call_of_by_row_gives_a_split_or_a_sentence(n, wanted, seed, labels):
    split_or_sentence(lambda: splits.by_row(n, wanted, seed, labels), n if isinstance(n, int) else 0)


@anything
@given(columns, shares, numbers)
def test_any_call_of_by_group_and_by_scaffold_gives_a_split_or_a_sentence(members, wanted, seed):
    rows = len(members) if hasattr(members, "__len__") else 0
    split_or_sentence(lambda: splits.by_group(members, wanted, seed), rows)
    split_or_sentence(lambda: splits.by_scaffold(members, wanted), rows)


@anything
@given(
    places,
    st.one_of(st.just((0.6, 0.2, 0.2)), shares),
    st.one_of(st.sampled_from(["row", "column", "tiles"]), numbers),
    numbers,
    st.one_of(st.none(), numbers),
    st.one_of(st.none(), columns),
    numbers,
)
def test_any_call_of_by_position_gives_a_split_or_a_sentence(positions, wanted, axis, gap, seed, within, tiles):
    rows = len(positions) if hasattr(positions, "__len__") else 0
    split_or_sentence(lambda: splits.by_position(positions, wanted, axis, gap, seed, within, tiles), rows)


@anything
@given(places, st.sampled_from(["row", "column", "tiles"]), st.sampled_from([0, 1, 40]), st.integers(1, 9))
def test_any_places_are_split_or_refused(positions, axis, gap, tiles):
    rows = len(positions) if hasattr(positions, "__len__") else 0
    split_or_sentence(lambda: splits.by_position(positions, (0.6, 0.2, 0.2), axis, gap, None, None, tiles), rows)


@anything
@given(columns, columns, columns)
def test_any_parts_make_a_split_or_a_sentence(train, validation, test):
    split_or_sentence(lambda: splits.Split(train, validation, test), 2**63)


@anything
@given(columns)
def test_any_sequences_are_numbered_or_refused(sequences):
    try:
        rows = splits.deduplicate(sequences)
        assert len(splits.numbered(sequences)) >= len(rows)
    except UsageError as error:
        assert "per row" in str(error)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: splits.by_row(10, ("0.7", "0.15", "0.15")), r"\('0.7', '0.15', '0.15'\) are text; give three numbers"),
        (lambda: splits.by_row(10, (0.7, float("nan"), 0.3)), "nan.* are no split"),
        (lambda: splits.by_row(10, None), "fractions None are no split"),
        (lambda: splits.by_row(10.5), "number of rows cannot be 10.5; give a whole number of 0 or more"),
        (lambda: splits.by_row(10, seed=-1), "The seed cannot be -1"),
        (lambda: splits.by_row(3, labels=[1, "a", None]), r"Row 2 has no label \(None\)"),
        (lambda: splits.by_group([1.0, float("nan"), 3.0]), r"Row 1 has no group \(nan\); give every row one"),
        (lambda: splits.by_group(np.zeros((4, 2))), r"There is not one group per row, but the shape \(4, 2\)"),
        (lambda: splits.by_group(np.array([1, "a", 2], object)), "they are int and str; give one type"),
        (lambda: splits.by_position([[0, 0], [1, float("nan")], [2, 2]]), r"Patch 1 is at \(1.0, nan\); give a finite"),
        (lambda: splits.by_position([["a", "b"]]), "Positions must be numbers"),
        (
            lambda: splits.by_position(np.zeros((9, 2)), axis="tiles", tiles=0),
            "tiles per side cannot be 0; give a whole",
        ),
        (lambda: splits.by_position(np.zeros((9, 2)), gap=-1), "A gap of -1 pixels cannot be left; give a number of 0"),
        (lambda: splits.by_position(np.zeros((9, 2)), within=[True] * 8), r"within has the shape \(8,\)"),
        (lambda: splits.by_position(np.zeros((9, 2)), within=[False] * 9), "0 patches cannot fill 3 parts"),
        (lambda: splits.by_position(np.zeros((0, 2))), "0 patches cannot fill 3 parts"),
        (lambda: splits.Split([True, False], [], []), r"are True and False; .*np.flatnonzero\(mask\)"),
        (lambda: splits.Split([0.5], [], []), "The rows of train are not all row numbers"),
        (lambda: splits.Split([0], [-1], []), "The rows of validation are not all row numbers"),
    ],
)
def test_a_wrong_argument_is_named(call, words):
    with pytest.raises(UsageError, match=words):
        call()
