"""``course run``."""

import click

from utils.course import console


@click.command("run", cls=console.Command)
@console.chapters
@click.option(
    "--profile",
    default="quick",
    show_default=True,
    metavar="PROFILE",
    help="How much to compute: smoke (seconds), quick or full.",
)
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Chapters at once.")
@click.option(
    "-p",
    "--parameter",
    "assignments",
    nargs=2,
    multiple=True,
    metavar="NAME VALUE",
    help="Give a parameter another value; repeatable.",
)
@click.option("--solved", is_flag=True, help="Put the reference solutions into the exercises.")
@click.option(
    "--out", default="build/run", show_default=True, metavar="DIR", help="Where the report and the notebooks go."
)
@click.option(
    "--timeout",
    type=click.IntRange(min=1),
    metavar="SECONDS",
    help="How long a cell may take; 600 unless said, 3600 in full.",
)
@click.option("--no-cache", is_flag=True, help="Execute also what has not changed since an earlier run.")
@click.option("--no-fork", is_flag=True, help="Start each kernel from nothing, as slowly as Jupyter does.")
@click.option("--explain", is_flag=True, help="Say for each chapter why it was executed, or why not.")
@console.as_json
def command(
    chapters: tuple[str, ...],
    profile: str,
    jobs: int,
    assignments: tuple[tuple[str, str], ...],
    solved: bool,
    out: str,
    timeout: int | None,
    no_cache: bool,
    no_fork: bool,
    explain: bool,
    as_json: bool,
) -> int:
    """Execute chapters in fresh kernels, judge their claims, and write a report.

    Chapters are named like 3, 03 or 03_cnn; without a name, all are executed. One failing chapter does not stop the
    others; Ctrl-C keeps what is finished. Results never go over chapters/ or work/.

    Example: course run 02 03 --profile smoke --jobs 2 -p seed 3
    """
    from utils.course.run import run

    return run(chapters, profile, jobs, assignments, solved, out, timeout, not no_cache, not no_fork, explain, as_json)
