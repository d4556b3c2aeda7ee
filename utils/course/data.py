"""What ``course data`` does: what there is, where it is, whether it is right, and how to get it back."""

import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.course.console import Column, print_json, show_table, terminal
from utils.datasets.catalogue import catalogue, find
from utils.datasets.store import location, restore_command, state
from utils.datasets.types import Entry
from utils.errors import CourseError, UsageError

MARKS = {"ok": "[green]✓ ok[/]", "wrong": "[red]✗ wrong[/]", "missing": "[red]✗ missing[/]"}
OUTCOMES = {"same": "[green]✓ same bytes[/]", "restored": "[yellow]✓ restored[/]", "different": "[red]✗ different[/]"}
PLACES = {"embedded": "[green]embedded[/]", "cached": "[green]cached[/]", "not fetched": "[dim]not fetched[/]"}
APPLY = "course apply"  # the command for the step that follows `course data check`


def show(as_json: bool) -> None:
    """Print the datasets of the catalogue, as a table or as JSON."""
    rows = [_row(entry) for entry in catalogue().values()]
    if as_json:
        print_json(rows)
        return
    columns = [Column("name", style="cyan", no_wrap=True), Column("kind", no_wrap=True)]
    columns += [Column("size", "right", no_wrap=True), Column("where", no_wrap=True), Column("licence")]
    lines = []
    for row in rows:
        size = f"{'' if row['size_is_exact'] else '≤ '}{max(row['bytes'] / 1e6, 0.1):.1f} MB"
        sure = "" if row["licence_certainty"] == "stated" else f" [dim]({row['licence_certainty']})[/]"
        where = PLACES.get(row["where"], f"[red]{row['where']}[/]")
        lines.append((row["name"], row["kind"], size, where, row["licence"] + sure))
    show_table(terminal(), columns, lines)


def fetch(names: tuple[str, ...]) -> int:
    """Fetch datasets into the cache. Returns the exit code, 1 when one of them could not be fetched."""
    from utils.datasets.fetch import fetch as fetch_entry

    if not names:
        can = ", ".join(entry.name for entry in catalogue().values() if not entry.embedded)
        raise UsageError(f"Name what to fetch, as in `course data fetch breastmnist`; there are {can}.")
    failed = False
    for entry in [find(name) for name in names]:
        if entry.embedded:
            right = all(state(entry, file) == "ok" for file in entry.files)
            remedy = "." if right else f", but is damaged: run `{restore_command(entry)}`."
            print(f"{entry.name} ships with the course{remedy}")
            failed |= not right
            continue
        try:
            with _shown() as (announce, progress):
                fetch_entry(entry, announce, progress)
        except CourseError as error:
            print(f"course: {error}", file=sys.stderr)
            failed = True
        else:
            print(f"{entry.name} is in {location(entry, entry.files[0]).parent}.")
    return int(failed)


def verify(names: tuple[str, ...], as_json: bool) -> int:
    """Compare files with the catalogue and print each one's state. Returns the exit code, 1 when one is not ok."""
    entries = (
        [find(name) for name in names] if names else [e for e in catalogue().values() if _where(e) != "not fetched"]
    )
    states = [(entry, file, state(entry, file)) for entry in entries for file in entry.files]
    broken = list(dict.fromkeys(entry.name for entry, _, found in states if found != "ok"))
    if as_json:
        print_json([{"name": e.name, "file": str(location(e, f)), "state": found} for e, f, found in states])
    else:
        _list((MARKS[found], file.path) for _, file, found in states)
        for name in broken:
            print(f"course: {name} is not as the catalogue says; run `{restore_command(find(name))}`.", file=sys.stderr)
    return int(bool(broken))


def rebuild(names: tuple[str, ...], accept: bool) -> int:
    """Make embedded files again and compare. Returns the exit code, 1 when one differs or cannot be made."""
    from utils.datasets.rebuild import rebuild as rebuild_entry

    entries = [find(name) for name in names] if names else [e for e in catalogue().values() if e.embedded]
    failed = False
    for entry in entries:
        try:
            with _shown() as (announce, progress):
                files = rebuild_entry(entry, accept, announce, progress)
        except CourseError as error:
            print(f"course: {error}", file=sys.stderr)
            failed = True
            continue
        _list((OUTCOMES[file.outcome], file.path) for file in files)
        for file in files:
            if file.outcome == "different":
                failed |= not accept
                print(f'  {{ path = "{file.path}", size = {file.size}, digest = "{file.digest}" }},')
    return int(failed)


def check(path: str, kind: str | None, columns: dict[str, str | int]) -> None:
    """Print what is understood of data of the reader's own, and the command that comes next.

    Raises CourseError for what does not fit. ``columns``: label, smiles, sequence, group, id and time name columns;
    side and series say how pictures and scans are read.
    """
    from utils.datasets import own
    from utils.datasets.own.scaling import SIDE
    from utils.datasets.own.summary import summary

    data = own.load(path, kind, **columns)
    typed = f"{path.rstrip('/')}/" if Path(path).is_dir() else path  # a bare word would be taken for a name
    options = [word for name, column in columns.items() for word in (f"--{name}", str(column))]
    words = shlex.join([data.entry.kind, typed, *options])
    understood = summary(data)  # raises where no study can be made of the data
    side = min(data.images.shape[1:3]) if data.entry.kind == "images" else 0
    if side > SIDE and "side" not in columns:
        understood["smaller"] = f"the study makes the shorter side {SIDE} pixels; --side {side} keeps all of them"
    understood["next"] = f"{APPLY} {words}"
    print(f"✓ {data.entry.title}")
    for what, text in understood.items():
        print(f"  {what:<10} {text}")


def _row(entry: Entry) -> dict:
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


def _where(entry: Entry) -> str:
    found = {state(entry, file, thorough=False) for file in entry.files}
    if found == {"ok"}:
        return "embedded" if entry.embedded else "cached"
    return "not fetched" if found == {"missing"} and not entry.embedded else "damaged"


def _list(rows: Iterable[tuple[str, str]]) -> None:
    console = terminal(soft_wrap=True)
    for mark, path in rows:
        console.print(f"{mark}  {path}")


@contextmanager
def _shown() -> Iterator[tuple]:
    """(announce, progress): one line and one bar on standard error; the bar only where there is a terminal."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = terminal(stderr=True)
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
