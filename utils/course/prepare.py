"""The notebook that a job executes, made without any library, so that the cache can compare it in milliseconds."""

from collections.abc import Iterable

from utils.course import editions, notebooks
from utils.course.jobs import Job
from utils.errors import CourseError


def prepare(job: Job) -> tuple[dict, dict]:
    """The notebook to execute, without outputs, and the parameters that differ from what the chapter says itself.

    Raises CourseError when the notebook cannot be executed, and NoSolution when the solved edition cannot be made.
    """
    notebook = notebooks.read(job.path)
    defaults = notebooks.parameters(notebook, job.path.stem)
    wanted = {"profile": job.profile, **job.parameters}
    check_parameters(wanted, defaults, job.path.stem)
    if job.solved:
        notebook = editions.solved(notebook, job.path.stem)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    notebook.setdefault("metadata", {}).pop("widgets", None)
    return notebook, {name: value for name, value in wanted.items() if repr(value) != repr(defaults[name])}


def check_parameters(names: Iterable[str], defaults: dict, chapter: str) -> None:
    """Raise CourseError when a chapter has no parameter of one of the names. Papermill would add it without a word."""
    for name in names:
        if name not in defaults:
            raise CourseError(f"{chapter} has no parameter {name!r}; it has {', '.join(defaults) or 'none'}.")
