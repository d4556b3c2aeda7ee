"""Your own scans: DICOM, NIfTI (``.nii``, ``.nii.gz``) and NRRD, one patient or many, with the masks beside them."""

import contextlib
import re
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from utils.datasets.own import reading
from utils.datasets.own.entries import entry
from utils.datasets.splits import numbered
from utils.datasets.types import Scans
from utils.datasets.volumes import SUFFIXES, Volume, personal, read_mask, read_scan, series_in
from utils.datasets.volumes.dicom import begins_as_dicom, header_of, understood
from utils.datasets.volumes.series import dicom_files
from utils.errors import CourseError

WHOLE = (".nii", ".nii.gz", ".nrrd")  # files that hold a whole volume, or a mask
MARK = re.compile(r"(.*?)[-_. ]?(?:mask|label|labels|labelmap|seg|segmentation|roi)", re.IGNORECASE)
SCAN = re.compile(r"(.+?)[-_. ](?:image|img|scan|volume|0000)", re.IGNORECASE)  # lung1_image, la_003_0000
OF_MASKS, OF_SCANS = ("label", "mask", "seg"), ("image", "scan", "volume")  # how folders of many patients' files begin
MARGIN_MM = 10.0  # around a mask, as in the course's own scans
IN_MEMORY = 1_000_000_000  # bytes of voxels; what comes after that is kept on the disk
FORMS = "NAME.nii.gz with NAME_mask.nii.gz, the same as .nii or .nrrd, or folders of DICOM"
BLANK = 3  # scans of which all have one PatientID: from here on it hides who they are
NEIGHBOURS = 20  # files beside a single slice that are looked at
SHOWN = 6  # fields that identify a person that are named


@dataclass(frozen=True)
class Found:
    """A scan that was found, before it is read: its name, file or folder, its mask or None, and what groups it."""

    name: str
    path: Path
    mask: Path | None
    patient: str


def scans(path: Path, series: int | str | None = None) -> Scans:
    """All scans at a path, with their masks where there are any.

    A file, or a folder with files, is a patient each; in folders of patients each folder is one. A mask is beside its
    scan and is called the same with ``_mask``, ``-label``, ``_seg`` or the like at the end; in a folder of its own it
    may be called as it likes. Folders ``images…`` and ``labels…`` hold files of the same names. DICOM: a folder with
    one series; series: which one, where there are several.

    volumes: with mask where there is one. tumours: the part around the mask, or the whole scan. groups: patients; scans
    with the same PatientID are of one, unless all have it. Memory: what is beyond 1 GB is kept in temporary files.
    """
    if not reading.exists(path):
        raise reading.absent(path)
    try:
        return _scans(path, series)
    except OSError as error:
        raise reading.unreadable(path, error) from error


def _scans(path: Path, series: int | str | None) -> Scans:
    found = _in_folder(path) if path.is_dir() else [_file(path, sorted(path.parent.iterdir()), path.parent)]
    volumes, notes, patients, held = [], [], [], 0
    for one in found:
        volume = _volume(one.path, series)
        volume = replace(volume, name=one.name, mask=_mask(one, volume))
        notes += [f"{one.name}: {note}" for note in volume.notes]
        names, patient = _identity(one.path, series)
        if _is_one_of_many(one.path):
            notes.append(f"{one.name}: one slice of a series of which more lie beside it; the folder has them all")
        if names:
            said = reading.listed(sorted(names, key=lambda name: not name.startswith("Patient")), SHOWN)
            notes.append(f"{one.name}: fields that identify a person are filled in: {said}")
        arrays = [array for array in (volume.voxels, volume.mask) if array is not None]
        held += sum(array.nbytes for array in arrays if not isinstance(array, np.memmap))
        if held > IN_MEMORY:
            mask = None if volume.mask is None else _on_disk(one.path, volume.mask)
            volume = replace(volume, voxels=_on_disk(one.path, volume.voxels), mask=mask)
        volumes.append(volume)
        patients.append((patient, one.patient))
    ids = [known for known, _ in patients]
    blank = len(ids) >= BLANK and len(set(ids)) == 1
    if blank and ids[0]:
        notes.append("all files have the same PatientID, so it was taken for a blank: each folder counts as a patient")
    groups = [f"id {known}" if known and not blank else f"folder {where}" for known, where in patients]
    several = [volume.name for volume in volumes if volume.mask is not None and volume.mask.max() > 1]
    if several:
        notes.append(f"of several labels in a mask each counts as inside: {reading.listed(several, 4)}")
    without = [volume.name for volume in volumes if volume.mask is None]
    if without:
        notes.append(f"without a mask: {reading.listed(without, 4)}")
    around = [one if one.mask is None else one.around_mask(MARGIN_MM) for one in volumes]
    own = entry(path, "scans", "segmentation" if len(without) < len(volumes) else "reading", (), notes)
    return Scans(own, tuple(volumes), tuple(around), numbered(np.array(groups, object)), pd.DataFrame())


def _file(path: Path, beside: Sequence[Path], named: Path) -> Found:
    """The scan in one file, with the mask among the files beside it."""
    if is_mask(path, named):
        problem = "expected a scan, found what its name calls a mask; give the scan, or the folder of both."
        raise reading.refusal(path, "", problem)
    masks = [other for other in beside if other.name.lower().endswith(WHOLE) and is_mask(other, named)]
    return Found(_base(path, named), path, _one([m for m in masks if _base(m, named) == _base(path, named)], path), "")


def _in_folder(folder: Path) -> list[Found]:
    """The scans in a folder, one per patient or several."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    whole = [path for path in files if path.name.lower().endswith(WHOLE)]
    masks = [path for path in whole if is_mask(path, folder)]
    images = [path for path in whole if path not in set(masks)]
    dicom = _dicom_folders(folder)
    if not images and not dicom:
        what = f"only masks: {reading.listed([path.name for path in masks], 3)}" if masks else "none"
        names = sorted(path.name for path in folder.iterdir())
        found = what if masks or not names else reading.listed(names)
        raise reading.refusal(folder, "", f"expected scans ({FORMS}), found {found}.")
    taken, found = set(), []
    for path in [*images, *dicom]:
        mask = _one(_fitting(path, images, dicom, masks, folder), path)
        taken.add(mask)
        name = _named(path, folder)
        patient = path.relative_to(folder).parts[0] if _has_folder(path, folder) else name
        found.append(Found(name, path, mask, patient))
    alone = [path for path in masks if path not in taken]
    if alone:
        where = reading.brief(alone[0].relative_to(folder).as_posix(), 60)
        problem = f"expected a scan for each mask ({FORMS}), found none for {where}."
        raise reading.refusal(folder, "", problem)
    names = [one.name for one in found]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        problem = f"expected each scan under a name of its own, found {reading.brief(twice)!r} twice."
        raise reading.refusal(folder, "", problem)
    return found


def _dicom_folders(folder: Path) -> list[Path]:
    """The folders that hold one scan's DICOM each: this one, or those in it when they are of different visits."""
    files = dicom_files(folder)
    if not files:
        return []
    if any(file.parent == folder for file in files):
        return [folder]
    first = {folder / file.relative_to(folder).parts[0]: file for file in reversed(files)}
    if len(first) == 1:
        return _dicom_folders(next(iter(first)))
    # Folders of one visit are series, of which one is to be chosen.
    visits = {_field(file, "StudyInstanceUID") for file in first.values()}
    return [folder] if len(visits) == 1 and "" not in visits else sorted(first)


def _fitting(
    path: Path, images: Collection[Path], dicom: Collection[Path], masks: Sequence[Path], folder: Path
) -> list[Path]:
    """The masks that belong to a scan: of the same name or, in a folder with this scan alone, any."""
    if path.is_dir():
        inside = [mask for mask in masks if mask.is_relative_to(path)] if path != folder or len(dicom) == 1 else []
        return inside or [mask for mask in masks if mask.parent == path.parent and _base(mask, folder) == path.name]
    alone = path.parent != folder and sum(other.parent == path.parent for other in images) == 1
    inside = [mask for mask in masks if mask.parent == path.parent] if alone else []
    return inside or [
        mask
        for mask in masks
        if _base(mask, folder) == _base(path, folder)
        and (mask.parent == path.parent or (_of_many(mask, folder) and _of_many(path, folder)))
    ]


def is_mask(path: Path, folder: Path) -> bool:
    """Whether the name of a file, or of the folder that it is in, says that it is a mask."""
    in_folder = path.parent != folder and path.parent.name.lower().startswith(OF_MASKS)
    return in_folder or MARK.fullmatch(_stem(path)) is not None


def _of_many(path: Path, folder: Path) -> bool:
    """Whether a file is in a folder of many patients' scans or masks, ``images…`` or ``labels…``."""
    return path.parent != folder and path.parent.name.lower().startswith(OF_MASKS + OF_SCANS)


def _has_folder(path: Path, folder: Path) -> bool:
    """Whether the folder that a scan is in, or is, is that of a patient."""
    return path != folder and (path.is_dir() or (path.parent != folder and not _of_many(path, folder)))


def _stem(path: Path) -> str:
    """The name of a file without the suffix of a scan; ``.seg.nrrd`` is 3D Slicer's for a mask."""
    name = path.name
    suffix = max((one for one in SUFFIXES if name.lower().endswith(one)), key=len, default="")
    return name[: len(name) - len(suffix)]


def _base(path: Path, folder: Path) -> str:
    """What scan and mask have in common: the name without what says which of them it is."""
    match = (MARK if is_mask(path, folder) else SCAN).fullmatch(_stem(path))
    return match[1] if match else _stem(path)


def _named(path: Path, folder: Path) -> str:
    """The name of a scan in a report: that of its file, or of its folder and its file where there are several."""
    if path == folder:
        return folder.name or "scan"
    if path.is_dir():
        return path.name
    if not _has_folder(path, folder):
        return _base(path, folder)
    return "/".join([*path.relative_to(folder).parts[:-1], _base(path, folder)])


def _one(masks: Sequence[Path], path: Path) -> Path | None:
    if len(masks) > 1:
        found = reading.listed([mask.name for mask in masks], 3)
        raise reading.refusal(path, "", f"expected one mask for this scan, found {len(masks)}: {found}.")
    return masks[0] if masks else None


def _mask(one: Found, volume: Volume) -> np.ndarray | None:
    """The mask on the grid of the scan, with at least one voxel in it."""
    if one.mask is None:
        return None
    mask = read_mask(one.mask, volume)
    if not mask.any():
        raise reading.refusal(one.mask, "", "expected a voxel inside the mask, found none.")
    return mask


def _volume(path: Path, series: int | str | None) -> Volume:
    if path.is_dir() and series is None:
        there = [one for one in series_in(path) if one.shape]
        if len(there) > 1:
            numbers = [one.number for one in there]
            words = [one.words(in_full=numbers.count(one.number) > 1) for one in there]
            most = max(there, key=lambda one: len(one.files))
            known = most.number is not None and numbers.count(most.number) == 1
            advice = most.number if known else _ending(most.uid, [one.uid for one in there])
            problem = f"expected one series, found {len(there)}: {', '.join(words[:4])}{' …' if words[4:] else ''}"
            raise reading.refusal(path, "", f"{problem}; choose one with --series, such as --series {advice}.")
    return read_scan(path, series if path.is_dir() else None)


def _ending(uid: str, every: Sequence[str]) -> str:
    """The end of a UID, long enough to be that of no other."""
    lengths = (length for length in range(10, len(uid)) if sum(one.endswith(uid[-length:]) for one in every) == 1)
    return uid[-next(lengths, len(uid)) :]


def _identity(path: Path, series: int | str | None) -> tuple[tuple[str, ...], str]:
    """Names of the fields that identify a person, and the PatientID, by which scans are grouped and which is not shown.

    NIfTI and NRRD say nothing here: their readers note what they find.
    """
    if not path.is_dir():
        if path.name.lower().endswith(WHOLE):
            return (), ""
        with understood(path):
            return personal(header_of(path, everything=True)), _field(path, "PatientID")
    found = [one for one in series_in(path) if one.shape]
    chosen = [one for one in found if series is None or str(one.number) == str(series) or str(series) in one.uid]
    return chosen[0].personal, _field(chosen[0].files[0], "PatientID")


def _is_one_of_many(path: Path) -> bool:
    """Whether a DICOM file has another one of the same series beside it; of many neighbours the first are looked at."""
    if path.is_dir() or path.name.lower().endswith(WHOLE):
        return False
    series = _field(path, "SeriesInstanceUID")
    beside = [one for one in sorted(path.parent.iterdir()) if one.is_file() and one != path][:NEIGHBOURS]
    beside = [one for one in beside if one.suffix.lower() == path.suffix.lower() and begins_as_dicom(one)]
    with contextlib.suppress(CourseError):  # of a neighbour that is damaged
        return bool(series) and any(_field(one, "SeriesInstanceUID") == series for one in beside)
    return False


def _field(path: Path, name: str) -> str:
    """What a field of a DICOM header holds, "" without it; it is compared, and not shown."""
    with understood(path):
        return str(header_of(path, everything=True).get(name, "") or "")


def _on_disk(path: Path, array: np.ndarray) -> np.ndarray:
    """The same numbers in a temporary file, which goes when they are not needed any more."""
    if isinstance(array, np.memmap):
        return array
    try:
        with tempfile.TemporaryFile(prefix="volume-") as file:
            array.tofile(file)
            file.flush()
            return np.memmap(file, array.dtype, "r", shape=array.shape)
    except OSError as error:
        size = f"{array.nbytes / 1e9:.1f} GB"
        problem = f"expected room for {size} of temporary files, found too little; set TMPDIR to a larger disk."
        raise reading.refusal(path, "", problem) from error
