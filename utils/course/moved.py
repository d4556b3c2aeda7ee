"""Copies in the learner's folder whose chapter has another number now, and the answers that they hold.

Such a copy stays as it is. When the chapter's new copy is made, the learner's answers are put into it.
"""

import ast
import re
from collections.abc import Sequence
from pathlib import Path

from utils.course import notebooks
from utils.errors import CourseError
from utils.exercises.numbering import NUMBERED, of_the_same_name

FUNCTION = re.compile(r"^def (\w+)\(", re.MULTILINE)


def moved(folder: Path) -> dict[Path, Path | None]:
    """Copy → its chapter, of all copies whose chapter has another number now; None for a chapter that is gone.

    A notebook that is no copy of a chapter, or one whose chapter still has its number, is not among them.
    """
    chapters = notebooks.chapter_paths()
    names = {path.name for path in chapters}
    others = [path for path in sorted(folder.glob("*.ipynb")) if path.name not in names]
    found = {path: _chapter(path, chapters) for path in others if NUMBERED.fullmatch(path.stem)}
    return {
        path: chapter
        for path, chapter in found.items()
        if (chapter is None and _title(path)) or (chapter and chapter.stem[:2] != path.stem[:2])
    }


def sentence(copy: Path, chapter: Path | None) -> str:
    """What a learner reads of such a copy."""
    if chapter is None:
        return f"{copy.name} is a copy of a chapter that there is no more; it stays as it is."
    return f"{copy.name} is a copy of what is {chapter.name} now; it stays as it is: go on in {chapter.name}."


def carry(copy: dict, chapter: dict) -> list[tuple[str, str]]:
    """Put the answers of an old copy into a chapter, in place; returns (id before, id now) of each.

    An answer is what stands in the cell of an exercise whose function has the same name in both, unless it still is
    the empty function.
    """
    cells = {_function(cell["source"]): cell for cell in chapter["cells"] if "exercise" in cell["metadata"]}
    carried = []
    for cell in copy["cells"]:
        name = _function(cell["source"])
        if "exercise" in cell["metadata"] and name in cells and not _is_empty(cell["source"]):
            cells[name]["source"] = cell["source"]
            carried.append((cell["metadata"]["exercise"], cells[name]["metadata"]["exercise"]))
    return carried


def _chapter(copy: Path, chapters: Sequence[Path]) -> Path | None:
    """The chapter of the same name or, failing that, of the same title."""
    if same := of_the_same_name(copy, chapters):
        return same
    title = _title(copy)
    return next((path for path in chapters if title and _title(path, False) == title), None)


def _title(path: Path, copied: bool = True) -> str | None:
    """The title of a chapter, or of a copy that ``course lab`` made; None for another notebook."""
    try:
        metadata = notebooks.read(path)["metadata"]
    except CourseError:
        return None
    return None if copied and "course_copy" not in metadata else metadata.get("course", {}).get("title")


def _function(source: str) -> str | None:
    match = FUNCTION.search(source)
    return match and match[1]


def _is_empty(source: str) -> bool:
    """Whether the functions in a cell hold only a docstring, ``...`` or ``pass``; False for what is no Python."""
    try:
        statements = ast.parse(source).body
    except SyntaxError:
        return False
    return all(isinstance(one, ast.FunctionDef) and all(map(_says_nothing, one.body)) for one in statements)


def _says_nothing(statement: ast.stmt) -> bool:
    constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return constant or isinstance(statement, ast.Pass)
