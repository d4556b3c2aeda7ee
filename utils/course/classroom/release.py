"""``course release``: an nbgrader course made of the chapters, one assignment per chapter.

The source of an assignment is the chapter with nbgrader's marks in it: solutions between nbgrader's two lines, the
cells that check them locked and worth points, everything else locked. ``nbgrader generate_assignment`` makes the
students' edition of it. Made again after an update of the course, submissions and grades stay as they are.
"""

import ast
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from utils.course import notebooks
from utils.course.console import terminal
from utils.course.environment import guarded
from utils.course.outputs import within
from utils.errors import CourseError, UsageError
from utils.exercises.grading import CLASS_FILE
from utils.exercises.sources import solution_source
from utils.paths import root

COURSE_ID = "deep_learning_in_medicine"  # under which nbgrader keeps the class, see CONFIG
BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
HIDDEN = '### BEGIN HIDDEN TESTS\nfrom utils.exercises.grading import grade\n\ngrade("{0}", {1})\n### END HIDDEN TESTS'
CHECK = re.compile(r'^check\("(\d+\.\d+)", (\w+)\)', re.MULTILINE)
ERROR = re.compile(r"\w*(Error|Exception)\b.*:|\[\w+ \| (ERROR|CRITICAL)\] There")  # what tells most in a log
CONFIG = '''"""The settings of nbgrader for this class; yours to change, `course release` leaves it alone."""

c = get_config()  # noqa: F821 (nbgrader brings it)
c.CourseDirectory.course_id = "deep_learning_in_medicine"
c.ClearSolutions.code_stub = {"python": "..."}
c.ExecutePreprocessor.timeout = 600  # seconds that a cell may take; marks are given in the smoke profile
c.ExecutePreprocessor.startup_timeout = 300
'''


def release(names: Sequence[str], to: str | Path) -> int:
    """Make or renew an nbgrader course in a folder. Returns the exit code.

    Raises UsageError for a folder in which it must not lie, and for an unknown chapter; CourseError when nbgrader is
    not installed, or refuses an assignment.
    """
    folder = class_folder(to)
    paths = [path for path in notebooks.select(names) if notebooks.exercise_ids(notebooks.read(path))]
    refuse_missing()
    console = terminal()
    begin_class(folder)
    for path in paths:
        place = folder / "source" / path.stem
        notebooks.write_atomically(place / path.name, notebooks.as_text(source(path)))
        nbgrader(folder, "generate_assignment", path.stem, "--create", "--force")
        console.print(f"[green]✓[/green] {path.stem}", highlight=False)
    console.print(
        f"\nA class of {len(paths)} assignments in {folder}: give students what is in release/, put what they send "
        f"into submitted/STUDENT/ASSIGNMENT/, then call `course grade {to}`.",
        soft_wrap=True,
        markup=False,
    )
    return 0


def class_folder(to: str | Path) -> Path:
    """The folder of a class, absolute. Raises UsageError for one in the course, where no student's work belongs."""
    folder = Path(to).expanduser().resolve()
    if within(folder, root()) and not within(folder, root() / "build"):
        raise UsageError(f"{to} lies in the course itself: choose a folder outside of {root()}.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / CLASS_FILE).exists():
        raise UsageError(f"{to} is not empty, and holds no class: choose another folder.")
    return folder


def begin_class(folder: Path) -> None:
    """Make the files of a class that are not there yet: nbgrader's settings, and the secret of its inputs."""
    notebooks.make_folder(folder)
    if not (folder / CLASS_FILE).exists():
        notebooks.write_atomically(folder / CLASS_FILE, json.dumps({"secret": secrets.token_hex(16)}) + "\n")
        (folder / CLASS_FILE).chmod(0o600)
    if not (folder / "nbgrader_config.py").exists():
        notebooks.write_atomically(folder / "nbgrader_config.py", CONFIG)
    notebooks.make_folder(folder / "submitted")


def refuse_missing() -> None:
    """Raise CourseError when nbgrader is not installed."""
    try:
        import nbgrader  # noqa: F401
    except ModuleNotFoundError as error:
        raise CourseError("A class needs nbgrader: install the course with its extra `classroom`.") from error


def nbgrader(folder: Path, *words: str) -> None:
    """Call nbgrader in the folder of a class. Raises CourseError with its last words when it fails."""
    command = [sys.executable, "-m", "nbgrader", *words]
    environment = with_alembic(guarded(folder / ".nbgrader"))
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if ERROR.match(line.strip())] or [done.stderr[-300:]]
        raise CourseError(f"nbgrader {words[0]} {words[1]} failed: {said[-1]}")


def with_alembic(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment in whose path are the commands beside this Python: nbgrader calls alembic by its name."""
    path = os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)])
    return {**environment, "PATH": path}


def source(path: Path) -> dict:
    """A chapter as the source of an assignment: a notebook without outputs, with nbgrader's metadata."""
    from utils.exercises.core import get

    notebook = notebooks.read(path)
    ids = set(notebooks.exercise_ids(notebook))
    checked = set()
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        cell["outputs"], cell["execution_count"] = [], None
        exercise = cell["metadata"].get("exercise")
        found = CHECK.search(cell["source"])
        if exercise in ids:
            cell["source"] = with_solution(cell["source"], solution_source(exercise))
            cell["metadata"]["nbgrader"] = marks(cell["id"], solution=True)
        elif found and found[1] in ids and found[1] not in checked:
            checked.add(found[1])
            cell["source"] = cell["source"].rstrip() + "\n" + HIDDEN.format(*found.groups())
            cell["metadata"]["nbgrader"] = marks(cell["id"], grade=True, points=get(found[1]).points)
        else:
            cell["metadata"]["nbgrader"] = marks(cell["id"])
    if missing := sorted(ids - checked):
        raise CourseError(f"{path.name} has no cell that checks exercise {missing[0]}: add check({missing[0]!r}, …).")
    for name in ("course_run", "papermill", "widgets"):
        notebook["metadata"].pop(name, None)
    return notebook


def marks(name: str, *, grade: bool = False, solution: bool = False, points: int | None = None) -> dict:
    """What nbgrader reads of a cell."""
    found = {"grade": grade, "grade_id": name, "locked": not solution, "schema_version": 3}
    return found | {"solution": solution, "task": False} | ({"points": points} if grade else {})


def with_solution(stub: str, solution: str) -> str:
    """The stub's cell, with the body of the solution between nbgrader's two lines in place of its dots."""
    lines = solution.rstrip().split("\n")
    [function] = ast.parse(solution).body
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    first = min(body[0].lineno, *(_comments_above(lines, body[0].lineno)))
    inside = [f"    {BEGIN}", *lines[first - 1 :], f"    {END}"]
    head, dots, tail = stub.rpartition("    ...")
    if not dots:
        raise CourseError(f"The stub of {function.name} has no line of dots to be replaced.")
    return head + "\n".join(inside) + tail


def _comments_above(lines: Sequence[str], number: int) -> Iterator[int]:
    """The numbers of the lines of comment directly above a line, and its own."""
    yield number
    while number > 1 and lines[number - 2].lstrip().startswith("#"):
        number -= 1
        yield number
