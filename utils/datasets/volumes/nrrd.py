"""NRRD files as volumes."""

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from utils.datasets.volumes.dicom import not_a
from utils.datasets.volumes.gathering import gathered
from utils.datasets.volumes.geometry import refuse_distorted
from utils.datasets.volumes.headers import personal
from utils.datasets.volumes.raw import mapped, read_slices, refuse_odd_in
from utils.datasets.volumes.refusals import refusal
from utils.datasets.volumes.volume import Volume

SPACES = {  # signs that turn the axes of a space to left, posterior, superior
    "left-posterior-superior": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
}
SHORT = {"lps": "left-posterior-superior", "ras": "right-anterior-superior", "las": "left-anterior-superior"}
TYPES = {
    "int8": "signed char, int8, int8_t", "uint8": "uchar, unsigned char, uint8, uint8_t",
    "int16": "short, short int, signed short, signed short int, int16, int16_t",
    "uint16": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    "int32": "int, signed int, int32, int32_t", "uint32": "uint, unsigned int, uint32, uint32_t",
    "int64": "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t",
    "uint64": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
    "float32": "float", "float64": "double",
}  # fmt: skip
DTYPES = {name: dtype for dtype, names in TYPES.items() for name in names.split(", ")}


def read_nrrd(path: Path) -> Volume:
    """The volume of one file. The axes of the array are those of the file, the last one first (slices)."""
    import nrrd

    try:
        with path.open("rb") as stream:
            header = nrrd.read_header(stream)
            start = stream.tell()
    except Exception:
        raise not_a(path, "an NRRD file") from None
    if not {"type", "sizes", "encoding"} <= set(header):
        raise not_a(path, "an NRRD file")
    if "data file" in header or "datafile" in header:
        raise refusal(path, "header and voxels in one file", "a header that names another file", "save it as .nrrd")
    shape = _shape(path, header)
    affine, notes = _affine(path, header)
    if personal(header):
        notes.append(f"The header holds fields that identify a person: {', '.join(personal(header))}.")
    dtype = DTYPES.get(str(header.get("type")))
    if dtype is None:
        raise refusal(path, "one number per voxel", f"the type {str(header.get('type'))[:20]}")
    dtype = np.dtype(dtype).newbyteorder(">" if header.get("endian") == "big" else "<")
    voxels = mapped(path, start, dtype, shape) if header["encoding"] == "raw" and not _skips(header) else None
    slices = _slices(path, start, header, dtype, shape)
    if voxels is None:
        voxels = gathered(path, shape, slices)
    else:
        refuse_odd_in(voxels, slices)
    return Volume(path.stem, "", voxels, affine, notes=tuple(notes))


def _shape(path: Path, header: dict) -> tuple[int, int, int]:
    sizes = [int(size) for size in header["sizes"]]
    kinds = [str(kind).lower() for kind in header.get("kinds", [])]
    if any("color" in kind or kind in ("vector", "complex") for kind in kinds):
        raise refusal(path, "one number per voxel", "several (colours or vectors)")
    if len(sizes) != 3:
        raise refusal(path, "one volume (3-D)", f"{len(sizes)}-D", "take one of its volumes" if len(sizes) > 3 else "")
    if min(sizes) < 1:
        raise refusal(path, "a volume with voxels", f"the shape {tuple(sizes)}")
    return tuple(sizes[::-1])


def _affine(path: Path, header: dict) -> tuple[np.ndarray, list[str]]:
    """From (slice, row, column) to millimetres left, posterior, superior."""
    notes, affine = [], np.eye(4)
    space = str(header.get("space", "")).lower()
    space = SHORT.get(space, space)
    if "space directions" in header:
        affine[:3, :3] = np.asarray(header["space directions"], float).T
    else:
        spacings = np.asarray(header.get("spacings", np.full(3, np.nan)), float)
        if not np.isfinite(spacings).all():
            notes.append(
                "The file states no distance between voxels; 1 mm was assumed: no size in mm is to be trusted."
            )
            spacings = np.ones(3)
        affine[:3, :3] = np.diag(spacings)
        space = ""
    affine[:3, 3] = np.asarray(header.get("space origin", np.zeros(3)), float)
    refuse_distorted(path, affine)
    if space not in SPACES:
        notes.append("The file does not state which axis of its space is left: left and right are not known.")
    affine[:3] *= np.array(SPACES.get(space, (1, 1, 1)))[:, np.newaxis]
    affine[:, :3] = affine[:, 2::-1]
    return affine, notes


def _skips(header: dict) -> bool:
    return any(int(header.get(name, 0) or 0) for name in ("byte skip", "line skip", "byteskip", "lineskip"))


def _slices(
    path: Path, start: int, header: dict, dtype: np.dtype, shape: tuple[int, int, int]
) -> Callable[[], Iterator[np.ndarray]]:
    """The slices, read one after the other where they are raw or gzip, else all at once by pynrrd."""

    def slices() -> Iterator[np.ndarray]:
        with path.open("rb") as stream:
            stream.seek(start)
            encoding = str(header["encoding"]).lower()
            if encoding in ("raw", "gzip", "gz") and not _skips(header):
                yield from read_slices(
                    path, stream if encoding == "raw" else gzip.GzipFile(fileobj=stream), dtype, shape
                )
                return
            yield from _at_once(path, stream, header)

    return slices


def _at_once(path: Path, stream, header: dict) -> np.ndarray:
    import nrrd

    try:
        return nrrd.read_data(header, stream, index_order="C")
    except Exception:
        raise refusal(
            path, "voxels as the header says", "a file that breaks off or is damaged", "copy it again"
        ) from None
