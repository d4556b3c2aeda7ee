"""``course refresh``."""

import click

from utils.course import console


@click.command("refresh", cls=console.Command)
@console.chapters
def command(chapters: tuple[str, ...]) -> int:
    """Execute chapters (quick) and store their outputs in chapters/, for those that pass; update README's table.

    images, records, sequences and molecules are the notebooks in chapters/own.

    Example: course refresh 03
    """
    from utils.course import notebooks
    from utils.course.refresh import refresh

    return refresh(notebooks.select(chapters, own=True))
