"""Letters as numbers, the other strand, families and folds: by hand, by invariance, and on the course's own windows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from utils import datasets
from utils.errors import CourseError, UsageError
from utils.exercises.core import get
from utils.features import dna

many = settings(deadline=None, max_examples=60)
stretches = st.text("".join(dna.IUPAC), max_size=30)
letters = st.text("ACGT", min_size=40, max_size=60)


@pytest.fixture(scope="module")
def windows():
    """The different windows of the course, their labels and families, as chapter 10 takes them."""
    data = datasets.load("splice")
    rows = datasets.splits.deduplicate(data.sequences)
    return data.sequences[rows], data.labels[rows], dna.families(data.sequences[rows])


def test_one_hot_by_hand():
    table = dna.one_hot(["ACGT", "NR"])
    assert table.dtype == np.float32
    assert np.array_equal(table[0], np.eye(4))
    assert np.allclose(table[1], [[0.25] * 4, [0.5, 0, 0.5, 0], [0] * 4, [0] * 4])


@many
@given(st.lists(stretches, min_size=1, max_size=5), st.integers(1, 30))
def test_one_hot_is_that_of_the_exercise(sequences, length):
    sequences = [sequence[:length] for sequence in sequences]
    by_hand = np.array([get("10.1")(sequence, length) for sequence in sequences])
    assert np.allclose(dna.one_hot(sequences, length), by_hand)


def test_of_what_is_too_long_the_middle_is_kept():
    assert np.array_equal(dna.codes(["AACGTT"], 4), [[0, 1, 2, 3]])
    assert np.array_equal(dna.codes(["AC", "ACGT"]), [[0, 1, 15, 15], [0, 1, 2, 3]])


@pytest.mark.parametrize("wrong", ["ACXT", "acgt", "ACGU", "AC-T"])
def test_a_letter_that_is_none_is_named(wrong):
    with pytest.raises(CourseError, match="Sequence 1 has"):
        dna.codes(["ACGT", wrong])


@many
@given(stretches)
def test_the_other_strand(sequence):
    other = dna.reverse_complement(sequence)
    assert dna.reverse_complement(other) == sequence
    assert other == get("10.5")(sequence)
    if sequence:
        assert np.allclose(dna.one_hot([other])[0], dna.one_hot([sequence])[0, ::-1, ::-1])


def draw(rng, length):
    return "".join(rng.choice(list("ACGT"), size=length))


def test_relatives_are_found_and_strangers_are_not():
    rng = np.random.default_rng(0)
    first = draw(rng, 60)
    shifted = draw(rng, 7) + first[:53]
    near = list(first)
    for place in range(3, 60, 5):  # twelve letters changed: runs of four at most, four places in five alike
        near[place] = "ACGT"["ACGT".index(near[place]) - 1]
    near[20:28] = first[20:28]
    strangers = [draw(rng, 60) for _ in range(40)]
    family = dna.families([first, shifted, "".join(near), first, *strangers])
    assert len(set(family[:4])) == 1
    assert len(set(family)) == 41


def test_a_stretch_of_one_letter_is_no_kinship():
    rng = np.random.default_rng(1)
    rows = [draw(rng, 30) + "T" * 20 + draw(rng, 30), draw(rng, 20) + "T" * 20 + draw(rng, 40)]
    rows += [draw(rng, 80) for _ in range(50)]
    assert len(set(dna.families(rows))) == 52


def test_stated_groups_are_kept_together_and_bad_runs_refused():
    rng = np.random.default_rng(2)
    rows = [draw(rng, 30) for _ in range(6)]
    family = dna.families(rows, groups=["a", "b", "a", "c", "d", "e"])
    assert family[0] == family[2]
    assert len(set(family)) == 5
    assert len(set(dna.families(["A", "C", "ACG"]))) == 3  # shorter than any run
    for run in (11, 28):
        with pytest.raises(UsageError, match="do not tell relatives from strangers"):
            dna.families(rows, run=run)


@many
@given(st.lists(letters, min_size=2, max_size=12), st.randoms())
def test_families_do_not_depend_on_the_order(sequences, random):
    order = list(range(len(sequences)))
    random.shuffle(order)
    straight, mixed = dna.families(sequences), dna.families([sequences[i] for i in order])
    for i in range(len(order)):
        for j in range(i):
            assert (mixed[i] == mixed[j]) == (straight[order[i]] == straight[order[j]])


@many
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), min_size=30, max_size=120), st.integers(2, 10))
def test_folds_keep_groups_whole(rows, count):
    labels, groups = np.array(rows).T
    if len(set(groups)) < count:
        with pytest.raises(UsageError, match="groups cannot be dealt out"):
            dna.folds(labels, groups, count)
        return
    fold = dna.folds(labels, groups, count, seed=3)
    assert set(fold) == set(range(count))
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    assert np.array_equal(fold, dna.folds(labels, groups, count, seed=3))


def test_no_twin_stands_on_both_sides_of_the_chapters_split(windows):
    """Neither the same letters, nor a long run of them anywhere, nor three quarters alike, in two different folds."""
    sequences, labels, family = windows
    fold = dna.folds(labels, family)
    assert len(set(sequences)) == len(sequences) == 3005
    one_hot = (dna.one_hot(sequences) == 1).reshape(len(sequences), -1).astype("float32")
    for number in range(10):
        inside, outside = fold == number, fold != number
        assert not set(sequences[inside]) & set(sequences[outside])
        assert (one_hot[inside] @ one_hot[outside].T).max() < 45
        assert not dna.shares_run(sequences[inside], sequences[outside], run=16).any()


def test_every_fold_holds_every_class_in_its_share(windows):
    _, labels, family = windows
    fold = dna.folds(labels, family)
    for label in range(3):
        shares = [np.mean(labels[fold == number] == label) for number in range(10)]
        assert np.ptp(shares) < 0.12
    assert np.bincount(fold).min() > 250


def test_shared_runs():
    rng = np.random.default_rng(4)
    known, new = draw(rng, 60), draw(rng, 60)
    shared = dna.shares_run([new, known[5:50], known[:19], known[:20]], [known, draw(rng, 60)], run=20)
    assert shared.tolist() == [False, True, False, True]
    assert dna.shares_run([new], ["A"], run=20).tolist() == [False]


def test_many_runs_are_thinned_out_and_copies_still_found(monkeypatch):
    rng = np.random.default_rng(5)
    rows = [draw(rng, 200) for _ in range(30)]
    rows += [draw(rng, 20) + rows[0][:180]]
    monkeypatch.setattr(dna, "MOST_WORDS", 1000)
    family = dna.families(rows)
    assert family[0] == family[-1]
    assert len(set(family)) == 30
