"""Which answers look alike, by copydetect, on this machine: nothing is sent anywhere.

Short answers to the same exercise are alike by nature, so the pairs are a reason to look, and no proof.
"""

import csv
import io
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path

from utils.course.classroom.judging import Judged
from utils.course.notebooks import write_atomically

ALIKE = 0.6  # of the shorter one's code
NOISE, GUARANTEE = 20, 25  # characters: what is shorter is no sign; what is longer is found (copydetect's k and w)
COLUMNS = ("assignment", "one", "other", "share of one", "share of other")


def write(judged: Sequence[Judged], folder: Path) -> Path:
    """Write ``similar.csv``, the pairs of students whose code is alike, most alike first; returns its path."""
    found = []
    for assignment, ones in itertools.groupby(
        sorted(judged, key=lambda one: one.assignment), lambda one: one.assignment
    ):
        found += pairs(assignment, list(ones))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *found])
    write_atomically(folder / "similar.csv", text.getvalue())
    return folder / "similar.csv"


def pairs(assignment: str, judged: Sequence[Judged]) -> list[tuple]:
    """(assignment, student, student, share, share) of the pairs of which a share of at least ALIKE is common."""
    from copydetect import CodeFingerprint, compare_files

    with tempfile.TemporaryDirectory(prefix="grading-") as place:
        prints = {}
        for number, one in enumerate(judged):
            answers = [one.sources[verdict.exercise] for verdict in one.verdicts if verdict.status != "open"]
            path = Path(place) / f"{number}.py"
            path.write_text("\n\n".join(answers), encoding="utf-8", errors="replace")
            if answers:
                prints[one.student] = CodeFingerprint(str(path), NOISE, GUARANTEE - NOISE + 1)
        found = []
        for (one, first), (other, second) in itertools.combinations(prints.items(), 2):
            _, (share, back), _ = compare_files(first, second)
            if max(share, back) >= ALIKE:
                found.append((assignment, one, other, round(float(share), 2), round(float(back), 2)))
    return sorted(found, key=lambda row: -min(row[3:]))
