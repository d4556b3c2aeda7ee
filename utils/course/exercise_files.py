"""Which files of ``utils.exercises`` a notebook depends on. They are opened by the ids that it names, not imported."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from utils.course.contents import digest
from utils.course.imports import Modules, called

CALLS = {"check", "hint", "reference", "solution"}  # what a chapter calls with an id, or with a number for one


@dataclass(frozen=True)
class ExerciseFiles:
    """What of ``utils.exercises`` counts: dotted names of modules, paths of quizzes, and a hash of the list of ids."""

    modules: tuple[str, ...] = ()
    quizzes: tuple[Path, ...] = ()
    list_hash: str = ""


def exercise_files(folder: Path, modules: Modules, marked: Iterable[str], trees: Iterable[ast.AST]) -> ExerciseFiles:
    """What of the exercises a notebook needs.

    Parameters
    ----------
    folder : Path
        That of the package ``utils.exercises``.
    modules : Modules
    marked : iterable of str
        The ids of the cells that are exercises.
    trees : iterable of ast.AST
        Those of all code cells.
    """
    declared, broken = _declared(folder, modules)
    named, quizzes = _named(trees)
    ids = {identifier for identifier in declared if identifier in named | set(marked) or _number(identifier) in named}
    if not ids and not quizzes:
        return ExerciseFiles()
    chapters = {identifier.split(".")[0] for identifier in ids}
    near = {identifier: sorted(files) for identifier, files in declared.items() if identifier.split(".")[0] in chapters}
    needed = tuple(sorted({f"utils.exercises.{name}" for identifier in ids for name in declared[identifier]}))
    wanted = {f"ch{number:02d}" for number in quizzes if number is not None}
    every = sorted((folder / "quizzes").glob("*.json"))
    shown = tuple(path for path in every if None in quizzes or path.stem in wanted)
    # Every module is read for the list of ids: one that cannot be parsed stops all chapters, one more id may be ours.
    return ExerciseFiles(needed, shown, digest(repr((sorted(near.items()), broken))))


def _declared(folder: Path, modules: Modules) -> tuple[dict[str, list[str]], list[str]]:
    """Exercise id → the names of the modules that declare it; and the modules that cannot be parsed."""
    declared, broken = {}, []
    for path in sorted(folder.glob("ch[0-9][0-9]_*.py")):
        tree = modules.tree(path)
        if tree is None:
            broken.append(path.stem)
            continue
        for node in tree.body:
            for decorator in getattr(node, "decorator_list", []):
                if isinstance(decorator, ast.Call) and called(decorator) == "exercise" and decorator.args:
                    identifier = str(getattr(decorator.args[0], "value", ""))
                    declared.setdefault(identifier, []).append(path.stem)
    return declared, broken


def _named(trees: Iterable[ast.AST]) -> tuple[set[str | float], set[int | None]]:
    """All texts in the code, and the numbers given for exercises; the quizzes shown, None for one that is not known."""
    named, quizzes = set(), set()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named.add(node.value)
            elif isinstance(node, ast.Call) and node.args and called(node) in CALLS | {"quiz"}:
                value = getattr(node.args[0], "value", None)
                number = value if isinstance(value, int | float) else None
                if called(node) == "quiz":
                    quizzes.add(None if number is None else int(number))
                elif number is not None:
                    named.add(float(number))
    return named, quizzes


def _number(identifier: str) -> float | None:
    try:
        return float(identifier)
    except ValueError:
        return None
