"""The bibliography: what the chapters name under "Further reading", once, with the chapters that use it."""

import re
from collections.abc import Sequence
from pathlib import Path

from utils.course import notebooks

SECTION = re.compile(r"^## Further reading\s*$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
ADDRESS = re.compile(r"<?(https?://[^\s>]+)>?")
HEAD = """# Bibliography

What the chapters refer to under *Further reading*, in the order of the first authors. In the text, a name and a year
point to it.

"""


def page(chapters: Sequence[Path]) -> str:
    """The page as MyST."""
    entries: dict[str, tuple[str, list[str]]] = {}
    for path in chapters:
        for reference in references(notebooks.read(path)):
            found = ADDRESS.search(reference)
            key = found[1].lower() if found else reference.lower()
            entries.setdefault(key, (reference, []))[1].append(f"[{path.stem[:2]}](chapters/{path.name})")
    lines = [f"- {reference} — {', '.join(where)}" for reference, where in entries.values()]
    return HEAD + "\n".join(sorted(lines, key=str.lower)) + "\n"


def references(notebook: dict) -> list[str]:
    """The references of a chapter, each one line of Markdown."""
    prose = "\n\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown")
    found = SECTION.search(prose)
    items = re.split(r"^[-*] ", found[1], flags=re.MULTILINE)[1:] if found else []
    return [" ".join(item.split()) for item in items]
