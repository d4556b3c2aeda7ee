"""The embedded scans and DICOM files: what they hold, counted; the cards say the same numbers."""

import re

import numpy as np
import pydicom
import pytest

from utils import datasets
from utils.datasets.catalogue import data_folder, find
from utils.datasets.conversions.encoding import npy, residuals, xz
from utils.datasets.store import read_voxels
from utils.datasets.volumes import read_scan, series_in
from utils.errors import CourseError, UsageError


@pytest.fixture(scope="module")
def scans():
    return datasets.load("scans")


def card(name):
    text = (data_folder() / find(name).card).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| ([\d,]+) \|$", text[text.index("## Counts") :], re.M)
    return {what: int(number.replace(",", "")) for what, number in rows}


def test_scans(scans):
    counted = {
        "patients": len(set(scans.groups)),
        "volumes in CT": sum(volume.modality == "CT" for volume in scans.volumes),
        "volumes in MR": sum(volume.modality == "MR" for volume in scans.volumes),
        "published features of each tumour": len(scans.published),
    }
    for name in scans.names:
        counted[f"tumour voxels of {name}"] = int(scans.tumour(name).mask.sum())
    for name in ("lung1", "lung2"):
        counted[f"tumour voxels of {name}, halved"] = int(scans.volume(name).mask.sum())
    assert counted == card("scans")
    assert scans.names == ("brain1", "brain2", "breast1", "lung1", "lung2") == tuple(scans.published.columns)
    assert scans.groups.tolist() == [0, 1, 2, 3, 4]
    for volume in (*scans.volumes, *scans.tumours):
        assert volume.voxels.dtype == np.int16 and volume.mask.dtype == np.uint8
        assert not volume.voxels.flags.writeable and not volume.mask.flags.writeable
        assert volume.units == ("HU" if volume.modality == "CT" else "")


def test_the_table_on_the_card(scans):
    text = (data_folder() / "cards" / "scans.md").read_text(encoding="utf-8")
    for volume in scans.volumes:
        size, spacing, tumour = re.search(
            rf"^\| {volume.name} \(..\) \| (.+?) \| (.+?) \| ([\d,]+) \|$", text, re.M
        ).groups()
        assert tuple(map(int, size.split(" × "))) == volume.shape
        np.testing.assert_allclose([float(side) for side in spacing.split(" × ")], volume.spacing, atol=6e-4)
        assert int(tumour.replace(",", "")) == scans.tumour(volume.name).mask.sum()


def test_the_tumour_lies_where_its_volume_has_it(scans):
    """In full resolution and halved, its middle is the same place, and it is about as bright."""
    for name in scans.names:
        whole, part = scans.volume(name), scans.tumour(name)
        middles = [volume.positions(np.argwhere(volume.mask)).mean(0) for volume in (whole, part)]
        assert np.linalg.norm(middles[0] - middles[1]) < 1.0
        means = [volume.voxels[volume.mask > 0].mean() for volume in (whole, part)]
        assert abs(means[0] - means[1]) < 25
        np.testing.assert_allclose(
            part.voxels[part.mask > 0].mean(), float(scans.published[name]["firstorder", "Mean"])
        )


def test_air_and_fat_or_muscle_have_their_hounsfield_units(scans):
    for name in ("lung1", "lung2"):
        voxels = scans.volume(name).voxels
        counts = np.bincount((voxels[voxels > -1024].ravel().astype(int) + 1024) // 20)
        peaks = {"air": np.argmax(counts[:10]) * 20 - 1024, "tissue": np.argmax(counts[45:70]) * 20 + 900 - 1024}
        assert -1024 <= peaks["air"] <= -940 and -140 <= peaks["tissue"] <= 80


def test_left_is_left(scans):
    """The heart lies on the left and in front, the spine in the middle and behind, the head above."""
    volume = scans.volume("lung2")
    dense = volume.voxels[25:35] > 0
    dense[:, :, :70] = dense[:, :, 190:] = False  # chest wall
    left_right, _, _ = volume.positions(np.argwhere(dense) + [25, 0, 0]).mean(0) - volume.positions([[30, 112, 128]])[0]
    assert left_right > 0
    bone = volume.voxels > 300
    assert volume.positions(np.argwhere(bone)).mean(0)[1] > volume.positions([[30, 112, 128]])[0][1]
    area = [(volume.voxels[number] > -300).sum() for number in (0, -1)]
    assert area[0] > area[1]  # the belly is wider than the neck


def test_residuals_come_back(tmp_path, monkeypatch, scans):
    random = np.random.default_rng(0)
    volume = random.integers(-1024, 3072, (3, 4, 5)).astype(np.int16)
    monkeypatch.setattr("utils.datasets.store.read", lambda entry, name: xz(npy(residuals(volume))))
    np.testing.assert_array_equal(read_voxels(scans.entry, "any"), volume)
    extremes = np.array([[[-32768, 32767]]], np.int16)
    with pytest.raises(ValueError, match="16 bits"):
        residuals(extremes)


def test_dicom_samples():
    samples = datasets.load("dicom_samples")
    headers = [pydicom.dcmread(path) for path in samples.files.values()]
    counted = {
        "files": len(headers),
        "files in colour or with a palette": sum(
            not header.PhotometricInterpretation.startswith("MONOCHROME") for header in headers
        ),
        "files compressed as JPEG 2000": sum(
            "JPEG 2000" in header.file_meta.TransferSyntaxUID.name for header in headers
        ),
        "files compressed as RLE": sum("RLE" in header.file_meta.TransferSyntaxUID.name for header in headers),
    }
    assert counted == card("dicom_samples")
    assert all(header.pixel_array.std() > 0 for header in headers)
    assert len(set(samples.groups)) == 5


def test_dicom_folder():
    folder = datasets.load("dicom_folder")
    inside = [name for name in folder.files if name.startswith("studies/")]
    counted = {
        "files": len(folder.files),
        "files in the two studies": len(inside),
        "series in the two studies": len(series_in(folder.folder / "studies")),
        "patients": len(set(folder.groups)),
    }
    assert counted == card("dicom_folder")
    assert read_scan(folder.files["ct_small.dcm"]).shape == (1, 128, 128)
    with pytest.raises(UsageError, match="holds files, but scans are read here; give scans, cranium, or a path"):
        datasets.load("dicom_folder", kind="scans")


def test_a_file_that_has_changed_is_not_opened(tmp_path, monkeypatch):
    import shutil

    shutil.copytree(data_folder(), tmp_path / "data", ignore=shutil.ignore_patterns("cifar10_small", "nuclei"))
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    path = tmp_path / "data" / "dicom_folder" / "ct_small.dcm"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CourseError, match=r"dicom_folder/ct_small.dcm is damaged: 39,205 bytes instead of 39,206"):
        datasets.load("dicom_folder")
