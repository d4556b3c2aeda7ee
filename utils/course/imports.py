"""Which modules of the course a piece of code imports, found by reading: itself, what that imports, and so on.

Imports inside functions count, those for type checkers only do not. ``import_module`` counts where its argument is
written out, or begins with the name of a package, all of which then counts.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from utils.course.contents import Contents

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


def wanted(tree: ast.Module, package: str = "", calls: bool = True) -> Iterator[str]:
    """The dotted names that code imports, an attribute that may be a module among them; ``NAME.*`` for all of it.

    package: the dotted name of the package that the code is in, which relative imports begin with.
    calls: whether to look for ``import_module``, which takes ten times as long.
    """
    for node in _statements(tree.body):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute("." * node.level + (node.module or ""), package)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
    for node in ast.walk(tree) if calls else ():
        if isinstance(node, ast.Call) and node.args and called(node) in CALLS:
            name = _beginning(node.args[0])
            if name:
                yield _absolute(name, package)


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


def _absolute(name: str, package: str) -> str:
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    base = package.split(".")[: len(package.split(".")) - level + 1]
    return ".".join(filter(None, [*base, name[level:]]))


@dataclass(frozen=True)
class Module:
    """A module of the course: its file, its dotted name, and the package that its relative imports begin with."""

    path: Path
    name: str
    package: str


class Modules:
    """The modules below some folders, each file of which is read and parsed once.

    Parameters
    ----------
    contents : Contents
        Reads the files.
    places : iterable of Path
        The folders of the course on a kernel's ``sys.path``, in their order.
    """

    def __init__(self, contents: Contents, places: Iterable[Path]):
        self.contents, self.places = contents, list(dict.fromkeys(places))
        self._trees: dict[Path, ast.Module | None] = {}
        self._wanted: dict[Path, tuple[str, ...]] = {}
        self._found: dict[str, tuple[Module, ...]] = {}

    def reached(self, names: Iterable[str]) -> set[Path]:
        """The files of the modules that an import of these names executes.

        Files that are not Python are there, too, without what they would import: to import them fails.
        """
        reached, waiting = set(), list(names)
        while waiting:
            for module in self.named(waiting.pop()):
                if module.path not in reached:
                    reached.add(module.path)
                    waiting += self.imports(module)
        return reached

    def imports(self, module: Module) -> tuple[str, ...]:
        """The names that a module imports."""
        if module.path not in self._wanted:
            tree = self.tree(module.path)
            text = self.contents.read(module.path).decode("utf-8", "replace")
            calls = any(name in text for name in CALLS)
            self._wanted[module.path] = tuple(dict.fromkeys(wanted(tree, module.package, calls))) if tree else ()
        return self._wanted[module.path]

    def tree(self, path: Path) -> ast.Module | None:
        """The syntax tree of a file; None where it is not Python."""
        if path not in self._trees:
            try:
                self._trees[path] = parsed(self.contents.read(path).decode("utf-8", "replace"))
            except NotPython:
                self._trees[path] = None
        return self._trees[path]

    def named(self, name: str) -> tuple[Module, ...]:
        """The modules that importing a dotted name executes, packages first; without one when it is not of the course.

        What follows the last module, an attribute, is left aside. ``NAME.*`` are all modules of a package.
        """
        if name not in self._found:
            self._found[name] = tuple(self._look(name))
        return self._found[name]

    def _look(self, name: str) -> Iterator[Module]:
        parts = name.split(".")
        for place in self.places:
            found, folder = [], place
            for depth, part in enumerate(parts, start=1):
                dotted = ".".join(parts[:depth])
                if part == "*":
                    found += self._all(folder, ".".join(parts[: depth - 1]))
                    break
                package, module = folder / part / "__init__.py", folder / f"{part}.py"
                if package.is_file():
                    found.append(Module(package, dotted, dotted))
                elif module.is_file():
                    found.append(Module(module, dotted, dotted.rpartition(".")[0]))
                    break
                elif not (folder / part).is_dir():
                    break
                folder /= part
            if found:
                yield from found
                return

    def _all(self, folder: Path, package: str) -> list[Module]:
        found = [Module(path, f"{package}.{path.stem}", package) for path in sorted(folder.glob("*.py"))]
        found = [module for module in found if module.path.name != "__init__.py"]
        for path in sorted(folder.glob("*/__init__.py")):
            found.append(Module(path, f"{package}.{path.parent.name}", f"{package}.{path.parent.name}"))
        return found
