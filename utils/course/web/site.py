"""``course site``: the web edition, built by Sphinx from what is stored; nothing is executed."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from utils.course import notebooks
from utils.course.console import terminal
from utils.course.outputs import within
from utils.course.refresh import stale
from utils.course.web import packages
from utils.course.web.launch import launch
from utils.course.web.pages import stage
from utils.errors import CourseError, UsageError
from utils.paths import root

MARK = ".web-edition"  # in a folder that was made by this command
STATIC = {"mathjax": "mathjax", "mathjax-newcm-font": "mathjax/fonts/mathjax-newcm-font"}


def build(to: str | None = None, repository: str | None = None) -> int:
    """Build the web edition. Returns the exit code.

    Parameters
    ----------
    to : str or None
        The folder for it; ``build/site`` unless given.
    repository : str or None
        ``OWNER/NAME`` of the public repository, for the buttons that open a chapter elsewhere.

    Raises
    ------
    UsageError
        For a folder that holds something else, or a repository that is none.
    CourseError
        When a chapter's stored outputs are stale, with its name; when Sphinx is not installed or finds a fault; when
        MathJax can not be had.
    """
    target = folder(to)
    refuse_missing()
    refuse_stale(notebooks.chapter_paths())
    places = launch(repository)
    console = terminal(stderr=True)
    work = root() / "build" / "web"
    with console.status("Writing the pages' sources ..."):
        count = stage(work / "source", places)
        for name, below in STATIC.items():
            packages.put(name, work / "static" / below)
    with console.status(f"Sphinx makes {count} pages ..."):
        sphinx(work, target, "html")
    for path in notebooks.chapter_paths():
        notebooks.write_atomically(
            target / "notebooks" / path.name, notebooks.as_text(notebooks.emptied(notebooks.read(path)))
        )
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    terminal().print(f"{count} pages, {size / 1e6:.0f} MB: open {target / 'index.html'}", markup=False, soft_wrap=True)
    return 0


def folder(to: str | None) -> Path:
    """The folder for the web edition, absolute. Raises UsageError for one that holds something else."""
    target = Path(to).expanduser().resolve() if to else root() / "build" / "site"
    if within(target, root()) and not within(target, root() / "build"):
        raise UsageError(f"{to} lies among the files of the course: choose a folder in build/, or outside.")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{to} is a file: name a folder for the pages.")
    if target.is_dir() and any(target.iterdir()) and not (target / MARK).exists():
        raise UsageError(f"{target} is not empty, and holds no web edition: choose another folder.")
    return target


def refuse_missing() -> None:
    """Raise CourseError when what makes the pages is not installed."""
    try:
        import myst_nb  # noqa: F401
        import sphinx  # noqa: F401
    except ModuleNotFoundError as error:
        raise CourseError("The web edition needs Sphinx: install the course with its extra `site`.") from error


def refuse_stale(chapters: Sequence[Path]) -> None:
    """Raise CourseError, with its name, for a chapter whose stored outputs do not belong to its code."""
    for path in chapters:
        if why := stale(path):
            raise CourseError(f"{path.name} cannot be shown: {why}. Run `course refresh {path.stem[:2]}` first.")


def sphinx(work: Path, target: Path, builder: str) -> None:
    """Call Sphinx on the staged pages; a warning is an error. Raises CourseError with the first one."""
    notebooks.make_folder(target)
    (target / MARK).touch()
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-W", "--keep-going", "-q", "-j", "auto"]
    command += ["-c", str(root() / "site"), "-d", str(work / f"doctrees-{builder}"), str(work / "source"), str(target)]
    environment = os.environ | {
        "SITE_VERSION": version("deep-learning-in-medicine"),
        "SITE_STATIC": str(work / "static"),
        "PYTHONPATH": str(root()),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    log = work / f"{builder}.log"
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, env=environment, stdout=file, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        said = log.read_text(encoding="utf-8").splitlines()
        faults = [line for line in said if re.search(r"\b(WARNING|ERROR|Exception|Error)\b", line)] or said[-1:]
        raise CourseError(f"Sphinx found {len(faults)} faults in the pages; the first: {faults[0]} (all are in {log}).")
