"""nbgrader's gradebook, written by nbgrader: the one place where marks enter it, one submission after another.

nbgrader executes a notebook, and reads marks from the outputs of the cells that are worth points. Here these outputs
are put in, and nothing is executed: the judgement has been made, with the code in a box.
"""

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    LimitOutput,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from traitlets import Dict
from traitlets.config import Config

from utils.course import notebooks
from utils.course.classroom.judging import Judged, Verdict
from utils.course.classroom.release import CHECK, COURSE_ID, with_alembic
from utils.errors import CourseError

TIMESTAMP = "timestamp.txt"


class PutVerdicts(NbGraderPreprocessor):
    """In place of an execution: each cell that is worth points gets the output of its verdict."""

    verdicts: Mapping[str, Verdict] = Dict().tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Put the outputs in."""
        for cell in nb.cells:
            found = CHECK.search(cell.source) if cell.cell_type == "code" else None
            if found and cell.metadata.get("nbgrader", {}).get("grade"):
                cell.outputs = [output(self.verdicts[found[1]])]
                cell.execution_count = 1
        return nb, resources


def output(verdict: Verdict) -> Any:
    """What a cell shows for a verdict: an error is no points."""
    from nbformat.v4 import new_output

    if verdict.status == "passed":
        return new_output("stream", name="stdout", text=f"✓ {verdict.exercise}: right, {verdict.most} points\n")
    words = f"{'○' if verdict.status == 'open' else '✗'} {verdict.exercise}: {verdict.message}"
    return new_output("error", ename="AssertionError", evalue=words, traceback=[words])


class Book:
    """The gradebook of a class.

    Parameters
    ----------
    folder : Path
        Of the class.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.address = f"sqlite:///{folder / 'gradebook.db'}"

    @contextmanager
    def open(self) -> Iterator[Gradebook]:
        """nbgrader's own Gradebook."""
        with _beside_python(), Gradebook(self.address, COURSE_ID) as book:
            yield book

    def write(self, judged: Judged, submitted: Path) -> None:
        """Enter a judged submission, and write its notebook into ``autograded/``. Manual marks and comments stay.

        Raises CourseError when nbgrader refuses it.
        """
        source = self.folder / "source" / judged.assignment / f"{judged.assignment}.ipynb"
        with tempfile.TemporaryDirectory(prefix="grading-") as clean:
            place = Path(clean) / judged.student / judged.assignment
            notebooks.write_atomically(place / source.name, notebooks.as_text(answered(source, judged)))
            stamp = submitted / TIMESTAMP
            if stamp.is_file() and not stamp.is_symlink() and stamp.stat().st_size < 200:
                (place / TIMESTAMP).write_bytes(stamp.read_bytes())
            config = Config()
            config.CourseDirectory.root = str(self.folder)
            config.CourseDirectory.submitted_directory = clean
            config.CourseDirectory.db_url = self.address
            config.CourseDirectory.course_id = COURSE_ID
            config.CourseDirectory.assignment_id = judged.assignment
            config.CourseDirectory.student_id = judged.student
            config.PutVerdicts.verdicts = {one.exercise: one for one in judged.verdicts}
            config.Autograde.autograde_preprocessors = [
                PutVerdicts,
                LimitOutput,
                SaveAutoGrades,
                AssignLatePenalties,
                CheckCellMetadata,
            ]
            log = logging.Logger("nbgrader")
            log.addHandler(logging.NullHandler())
            course = CourseDirectory(config=config)
            with _beside_python():
                converter = Autograde(coursedir=course, config=config, force=True, log=log)
                try:
                    converter.start()
                except (Exception, SystemExit) as error:
                    raise CourseError(f"nbgrader refuses {judged.student}'s {judged.assignment}: {error}") from error


def answered(source: Path, judged: Judged) -> dict:
    """The assignment as the teacher has it, with the student's answers in its cells."""
    notebook = notebooks.read(source)
    for cell in notebook["cells"]:
        if "exercise" in cell["metadata"]:
            cell["source"] = judged.sources.get(cell["metadata"]["exercise"]) or "# this cell is gone"
    return notebook


@contextmanager
def _beside_python() -> Iterator[None]:
    """With the environment that nbgrader needs, in this process."""
    before = os.environ.get("PATH", os.defpath)
    os.environ["PATH"] = with_alembic(os.environ)["PATH"]
    try:
        yield
    finally:
        os.environ["PATH"] = before
