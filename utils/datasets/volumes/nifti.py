"""NIfTI files, packed or not, as volumes."""

import contextlib
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.volumes.dicom import not_a
from utils.datasets.volumes.gathering import gathered
from utils.datasets.volumes.geometry import TO_LPS, refuse_distorted
from utils.datasets.volumes.raw import mapped, refuse_odd_in, slices_of
from utils.datasets.volumes.refusals import refusal
from utils.datasets.volumes.volume import Volume

MILLIMETRES = {"meter": 1000.0, "micron": 0.001}


def read_nifti(path: Path) -> Volume:
    """The volume of one file. The axes of the array are those of the file, the last one first (slices).

    NIfTI's millimetres grow to the patient's right and front; here they grow to the left and the back, as in DICOM.
    """
    image = _opened(path)
    shape = tuple(int(size) for size in image.shape)
    while len(shape) > 3 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) != 3:
        times = f": {shape[3]} volumes in one file" if len(shape) == 4 else ""
        raise refusal(path, "one volume (3-D)", f"{len(shape)}-D{times}", "take one of them" if times else "")
    if 0 in shape:
        raise refusal(path, "a volume with voxels", f"the shape {shape}")
    stored = image.dataobj
    dtype = np.dtype(stored.dtype)
    if dtype.kind not in "iuf":
        raise refusal(path, "one number per voxel", f"colours or complex numbers ({image.header['datatype']})")
    affine, notes = _affine(path, image)
    slope, intercept = float(stored.slope), float(stored.inter)
    turned = shape[::-1]
    packed = path.suffix.lower() == ".gz"
    plain = not packed and (slope, intercept) == (1, 0)
    voxels = mapped(path, stored.offset, dtype, turned) if plain else None
    slices = slices_of(path, stored.offset, packed, dtype, turned, slope, intercept)
    if voxels is None:
        voxels = gathered(path, turned, slices)
    else:
        refuse_odd_in(voxels, slices)
    name = path.name[: -len(".nii.gz" if packed else ".nii")]
    return Volume(name, "", voxels, affine, notes=tuple(notes))


def _opened(path: Path) -> Any:
    """The image as nibabel sees it; of the voxels nothing is read."""
    import nibabel
    from nibabel.imageglobals import LoggingOutputSuppressor

    for form in (nibabel.Nifti1Image, nibabel.Nifti2Image):
        with LoggingOutputSuppressor(), contextlib.suppress(Exception):
            return form.from_filename(path)
    raise not_a(path, "a NIfTI file")


def _affine(path: Path, image: Any) -> tuple[np.ndarray, list[str]]:
    """From (slice, row, column) to millimetres left, posterior, superior."""
    header, notes = image.header, []
    codes = int(header["qform_code"]), int(header["sform_code"])
    if codes == (0, 0):
        notes.append("The file states no orientation (qform and sform are not set): left and right are not known.")
    affine = np.asarray(header.get_best_affine(), float)
    refuse_distorted(path, affine)
    if min(codes) > 0 and np.abs(header.get_qform() - header.get_sform()).max() > 1:
        notes.append("The file's qform and sform place the scan differently; the sform was taken.")
    unit = header.get_xyzt_units()[0]
    affine[:3] *= MILLIMETRES.get(unit, 1.0)
    affine = TO_LPS @ affine
    affine[:, :3] = affine[:, 2::-1]
    return affine, notes
