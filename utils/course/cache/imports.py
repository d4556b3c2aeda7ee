"""What a piece of code imports, found by reading it.

Imports inside functions count, those for type checkers only do not. ``import_module`` counts where its argument is
written out, or begins with the name of a package, all of which then counts.
"""

import ast
from collections.abc import Iterable, Iterator

CALLS = {"import_module", "__import__"}
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # where a statement holds others


class NotPython(ValueError):
    """Code that is not plain Python, such as a command of IPython or of the shell."""


def parsed(code: str) -> ast.Module:
    """The syntax tree of code in a cell or a module. Raises NotPython."""
    try:
        return compile(code, "<code>", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise NotPython(str(error)) from error


def wanted(tree: ast.Module, calls: Iterable[ast.Call]) -> Iterator[str]:
    """The dotted names that code imports, an attribute that may be a module among them; ``NAME.*`` for all of it.

    Relative names begin with dots. calls: the calls in the tree that have arguments.
    """
    for node in _statements(tree.body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            yield from (f"{base}{'' if base.endswith('.') else '.'}{alias.name}" for alias in node.names)
    for node in calls:
        if called(node) in CALLS and (name := _beginning(node.args[0])):
            yield name


def called(node: ast.Call) -> str:
    """The last part of the name of what is called: ``f`` for ``f(…)`` and for ``a.b.f(…)``, or ""."""
    return getattr(node.func, "id", None) or getattr(node.func, "attr", "")


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All statements of a body and those inside of them, without what is for type checkers only."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in (
            getattr(node.test, "id", ""),
            getattr(node.test, "attr", ""),
        ):
            yield from _statements(node.orelse)
            continue
        for block in BLOCKS:
            inside = getattr(node, block, None)
            if isinstance(inside, list):  # the body of a lambda is not
                yield from _statements(inside)


def _beginning(argument: ast.expr) -> str:
    """The name that is written out, ``NAME.*`` where only the name of a package is, or ""."""
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return argument.value
    if isinstance(argument, ast.JoinedStr) and argument.values and isinstance(argument.values[0], ast.Constant):
        package, dot, _ = argument.values[0].value.rpartition(".")
        return f"{package}.*" if dot else ""
    return ""
