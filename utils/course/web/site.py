"""``course site``: the web edition, built by Sphinx from what is stored; nothing is executed."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from utils.course import notebooks
from utils.course.console import terminal
from utils.course.outputs import beside
from utils.course.refresh import stale
from utils.course.web import packages
from utils.course.web.launch import launch
from utils.course.web.pages import stage
from utils.errors import CourseError, UsageError
from utils.paths import root

MARK = ".web-edition"  # in a folder that was made by this command
STATIC = {"mathjax": "mathjax", "mathjax-newcm-font": "mathjax/fonts/mathjax-newcm-font"}
NEEDED = ("sphinx", "myst_nb", "pydata_sphinx_theme", "sphinx_copybutton", "sphinx_design")
FAULT = re.compile(r"\b(WARNING|ERROR|CRITICAL): |^\s*[\w.]*(Error|Exception): ")  # of Sphinx, or of Python
LIBRARY = "WARNING: All log messages before absl::InitializeLog"  # TensorFlow's greeting: its room is in the reference


def build(to: str | None = None, repository: str | None = None) -> int:
    """Build the web edition. Returns the exit code.

    It is made in a folder of its own and takes the place of an earlier one only when it is whole, so that neither an
    interruption nor another build at the same time leaves half of one.

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
        MathJax cannot be had; when the folder cannot be written.
    """
    target = folder(to)
    places = launch(repository)
    refuse_missing()
    refuse_stale(notebooks.chapter_paths())
    console = terminal(stderr=True)
    with workshop() as work:
        with console.status("Writing the pages' sources ..."):
            count = stage(work / "source", places)
            for name, below in STATIC.items():
                packages.put(name, work / "static" / below)
        with console.status(f"Sphinx makes {count} pages ..."):
            sphinx(work, work / "pages", "html")
        (work / "pages" / MARK).touch()
        replace(work / "pages", target)
    size = sum(file.stat().st_size for file in target.rglob("*") if file.is_file())
    terminal().print(f"{count} pages, {size / 1e6:.0f} MB: open {target / 'index.html'}", markup=False, soft_wrap=True)
    return 0


def folder(to: str | None) -> Path:
    """The folder for the web edition, absolute. Raises UsageError for one that holds something else."""
    target = beside(to, "site")
    if target.exists() and not target.is_dir():
        raise UsageError(f"{to} is a file: name a folder for the pages.")
    if target.is_dir() and any(target.iterdir()) and not (target / MARK).exists():
        raise UsageError(f"{target} is not empty, and holds no web edition: choose another folder.")
    return target


def refuse_missing(names: Sequence[str] | None = None, need: str = "The web edition needs Sphinx") -> None:
    """Raise CourseError, beginning with the need, when a package is not installed: of these, or of Sphinx's."""
    if not all(map(find_spec, NEEDED if names is None else names)):
        raise CourseError(f"{need}: install the course with its extra `site`.")


def refuse_stale(chapters: Sequence[Path]) -> None:
    """Raise CourseError, with its name, for a chapter whose stored outputs do not belong to its code."""
    for path in chapters:
        if why := stale(path):
            raise CourseError(f"{path.name} cannot be shown: {why}. Run `course refresh {path.stem[:2]}` first.")


@contextlib.contextmanager
def workshop() -> Iterator[Path]:
    """A folder in ``build/`` in which pages are made, gone afterwards. Raises CourseError when it cannot be written."""
    build = root() / "build"
    notebooks.make_folder(build)
    try:
        with tempfile.TemporaryDirectory(prefix="web-", dir=build, ignore_cleanup_errors=True) as name:
            yield Path(name)
    except OSError as error:
        raise CourseError(
            f"The pages cannot be made in {build} ({error.strerror or error}): make room there."
        ) from error


def sphinx(work: Path, target: Path, builder: str, settings: str = "site") -> None:
    """Call Sphinx on the staged pages, with the settings in this folder of the course; a warning is an error.

    Raises CourseError with the first one.
    """
    notebooks.make_folder(target)
    command = [sys.executable, "-m", "sphinx", "-b", builder, "-W", "--keep-going", "-q", "-j", "auto"]
    command += ["-c", str(root() / settings), "-d", str(work / "doctrees"), str(work / "source"), str(target)]
    environment = os.environ | {
        "SITE_VERSION": version("deep-learning-in-medicine"),
        "SITE_STATIC": str(work / "static"),
        "PYTHONPATH": str(root()),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    log = root() / "build" / f"sphinx-{builder}.log"
    with log.open("w", encoding="utf-8") as file:
        done = subprocess.run(command, env=environment, stdout=file, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        found = faults(log.read_text(encoding="utf-8"))
        raise CourseError(f"Sphinx found a fault in the pages: {found[0]} ({len(found)} in all; see {log}).")


def faults(said: str) -> list[str]:
    """The lines of Sphinx's output that name a fault; its last line when none does."""
    lines = [line for line in said.splitlines() if line.strip() and not line.startswith(LIBRARY)]
    return [line for line in lines if FAULT.search(line)] or lines[-1:] or ["it stopped without a word"]


def replace(made: Path, target: Path) -> None:
    """Put a folder that is whole in the place of another, which is kept until then.

    Raises CourseError when the disk is full or the place cannot be written; the earlier folder is then as it was.
    """
    notebooks.make_folder(target.parent)
    try:
        with tempfile.TemporaryDirectory(prefix=".web-edition-", dir=target.parent) as beside:
            new, old = Path(beside) / "new", Path(beside) / "old"
            shutil.move(made, new)  # which copies to another disk
            if target.exists():
                target.rename(old)
            try:
                new.rename(target)
            except OSError:
                if old.exists():
                    old.rename(target)
                raise
    except OSError as error:
        raise CourseError(
            f"The pages cannot be put into {target} ({error.strerror or error}): make room, or name another folder."
        ) from error
