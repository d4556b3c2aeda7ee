"""``course sweep``."""

import click

from utils.course import console


@click.command("sweep", cls=console.Command)
@click.argument("chapter", metavar="NN")
@click.option(
    "--grid",
    multiple=True,
    metavar="NAME=V1,V2",
    help="A parameter of the chapter and its values; repeatable, and then every combination is executed.",
)
@click.option(
    "--seeds",
    default=3,
    show_default=True,
    type=click.IntRange(min=1, max=1000),
    metavar="K",
    help="How many seeds at each point: 0, 1, … K - 1.",
)
@console.profile
@click.option("--claim", "words", default="", metavar="TEXT", help="Only the claims whose name holds this text.")
@console.at_once("Runs")
@click.option(
    "--out", default="build/sweep", show_default=True, metavar="DIR", help="Where table, plot and notebooks go."
)
@console.scheduler
@console.execution
def command(
    chapter: str,
    grid: tuple[str, ...],
    seeds: int,
    profile: str,
    words: str,
    workers: int | None,
    out: str,
    **execution: bool | int | str | None,
) -> int:
    """Execute one chapter over a grid of parameters and several seeds: each claim's mean, with an interval.

    Nothing is judged: the table says how many seeds lie outside of a claim's band. What was executed before is served
    from the cache, so that a sweep that was stopped goes on where it was. The exit code is 1 when a run failed.

    Without --grid the seeds alone vary, which shows how much of a result is chance in the training.

    Example: course sweep 04 --grid learning_rate=0.003,0.01,0.03 --seeds 3
    """
    from utils.course.run import How
    from utils.course.sweep import sweep

    return sweep(chapter, grid, seeds, profile, words, out, How(workers, **execution))
