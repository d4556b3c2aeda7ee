"""``course lab``: the learner's own copies of the chapters and the glossary, and JupyterLab over them.

They lie in ``work/``, or in a folder that the learner names, as everyone must who shares an installation. A copy comes
without outputs, so that the reader can predict before running. It remembers which text it was made from, in
``metadata.course_copy``, so that we can say when its chapter has changed since, or has another number now. A file that
is there stays as it is.
"""

import errno
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

from utils.course import html_export, moved, notebooks
from utils.course.environment import backend, guarded, start
from utils.errors import CourseError, UsageError
from utils.paths import root, settled

OWN = "course lab --work ~/deep_learning_in_medicine"
SETTINGS = ".course"  # in the learner's folder: what its kernels use as settings
QUIET = {"@jupyterlab/apputils-extension:notification": {"checkForUpdates": False, "fetchNews": "false"}}
ROOT_OPTIONS = ("--ServerApp.root_dir", "--notebook-dir", "--preferred-dir", "--ServerApp.notebook_dir")


def open_lab(options: list[str]) -> None:
    """Copy what is missing, say what was done, and become JupyterLab over the learner's folder.

    Parameters
    ----------
    options : list of str
        ``--work DIR`` names the learner's folder; everything else is for JupyterLab.

    Raises
    ------
    UsageError
        When ``--work`` has no folder, or one that cannot be used.
    CourseError
        When the folder cannot be written.
    """
    chosen, options = parse(options)
    folder = Path(chosen).expanduser().absolute() if chosen else work_folder()
    refuse_unfit(folder)
    backend()  # rather now than in every notebook
    make_ready(folder)
    for sentence in copy_chapters(folder):
        print(sentence)
    if chosen and folder != work_folder():
        print(f"To count the exercises in it, set COURSE_WORK to {folder} and call `course progress`.")
    command, sentences = jupyter_command(folder, options)
    for sentence in sentences:
        print(sentence)
    environment = settings(folder / SETTINGS)
    sys.stdout.flush()
    os.chdir(folder)
    if os.name == "posix":
        os.execve(command[0], command, environment)  # signals then go to JupyterLab itself
    sys.exit(subprocess.call(command, env=environment))


def parse(words: list[str]) -> tuple[str | None, list[str]]:
    """(the folder after ``--work``, or None; the words for JupyterLab). Raises UsageError when no folder follows."""
    chosen, others, words = [], [], iter(words)
    for word in words:
        name, equals, value = word.partition("=")
        if name != "--work":
            others.append(word)
            continue
        value = value if equals else next(words, "")
        if not value or value.startswith("-"):
            raise UsageError("--work takes a folder for your copies, such as: course lab --work my_course.")
        chosen.append(value)
    if len(chosen) > 1:
        raise UsageError(f"--work is given {len(chosen)} times ({', '.join(chosen)}): name one folder.")
    return (chosen or [None])[0], others


def jupyter_command(folder: Path, options: list[str]) -> tuple[list[str], list[str]]:
    """The words that start JupyterLab over a folder, and sentences on what was added for this user."""
    command = start("lab", "--ServerApp.kernel_spec_manager_class=utils.course.kernel.CourseKernels")
    if not any(option.startswith(ROOT_OPTIONS) for option in options):
        command.append(f"--ServerApp.root_dir={folder}")
    allowed = any(option.startswith(("--allow-root", "--ServerApp.allow_root")) for option in options)
    sentences = []
    if not allowed and hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
        sentences.append("You are root, which JupyterLab refuses unless called with --allow-root: that is added here.")
    return [*command, *options], sentences


def settings(folder: Path) -> dict[str, str]:
    """The environment variables of JupyterLab and its kernels, whose settings live in ``folder``, which is made.

    JupyterLab does not ask the network for news and new versions, unless the learner has set that it should.

    Raises UsageError when KERAS_BACKEND names what cannot be used, CourseError when the folder cannot be written.
    """
    environment = guarded(folder) | html_export.environment(folder)
    defaults = folder / html_export.SETTINGS / "labconfig" / "default_setting_overrides.json"
    notebooks.write_atomically(defaults, json.dumps(QUIET))
    return environment


def work_folder() -> Path:
    """The folder of the learner's copies: ``work/``, or the one that COURSE_WORK names.

    A relative one is below the root of the course, not below the current folder, so that it is always the same.
    """
    return settled(os.environ.get("COURSE_WORK") or "work")


def refuse_unfit(folder: Path) -> None:
    """Raise UsageError when the copies would lie among the chapters themselves, or the folder is a file."""
    place = folder.resolve()
    if place == root() or place.is_relative_to(root() / "chapters"):
        raise UsageError(f"{folder} belongs to the course itself: name another folder for your copies.")
    if os.access(folder, os.F_OK) and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder for your copies.")


def make_ready(folder: Path) -> None:
    """Make the learner's folder. Raises CourseError when it cannot be made, or cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise cannot_write(folder, error) from error


def cannot_write(path: Path, error: OSError) -> CourseError:
    """The CourseError for a place that cannot be written: whose it is, and what to do."""
    reason = error.strerror or str(error)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        reason += _owner(existing(path))
        return CourseError(f"{path} cannot be written ({reason}): keep your copies in a folder of your own, {OWN}")
    return CourseError(f"{path} cannot be written ({reason}): make room there, or name another folder with --work.")


def existing(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists."""
    return next((place for place in [path, *path.parents] if os.access(place, os.F_OK)), path)


def _owner(place: Path):
    """``; PLACE belongs to root``, where the system knows owners and it is somebody else."""
    try:
        return "" if place.stat().st_uid == os.geteuid() else f"; {place} belongs to {place.owner()}"
    except (AttributeError, KeyError, NotImplementedError, OSError):
        return ""


def copy_chapters(folder: Path | None = None) -> list[str]:
    """Copy each chapter that is not in the learner's folder yet. Returns sentences: what was copied or has changed.

    Where a chapter had another number before, the answers of the copy under its old name are put into the new one.

    Raises CourseError when the folder cannot be written.
    """
    folder = folder or work_folder()
    old = moved.moved(folder)
    sentences, copied = [moved.sentence(*pair) for pair in old.items()], []
    for path in notebooks.chapter_paths():
        chapter = notebooks.read(path)
        text_sha256 = notebooks.text_sha256(chapter)
        copy = folder / path.name
        if not copy.exists():
            carried = [pair for before, now in old.items() if now == path for pair in _carried(before, chapter)]
            _copy(chapter, text_sha256, copy)
            copied.append(path.name)
            if carried:
                answers = ", ".join(f"{now} (was {before})" for before, now in carried)
                sentences.append(f"{path.name} has your answers to {answers}: run it to have them checked.")
        elif _changed_since(text_sha256, copy):
            sentences.append(
                f"{path.name} has changed since your copy was made; yours stays as it is. "
                f"For the new one, rename {shlex.quote(_short(copy))} and call `course lab` again."
            )
    _copy_glossary(folder)
    if copied:
        sentences.insert(0, f"Copied into {folder}: {', '.join(copied)}.")
    return sentences


def _carried(before: Path, chapter: dict):
    try:
        return moved.carry(notebooks.read(before), chapter)
    except CourseError:  # no notebook any more
        return []


def _short(path: Path):
    """A path as its reader would type it: without the root of the course."""
    return str(path.relative_to(root())) if path.is_relative_to(root()) else str(path)


def _copy_glossary(folder: Path):
    """Put the page that chapter 00 leads to beside the chapters; one that is there stays."""
    page, copy = root() / "chapters" / "glossary.md", folder / "glossary.md"
    if page.exists() and not copy.exists():
        _write(copy, page.read_text(encoding="utf-8"))


def _copy(chapter: dict, text_sha256: str, path: Path):
    copy = notebooks.emptied(chapter)
    copy["metadata"]["course_copy"] = {"text_sha256": text_sha256}
    _write(path, notebooks.as_text(copy))


def _write(path: Path, text: str):
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", newline="\n") as file:  # x: never over a file that is there
            try:
                file.write(text)
                file.flush()
            except OSError:
                path.unlink()  # half a file would be taken for the learner's own next time
                raise
    except FileExistsError:
        return
    except OSError as error:
        raise cannot_write(path, error) from error


def _changed_since(text_sha256: str, copy: Path):
    """Whether a chapter's text differs from the one that the learner's copy was made from, as far as we know that."""
    try:
        made_from = notebooks.read(copy)["metadata"].get("course_copy", {}).get("text_sha256")
    except CourseError:
        return False
    return made_from is not None and made_from != text_sha256
