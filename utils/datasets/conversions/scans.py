"""CT and MR volumes with tumour masks and the features published for them, and DICOM files as scanners write them."""

import csv as csv_module
import io
import plistlib
import re
import tarfile
from collections.abc import Callable

import numpy as np
import pandas as pd

from utils.datasets.conversions.encoding import csv, npy, residuals, xz

FOLDER = "pyradiomics-3.0.1/"
PATIENTS = {"brain1": "MR", "brain2": "MR", "breast1": "MR", "lung1": "CT", "lung2": "CT"}
ROWS = {"lung1": slice(64, 256), "lung2": slice(16, 240)}  # of the halved pictures: the body, without the air above it
MARGIN_MM = 10  # around a tumour of the lung, in its slices; and two slices above and below
SAMPLES = {
    "chest_radiograph.dcm": "RG1_J2KI.dcm",
    "shoulder_mr.dcm": "MR2_J2KI.dcm",
    "ultrasound_colour.dcm": "US1_J2KI.dcm",
    "ultrasound_palette.dcm": "OBXXXX1A_rle.dcm",
    "multiframe_mr.dcm": "emri_small_RLE.dcm",
}
SINGLE = {
    "ct_small.dcm": "CT_small.dcm",
    "mr_small.dcm": "MR_small.dcm",
    "mr_small_rle.dcm": "MR_small_RLE.dcm",
    "mr_small_big_endian.dcm": "MR_small_bigendian.dcm",
    "mr_truncated.dcm": "MR_truncated.dcm",
}
SERIES = {
    "98892001": {"CT2N": (6293, 6924), "CT5N": (2062, 2392, 2693, 3023, 3353)},
    "98892003": {
        "MR1": (15820, 4919, 5641),
        "MR2": (15970, 4950, 4981, 5011, 6273, 6605, 6935),
        "MR700": (4467, 4528, 4558, 4588, 4618, 4648, 4678),
    },
}


def convert(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """Per patient a volume and a mask, for the lungs also the tumour in full resolution; geometry and features.

    The pictures of the lungs are halved: a voxel is the mean of 2 x 2, rounded half up, and in the mask when at least
    two of the four are. Rows that hold nothing but air are cut away. Everything else is as published.
    """
    files, places = {}, []
    for patient, modality in PATIENTS.items():
        voxels, affine = _nrrd(read(f"{FOLDER}data/{patient}_image.nrrd"))
        mask = _nrrd(read(f"{FOLDER}data/{patient}_label.nrrd"))[0].astype(np.uint8)
        parts = {patient: (voxels, mask, affine)}
        if modality == "CT":
            parts = {
                patient: _cropped(*_halved(voxels, mask, affine), (slice(None), ROWS[patient], slice(None))),
                f"{patient}_tumour": _cropped(voxels, mask, affine, _box(mask, affine)),
            }
        for name, (part, part_mask, part_affine) in parts.items():
            files[f"scans/{name}.npy.xz"] = xz(npy(residuals(part)))
            files[f"scans/{name}_mask.npy.xz"] = xz(npy(part_mask))
            numbers = {f"affine_{row}{column}": part_affine[row, column] for row in range(3) for column in range(4)}
            places.append({"name": name, "modality": modality, "units": "HU" if modality == "CT" else "", **numbers})
    files["scans/geometry.csv"] = csv(pd.DataFrame(places))
    files["scans/published.csv"] = csv(_published(read))
    files["scans/cubes.csv"] = csv(_cubes(read))
    files["scans/LICENSE.txt"] = read(f"{FOLDER}LICENSE.txt")
    return files


def convert_samples(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """A chest radiograph, MR, ultrasound in colour and with a palette, a multi-frame file: as they are."""
    files = {f"dicom_samples/{ours}": read(f"data_store/data/{theirs}") for ours, theirs in SAMPLES.items()}
    return files | {"dicom_samples/LICENSE.txt": read("pydicom_data-1.0.0.dist-info/LICENSE")}


def convert_folder(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """Small single files, and a folder with the series of two studies, made small by the publisher: as they are."""
    inside = "pydicom/data/test_files/"
    files = {f"dicom_folder/{ours}": read(inside + theirs) for ours, theirs in SINGLE.items()}
    for study, series in SERIES.items():
        for folder, names in series.items():
            for name in names:
                path = f"dicom_folder/studies/{study}/{folder.lower()}/{name}.dcm"
                files[path] = read(f"{inside}dicomdirtests/{study}/{folder}/{name}")
    return files | {"dicom_folder/LICENSE.txt": read("pydicom-3.0.2.dist-info/licenses/LICENSE")}


def convert_cranium(read: Callable[[str], bytes]) -> dict[str, bytes]:
    """A whole head from the project file of a viewer: int16 (108, 256, 256), and the distances of its voxels."""
    content = read("usr/share/doc/invesalius-examples/examples/Cranium.inv3")
    with tarfile.open(fileobj=io.BytesIO(content)) as project:
        parts = {name.rsplit("/", 1)[-1]: name for name in project.getnames()}
        about = plistlib.loads(project.extractfile(parts["main.plist"]).read())
        stored = project.extractfile(parts[about["matrix"]["filename"]]).read()
    dtype = np.dtype(about["matrix"]["dtype"]).newbyteorder("<")
    voxels = np.frombuffer(stored, dtype).reshape(about["matrix"]["shape"])
    column, row, step = about["spacing"]
    spacing = pd.DataFrame([{"modality": about["modality"], "slice": step, "row": row, "column": column}])
    return {"cranium/voxels.npy": npy(voxels), "cranium/spacing.csv": csv(spacing)}


def _nrrd(content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Voxels (slices, rows, columns) and the affine (4, 4) from these indices to millimetres."""
    import nrrd

    stream = io.BytesIO(content)
    header = nrrd.read_header(stream)
    voxels = nrrd.read_data(header, stream, index_order="C")
    affine = np.eye(4)
    affine[:3, :3] = header["space directions"][::-1].T  # the file's axes are columns, rows, slices
    affine[:3, 3] = header["space origin"]
    return voxels, affine


def _halved(voxels: np.ndarray, mask: np.ndarray, affine: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Half the rows and columns; the first voxel then lies in the middle of the four that it is the mean of."""
    slices, rows, columns = voxels.shape
    blocks = (slices, rows // 2, 2, columns // 2, 2)
    means = (voxels.reshape(blocks).astype(np.int32).sum((2, 4)) + 2) >> 2
    inside = mask.reshape(blocks).sum((2, 4)) >= 2
    wider = affine.copy()
    wider[:3, 1:3] *= 2
    wider[:3, 3] += (affine[:3, 1] + affine[:3, 2]) / 2
    return means.astype(np.int16), inside.astype(np.uint8), wider


def _box(mask: np.ndarray, affine: np.ndarray) -> tuple[slice, ...]:
    """The box around the mask with its margin, cut where the volume ends."""
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    margins = (2, *np.ceil(MARGIN_MM / spacing[1:]).astype(int))
    inside = np.argwhere(mask)
    ends = zip(inside.min(0), inside.max(0), margins, strict=True)
    return tuple(slice(max(int(first - margin), 0), int(last + margin + 1)) for first, last, margin in ends)


def _cropped(
    voxels: np.ndarray, mask: np.ndarray, affine: np.ndarray, box: tuple[slice, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    moved = affine.copy()
    moved[:3, 3] += affine[:3, :3] @ [part.start or 0 for part in box]
    return voxels[box], mask[box], moved


def _cubes(read: Callable[[str], bytes]) -> pd.DataFrame:
    """The table of marching cubes in the package: which triangles cut a cube, by which of its corners are inside.

    cube: bit k is set where corner k is inside; only the half in which corner 7 is outside. Then three edges.
    """
    source = read(f"{FOLDER}radiomics/src/cshape.c").decode()
    rows = re.search(r"triTable\[128\]\[16\] = \{(.*?)\};", source, re.S)[1]
    edges = np.array(re.findall(r"-?\d+", rows), int).reshape(128, 16)
    triangles = [[cube, *row[at : at + 3]] for cube, row in enumerate(edges) for at in range(0, 15, 3) if row[at] >= 0]
    return pd.DataFrame(triangles, columns=["cube", "one", "two", "three"])


def _published(read: Callable[[str], bytes]) -> pd.DataFrame:
    """kind, feature, one column per patient: first-order and shape features, no filter, no resampling."""
    rows = []
    for kind in ("firstorder", "shape"):
        text = read(f"{FOLDER}data/baseline/baseline_{kind}.csv").decode()
        for line in csv_module.DictReader(io.StringIO(text)):
            name = line["featureName"]
            if name.startswith(f"original_{kind}_"):
                numbers = {patient: line[patient] for patient in PATIENTS}  # the text, so that no digit is lost
                rows.append({"kind": kind, "feature": name.rsplit("_", 1)[1], **numbers})
    return pd.DataFrame(rows).sort_values(["kind", "feature"])
