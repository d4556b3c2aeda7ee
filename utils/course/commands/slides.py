"""``course slides``."""

import click

from utils.course import console


@click.command("slides", cls=console.Command)
@console.chapters
@click.option("--to", metavar="DIR", help="The folder for the pages; build/slides unless given.")
def command(chapters: tuple[str, ...], to: str | None) -> None:
    """Make a talk of each chapter, from its stored outputs: a page for a browser that needs no network.

    An arrow key goes on, S shows the speaker's notes, F fills the screen; with ?print-pdf at the end of its address a
    page can be printed. The pages share DIR/assets: move them together.

    Example: course slides 05
    """
    from utils.course import notebooks
    from utils.course.web import slides

    for path in slides.write(notebooks.select(chapters), to):
        click.echo(path)
