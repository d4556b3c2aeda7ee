"""``course lab``."""

import click

from utils.course import console


@click.command("lab", cls=console.Command, context_settings={"ignore_unknown_options": True})
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF JUPYTERLAB]...")
def command(words: tuple[str, ...]) -> None:
    """Copy the chapters into work/, where they are yours to change, and open JupyterLab there.

    A file that is already there is never overwritten. --work DIR uses another folder than work/, as everyone must who
    shares an installation. What follows -- goes to JupyterLab.

    Example: course lab -- --no-browser --port 8899
    """
    from utils.course.lab import open_lab

    open_lab(list(words))
