"""``course book``."""

import click

from utils.course import console


@click.command("book", cls=console.Command)
@click.option("--to", metavar="FILE", help="The PDF; build/book.pdf unless given.")
def command(to: str | None) -> int:
    """Print the course into one PDF: all chapters as stored, answers behind each, data cards, glossary, bibliography.

    Nothing is executed; it takes about a minute. Needs the extra `site` and a browser: Chromium, Chrome or Edge.

    Example: course book --to ~/book.pdf
    """
    from utils.course.web.book import build

    return build(to)
