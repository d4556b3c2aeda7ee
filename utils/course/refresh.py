"""``course refresh``: chapters are committed executed, so that they read well where nothing can be run.

Only outputs and execution counts are taken over from the run; everything else in the file stays as its author wrote it.
A stamp in ``metadata.course_run`` says which code the outputs belong to, and ``stale`` says when they no longer do.
Sentences whose numbers the run no longer gives are named: see ``prose_numbers``.
"""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from utils import paths
from utils.course import notebooks, prose_numbers
from utils.errors import CourseError

if TYPE_CHECKING:
    from utils.course.results import ChapterResult

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"  # names a widget of a kernel that is gone
VERSIONS = ("keras", "tensorflow", "numpy")


def stale(path: Path) -> str | None:
    """Why the stored outputs of a chapter cannot be trusted, in words; None when they can."""
    notebook = notebooks.read(path)
    stamp = notebook["metadata"].get("course_run")
    cells = notebooks.code_cells(notebook)
    if not stamp:
        return "it was never refreshed"
    if stamp.get("code_sha256") != notebooks.code_sha256(notebook):
        return "its code has changed since its outputs were stored"
    if hollow := [cell.get("id", "?") for cell in cells if not cell.get("execution_count")]:
        return f"it holds cells that were not executed: {', '.join(hollow)}"
    if not any(cell.get("outputs") for cell in cells):
        return "it holds no output at all"
    return None


def refresh(chapters: Sequence[Path]) -> int:
    """Execute chapters with the quick profile and store the outputs of those that pass. Returns the exit code.

    A chapter that fails is left as it was; what was executed of it is in ``build/refresh``.
    """
    from utils.course import readme, runner
    from utils.course.console import INTERRUPTED, terminal
    from utils.course.jobs import Job
    from utils.course.screens import screen

    console = terminal(stderr=True, soft_wrap=True)
    folder = paths.root() / "build" / "refresh"
    with screen() as shown:
        results, interrupted = runner.run([Job(path, folder / path.name) for path in chapters], shown)
    for path, result in zip(chapters, results, strict=True):
        if result.status == "ok":
            store(path, notebooks.read(folder / path.name), result)
            console.print(f"Stored the outputs of {path.name}.")
            for sentence in prose_numbers.wrong(notebooks.read(path)):
                console.print(f"  {path.name}, {sentence}")
        else:
            console.print(f"{path.name} was left as it was; what was executed of it is in {folder}.")
    for page in readme.update():
        console.print(f"The table in {page} was brought up to date.")
    return INTERRUPTED if interrupted else int(any(result.status != "ok" for result in results))


def store(path: Path, executed: dict, result: "ChapterResult") -> None:
    """Write the outputs of an executed notebook, and the stamp, into the chapter at ``path``.

    Raises CourseError when cell ids are missing or doubled, since outputs are matched to cells by them.
    """
    notebook = notebooks.read(path)
    ids = [cell.get("id") for cell in notebook["cells"]]
    if None in ids or len(set(ids)) < len(ids):
        raise CourseError(f"{path} has cells without an id of their own: save it in JupyterLab, which adds them.")
    fresh = {cell["id"]: cell for cell in executed["cells"] if cell["cell_type"] == "code"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["execution_count"] = fresh[cell["id"]]["execution_count"]
            cell["outputs"] = [_lasting(output) for output in fresh[cell["id"]]["outputs"]]
        for leftover in ("execution", "papermill", "ExecuteTime"):
            cell["metadata"].pop(leftover, None)
    metadata = notebook["metadata"]
    for leftover in ("papermill", "widgets"):
        metadata.pop(leftover, None)
    metadata["kernelspec"] = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata["language_info"] = {"name": "python"}  # without the version, which differs between machines
    metadata["course_run"] = {
        "code_sha256": notebooks.code_sha256(notebook),
        "profile": "quick",
        "seconds": round(result.seconds, 1),
        "peak_rss_mb": round(result.peak_rss_mb),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in VERSIONS}},
    }
    notebooks.write_atomically(path, notebooks.as_text(notebook))


def _lasting(output: dict) -> dict:
    """An output without what is true only while its kernel lives."""
    data = {mime: value for mime, value in output.get("data", {}).items() if mime != WIDGET_VIEW}
    return {**output, "data": data} if "data" in output else output
