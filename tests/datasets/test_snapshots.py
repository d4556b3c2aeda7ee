"""What the embedded datasets hold, counted; the cards say the same numbers."""

import re
from collections import Counter, defaultdict

import numpy as np
import pytest
from rdkit import Chem, rdBase

from utils import datasets
from utils.datasets import splits
from utils.datasets.catalogue import data_folder, find
from utils.datasets.store import read_csv
from utils.errors import CourseError, UsageError


@pytest.fixture(scope="module")
def loaded():
    """Datasets by name, each loaded once."""
    cache = {}
    return lambda name: cache.setdefault(name, datasets.load(name))


def card(name):
    """The table of counts on a data card, {what: number}."""
    text = (data_folder() / find(name).card).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| ([\d,]+) \|$", text[text.index("## Counts") :], re.M)
    return {what: int(number.replace(",", "")) for what, number in rows}


def names(dataset):
    return {name: int((dataset.labels == label).sum()) for label, name in enumerate(dataset.class_names)}


def test_nuclei(loaded):
    nuclei, table = loaded("nuclei"), read_csv(find("nuclei"), "nuclei.csv")
    assert nuclei.images.shape == (1585, 48, 48, 3)
    assert nuclei.class_names == ("connective", "inflammatory", "neoplastic")
    counted = {}
    for field in (1, 2):
        outlined, cut = table["class"][table["field"] == field], nuclei.labels[nuclei.fields == field]
        for what, labels in (("outlined", outlined), ("with a patch", np.take(nuclei.class_names, cut))):
            counted[f"nuclei in field {field}, {what}"] = len(labels)
            for name in nuclei.class_names:
                counted[f"{name} in field {field}, {what}"] = int((labels == name).sum())
    for part, rows in nuclei.split.parts().items():
        for label, name in enumerate(nuclei.class_names):
            counted[f"{name} in {part}"] = int((nuclei.labels[rows] == label).sum())
    assert counted == card("nuclei")
    assert (counted["nuclei in field 1, outlined"], counted["nuclei in field 2, outlined"]) == (1295, 423)
    assert nuclei.entry.notes[0].startswith(f"{1295 + 423 - 1585} nuclei at the rim are left out")


@pytest.mark.parametrize("number", [1, 2])
def test_masks_and_positions_lie_on_the_nuclei(loaded, number):
    """Rows and columns are not swapped: the mask is where the tissue is dark, and its centroids are the positions."""
    nuclei, field = loaded("nuclei"), datasets.tissue_field(number)
    assert field.image.shape == (1500, 1500, 3)
    grey = field.image.mean(axis=2)
    inside = field.instances > 0
    assert grey[inside].mean() < grey[~inside].mean() - 30
    assert grey[inside.T].mean() > grey[inside].mean() + 20
    table = read_csv(nuclei.entry, "nuclei.csv").query("field == @number")
    assert np.array_equal(np.unique(field.instances), np.arange(len(table) + 1))
    mine = nuclei.fields == number
    instance_at = {tuple(place): one for one, *place in table[["instance", "row", "column"]].to_numpy(np.float32)}
    for position, label in list(zip(nuclei.positions[mine], nuclei.labels[mine], strict=True))[::29]:
        pixels = field.instances == instance_at[tuple(position)]
        assert np.abs(np.argwhere(pixels).mean(axis=0) - position).max() < 0.01
        assert set(field.classes[pixels]) == {label + 1}
    assert np.array_equal(field.classes > 0, inside)


@pytest.mark.parametrize("size", [16, 48, 128])
def test_the_split_of_the_nuclei(size):
    """Squares of field 1 with all three classes in each part; field 2 is in no part."""
    nuclei = datasets.load("nuclei", size=size)
    parts = list(nuclei.split.parts().values())
    least = {128: 10}.get(size, 30)
    assert all(np.bincount(nuclei.labels[part], minlength=3).min() >= least for part in parts)
    assert set(nuclei.fields[np.concatenate(parts)]) == {1}
    corners = np.floor(nuclei.positions + 0.5)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        apart = np.abs(corners[parts[one]][:, None] - corners[parts[other]][None]).max(axis=2)
        assert apart.min() >= size
        assert not set(nuclei.groups[parts[one]]) & set(nuclei.groups[parts[other]])


def test_the_parts_of_the_nuclei_are_mixed_as_the_field(loaded):
    nuclei = loaded("nuclei")
    whole = np.bincount(nuclei.labels[nuclei.fields == 1]) / np.sum(nuclei.fields == 1)
    for rows in nuclei.split.parts().values():
        assert np.abs(np.bincount(nuclei.labels[rows]) / len(rows) - whole).max() <= 0.025


def test_a_nucleus_is_dealt_alike_whatever_the_size(loaded):
    """A part of small patches holds the part of large ones."""
    small = datasets.load("nuclei", size=24)
    for name, rows in loaded("nuclei").split.parts().items():
        large = {tuple(place) for place in loaded("nuclei").positions[rows]}
        assert large <= {tuple(place) for place in small.positions[small.split.parts()[name]]}


def test_groups_of_nuclei_are_blocks_of_one_field(loaded):
    nuclei = loaded("nuclei")
    for group in np.unique(nuclei.groups):
        assert np.ptp(nuclei.positions[nuclei.groups == group], axis=0).max() < 150
        assert len(set(nuclei.fields[nuclei.groups == group])) == 1
    assert "blocks of 150" in nuclei.entry.notes[-1]


def test_a_patch_is_cut_around_its_nucleus(loaded):
    """Every pixel is that of its field, at the rim as well: nothing is mirrored or filled."""
    nuclei = loaded("nuclei")
    for number in (1, 2):
        image = datasets.tissue_field(number).image
        for index in np.flatnonzero(nuclei.fields == number):
            top, left = np.floor(nuclei.positions[index] + 0.5).astype(int) - 24
            assert top >= 0 and left >= 0
            assert np.array_equal(nuclei.images[index], image[top : top + 48, left : left + 48])
    small = datasets.load("nuclei", size=32)
    at = {tuple(place): one for one, place in enumerate(small.positions)}
    index = at[tuple(nuclei.positions[700])]
    assert np.array_equal(nuclei.images[700][8:-8, 8:-8], small.images[index])
    with pytest.raises(UsageError, match="whole number from 8 to 128"):
        datasets.load("nuclei", size=3)
    with pytest.raises(UsageError, match="no field 3 of tissue; give 1 or 2"):
        datasets.tissue_field(3)


def test_cifar10_small(loaded):
    cifar = loaded("cifar10_small")
    counted = {
        "training images in cifar10_small": len(cifar.split.train),
        "test images in cifar10_small": len(cifar.split.test),
    }
    each = {part: set(np.bincount(cifar.labels[rows])) for part, rows in cifar.split.parts().items() if len(rows)}
    assert each == {"train": {600}, "test": {150}}
    assert counted == {what: number for what, number in card("cifar10_small").items() if what in counted}
    assert cifar.images.shape == (7500, 32, 32, 3)
    assert len(np.unique(cifar.images.reshape(7500, -1), axis=0)) == 7500
    # The first published training image is a frog on brown ground, the first test image a cat.
    assert [cifar.class_names[cifar.labels[rows[0]]] for rows in (cifar.split.train, cifar.split.test)] == [
        "frog",
        "cat",
    ]
    assert cifar.images[0, 0, 0].tolist() == [59, 62, 63]


def test_nafld():
    nafld = datasets.load("nafld", as_published=True)
    measurements, diagnoses = (read_csv(nafld.entry, f"{name}.csv.xz") for name in ("measurements", "diagnoses"))
    before = measurements[measurements["time"] <= 0]
    patients = nafld.patients
    pairs = {
        name: Counter(zip(*rows[["id", "time", "value"]].to_numpy().T.tolist(), strict=True))
        for name, rows in measurements.groupby("variable")
    }
    assert {
        "people": len(patients),
        "women": int((patients["male"] == 0).sum()),
        "deaths": int(nafld.labels.sum()),
        "matched sets": len(np.unique(nafld.groups)),
        "without weight": int(patients["weight"].isna().sum()),
        "without height": int(patients["height"].isna().sum()),
        "without body mass index": int(patients["bmi"].isna().sum()),
        "measurements as published": len(measurements),
        "measurements on or before day 0": len(before),
        "people measured on or before day 0": before["id"].nunique(),
        "values of chol that repeat hdl": (pairs["chol"] & pairs["hdl"]).total(),
        "values of dbp that repeat sbp": (pairs["dbp"] & pairs["sbp"]).total(),
        "diagnoses": len(diagnoses),
    } == card("nafld")
    assert (pairs["chol"].total(), pairs["dbp"].total()) == (161_258, 33_430)  # all of them are copies
    assert len(nafld.events) == len(measurements) + len(diagnoses)


def test_nafld_leaves_the_false_copies_out(loaded):
    events = loaded("nafld").events
    assert set(events["variable"]) & {"chol", "dbp", "hdl", "sbp"} == {"hdl", "sbp"}
    assert len(events) == 400_123 - 161_258 - 33_430 + 34_340
    assert events[["id", "time"]].equals(events[["id", "time"]].sort_values(["id", "time"]))
    assert (events.loc[events["variable"] == "diabetes", "value"] == 1).all()


def test_pbc(loaded):
    pbc = loaded("pbc")
    visits = pbc.visits()
    assert {
        "patients": len(pbc.patients),
        "women": int((pbc.patients["sex"] == "f").sum()),
        "visits": len(visits),
        "variables at a visit": visits.shape[1],
        **names(pbc),
        "on treatment 1": int((pbc.patients["trt"] == 1).sum()),
        "visits without cholesterol": int(visits["chol"].isna().sum()),
    } == card("pbc")
    assert visits.loc[(1, 192), "bili"] == 21.3
    assert np.isnan(visits.loc[(1, 192), "chol"])


def test_ecg5000(loaded):
    ecg = loaded("ecg5000")
    assert {
        "beats": len(ecg.signals),
        "samples in a beat": ecg.signals.shape[1],
        "training beats": len(ecg.split.train),
        "test beats": len(ecg.split.test),
        "patients": len(np.unique(ecg.groups)),
        **names(ecg),
    } == card("ecg5000")
    assert ecg.signals.dtype == np.float32
    assert np.abs(ecg.signals.mean(axis=1)).max() < 1e-5
    assert ecg.signals[0, 0] == np.float32(-0.11252183)
    with pytest.raises(UsageError, match="1 group cannot fill 3 parts"):
        splits.by_group(ecg.groups)


def test_splice(loaded):
    splice = loaded("splice")
    first = splits.deduplicate(splice.sequences)
    labels = defaultdict(set)
    for sequence, label in zip(splice.sequences, splice.labels, strict=True):
        labels[sequence].add(int(label))
    middle = {
        "EI with GT after the middle": ("EI", slice(30, 32), "GT"),
        "IE with AG before the middle": ("IE", slice(28, 30), "AG"),
    }
    sites = {
        what: sum(s[place] == letters for s in splice.sequences[splice.labels == splice.class_names.index(name)])
        for what, (name, place, letters) in middle.items()
    }
    assert {
        "sequences": len(splice.sequences),
        "letters in a sequence": len(splice.sequences[0]),
        **names(splice),
        "different sequences": len(first),
        **{
            f"{name} after deduplication": int((splice.labels[first] == k).sum())
            for k, name in enumerate(splice.class_names)
        },
        "sequences with two labels": sum(len(found) > 1 for found in labels.values()),
        "ambiguous letters": sum(letter not in "ACGT" for sequence in splice.sequences for letter in sequence),
        **sites,
    } == card("splice")
    assert {len(sequence) for sequence in splice.sequences} == {60}
    assert len(np.unique(splice.groups)) == 3005


@pytest.mark.parametrize(
    ("name", "published", "tasks"), [("bbbp", 2050, 1), ("esol", 1128, 1), ("sider", 1427, 27), ("tox21", 7831, 12)]
)
def test_molecules(loaded, name, published, tasks):
    molecules = loaded(name)
    told = card(name)
    assert molecules.labels.shape == (len(molecules.smiles), tasks)
    assert len(molecules.smiles) + len(molecules.unparsable) == published
    assert len(np.unique(molecules.groups)) == told["scaffolds"]
    assert len(molecules.unparsable) == told["unreadable"]
    with rdBase.BlockLogs():
        assert not [smiles for _, smiles in molecules.unparsable if Chem.MolFromSmiles(smiles)]
        assert all(Chem.MolFromSmiles(smiles) for smiles in molecules.smiles[::7])
    assert set(told.values()) == set(MOLECULES[name](molecules).values()) | {told["scaffolds"], told["unreadable"]}


def _bbbp(molecules):
    table = read_csv(molecules.entry, "bbbp.csv.xz")
    passing = table[table.columns[-1]]
    found = defaultdict(list)
    with rdBase.BlockLogs():
        for smiles, label in zip(molecules.smiles, molecules.labels[:, 0], strict=True):
            found[Chem.MolToSmiles(Chem.MolFromSmiles(smiles))].append(label)
    return {
        "molecules as published": len(table),
        "passing, as published": int((passing == 1).sum()),
        "not passing, as published": int((passing == 0).sum()),
        "readable": len(molecules.smiles),
        "molecules that occur more than once": sum(len(labels) > 1 for labels in found.values()),
        "molecules with opposite labels": sum(len(set(labels)) > 1 for labels in found.values()),
    }


def _without_rings(molecules):
    return max(Counter(molecules.groups.tolist()).values())


MOLECULES = {
    "bbbp": _bbbp,
    "esol": lambda m: {"molecules": len(m.smiles), "molecules without rings": _without_rings(m)},
    "sider": lambda m: {
        "molecules": len(m.smiles),
        "classes of effects": len(m.task_names),
        "missing labels": int(np.isnan(m.labels).sum()),
        "labels that are 1": int((m.labels == 1).sum()),
    },
    "tox21": lambda m: {
        "molecules as published": len(m.smiles) + len(m.unparsable),
        "readable": len(m.smiles),
        "assays": len(m.task_names),
        "missing labels among the readable": int(np.isnan(m.labels).sum()),
        "molecules without rings": _without_rings(m),
    },
}


def test_scaffolds_are_those_of_rdkit(loaded):
    from utils.datasets.conversions.molecules import scaffold

    bbbp = loaded("bbbp")
    group = {}
    for smiles, number in list(zip(bbbp.smiles, bbbp.groups, strict=True))[:200]:
        assert group.setdefault(scaffold(smiles), number) == number
    assert len(set(group.values())) == len(group)


def test_the_card_of_medmnist_adds_up():
    told = card("breastmnist")
    assert told.pop("sets") == len(told) == 12
    for what, number in told.items():
        assert sum(find(what.split()[-1]).counts.values()) == number


def test_arrays_are_protected_and_types_checked(loaded):
    splice = loaded("splice")
    with pytest.raises(ValueError, match="read-only"):
        splice.labels[0] = 1
    with pytest.raises(
        CourseError, match="'splice' does not fit together: 3,190 sequences, 3,189 labels, 3,190 groups"
    ):
        datasets.Sequences(splice.entry, splice.sequences, splice.labels[:-1], splice.class_names, splice.groups)
    nuclei = loaded("nuclei")
    with pytest.raises(CourseError, match="images are float64"):
        datasets.Images(nuclei.entry, nuclei.images / 255, nuclei.labels, nuclei.class_names, nuclei.groups)
    with pytest.raises(CourseError, match="a label has no class name"):
        datasets.Images(nuclei.entry, nuclei.images, nuclei.labels + 1, nuclei.class_names, nuclei.groups)
    pbc = loaded("pbc")
    with pytest.raises(CourseError, match="an event belongs to a person who is not among"):
        datasets.Records(pbc.entry, pbc.patients[1:], pbc.events, pbc.labels[1:], pbc.class_names, pbc.groups[1:])
