"""What a study needs is asked before it begins, by the same code that divides the data in it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasets.own_files import compounds, happenings, people, pictures, rows, sentence, stretches
from utils import datasets, metrics
from utils.datasets import own
from utils.datasets.own import needs
from utils.datasets.own.summary import summary
from utils.errors import CourseError

PARTS = {"train": 12, "val": 9, "test": 12}


def refused(data):
    """The sentence that refuses a study; the look at the file and the split say the same."""
    with pytest.raises(CourseError) as caught:
        needs.plan(data)
    with pytest.raises(CourseError) as again:
        summary(data)
    assert str(again.value) == str(caught.value)
    return sentence(caught.value)


@pytest.fixture
def scans(tmp_path):
    def write(counts=PARTS, **changed):
        np.savez(tmp_path / "scans.npz", **pictures(counts, **changed))
        return own.load(tmp_path / "scans.npz")

    return write


@pytest.fixture
def table(tmp_path):
    def write(text, **options):
        (tmp_path / "own.csv").write_text(text)
        return own.load(tmp_path / "own.csv", **options)

    return write


@pytest.fixture
def ward(tmp_path):
    def write(events, outcomes):
        (tmp_path / "ward").mkdir(exist_ok=True)
        (tmp_path / "ward" / "events.csv").write_text(events)
        (tmp_path / "ward" / "outcomes.csv").write_text(outcomes)
        return own.load(tmp_path / "ward")

    return write


def test_pictures_keep_the_split_of_the_file(scans):
    data = scans()
    for part, kept in needs.plan(data).parts().items():
        np.testing.assert_array_equal(kept, data.split.parts()[part])


def test_one_picture_in_validation_or_test(scans):
    assert refused(scans({"train": 12, "val": 1, "test": 12})) == (
        "scans.npz: expected every class in each part, found none of 'class 1' in the validation part."
    )
    assert refused(scans({"train": 12, "val": 9, "test": 1})) == (
        "scans.npz: expected every class in each part, found none of 'class 1' in the test part."
    )
    assert refused(scans({"train": 12, "val": 9, "test": 6})) == (
        "scans.npz: expected more groups with 'class 0' in the test part, for an interval, found 2."
    )


def test_all_pictures_of_the_test_from_one_patient(scans):
    groups = {"train_groups": np.arange(12), "val_groups": np.arange(20, 29), "test_groups": np.full(12, 30)}
    assert refused(scans(**groups)) == (
        "scans.npz: expected more groups with 'class 0' in the test part, for an interval, found 1."
    )


def test_a_finding_that_the_test_lacks(scans):
    findings = {f"{part}_labels": np.arange(n * 2).reshape(n, 2) // 2 % 2 for part, n in PARTS.items()}
    findings["test_labels"][:, 1] = 0
    findings["train_labels"][0] = 0, 1
    assert refused(scans(**findings)) == (
        "scans.npz: expected every class in each part, found none of 'finding 1' in the test part."
    )


def test_a_split_without_validation_gets_one():
    data = datasets.load("cifar10_small")
    assert len(data.split.validation) == 0
    split = needs.plan(data)
    np.testing.assert_array_equal(split.test, data.split.test)
    np.testing.assert_array_equal(np.sort(np.r_[split.train, split.validation]), data.split.train)
    assert np.bincount(data.labels[split.validation]).min() >= 0.15 * len(data.split.train) / 10


def test_patches_of_tissue_count_each_for_itself():
    data = datasets.load("nuclei")
    np.testing.assert_array_equal(needs.plan(data).test, data.split.test)


def test_a_class_in_too_few_groups(table, ward):
    letters = stretches("GGGG,rare", "GGGA,rare", "GGGC,rare", "GGGT,rare", "GGCC,rare", count=40)
    assert refused(table(letters)) == (
        "own.csv: expected each class in 6 groups or more, for training, validation and an interval on the test, "
        "found 'rare' in 5."
    )
    assert "found 'rare' in 1." in refused(table(stretches(*["GGGG,rare"] * 9, count=40)))
    assert refused(ward(happenings(count=6), people(count=6))) == (
        "ward: expected each class in 6 groups or more, for training, validation and an interval on the test, "
        "found 'label 0' in 3."
    )


def test_the_fewest_groups_are_enough(table, ward):
    for data in (table(stretches(count=12)), ward(happenings(count=12), people(count=12))):
        split = needs.plan(data)
        assert all(set(data.labels[rows].tolist()) == {0, 1} for rows in split.parts().values())
        assert "split" in summary(data)


def test_groups_that_cannot_be_divided(ward):
    """Four families have both labels; two have one hundred people each."""
    family = [0] * 100 + [1] * 100 + [2] * 2 + [3] * 2
    outcomes = rows("id,label,group", *(f"p{n},{n % 2},{name}" for n, name in enumerate(family)))
    split = needs.plan(ward(happenings(count=204), outcomes))
    assert len(split.train) >= 100
    family = [0] * 200 + [1] * 2 + [2] * 2 + [3] * 2
    outcomes = rows("id,label,group", *(f"p{n},{n % 2},{name}" for n, name in enumerate(family)))
    assert len(needs.plan(ward(happenings(count=206), outcomes)).train) == 200
    outcomes = rows("id,label,group", *(f"p{n},{n % 2},{n // 20 if n < 20 else n}" for n in range(30)))
    assert refused(ward(happenings(count=30), outcomes)) == (
        "ward: expected groups of which training, validation and test each get some with every class, found that "
        "11 groups, the largest with 20 of 30 rows, cannot be divided so."
    )


def test_no_event_before_the_moment_of_prediction(ward):
    outcomes = rows("id,label,time", *(f"p{n},{n % 2},0" for n in range(16)))
    assert refused(ward(happenings(count=16), outcomes)) == (
        "ward: expected events at or before the moment of prediction, found none; look at the times."
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_somebody_in_the_training_part_has_events(ward, seed):
    """Where only those people have events whom the first split has in its test part, it is not taken."""
    test = set(needs.plan(ward(happenings(count=40), people(count=40)), seed).test.tolist())
    outcomes = rows("id,label,time", *(f"p{n},{n % 2},{1000 if n in test else 0}" for n in range(40)))
    data = ward(happenings(count=40), outcomes)
    train = data.patients.index[needs.plan(data, seed).train]
    assert needs.known_events(data)["id"].isin(train).any()


def test_what_can_be_divided_with_one_seed_can_be_divided_with_any(table):
    data = table(stretches(count=12))
    for seed in range(12):
        split = needs.plan(data, seed)
        assert all(set(data.labels[rows].tolist()) == {0, 1} for rows in split.parts().values())


def test_known_events_end_at_the_moment_of_prediction(ward):
    outcomes = rows("id,label,time", *(f"p{n},{n % 2},{n + 3}" for n in range(8)), "late,1,100")
    data = ward(happenings("p0,3.01,pulse,1"), outcomes)
    known = needs.known_events(data)
    assert len(known) == 16
    assert known["time"].tolist() == [time for n in range(8) for time in (n + 0.5, n + 3)]
    data = ward(happenings(), people())
    assert len(needs.known_events(data)) == len(data.events)


def test_molecules_are_divided_by_scaffold_where_there_are_enough(table):
    data = table(compounds())
    split = needs.plan(data)
    parts = [set(data.groups[rows].tolist()) for rows in split.parts().values()]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 5
    assert not any("scaffolds" in note for note in data.entry.notes)


def test_molecules_without_rings_are_divided_by_molecule_and_it_is_said(table):
    chains = [f"{'C' * (n // 2 + 1)}{'ON'[n % 2]},{n / 7}" for n in range(30)]
    chains.append("OCC,4.5")  # the third molecule, written otherwise
    data = table(rows("smiles,logS", *chains))
    assert data.groups[-1] == data.groups[2]
    assert len(set(data.groups.tolist())) == 30
    assert data.entry.notes == ("different scaffolds: 1, too few; splits keep each molecule together instead",)
    assert len(needs.plan(data).test) > 0


def test_each_column_of_labels_is_in_each_part(table):
    data = table(compounds(count=120))
    labels = np.where(np.arange(120) % 3 == 0, np.nan, data.labels[:, 0])
    both = np.stack([data.labels[:, 0], labels], axis=1)
    split = needs.by_group(needs.as_classes(both, "classification"), data.groups)
    for rows_ in split.parts().values():
        for column in both[rows_].T:
            assert set(column[~np.isnan(column)].tolist()) == {0, 1}


def test_the_same_seed_gives_the_same_split(table):
    data = table(stretches(count=200))
    first, again, other = (needs.plan(data, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.test, again.test)
    assert first.test.tolist() != other.test.tolist()
    assert [len(rows) / 200 for rows in first.parts().values()] == pytest.approx([0.64, 0.16, 0.2], abs=0.02)


@settings(max_examples=60, deadline=None)
@given(
    groups=st.lists(st.integers(0, 25), min_size=8, max_size=80),
    classes=st.integers(2, 4),
    pure=st.booleans(),
    seed=st.integers(0, 5),
)
def test_a_split_keeps_every_promise(groups, classes, pure, seed):
    """Every class in each part, no group in two, and a score of the test part has an interval."""
    groups = np.array(groups)
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, 26)[groups] if pure else rng.integers(0, classes, len(groups))
    labels = np.unique(labels, return_inverse=True)[1]
    split = needs.by_group(labels, groups, seed)
    if split is None:
        return
    parts = split.parts()
    assert sum(map(len, parts.values())) == len(labels)
    held = [set(groups[rows].tolist()) for rows in parts.values()]
    assert sum(map(len, held)) == len(set.union(*held))
    for rows_ in parts.values():
        assert set(labels[rows_].tolist()) == set(labels.tolist())
    truth = labels[split.test]

    def all_there(drawn):
        if len(np.unique(drawn)) < len(np.unique(truth)):
            raise metrics.UndefinedScore("a class is missing")
        return drawn.mean()

    if truth.max() > 0:
        assert metrics.estimate(all_there, truth, groups=groups[split.test]).value == truth.mean()
