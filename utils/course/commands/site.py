"""``course site``."""

import click

from utils.course import console


@click.command("site", cls=console.Command)
@click.option("--to", metavar="DIR", help="The folder for the pages; build/site unless given.")
@click.option("--repository", metavar="OWNER/NAME", help="The public repository, for the buttons Colab and Binder.")
def command(to: str | None, repository: str | None) -> int:
    """Build the web edition: the chapters as stored, a reference, cards of the data, a search that works offline.

    Nothing is executed. The pages need no server and no network: open DIR/index.html. Needs the extra `site`.

    Example: course site --to ~/pages
    """
    from utils.course.web.site import build

    return build(to, repository)
