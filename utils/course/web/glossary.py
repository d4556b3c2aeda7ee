"""The terms of ``chapters/glossary.md``, for links in the text of the pages."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from utils.paths import root

PAGE = "chapters/glossary"
ROW = re.compile(r"^\| (?!Term \||Symbol \|)([^|]+?) \| [^|]+ \| ([^|]+?) \| [^|]+ \|$", re.MULTILINE)


@dataclass(frozen=True)
class Term:
    """A term of the glossary, and what it means in plain text."""

    name: str
    meaning: str

    @property
    def anchor(self) -> str:
        """The name of its row in the page."""
        return anchor(self.name)


def anchor(name: str) -> str:
    """The name of a term's row in the page, without what an address cannot hold."""
    return "term-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def terms() -> dict[str, Term]:
    """The terms by how they stand in prose: without what tells one from an everyday word, as in "key (attention)"."""
    text = (root() / f"{PAGE}.md").read_text(encoding="utf-8").split("## Symbols")[0]
    found = {}
    for name, meaning in ROW.findall(text):
        plain = re.sub(r"[$`*]|\[([^\]]*)\]\([^)]*\)", r"\1", meaning)
        found[name] = Term(name, plain)
    return {name: term for name, term in found.items() if not name.endswith(")")}


def found(text: str, wanted: Mapping[str, Term]) -> Iterator[tuple[str, int, int]]:
    """(term, start, end) of the first place of each wanted term in a text; of two that overlap, the longer one."""
    taken: list[tuple[int, int]] = []
    for name in sorted(wanted, key=len, reverse=True):
        match = re.search(rf"(?<![\w-]){re.escape(name)}(?:e?s)?(?![\w-])", text, re.IGNORECASE)
        if match and not any(start < match.end() and match.start() < end for start, end in taken):
            taken.append(match.span())
            yield name, *match.span()
