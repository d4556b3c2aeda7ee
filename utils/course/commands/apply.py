"""``course apply``."""

import click

from utils.course import console
from utils.course.commands.data import own_options


@click.command("apply", cls=console.Command)
@click.argument("kind")
@click.argument("path", metavar="PATH|NAME")
@console.columns
@own_options
@click.option(
    "--profile",
    default="quick",
    show_default=True,
    metavar="PROFILE",
    help="How much to compute: smoke (seconds, to see that it works), quick or full.",
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    metavar="N",
    help="Seed of the split and the models.",
)
@click.option("--out", metavar="DIR", help="Where report and notebook go; build/apply/KIND unless given.")
@console.execution
def command(
    kind: str,
    path: str,
    profile: str,
    seed: int,
    out: str | None,
    timeout: int | None,
    cache: bool,
    fork: bool,
    explain: bool,
    as_json: bool,
    **columns: str | int | None,
) -> int:
    """Make a study of your own data: network and classical rival, tested once, with a report to pass on.

    KIND is images, scans, records, sequences or molecules. PATH is a file, a folder, or two files with a comma between
    them, EVENTS.csv,OUTCOMES.csv or A.fa,B.fa; the formats are in data/YOUR_OWN.md, and `course data check PATH` looks
    at a file in seconds. NAME is a dataset of that kind, such as breastmnist. The options name columns where the file
    leaves a doubt. Nothing leaves your machine.

    Example: course apply molecules measured.csv --label active
    """
    from utils.course.apply import apply
    from utils.course.run import How

    columns = {name: column for name, column in columns.items() if column is not None}
    how = How(None, timeout, cache, fork, explain, as_json)
    return apply(kind, path, columns, profile, seed, out, how)
