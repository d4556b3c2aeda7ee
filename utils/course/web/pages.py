"""The source of the web edition: every page as Sphinx reads it, in one folder, under the paths of the repository.

Chapters, cards and guides keep their places, so that the links among them hold; what has no page of its own gets one.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from utils.course import notebooks
from utils.course.web import bibliography, cards, landing, reference
from utils.course.web.chapter_pages import chapter_page, web_edition
from utils.course.web.launch import Launch
from utils.paths import root

GUIDES = {  # page of the repository → the title under which it stands in the web edition; None keeps its own
    "chapters/glossary.md": None,
    "data/YOUR_OWN.md": None,
    "TEACHING.md": None,
    "bench/README.md": None,
    "CONTRIBUTING.md": None,
    "CHANGELOG.md": None,
}
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)")


def stage(folder: Path, launch: Launch) -> int:
    """Write the source of every page into a folder, as ``put`` does. Returns their number."""
    return put(folder, dict(_all(launch)), landing.pictures())


def put(folder: Path, written: Mapping[str, str], pictures: Mapping[str, bytes]) -> int:
    """Write pages and pictures into a folder, by their paths in it. Returns the number of pages."""
    for name, content in ({name: text.encode() for name, text in written.items()} | pictures).items():
        notebooks.make_folder((folder / name).parent)
        (folder / name).write_bytes(content)
    return len(written)


def _all(launch: Launch) -> Iterator[tuple[str, str]]:
    """Path and text of each page."""
    chapters = notebooks.chapter_paths()
    edition = web_edition(launch)
    for path in chapters:
        yield f"chapters/{path.name}", notebooks.as_text(chapter_page(path, edition))
    pages = {name for name in GUIDES} | {f"chapters/{path.name}" for path in chapters}
    for name in GUIDES:
        text = (root() / name).read_text(encoding="utf-8")
        yield name, with_links(text, name, pages, launch)
    yield from cards.pages()
    yield from reference.pages()
    yield "bibliography.md", bibliography.page(chapters)
    yield from landing.pages(chapters)


def with_links(text: str, name: str, pages: set[str], launch: Launch) -> str:
    """A guide whose links to files that are no pages lead to the public repository, or are only their text."""

    def change(match: re.Match) -> str:
        picture, words, address = match.groups()
        if picture or re.match(r"[a-z]+:|#", address):
            return match[0]
        target = _normal(Path(name).parent / address.partition("#")[0])
        if target in pages:
            return match[0]
        if target == "README.md":
            return f"[{words}]({'../' * name.count('/')}index.md)"
        if target == "data/cards":
            return f"[{words}]({'../' * name.count('/')}data/index.md)"
        source = launch.source(target)
        return f"[{words}]({source})" if source else words

    return LINK.sub(change, text)


def _normal(path: Path) -> str:
    parts: list[str] = []
    for part in path.parts:
        parts = parts[:-1] if part == ".." else [*parts, part] if part != "." else parts
    return "/".join(parts)
