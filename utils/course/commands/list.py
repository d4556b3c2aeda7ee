"""``course list``."""

import click

from utils.course import console


@click.command("list", cls=console.Command)
@console.as_json
@click.option("--markdown", is_flag=True, help="Print the table that README holds.")
def command(as_json: bool, markdown: bool) -> None:
    """Show the chapters: number, title, minutes of reading and of exercises, datasets.

    Example: course list
    """
    from utils.course.listing import show

    show(as_json, markdown)
