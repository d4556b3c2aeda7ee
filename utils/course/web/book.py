"""``course book``: the course as one PDF. Sphinx makes one page of what is stored, and a browser prints it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from utils.course import notebooks
from utils.course.console import terminal
from utils.course.outputs import beside
from utils.course.web import book_pages, packages, printing, site
from utils.errors import UsageError

NEEDED = ("playwright", "pypdf")
FONTS = ("source-serif-4", "source-sans-3", "noto-sans-sc")
STATIC = site.STATIC | {name: f"fonts/{name}" for name in FONTS}  # package → its folder


def build(to: str | None = None) -> int:
    """Print the book. Returns the exit code.

    Parameters
    ----------
    to : str or None
        The PDF; ``build/book.pdf`` unless given.

    Raises
    ------
    UsageError
        For a path that is a folder, is no PDF, or lies among the files of the course.
    CourseError
        When a chapter's stored outputs are stale, with its name; when Sphinx, Playwright, a browser or MathJax cannot
        be had; when the file cannot be written.
    """
    target = file(to)
    chapters = notebooks.chapter_paths()
    site.refuse_missing()
    site.refuse_missing(NEEDED, "The book needs Playwright and pypdf")
    site.refuse_stale(chapters)
    status = terminal(stderr=True).status("")
    with printing.whole(target) as partial, site.workshop() as work, status:
        count = printing.print_page(page(chapters, work, status.update), partial, status.update)
    size = target.stat().st_size
    terminal().print(f"{count} pages, {size / 1e6:.0f} MB: {target}", markup=False, soft_wrap=True)
    return 0


def page(chapters: Sequence[Path], work: Path, say: Callable[[str], None]) -> Path:
    """Make the book with these chapters as one page in a folder. ``say`` gets a sentence when a step begins."""
    say("Writing the pages' sources ...")
    book_pages.stage(work / "source", chapters)
    for name, below in STATIC.items():
        packages.put(name, work / "static" / below)
    say("Sphinx makes one page of them ...")
    site.sphinx(work, work / "book", "singlehtml", settings="site/book")
    return work / "book" / "index.html"


def file(to: str | None) -> Path:
    """The path of the PDF, absolute. Raises UsageError for one that cannot be it."""
    target = beside(to, "book.pdf")
    if target.is_dir():
        raise UsageError(f"{to} is a folder: name a file for the book, such as {Path(to or '') / 'book.pdf'}.")
    if target.suffix.lower() != ".pdf":
        raise UsageError(f"{to} does not end in .pdf: name a PDF file for the book, such as book.pdf.")
    return target
