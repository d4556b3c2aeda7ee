"""``course apply``."""

import click

from utils.course import console


@click.command("apply", cls=console.Command)
@click.argument("kind")
@click.argument("path", metavar="PATH|NAME")
@console.columns
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
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="How long a cell may take; 600 unless given, 3600 in full.",
)
@console.as_json
def command(
    kind: str,
    path: str,
    profile: str,
    seed: int,
    out: str | None,
    timeout: int | None,
    as_json: bool,
    **columns: str | None,
) -> int:
    """Make a study of your own data: network and classical rival, tested once, with a report to pass on.

    KIND is images, records, sequences or molecules. PATH is an .npz, a .csv, a folder, or EVENTS.csv,OUTCOMES.csv; the
    formats are in data/YOUR_OWN.md, and `course data check PATH` looks at a file in seconds. NAME is a dataset of that
    kind, such as breastmnist. The options name columns where the file leaves a doubt. Nothing leaves your machine.

    Example: course apply molecules measured.csv --label active
    """
    from utils.course.apply import apply

    columns = {name: column for name, column in columns.items() if column is not None}
    return apply(kind, path, columns, profile, seed, out, timeout, as_json)
