"""What reading a piece of code tells, remembered by its text: parsing all of the course takes longer than a cached run.

``of(text)`` is what one text says: what it imports, which exercises it declares or names, which quizzes it shows. The
same text always says the same, so that this may be kept between runs.
"""

import ast
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from utils.course.cache import imports
from utils.course.cache.contents import digest

CALLS = {"check", "hint", "reference", "solution"}  # what a chapter calls with an id, or with a number for one
WHOLE = {"catalogue", "packages"}  # the functions that give the whole list of data
MOST = 5000


@dataclass(frozen=True)
class Facts:
    """What one text says.

    Attributes
    ----------
    plain : bool
        Whether it is plain Python; nothing else is known where it is not.
    wanted : tuple of str
        The dotted names that it imports; ``NAME.*`` for all of a package. Relative ones begin with dots.
    declares : tuple of str
        The ids of the exercises that it declares.
    names : tuple of str
        The ids of the exercises that it checks, shows or uses.
    numbers : tuple of float
        Numbers that stand for such an id.
    quizzes : tuple of int
        The quizzes that it shows; -1 for one of which the number is not written out.
    catalogue : bool
        Whether it asks for the whole list of data: with other sets in it, it would say something else.
    """

    plain: bool = True
    wanted: tuple[str, ...] = ()
    declares: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    numbers: tuple[float, ...] = ()
    quizzes: tuple[int, ...] = ()
    catalogue: bool = False


class Memory:
    """Facts by the hash of their text."""

    def __init__(self):
        self.known: dict[str, Facts] = {}
        self.more = False  # whether something is known that is not in the file

    def of(self, text: str, sha256: str | None = None) -> Facts:
        """The facts of a text."""
        key = sha256 or digest(text)
        if key not in self.known:
            self.known[key], self.more = read(text), True
        return self.known[key]

    def load(self, content: str) -> None:
        """Take over what ``dump`` has written, when it was by this very code and is whole."""
        first, _, rest = content.partition("\n")
        if first != f"{_ourselves()} {digest(rest)}":
            return
        for key, stored in json.loads(rest).items():
            facts = {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
            self.known.setdefault(key, Facts(**facts))

    def dump(self) -> str:
        """All that is known, as text."""
        latest = dict(list(self.known.items())[-MOST:])
        rest = json.dumps({key: _brief(facts) for key, facts in latest.items()}, separators=(",", ":"))
        self.more = False
        return f"{_ourselves()} {digest(rest)}\n{rest}"


def read(text: str) -> Facts:
    """The facts of a text, read anew."""
    try:
        tree = imports.parsed(text)
    except imports.NotPython:
        return Facts(plain=False)
    nodes = list(ast.walk(tree))
    calls = [node for node in nodes if isinstance(node, ast.Call) and node.args]
    given = [(imports.called(node), getattr(node.args[0], "value", None)) for node in calls]
    numbers = {float(value) for name, value in given if name in CALLS and isinstance(value, int | float)}
    quizzes = {int(value) if isinstance(value, int | float) else -1 for name, value in given if name == "quiz"}
    return Facts(
        wanted=tuple(dict.fromkeys(imports.wanted(tree, calls))),
        declares=tuple(_declared(tree)),
        names=tuple(sorted({value for name, value in given if name in CALLS and isinstance(value, str)})),
        numbers=tuple(sorted(numbers)),
        quizzes=tuple(sorted(quizzes)),
        catalogue=not WHOLE.isdisjoint(_looked_up(nodes)),
    )


def _declared(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        for decorator in getattr(node, "decorator_list", []):
            if isinstance(decorator, ast.Call) and imports.called(decorator) == "exercise" and decorator.args:
                yield str(getattr(decorator.args[0], "value", ""))


def _looked_up(nodes: list[ast.AST]) -> Iterator[str]:
    """The names of attributes, and of what is imported from somewhere."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr


def _brief(facts: Facts) -> dict:
    """The facts that differ from those of an empty text."""
    return {name: value for name, value in asdict(facts).items() if value != getattr(EMPTY, name)}


def _ourselves() -> str:
    """A hash of the code that finds the facts, and of the Python whose grammar it goes by."""
    ours = [Path(module).read_text(encoding="utf-8") for module in (__file__, imports.__file__)]
    return digest("".join([sys.version, *ours]))


EMPTY = Facts()
MEMORY = Memory()
