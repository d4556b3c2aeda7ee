"""CT and MR volumes with tumour masks, and DICOM files as scanners write them."""

from dataclasses import replace

import numpy as np
import pandas as pd

from utils.datasets.catalogue import Entry, data_folder
from utils.datasets.store import location, provide, read, read_csv, read_npy, read_voxels
from utils.datasets.types import DicomFiles, Scans
from utils.datasets.volumes.volume import Volume

MARGIN_MM = 10.0  # around a tumour whose volume is there in full resolution


def scans(entry: Entry) -> Scans:
    """Five patients: two chests in CT (Hounsfield units; rows and columns halved), two heads and a breast in MR.

    A tumour of the lung is there in full resolution too; the other tumours are cut out of their volumes.
    """
    for file in entry.files:  # whether they are whole, before a second goes into unpacking
        read(entry, file.path.rsplit("/", 1)[1])
    geometry = read_csv(entry, "geometry.csv").set_index("name")
    volumes = {name: _volume(entry, name, row) for name, row in geometry.iterrows()}
    whole = {name: volume for name, volume in volumes.items() if not name.endswith("_tumour")}
    tumours = [volumes.get(f"{name}_tumour") or volume.around_mask(MARGIN_MM) for name, volume in whole.items()]
    published = read_csv(entry, "published.csv").set_index(["kind", "feature"])
    return Scans(entry, tuple(whole.values()), tuple(tumours), np.arange(len(whole)), published)


def _volume(entry: Entry, name: str, row: pd.Series) -> Volume:
    affine = np.eye(4)
    affine[:3] = [[row[f"affine_{axis}{column}"] for column in range(4)] for axis in range(3)]
    voxels, mask = read_voxels(entry, f"{name}.npy.xz"), read_npy(entry, f"{name}_mask.npy.xz")
    units = row["units"] if row["units"] == row["units"] else ""  # an empty field is NaN
    return Volume(name.removesuffix("_tumour"), row["modality"], voxels, affine, mask, units)


def cranium(entry: Entry) -> Scans:
    """One whole head in CT, of another scanner, fetched when it is not in the cache. It has no mask."""
    provide(entry)
    spacing = pd.read_csv(location(entry, entry.file("spacing.csv"))).iloc[0]
    voxels = np.load(location(entry, entry.file("voxels.npy")), allow_pickle=False)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[0, 0, spacing["column"]], [0, -spacing["row"], 0], [spacing["slice"], 0, 0]])
    notes = ("Slices count up to the head and rows to the front; which side is left, the file does not say.",)
    volume = Volume("cranium", spacing["modality"], voxels, affine, None, "HU", notes)
    return Scans(replace(entry, notes=notes), (volume,), (volume,), np.zeros(1, np.int64), pd.DataFrame())


def dicom_files(entry: Entry) -> DicomFiles:
    """DICOM files as published; files with the same PatientID are of one group."""
    import pydicom

    folder = data_folder() / entry.name
    paths = [file.path for file in entry.files if file.path != entry.notice]
    for path in paths:
        read(entry, path.rsplit("/", 1)[1])
    files = {path.removeprefix(f"{entry.name}/"): data_folder() / path for path in paths}
    patients = [str(pydicom.dcmread(file, specific_tags=["PatientID"]).get("PatientID")) for file in files.values()]
    return DicomFiles(entry, folder, files, np.unique(patients, return_inverse=True)[1].astype(np.int64))
