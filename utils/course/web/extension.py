"""What the web edition adds to Sphinx: MathJax from beside the pages, and links for terms, chapters and sources.

Links are made in the text as it has been read: the first time that a page uses a term of the glossary the term leads
there and shows its meaning; "chapter 03" leads to the chapter, and a DOI to its publication.
"""

import html
import json
import re
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from utils.course import notebooks
from utils.course.web import glossary, reference

FONTS = "_static/mathjax/fonts"
OPTIONS = """
  svg: {fontCache: "global"},
  options: {
    menuOptions: {settings: {enrich: false, speech: false, braille: false, assistiveMml: true}},
    ignoreHtmlClass: "bd-main", processHtmlClass: "math"
  }
"""
CHAPTERS = re.compile(r"\b[Cc]hapters?\s\d\d\b(?:(?:,|,? and|,? or| to|–)\s?\d\d\b)*")  # one of them, or several
DOI = re.compile(r"\bdoi:(10\.\d{4,}/[^\s,;)\]]*[^\s,;.)\]])")
LONG = 60  # characters: a cell of a table with more of them is a sentence
REFERENCES = "Further reading"  # the section of a chapter whose words are titles of other people
NOT_IN = (nodes.literal, nodes.literal_block, nodes.math, nodes.math_block, nodes.reference, nodes.title, nodes.raw)


class Links(SphinxPostTransform):
    """Turns terms, chapters and DOIs in running text into links, and says which tables hold sentences."""

    default_priority = 700

    def run(self, **_: Any) -> None:
        here = self.env.docname
        chapters = {path.stem[:2]: f"chapters/{path.stem}" for path in notebooks.chapter_paths()}
        chapters = {number: page for number, page in chapters.items() if page in self.env.found_docs}
        terms = glossary.terms() if here.startswith("chapters/") and here != glossary.PAGE else {}
        if here == glossary.PAGE:
            self._name_rows()
        for table in self.document.findall(nodes.table):
            if any(len(cell.astext()) > LONG for cell in table.findall(nodes.entry)):
                table["classes"].append("sentences")
        for text in list(self.document.findall(nodes.Text)):
            if _free(text):
                parts = self._linked(text.astext(), here, chapters, {} if _is_title_of_others(text) else terms)
                if any(isinstance(part, nodes.reference) for part in parts):
                    text.parent.replace(text, parts)

    def _linked(
        self, text: str, here: str, chapters: dict[str, str], terms: dict[str, glossary.Term]
    ) -> list[nodes.Node]:
        """A text in pieces, with links in it. Terms that got a link are taken out of ``terms``."""
        found = [piece for match in CHAPTERS.finditer(text) for piece in self._chapters(match, here, chapters)]
        found += [(m.start(), m.end(), _link(m[0], f"https://doi.org/{m[1]}")) for m in DOI.finditer(text)]
        for name, start, end in glossary.found(text, terms):
            term = terms.pop(name)
            address = f"{self.app.builder.get_relative_uri(here, glossary.PAGE)}#{term.anchor}"
            link = _link(text[start:end], address, reftitle=term.meaning, classes=["term"], internal=True)
            found.append((start, end, link))
        parts, place = [], 0
        for start, end, link in sorted(found, key=lambda piece: piece[0]):
            if start < place:
                continue
            parts += [nodes.Text(text[place:start])] * (start > place) + [link]
            place = end
        return [*parts, nodes.Text(text[place:])] if place < len(text) else parts

    def _chapters(
        self, match: re.Match, here: str, chapters: dict[str, str]
    ) -> Iterator[tuple[int, int, nodes.reference]]:
        """Start, end and link of each chapter that some words name; of a single one, the words themselves."""
        numbers = list(re.finditer(r"\d\d", match[0]))
        for number in numbers:
            page = chapters.get(number[0])
            start, end = (0, len(match[0])) if len(numbers) == 1 else number.span()
            if page and page != here:
                address = self.app.builder.get_relative_uri(here, page)
                link = _link(match[0][start:end], address, internal=True)
                yield match.start() + start, match.start() + end, link

    def _name_rows(self) -> None:
        """Give each row of the glossary the name that links lead to."""
        for row in self.document.findall(nodes.row):
            if isinstance(row.parent, nodes.tbody):
                row["ids"].append(glossary.anchor(row.children[0].astext()))


def _free(text: nodes.Text) -> bool:
    """Whether a text is running prose, in which links can be."""
    node = text.parent
    while node is not None:
        if isinstance(node, NOT_IN) or "output" in node.get("classes", []):
            return False
        node = node.parent
    return True


def _is_title_of_others(text: nodes.Text) -> bool:
    """Whether a text stands among a chapter's references."""
    node = text.parent
    while node is not None:
        if isinstance(node, nodes.section) and node.next_node(nodes.title).astext() == REFERENCES:
            return True
        node = node.parent
    return False


def _link(text: str, address: str, **attributes: Any) -> nodes.reference:
    return nodes.reference("", text, refuri=address, **attributes)


def on_page(app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None) -> None:
    """Say in a page's head what it is about, and on pages with formulas where MathJax finds what it fetches by itself.

    Speech would start a worker, which browsers refuse for pages on a disk: MathML for screen readers is there instead.
    """
    if doctree is None:
        return
    if 'name="description"' not in context["metatags"]:
        context["metatags"] += f'<meta name="description" content="{html.escape(description(doctree))}">'
    if any(doctree.findall(lambda node: isinstance(node, nodes.math | nodes.math_block))):
        pathto: Callable[..., str] = context["pathto"]
        paths = json.dumps({"fonts": pathto(FONTS, resource=True), "sre": pathto("_static/mathjax/sre", resource=True)})
        settings = f"window.MathJax = {{loader: {{load: ['a11y/assistive-mml'], paths: {paths}}}, {OPTIONS}}};"
        app.add_js_file(None, body=settings, priority=490)


def description(doctree: nodes.document, most: int = 160) -> str:
    """How a page begins: its title and as much of its first paragraph as search engines show."""
    texts = [part.astext() for kind in (nodes.title, nodes.paragraph) for part in list(doctree.findall(kind))[:1]]
    return textwrap.shorten(": ".join(texts), most, placeholder=" …")


def as_written(
    app: Sphinx, what: str, name: str, described: Any, options: Any, signature: str | None, result: str | None
) -> tuple[str, str | None] | None:
    """The signature in the reference."""
    return reference.signature(described, what == "method") if signature is not None else None


def is_repeated(app: Sphinx, what: str, name: str, described: Any, skip: bool, options: Any) -> bool | None:
    """Leave out the fields of a named tuple, which its own description holds."""
    return True if type(described).__name__ == "_tuplegetter" else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Called by Sphinx."""
    app.add_post_transform(Links)
    app.connect("html-page-context", on_page)
    app.connect("autodoc-process-signature", as_written)
    app.connect("autodoc-skip-member", is_repeated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
