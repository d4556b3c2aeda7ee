"""The chapters as files: finding them, reading them, their parameters and the hash of their code.

Imports nothing beyond the standard library, so that ``course list`` answers at once.
"""

import ast
import difflib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from utils import paths
from utils.errors import CourseError, UsageError

PROFILES = ("smoke", "quick", "full")
TRANSIENT = ("orig_nbformat", "orig_nbformat_minor", "signature")  # metadata that no file holds
TEXTS = ("application/javascript", "image/svg+xml")  # outputs that are stored line by line, beside text/*
CHAPTER_NAME = re.compile(r"\d\d_[a-z0-9_.-]+")


def chapter_paths() -> list[Path]:
    """The paths of all chapters, in order. Raises CourseError when there are none."""
    folder = paths.root() / "chapters"
    found = sorted(path for path in folder.glob("*.ipynb") if CHAPTER_NAME.fullmatch(path.stem))
    if not found:
        raise CourseError(f"There is no chapter in {folder}: use a full checkout, or set COURSE_ROOT to one.")
    return found


def refuse_unknown_profile(profile: str) -> None:
    """Raise UsageError when there is no profile of this name."""
    if profile not in PROFILES:
        raise UsageError(f"There is no profile {profile!r}: choose smoke (seconds), quick (the default) or full.")


def own_paths() -> list[Path]:
    """The paths of the notebooks for a reader's own data, one per kind."""
    return sorted((paths.root() / "chapters" / "own").glob("*.ipynb"))


def select(names: Sequence[str], own: bool = False) -> list[Path]:
    """The paths of the named chapters, in course order; of all when no name is given.

    A chapter is named ``3``, ``03``, ``03_cnn`` or by the path of its notebook. own: whether the notebooks for own data
    belong to them, by names like ``images``. Raises UsageError for an unknown name.
    """
    chapters = chapter_paths()
    by_name = {name: path for path in chapters for name in (path.stem, path.stem[:2], str(int(path.stem[:2])))}
    if own:
        by_name |= {path.stem: path for path in own_paths()}
        chapters = [*chapters, *own_paths()]
    wanted = set()
    for name in names or [path.stem for path in chapters]:
        key = Path(name).stem if name.endswith(".ipynb") else name
        if key not in by_name:
            stems = [path.stem for path in chapters]
            near = difflib.get_close_matches(key, stems, n=1, cutoff=0.5)
            guess = f" Did you mean {near[0]}?" if near else ""
            raise UsageError(f"There is no chapter {name!r}.{guess} The chapters are {', '.join(stems)}.")
        wanted.add(by_name[key])
    return sorted(wanted)


def read(path: str | Path) -> dict:
    """The notebook at a path as plain dictionaries, with every cell source a single string.

    Raises CourseError when the file cannot be read, is not JSON, or is not a notebook of format 4.
    """
    try:
        notebook = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} is not text in UTF-8 and so not a notebook: restore it, e.g. from git.") from error
    except json.JSONDecodeError as error:
        raise CourseError(
            f"{path} is not valid JSON (line {error.lineno}, column {error.colno}: {error.msg.lower()}) "
            "and so not a notebook: restore it, e.g. from git."
        ) from error
    cells = notebook.get("cells") if isinstance(notebook, dict) and notebook.get("nbformat") == 4 else None
    if not isinstance(cells, list) or not all(map(_is_cell, cells)):
        raise CourseError(f"{path} is JSON but not a notebook of format 4: restore it, e.g. from git.")
    for cell in cells:
        if isinstance(cell["source"], list):
            cell["source"] = "".join(cell["source"])
    return notebook


def _is_cell(cell: object) -> bool:
    return isinstance(cell, dict) and {"cell_type", "source", "metadata"} <= cell.keys()


def code_cells(notebook: dict) -> list[dict]:
    """The code cells of a notebook that hold code."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and cell["source"].strip()]


def emptied(notebook: dict) -> dict:
    """The notebook without outputs, so that a reader can predict before running. The one given is changed."""
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    notebook["metadata"].pop("course_run", None)
    return notebook


def code_sha256(notebook: dict) -> str:
    """SHA-256 over the sources of the code cells, in order, as a hexadecimal string."""
    return _sha256(cell["source"] for cell in code_cells(notebook))


def text_sha256(notebook: dict) -> str:
    """SHA-256 over the sources of all cells, prose and code, as a hexadecimal string."""
    return _sha256(cell["source"] for cell in notebook["cells"])


def _sha256(sources: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(sources).encode()).hexdigest()


def exercise_ids(notebook: dict) -> tuple[str, ...]:
    """The identifiers of the exercises, in order: those of the cells with metadata ``exercise``."""
    return tuple(cell["metadata"]["exercise"] for cell in notebook["cells"] if "exercise" in cell["metadata"])


def parameters(notebook: dict, name: str) -> dict:
    """The parameters of a chapter with their defaults: what its one cell tagged ``parameters`` assigns.

    Raises CourseError, with the chapter's name, when there is no such cell or more than one, or when the cell does
    anything but assign plain values to names.
    """
    tagged = [cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", [])]
    if len(tagged) != 1:
        count = "no cell" if not tagged else f"{len(tagged)} cells"
        raise CourseError(f"{name} has {count} tagged `parameters`: tag exactly one, with profile and seed in it.")
    try:
        return dict(_assignment(statement) for statement in ast.parse(tagged[0]["source"]).body)
    except (SyntaxError, ValueError) as error:
        raise CourseError(
            f"{name}: the cell tagged `parameters` must only assign plain values to names, like `seed = 0`."
        ) from error


def _assignment(statement: ast.stmt) -> tuple[str, object]:
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value:
        return statement.target.id, ast.literal_eval(statement.value)
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, ast.literal_eval(statement.value)
    raise ValueError("not an assignment of a plain value")


def as_text(notebook: dict) -> str:
    """The text of a notebook's file, byte for byte as nbformat writes it, which takes a second to be imported."""
    cells = [_cell_in_lines(cell) for cell in notebook["cells"]]
    metadata = {name: value for name, value in notebook["metadata"].items() if name not in TRANSIENT}
    content = {**notebook, "cells": cells, "metadata": metadata}
    return json.dumps(content, indent=1, sort_keys=True, separators=(",", ": "), ensure_ascii=False).rstrip("\n") + "\n"


def _cell_in_lines(cell: dict) -> dict:
    metadata = {name: value for name, value in cell["metadata"].items() if name != "trusted"}
    cell = {**cell, "metadata": metadata, "source": _lines(cell["source"])}
    if "attachments" in cell:
        cell["attachments"] = {name: _in_lines(bundle) for name, bundle in cell["attachments"].items()}
    if cell["cell_type"] == "code":
        cell["outputs"] = [_output_in_lines(output) for output in cell["outputs"]]
    return cell


def _output_in_lines(output: dict) -> dict:
    if output["output_type"] in ("execute_result", "display_data"):
        return {**output, "data": _in_lines(output.get("data", {}))}
    return {**output, "text": _lines(output["text"])} if output["output_type"] == "stream" else output


def _in_lines(bundle: dict) -> dict:
    """A MIME bundle with lists of lines for texts."""
    return {
        mime: _lines(value) if mime.startswith("text/") or mime in TEXTS else value for mime, value in bundle.items()
    }


def _lines(text: object) -> object:
    return text.splitlines(True) if isinstance(text, str) else text


@dataclass(frozen=True)
class Chapter:
    """What a chapter says of itself. ``exercises`` are identifiers, ``minutes`` what a reader needs."""

    name: str
    number: int
    title: str
    minutes: dict[str, int]  # of reading, the code included, and of exercises
    datasets: tuple[str, ...]
    exercises: tuple[str, ...]
    objectives: tuple[str, ...]
    prerequisites: tuple[str, ...]
    source: tuple[str, ...]

    @property
    def reading(self) -> str:
        """The time to read it, in words: ``55 min``."""
        return f"{self.minutes['reading']} min"

    @property
    def work(self) -> str:
        """The number of its exercises and the time for them, in words: ``5: 50 min``."""
        return f"{len(self.exercises)}: {self.minutes['exercises']} min"


def chapter(path: Path) -> Chapter:
    """Read a chapter's description. Raises CourseError when its metadata lack something."""
    notebook = read(path)
    metadata = notebook.get("metadata", {}).get("course", {})
    try:
        return Chapter(
            name=path.stem,
            number=int(metadata["number"]),
            title=str(metadata["title"]),
            minutes={part: int(metadata["minutes"][part]) for part in ("reading", "exercises")},
            exercises=exercise_ids(notebook),
            **{key: tuple(metadata[key]) for key in ("datasets", "objectives", "prerequisites", "source")},
        )
    except KeyError as error:
        raise CourseError(f"{path}: metadata.course lacks {error}; copy the form of another chapter.") from error
    except (TypeError, ValueError) as error:
        raise CourseError(f"{path}: a value in metadata.course is of the wrong kind ({error}).") from error


def make_folder(path: Path) -> None:
    """Make a folder and those above it. Raises CourseError when that cannot be done."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(f"{path} cannot be made a folder ({error.strerror or error}): choose another.") from error


def write_atomically(path: str | Path, text: str) -> None:
    """Write a text file whole or not at all: under a temporary name first, then moved into place.

    Raises CourseError, with what to do, when the disk is full or the folder cannot be written.
    """
    path = Path(path)
    make_folder(path.parent)
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(temporary).replace(path)
        temporary = None
    except OSError as error:
        raise CourseError(
            f"{path} cannot be written ({error.strerror or error}): make room there, or choose another folder."
        ) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
