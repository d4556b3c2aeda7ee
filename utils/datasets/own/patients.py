"""What a segmentation needs of scans: enough patients with a mask, of one modality; and how they are divided.

Asked by ``course data check`` and by the notebook alike. Without it there still is a report: pictures, sizes, features.
"""

from collections import Counter

import numpy as np

from utils.datasets.splits import Split
from utils.datasets.types import Scans

FEWEST = 6  # patients: three to learn from, one to choose by, two to test on
TEST, VALIDATION = 0.25, 0.15  # shares of the patients


def divided(data: Scans, seed: int = 0) -> Split | None:
    """The volumes of the commonest modality that have a mask, divided by whole patients; None when they are too few.

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
    found = f"here are {count} ({data.volumes[rows[0]].modality or 'modality not stated'})" if count else "here is none"
    return (
        f"too few patients for a network, which needs {FEWEST} or more with a mask in scans of one modality (three to "
        f"learn from, one to choose by, two to test on); {found}"
    )


def _usable(data: Scans) -> np.ndarray:
    """The volumes with a mask of the modality that most patients have, by number."""
    masked = [row for row, volume in enumerate(data.volumes) if volume.mask is not None]
    counts = Counter(data.volumes[row].modality for row in masked)
    commonest = counts.most_common(1)[0][0] if counts else ""
    return np.array([row for row in masked if data.volumes[row].modality == commonest], np.int64)
