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
def test_the_recommended_split_of_the_nuclei(axis):
    """Field 1 parted by position; field 2, in no part, is the external test."""
    nuclei = datasets.load("nuclei")
    split = splits.by_position(
        nuclei.positions, axis=axis, within=nuclei.groups == 1, seed=0 if axis == "tiles" else None
    )
    used = np.concatenate(parts(split))
    assert set(nuclei.groups[used]) == {1}
    assert len(used) > 0.85 * 1295
    assert all(set(nuclei.labels[part]) == {0, 1, 2} for part in parts(split))
    if axis != "tiles":
        coordinate = nuclei.positions[:, ("row", "column").index(axis)]
        assert coordinate[split.train].max() + 32 <= coordinate[split.validation].min()
        assert coordinate[split.validation].max() + 32 <= coordinate[split.test].min()


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
