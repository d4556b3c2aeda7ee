"""Small scans of a reader's own, written by pydicom, nibabel and pynrrd."""

import numpy as np

RAS = np.diag([-0.8, -0.8, 3.0, 1.0])  # columns to the left, rows to the back, slices to the head, as NIfTI says it


def ball(shape=(10, 32, 30), centre=(5, 16, 14), radius=5.0, spacing=(3.0, 0.8, 0.8)):
    """bool (slices, rows, columns): a ball, in millimetres."""
    index = np.indices(shape).reshape(3, *shape)
    distance = [(axis - middle) * step for axis, middle, step in zip(index, centre, spacing, strict=True)]
    return np.sqrt(np.sum(np.square(distance), axis=0)) <= radius


def patient(seed, contrast=300, **where):
    """(int16 voxels, uint8 mask): a body in air with noise, and a denser ball in it."""
    random = np.random.default_rng(seed)
    centre = np.array((5, 16, 14)) + random.integers(-2, 3, 3)
    mask = ball(centre=tuple(centre), **where)
    body = np.zeros(mask.shape, bool)
    body[:, 3:-3, 3:-3] = True
    voxels = np.where(body, random.normal(0, 20, mask.shape), -1000) + contrast * mask
    return voxels.round().astype(np.int16), mask.astype(np.uint8)


def nifti(path, voxels, affine=RAS):
    """Write (slices, rows, columns) as NIfTI, whose first axis is that of the columns."""
    import nibabel

    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(nibabel.Nifti1Image(np.ascontiguousarray(voxels.T), affine), path)
    return path


def nrrd_file(path, voxels, spacing=(3.0, 0.8, 0.8), origin=(0, 0, 0), **fields):
    """Write (slices, rows, columns) as NRRD."""
    import nrrd

    path.parent.mkdir(parents=True, exist_ok=True)
    header = {"space": "left-posterior-superior", "space directions": np.diag(spacing[::-1]), "space origin": origin}
    nrrd.write(str(path), np.ascontiguousarray(voxels.T), header | fields)
    return path


def dicom(folder, voxels, spacing=(3.0, 0.8, 0.8), number=1, slices=None, patient="p", **fields):
    """Write a series of CT slices as a scanner does: 1024 added, names that are not in the order of the slices."""
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    folder.mkdir(parents=True, exist_ok=True)
    series = generate_uid(entropy_srcs=[str(folder), str(number)])
    for place in range(len(voxels)) if slices is None else slices:
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
        meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(folder), str(number), str(place)])
        data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        data.PatientID, data.Modality, data.SeriesInstanceUID, data.SeriesNumber = patient, "CT", series, number
        data.InstanceNumber, data.ImagePositionPatient = place + 1, [0, 0, place * spacing[0]]
        data.ImageOrientationPatient, data.PixelSpacing = [1, 0, 0, 0, 1, 0], list(spacing[1:])
        data.SliceThickness, data.RescaleSlope, data.RescaleIntercept = spacing[0], 1, -1024
        data.SamplesPerPixel, data.PhotometricInterpretation, data.PixelRepresentation = 1, "MONOCHROME2", 0
        data.BitsAllocated, data.BitsStored, data.HighBit = 16, 16, 15
        data.Rows, data.Columns = voxels.shape[1:]
        data.PixelData = (voxels[place].astype(np.int32) + 1024).astype("<u2").tobytes()
        for name, value in fields.items():
            setattr(data, name, value)
        pydicom.dcmwrite(folder / f"{number}-{(7 * place) % 97:02}.dcm", data, enforce_file_format=True)
    return folder
