"""Which files of ``utils.exercises`` a notebook depends on. They are opened by the ids that it names, not imported."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from utils.course.cache.contents import digest
from utils.course.cache.facts import Facts
from utils.course.cache.modules import Modules


@dataclass(frozen=True)
class ExerciseFiles:
    """What of ``utils.exercises`` counts: dotted names of modules, paths of quizzes, and a hash of the list of ids."""

    modules: tuple[str, ...] = ()
    quizzes: tuple[Path, ...] = ()
    list_hash: str = ""


def exercise_files(folder: Path, modules: Modules, marked: Iterable[str], cells: Sequence[Facts]) -> ExerciseFiles:
    """What of the exercises a notebook needs.

    Parameters
    ----------
    folder : Path
        That of the package ``utils.exercises``.
    modules : Modules
    marked : iterable of str
        The ids of the cells that are exercises.
    cells : sequence of Facts
        Those of all code cells.
    """
    declared, broken = _declared(folder, modules)
    named = set(marked).union(*(cell.names for cell in cells))
    numbers = {number for cell in cells for number in cell.numbers}
    quizzes = {number for cell in cells for number in cell.quizzes}
    ids = {identifier for identifier in declared if identifier in named or _number(identifier) in numbers}
    if not ids and not quizzes:
        return ExerciseFiles()
    needed = tuple(sorted({f"utils.exercises.{name}" for identifier in ids for name in declared[identifier]}))
    wanted = {f"ch{number:02d}" for number in quizzes}
    every = sorted((folder / "quizzes").glob("*.json"))
    shown = tuple(path for path in every if -1 in quizzes or path.stem in wanted)
    # An exercise that is named by a number is looked for in every module: one that cannot be parsed stops all chapters.
    chapters = {identifier.split(".")[0] for identifier in ids}
    near = {identifier: files for identifier, files in declared.items() if identifier.split(".")[0] in chapters}
    return ExerciseFiles(needed, shown, digest(repr((sorted(near.items()), broken))))


def _declared(folder: Path, modules: Modules) -> tuple[dict[str, list[str]], list[str]]:
    """Exercise id → the names of the modules that declare it; and the modules that cannot be parsed."""
    declared, broken = {}, []
    for path in sorted(folder.glob("ch[0-9][0-9]_*.py")):
        facts = modules.facts(path)
        if not facts.plain:
            broken.append(path.stem)
        for identifier in facts.declares:
            declared.setdefault(identifier, []).append(path.stem)
    return declared, broken


def _number(identifier: str) -> float | None:
    try:
        return float(identifier)
    except ValueError:
        return None
