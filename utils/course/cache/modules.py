"""The modules of the course that an import executes: itself, what that imports, and so on."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from utils.course.cache.contents import Contents
from utils.course.cache.facts import MEMORY, Facts


@dataclass(frozen=True)
class Module:
    """A module of the course: its file, its dotted name, and the package that its relative imports begin with."""

    path: Path
    name: str
    package: str


class Modules:
    """The modules below some folders.

    Parameters
    ----------
    contents : Contents
        Reads the files.
    places : iterable of Path
        The folders of the course on a kernel's ``sys.path``, in their order.
    """

    def __init__(self, contents: Contents, places: Iterable[Path]):
        self.contents, self.places = contents, list(dict.fromkeys(places))
        self._found: dict[str, tuple[Module, ...]] = {}
        self._imports: dict[Path, tuple[str, ...]] = {}

    def reached(self, names: Iterable[str]) -> set[Path]:
        """The files of the modules that an import of these names executes.

        Files that are not Python are there, too, without what they would import: to import them fails.
        """
        reached, waiting, known = set(), list(names), set()
        while waiting:
            name = waiting.pop()
            if name in known:
                continue
            known.add(name)
            for module in self.named(name):
                if module.path not in reached:
                    reached.add(module.path)
                    waiting += self.imports(module)
        return reached

    def imports(self, module: Module) -> tuple[str, ...]:
        """The names that a module imports."""
        if module.path not in self._imports:
            names = self.facts(module.path).wanted
            self._imports[module.path] = tuple(_absolute(name, module.package) for name in names)
        return self._imports[module.path]

    def facts(self, path: Path) -> Facts:
        """What the text of a file says."""
        text = self.contents.read(path)
        return MEMORY.of(text.decode("utf-8", "replace"), self.contents.sha256(path))

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


def _absolute(name: str, package: str) -> str:
    """The absolute form of a name that may begin with dots."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    parts = package.split(".")
    return ".".join(filter(None, [*parts[: len(parts) - level + 1], name[level:]]))
