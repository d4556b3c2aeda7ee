"""``course progress``."""

import click

from utils.course import console


@click.command("progress", cls=console.Command)
@console.as_json
def command(as_json: bool) -> None:
    """Show how far you are with the exercises: passed, tried, still open.

    Example: course progress
    """
    from utils.course.progress import show

    show(as_json)
