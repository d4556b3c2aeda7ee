"""``course run``."""

import click

from utils.course import console


@click.command("run", cls=console.Command)
@console.chapters
@console.profile
@console.at_once("Chapters")
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
@console.scheduler
@console.execution
def command(
    chapters: tuple[str, ...],
    profile: str,
    workers: int | None,
    assignments: tuple[tuple[str, str], ...],
    solved: bool,
    out: str,
    **execution: bool | int | str | None,
) -> int:
    """Execute chapters in fresh kernels, judge their claims, and write a report.

    Chapters are named like 3, 03 or 03_cnn; without a name, all are executed. One failing chapter does not stop the
    others; Ctrl-C keeps what is finished. Results never go over chapters/ or work/.

    A chapter whose code, parameters, modules, data and packages are those of an earlier run is served from the cache.

    Example: course run 02 03 --profile smoke -p seed 3
    """
    from utils.course.run import How, run

    return run(chapters, profile, assignments, solved, out, How(workers, **execution))
