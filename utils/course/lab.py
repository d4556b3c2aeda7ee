"""``course lab``: the learner's own copies of the chapters and the glossary in ``work/``, and JupyterLab over them.

A copy comes without outputs, so that the reader can predict before running. It remembers which text it was made from,
in ``metadata.course_copy``, so that we can say when its chapter has changed since. A file that is there stays as it is.
"""

import os
import subprocess
import sys

from utils.course import notebooks
from utils.errors import CourseError


def open_lab(options):
    """Copy what is missing, say what was done, and become JupyterLab, with these options, in ``work/``."""
    for sentence in copy_chapters():
        print(sentence)
    folder = work_folder()
    sys.stdout.flush()
    command = [sys.executable, "-m", "jupyterlab", *options]
    os.chdir(folder)
    if os.name == "posix":
        os.execv(command[0], command)  # signals then go to JupyterLab itself
    sys.exit(subprocess.call(command))


def work_folder():
    """The folder of the learner's copies."""
    return notebooks.root() / "work"


def copy_chapters():
    """Copy each chapter that is not in ``work/`` yet. Returns sentences for the learner: what was copied or changed.

    Raises CourseError when the folder cannot be written.
    """
    sentences, copied = [], []
    for path in notebooks.chapter_paths():
        chapter = notebooks.read(path)
        copy = work_folder() / path.name
        if not copy.exists():
            _copy(chapter, copy)
            copied.append(path.name)
        elif _changed_since(chapter, copy):
            sentences.append(
                f"{path.name} has changed since your copy was made; yours stays as it is. "
                f"For the new one, rename work/{path.name} and call `course lab` again."
            )
    _copy_glossary()
    if copied:
        sentences.insert(0, f"Copied into {work_folder()}: {', '.join(copied)}.")
    return sentences


def _copy_glossary():
    """Put the page that chapter 00 leads to beside the chapters; one that is there stays."""
    page, copy = notebooks.root() / "chapters" / "glossary.md", work_folder() / "glossary.md"
    if page.exists() and not copy.exists():
        _write(copy, page.read_text(encoding="utf-8"))


def _copy(chapter, path):
    for cell in chapter["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    chapter["metadata"].pop("course_run", None)
    chapter["metadata"]["course_copy"] = {"text_sha256": notebooks.text_sha256(chapter)}
    _write(path, notebooks.as_text(chapter))


def _write(path, text):
    try:
        path.parent.mkdir(exist_ok=True)
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
        raise CourseError(f"{path} cannot be written ({error.strerror or error}): make room there.") from error


def _changed_since(chapter, copy):
    """Whether a chapter's text differs from the one that the learner's copy was made from, as far as we know that."""
    try:
        made_from = notebooks.read(copy)["metadata"].get("course_copy", {}).get("text_sha256")
    except CourseError:
        return False
    return made_from is not None and made_from != notebooks.text_sha256(chapter)
