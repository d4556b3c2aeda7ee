"""Grading in a class: the same checks, on inputs that only this student has, drawn from the secret of the class.

The teacher's copy of a chapter calls ``grade`` in a cell that the students' copies do not have. Also what grades a
whole class at once takes its seeds from here, so that both give the same marks.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from utils.errors import UsageError
from utils.exercises import core

CLASS_FILE = "class.json"  # at the top of the class's folder, never in what students get
DRAWS = 2  # of inputs for each exercise
AUTOGRADED = "autograded"


def seeds(secret: str, student: str, exercise: str) -> list[int]:
    """The seeds of a student's inputs in an exercise, of 64 bits each."""
    words = [f"{secret}\0{student}\0{exercise}\0{draw}" for draw in range(DRAWS)]
    return [int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) for text in words]


def grade(identifier: str, answer: Callable) -> None:
    """Nothing when the answer passes on this student's inputs. Raises AssertionError with what is wrong otherwise.

    For the teacher's edition: the student is whose folder the notebook is graded in. Raises UsageError elsewhere.
    """
    secret, student = _class_and_student(Path.cwd())
    item = core.get(identifier)
    if core.is_reference(answer, item):
        raise AssertionError("this is the course's own solution, and no answer")
    for seed in seeds(secret, student, item.id):
        status, message = item.judge(answer, seed)
        if status != "passed":
            raise AssertionError(f"{core.MARKS[status]} {item.id} {item.title}: {message}")


def _class_and_student(folder: Path) -> tuple[str, str]:
    for place in (folder, *folder.parents):
        if (place / CLASS_FILE).is_file():
            parts = folder.relative_to(place).parts
            if len(parts) >= 2 and parts[0] == AUTOGRADED:
                return json.loads((place / CLASS_FILE).read_text(encoding="utf-8"))["secret"], parts[1]
    raise UsageError("grade() is for grading a class; in your own copy, check() says whether your answer is right.")
