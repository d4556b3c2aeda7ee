"""Scans that cannot be read without a guess: one sentence each, which names the file, what it lacks, and no person."""

import gzip
import io
import shutil

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import JPEGLosslessSV1

from datasets.scan_files import CT, TILT, multiframe, pictures, write_nifti, write_nrrd, write_series
from utils import datasets
from utils.datasets.catalogue import data_folder
from utils.datasets.volumes import gathering, read_mask, read_scan, series_in
from utils.errors import CourseError, UsageError

FOLDER = data_folder() / "dicom_folder"
SAMPLES = data_folder() / "dicom_samples"


def refused(path, words, **options):
    """Assert that it is refused in one sentence of this kind, and return the sentence."""
    with pytest.raises(CourseError) as refusal:
        read_scan(path, **options)
    text = str(refusal.value)
    assert words in text, text
    assert text.endswith(".") and "\n" not in text and len(text) <= 280
    assert "expected" in text or isinstance(refusal.value, UsageError) or text.startswith("There is no")
    return text


def changed(**fields):
    """A change to all files of a series; None deletes a field."""

    def change(number, header):
        for name, value in fields.items():
            if value is None:
                delattr(header, name)
            else:
                setattr(header, name, value)

    return change


def one(where, **fields):
    """The same to one slice."""

    def change(number, header):
        if number == where:
            changed(**fields)(number, header)

    return change


def left_out(*numbers):
    return lambda number, header: number not in numbers


SERIES = {
    "a missing slice": (left_out(3), "expected a slice every 2.5 mm, found 5 mm to"),
    "two missing slices": (left_out(2, 3), "2 slices of the series are missing"),
    "an uneven distance": (one(5, ImagePositionPatient=[-50, -40, 43.6]), "slices at equal distances"),
    "a slice twice": (one(4, ImagePositionPatient=[-50, -40, 37.5]), "one slice at each place"),
    "another size": (one(2, Rows=6, Columns=20), "expected 12 x 10 pixels as in"),
    "another spacing": (one(2, PixelSpacing=[1, 1]), "expected a spacing of 0.7 x 0.5 mm as in"),
    "another plane": (one(2, ImageOrientationPatient=[1, 0, 0, 0, 0, -1]), "expected the orientation of"),
    "another patient": (one(2, PatientID="Doe"), "expected the patient of"),
    "no place": (one(2, ImagePositionPatient=None), "expected ImagePositionPatient in each of 6 slices, found none"),
    "no orientation": (changed(ImageOrientationPatient=None), "expected ImageOrientationPatient in each"),
    "no spacing": (changed(PixelSpacing=None), "expected PixelSpacing in each of 6 slices"),
    "a spacing of nothing": (changed(PixelSpacing=[0, 0]), "expected PixelSpacing in each of 6 slices"),
    "a negative spacing": (changed(PixelSpacing=[-1, 1]), "expected PixelSpacing above 0 mm"),
    "half a position": (one(2, ImagePositionPatient=[1, 2]), "expected 3 numbers in ImagePositionPatient"),
    "a slanted orientation": (changed(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), "rows and columns at right angles"),
    "a slope of 0": (changed(RescaleSlope=0), "expected a rescale slope other than 0"),
    "no pixels": (one(2, PixelData=None), "expected 12 x 10 pixels"),
    "no picture": (changed(Rows=None, PixelData=None), "a DICOM file without pixels (CT)"),
    "colour": (changed(PhotometricInterpretation="RGB", SamplesPerPixel=3), "a picture in colour (RGB)"),
    "a palette": (changed(PhotometricInterpretation="PALETTE COLOR"), "a picture in colour (PALETTE COLOR)"),
    "a segmentation": (changed(Modality="SEG"), "expected voxels, found a DICOM segmentation"),
}


@pytest.mark.parametrize("name", SERIES)
def test_a_series_that_makes_no_volume(tmp_path, name):
    change, words = SERIES[name]
    write_series(tmp_path / "series", change=change)
    assert ".dcm: " in refused(tmp_path / "series", words)


def test_a_tilted_gantry(tmp_path):
    write_series(tmp_path / "series", step=(0, 2.5 * np.tan(TILT), 2.5))
    refused(tmp_path / "series", "found a gantry tilted by 15.0 degrees")


def test_several_moments_of_each_slice(tmp_path):
    write_series(tmp_path / "one", seed=1)
    uid = pydicom.dcmread(next((tmp_path / "one").iterdir())).SeriesInstanceUID
    for path in write_series(tmp_path / "one" / "again", seed=2, change=changed(SeriesInstanceUID=uid)):
        assert path.exists()
    refused(tmp_path / "one", "keep one moment, echo or b-value of each slice")


def test_several_series(tmp_path):
    text = refused(FOLDER / "studies" / "98892001", "expected one series, found 2: 4 (CT, 2 files), 5 (CT, 5 files)")
    assert "Smart" not in text
    refused(FOLDER / "studies" / "98892001", "no series 7; there are 4 (CT, 2 files)", series=7)
    refused(FOLDER / "studies" / "98892003", "several series 2; there are 2 (MR, 1 file, UID …", series=2)
    refused(FOLDER / "ct_small.dcm", "only a folder has several series", series=1)


def test_truncated(tmp_path):
    refused(FOLDER / "mr_truncated.dcm", "expected 64 x 64 pixels, 8,192 bytes, found 8,130 bytes: the file breaks off")
    paths = write_series(tmp_path / "series")
    paths[2].write_bytes(paths[2].read_bytes()[:-50])
    assert refused(tmp_path / "series", "found 190 bytes: the file breaks off").startswith(paths[2].name)
    content = CT.read_bytes()
    for size in (1, 100, 200, 400, 700, 1500, 3000):
        (tmp_path / "cut.dcm").write_bytes(content[:size])
        refused(tmp_path / "cut.dcm", "cut.dcm: expected ")
    packed = (FOLDER / "mr_small_rle.dcm").read_bytes()
    (tmp_path / "rle.dcm").write_bytes(packed[:-3000])
    refused(tmp_path / "rle.dcm", "expected")
    jpeg = (SAMPLES / "shoulder_mr.dcm").read_bytes()
    (tmp_path / "jpeg.dcm").write_bytes(jpeg[:60_000] + bytes(60) + jpeg[60_100:90_000])
    refused(tmp_path / "jpeg.dcm", "expected")


def test_no_decoder(tmp_path):
    header = pydicom.dcmread(CT)
    header.PixelData = pydicom.encaps.encapsulate([b"\xff\xd8\xff\xc3 no picture"])
    header["PixelData"].VR = "OB"
    header.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    header.save_as(tmp_path / "packed.dcm")
    text = refused(tmp_path / "packed.dcm", "found JPEG Lossless, for which no decoder is installed")
    assert "`pip install pylibjpeg-libjpeg` adds one" in text


@pytest.mark.parametrize("form, found", [("JPEG", "a JPEG picture"), ("PNG", "a PNG picture")])
def test_a_picture_by_the_name_of_a_scan(tmp_path, form, found):
    buffer = io.BytesIO()
    Image.new("RGB", (30, 30)).save(buffer, form)
    for name in ("a.dcm", "b.nii", "c.nii.gz", "d.nrrd", "e.ima"):
        (tmp_path / name).write_bytes(buffer.getvalue())
        text = refused(tmp_path / name, f"found {found}; was it renamed?")
        assert text.startswith(name)
    write_series(tmp_path / "series")
    (tmp_path / "series" / "zzz.dcm").write_bytes(buffer.getvalue())
    assert refused(tmp_path / "series", f"expected a DICOM file, found {found}").startswith("zzz.dcm")


def test_a_scan_by_the_name_of_another(tmp_path):
    write_nifti(tmp_path / "a.nii").rename(tmp_path / "a.dcm")
    refused(tmp_path / "a.dcm", "expected a DICOM file, found a NIfTI file; was it renamed?")
    write_nifti(tmp_path / "b.nii.gz").rename(tmp_path / "b.dcm")
    refused(tmp_path / "b.dcm", "found a gzip archive")
    write_nrrd(tmp_path / "c.nrrd").rename(tmp_path / "c.nii")
    refused(tmp_path / "c.nii", "expected a NIfTI file, found an NRRD file")
    shutil.copyfile(CT, tmp_path / "d.nrrd")
    refused(tmp_path / "d.nrrd", "expected an NRRD file, found a DICOM file; was it renamed?")


@pytest.mark.parametrize(
    "name, words",
    [
        ("reportsi.dcm", "a DICOM file without pixels (SR)"),
        ("rtplan.dcm", "a DICOM file without pixels (RTPLAN)"),
        ("examples_rgb_color.dcm", "a picture in colour (RGB)"),
        ("liver_1frame.dcm", "found a DICOM segmentation"),
        ("badVR.dcm", "expected a whole number from 1 in NumberOfFrames"),
        ("JPGExtended.dcm", "found JPEG Extended, for which no decoder is installed"),
        ("README.txt", "expected a DICOM, NIfTI (.nii, .nii.gz) or NRRD (.nrrd) file, found something else"),
    ],
)
def test_files_of_pydicom(name, words):
    refused(pydicom.data.get_testdata_file(name, download=False), words)


def test_frames_without_a_place(tmp_path):
    refused(SAMPLES / "multiframe_mr.dcm", "expected a position for each frame, found 10 frames without one")
    refused(multiframe(tmp_path / "a.dcm", groups=False), "a film is not a volume")
    refused(multiframe(tmp_path / "b.dcm", places=[0, 2.5, 5, 5, 7.5, 10]), "b.dcm (frame ")
    refused(multiframe(tmp_path / "c.dcm", places=[0, 2.5, 5, 10, 12.5, 15]), "c.dcm: expected a slice every 2.5 mm")


def test_nothing_there(tmp_path):
    refused(tmp_path / "none.dcm", "There is no none.dcm in the folder")
    (tmp_path / "empty.dcm").touch()
    refused(tmp_path / "empty.dcm", "expected a scan, found an empty file")
    refused(tmp_path, "empty.dcm: expected a DICOM file, found an empty file")
    (tmp_path / "empty.dcm").unlink()
    refused(tmp_path, "expected a folder with DICOM files, found none in it")
    write_nifti(tmp_path / "a.nii")
    refused(tmp_path, "found whole volumes (a.nii); name one of them")
    with pytest.raises(CourseError, match="expected a folder with DICOM files, found a file"):
        series_in(tmp_path / "a.nii")


def test_no_sentence_holds_a_name(tmp_path, capsys, recwarn):
    """A name and a birth date in a file are in no refusal, note, warning or output, however broken the file is."""
    secret = ("Mustermann", "19331224")
    breakages = {
        "whole": {},
        "date": {"PatientBirthDate": "24.12.1933"},
        "rows": {"Rows": None},
        "slope": {"RescaleSlope": 0},
        "frames": {"NumberOfFrames": 3},
    }
    for name, fields in breakages.items():
        header = pydicom.dcmread(CT)
        header.PatientName, header.PatientBirthDate = "Mustermann^Erika", "19331224"
        changed(**{key: value for key, value in fields.items() if key != "PatientBirthDate"})(0, header)
        header.save_as(tmp_path / f"{name}.dcm")
        content = (tmp_path / f"{name}.dcm").read_bytes()
        if name == "date":
            (tmp_path / f"{name}.dcm").write_bytes(content.replace(b"19331224", b"1933-4X?"))
        for size in (len(content), len(content) - 100, 900):
            (tmp_path / "cut.dcm").write_bytes(content[:size])
            try:
                said = " ".join(read_scan(tmp_path / "cut.dcm").notes)
            except CourseError as error:
                said = str(error)
            assert not any(part in said for part in (*secret, "Erika", "1933"))
    shown = capsys.readouterr()
    warned = " ".join(str(warning.message) for warning in recwarn)
    assert not any(part in text for part in (*secret, "1933") for text in (shown.out, shown.err, warned))


NIFTI = {
    "four dimensions": (
        {"values": np.zeros((3, 4, 5, 7), np.int16)},
        "expected one volume (3-D), found 4-D: 7 volumes",
    ),
    "two dimensions": ({"values": np.zeros((3, 4), np.int16)}, "expected one volume (3-D), found 2-D"),
    "an affine of zeros": ({"srow_x": 0, "srow_y": 0, "srow_z": 0, "sform_code": 1}, "found zeros, or two axes along"),
    "an axis of zeros": ({"srow_z": 0, "sform_code": 1}, "expected an affine that places each voxel"),
    "an affine of NaN": ({"srow_x": np.nan, "sform_code": 1}, "expected an affine of numbers"),
    "a sheared affine": (
        {"affine": np.array([[2, 0, 1, 0], [0, 3, 0, 0], [0, 0, 4, 0], [0, 0, 0, 1.0]])},
        "found an affine sheared by 14.0 degrees",
    ),
    "NaN": ({"values": np.where(np.arange(60).reshape(3, 4, 5) == 7, np.nan, 1).astype("f4")}, "1 of slice 2 that are"),
    "infinite": ({"values": np.full((3, 4, 5), np.inf, "f4")}, "expected a number in every voxel, found 12 of slice 0"),
    "complex": ({"values": np.zeros((3, 4, 5), np.complex64)}, "expected one number per voxel"),
}


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("name", NIFTI)
def test_nifti(tmp_path, name, ending):
    options, words = NIFTI[name]
    path = write_nifti(tmp_path / "a.nii", **options)
    if ending == ".nii.gz":
        path = tmp_path / "a.nii.gz"
        path.write_bytes(gzip.compress((tmp_path / "a.nii").read_bytes()))
    assert refused(path, words).startswith(path.name)


def test_nifti_cut_off(tmp_path):
    plain = write_nifti(tmp_path / "a.nii").read_bytes()
    packed = write_nifti(tmp_path / "b.nii.gz").read_bytes()
    for name, content, words in [
        ("c.nii", plain[:200], "expected a NIfTI file"),
        ("c.nii", plain[:-10], "expected 4 slices of 5 x 6 voxels, found a file that breaks off in slice 3"),
        ("c.nii.gz", packed[:-30], "expected"),
        ("c.nii.gz", packed[:40], "expected"),
        ("c.nii.gz", packed[:60] + bytes(20) + packed[80:], "expected"),
        ("c.nii.gz", plain, "expected a NIfTI file, found one that breaks off or is damaged"),
    ]:
        (tmp_path / name).write_bytes(content)
        refused(tmp_path / name, words)


NRRD = {
    "four dimensions": (
        {"values": np.zeros((2, 3, 4, 5), np.int16), "space directions": None, "space": None, "space origin": None},
        "expected one volume (3-D), found 4-D",
    ),
    "colours": ({"kinds": ["RGB-color", "domain", "domain"]}, "found several (colours or vectors)"),
    "sheared": ({"space directions": np.array([[1, 0, 0], [0.5, 1, 0], [0, 0, 1.0]])}, "sheared by 26.6 degrees"),
    "zeros": ({"space directions": np.zeros((3, 3))}, "expected an affine that places each voxel"),
    "NaN": ({"values": np.full((2, 3, 4), np.nan, "f4"), "encoding": "raw"}, "expected a number in every voxel"),
}


@pytest.mark.parametrize("name", NRRD)
def test_nrrd(tmp_path, name):
    options, words = NRRD[name]
    assert refused(write_nrrd(tmp_path / "a.nrrd", **options), words).startswith("a.nrrd")


def test_nrrd_cut_off(tmp_path):
    for encoding in ("raw", "gzip", "ascii"):
        content = write_nrrd(tmp_path / "a.nrrd", encoding=encoding).read_bytes()
        (tmp_path / "b.nrrd").write_bytes(content[:-60])
        refused(tmp_path / "b.nrrd", "b.nrrd: expected")
    (tmp_path / "c.nrrd").write_bytes(content[:60])
    refused(tmp_path / "c.nrrd", "expected")
    header = content[: content.index(b"\n\n")]
    (tmp_path / "d.nrrd").write_bytes(header + b"\ndata file: d.raw\n\n")
    refused(tmp_path / "d.nrrd", "a header that names another file")


def test_a_mask_of_another_shape_or_grid(tmp_path):
    volume = read_scan(write_nrrd(tmp_path / "scan.nrrd"))
    good = (pictures() % 2).astype(np.uint8)
    cases = {
        "shape": ({"values": good[:5]}, "expected the shape of its scan, 6 x 12 x 10, found 5 x 12 x 10"),
        "spacing": (
            {"space directions": np.diag([0.5, 0.7, 5])},
            "the grid of its scan (2.5 x 0.7 x 0.5 mm), found 5 x",
        ),
        "place": ({"space origin": [-49, -40, 30]}, "found one 2 voxels beside it"),
        "values": (
            {"values": good.astype(np.int16) * 300},
            "whole numbers from 0 to 255 in a mask, found values from 0",
        ),
        "shares": ({"values": good * np.float32(0.5)}, "whole numbers from 0 to 255"),
    }
    for name, (options, words) in cases.items():
        path = write_nrrd(tmp_path / f"{name}.nrrd", **({"values": good} | options))
        with pytest.raises(CourseError) as refusal:
            read_mask(path, volume)
        assert words in str(refusal.value) and str(refusal.value).startswith(f"{name}.nrrd: expected")
    np.testing.assert_array_equal(read_mask(write_nrrd(tmp_path / "good.nrrd", good), volume), good)


def test_no_room_on_the_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(gathering, "IN_MEMORY", 100)
    monkeypatch.setattr(gathering.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 5, 5))
    refused(write_nrrd(tmp_path / "a.nrrd", encoding="gzip"), "of room for temporary files")


def test_a_file_that_the_system_keeps_to_itself(tmp_path, monkeypatch):
    write_series(tmp_path / "series")
    write_nifti(tmp_path / "a.nii")
    write_nrrd(tmp_path / "a.nrrd")
    write_series(tmp_path, stored=pictures()[:1])
    (tmp_path / "000.dcm").rename(tmp_path / "plain")

    def forbidden(self, *args, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.open", forbidden)
    monkeypatch.setattr("builtins.open", lambda *args, **options: forbidden(None))
    for name in ("a.nii", "a.nrrd", "plain"):
        refused(tmp_path / name, "expected a file that can be read, found one that cannot (Permission denied)")
    refused(tmp_path / "series", "expected a file that can be read, found one that cannot (Permission denied)")


def test_nan_in_a_large_volume(tmp_path, monkeypatch):
    monkeypatch.setattr(gathering, "IN_MEMORY", 100)
    monkeypatch.setattr("utils.datasets.volumes.raw.IN_MEMORY", 100)
    values = np.ones((6, 5, 4), np.float32)
    values[1, 2, 3] = np.nan
    refused(write_nifti(tmp_path / "a.nii", values), "found 1 of slice 3 that are not")
    refused(write_nrrd(tmp_path / "a.nrrd", values, encoding="raw"), "found 1 of slice 1 that are not")


def test_a_large_volume_leaves_the_memory_alone(tmp_path, monkeypatch):
    """Two gigabytes are read in patches; here a small file, with the limit far below its size."""
    monkeypatch.setattr(gathering, "IN_MEMORY", 1000)
    image = nibabel.Nifti1Image(np.zeros((40, 50, 60), np.int16), np.eye(4))
    nibabel.save(image, tmp_path / "a.nii.gz")
    seen = []
    original = gathering._fitting
    monkeypatch.setattr(
        gathering, "_fitting", lambda picture, dtype: seen.append(picture.nbytes) or original(picture, dtype)
    )
    volume = read_scan(tmp_path / "a.nii.gz")
    assert max(seen) == 40 * 50 * 2 and len(seen) == 60
    assert isinstance(volume.voxels, np.memmap)
    assert datasets.Volume is type(volume)
