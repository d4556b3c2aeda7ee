"""One DICOM file: its header, and the pixels of its frames as numbers."""

import contextlib
import contextvars
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from utils.datasets.volumes.refusals import counted, refusal, sides
from utils.errors import CourseError

# What is read of a header, beside the group 0028 that says how pixels are stored.
NEEDED = """
    SOPClassUID Modality PatientID SeriesInstanceUID SeriesNumber SeriesDescription ImagePositionPatient
    ImageOrientationPatient PixelSpacing ImagerPixelSpacing SpacingBetweenSlices SliceThickness NumberOfFrames
    SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence GridFrameOffsetVector DoseGridScaling
    BurnedInAnnotation PhotometricInterpretation SamplesPerPixel PlanarConfiguration Rows Columns BitsAllocated
    BitsStored HighBit PixelRepresentation RescaleSlope RescaleIntercept ModalityLUTSequence
""".split()  # noqa: SIM905
QUIET = contextvars.ContextVar("quiet", default=False)  # since it is asked for again and again while one folder is read
OTHERS = {  # how files begin that often go by the name of another
    b"\xff\xd8\xff": "a JPEG picture",
    b"\x89PNG": "a PNG picture",
    b"\x1f\x8b": "a gzip archive",
    b"PK\x03\x04": "a ZIP archive",
    b"NRRD": "an NRRD file",
    b"\x5c\x01\x00\x00": "a NIfTI file",
    b"%PDF": "a PDF document",
}
DEFERRED = 4096  # bytes: what is longer, pixels above all, is read from the file when it is asked for
READERS = {  # decoders that are not among the course's packages, for what they read
    "JPEG Lossless": "pip install pylibjpeg-libjpeg",
    "JPEG Extended": "pip install pylibjpeg-libjpeg",
    "JPEG-LS": "pip install pyjpegls",
    "JPEG": "pip install pylibjpeg-libjpeg",
    "High-Throughput": "pip install pylibjpeg-openjpeg",
}


def begins_as_dicom(path: Path) -> bool:
    """Whether the file has the mark DICM after its preamble."""
    return start_of(path, 132)[128:] == b"DICM"


def start_of(path: Path, size: int) -> bytes:
    """The first bytes of a file; CourseError when the system will not hand it over."""
    try:
        with path.open("rb") as stream:
            return stream.read(size)
    except OSError as error:
        raise refusal(path, "a file that can be read", f"one that cannot ({error.strerror or error})") from None


def kind_of(path: Path) -> str:
    """In words what a file that is no DICOM is, by its first bytes."""
    start = start_of(path, 16)
    if not start:
        return "an empty file"
    if begins_as_dicom(path):
        return "a DICOM file"
    return next((words for mark, words in OTHERS.items() if start.startswith(mark)), "something else")


def not_a(path: Path, wanted: str) -> CourseError:
    """The error for a file that is not what its name says: ``a DICOM file``, ``a NIfTI file``, ``an NRRD file``."""
    found = kind_of(path)
    if found == wanted:
        found = "one that breaks off or is damaged"
    return refusal(path, wanted, found, "was it renamed?" if found in (*OTHERS.values(), "a DICOM file") else "")


def header_of(path: Path, pixels: bool = False, everything: bool = False) -> Any:
    """The header of a DICOM file, as a ``pydicom.Dataset``; when asked, with where its pixels are in the file.

    Only the fields in ``NEEDED`` are read, unless everything is asked for. Nothing that pydicom says of a field is
    passed on, since it may quote what the field holds.
    """
    import pydicom
    from pydicom.errors import InvalidDicomError

    wanted = None if everything else [*NEEDED, *(["PixelData", "FloatPixelData"] if pixels else [])]
    options = {"stop_before_pixels": not pixels, "specific_tags": wanted, "defer_size": DEFERRED}
    with understood(path):
        try:
            header = pydicom.dcmread(path, **options)
        except InvalidDicomError:  # without the mark DICM: old, or something else
            header = pydicom.dcmread(path, **options, force=True)
            if "SOPClassUID" not in header and "Modality" not in header:
                raise not_a(path, "a DICOM file") from None
    if "TransferSyntaxUID" not in header.file_meta:
        _assume_syntax(header)
    return header


@contextlib.contextmanager
def understood(path: Path) -> Iterator[None]:
    """One sentence, without what a field holds, for whatever goes wrong while fields of this file are read."""
    try:
        with quiet():
            yield
    except CourseError:
        raise
    except OSError as error:
        raise refusal(path, "a file that can be read", f"one that cannot ({error.strerror or 'broken off'})") from None
    except Exception:
        raise refusal(
            path, "a whole DICOM file", "one that breaks off or is damaged in its header", "copy it again"
        ) from None


def _assume_syntax(header: Any) -> None:
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    implicit, little = header.original_encoding
    explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    header.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """pydicom warns of odd values and quotes them; a name must not end up on a screen that way."""
    from pydicom import config

    if QUIET.get():
        yield
        return
    mark, before = QUIET.set(True), config.logger.disabled
    config.logger.disabled = True  # setting a level would be slow: it clears a cache
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        config.logger.disabled = before
        QUIET.reset(mark)


def refuse_unlike_voxels(path: Path, header: Any) -> None:
    """CourseError when the file has no grey pixels that could be voxels."""
    if "Rows" not in header or "Columns" not in header or "BitsAllocated" not in header:
        modality = str(header.get("Modality", "")) or "no modality"
        raise refusal(path, "a picture", f"a DICOM file without pixels ({modality})")
    if str(header.get("Modality")) == "SEG":
        raise refusal(
            path, "voxels", "a DICOM segmentation", "write the mask as NIfTI or NRRD, for example with 3D Slicer"
        )
    colours = str(header.get("PhotometricInterpretation", "MONOCHROME2"))
    if header.get("SamplesPerPixel", 1) != 1 or not colours.startswith("MONOCHROME"):
        raise refusal(path, "grey voxels", f"a picture in colour ({colours})", "colours are no measurement of tissue")


def frame(path: Path, header: Any, number: int | None) -> np.ndarray:
    """The stored numbers of one frame, (rows, columns) in the byte order of this machine.

    header: with where its pixels are. That is forgotten once they have been read, so that they need not stay in
    memory; then, and for one frame of several (number), the file is opened again.
    """
    from pydicom.pixels import pixel_array

    try:
        with quiet():
            if number is None and "PixelData" in header:
                stored = pixel_array(header, raw=True)
                del header.PixelData
            elif begins_as_dicom(path) and not header.file_meta.TransferSyntaxUID.is_deflated:
                stored = pixel_array(path, index=number, raw=True)
            else:
                stored = pixel_array(header_of(path, pixels=True), index=number, raw=True)
    except (NotImplementedError, RuntimeError) as error:
        raise _undecodable(path, header, error) from None
    except (ValueError, AttributeError, EOFError, OSError, IndexError):
        raise _broken(path, header) from None
    return stored.astype(stored.dtype.newbyteorder("="), copy=False)


def _undecodable(path: Path, header: Any, error: Exception) -> CourseError:
    """The pixels could not be decoded: there is no decoder, or what is there is broken."""
    syntax = header.file_meta.TransferSyntaxUID.name
    if (
        syntax.startswith("JPEG Extended")  # of 12 bits, which the decoders at hand do not have
        or "missing dependencies" in str(error)
        or "is not supported" in str(error)
        or "no pixel data" in str(error).lower()
    ):
        name = syntax.split(",")[0].split(" (")[0]
        advice = next((command for start, command in READERS.items() if syntax.startswith(start)), "")
        advice = f"`{advice}` adds one, or have it" if advice else "have it"
        return refusal(
            path,
            "pixels that can be decoded",
            f"{name}, for which no decoder is installed",
            f"{advice} written without compression",
        )
    return _broken(path, header)


def _broken(path: Path, header: Any) -> CourseError:
    frames = int(header.get("NumberOfFrames") or 1)
    size = header.Rows, header.Columns
    whole = f"{sides(size)} pixels" + (f" in {counted(frames, 'frame')}" if frames > 1 else "")
    if not header.file_meta.TransferSyntaxUID.is_compressed:
        held = len(header.get("PixelData") or header_of(path, pixels=True).get("PixelData") or b"")
        stored = size[0] * size[1] * frames * header.BitsAllocated // 8
        if held < stored:
            return refusal(path, f"{whole}, {stored:,} bytes", f"{held:,} bytes: the file breaks off", "copy it again")
    return refusal(path, whole, "pixels that are missing or damaged", "copy it again")
