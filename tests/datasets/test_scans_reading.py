"""Scans from the files of a scanner: DICOM in every order and form that is read, NIfTI, NRRD, and the mask beside."""

import gzip
import shutil

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from datasets.scan_files import CT, multiframe, pictures, write_nifti, write_nrrd, write_series
from utils import datasets
from utils.datasets import volumes
from utils.datasets.catalogue import data_folder
from utils.datasets.volumes import gathering, is_scan, personal, read_mask, read_scan, read_series, series_in
from utils.datasets.volumes.geometry import turn
from utils.errors import CourseError, UsageError

FOLDER = data_folder() / "dicom_folder"
SAMPLES = data_folder() / "dicom_samples"


def test_slices_come_in_the_order_of_their_places(tmp_path):
    """Neither file names nor instance numbers decide, and the numbers are those of pydicom, rescaled."""
    paths = write_series(tmp_path / "chest")
    volume = read_scan(tmp_path / "chest")
    assert sorted(paths) != paths
    expected = np.stack([pydicom.dcmread(path).pixel_array for path in paths]) - 1024
    np.testing.assert_array_equal(volume.voxels, expected)
    assert volume.voxels.dtype == np.int16 and not volume.voxels.flags.writeable
    assert (volume.name, volume.modality, volume.units) == ("chest", "CT", "HU")
    np.testing.assert_allclose(volume.spacing, [2.5, 0.7, 0.5])
    np.testing.assert_allclose(volume.origin, [-50, -40, 30])
    np.testing.assert_allclose(volume.positions([[1, 2, 3]]), [[-48.5, -38.6, 32.5]])
    np.testing.assert_allclose(volume.indices(volume.positions([[1, 2, 3]])), [[1, 2, 3]])


@pytest.mark.parametrize("cosines", [[1, 0, 0, 0, 0, -1], [0, 1, 0, 0, 0, -1], [0.8, 0.6, 0, 0, 0, -1]])
def test_coronal_sagittal_and_oblique_series(tmp_path, cosines):
    """Whatever plane: each voxel is where its own file says."""
    across, down = np.array(cosines[:3], float), np.array(cosines[3:], float)
    normal = np.cross(across, down)

    def change(number, header):
        header.ImageOrientationPatient = cosines
        header.ImagePositionPatient = list(np.array([5.0, 6, 7]) - 3 * number * normal)

    paths = write_series(tmp_path, change=change)
    volume = read_scan(tmp_path)
    for path in paths:
        header = pydicom.dcmread(path)
        first = np.array(header.ImagePositionPatient, float)
        number = volume.indices([first]).round().astype(int)[0]
        np.testing.assert_array_equal(volume.voxels[number[0]], header.pixel_array - 1024)
        place = first + 4 * 0.7 * down + 3 * 0.5 * across  # row 4, column 3
        np.testing.assert_allclose(volume.positions([[number[0], 4, 3]]), [place], atol=1e-9)


def test_the_series_of_a_folder(tmp_path):
    found = series_in(FOLDER / "studies" / "98892001")
    assert [(one.number, one.modality, len(one.files), one.shape) for one in found] == [
        (4, "CT", 2, (16, 16)),
        (5, "CT", 5, (16, 16)),
    ]
    assert found[1].description == "SmartScore - Gated 0.5 sec"
    assert {"PatientName", "PatientID", "StudyDate"} <= set(found[1].personal)
    for volume in (
        read_series(found[1]),
        read_scan(FOLDER / "studies" / "98892001", series=5),
        read_scan(FOLDER / "studies" / "98892001", series="5"),
        read_scan(FOLDER / "studies" / "98892001", series=found[1].uid[-8:]),
        read_scan(FOLDER / "studies" / "98892001" / "ct5n"),
    ):
        assert volume.shape == (5, 16, 16)
        np.testing.assert_allclose(volume.spacing, [2.5, 0.488281, 0.488281])
        lowest = pydicom.dcmread(FOLDER / "studies" / "98892001" / "ct5n" / "3353.dcm")
        np.testing.assert_array_equal(volume.voxels[0], lowest.pixel_array - 1024)


def test_what_is_no_scan_in_a_folder_is_passed_over(tmp_path):
    write_series(tmp_path / "here" / "below")
    shutil.copyfile(FOLDER / "LICENSE.txt", tmp_path / "here" / "README")
    (tmp_path / "here" / ".hidden").write_bytes(b"nothing")
    report = pydicom.dcmread(CT)
    del report.PixelData, report.Rows, report.Columns
    report.Modality, report.SeriesInstanceUID = "SR", "1.2.3"
    report.save_as(tmp_path / "here" / "report.dcm")
    assert read_scan(tmp_path / "here").shape == (6, 12, 10)
    assert [one.shape for one in series_in(tmp_path / "here")] == [(12, 10), None]


@pytest.mark.parametrize("name", ["mr_small.dcm", "mr_small_rle.dcm", "mr_small_big_endian.dcm"])
def test_one_picture_stored_in_three_ways(name):
    volume = read_scan(FOLDER / name)
    np.testing.assert_array_equal(volume.voxels[0], pydicom.dcmread(FOLDER / "mr_small.dcm").pixel_array)
    assert (volume.shape, volume.modality, volume.units) == ((1, 64, 64), "MR", "")
    np.testing.assert_allclose(volume.spacing, [0.8, 0.3125, 0.3125])
    assert volume.voxels.dtype == np.int16 and volume.voxels.dtype.isnative


def test_a_series_in_big_endian_or_packed(tmp_path):
    def change(number, header):
        if number % 2:
            header.compress(RLELossless)

    write_series(tmp_path / "rle", change=change)
    np.testing.assert_array_equal(read_scan(tmp_path / "rle").voxels, pictures() - 1024)
    for path in write_series(tmp_path / "big"):
        header = pydicom.dcmread(path)
        header.PixelData = header.pixel_array.astype(">i2").tobytes()
        header.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
        for element in list(header):  # private fields of the scanner, written for the other order
            if element.tag.is_private:
                del header[element.tag]
        pydicom.dcmwrite(path, header, little_endian=False, implicit_vr=False)
    np.testing.assert_array_equal(read_scan(tmp_path / "big").voxels, pictures() - 1024)


def test_files_without_the_mark_of_dicom(tmp_path):
    """As old scanners wrote them: no preamble, nothing that says how the rest is encoded."""
    for path in write_series(tmp_path):
        header = pydicom.dcmread(path)
        content = path.read_bytes()
        start = content.index(header["SOPClassUID"].tag.group.to_bytes(2, "little") + b"\x05\x00")
        path.write_bytes(content[start:])
    np.testing.assert_array_equal(read_scan(tmp_path).voxels, pictures() - 1024)


def test_a_radiograph_is_one_slice_whose_bright_is_dense():
    volume = read_scan(SAMPLES / "chest_radiograph.dcm")
    stored = pydicom.dcmread(SAMPLES / "chest_radiograph.dcm").pixel_array
    np.testing.assert_array_equal(volume.voxels[0], 2**15 - 1 - stored.astype(int))
    assert [note.split(":")[0].split(" is ")[0] for note in volume.notes] == [
        "Stored as MONOCHROME1, in which more",
        "The file states no distance between pixels; 1 mm was assumed, so that no size in mm",
        "The file does not state where the picture",
    ]


def test_slope_and_intercept(tmp_path):
    volume = read_scan(SAMPLES / "shoulder_mr.dcm")
    header = pydicom.dcmread(SAMPLES / "shoulder_mr.dcm")
    expected = header.pixel_array * float(header.RescaleSlope) + float(header.RescaleIntercept)
    np.testing.assert_allclose(volume.voxels[0], expected, rtol=1e-6)
    assert volume.voxels.dtype == np.float32

    def change(number, header):
        header.RescaleSlope, header.RescaleIntercept = 1 + number, -1024

    write_series(tmp_path, change=change)
    volume = read_scan(tmp_path)
    factors = np.arange(1, 7).reshape(-1, 1, 1)
    np.testing.assert_array_equal(volume.voxels, pictures() * factors - 1024)
    assert "Slope and intercept differ between the slices" in volume.notes[0]


def test_values_that_two_bytes_do_not_hold(tmp_path):
    def change(number, header):
        header.RescaleSlope = 50

    write_series(tmp_path, change=change)
    volume = read_scan(tmp_path)
    assert volume.voxels.dtype == np.float32
    np.testing.assert_array_equal(volume.voxels, pictures().astype(int) * 50 - 1024)


def test_a_ct_without_rescale_or_without_air_says_so(tmp_path):
    def without(number, header):
        del header.RescaleIntercept

    write_series(tmp_path / "raw", change=without)
    volume = read_scan(tmp_path / "raw")
    assert volume.units == "" and "no RescaleIntercept" in volume.notes[0]

    def wrong(number, header):
        header.RescaleIntercept = 0

    write_series(tmp_path / "wrong", change=wrong)
    assert "where air has -1000" in " ".join(read_scan(tmp_path / "wrong").notes)

    def inverted(number, header):
        header.RescaleSlope = -1

    write_series(tmp_path / "inverted", change=inverted)
    note = "The voxels of 6 slices go from -1743 to -1024 HU, where air has -1000, water 0 and bone up to 3000: "
    assert read_scan(tmp_path / "inverted").notes[0].startswith(note)


def test_frames_of_one_file(tmp_path):
    volume = read_scan(multiframe(tmp_path / "frames.dcm", places=[5, 0, 2.5, 7.5, 10, 12.5]))
    np.testing.assert_array_equal(volume.voxels, pictures()[[1, 2, 0, 3, 4, 5]] - 1024)
    np.testing.assert_allclose(volume.spacing, [2.5, 0.7, 0.5])
    assert (volume.units, volume.name) == ("HU", "frames")


def test_a_dose_lies_where_its_offsets_say():
    path = pydicom.data.get_testdata_file("rtdose.dcm")
    volume = read_scan(path)
    header = pydicom.dcmread(path)
    np.testing.assert_allclose(volume.voxels, header.pixel_array * float(header.DoseGridScaling), rtol=1e-6)
    np.testing.assert_allclose(volume.spacing, [5, 10, 10])


def test_large_volumes_are_on_the_disk(tmp_path, monkeypatch):
    write_series(tmp_path / "series")
    write_nifti(tmp_path / "a.nii.gz")
    plain = write_nifti(tmp_path / "a.nii")
    small = [read_scan(tmp_path / name) for name in ("series", "a.nii.gz", "a.nii")]
    monkeypatch.setattr(gathering, "IN_MEMORY", 100)
    monkeypatch.setattr(volumes.raw, "IN_MEMORY", 100)
    before = set(tmp_path.iterdir())
    for name, volume in zip(("series", "a.nii.gz", "a.nii"), small, strict=True):
        large = read_scan(tmp_path / name)
        assert isinstance(large.voxels, np.memmap) and not isinstance(volume.voxels, np.memmap)
        np.testing.assert_array_equal(large.voxels, volume.voxels)
        assert isinstance(large.voxels[1:3, :2, :2].copy(), np.ndarray)
    assert set(tmp_path.iterdir()) == before and plain.exists()


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_nifti(tmp_path, name):
    """The patient's left, the back and the head, whichever way the file counts."""
    affine = np.array([[-2.0, 0, 0, 60], [0, 3, 0, -80], [0, 0, 4, -10], [0, 0, 0, 1]])
    path = write_nifti(tmp_path / name, affine=affine)
    volume, image = read_scan(path), nibabel.load(path)
    np.testing.assert_array_equal(volume.voxels, np.asarray(image.dataobj).transpose(2, 1, 0))
    np.testing.assert_allclose(volume.spacing, [4, 3, 2])
    for index in [(0, 0, 0), (5, 4, 3), (1, 2, 3)]:
        right, front, up = (affine @ [*index, 1])[:3]
        np.testing.assert_allclose(volume.positions([index[::-1]]), [[-right, -front, up]])
    assert (volume.name, volume.modality, volume.units, volume.notes) == ("a", "", "", ())


def test_nifti_in_other_numbers_and_units(tmp_path):
    values = np.linspace(0, 1, 60, dtype=np.float32).reshape(3, 4, 5)
    np.testing.assert_allclose(read_scan(write_nifti(tmp_path / "f.nii", values)).voxels, values.transpose(2, 1, 0))
    one_more = read_scan(write_nifti(tmp_path / "t.nii", values[..., np.newaxis]))
    assert one_more.shape == (5, 4, 3)
    image = nibabel.Nifti1Image(np.arange(60, dtype=np.uint8).reshape(3, 4, 5), np.diag([0.002, 0.003, 0.004, 1]))
    image.header.set_slope_inter(2, -10)
    image.header.set_xyzt_units("meter")
    nibabel.save(image, tmp_path / "scaled.nii.gz")
    volume = read_scan(tmp_path / "scaled.nii.gz")
    np.testing.assert_allclose(volume.voxels, np.asanyarray(image.dataobj).transpose(2, 1, 0) * 2.0 - 10)
    np.testing.assert_allclose(volume.spacing, [4, 3, 2], rtol=1e-6)
    nibabel.save(nibabel.Nifti2Image(values, np.eye(4)), tmp_path / "two.nii")
    assert read_scan(tmp_path / "two.nii").shape == (5, 4, 3)


def test_nifti_that_does_not_say_where_left_is(tmp_path):
    volume = read_scan(write_nifti(tmp_path / "a.nii", qform_code=0, sform_code=0))
    assert volume.notes == (
        "The file states no orientation (qform and sform are not set): left and right are not known.",
    )


@pytest.mark.parametrize("encoding", ["raw", "gzip", "ascii", "bzip2"])
def test_nrrd(tmp_path, encoding):
    volume = read_scan(write_nrrd(tmp_path / "a.nrrd", encoding=encoding))
    np.testing.assert_array_equal(volume.voxels, pictures())
    np.testing.assert_allclose(volume.spacing, [2.5, 0.7, 0.5])
    np.testing.assert_allclose(volume.origin, [-50, -40, 30])
    assert volume.notes == ()


def test_nrrd_in_another_space(tmp_path):
    volume = read_scan(write_nrrd(tmp_path / "a.nrrd", space="RAS"))
    np.testing.assert_allclose(volume.origin, [50, 40, 30])
    np.testing.assert_allclose(volume.positions([[1, 1, 1]]) - volume.origin, [[-0.5, -0.7, 2.5]])
    volume = read_scan(write_nrrd(tmp_path / "b.nrrd", space="scanner-xyz", **{"Patient Name": "Doe"}))
    assert "left and right are not known" in volume.notes[0]
    assert volume.notes[1] == "The header holds fields that identify a person: Patient Name."


def test_the_published_volumes_are_read_as_they_are_embedded(tmp_path):
    """The same voxels and places, by way of all three forms of file."""
    scans = datasets.load("scans")
    tumour = scans.tumour("brain2")
    axes = tumour.affine[:3, 2::-1]
    write_nrrd(tmp_path / "a.nrrd", tumour.voxels, **{"space directions": axes.T, "space origin": tumour.origin})
    affine = np.diag([-1, -1, 1, 1]) @ np.column_stack([np.vstack([axes, [0, 0, 0]]), tumour.affine[:, 3]])
    write_nifti(tmp_path / "a.nii.gz", tumour.voxels.transpose(2, 1, 0), affine)
    for name in ("a.nrrd", "a.nii.gz"):
        volume = read_scan(tmp_path / name)
        np.testing.assert_array_equal(volume.voxels, tumour.voxels)
        np.testing.assert_allclose(volume.affine, tumour.affine, atol=1e-4)


def test_a_mask_is_turned_to_its_scan(tmp_path):
    scans = datasets.load("scans")
    volume = scans.volume("brain1")
    axes = volume.affine[:3, 2::-1]
    geometry = {"space directions": axes.T, "space origin": volume.origin}
    np.testing.assert_array_equal(
        read_mask(write_nrrd(tmp_path / "m.nrrd", volume.mask, **geometry), volume), volume.mask
    )
    flipped = np.diag([-1, -1, 1, 1]) @ np.column_stack([np.vstack([axes, [0, 0, 0]]), volume.affine[:, 3]])
    image = nibabel.as_closest_canonical(nibabel.Nifti1Image(volume.mask.transpose(2, 1, 0), flipped))
    nibabel.save(image, tmp_path / "m.nii.gz")
    assert image.affine[1, 1] > 0 > volume.affine[1, 1]  # the rows run the other way
    np.testing.assert_array_equal(read_mask(tmp_path / "m.nii.gz", volume), volume.mask)


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)])
@pytest.mark.parametrize("signs", [(1, 1, 1), (-1, 1, -1), (-1, -1, -1)])
def test_turning_and_turning_back(order, signs):
    values = np.arange(24).reshape(2, 3, 4)
    angle = np.radians(20)
    affine = np.eye(4)
    rotation = [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    affine[:3, :3] = np.array(rotation) * [2, 3, 4]
    affine[:3, 3] = [7, 8, 9]
    like = np.eye(3)[:, order] * signs
    turned, moved = turn(values, affine, like)
    assert sorted(turned.shape) == [2, 3, 4]
    for index in np.ndindex(turned.shape):
        place = moved @ [*index, 1]
        back = np.linalg.solve(affine, place)[:3].round().astype(int)
        assert values[tuple(back)] == turned[index]
    again, home = turn(turned, moved, affine[:3, :3])
    np.testing.assert_array_equal(again, values)
    np.testing.assert_allclose(home, affine, atol=1e-12)


def test_personal_fields_are_named_and_nothing_more():
    header = pydicom.dcmread(FOLDER / "ct_small.dcm")
    found = personal(header)
    assert {"PatientName", "PatientID", "InstitutionName", "StudyDate", "StationName"} <= set(found)
    assert not {"PatientSex", "PatientWeight", "Rows", "SOPInstanceUID"} & set(found)
    assert any(name.startswith("private (0009,1002)") for name in found)
    assert not any(str(header.PatientID) in name or "CompressedSamples" in name for name in found)
    assert len(found) == len(set(found))
    header.PatientName = "^^"
    assert "PatientName" not in personal(header)
    header.RequestAttributesSequence = [pydicom.Dataset()]
    header.RequestAttributesSequence[0].RequestingPhysician = "Somebody"
    assert "RequestingPhysician" in personal(header)
    assert personal({"Patient Name": "Doe", "patient_birth_date": "", "type": "short"}) == ("Patient Name",)
    assert personal({"PatientID": 7}) == ("PatientID",)
    assert personal({}) == ()


def test_what_is_a_scan(tmp_path):
    write_nifti(tmp_path / "a.nii.gz")
    shutil.copyfile(CT, tmp_path / "without_an_ending")
    (tmp_path / "notes.txt").write_text("nothing")
    (tmp_path / "empty").mkdir()
    assert is_scan(tmp_path) and is_scan(tmp_path / "a.nii.gz") and is_scan(tmp_path / "without_an_ending")
    assert not is_scan(tmp_path / "notes.txt") and not is_scan(tmp_path / "empty") and not is_scan(tmp_path / "none")
    assert read_scan(tmp_path / "without_an_ending").shape == (1, 128, 128)


def test_a_volume_keeps_what_it_is():
    volume = datasets.load("scans").volume("lung1")
    part = volume.crop(slice(3, 9), slice(10, 20), slice(None))
    assert part.shape == (6, 10, 256)
    np.testing.assert_array_equal(part.voxels, volume.voxels[3:9, 10:20])
    np.testing.assert_allclose(part.positions([[0, 0, 0]]), volume.positions([[3, 10, 0]]))
    around = volume.around_mask(5)
    assert around.mask.sum() == volume.mask.sum()
    assert volume.voxel_volume == pytest.approx(5 * 1.140625**2)
    with pytest.raises(CourseError, match=r"is empty; its voxels are"):
        volume.crop(slice(5, 5), slice(None), slice(None))
    with pytest.raises(CourseError, match="has no mask to crop around"):
        datasets.Volume("x", "CT", np.zeros((2, 2, 2)), np.eye(4)).around_mask()
    with pytest.raises(CourseError, match="its voxels"):
        datasets.Volume("x", "CT", np.zeros((2, 2, 2)), np.eye(4), np.zeros((2, 2, 3)))
    with pytest.raises(UsageError, match="no volume 'lung3'; there are brain1"):
        datasets.load("scans").volume("lung3")


def test_a_gzip_that_holds_more_than_one_part(tmp_path):
    """Some programs write several gzip members one after the other."""
    plain = write_nifti(tmp_path / "a.nii").read_bytes()
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(plain[:400]) + gzip.compress(plain[400:]))
    np.testing.assert_array_equal(read_scan(tmp_path / "b.nii.gz").voxels, read_scan(tmp_path / "a.nii").voxels)
