"""What a segmentation needs of scans: enough patients with a mask, of one modality; and how they are divided.

Asked by ``course data check`` and by the notebook alike. Without it there still is a report: pictures, sizes, features.
"""

from collections import Counter

import numpy as np

from utils.datasets.splits import Split
from utils.datasets.types import Scans
from utils.datasets.volumes import Volume

FEWEST = 6  # patients: three to learn from, one to choose by, two to test on
AIR = -900  # HU: a scan without a unit that holds such numbers is taken for a CT
SAMPLE = 16  # slices that are looked at for that: there is air beside a patient in nearly all of them
TEST, VALIDATION = 0.25, 0.15  # shares of the patients


def divided(data: Scans, seed: int = 0) -> Split | None:
    """The volumes with a mask of the commonest kind (see ``kind``), divided by whole patients; None when too few.

    About a quarter of the patients for the test, two at least, and one in seven for validation, one at least.
    """
    rows = _usable(data)
    patients = np.unique(data.groups[rows])
    if len(patients) < FEWEST:
        return None
    mixed = np.random.default_rng(seed).permutation(patients)
    test = max(round(TEST * len(mixed)), 2)
    validation = max(round(VALIDATION * len(mixed)), 1)
    parts = np.split(mixed, [len(mixed) - test - validation, len(mixed) - test])
    return Split(*(rows[np.isin(data.groups[rows], part)] for part in parts))


def needed(data: Scans) -> str:
    """What is missing for a segmentation, in one sentence; "" when nothing is."""
    rows = _usable(data)
    count = len(np.unique(data.groups[rows]))
    if count >= FEWEST:
        return ""
    found = f"here are {count} ({kind(data.volumes[rows[0]])})" if count else "here are no such patients"
    return (
        f"too few patients for a network, which needs {FEWEST} or more with a mask in scans of one modality (three to "
        f"learn from, one to choose by, two to test on); {found}"
    )


def kind(volume: Volume) -> str:
    """What scans can be studied together: "CT", another modality, or "modality not stated"."""
    return "CT" if is_ct(volume) else volume.modality or "modality not stated"


def is_ct(volume: Volume) -> bool:
    """Whether the numbers are Hounsfield units: the file says so, or it says nothing and some are as low as air's."""
    if volume.units or volume.modality:
        return volume.units == "HU"
    step = max(len(volume.voxels) // SAMPLE, 1)
    return min(int(part.min()) for part in volume.voxels[::step]) <= AIR


def _usable(data: Scans) -> np.ndarray:
    """The volumes with a mask of the kind that most of them are, by number."""
    kinds = {row: kind(volume) for row, volume in enumerate(data.volumes) if volume.mask is not None}
    commonest = Counter(kinds.values()).most_common(1)[0][0] if kinds else ""
    return np.array([row for row, found in kinds.items() if found == commonest], np.int64)
