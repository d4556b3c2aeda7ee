"""A page that is a book, as PDF: printed by a browser, with contents whose page numbers are those of the print.

``site/book/static/book.js`` makes the contents and the running titles in the page. A browser cannot tell on which page
a heading will be before it has printed it: the numbers are read from a first print and hold in the second.
"""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile

from utils.course import notebooks
from utils.course.web.chromium import browser
from utils.errors import CourseError

PAPER = {"prefer_css_page_size": True, "print_background": True}
PATIENCE = 300_000  # milliseconds for a page to load


def print_page(page: Path, target: Path, say: Callable[[str], None]) -> int:
    """Print an HTML page into an open PDF file. Returns the number of its pages.

    Parameters
    ----------
    page : Path
        The page, which uses ``book.js``.
    target : Path
        The PDF.
    say : callable
        Gets a sentence when another step begins.

    Raises
    ------
    CourseError
        When there is no browser, or it fails, with what it said.
    """
    with browser() as opened:
        from playwright.sync_api import Error

        try:
            sheet = opened.new_page()
            sheet.emulate_media(media="print")
            say("The browser draws the formulas ...")
            sheet.goto(page.as_uri(), timeout=PATIENCE)
            headings = sheet.evaluate("book.compose()")
            say("The browser prints a draft, for the page numbers ...")
            numbers, count = begins(sheet.pdf(**PAPER), headings)
            sheet.evaluate("numbers => book.number(numbers)", numbers)
            say(f"The browser prints {count} pages ...")
            content = sheet.pdf(
                **PAPER, outline=True, tagged=True
            )  # once: a second time, each bookmark doubles its words
            if begins(content, headings) != (numbers, count):
                raise CourseError("The pages moved when their numbers were filled in: say so to who keeps the course.")
        except Error as error:
            raise CourseError(f"The browser could not print the book: {str(error).splitlines()[0]}.") from error
    target.write_bytes(content)
    return count


def begins(content: bytes, headings: Sequence[str]) -> tuple[dict[str, int], int]:
    """On which page of a PDF each heading is, by its identifier and counted from 1; and how many pages there are."""
    from pypdf import PdfReader

    pdf = PdfReader(io.BytesIO(content))
    places = pdf.named_destinations
    return {name: pdf.get_destination_page_number(places[f"/{name}"]) + 1 for name in headings}, len(pdf.pages)


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A file beside the target that takes its place in the end; when something fails, the target is as it was.

    Raises CourseError when the folder cannot be written.
    """
    notebooks.make_folder(target.parent)
    partial = None
    try:
        with NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}-", delete=False) as file:
            partial = Path(file.name)
        yield partial
        partial.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o644)
        partial.replace(target)
    except OSError as error:
        raise CourseError(
            f"{target} cannot be written ({error.strerror or error}): make room, close it, or name another file."
        ) from error
    finally:
        if partial is not None:
            partial.unlink(missing_ok=True)
