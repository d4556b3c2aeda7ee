"""DICOM series, NIfTI and NRRD files as tests need them, made of the course's own files."""

from pathlib import Path

import nibabel
import nrrd
import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import generate_uid

from utils.datasets.catalogue import data_folder

CT = data_folder() / "dicom_folder" / "ct_small.dcm"
TILT = np.radians(15)


def pictures(count=6, rows=12, columns=10):
    """int16 (count, rows, columns): stored numbers, each different."""
    return np.arange(count * rows * columns, dtype=np.int16).reshape(count, rows, columns)


def write_series(folder: Path, stored=None, step=(0, 0, 2.5), change=None, seed=0) -> list[Path]:
    """A CT series of one file per picture, under names in no order; returns the paths from the lowest slice up.

    change: called with (number of the slice, dataset) before each is written; a slice for which it returns False is
    left out.
    """
    stored = pictures() if stored is None else stored
    folder.mkdir(parents=True, exist_ok=True)
    names = np.random.default_rng(seed).permutation(len(stored))
    series, paths = generate_uid(), []
    for number, picture in enumerate(stored):
        header = pydicom.dcmread(CT)
        del header.DataSetTrailingPadding
        header.Rows, header.Columns = picture.shape
        header.PixelData = picture.astype("<i2").tobytes()
        header.SeriesInstanceUID, header.SOPInstanceUID = series, generate_uid()
        header.PixelSpacing, header.ImageOrientationPatient = [0.7, 0.5], [1, 0, 0, 0, 1, 0]
        header.ImagePositionPatient = [-50 + step[0] * number, -40 + step[1] * number, 30 + step[2] * number]
        header.InstanceNumber = len(stored) - number
        if change is None or change(number, header) is not False:
            path = folder / f"{names[number]:03d}.dcm"
            header.save_as(path)
            paths.append(path)
    return paths


def multiframe(path: Path, stored=None, places=None, groups=True) -> Path:
    """One enhanced file whose frames lie at these heights (mm), each with its own position."""
    stored = pictures() if stored is None else stored
    places = [2.5 * number for number in range(len(stored))] if places is None else places
    header = pydicom.dcmread(CT)
    header.NumberOfFrames, (header.Rows, header.Columns) = len(stored), stored.shape[1:]
    header.PixelData = stored.astype("<i2").tobytes()
    for name in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "RescaleSlope", "RescaleIntercept"):
        delattr(header, name)
    if groups:
        shared = Dataset()
        shared.PlaneOrientationSequence = _sequence(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
        shared.PixelMeasuresSequence = _sequence(PixelSpacing=[0.7, 0.5], SliceThickness=2.5)
        shared.PixelValueTransformationSequence = _sequence(RescaleSlope=1, RescaleIntercept=-1024)
        header.SharedFunctionalGroupsSequence = Sequence([shared])
        frames = []
        for place in places:
            frame = Dataset()
            frame.PlanePositionSequence = _sequence(ImagePositionPatient=[-50, -40, 30 + place])
            frames.append(frame)
        header.PerFrameFunctionalGroupsSequence = Sequence(frames)
    header.save_as(path)
    return path


def _sequence(**fields):
    item = Dataset()
    for name, value in fields.items():
        setattr(item, name, value)
    return Sequence([item])


def write_nifti(path: Path, values=None, affine=None, **changed) -> Path:
    """A NIfTI file of int16, 2 x 3 x 4 mm, axes to the right, the front and the head; changed: fields of its header."""
    values = pictures(4, 5, 6).transpose(2, 1, 0) if values is None else values
    image = nibabel.Nifti1Image(values, np.diag([2.0, 3, 4, 1]) if affine is None else affine)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
    if changed:  # nibabel writes a header that is right; what is wrong is written over it
        content = bytearray(path.read_bytes())
        header = nibabel.Nifti1Header(bytes(content[:348]))
        for name, value in changed.items():
            header[name] = value
        path.write_bytes(header.binaryblock + content[348:])
    return path


def write_nrrd(path: Path, values=None, **changed) -> Path:
    """An NRRD file of int16, 0.5 x 0.7 x 2.5 mm in DICOM's axes; changed: fields of its header, None leaves one out."""
    values = pictures() if values is None else values
    header = {
        "space": "left-posterior-superior",
        "space directions": np.diag([0.5, 0.7, 2.5]),
        "space origin": [-50.0, -40.0, 30.0],
    }
    header |= changed
    kept = {name: value for name, value in header.items() if value is not None}
    nrrd.write(str(path), values, kept, index_order="C")
    return path
