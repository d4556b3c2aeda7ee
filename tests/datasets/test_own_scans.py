"""Scans of a reader's own: how they may lie beside their masks, and what is refused."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydicom.data import get_testdata_file

from datasets.own_files import refused
from datasets.own_scans import RAS, dicom, nifti, nrrd_file, patient
from utils import datasets
from utils.datasets.own import patients
from utils.datasets.own.entries import entry
from utils.datasets.own.summary import summary
from utils.datasets.volumes import Volume
from utils.datasets.volumes.volume import UNITS
from utils.errors import UsageError

VOXELS, MASK = patient(0)


def write(path, voxels=VOXELS):
    return nrrd_file(path, voxels) if path.suffix == ".nrrd" else nifti(path, voxels)


BESIDE = {
    "mask": ("p1.nii.gz", "p1_mask.nii.gz"),
    "label": ("p1.nrrd", "p1-label.nrrd"),
    "image and label": ("p1_image.nrrd", "p1_label.nrrd"),
    "of another form": ("p1.nii", "p1_Segmentation.nrrd"),
    "3D Slicer": ("p1.nrrd", "p1.seg.nrrd"),
    "a folder": ("p1/ct.nii.gz", "p1/anything_mask.nii.gz"),
    "a folder, mask alone": ("p1/ct.nii.gz", "p1/mask.nii.gz"),
    "two folders": ("imagesTr/p1.nii.gz", "labelsTr/p1.nii.gz"),
    "two folders, nnU-Net": ("imagesTr/p1_0000.nii.gz", "labelsTr/p1.nii.gz"),
}


@pytest.mark.parametrize("kind", [None, "scans"])
@pytest.mark.parametrize(("scan", "mask"), BESIDE.values(), ids=BESIDE)
def test_masks_beside_their_scans(tmp_path, scan, mask, kind):
    write(tmp_path / scan), write(tmp_path / mask, MASK)
    data = datasets.load(tmp_path, kind=kind)
    assert isinstance(data, datasets.Scans)
    (volume,), (around,) = data.volumes, data.tumours
    assert volume.name == ("p1/ct" if "ct" in scan else "p1")
    np.testing.assert_array_equal(volume.voxels, VOXELS)
    np.testing.assert_array_equal(volume.mask, MASK)
    np.testing.assert_allclose(volume.spacing, [3, 0.8, 0.8], rtol=1e-6)
    assert around.mask.sum() == MASK.sum()
    assert data.entry.kind == "scans"


def test_one_file_with_its_mask_beside_or_without(tmp_path):
    write(tmp_path / "p1.nii.gz"), write(tmp_path / "p1_mask.nii.gz", MASK), write(tmp_path / "p2.nii.gz")
    (volume,) = datasets.load(tmp_path / "p1.nii.gz").volumes
    np.testing.assert_array_equal(volume.mask, MASK)
    data = datasets.load(tmp_path / "p2.nii.gz")
    assert data.volumes[0].mask is None
    assert data.tumours[0].shape == VOXELS.shape
    assert "without a mask: p2" in data.entry.notes
    assert refused(tmp_path / "p1_mask.nii.gz") == (
        "p1_mask.nii.gz: expected a scan, found what its name calls a mask; give the scan, or the folder of both."
    )


def test_a_folder_of_many_patients(tmp_path):
    for name in ("p1", "p2"):
        write(tmp_path / f"{name}.nii"), write(tmp_path / f"{name}_mask.nii", MASK)
    write(tmp_path / "p3" / "t1.nii"), write(tmp_path / "p3" / "t2.nii"), write(tmp_path / "p3" / "t1_mask.nii", MASK)
    data = datasets.load(tmp_path)
    assert data.names == ("p1", "p2", "p3/t1", "p3/t2")
    assert data.groups.tolist() == [0, 1, 2, 2]  # two scans of one patient
    assert [volume.mask is not None for volume in data.volumes] == [True, True, True, False]


def test_dicom_with_the_mask_inside_or_beside(tmp_path):
    dicom(tmp_path / "a" / "p1", VOXELS)
    nrrd_file(tmp_path / "a" / "p1" / "mask.nrrd", MASK)
    dicom(tmp_path / "b" / "p1", VOXELS)
    nifti(tmp_path / "b" / "p1_mask.nii.gz", MASK)
    for path in (tmp_path / "a", tmp_path / "a" / "p1", tmp_path / "b"):
        (volume,) = datasets.load(path).volumes
        np.testing.assert_array_equal(volume.voxels, VOXELS)
        np.testing.assert_array_equal(volume.mask, MASK)
        assert (volume.name, volume.modality, volume.units) == ("p1", "CT", "HU")


def test_a_mask_with_other_axes_is_turned_and_several_labels_count_as_inside(tmp_path):
    write(tmp_path / "p1.nii.gz")
    labels = MASK * (1 + (np.arange(MASK.shape[2]) > 14)).astype(np.uint8)
    flipped = RAS @ np.array([[-1.0, 0, 0, MASK.shape[2] - 1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])
    nifti(tmp_path / "p1_mask.nii.gz", labels[:, :, ::-1], flipped)
    data = datasets.load(tmp_path)
    np.testing.assert_array_equal(data.volumes[0].mask, labels)
    assert "of several labels in a mask each counts as inside: p1" in data.entry.notes


def test_folders_of_dicom_are_patients_unless_the_patient_is_one(tmp_path):
    for name in ("first", "second"):
        dicom(tmp_path / "two" / name / "CT", VOXELS, patient=name)
    data = datasets.load(tmp_path / "two")
    assert (data.names, data.groups.tolist()) == (("first", "second"), [0, 1])
    for number in (3, 4):
        folder = tmp_path / "one" / f"series {number}"
        dicom(folder, VOXELS[: 4 + number], number=number, patient="Doe", StudyInstanceUID="1.2.3")
    assert refused(tmp_path / "one") == (
        "one: expected one series, found 2: 3 (CT, 7 files), 4 (CT, 8 files); choose one with --series, such as "
        "--series 4."
    )
    for series in (3, "3"):
        (volume,) = datasets.load(tmp_path / "one", series=series).volumes
        assert volume.shape[0] == 7
    with pytest.raises(UsageError, match=r"one has no series 5; there are 3 \(CT, 7 files\), 4 \(CT, 8 files\)"):
        datasets.load(tmp_path / "one", series=5)


def test_a_patient_id_that_everybody_has_is_a_blank(tmp_path):
    """As data look from which names were removed: each folder is a patient then, and it is said."""
    for name in ("a", "b", "c"):
        dicom(tmp_path / name, VOXELS, patient="ANONYMOUS", StudyInstanceUID=f"1.2.{ord(name)}")
    data = datasets.load(tmp_path)
    assert data.groups.tolist() == [0, 1, 2]
    assert any("it was taken for a blank" in note for note in data.entry.notes)


def test_one_slice_of_a_series_is_said_to_be_one(tmp_path):
    dicom(tmp_path / "p1", VOXELS)
    data = datasets.load(min((tmp_path / "p1").iterdir()))
    assert any("one slice of a series of which more lie beside it" in note for note in data.entry.notes)
    dicom(tmp_path / "p2", VOXELS[:1])
    assert not any("one slice" in note for note in datasets.load(min((tmp_path / "p2").iterdir())).entry.notes)


def test_two_folders_of_one_patient_are_one_group(tmp_path):
    """A patient who came twice lies in two folders, beside another one: the split must not divide them."""
    for name, who in (("first", "Doe"), ("second", "Doe"), ("third", "Roe")):
        dicom(tmp_path / name, VOXELS, patient=who)
    data = datasets.load(tmp_path)
    assert data.groups[0] == data.groups[1] != data.groups[2]


PERSON = {"PatientName": "Doe^Jane", "PatientBirthDate": "19580203", "InstitutionName": "St. Elsewhere"}


def test_what_identifies_a_person_is_named_and_never_said(tmp_path):
    dicom(tmp_path / "p1", VOXELS, patient="12345678", **PERSON)
    data = datasets.load(tmp_path / "p1")
    (note,) = [note for note in data.entry.notes if "identify" in note]
    assert note.startswith("p1: fields that identify a person are filled in: PatientName, PatientID, PatientBirthDate")
    everything = repr([data.entry, [(volume.name, volume.notes) for volume in data.volumes], summary(data)])
    for value in ("Doe", "Jane", "19580203", "1958", "Elsewhere", "12345678"):
        assert value not in everything
    nrrd_file(tmp_path / "q.nrrd", VOXELS, **{"PatientName": "Doe^Jane"})
    data = datasets.load(tmp_path / "q.nrrd")
    assert any("PatientName" in note for note in data.entry.notes)
    assert "Doe" not in repr([data.entry, data.volumes[0].notes, summary(data)])


GRIDS = {
    "another shape": (MASK[1:], RAS, "p1_mask.nii.gz: expected the shape of its scan, 10 x 32 x 30, found 9 x 32 x 30"),
    "another spacing": (
        MASK,
        RAS * [1, 1, 2, 1],
        "p1_mask.nii.gz: expected the grid of its scan (3 x 0.8 x 0.8 mm), found 6 x 0.8 x 0.8 mm",
    ),
    "another place": (
        MASK,
        RAS + np.eye(4)[:, [3]] * 0 + np.array([[0, 0, 0, 4]] + [[0] * 4] * 3),
        "found one 5 voxels",
    ),
    "no voxel": (MASK * 0, RAS, "p1_mask.nii.gz: expected a voxel inside the mask, found none."),
    "probabilities": (MASK * np.float32(0.5), RAS, "expected whole numbers from 0 to 255 in a mask, found values from"),
}


@pytest.mark.parametrize(("mask", "affine", "words"), GRIDS.values(), ids=GRIDS)
def test_a_mask_that_does_not_fit(tmp_path, mask, affine, words):
    write(tmp_path / "p1.nii.gz")
    nifti(tmp_path / "p1_mask.nii.gz", mask, affine)
    assert words in refused(tmp_path)


def test_masks_without_a_scan_and_scans_with_two_masks(tmp_path):
    write(tmp_path / "p1_mask.nii.gz", MASK)
    assert refused(tmp_path) == (
        f"{tmp_path.name}: expected scans (NAME.nii.gz with NAME_mask.nii.gz, the same as .nii or .nrrd, or folders of "
        "DICOM), found only masks: p1_mask.nii.gz."
    )
    write(tmp_path / "p2.nii.gz")
    assert "found none for p1_mask.nii.gz." in refused(tmp_path)
    write(tmp_path / "p1.nii.gz"), write(tmp_path / "p1_label.nii.gz", MASK)
    assert refused(tmp_path) == (
        "p1.nii.gz: expected one mask for this scan, found 2: p1_label.nii.gz, p1_mask.nii.gz."
    )
    (tmp_path / "p1_label.nii.gz").unlink()
    write(tmp_path / "p1.nrrd")
    assert refused(tmp_path).endswith("expected each scan under a name of its own, found 'p1' twice.")


REFUSED = {
    "no pixels": ("rtplan.dcm", "rtplan.dcm: expected a picture, found a DICOM file without pixels (RTPLAN)."),
    "colour": ("examples_rgb_color.dcm", "expected grey voxels, found a picture in colour"),
    "truncated": ("MR_truncated.dcm", "expected 64 x 64 pixels, 8,192 bytes, found 8,130 bytes: the file breaks off"),
    "a codec that is missing": ("JPEG-lossy.dcm", "for which no decoder is installed"),
}


@pytest.mark.parametrize(("name", "words"), REFUSED.values(), ids=REFUSED)
def test_files_of_pydicom_that_are_no_scan(tmp_path, name, words):
    (tmp_path / name).write_bytes(Path(get_testdata_file(name)).read_bytes())
    for path in (tmp_path / name, tmp_path):
        assert words in refused(path, "scans")


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm"])
def test_files_of_pydicom_that_are(tmp_path, name):
    (tmp_path / name).write_bytes(Path(get_testdata_file(name)).read_bytes())
    for path in (tmp_path / name, tmp_path):
        (volume,) = datasets.load(path).volumes
        assert volume.shape[0] == 1
        assert volume.modality == name[:2]


def missing(folder):
    return dicom(folder, VOXELS, slices=[0, 1, 2, 4, 5])


def twice(folder):
    dicom(folder, VOXELS)
    (folder / "again.dcm").write_bytes(next(folder.glob("*.dcm")).read_bytes())
    return folder


def renamed(folder):
    from PIL import Image

    folder.mkdir()
    Image.fromarray(VOXELS[0].astype(np.uint8)).save(folder / "x.jpg")
    (folder / "x.jpg").rename(folder / "x.dcm")
    return folder


def mixed(folder):
    dicom(folder, VOXELS, number=1)
    return dicom(folder, VOXELS, number=2)


SERIES = {
    "a missing slice": (missing, "3 mm"),
    "the same slice twice": (twice, "expected one slice at each place, found"),
    "two series": (
        mixed,
        "p1: expected one series, found 2: 1 (CT, 10 files), 2 (CT, 10 files); choose one with --ser",
    ),
    "a JPEG that was renamed": (renamed, "x.dcm: expected a DICOM file, found a JPEG picture; was it renamed?"),
}


@pytest.mark.parametrize(("make", "words"), SERIES.values(), ids=SERIES)
def test_folders_of_slices_that_do_not_fit(tmp_path, make, words):
    assert words in refused(make(tmp_path / "p1"), "scans")


def no_affine(path):
    """nibabel writes none of zeros: its place in the header is overwritten (sform_code 1, qform_code 0, srow)."""
    path = nifti(path.with_suffix(""), VOXELS)
    content = bytearray(path.read_bytes())
    content[252:256] = bytes([0, 0, 1, 0])
    content[280:328] = bytes(48)
    path.write_bytes(content)
    return path


NIFTI = {
    "zero affine": (no_affine, "p1.nii: expected an affine that places each voxel, found zeros"),
    "sheared affine": (
        lambda path: nifti(path, VOXELS, RAS + np.array([[0, 0.4, 0, 0]] + [[0] * 4] * 3)),
        "p1.nii.gz: expected axes at right angles, found an affine sheared by",
    ),
    "4-D": (lambda path: nifti(path, np.stack([VOXELS] * 2)), "p1.nii.gz: expected one volume (3-D), found 4-D: 2"),
    "NaN": (
        lambda path: nifti(path, np.where(MASK, np.nan, VOXELS).astype(np.float32)),
        "p1.nii.gz: expected a number in every voxel, found",
    ),
}


@pytest.mark.parametrize(("make", "words"), NIFTI.values(), ids=NIFTI)
def test_nifti_that_does_not_fit(tmp_path, make, words):
    assert words in refused(make(tmp_path / "p1.nii.gz"))


def test_what_is_not_there(tmp_path):
    assert "There is no p1.nii.gz in the folder " in refused(tmp_path / "p1.nii.gz", "scans")
    (tmp_path / "empty").mkdir()
    assert refused(tmp_path / "empty", "scans").endswith("or folders of DICOM), found none.")


def test_files_that_may_not_be_read(tmp_path, monkeypatch):
    for file in list(dicom(tmp_path / "p1", VOXELS).iterdir()):
        file.rename(file.with_suffix(""))
    assert len(datasets.load(tmp_path / "p1").volumes) == 1
    (tmp_path / "q").mkdir()
    (tmp_path / "q" / "slice").write_bytes(b"x")

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)
    assert refused(tmp_path / "p1", "scans") == (
        "1-00: expected a file that can be read, found one that cannot (Permission denied)."
    )
    assert "found slice." in refused(tmp_path / "q")


def test_the_summary(tmp_path):
    for number in range(9):
        write(tmp_path / f"p{number}.nii.gz", patient(number)[0])
        write(tmp_path / f"p{number}_mask.nii.gz", patient(number)[1])
    data = datasets.load(tmp_path)
    found = summary(data)
    assert found["scans"] == "9 of 9 patients, 9 of them with a mask"
    first, *_, last = found["volumes"].split("\n")
    assert first == "p0: modality not stated, 10 x 32 x 30 voxels of 3 x 0.8 x 0.8 mm, mask of 0.543 ml"
    assert last.strip() == "and 1 more"
    assert [len(line.split(", ")) for line in found["split"].split("\n")] == [6, 1, 2]


def collection(modalities, masks=None):
    """Scans with these modalities, each with a mask or without; without one, with the values of a CT or not."""
    stated = {"like a CT": ("", VOXELS), "": ("", VOXELS + 1000)}
    masks = [True] * len(modalities) if masks is None else masks
    volumes = tuple(
        Volume(f"p{number}", name, voxels.copy(), np.eye(4), MASK.copy() if there else None, UNITS.get(name, ""))
        for number, (modality, there) in enumerate(zip(modalities, masks, strict=True))
        for name, voxels in [stated.get(modality, (modality, VOXELS))]
    )
    own = entry(Path("x"), "scans", "segmentation")
    return datasets.Scans(own, volumes, volumes, np.arange(len(volumes)), pd.DataFrame())


@pytest.mark.parametrize(
    ("modalities", "masks", "words"),
    [
        (["CT"] * 5, None, "here are 5 (CT)"),
        (["CT"] * 5 + ["MR"] * 4, None, "here are 5 (CT)"),
        (["CT"] * 7, [True] * 5 + [False] * 2, "here are 5 (CT)"),
        ([""] * 5 + ["like a CT"] * 2, None, "here are 5 (modality not stated)"),
        (["CT"] * 2 + ["like a CT"] * 3, None, "here are 5 (CT)"),
        (["CT"], [False], "here are no such patients"),
    ],
)
def test_too_few_patients_for_a_network_are_told_what_is_missing(modalities, masks, words):
    data = collection(modalities, masks)
    assert patients.divided(data) is None
    assert patients.needed(data) == (
        "too few patients for a network, which needs 6 or more with a mask in scans of one modality (three to learn "
        f"from, one to choose by, two to test on); {words}"
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_split_is_by_whole_patients(seed):
    data = collection(["MR"] * 2 + ["CT"] * 20, None)
    object.__setattr__(data, "groups", np.array([0, 1, *range(2, 12), *range(2, 12)]))
    parts = patients.divided(data, seed).parts()
    assert patients.needed(data) == ""
    groups = [set(data.groups[rows].tolist()) for rows in parts.values()]
    assert [len(inside) for inside in groups] == [6, 2, 2]
    assert len(set.union(*groups)) == 10
    assert not set.union(*groups) & {0, 1}  # the others are of another modality


MEASURE = """
import resource, sys
from utils.datasets import own
from utils.datasets.own import patients
from utils.datasets.own.summary import summary
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
data = own.load(sys.argv[1])
assert data.volumes[0].voxels.nbytes > 2e9
summary(data)
assert not patients.is_ct(data.volumes[0])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no module resource")
def test_a_volume_of_two_gigabytes_stays_on_the_disk(tmp_path):
    """A sparse file, which takes no room: 1100 slices of 1000 x 1000 voxels."""
    path = nrrd_file(tmp_path / "huge.nrrd", VOXELS[:1, :2, :2], encoding="raw")
    header = path.read_bytes().split(b"\n\n")[0].replace(b"sizes: 2 2 1", b"sizes: 1000 1000 1100") + b"\n\n"
    with path.open("wb") as stream:
        stream.write(header)
        stream.truncate(len(header) + 2 * 1000 * 1000 * 1100)
    done = subprocess.run([sys.executable, "-c", MEASURE, path], capture_output=True, text=True, cwd=tmp_path.parent)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) / 1024 < 300  # MiB


def test_what_is_beyond_a_gigabyte_together_is_kept_on_the_disk(tmp_path, monkeypatch):
    for number in range(3):
        write(tmp_path / f"p{number}.nii.gz", patient(number)[0])
    monkeypatch.setattr("utils.datasets.own.scans.IN_MEMORY", int(1.5 * VOXELS.nbytes))
    data = datasets.load(tmp_path)
    assert [isinstance(volume.voxels, np.memmap) for volume in data.volumes] == [False, True, True]
    np.testing.assert_array_equal(data.volumes[2].voxels, patient(2)[0])
