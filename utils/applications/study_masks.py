"""Which way to make a mask is best, how good it is on patients that nobody has seen, and what must be said of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from utils import claims, metrics
from utils.applications.study_segmentation import Candidate, Case
from utils.datasets.types import Scans
from utils.metrics.comparison import Comparison, signed
from utils.metrics.surfaces import average_surface_distance, hausdorff_distance, lesions

ENOUGH = 5  # test patients from which on an interval means something
MOST_JUDGED = 6  # scans on which each candidate is tried


def dice(candidate: Candidate, cases: Sequence[Case]) -> np.ndarray:
    """Dice of each case, float64 (cases,)."""
    return np.array([metrics.dice(case.mask, candidate(case)) for case in cases])


def best(candidates: Mapping[str, Candidate], cases: Sequence[Case]) -> str:
    """The name of the candidate with the largest mean Dice on these cases; prints it."""
    judged = cases[:MOST_JUDGED]
    found = {name: float(dice(candidate, judged).mean()) for name, candidate in candidates.items()}
    name = max(found, key=found.get)
    print(f"best of {len(found)}: {name}, with a mean Dice of {found[name]:.3f} (scans: {len(judged)})")
    return name


def record(first: Candidate, second: Candidate, cases: Sequence[Case]) -> None:
    """Show and record the mean Dice of the network as a claim that is not judged, beside that of the rule."""
    value, rival = (float(dice(candidate, cases).mean()) for candidate in (first, second))
    claims.claim("network: mean Dice, with that of the rule as its band", value, at_least=rival, judged=False)


def scores(candidates: Mapping[str, Candidate], cases: Sequence[Case]) -> pd.DataFrame:
    """A row per scan and candidate: Dice, distances of the surfaces, volumes, and how many pieces were found."""
    rows = {}
    for case in cases:
        for name, candidate in candidates.items():
            found = candidate(case)
            count, voxel = lesions(case.mask, found), case.volume.voxel_volume / 1000
            rows[case.volume.name, name] = {
                "Dice": round(metrics.dice(case.mask, found), 3),
                "Hausdorff 95 %, mm": round(hausdorff_distance(case.mask, found, case.spacing, 95), 1),
                "mean distance, mm": round(average_surface_distance(case.mask, found, case.spacing), 1),
                "true volume, ml": round(case.mask.sum() * voxel, 2),
                "found, ml": round(found.sum() * voxel, 2),
                "pieces found": f"{count.found} of {count.lesions}, {count.false} false",
            }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index.names = ["scan", "model"]
    return table


def compare(first: Candidate, second: Candidate, cases: Sequence[Case], repeats: int, seed: int = 0) -> Comparison:
    """The difference of the mean Dice of network and rule, by patient; without an interval for a few patients."""
    one, other = dice(first, cases), dice(second, cases)
    groups = np.array([case.patient for case in cases])
    count = len(np.unique(groups))
    if count >= ENOUGH:
        return metrics.compare(
            lambda _, found: float(np.mean(found)),
            np.zeros(len(cases)),
            {"the network": one, "the rule": other},
            measure="mean Dice",
            groups=groups,
            repeats=repeats,
            seed=seed,
        )
    each = ", ".join(signed(difference) for difference in one - other)
    found = metrics.Estimate(float(np.mean(one - other)), np.nan, np.nan)
    said = (
        f"Nothing can be said about other patients: {count} were tested, and an interval needs {ENOUGH}. The Dice of "
        f"the network minus that of the rule was {each}."
    )
    return Comparison(found, said)


def card(
    data: Scans, cases: Mapping[str, Sequence[Case]], table: pd.DataFrame, comparison: Comparison, **trained: Any
) -> str:
    """The model card in Markdown: what is known, and what only the owner of the data can add."""
    patients = {part: len({case.patient for case in some}) for part, some in cases.items()}
    network = table.xs("network", level="model")
    spacing = " × ".join(f"{step:.2f}" for step in cases["train"][0].spacing)
    lines = [
        "### Model card: a 3-D U-Net",
        f"- **Data**: {data.entry.title} (licence: {data.entry.licence}).",
        f"- **Patients**: {patients['train']} to learn from, {patients['validation']} to choose by, "
        f"{patients['test']} tested once. No patient is in two parts.",
        f"- **Grid**: {spacing} mm, on which everything was measured.",
        f"- **Trained how**: {'; '.join(f'{name}: {value}' for name, value in trained.items())}.",
        f"- **Dice of each test scan**: {', '.join(f'{name} {value}' for name, value in network['Dice'].items())}.",
        f"- **Beside the rule**: {comparison.sentence}",
        *(f"- **Assumed**: {note}" for note in data.entry.notes),
        "",
        "**What you must add**, since no file says it:",
        "",
        "- *Where the masks come from*: who drew them, on which series, how far two of them differ.",
        "- *Who is missing*: by age, sex, disease, scanner, protocol; the scores say nothing about them.",
        "- *Intended use*: for whom, at which moment, what follows from a mask, and what a mistake costs.",
        "- *Elsewhere*: a test on scans of another place or a later time has not been made.",
        "",
        "This is no medical device, and nothing here is medical advice.",
    ]
    return "\n".join(lines)
