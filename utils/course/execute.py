"""One chapter, executed: ``execute(job)`` never raises for what a chapter does; the result says it."""

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from papermill.execute import remove_error_markers

from utils.claims import band
from utils.course import editions, notebooks, results
from utils.course.kernel import ENGINE, START_SECONDS, Watch
from utils.course.results import ChapterResult
from utils.errors import CourseError

ERROR_LENGTH = 300
INTERRUPTED = "interrupted"
SIGKILLED = -9  # the exit status of what the system kills because there is no memory left


@dataclass(frozen=True)
class Job:
    """The unit of work: all that is needed to execute one chapter, here or elsewhere.

    Attributes
    ----------
    path : Path
        The chapter's notebook.
    output : Path or None
        Where the executed notebook goes; None keeps it nowhere.
    profile : {"smoke", "quick", "full"}
    parameters : dict
        Values for parameters other than the profile.
    solved : bool
        Execute the solved edition, whose exercises must then all pass.
    timeout : int
        Seconds that a cell may take.
    """

    path: Path
    output: Path | None = None
    profile: str = "quick"
    parameters: dict = field(default_factory=dict)
    solved: bool = False
    timeout: int = 600


def execute(job, watch=None):
    """Execute a chapter and return its ChapterResult. ``watch`` (a Watch) lets another thread look on and stop it."""
    watch = watch or Watch()
    result = ChapterResult(job.path.stem)
    started = time.perf_counter()
    try:
        notebook, values = prepare(job)
        error = run_cells(notebook, values, job.timeout, watch)
        if error:
            result.fail(error)
        judge(result, watch.notebook, job)
        if job.output is not None and watch.notebook is not None:
            notebooks.write_atomically(job.output, notebooks.as_text(watch.notebook))
            result.notebook = job.output.name
    except CourseError as error:
        result.fail(str(error))
    if watch.stopped:
        result.status, result.error = "failed", INTERRUPTED
    result.seconds = time.perf_counter() - started
    result.cells, result.peak_rss_mb = watch.done, watch.peak_rss_mb
    return result


def prepare(job):
    """The notebook to execute, and the values of the parameters that differ from what the chapter says itself."""
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
    try:
        notebook = nbformat.from_dict(notebook)
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise CourseError(f"{job.path} is not a valid notebook: {_shorten(error.message)}") from error
    return notebook, {name: value for name, value in wanted.items() if repr(value) != repr(defaults[name])}


def check_parameters(names, defaults, chapter):
    """Raise CourseError when a chapter has no parameter of one of the names. Papermill would add it without a word."""
    for name in names:
        if name not in defaults:
            raise CourseError(f"{chapter} has no parameter {name!r}; it has {', '.join(defaults) or 'none'}.")


def run_cells(notebook, values, timeout, watch):
    """Execute the cells of a notebook; ``watch.notebook`` holds the outputs. Returns None, or what went wrong."""
    try:
        with contextlib.suppress(PapermillExecutionError):  # its reason is in the outputs, and is told from there
            papermill.execute_notebook(
                notebook,
                None,
                parameters=values or None,
                engine_name=ENGINE,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                start_timeout=START_SECONDS,
                execution_timeout=timeout,
                watch=watch,
            )
        return _failed_cell(watch.notebook)
    except DeadKernelError:
        return _death(watch, _cell_at_work(watch.notebook))
    except CellTimeoutError:
        return (
            f"{_cell_at_work(watch.notebook)} did not end within {timeout} s: "
            "look for an endless loop, or allow more with --timeout."
        )
    except (RuntimeError, OSError) as error:
        reason = _shorten(_last_line(watch.log) or str(error))
        return f"the kernel did not start or stopped answering ({reason}): run `course doctor`."


def _death(watch, cell):
    """The sentence for a kernel that died."""
    if watch.exit_status == SIGKILLED:
        return (
            f"the kernel was killed in {cell}, most likely because memory ran out (it held "
            f"{watch.peak_rss_mb:,.0f} MB at the most): close other programs, use --jobs 1 or --profile smoke."
        )
    last_words = _last_line(watch.log)
    reason = f" ({_shorten(last_words)})" if last_words else ""
    return f"the kernel died in {cell} with exit status {watch.exit_status}{reason}: run `course doctor`."


def _last_line(text):
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")


def _cells_with_number(notebook):
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    return [(cell, f"cell {number} ({cell.get('id', 'no id')})") for number, cell in enumerate(code, start=1)]


def _failed_cell(notebook):
    """The sentence for the cell that raised, or None when none did. Errors that a chapter shows on purpose are fine."""
    for cell, name in _cells_with_number(notebook):
        if cell.metadata.get("papermill", {}).get("exception"):
            errors = [output for output in cell.outputs if output.output_type == "error"]
            reason = _shorten(f"{errors[-1].ename}: {errors[-1].evalue}") if errors else "it failed without saying why"
            return f"{name}: {reason}"
    remove_error_markers(notebook)
    return None


def _cell_at_work(notebook):
    """The name of the cell that was being executed when the kernel went away."""
    names = [name for cell, name in _cells_with_number(notebook) if cell.metadata.papermill.get("start_time")]
    return names[-1] if names else "its first moments"


def _shorten(text):
    line = next((line.strip() for line in text.splitlines() if line.strip()), "").rstrip(":")
    return line if len(line) <= ERROR_LENGTH else line[: ERROR_LENGTH - 1] + "…"


def judge(result, notebook, job):
    """Read the claims, and fail the result for a missed one, or for an exercise that refuses its own solution."""
    if notebook is None:
        return
    for claim in results.claims(notebook):
        judged = claim.pop("judged") and job.profile != "smoke"
        result.claims.append(claim)
        if judged and not claim["ok"]:
            result.fail(f"the claim {claim['name']!r} was missed: {verdict(claim)}.")
    if job.solved:
        for identifier, record in results.exercises(notebook).items():
            if record["status"] != "passed":
                result.fail(f"exercise {identifier} does not accept its own solution: {record.get('message')}")


def verdict(claim):
    """A claim in words: ``0.71, accepted is ≥ 0.8``."""
    return f"{value_text(claim)}, accepted is {band(claim['low'], claim['high'])}"


def value_text(claim):
    """The value of a claim in words: four digits, or *not a number*."""
    return "not a number" if claim["value"] is None else f"{claim['value']:.4g}"
