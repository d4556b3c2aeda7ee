"""``course doctor``."""

import click

from utils.course import console


@click.command("doctor", cls=console.Command)
@console.as_json
def command(as_json: bool) -> int:
    """Check what this machine has, what is missing, and which command repairs it.

    Example: course doctor
    """
    from utils.course.doctor import show

    return show(as_json)
