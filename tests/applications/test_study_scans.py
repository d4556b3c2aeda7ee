"""A study of somebody's scans: planes, features, cases on one grid, network and rule, and what is said of them."""

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from utils.applications import study_masks as judged
from utils.applications import study_scans
from utils.applications import study_segmentation as segmentation
from utils.datasets.own import patients
from utils.datasets.own.entries import entry
from utils.datasets.types import Scans
from utils.datasets.volumes import Volume
from utils.features.scans_radiomics import shape

SPACING = np.array([3.0, 0.8, 0.8])
AFFINE = np.array([[0, 0, 0.8, 0], [0, 0.8, 0, 0], [3.0, 0, 0, 0], [0, 0, 0, 1]])  # head, back, left


def ball(centre, radius, size):
    distance = [(axis - middle) * step for axis, middle, step in zip(np.indices(size), centre, SPACING, strict=True)]
    return np.sqrt(np.sum(np.square(distance), axis=0)) <= radius


def volume(seed, modality="CT", units="HU", contrast=120):
    """A body in air, and a ball in it that is brighter."""
    random, size = np.random.default_rng(seed), (12, 40, 36)
    mask = ball(np.array([6, 20, 18]) + random.integers(-2, 3, 3), 6, size)
    body = np.zeros(size, bool)
    body[:, 4:-4, 4:-4] = True
    voxels = np.where(body, 40 + random.normal(0, 15, size), -1000) + contrast * mask
    return Volume(f"p{seed}", modality, voxels.round().astype(np.int16), AFFINE, mask.astype(np.uint8), units)


def scans(volumes, groups=None):
    from pathlib import Path

    volumes = tuple(volumes)
    tumours = tuple(one if one.mask is None else one.around_mask(5) for one in volumes)
    groups = np.arange(len(volumes)) if groups is None else np.array(groups)
    return Scans(entry(Path("ward"), "scans", "segmentation"), volumes, tumours, groups, pd.DataFrame())


@pytest.fixture(scope="module")
def data():
    return scans(volume(seed) for seed in range(8))


@pytest.fixture(scope="module")
def cases(data):
    return segmentation.cases(data, patients.divided(data), most=20_000)


def test_what_a_scan_is(data):
    table = study_scans.geometry(data)
    assert table.loc["p0", "spacing, mm"] == "3.00 × 0.80 × 0.80"
    assert table.loc["p0", "size, mm"] == "36 × 32 × 29"
    assert table.loc["p0", "axes count up to"] == "superior, posterior, left"
    assert table.loc["p0", "mask, ml"] == round(data.volumes[0].mask.sum() * 3 * 0.64 / 1000, 3)


def test_a_scan_without_a_unit_is_a_ct_when_it_holds_air():
    assert patients.is_ct(volume(0, "", ""))
    assert not patients.is_ct(Volume("mr", "", np.full((2, 9, 9), 300, np.int16), AFFINE))
    assert not patients.is_ct(volume(0, "MR", ""))


def test_features_are_measured_per_label(data):
    two = volume(0)
    labels = two.mask * (1 + (np.arange(two.shape[2]) > 18)).astype(np.uint8)
    both = Volume("two", "CT", two.voxels, AFFINE, labels, "HU")
    table = study_scans.features(scans([both, volume(1)]))
    assert table.index.tolist() == ["two, label 1", "two, label 2", "p1"]
    wanted = shape(volume(1).mask, SPACING)
    assert table.loc["p1", "volume, ml"] == f"{wanted['MeshVolume'] / 1000:.4g}"
    assert table.loc["p1", "surface, cm²"] == f"{wanted['SurfaceArea'] / 100:.4g}"
    assert study_scans.features(scans([Volume("x", "CT", two.voxels, AFFINE, None, "HU")])).empty


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
@pytest.mark.parametrize("sign", [1, -1])
def test_planes_are_turned_alike_however_a_file_lies(order, sign):
    """One voxel high, at the back and to the left: it is there in each plane, whatever the order of the file's axes."""
    voxels = np.zeros((9, 21, 23), np.int16)
    voxels[7, 15, 18] = 100
    whole = Volume("x", "MR", voxels, np.diag([1.0, 1, 1, 1])[[2, 1, 0, 3]], (voxels > 0).astype(np.uint8))
    affine = whole.affine[:, [*order, 3]].copy()
    stored, mask = (array.transpose(order) for array in (whole.voxels, whole.mask))
    if sign < 0:
        affine[:3, 3] += affine[:3, 0] * (stored.shape[0] - 1)
        affine[:3, 0] *= -1
        stored, mask = stored[::-1], mask[::-1]
    other = Volume("x", "MR", np.ascontiguousarray(stored), affine, np.ascontiguousarray(mask))
    (axial, outline), (coronal, _), (sagittal, _) = study_scans.planes(other)
    assert np.argwhere(axial > 50).tolist() == [[15, 18]]  # rows to the back, columns to the left
    assert np.argwhere(outline).tolist() == [[15, 18]]
    assert np.argwhere(coronal > 50).tolist() == [[1, 18]]  # the head is above
    assert np.argwhere(sagittal > 50).tolist() == [[1, 15]]


def test_planes_have_square_pixels_and_no_more_than_can_be_seen():
    (axial, _), (coronal, _), _ = study_scans.planes(volume(0))
    assert axial.shape == (40, 36)
    assert coronal.shape == (45, 36)  # 12 slices of 3 mm in pixels of 0.8 mm
    wide = Volume("x", "CT", np.zeros((1, 1024, 512), np.int16), np.eye(4)[[2, 1, 0, 3]])
    assert study_scans.planes(wide)[0][0].shape == (256, 128)


def test_pictures_are_drawn_for_any_scan(data):
    masks = [{"mask": one.mask, "network": ndimage.binary_dilation(one.mask)} for one in data.volumes[:2]]
    figure = study_scans.look(data.volumes[:2], masks)
    assert len(figure.axes) == 6
    assert [len(ax.collections) for ax in figure.axes] == [2] * 6
    flat = Volume("flat", "", np.zeros((1, 20, 20), np.int16), np.eye(4)[[2, 1, 0, 3]])
    assert len(study_scans.look([flat]).axes) == 3
    assert len(study_scans.windows(data.volumes[0]).axes) == 3


def test_means_are_those_of_whole_voxels_and_stay_in_place():
    one = volume(3)
    small = segmentation.means(one, np.array([3.0, 1.7, 2.5]))
    assert small.shape == (12, 20, 12)
    np.testing.assert_allclose(small.spacing, [3, 1.6, 2.4])
    blocks = one.voxels[:, :40, :36].reshape(12, 20, 2, 12, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(small.voxels, blocks, rtol=1e-6)
    centre = np.argwhere(one.mask).mean(axis=0)
    coarse = np.argwhere(small.mask).mean(axis=0)
    assert np.abs(one.positions([centre]) - small.positions([coarse])).max() < 1
    assert segmentation.means(one, SPACING).shape == one.shape


def test_the_grid_is_that_of_the_training_scans(data, cases):
    spacing = cases["train"][0].spacing
    assert spacing[0] == 3
    assert spacing[1] == spacing[2]
    for part in cases.values():
        for case in part:
            np.testing.assert_allclose(case.spacing, spacing)
            assert case.voxels.size <= 21_000
            assert case.voxels.shape == case.mask.shape
            assert np.abs(case.voxels).max() <= 1
            size = case.mask.sum() * case.volume.voxel_volume
            whole = data.volume(case.volume.name)
            assert abs(size / (whole.mask.sum() * whole.voxel_volume) - 1) < 0.2
    names = [{case.volume.name for case in part} for part in cases.values()]
    assert sum(map(len, names)) == len(set.union(*names)) == 8


def test_mr_is_in_standard_deviations():
    mr = scans(volume(seed, "MR", "") for seed in range(6))
    case = segmentation.cases(mr, patients.divided(mr), most=20_000)["train"][0]
    assert 3 < case.voxels[case.mask].mean() <= 5


def test_the_rule_finds_what_is_brighter(cases, capsys):
    rules = segmentation.of_rule(cases["train"])
    assert len(rules) == 48
    name = judged.best(rules, cases["train"])
    assert f"best of 48: {name}, with a mean Dice of 0." in capsys.readouterr().out
    assert judged.dice(rules[name], cases["test"]).min() > 0.8


def test_the_network_learns_answers_everywhere_and_is_asked_once_for_each_scan(cases, monkeypatch):
    model = segmentation.train(cases["train"], steps=2, width=2, run_eagerly=True)
    asked = []
    real = segmentation.probabilities
    monkeypatch.setattr(segmentation, "probabilities", lambda *words: asked.append(1) or real(*words))
    candidates = segmentation.of_network(model)
    assert len(candidates) == 6
    (case, *_) = cases["test"]
    masks = [candidate(case) for candidate in candidates.values()]
    assert len(asked) == 1
    assert all(mask.shape == case.mask.shape and mask.dtype == bool for mask in masks)
    found = real(model, case)
    assert found.shape == case.mask.shape
    assert 0 <= found.min() <= found.max() <= 1
    assert masks[0].sum() >= masks[2].sum() >= masks[4].sum()  # surer is smaller


def test_what_was_added_to_make_a_patch_is_not_learned(cases):
    lesson = segmentation.lesson(cases["train"][0])
    assert all(length >= size for length, size in zip(lesson.labels.shape, segmentation.PATCH, strict=True))
    assert set(np.unique(lesson.labels)) == {-1, 0, 1}
    inner = tuple(slice(length) for length in cases["train"][0].mask.shape)
    assert (lesson.labels[inner] >= 0).all()
    assert (lesson.labels == 1).sum() == cases["train"][0].mask.sum()


def test_scores_and_the_sentence_for_a_few_patients(cases, capsys, data):
    both = {"network": lambda case: case.mask, "rule": lambda case: ndimage.binary_dilation(case.mask)}
    table = judged.scores(both, cases["test"])
    assert (table.xs("network", level="model")["Dice"] == 1).all()
    assert (table.xs("network", level="model")["Hausdorff 95 %, mm"] == 0).all()
    assert (table.xs("rule", level="model")["mean distance, mm"] > 0).all()
    assert set(table["pieces found"]) == {"1 of 1, 0 false"}
    comparison = judged.compare(*both.values(), cases["test"], repeats=20)
    assert comparison.sentence.startswith(
        "Nothing can be said about other patients: 2 were tested, and an interval needs"
    )
    assert np.isnan(comparison.difference.low)
    judged.record(*both.values(), cases["test"])
    assert "mean Dice" in capsys.readouterr().out
    text = judged.card(data, cases, table, comparison, width=8)
    for words in ("5 to learn from, 1 to choose by, 2 tested once", "p", "What you must add", "no medical device"):
        assert words in text


def test_the_sentence_for_enough_patients(cases):
    many = [*cases["train"], *cases["test"]]
    found = judged.compare(lambda case: case.mask, lambda case: case.mask * False, many, repeats=50)
    assert found.sentence.startswith("The network is better than the rule: mean Dice differs by +1.000")


def test_nothing_found_is_infinitely_far(cases):
    table = judged.scores({"network": lambda case: np.zeros_like(case.mask)}, cases["test"][:1])
    assert table["Hausdorff 95 %, mm"].tolist() == [float("inf")]
    assert table["pieces found"].tolist() == ["0 of 1, 0 false"]
