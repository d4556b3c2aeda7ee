"""What a teacher takes out of the gradebook: marks for Canvas and Moodle, and which exercise was hard."""

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.course.classroom.gradebook import Book
from utils.course.classroom.judging import Judged
from utils.course.notebooks import write_atomically

CANVAS = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")  # what its import asks for, in this order
MOODLE = ("ID number", "First name", "Surname", "Email address")


@dataclass(frozen=True)
class Hardness:
    """How a class did in one exercise.

    Attributes
    ----------
    exercise : str
    passed, wrong, open : int
        Students.
    mistakes : list of (str, int)
        The known mistakes, the most frequent first.
    """

    exercise: str
    passed: int
    wrong: int
    open: int
    mistakes: list[tuple[str, int]]


def write(book: Book, folder: Path) -> list[Path]:
    """Write ``marks.csv``, ``canvas.csv`` and ``moodle.csv`` from all that is in the gradebook; returns their paths."""
    with book.open() as gradebook:
        assignments = sorted(gradebook.assignments, key=lambda one: one.name)
        most = {one.name: one.max_score for one in assignments}
        people = [
            (one.id, one.first_name or "", one.last_name or "", one.email or "")
            for one in sorted(gradebook.students, key=lambda one: one.id)
        ]
        scores = {
            (sent.student.id, one.name): sent.score
            for one in assignments
            for sent in gradebook.assignment_submissions(one.name)
        }
    names = [name for name in most if any(person[0] for person in people if (person[0], name) in scores)]
    marks = [[person, *(scores.get((person, name), "") for name in names)] for person, *_ in people]
    plain = [
        ["student", *names, "total"],
        ["(points possible)", *(most[name] for name in names), sum(map(most.get, names))],
    ]
    plain += [[*row, sum(mark for mark in row[1:] if mark != "")] for row in marks]
    canvas = [[*CANVAS, *names], ["    Points Possible", "", "", "", "", *(most[name] for name in names)]]
    moodle = [[*MOODLE, *names]]
    for (person, first, last, email), row in zip(people, marks, strict=True):
        canvas.append([f"{last}, {first}" if last else person, "", person, person, "", *row[1:]])
        moodle.append([person, first, last, email, *row[1:]])
    written = []
    for name, rows in {"marks": plain, "canvas": canvas, "moodle": moodle}.items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([[_harmless(value) for value in row] for row in rows])
        write_atomically(folder / f"{name}.csv", text.getvalue())
        written.append(folder / f"{name}.csv")
    return written


def _harmless(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value


def hardness(judged: Sequence[Judged]) -> list[Hardness]:
    """How the class did, exercise by exercise."""
    found: dict[str, list] = {}
    for one in judged:
        for verdict in one.verdicts:
            found.setdefault(verdict.exercise, []).append(verdict)
    rows = []
    for exercise in sorted(found, key=lambda name: [int(part) for part in name.split(".")]):
        verdicts = found[exercise]
        count = Counter(verdict.status for verdict in verdicts)
        wrong = Counter(mistake(exercise, one.message) for one in verdicts if one.status == "wrong")
        rows.append(Hardness(exercise, count["passed"], count["wrong"], count["open"], wrong.most_common()))
    return rows


def mistake(exercise: str, message: str) -> str:
    """The name of the known mistake that a message speaks of; ``an error`` or ``another`` without one."""
    from utils.exercises.core import get

    for known in get(exercise).wrong_answers:
        pattern = re.sub(r"\\\{.*?\\\}", ".*", re.escape(known.says))
        if re.search(pattern, message, re.DOTALL):
            return known.name
    return "an error" if "your code raised" in message or "was stopped" in message else "another"
