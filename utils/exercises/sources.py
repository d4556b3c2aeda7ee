"""Where each exercise is written down, found by reading the modules as text.

The tools need the source of a reference solution (to show it, to make the solved edition of a chapter) but neither
NumPy nor Keras; reading the syntax tree takes milliseconds where importing them takes seconds.
"""

import ast
import re
from functools import cache
from pathlib import Path

from utils.errors import UsageError

HERE = Path(__file__).parent
FUNCTION = re.compile(r"def (\w+)")


@cache
def _declarations(chapter: int | None = None):
    """Exercise id → (module name, source of the reference without its decorators), of all chapters or of one."""
    found = {}
    for path in sorted(HERE.glob("ch[0-9][0-9]_*.py" if chapter is None else f"ch{chapter:02}_*.py")):
        text = path.read_text(encoding="utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "exercise":
                        lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
                        found[decorator.args[0].value] = (path.stem, "\n".join(lines))
    return found


def _declared(exercise_id: str):
    """The declaration of an exercise, for which the modules of its chapter are enough; None without one."""
    chapter = chapter_of(exercise_id)
    return None if chapter is None else _declarations(chapter).get(exercise_id)


def chapter_of(exercise_id: str) -> int | None:
    """The number of the chapter that an exercise would belong to; None when that is no number of a chapter."""
    number = exercise_id.split(".")[0]
    return int(number) if number.isdecimal() and len(number) < 3 else None


def exercise_ids(chapter: int | None = None) -> list[str]:
    """The ids of all exercises, or of those of one chapter (int), in their order."""
    ids = sorted(_declarations(chapter), key=lambda name: [int(part) for part in name.split(".")])
    return [name for name in ids if chapter is None or int(name.split(".")[0]) == chapter]


def ids_by_function() -> dict[str, list[str]]:
    """The name of a function → the ids of the exercises that ask for a function of this name."""
    found = {}
    for name in exercise_ids():
        found.setdefault(FUNCTION.match(_declared(name)[1])[1], []).append(name)
    return found


def function_name(exercise_id: str) -> str:
    """The name of the function that an exercise asks for. Raises UsageError for an unknown id."""
    return FUNCTION.match(_declared(find_id(exercise_id))[1])[1]


def find_id(exercise_id: str | float) -> str:
    """The id (str) that is meant: ``"3.4"``, or the number 3.4. Raises UsageError, naming the exercises there are."""
    if isinstance(exercise_id, str):
        if _declared(exercise_id):
            return exercise_id
        asked = repr(exercise_id)
    elif isinstance(exercise_id, (int, float)):
        same = [name for name in exercise_ids() if float(name) == exercise_id]
        if len(same) == 1:
            return same[0]
        asked = f'{exercise_id}; write the number in quotes, "{exercise_id}"' if same else str(exercise_id)
    else:
        raise UsageError(
            f'The exercise comes first, as its number in quotes, for example "3.4": this is a '
            f"{type(exercise_id).__name__}."
        )
    chapter = chapter_of(str(exercise_id))
    there = [] if chapter is None else exercise_ids(chapter)
    raise UsageError(f"There is no exercise {asked}; there are {', '.join(there or exercise_ids())}.")


def module_name(exercise_id: str | float) -> str:
    """The dotted name of the module that declares the exercise. Raises UsageError for an unknown id."""
    return f"utils.exercises.{_declared(find_id(exercise_id))[0]}"


def solution_source(exercise_id: str | float) -> str:
    """The source (str) of the reference solution, without decorators. Raises UsageError for an unknown id."""
    return _declared(find_id(exercise_id))[1]
