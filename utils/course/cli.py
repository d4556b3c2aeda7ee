"""The command ``course``. Each command imports what it needs when it is called, so that help stays quick."""

import sys
from typing import Annotated

import typer
from typer.core import TyperCommand

from utils.errors import CourseError, UsageError

app = typer.Typer(
    name="course",
    help="The tools over the chapters of [bold]Deep Learning in Medicine[/bold].",
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class RunCommand(TyperCommand):
    """``run``, whose ``-p NAME VALUE`` takes two words, as papermill's does: Typer can only repeat single ones."""

    def parse_args(self, ctx, args):
        words, joined = iter(args), []
        for word in words:
            if word == "--":
                joined += [word, *words]
            elif word in ("-p", "--parameter"):
                name = next(words, None)
                value = next(words, None) if name is not None and "=" not in name else ""
                if name is None or value is None:
                    raise UsageError("-p takes two words, a name and a value: -p seed 3.")
                joined += [word, name if "=" in name else f"{name}={value}"]
            else:
                joined.append(word)
        return super().parse_args(ctx, joined)


Chapters = Annotated[
    list[str] | None, typer.Argument(metavar="[NN]...", help="Chapters, like 3, 03 or 03_cnn; all when none is named.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


@app.command("list")
def list_chapters(
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table that README holds.")] = False,
):
    """Show the chapters: number, title, minutes, datasets, exercises.

    [dim]Example:[/dim]  course list
    """
    from utils.course import listing

    listing.show(as_json, markdown)


@app.command(cls=RunCommand)
def run(
    chapters: Chapters = None,
    profile: Annotated[str, typer.Option(help="How much to compute: smoke, quick or full.")] = "quick",
    jobs: Annotated[int, typer.Option(min=1, help="Chapters at a time.")] = 1,
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="NAME VALUE", help="Give a parameter another value; repeatable."),
    ] = None,
    solved: Annotated[bool, typer.Option("--solved", help="Put the reference solutions into the exercises.")] = False,
    out: Annotated[str, typer.Option(metavar="DIR", help="Where the report and the notebooks go.")] = "build/run",
    timeout: Annotated[int, typer.Option(min=1, metavar="SECONDS", help="What a single cell may take.")] = 600,
    as_json: Json = False,
):
    """Execute chapters in fresh kernels, judge their claims, and write a report.

    [dim]Examples:[/dim]  course run
               course run 3 --profile smoke
               course run 02 03 --jobs 2 -p seed 3
    """
    from utils.course import commands

    raise typer.Exit(commands.run(chapters, profile, jobs, parameter or [], solved, out, timeout, as_json))


@app.command()
def refresh(chapters: Chapters = None):
    """Execute chapters and store their outputs in chapters/, for those that pass.

    [dim]Example:[/dim]  course refresh 03
    """
    from utils.course import commands

    raise typer.Exit(commands.refresh(chapters))


def main():
    """The entry point. Exit 0 all good, 1 a chapter or claim failed, 2 wrong usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # an old terminal must not stop a run for want of a tick mark
    try:
        app()
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except KeyboardInterrupt:
        print("course: interrupted.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
