"""From a name to a dataset: which function reads which."""

import inspect

from utils.datasets import images, molecules, records, sequences
from utils.datasets.catalogue import find
from utils.errors import UsageError

LOADERS = {
    "nuclei": images.nuclei,
    "cifar10_small": images.cifar10_small,
    "cifar10": images.cifar10,
    "nafld": records.nafld,
    "pbc": records.pbc,
    "ecg5000": sequences.ecg5000,
    "splice": sequences.splice,
}
OF_A_KIND = {"molecules": molecules.molecules, "images": images.medmnist}


def load(name: str, **options):
    """The dataset of this name, as ``Images``, ``Records``, ``Signals``, ``Sequences`` or ``Molecules``.

    What ships with the course is read from ``data/``; the rest is fetched into the cache first.
    Options: ``size``, side of a patch in pixels, for "nuclei" (32); ``as_published=True`` for "nafld" keeps two
    variables that are false copies (see its card). Raises UsageError for an unknown name or option, CourseError for a
    file that is damaged or missing.
    """
    entry = find(name)
    loader = LOADERS.get(name) or OF_A_KIND[entry.kind]
    known = list(inspect.signature(loader).parameters)[1:]
    for option in options:
        if option not in known:
            raise UsageError(f"The dataset {name!r} has no option {option!r}; it has {', '.join(known) or 'none'}.")
    return loader(entry, **options)
