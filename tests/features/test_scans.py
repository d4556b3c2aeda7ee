"""Windows, resampling, orientation and MR scales: by hand, beside scipy, and on the course's own scans."""

import numpy as np
import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from scipy import ndimage

from utils import datasets
from utils.datasets.catalogue import data_folder
from utils.errors import UsageError
from utils.features import scans
from utils.features.scans import (
    canonical,
    hounsfield,
    inside,
    landmarks,
    largest,
    resample,
    to_landmarks,
    window,
    z_scores,
)


@pytest.fixture(scope="module")
def volumes():
    return datasets.load("scans")


def test_hounsfield_units_and_windows_are_those_of_pydicom():
    header = pydicom.dcmread(data_folder() / "dicom_folder" / "ct_small.dcm")
    units = hounsfield(header.pixel_array, header.RescaleSlope, header.RescaleIntercept)
    np.testing.assert_array_equal(units, apply_modality_lut(header.pixel_array, header))
    header.WindowCenter, header.WindowWidth = 40, 400
    header.VOILUTFunction = "LINEAR_EXACT"
    shown = apply_voi_lut(units, header)
    shown = (shown - shown.min()) / np.ptp(shown)
    np.testing.assert_allclose(window(units, 40, 400), shown, atol=1e-6)


def test_a_window():
    np.testing.assert_allclose(window([-1000, -160, 40, 140, 240, 3000], 40, 400), [0, 0, 0.5, 0.75, 1, 1])
    assert window(np.zeros((2, 3), np.int16), *scans.WINDOWS["bone"]).dtype == np.float32
    for width in (0, -5, np.nan):
        with pytest.raises(UsageError, match="wider than 0"):
            window([1], 0, width)


@pytest.mark.parametrize("spacing", [2.0, (6.5, 1.5, 1.5), (3, 0.5, 0.9), (40.0, 40, 40), (6.5, 0.78125, 0.78125)])
def test_resampling_is_that_of_scipy(volumes, spacing):
    volume = volumes.volume("brain2").crop(slice(2, 14), slice(100, 200), slice(150, 256))
    made = resample(volume, spacing)
    step = made.spacing / volume.spacing
    places = np.meshgrid(
        *[(np.arange(n) + 0.5) * s - 0.5 for n, s in zip(made.shape, step, strict=True)], indexing="ij"
    )
    linear = ndimage.map_coordinates(volume.voxels.astype(float), places, order=1, mode="nearest")
    nearest = ndimage.map_coordinates(volume.mask, places, order=0, mode="nearest")
    np.testing.assert_allclose(made.voxels, linear, rtol=1e-5, atol=1e-3)
    np.testing.assert_array_equal(made.mask, nearest)
    np.testing.assert_allclose(made.spacing, np.broadcast_to(spacing, 3))
    at = np.array([[0, 0, 0], np.array(made.shape) - 1])
    np.testing.assert_allclose(
        volume.indices(made.positions(at)), np.array([[p[0, 0, 0], p[-1, -1, -1]] for p in places]).T, atol=1e-9
    )


def test_resampling_keeps_places_and_volumes(volumes):
    volume = volumes.tumour("lung2")
    fine = resample(volume, 1.0)
    middle = [one.positions(np.argwhere(one.mask)).mean(0) for one in (volume, fine)]
    assert np.linalg.norm(middle[0] - middle[1]) < 0.5
    assert fine.mask.sum() * fine.voxel_volume == pytest.approx(volume.mask.sum() * volume.voxel_volume, rel=0.02)
    same = resample(volume, volume.spacing)
    np.testing.assert_array_equal(same.voxels, volume.voxels)
    np.testing.assert_allclose(same.affine, volume.affine)


@pytest.mark.parametrize("spacing", [0, -1, np.nan, (1, 2), (1, 1, 0), (1, 2, 3, 4)])
def test_a_spacing_that_is_none(volumes, spacing):
    with pytest.raises((UsageError, ValueError)):
        resample(volumes.tumour("breast1"), spacing)


def test_one_orientation_for_all(volumes):
    assert scans.ways(volumes.volume("brain1")) == ("superior", "anterior", "left")
    assert scans.ways(volumes.volume("lung1")) == ("superior", "posterior", "left")
    for volume in volumes.volumes:
        turned = canonical(volume)
        assert scans.ways(turned) == ("superior", "posterior", "left")
        places = np.argwhere(volume.mask)[::7]
        found = turned.indices(volume.positions(places)).round().astype(int)
        np.testing.assert_array_equal(turned.voxels[tuple(found.T)], volume.voxels[tuple(places.T)])
        assert turned.mask[tuple(found.T)].all() and turned.mask.sum() == volume.mask.sum()
        np.testing.assert_array_equal(canonical(turned).voxels, turned.voxels)


def test_a_flipped_volume_is_turned_back(volumes):
    volume = volumes.tumour("lung2")
    affine = volume.affine.copy()
    affine[:3, 3] = volume.positions([[0, 0, volume.shape[2] - 1]])[0]
    affine[:3, 2] *= -1
    flipped = datasets.Volume("f", "CT", volume.voxels[:, :, ::-1].copy(), affine, volume.mask[:, :, ::-1].copy())
    assert scans.ways(flipped)[2] == "right"
    np.testing.assert_array_equal(canonical(flipped).voxels, volume.voxels)
    np.testing.assert_allclose(canonical(flipped).affine, volume.affine)


def test_the_patient_without_the_air(volumes):
    for name in ("brain1", "brain2", "lung1", "lung2"):
        volume = volumes.volume(name)
        body = inside(volume)
        assert body.dtype == bool and body.shape == volume.shape
        assert body[volume.mask > 0].all()  # the tumour is in the patient, also in a dark lung
        assert 0.3 < body.mean() < 0.85
        assert ndimage.label(body)[1] == 1
    assert not largest(np.zeros((3, 3), bool)).any()
    assert largest([[1, 0, 1], [1, 0, 0]]).tolist() == [[True, False, False], [True, False, False]]


def test_z_scores(volumes):
    volume = volumes.volume("brain1")
    head = inside(volume)
    scores = z_scores(volume.voxels, head)
    assert scores[head].mean() == pytest.approx(0, abs=1e-5) and scores[head].std() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(z_scores(volume.voxels * 3.0 + 50, head), scores, atol=1e-4)  # another scanner's scale


def test_landmarks_bring_two_heads_together(volumes):
    heads = [volumes.volume(name) for name in ("brain1", "brain2")]
    masks = [inside(volume) for volume in heads]
    standard = np.mean([landmarks(volume.voxels, mask) for volume, mask in zip(heads, masks, strict=True)], axis=0)
    for volume, mask in zip(heads, masks, strict=True):
        made = to_landmarks(volume.voxels, mask, standard)
        np.testing.assert_allclose(landmarks(made, mask), standard, rtol=2e-3)
        order = np.argsort(volume.voxels[mask], kind="stable")
        assert (np.diff(made[mask][order]) >= -1e-3).all()  # what was brighter still is


@given(st.floats(0.1, 20), st.floats(-100, 100))
def test_landmarks_undo_slope_and_offset(slope, offset):
    values = np.random.default_rng(1).normal(100, 20, 400)
    everywhere = np.ones(400, bool)
    standard = landmarks(values, everywhere)
    np.testing.assert_allclose(
        to_landmarks(values * slope + offset, everywhere, standard), values, rtol=1e-3, atol=1e-3
    )


def test_scales_that_cannot_be(volumes):
    voxels = np.arange(8.0).reshape(2, 4)
    for part in (np.zeros((2, 4)), np.eye(2, 4) * [1, 0, 0, 0]):
        with pytest.raises(UsageError, match="needs at least two different values"):
            z_scores(voxels, part)
    with pytest.raises(UsageError, match="have one shape; these have two"):
        z_scores(voxels, np.ones((4, 2)))
    with pytest.raises(UsageError, match="11 rising values"):
        to_landmarks(voxels, np.ones((2, 4)), [1, 2, 3])
    with pytest.raises(UsageError, match="11 rising values"):
        to_landmarks(voxels, np.ones((2, 4)), np.zeros(11))
