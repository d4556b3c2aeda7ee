"""The reference of ``utils``: a page per room, made by Sphinx from the docstrings of its modules."""

import ast
from collections.abc import Iterator

from utils.paths import root

ROOMS = {  # room → what it holds, in the order from the ground up
    "claims": "Results that the text relies on",
    "plots": "Figures",
    "datasets": "Data, and their catalogue",
    "metrics": "Scores, and how sure they are",
    "nn": "Training networks",
    "exercises": "Exercises and quizzes",
    "features": "Arrays made of data",
    "explain": "Why a network says what it says",
    "applications": "Whole studies",
    "chapters": "What only one chapter uses",
}
HIDDEN = ("utils.exercises.ch", "utils.datasets.conversions")  # solutions, and how snapshots were made
HEAD = """# Reference

What chapters import from `utils`, room by room. Shapes, units and errors are in each description.

"""


def pages() -> Iterator[tuple[str, str]]:
    """Path and text of the page of each room, and of the list of them."""
    lines = []
    for room, holds in ROOMS.items():
        lines.append(f"- [`utils.{room}`]({room}.md): {holds.lower()}")
        parts = [f"# {holds}: utils.{room}\n"]
        for module, summary in modules(room):
            title = module.removeprefix("utils.")
            parts.append(f"## {title}\n\n```{{eval-rst}}\n.. automodule:: {module}\n```\n")
            _ = summary
        yield f"reference/{room}.md", "\n".join(parts)
    contents = "\n".join(ROOMS)
    yield "reference/index.md", f"{HEAD}{chr(10).join(lines)}\n\n```{{toctree}}\n:hidden:\n\n{contents}\n```\n"


def modules(room: str) -> Iterator[tuple[str, str]]:
    """Name and summary of each module of a room that describes something public."""
    place = root() / "utils" / room
    paths = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    for path in paths:
        parts = path.relative_to(root()).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        public = any(
            isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_") for node in tree.body
        )
        if public and not name.startswith(HIDDEN):
            yield name, (ast.get_docstring(tree) or "").split("\n")[0]
