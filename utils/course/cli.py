"""The command ``course``. Each command imports what it needs when it is called, so that help and list stay quick."""

import sys
from typing import Annotated

import typer
from typer.core import TyperCommand, TyperGroup

from utils.errors import CourseError, UsageError


class QuickHelp:
    """A ``--help`` that is False when absent. The usual None makes Typer load pydantic, for 0.2 s, to check it."""

    def get_help_option(self, ctx):
        option = super().get_help_option(ctx)
        if option is not None:
            option.default = False
        return option


class Group(QuickHelp, TyperGroup):
    """``course`` itself, with a page of help that needs little of rich: Typer's own takes 0.2 s more."""

    def format_help(self, ctx, formatter):
        from rich.console import Console
        from rich.table import Table

        table = Table.grid(padding=(0, 2))
        for name in self.list_commands(ctx):
            sentence, *_, example = self.commands[name].help.split("\n\n")
            table.add_row(f"  [bold cyan]{name}[/]", f"{' '.join(sentence.split())}\n[dim]{example.split(': ')[1]}[/]")
        console = Console(highlight=False)
        console.print(f"{self.help}\n\n  {ctx.command_path} COMMAND [OPTIONS]    {ctx.command_path} COMMAND --help\n")
        console.print(table)
        console.print(f"\n{self.epilog}")


class Command(QuickHelp, TyperCommand):
    """A command of ``course``."""


class RunCommand(Command):
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


app = typer.Typer(
    name="course",
    cls=Group,
    help="The tools over the chapters of [bold]Deep Learning in Medicine[/bold].",
    epilog="[bold]course lab[/bold] to learn, [bold]course run[/bold] to execute everything, "
    "[bold]course doctor[/bold] when something is amiss.",
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True}
Chapters = Annotated[
    list[str] | None, typer.Argument(metavar="[NN]...", help="Chapters, like 3, 03 or 03_cnn; all when none is named.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for machines.")]


@app.command("list", cls=Command)
def list_chapters(
    as_json: Json = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table that README holds.")] = False,
):
    """Show the chapters: number, title, minutes, exercises, datasets.

    Example: [cyan]course list[/cyan]
    """
    from utils.course import listing

    listing.show(as_json, markdown)


@app.command(cls=RunCommand)
def run(
    chapters: Chapters = None,
    profile: Annotated[
        str, typer.Option(metavar="PROFILE", help="How much to compute: smoke (seconds), quick or full.")
    ] = "quick",
    jobs: Annotated[int, typer.Option(min=1, metavar="N", help="Chapters at a time.")] = 1,
    parameter: Annotated[
        list[str] | None,
        typer.Option("-p", "--parameter", metavar="NAME VALUE", help="Give a parameter another value; repeatable."),
    ] = None,
    solved: Annotated[bool, typer.Option("--solved", help="Put the reference solutions into the exercises.")] = False,
    out: Annotated[str, typer.Option(metavar="DIR", help="Where the report and the notebooks go.")] = "build/run",
    timeout: Annotated[
        int | None, typer.Option(min=1, metavar="SECONDS", help="What a single cell may take: 600, or 3600 in full.")
    ] = None,
    as_json: Json = False,
):
    """Execute chapters in fresh kernels, judge their claims, and write a report.

    One failing chapter does not stop the others; Ctrl-C keeps what is finished.

    Example: [cyan]course run 02 03 --profile smoke --jobs 2 -p seed 3[/cyan]
    """
    from utils.course import commands

    raise typer.Exit(commands.run(chapters, profile, jobs, parameter or [], solved, out, timeout, as_json))


@app.command(cls=Command)
def refresh(chapters: Chapters = None):
    """Execute chapters (quick) and store their outputs in chapters/, for those that pass; update README's table.

    Example: [cyan]course refresh 03[/cyan]
    """
    from utils.course import commands

    raise typer.Exit(commands.refresh(chapters))


@app.command(cls=Command, context_settings=PASS_ON)
def lab(context: typer.Context):
    """Copy the chapters into work/, where they are yours to change, and open JupyterLab there.

    A file that is already in work/ is never overwritten. What follows [cyan]--[/cyan] goes to JupyterLab.

    Example: [cyan]course lab -- --no-browser --port 8899[/cyan]
    """
    from utils.course import lab

    lab.open_lab(context.args)


@app.command(cls=Command)
def progress(as_json: Json = False):
    """Show how far you are with the exercises: passed, tried, still open.

    Example: [cyan]course progress[/cyan]
    """
    from utils.course import progress

    progress.show(as_json)


@app.command(cls=Command, context_settings=PASS_ON, add_help_option=False)
def data(context: typer.Context):
    """The datasets: list, fetch, verify or rebuild them, or check your own.

    Example: [cyan]course data verify[/cyan]
    """
    from utils.course.data import app as data_app

    data_app(context.args, prog_name="course data")


@app.command(cls=Command)
def doctor(as_json: Json = False):
    """Check what this machine has, what is missing, and which command mends it.

    Example: [cyan]course doctor[/cyan]
    """
    from utils.course import doctor

    raise typer.Exit(doctor.show(as_json))


def main():
    """The entry point. Exit 0 all good, 1 a chapter or claim failed, 2 wrong usage, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # an old terminal must not stop a run for want of a tick mark
    try:
        app(prog_name="course")
    except CourseError as error:
        print(f"course: {error}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except ModuleNotFoundError as error:
        print(f"course: {error}: the set-up is incomplete; `course doctor` says what mends it.", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("course: interrupted.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
