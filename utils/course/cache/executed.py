"""An executed notebook taken apart into what its execution added, and put together again with today's prose."""

import copy
import json
from collections.abc import Iterator

from utils.course.cache.contents import digest
from utils.course.notebooks import code_cells

INJECTED = "injected-parameters"  # the tag of the cell that papermill adds after the one with the parameters
OF_THE_NOTEBOOK = ("language_info", "papermill", "widgets")  # what of its metadata an execution sets
OF_A_CELL = ("execution", "papermill")


def taken_apart(notebook: dict, executed: dict) -> dict:
    """What the execution of a notebook added to it. Raises ValueError when it is another notebook that was executed."""
    injected = [cell for cell in executed["cells"] if _is_injected(cell)]
    cells = [cell for cell in code_cells(executed) if not _is_injected(cell)]
    if len(injected) > 1 or any(map(_is_injected, notebook["cells"])):
        raise ValueError("it has cells of parameters that papermill adds")
    if [cell["source"] for cell in cells] != [cell["source"] for cell in code_cells(notebook)]:
        raise ValueError("other code was executed than its notebook holds now")
    return {
        "cells": [[cell["outputs"], cell["execution_count"], _some(cell["metadata"], OF_A_CELL)] for cell in cells],
        "injected": injected[0] if injected else None,
        "metadata": _some(executed["metadata"], OF_THE_NOTEBOOK),
    }


def joined(notebook: dict, added: dict) -> dict:
    """The notebook with what an execution added to it. Raises ValueError when the two do not fit."""
    notebook = copy.deepcopy(notebook)
    cells = code_cells(notebook)
    for cell, (outputs, count, metadata) in zip(cells, added["cells"], strict=True):
        cell["outputs"], cell["execution_count"] = outputs, count
        cell["metadata"] |= metadata
    notebook["metadata"] |= added["metadata"]
    if added["injected"]:
        notebook["cells"] = list(_with_injected(notebook["cells"], added["injected"]))
    return notebook


def form(notebook: dict) -> str:
    """A hash of all of a notebook but its text: as long as it is the same, a valid notebook stays a valid one."""
    cells = [{**cell, "source": type(cell["source"]).__name__} for cell in notebook["cells"]]
    return digest(json.dumps(notebook | {"cells": cells}, sort_keys=True, default=repr))


def is_valid(notebook: dict, valid: str) -> bool:
    """Whether a notebook is a valid one; valid: the ``form`` of one that is."""
    if form(notebook) == valid:
        return True
    import nbformat  # only here, since it takes longer than all else that the cache does

    try:
        nbformat.validate(nbformat.from_dict(notebook))
    except nbformat.ValidationError:
        return False
    return True


def _is_injected(cell: dict) -> bool:
    return INJECTED in cell["metadata"].get("tags", [])


def _with_injected(cells: list[dict], injected: dict) -> Iterator[dict]:
    for cell in cells:
        yield cell
        if "parameters" in cell["metadata"].get("tags", []):
            yield injected


def _some(metadata: dict, names: tuple[str, ...]) -> dict:
    return {name: metadata[name] for name in names if name in metadata}
