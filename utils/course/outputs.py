"""Where results may go: never over a learner's notebooks, nor over the chapters.

An executed notebook of ours carries a mark with the hash of its text. A folder is ours to write in as long as every
notebook in it carries its mark and has not been edited since.
"""

import json
from pathlib import Path

from utils import paths
from utils.course import notebooks
from utils.course.jobs import Job
from utils.course.lab import work_folder
from utils.course.results import ChapterResult
from utils.errors import CourseError, UsageError

MARK = "course_executed"
ADVICE = "choose a folder of its own, such as --out build/run"


def safe_folder(out: str | Path) -> Path:
    """The folder for results, absolute and with its links followed; it need not exist yet.

    Raises UsageError when it is, lies in or contains ``chapters/`` or ``work/``, or when it holds a notebook that no
    earlier run wrote or that was edited since.
    """
    try:
        folder = Path(out).resolve()
    except (OSError, RuntimeError) as error:  # a link that leads to itself
        raise UsageError(f"{out} cannot be a folder ({error}): {ADVICE}.") from error
    for kept in {paths.root() / "chapters", paths.root() / "work", work_folder()}:
        if within(folder, kept) or within(kept, folder):
            raise UsageError(f"{out or '.'} would put results over the notebooks in {kept}: {ADVICE}.")
    others = sorted(path.name for path in folder.glob("*.ipynb") if not _is_ours(path)) if folder.is_dir() else []
    if others:
        more = f" and {len(others) - 1} more" if len(others) > 1 else ""
        raise UsageError(f"{out} holds {others[0]}{more}, which no run wrote or which was edited since: {ADVICE}.")
    return folder


def beside(to: str | None, usual: str) -> Path:
    """The absolute path of what a command makes: ``to``, or the usual one below ``build/``.

    Raises UsageError for a place among the files of the course.
    """
    target = Path(to).expanduser().resolve() if to else paths.root() / "build" / usual
    if within(target, paths.root()) and not within(target, paths.root() / "build"):
        raise UsageError(f"{to} lies among the files of the course: choose a place in build/, or outside.")
    return target


def within(path: Path, folder: Path) -> bool:
    """Whether a path is a folder or lies in it, links followed, also where upper and lower case are the same."""
    path, folder = path.resolve(), folder.resolve()
    return any(place == folder or _same(place, folder) for place in (path, *path.parents))


def _same(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def write(job: Job, result: ChapterResult, notebook: dict | None) -> None:
    """Write the executed notebook where the job wants it, with our mark, and note its name in the result."""
    if job.output is not None and notebook is not None:
        notebooks.write_atomically(job.output, notebooks.as_text(marked(notebook)))
        result.notebook = job.output.name


def marked(notebook: dict) -> dict:
    """The notebook with the mark in its metadata that says that a run wrote it, and what its text was."""
    notebook["metadata"][MARK] = {"text_sha256": notebooks.text_sha256(notebook)}
    return notebook


def _is_ours(path: Path) -> bool:
    try:
        notebook = notebooks.read(path)
    except CourseError:
        return False
    metadata = notebook.get("metadata", {})
    if MARK in metadata:
        return metadata[MARK] == {"text_sha256": notebooks.text_sha256(notebook)}
    return "papermill" in metadata and path.stem in _reported(path.parent)  # as versions before 0.4 left them


def _reported(folder: Path) -> set[str]:
    """The names of the chapters in the report of an earlier run in this folder."""
    try:
        return {chapter["name"] for chapter in json.loads((folder / "report.json").read_text("utf-8"))["chapters"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
