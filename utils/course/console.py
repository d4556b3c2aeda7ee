"""What the commands share: options, the pages of help, JSON, tables, and the sentence for wrong usage.

Needs nothing but Click at import, so that ``course --help`` answers at once.
"""

import difflib
import inspect
import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

OK, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130  # the exit codes

chapters = click.argument("chapters", nargs=-1, metavar="[NN]...")
names = click.argument("names", nargs=-1, metavar="[NAME]...")
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for machines.")

EXECUTION = (
    click.option(
        "--timeout",
        type=click.IntRange(min=1),
        metavar="SECONDS",
        help="How long a cell may take; 600 unless given, 3600 in full.",
    ),
    click.option(
        "--no-cache",
        "cache",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Execute also what has not changed, and keep nothing.",
    ),
    click.option(
        "--no-fork",
        "fork",
        is_flag=True,
        flag_value=False,
        default=True,
        help="Start each kernel from nothing, as Jupyter does, which takes longer.",
    ),
    click.option("--explain", is_flag=True, help="Say why each notebook was executed, or why it did not have to be."),
    as_json,
)


def execution(command: Callable) -> Callable:
    """The options that say how notebooks are executed: the fields of ``utils.course.run.How``, save its workers."""
    for option in reversed(EXECUTION):
        command = option(command)
    return command


profile = click.option(
    "--profile",
    default="quick",
    show_default=True,
    metavar="PROFILE",
    help="How much to compute: smoke (seconds), quick or full.",
)


def at_once(what: str, room: str = "cores and memory for") -> Callable:
    """The option ``--jobs``: how many of what are worked on at a time."""
    return click.option(
        "--jobs",
        "workers",
        type=click.IntRange(min=1),
        metavar="N",
        help=f"{what} at once; as many as the machine has {room}, unless given.",
    )


scheduler = click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Let the workers of a Dask cluster execute, such as tcp://10.0.0.5:8786.",
)

COLUMNS = {
    "label": "The column of what is to be predicted; several with commas.",
    "smiles": "The column of the molecules.",
    "sequence": "The column of the letters.",
    "group": "The column whose rows belong together and are never split up.",
    "id": "The column that names the row, or the patient.",
    "time": "The column of the times.",
}


def columns(command: Callable) -> Callable:
    """The options that name the columns of a reader's own table."""
    for name, help in reversed(COLUMNS.items()):
        command = click.option(f"--{name}", metavar="COLUMN", help=help)(command)
    return command


class Command(click.Command):
    """A command whose complaints about its words name its own page of help, also those of Click's parser."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise


class Index(click.Group):
    """A group of commands whose page of help shows each with its first sentence and its example."""

    command_class = Command

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit(WRONG_USAGE)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple:
        there = self.list_commands(ctx)
        if args[0] not in there:
            near = difflib.get_close_matches(args[0], there, n=1)
            advice = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(there)}"
            raise click.UsageError(f"No such command {args[0]!r}; {advice}", ctx)
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        there = self.list_commands(ctx)
        indent = max(map(len, there)) + 4
        purpose = inspect.cleandoc(self.help or "").split("\n\n")[0]
        formatter.write(f"{purpose}\n\n  {ctx.command_path} COMMAND [OPTIONS]    {ctx.command_path} COMMAND --help\n\n")
        for name in there:
            sentence, *_, example = inspect.cleandoc(self.get_command(ctx, name).help or "").split("\n\n")
            text = click.wrap_text(" ".join(sentence.split()), formatter.width, " " * indent, " " * indent)
            formatter.write(f"  {click.style(name, fg='cyan', bold=True)}{text[2 + len(name) :]}\n")
            formatter.write(f"{' ' * indent}{click.style(example.removeprefix('Example: '), dim=True)}\n")
        formatter.write(f"\n{click.wrap_text(self.epilog or '', formatter.width)}\n")


def usage_sentence(error: click.UsageError) -> str:
    """What was wrong with the words of a command, in one sentence that names its page of help."""
    message = " ".join(error.format_message().split()).rstrip(".")
    message = re.sub(r"\. \(?Did you mean (?:one of: )?(.*)\?\)?$", r"; did you mean \1?", message)
    command = error.ctx.command_path if error.ctx else "course"
    return f"{message} (see `{command} --help`)."


def print_json(value: object) -> None:
    """Print a value as JSON, readable for people too."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def terminal(*, stderr: bool = False, **options: bool) -> "Console":
    """Rich's console on standard output, or on standard error, with its options (such as ``soft_wrap``)."""
    from rich.console import Console

    console = Console(stderr=stderr, highlight=False, **options)
    if console.width < 1:
        console.width = 80  # COLUMNS=0 says that the width is not known, and rich would print nothing
    return console


class Column(NamedTuple):
    """A column of a table: its header and how rich shows it."""

    name: str
    justify: str = "left"
    style: str | None = None
    no_wrap: bool = False


def show_table(console: "Console", columns: Sequence[Column], rows: Iterable[Sequence["RenderableType"]]) -> None:
    """Print a table; where the terminal is too narrow for one, a line per row, which the terminal wraps."""
    from rich.measure import Measurement
    from rich.table import Table

    rows = list(rows)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.name, justify=column.justify, style=column.style, no_wrap=column.no_wrap)
    for row in rows:
        table.add_row(*row)
    unbounded = console.options.update(max_width=10_000)
    if Measurement.get(console, unbounded, table).minimum <= console.width:
        console.print(table)
        return
    for row in rows:
        cells = [cell for cell in row if isinstance(cell, str)]  # a bar needs more room than there is
        console.print("  ".join(cells), soft_wrap=True)
