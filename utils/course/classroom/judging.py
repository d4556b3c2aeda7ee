"""The judgement of a submission: the exercises' own checks, on inputs that nobody has seen, with the code in a box.

The student's own seed makes the inputs, so that no two students have the same, and nobody can have tried them. The
process that judges holds inputs, right answers and verdicts; the code is in another one.
"""

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from utils.course.classroom.bounds import Bounds
from utils.course.classroom.remote import Limits, Process, RemoteFunction
from utils.course.classroom.sandbox import Box
from utils.course.classroom.submissions import Answer, Submission
from utils.exercises.grading import seeds

LOUD = 10_000_000  # bytes printed, of which a teacher should know
RAISED = re.compile(r"your code raised (\w+.*)$")


@dataclass(frozen=True)
class Verdict:
    """What an answer is worth.

    Attributes
    ----------
    exercise : str
    status : {"passed", "wrong", "open"}
    points, most : int
    message : str
        What the student reads.
    """

    exercise: str
    status: str
    points: int
    most: int
    message: str = ""


@dataclass
class Judged:
    """A judged submission: its verdicts, and what the teacher should know."""

    student: str
    assignment: str
    verdicts: list[Verdict] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sources: dict[str, str] = field(default_factory=dict)  # exercise → the answer's cell

    @property
    def points(self) -> int:
        """The sum of all points."""
        return sum(one.points for one in self.verdicts)

    @property
    def most(self) -> int:
        """The points that could be had."""
        return sum(one.most for one in self.verdicts)


def judge(
    submission: Submission,
    secret: str,
    open: bool = False,
    limits: Limits | None = None,
    bounds: Bounds | None = None,
) -> Judged:
    """Judge each answer of a submission that has been read.

    Parameters
    ----------
    submission : Submission
    secret : str
        Of the class; with the student's name it makes the seed.
    open : bool
        Whether to do without a sandbox.
    limits : Limits, optional
    bounds : Bounds, optional

    Raises CourseError when there is no sandbox, since then nobody has earned anything.
    """
    judged = Judged(submission.student, submission.assignment, notes=list(submission.notes))
    judged.sources = {name: answer.source for name, answer in submission.answers.items()}
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        process = Process(lambda: Box(Path(folder), bounds, open), limits or Limits())
        try:
            for answer in submission.answers.values():
                judged.verdicts.append(_verdict(answer, process, seeds(secret, submission.student, answer.exercise)))
                if process.broken:
                    raise process.broken
        finally:
            process.close()
    if process.ended:
        judged.notes.append(f"Its code had to be stopped: {'; '.join(dict.fromkeys(process.ended))}.")
    if process.printed > LOUD:
        judged.notes.append(f"It printed {process.printed / 1e6:,.0f} MB.")
    judged.notes += [
        f"Exercise {one.exercise} raised {raised[1]}."
        for one in judged.verdicts
        if (raised := RAISED.search(one.message)) and not raised[1].startswith("Ended")
    ]
    for name in submission.claimed:
        if any(one.exercise == name and one.status != "passed" for one in judged.verdicts):
            judged.notes.append(f"Its outputs say that exercise {name} had passed; judged anew, it has not.")
    return judged


def _verdict(answer: Answer, process: Process, drawn: list[int]) -> Verdict:
    from utils.exercises.core import get

    item = get(answer.exercise)
    if answer.untouched:
        return Verdict(answer.exercise, "open", 0, item.points, "not attempted")
    if answer.parameters is None:
        return Verdict(answer.exercise, "wrong", 0, item.points, f"there is no function {item.function.__name__}")
    function = RemoteFunction(process, answer.pieces, item.function.__name__, answer.parameters)
    for seed in drawn:
        status, message = item.judge(function, seed)
        if status != "passed":
            return Verdict(answer.exercise, status, 0, item.points, message)
    return Verdict(answer.exercise, "passed", item.points, item.points)
