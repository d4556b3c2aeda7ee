"""Copies of a chapter from before it got another number: which exercise do they mean?

A copy in a learner's folder stays as it is when the chapters are numbered anew, so that its ``check("8.1", …)`` would
ask for what is another exercise now. The file's own name tells, where Jupyter says it, and so does the name of the
function that is to be checked.
"""

import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from IPython import get_ipython

from utils.exercises.sources import chapter_of, ids_by_function
from utils.paths import root

NUMBERED = re.compile(r"\d\d_.+")


def old_copy(asked: str | float) -> str:
    """The sentence for an exercise ("8.1") or a quiz (8), when the notebook that asks is a copy of a chapter that had
    this number once and has another one now; "" otherwise, and where the file of the notebook is not known."""
    path, number = notebook(), chapter_of(str(asked))
    if path is None or number is None:
        return ""
    before, chapter = _before_and_now(path)
    if chapter is None or before != number or before == int(chapter.stem[:2]):
        return ""
    what = f"exercise {asked}" if "." in str(asked) else f"quiz({asked})"
    return (
        f"{path.name} is a copy from when this was chapter {before}; now it is chapter {int(chapter.stem[:2])}, and "
        f"{what} is another one: go on in {chapter.name}, which `course lab` makes with your answers in it."
    )


def other_exercise(identifier: str, name: str, answer: Callable) -> str:
    """The sentence for a function that has the name of another exercise's, and not the one that is asked for, name;
    "" otherwise."""
    given = getattr(answer, "__name__", "")
    meant = [] if given == name else ids_by_function().get(given, [])
    if not meant:
        return ""
    advice = " or ".join(f'check("{one}", {given})' for one in meant)
    return (
        f"your function is called {given}, which exercise {' and '.join(meant)} asks for, but {identifier} asks for "
        f"{name}: call {advice}. If this is a copy from an older numbering, `course lab` makes a new one."
    )


def of_the_same_name(copy: Path, chapters: Iterable[Path]) -> Path | None:
    """The chapter with whose name, without its number, that of a copy begins, without its number, too."""
    same = (path for path in chapters if re.match(rf"{re.escape(path.stem[3:])}(?![a-z0-9])", copy.stem[3:]))
    return next(same, None)


def notebook() -> Path | None:
    """The file of the running notebook, where Jupyter or VS Code says it."""
    shell = get_ipython()
    name = os.environ.get("JPY_SESSION_NAME") or (shell and shell.user_ns.get("__vsc_ipynb_file__"))
    return Path(name) if isinstance(name, str) and name.endswith(".ipynb") else None


def _before_and_now(path: Path) -> tuple[int | None, Path | None]:
    """The number that a copy's chapter had, and the file of that chapter today; None where it cannot be told."""
    chapters = [file for file in (root() / "chapters").glob("*.ipynb") if NUMBERED.fullmatch(file.stem)]
    if NUMBERED.fullmatch(path.stem) and (file := of_the_same_name(path, chapters)):
        return int(path.stem[:2]), file
    copied = _course(path)  # under another name: what the copy says of itself
    title = copied.get("title")
    return copied.get("number"), next(
        (file for file in chapters if title and _course(file).get("title") == title), None
    )


def _course(path: Path) -> dict:
    """What a notebook says of its chapter; {} when it cannot be read."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8"))["metadata"]["course"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}
