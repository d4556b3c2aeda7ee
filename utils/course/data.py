"""``course data``: what there is, where it is, whether it is right, and how to get it back."""

import json
import shlex
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from utils.course.cli import Command, Group, Json
from utils.errors import CourseError, UsageError

app = typer.Typer(
    name="data",
    cls=Group,
    help="The [bold]datasets[/bold] of the course: what ships with it, what can be fetched, and your own.",
    epilog="Downloads go to your cache; [bold]COURSE_DATA_DIR[/bold] names another folder (a relative path is below "
    "the folder of the course), [bold]COURSE_DATA_MIRROR[/bold] a server or a folder to ask first. "
    "Each dataset has a card in data/cards.",
    rich_markup_mode="rich",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Names = Annotated[
    list[str] | None, typer.Argument(metavar="[NAME]...", help="Datasets, as `course data list` names them.")
]
MARKS = {"ok": "[green]✓ ok[/]", "wrong": "[red]✗ wrong[/]", "missing": "[red]✗ missing[/]"}
CHAPTERS = {"images": "07", "records": "08", "sequences": "09", "molecules": "10"}
OUTCOMES = {"same": "[green]✓ same bytes[/]", "restored": "[yellow]✓ restored[/]", "different": "[red]✗ different[/]"}


@app.command("list", cls=Command)
def list_datasets(as_json: Json = False):
    """Show the datasets: name, kind, size, where they are, licence.

    Example: [cyan]course data list[/cyan]
    """
    from utils.datasets.catalogue import catalogue

    rows = [_row(entry) for entry in catalogue().values()]
    if as_json:
        print(json.dumps(rows, indent=2, ensure_ascii=False))
        return

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for header, options in {"name": {"style": "cyan"}, "kind": {}, "size": {"justify": "right"}, "where": {}}.items():
        table.add_column(header, no_wrap=True, **options)
    table.add_column("licence")
    colours = {"embedded": "[green]embedded[/]", "cached": "[green]cached[/]", "not fetched": "[dim]not fetched[/]"}
    for row in rows:
        size = f"{'' if row['size_is_exact'] else '≤ '}{max(row['bytes'] / 1e6, 0.1):.1f} MB"
        sure = "" if row["licence_certainty"] == "stated" else f" [dim]({row['licence_certainty']})[/]"
        where = colours.get(row["where"], f"[red]{row['where']}[/]")
        table.add_row(row["name"], row["kind"], size, where, row["licence"] + sure)
    Console(highlight=False).print(table)


@app.command(cls=Command)
def fetch(names: Names = None):
    """Fetch datasets that do not ship with the course into the cache; what is there and right stays.

    Example: [cyan]course data fetch breastmnist cifar10[/cyan]
    """
    from utils.datasets.catalogue import catalogue, find
    from utils.datasets.fetch import fetch as fetch_entry
    from utils.datasets.store import location, restore_command, state

    if not names:
        can = ", ".join(entry.name for entry in catalogue().values() if not entry.embedded)
        raise UsageError(f"Name what to fetch, as in `course data fetch breastmnist`; there are {can}.")
    failed = False
    for entry in [find(name) for name in names]:
        if entry.embedded:
            right = all(state(entry, file) == "ok" for file in entry.files)
            print(
                f"{entry.name} ships with the course"
                + ("." if right else f", but is damaged: run `{restore_command(entry)}`.")
            )
            failed |= not right
            continue
        try:
            with _telling() as (announce, progress):
                fetch_entry(entry, announce, progress)
        except CourseError as error:
            print(f"course: {error}", file=sys.stderr)
            failed = True
        else:
            print(f"{entry.name} is in {location(entry, entry.files[0]).parent}.")
    raise typer.Exit(int(failed))


@app.command(cls=Command)
def verify(names: Names = None, as_json: Json = False):
    """Compare each file with the catalogue: ok, wrong or missing. Exit 1 when one is not ok.

    Without a name: all that ships with the course, and all that has been fetched.

    Example: [cyan]course data verify[/cyan]
    """
    from utils.datasets.catalogue import catalogue, find
    from utils.datasets.store import location, restore_command, state

    entries = (
        [find(name) for name in names] if names else [e for e in catalogue().values() if _where(e) != "not fetched"]
    )
    states = [(entry, file, state(entry, file)) for entry in entries for file in entry.files]
    broken = list(dict.fromkeys(entry.name for entry, _, found in states if found != "ok"))
    if as_json:
        told = [{"name": e.name, "file": str(location(e, f)), "state": found} for e, f, found in states]
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _table((MARKS[found], file.path) for _, file, found in states)
        for name in broken:
            print(f"course: {name} is not as the catalogue says; run `{restore_command(find(name))}`.", file=sys.stderr)
    raise typer.Exit(int(bool(broken)))


@app.command(cls=Command)
def rebuild(
    names: Names = None,
    accept: Annotated[
        bool,
        typer.Option(
            "--accept", help="Write what was made even where it differs, and print its line for the catalogue."
        ),
    ] = False,
):
    """Make what ships with the course again from the published packages, and compare byte for byte.

    Without a name: everything, from about 340 MB of packages, which stay in the cache. A file that is missing or
    damaged is replaced; one that comes out different is reported (exit 1) and not written.

    Example: [cyan]course data rebuild nuclei[/cyan]
    """
    from utils.datasets.catalogue import catalogue, find
    from utils.datasets.rebuild import rebuild as rebuild_entry

    entries = [find(name) for name in names] if names else [e for e in catalogue().values() if e.embedded]
    failed = False
    for entry in entries:
        try:
            with _telling() as (announce, progress):
                files = rebuild_entry(entry, accept, announce, progress)
        except CourseError as error:
            print(f"course: {error}", file=sys.stderr)
            failed = True
            continue
        _table((OUTCOMES[file.outcome], file.path) for file in files)
        for file in files:
            if file.outcome == "different":
                failed |= not accept
                print(f'  {{ path = "{file.path}", size = {file.size}, digest = "{file.digest}" }},')
    raise typer.Exit(int(failed))


@app.command(cls=Command)
def check(
    path: Annotated[str, typer.Argument(metavar="PATH", help="An .npz, a .csv, a folder, or EVENTS.csv,OUTCOMES.csv.")],
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="images, sequences, molecules or records; else the file tells it."),
    ] = None,
):
    """Look at data of your own, as a chapter would: say what was understood, or what is wrong and where (exit 1).

    The formats are in data/YOUR_OWN.md.

    Example: [cyan]course data check molecules.csv[/cyan]
    """
    from utils.datasets import own
    from utils.datasets.own.summary import summary

    data = own.load(path, kind)
    typed = f"{path.rstrip('/')}/" if Path(path).is_dir() else path  # a bare word would be taken for a name
    told = summary(data) | {"next": f"course run {CHAPTERS[data.entry.kind]} -p dataset {shlex.quote(typed)}"}
    print(f"✓ {data.entry.title}")
    for what, text in told.items():
        print(f"  {what:<10} {text}")


def _row(entry) -> dict:
    return {
        "name": entry.name,
        "title": entry.title,
        "kind": entry.kind,
        "task": entry.task,
        "bytes": entry.size,
        "size_is_exact": all(file.size is not None for file in entry.files),
        "where": _where(entry),
        "licence": entry.licence,
        "licence_certainty": entry.licence_certainty,
        "doi": list(entry.doi),
        "card": f"data/{entry.card}",
    }


def _where(entry) -> str:
    from utils.datasets.store import state

    found = {state(entry, file, thorough=False) for file in entry.files}
    if found == {"ok"}:
        return "embedded" if entry.embedded else "cached"
    return "not fetched" if found == {"missing"} and not entry.embedded else "damaged"


def _table(rows) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for mark, path in rows:
        console.print(f"{mark}  {path}")


@contextmanager
def _telling():
    """(announce, progress): one line and one bar on standard error; the bar only where there is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True, highlight=False)
    columns = [TextColumn("{task.description}"), BarColumn(complete_style="cyan", finished_style="green")]
    columns += [DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        yield lambda line: console.print(line, soft_wrap=True, markup=False), Bar(bars)


class Bar:
    """A bar of rich in the words of pooch: it sets ``total``, then calls ``update``, ``reset`` and ``close``."""

    def __init__(self, bars):
        self._bars, self._task = bars, None

    @property
    def total(self) -> int:
        return self._bars.tasks[self._task].total if self._task is not None else 0

    @total.setter
    def total(self, size: int) -> None:
        self.close()  # a retry starts anew
        self._task = self._bars.add_task("  download", total=size or None)

    def update(self, size: int) -> None:
        self._bars.update(self._task, advance=size)

    def reset(self) -> None:
        self._bars.reset(self._task)

    def close(self) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
