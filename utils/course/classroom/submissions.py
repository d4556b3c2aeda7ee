"""What students have sent: found, looked at without trusting any of it, and repaired where that is safe.

A submission is the folder ``submitted/STUDENT/ASSIGNMENT`` of an nbgrader course. Whatever is wrong with it, it gets a
line for the teacher, and earns what can be read of it.
"""

import json
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from utils.course.classroom import slicing
from utils.course.notebooks import exercise_ids
from utils.exercises.core import EXERCISE_MIME
from utils.exercises.sources import function_name

MOST_MEGABYTES = 20.0  # of one notebook
NAME = "submitted"


@dataclass(frozen=True)
class Answer:
    """A student's function for one exercise, with what it needs of the notebook.

    Attributes
    ----------
    exercise : str
        Like ``3.1``.
    source : str
        Of the cell, as the student left it; "" without one.
    pieces : list of (str, str)
        What is to be executed, see ``slicing.pieces``.
    parameters : list of str or None
        The names in the function's first line; None when the cell defines no such function.
    untouched : bool
    """

    exercise: str
    source: str = ""
    pieces: list[tuple[str, str]] = field(default_factory=list)
    parameters: list[str] | None = None
    untouched: bool = True


@dataclass
class Submission:
    """One student's notebook.

    Attributes
    ----------
    student, assignment : str
    folder : Path
    answers : dict
        Exercise → Answer.
    notes : list of str
        For the teacher: what was wrong, and what was done about it, each a sentence.
    claimed : list of str
        Exercises of which its outputs say that they had passed.
    """

    student: str
    assignment: str
    folder: Path
    answers: dict[str, Answer] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)


def find(course: Path, assignment: str | None = None, student: str | None = None) -> list[Submission]:
    """The submissions in the folder of a course, by assignment and student. Links are not followed."""
    found = []
    top = course / NAME
    for person in _folders(top):
        for folder in _folders(person):
            if assignment in (None, folder.name) and student in (None, person.name):
                found.append(Submission(person.name, folder.name, folder))
    return sorted(found, key=lambda one: (one.assignment, one.student))


def _folders(place: Path) -> list[Path]:
    try:
        return [path for path in place.iterdir() if not path.is_symlink() and path.is_dir()]
    except OSError:
        return []


def read(submission: Submission, source: dict) -> Submission:
    """Read a submission's notebook, and find its answers. What cannot be read leaves a note.

    ``source`` is the notebook of the assignment, as the teacher has it.
    """
    path = _notebook(submission)
    notebook = path and _parsed(path, submission.notes)
    cells = notebook and _cells(notebook, submission.notes)
    if cells:
        submission.claimed = _claimed(notebook["cells"])
        submission.notes += _changed(cells, source)
    exercises = exercise_ids(source)
    submission.answers = {name: _answer(name, cells or [], submission.notes) for name in exercises}
    return submission


def _notebook(submission: Submission) -> Path | None:
    """The notebook that was meant: that of the assignment's name or, failing that, the only one."""
    notes = submission.notes
    try:
        there = sorted(path for path in submission.folder.iterdir() if path.suffix == ".ipynb")
    except OSError as error:
        notes.append(f"The folder cannot be read ({error.strerror}).")
        return None
    wanted = f"{submission.assignment}.ipynb"
    links = [path.name for path in there if path.is_symlink()]
    if links:
        notes.append(f"{links[0]} is a link to another place, and was not followed.")
    there = [path for path in there if not path.is_symlink()]
    path = next((path for path in there if path.name == wanted), None)
    if path is None and len(there) == 1:
        path = there[0]
        notes.append(f"The notebook is called {path.name[:80]!r}; it was taken for {wanted}.")
    if path is None:
        notes.append(f"There is no {wanted}" + (f", but {len(there)} other notebooks." if there else "."))
        return None
    try:
        status = path.lstat()
    except OSError as error:
        notes.append(f"{path.name} cannot be read ({error.strerror}).")
        return None
    if not stat.S_ISREG(status.st_mode):
        notes.append(f"{path.name} is no file.")
        return None
    if status.st_size > MOST_MEGABYTES * 2**20:
        notes.append(f"{path.name} has {status.st_size / 2**20:,.0f} MB, more than {MOST_MEGABYTES:.0f}: not read.")
        return None
    if not status.st_size:
        notes.append(f"{path.name} is empty.")
        return None
    return path


def _parsed(path: Path, notes: list[str]) -> dict | None:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        notes.append(f"{path.name} is not text in UTF-8, and so no notebook.")
        return None
    except OSError as error:
        notes.append(f"{path.name} cannot be read ({error.strerror}).")
        return None
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        notes.append(f"{path.name} is not JSON, and so no notebook.")
        return None
    if not isinstance(notebook, dict) or notebook.get("nbformat") != 4 or not isinstance(notebook.get("cells"), list):
        notes.append(f"{path.name} is JSON, but no notebook of format 4.")
        return None
    language = notebook.get("metadata", {})
    language = language.get("kernelspec", {}) if isinstance(language, dict) else {}
    name = language.get("name", "python3") if isinstance(language, dict) else "python3"
    if name != "python3":
        notes.append(f"It asks for the kernel {str(name)[:60]!r}; answers are always executed by the course's Python.")
    return notebook


def _cells(notebook: dict, notes: list[str]) -> list[dict]:
    """The cells that are ones, each with an id of its own; nothing but their text and what they say of themselves."""
    cells, ids, twice, broken = [], set(), 0, 0
    for cell in notebook["cells"]:
        if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
            broken += 1
            continue
        source = cell.get("source", "")
        source = "".join(map(str, source)) if isinstance(source, list) else str(source)
        metadata = cell["metadata"] if isinstance(cell.get("metadata"), dict) else {}
        name = cell.get("id") if isinstance(cell.get("id"), str) else f"cell-{len(cells)}"
        if name in ids:
            twice += 1
            name = f"{name}-{len(cells)}"
        ids.add(name)
        clean = {"cell_type": cell["cell_type"], "id": name, "metadata": metadata, "source": source}
        cells.append(clean | ({"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {}))
    if twice:
        notes.append(
            f"{twice} cell{'s have' if twice > 1 else ' has'} the id of another; each was given one of its own."
        )
    if broken:
        notes.append(f"{broken} of its cells cannot be read, and were left out.")
    return cells


def _claimed(cells: list) -> list[str]:
    """The exercises of which outputs say that they had passed."""
    found = []
    for cell in cells:
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else []:
            data = output.get("data") if isinstance(output, dict) else None
            record = data.get(EXERCISE_MIME) if isinstance(data, dict) else None
            if isinstance(record, dict) and record.get("status") == "passed":
                found.append(str(record.get("id"))[:10])
    return list(dict.fromkeys(found))


def _changed(cells: list[dict], source: dict) -> list[str]:
    """Notes on cells of the chapter that are not there any more, or not as they were; none of them counts."""
    ours = [cell for cell in source["cells"] if cell["cell_type"] == "code" and "exercise" not in cell["metadata"]]
    texts = {_bare(cell["source"]) for cell in cells}
    gone = [cell["id"] for cell in ours if _bare(cell["source"]) not in texts]
    notes = []
    if gone:
        some = ", ".join(gone[:3]) + (" …" if len(gone) > 3 else "")
        notes.append(f"{len(gone)} of the chapter's own cells were changed or removed ({some}); ours count.")
    order = [cell["id"] for cell in cells]
    kept = [order.index(cell["id"]) for cell in source["cells"] if cell["id"] in order]
    if kept != sorted(kept):
        notes.append("Cells of the chapter were moved.")
    return notes


def _bare(text: str) -> str:
    """A cell's text without what the students' edition does not have."""
    return re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", text, flags=re.DOTALL).strip()


def _answer(exercise: str, cells: list[dict], notes: list[str]) -> Answer:
    """The student's answer: the last cell that defines the function, since that is what stands at the end."""
    name = function_name(exercise)
    code = [(place, cell) for place, cell in enumerate(cells) if cell["cell_type"] == "code"]
    defining = [(place, cell) for place, cell in code if slicing.parameters(cell["source"], name) is not None]
    marked = [(place, cell) for place, cell in code if cell["metadata"].get("exercise") == exercise]
    own = [one for one in defining if any(one[1] is other for _, other in marked)]
    worked = [one for one in defining if not slicing.untouched(one[1]["source"], name)]
    own_worked = [one for one in own if one in worked]
    chosen = (own_worked or worked or own or marked)[-1:]
    if len(own_worked) > 1:
        notes.append(f"The cell of exercise {exercise} is there {len(own_worked)} times; the last one counts.")
    if not chosen:
        notes.append(f"The cell of exercise {exercise} is gone, and no other defines {name}.")
        return Answer(exercise)
    place, cell = chosen[0]
    if slicing.parameters(cell["source"], name) is None:
        notes.append(f"The cell of exercise {exercise} defines no function {name}.")
    if not any(cell is other for _, other in marked):
        notes.append(f"Exercise {exercise} is answered in another cell than its own, and was found there.")
    above = [(one["id"], one["source"]) for at, one in code if at < place]
    below = [(one["id"], one["source"]) for at, one in code if at > place]
    source = cell["source"]
    return Answer(
        exercise,
        source,
        slicing.pieces(above, (cell["id"], source), name, below),
        slicing.parameters(source, name),
        slicing.untouched(source, name),
    )
