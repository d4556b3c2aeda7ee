"""The solved edition of a chapter: every exercise's stub replaced by its reference solution."""

import copy

from utils.errors import CourseError


class NoSolution(CourseError):
    """An exercise of a chapter has no reference solution."""


def solved(notebook: dict, name: str = "the notebook") -> dict:
    """A copy of a notebook in which each cell with metadata ``exercise`` holds the reference solution.

    Raises NoSolution, with the chapter's name, when an exercise has no reference solution.
    """
    from utils.exercises.sources import solution_source

    notebook = copy.deepcopy(notebook)
    for cell in notebook["cells"]:
        identifier = cell["metadata"].get("exercise")
        if identifier is not None:
            try:
                cell["source"] = solution_source(identifier).strip()
            except ValueError as error:
                raise NoSolution(f"{name}: a cell is marked as exercise {identifier}, but: {error}") from error
    return notebook
