"""From a name or a path to a dataset: which function reads which."""

import inspect
import os
from typing import Any

from utils.datasets import chromosome, images, molecules, own, records, scans, sequences, weights
from utils.datasets.catalogue import Entry, catalogue, find
from utils.datasets.types import DicomFiles, Images, Molecules, Records, Scans, Sequences, Signals
from utils.datasets.weights import Weights
from utils.errors import UsageError

LOADERS = {
    "nuclei": images.nuclei,
    "cifar10_small": images.cifar10_small,
    "cifar10": images.cifar10,
    "efficientnet_lite0": weights.of_network,
    "mmsplice_donor": weights.of_network,
    "nafld": records.nafld,
    "pbc": records.pbc,
    "ecg5000": sequences.ecg5000,
    "splice": sequences.splice,
    "splice_chr19": chromosome.splice_chr19,
    "scans": scans.scans,
    "cranium": scans.cranium,
    "dicom_samples": scans.dicom_files,
    "dicom_folder": scans.dicom_files,
}
COLUMNS = list(inspect.signature(own.load).parameters)[2:]  # the options of a path name its columns
OF_A_KIND = {"molecules": molecules.molecules, "images": images.medmnist}


def load(
    name: str | os.PathLike, kind: str | None = None, **options: Any
) -> Images | Records | Signals | Sequences | Molecules | Scans | DicomFiles | Weights:
    """The dataset of this name or path, as ``Images``, ``Records``, ``Signals``, ``Sequences``, ``Molecules``,
    ``Scans``, ``DicomFiles`` or ``Weights``.

    A name is one of the catalogue: what ships with the course is read from ``data/``; the rest is fetched into the
    cache first. A path is your own data: see ``data/YOUR_OWN.md``. A name stays a name where a folder is called so.
    kind: "images", "records", "signals", "sequences", "molecules", "scans", "files" or "weights", when only that is of
    use; for your own data it may be left out where suffix and columns tell it.
    Options: ``size``, side of a patch in pixels, for "nuclei" (48); ``as_published=True`` for "nafld" keeps two
    variables that are false copies (see its card); ``label``, ``smiles``, ``sequence``, ``group``, ``id`` and ``time``
    name the columns of a path. Raises UsageError for an unknown name or option or a name of
    another kind, CourseError for a file that is damaged, missing or not in the form that its kind has.
    """
    if name not in catalogue() and own.is_path(name):
        _refuse_unknown(options, COLUMNS, "A path")
        return own.load(name, kind, **options)
    entry = _entry(name)
    if kind not in (None, entry.kind):
        fits = ", ".join(other.name for other in catalogue().values() if other.kind == kind)
        raise UsageError(
            f"The dataset {name!r} holds {entry.kind}, but {kind} are read here; give {fits}, or a path to your own."
        )
    loader = LOADERS.get(name) or OF_A_KIND[entry.kind]
    _refuse_unknown(options, list(inspect.signature(loader).parameters)[1:], f"The dataset {name!r}")
    return loader(entry, **options)


def _entry(name: str) -> Entry:
    try:
        return find(name)
    except UsageError as error:
        raise UsageError(f"{error} Your own data are a path: x.npz, x.csv, or folder/ (data/YOUR_OWN.md).") from None


def _refuse_unknown(options: dict, known: list[str], what: str) -> None:
    for option in options:
        if option not in known:
            raise UsageError(f"{what} has no option {option!r}; it has {', '.join(known) or 'none'}.")
