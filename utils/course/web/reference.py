"""The reference of ``utils``: a page per room, made by Sphinx from the docstrings of what chapters import."""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from utils.course import notebooks
from utils.paths import root

ROOMS = {  # room → what it holds, in the order from the ground up
    "claims": "results that the text relies on",
    "plots": "figures",
    "datasets": "data, and their catalogue",
    "metrics": "scores, and how sure they are",
    "nn": "training networks",
    "exercises": "exercises and quizzes",
    "features": "arrays made of data",
    "explain": "why a network says what it says",
    "applications": "whole studies",
    "chapters": "what only one chapter uses",
}
HEAD = """# Reference

What the chapters import from `utils`, room by room. Shapes, units and errors are in each description; the search and
{ref}`all names in alphabetical order <genindex>` lead there.

"""


def pages() -> Iterator[tuple[str, str]]:
    """Path and text of the page of each room, and of the list of them."""
    used = imported(notebooks.chapter_paths() + notebooks.own_paths())
    lines = []
    for room, holds in ROOMS.items():
        lines.append(f"- [`utils.{room}`]({room}.md): {holds}")
        parts = [f"# {room}: {holds}\n", *_introduction(room)]
        for module in modules(room, used):
            title = module.removeprefix(f"utils.{room}.").removeprefix("utils.")
            parts.append(f"## {title}\n\n{_restructured(f'.. automodule:: {module}')}")
        yield f"reference/{room}.md", "\n".join(parts)
    contents = "\n".join(ROOMS)
    yield "reference/index.md", f"{HEAD}{chr(10).join(lines)}\n\n```{{toctree}}\n:hidden:\n\n{contents}\n```\n"


def _introduction(room: str) -> Iterator[str]:
    """What a room says about itself, where it is more than one module."""
    path = root() / "utils" / room / "__init__.py"
    if path.is_file() and (says := ast.get_docstring(_tree(path))):
        yield _restructured(says)


def _restructured(text: str) -> str:
    return f"```{{eval-rst}}\n{text}\n```\n"


def modules(room: str, used: Iterable[str]) -> Iterator[str]:
    """The modules of a room that are used and describe a function or class, by name."""
    for name in sorted(used):
        path = _path(name)
        if path and path.name != "__init__.py" and name.split(".")[1] == room:
            public = (node for node in _tree(path).body if isinstance(node, ast.FunctionDef | ast.ClassDef))
            if any(not node.name.startswith("_") for node in public):
                yield name


def imported(paths: Iterable[Path]) -> set[str]:
    """The modules of ``utils`` that notebooks import, and those that a package they import hands on."""
    cells = (cell["source"] for path in paths for cell in notebooks.code_cells(notebooks.read(path)))
    waiting = {name for source in cells for name in _imports(ast.parse(source))}
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        path = _path(name)
        if path and name not in found:
            found.add(name)
            if path.name == "__init__.py":
                waiting |= set(_imports(_tree(path)))
    return found


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and f"{node.module}.".startswith("utils."):
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))


def _path(module: str) -> Path | None:
    """The file of a module of ``utils``; None for ``utils`` itself, and for a name that is no module."""
    place = root().joinpath(*module.split("."))
    files = (place.with_suffix(".py"), place / "__init__.py")
    return next((file for file in files if file.is_file()), None) if "." in module else None


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def signature(described: Any, is_method: bool) -> tuple[str, str | None] | None:
    """Arguments and result of a function or class as its author wrote them; None where there is no source to read.

    Python itself would give the types in full: ``ArrayLike`` takes three lines.
    """
    try:
        node = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(described)))).body[0]
    except (OSError, TypeError, SyntaxError):
        return None
    if isinstance(node, ast.ClassDef):
        made = [part for part in node.body if isinstance(part, ast.FunctionDef) and part.name == "__init__"]
        fields = [part for part in node.body if isinstance(part, ast.AnnAssign)]
        if not made:
            return (f"({', '.join(map(ast.unparse, fields))})", None) if node.decorator_list and fields else None
        node, is_method = made[0], True
    if not isinstance(node, ast.FunctionDef):
        return None
    if is_method and not any(ast.unparse(mark) == "staticmethod" for mark in node.decorator_list):
        places = node.args.posonlyargs or node.args.args
        del places[:1]
    result = _type(node.returns)
    for argument in ast.walk(node.args):
        if isinstance(argument, ast.arg):
            argument.annotation = _type(argument.annotation)
    return f"({ast.unparse(node.args)})", ast.unparse(result) if result and node.name != "__init__" else None


def _type(annotation: ast.expr | None) -> ast.expr | None:
    """A type without the quotes around it."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return ast.parse(annotation.value, mode="eval").body
    return annotation
