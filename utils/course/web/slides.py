"""``course slides``: a page per chapter that is a talk, made of the cells tagged for it and their stored outputs.

``utils.course.web.talk`` says what the slides hold; here they become pages, which reveal.js and MathJax show. What all
pages share is beside them in ``assets``, so that they work from a file system without a network.
"""

import base64
import io
import math
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import Template

from nbconvert.filters import Highlight2HTML, markdown2html
from PIL import Image

from utils import paths
from utils.course import notebooks
from utils.course.outputs import beside
from utils.course.report_page import escape
from utils.course.web import packages, talk
from utils.course.web.chapter_pages import SCRIPT
from utils.course.web.site import refuse_stale
from utils.course.web.talk import Slide
from utils.errors import CourseError

ASSETS = "assets"
PACKAGES = ("reveal", "mathjax", "mathjax-newcm-font")
OWN = ("deck.css", "deck.js")
WIDE = 2.0  # width over height: wider figures have their text above and below, others beside them
COLUMNS = 96  # of printed text at most
ROOM = 1 / 6  # lines that there is room for, as a share of the columns; see deck.css


def write(chapters: Sequence[Path], to: str | None = None) -> list[Path]:
    """Write the talks of chapters into a folder, with what they need. Returns the paths of the pages.

    Parameters
    ----------
    chapters : sequence of Path
    to : str or None
        The folder for the pages; ``build/slides`` unless given.

    Raises
    ------
    UsageError
        For a folder among the files of the course.
    CourseError
        For a chapter whose stored outputs are not those of its code, or without a cell tagged ``slide``; for a package
        that is neither in the cache nor to be had.
    """
    folder = beside(to, "slides")
    refuse_stale(chapters)
    pages = {path: page(path) for path in chapters}
    for name in PACKAGES:
        packages.put(name, folder / ASSETS / name)
    for name in OWN:
        shutil.copyfile(_sources() / name, folder / ASSETS / name)
    written = []
    for path, text in pages.items():
        written.append(folder / f"{path.stem}.html")
        notebooks.write_atomically(written[-1], text)
    return written


def page(path: Path) -> str:
    """The page of a chapter's talk, as text."""
    chapter, notebook = notebooks.chapter(path), notebooks.read(path)
    if not any(map(talk.is_tagged, notebook["cells"])):
        raise CourseError(f"{path.name} has no cell tagged `{talk.SLIDE}`: tag those that its talk is to show.")
    slides = talk.slides(chapter, notebook)
    head = f"Deep Learning in Medicine · Chapter {chapter.number}"
    return Template((_sources() / "deck.html").read_text(encoding="utf-8")).substitute(
        title=escape(chapter.title), slides="\n".join(section(slide, head) for slide in slides)
    )


def _sources() -> Path:
    return paths.root() / "site" / "slides"


def section(slide: Slide, head: str = "") -> str:
    """A slide as HTML. ``head`` stands above the title of the first."""
    shown = list(_shown(slide))
    beside = [width / height < WIDE for width, height in map(_size, _pictures(slide))] == [True]
    before = f'<div class="before">{markdown2html(slide.before)}</div>' if slide.before else ""
    after = f'<div class="after fragment">{markdown2html(slide.after)}</div>' if slide.after else ""
    kind = "beside" if beside else "stacked"
    if slide.kind == "title":
        title = f'<p class="head">{escape(head)}</p><h1>{_inline(slide.title)}</h1>'
    else:
        title = f"<h2>{_inline(slide.title)}</h2>"
    notes = f'<aside class="notes">{markdown2html(slide.notes)}</aside>' if slide.notes else ""
    body = "\n".join(filter(None, [before, *shown, after]))
    return f'<section class="{slide.kind} {kind}">\n{title}\n<div class="body">\n{body}\n</div>\n{notes}</section>'


def _inline(text: str) -> str:
    return markdown2html(text).strip().removeprefix("<p>").removesuffix("</p>")


def _shown(slide: Slide) -> Iterator[str]:
    """The code of a slide, its figures, and what was printed where there is no figure."""
    if slide.code:
        html = Highlight2HTML(pygments_lexer="ipython3")(slide.code)
        yield f'<div class="listing" style="{_extent(slide.code)}">{html}</div>'
    pictures = _pictures(slide)
    for output in pictures:
        alt = escape(output["metadata"].get("image/png", {}).get("alt", ""))
        yield f'<img alt="{alt}" src="data:image/png;base64,{"".join(output["data"]["image/png"].split())}">'
    if not pictures:
        yield from _printed(slide)


def _pictures(slide: Slide) -> list[dict]:
    return [output for output in slide.outputs if "image/png" in output.get("data", {})]


def _size(picture: dict) -> tuple[int, int]:
    return Image.open(io.BytesIO(base64.b64decode(picture["data"]["image/png"]))).size


def _printed(slide: Slide) -> Iterator[str]:
    """Printed lines, or else what notebooks show as HTML, such as claims and tables; nothing that is a script."""
    printed = "".join(output["text"] for output in slide.outputs if output.get("name") == "stdout").strip("\n")
    if printed:
        yield f'<pre class="printed" style="{_extent(printed)}">{escape(printed)}</pre>'
        return
    for output in slide.outputs:
        data = output.get("data", {})
        if "text/html" in data and SCRIPT not in data:
            yield f'<div class="shown">{data["text/html"]}</div>'


def _extent(text: str) -> str:
    """How many lines and columns a text takes, for the style sheet to choose the size of its letters by."""
    lengths = [max(1, len(line)) for line in text.split("\n")]

    def lines(columns: int) -> int:
        return sum(math.ceil(length / columns) for length in lengths)

    columns = max(lengths)
    if columns > COLUMNS:  # its longest lines go on in the next, where that lets letters be largest
        columns = max(range(COLUMNS // 2, COLUMNS + 1), key=lambda some: min(1 / some, ROOM / lines(some)))
    return f"--lines: {lines(columns)}; --columns: {columns}"
