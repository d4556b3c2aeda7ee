"""One chapter, executed: ``execute(job)`` never raises for what a chapter does; the result says it."""

import contextlib
import time
from dataclasses import replace

import nbformat
import papermill
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.exceptions import PapermillExecutionError
from papermill.execute import remove_error_markers

from utils.course import editions, memory, outputs, reasons, results
from utils.course.jobs import Job
from utils.course.kernel import ENGINE, START_SECONDS, Watch
from utils.course.prepare import prepare as prepared
from utils.course.results import ChapterResult
from utils.errors import CourseError

SIGKILLED = -9  # the exit status of what the system kills because there is no memory left


def execute(job: Job, watch: Watch | None = None) -> ChapterResult:
    """Execute a chapter and return its ChapterResult. ``watch`` lets another thread look on and stop it."""
    watch = watch or Watch()
    result = ChapterResult(job.name)
    started = time.perf_counter()
    try:
        notebook, values = prepare(job)
        if failure := run_cells(notebook, values, job.timeout, watch, job.threads, job.fork):
            result.fail(*failure)
        judge(result, watch.notebook, job)
        outputs.write(job, result, watch.notebook)
    except editions.NoSolution as error:
        result.fail("exercise", str(error))
    except CourseError as error:
        result.fail("file", str(error))
    if watch.stopped:
        result.interrupt()
    result.seconds = time.perf_counter() - started
    result.cells, result.peak_rss_mb = watch.done, watch.peak_rss_mb
    return result


def prepare(job: Job) -> tuple[nbformat.NotebookNode, dict]:
    """The notebook to execute, a valid one, and the values of the parameters that differ from what the chapter says.

    Raises CourseError when the notebook cannot be executed, and NoSolution when the solved edition cannot be made.
    """
    notebook, values = prepared(job)
    try:
        notebook = nbformat.from_dict(notebook)
        nbformat.validate(notebook)
    except nbformat.ValidationError as error:
        raise CourseError(f"{job.path} is not a valid notebook: {reasons.shorten(error.message)}") from error
    return notebook, values


def run_cells(
    notebook: dict, values: dict, timeout: int, watch: Watch, threads: int | None = None, fork: bool = False
) -> tuple[str, str] | None:
    """Execute the cells of a notebook; ``watch.notebook`` holds the outputs.

    Returns None, or the kind of failure (``cell`` or ``kernel``) and a sentence.
    """
    try:
        with contextlib.suppress(PapermillExecutionError):  # its reason is in the outputs, and is read from there
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
                threads=threads,
                fork=fork,
            )
        error = failed_cell(watch.notebook)
        return ("cell", error) if error else None
    except DeadKernelError:
        return "kernel", death(watch, cell_at_work(watch.notebook))
    except CellTimeoutError:
        return "cell", (
            f"{cell_at_work(watch.notebook)} did not end within {timeout} s: "
            "look for an endless loop, or allow more with --timeout."
        )
    except MemoryError:
        return "kernel", f"memory ran out before the kernel answered: {memory.LESS_MEMORY}."
    except (RuntimeError, OSError) as error:
        words = memory.telling_line(f"{watch.log}\n{error}") or memory.crash_words(watch.exit_status)
        if words:
            return "kernel", f"memory ran out before the kernel answered ({words}): {memory.LESS_MEMORY}."
        words = reasons.shorten(reasons.last_line(watch.log) or str(error))
        return "kernel", f"the kernel did not start or stopped answering ({words}): run `course doctor`."


def death(watch: Watch, cell: str) -> str:
    """The sentence for a kernel that died in a cell."""
    if watch.exit_status == SIGKILLED:
        return (
            f"the kernel was killed in {cell}, most likely because memory ran out (it held at most "
            f"{watch.peak_rss_mb:,.0f} MB): {memory.LESS_MEMORY}."
        )
    if words := memory.telling_line(watch.log) or memory.crash_words(watch.exit_status):
        return f"the kernel died in {cell} because memory ran out ({words}): {memory.LESS_MEMORY}."
    words = reasons.shorten(reasons.last_line(watch.log))
    aside = f" ({words})" if words else ""
    return f"the kernel died in {cell} with exit status {watch.exit_status}{aside}: run `course doctor`."


def numbered_cells(notebook: nbformat.NotebookNode) -> list[tuple[nbformat.NotebookNode, str]]:
    """The code cells that hold code, each with its name: ``cell 3 (ID)``."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    return [(cell, f"cell {number} ({cell.get('id', 'no id')})") for number, cell in enumerate(code, start=1)]


def failed_cell(notebook: nbformat.NotebookNode) -> str | None:
    """The sentence for the cell that raised, or None. Errors that a chapter shows on purpose are fine."""
    for cell, name in numbered_cells(notebook):
        if cell.metadata.get("papermill", {}).get("exception"):
            errors = [output for output in cell.outputs if output.output_type == "error"]
            if not errors:
                return f"{name}: it failed without saying why"
            words = reasons.reason(errors[-1].ename, errors[-1].evalue)
            if memory.is_memory(errors[-1].ename, errors[-1].evalue):
                words = reasons.shorten(memory.telling_line(errors[-1].evalue) or words)
                return f"{name}: memory ran out ({words}): {memory.LESS_MEMORY}."
            return f"{name}: {words}"
    remove_error_markers(notebook)
    return None


def cell_at_work(notebook: nbformat.NotebookNode) -> str:
    """The name of the cell that was being executed when the kernel went away."""
    names = [name for cell, name in numbered_cells(notebook) if cell.metadata.papermill.get("start_time")]
    return names[-1] if names else "its first moments"


def judge(result: ChapterResult, notebook: nbformat.NotebookNode | None, job: Job) -> None:
    """Read the claims, and fail the result for a missed one, or for an exercise that refuses its own solution."""
    if notebook is None:
        return
    try:
        claims = results.claims(notebook)
    except CourseError as error:
        result.fail("claim", str(error))
        claims = []
    for claim in claims:
        claim = replace(claim, judged=claim.judged and job.judged and job.profile != "smoke")
        result.claims.append(claim)
        if claim.missed:
            result.fail("claim", f"the claim {claim.name!r} was missed: {claim.verdict()}.")
    if job.solved:
        for identifier, record in results.exercises(notebook).items():
            if record["status"] != "passed":
                result.fail(
                    "exercise", f"exercise {identifier} does not accept its own solution: {record.get('message')}"
                )
