"""What the reader sees while chapters are executed: a live bar for each, or plain lines where there is no terminal."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, Self

from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from utils.course.console import terminal
from utils.course.results import ChapterResult

if TYPE_CHECKING:
    from utils.course.schedule import Schedule

BARS_WIDTH = 72  # a bar with its numbers needs about this many columns
MARKS = {"ok": "[green]✓[/green]", "failed": "[red]✗[/red]"}


class Screen(Protocol):
    """What shows a run while it goes on. Use it in a ``with`` block."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, schedule: "Schedule") -> None:
        """Show the chapters that run, and what is left."""

    def finished(self, result: ChapterResult) -> None:
        """Show the result of a chapter."""


def screen() -> Screen:
    """The screen that fits: bars when standard error is a wide enough terminal, lines otherwise."""
    console = terminal(stderr=True)
    return Bars(console) if console.is_terminal and console.width >= BARS_WIDTH else Lines(console)


class Lines:
    """One line when a chapter begins and one when it ends, with what is left; for logs."""

    def __init__(self, console: Console) -> None:
        self.console, self.begun = console, set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, schedule: "Schedule") -> None:
        for task in schedule.running:
            if task.watch.notebook is not None and task.watch not in self.begun:
                self.begun.add(task.watch)
                line = f"  {task.job.name}: {task.watch.total} cells ({left(schedule)})"
                self.console.print(line, highlight=False, soft_wrap=True)

    def finished(self, result: ChapterResult) -> None:
        self.console.print(summary(result), highlight=False, soft_wrap=True)


class Bars:
    """A bar for each chapter that runs: cells done, time, memory; and below them what is left."""

    def __init__(self, console: Console) -> None:
        self.rows, self.bars = Rows(console), {}

    def __enter__(self) -> Self:
        self.rows.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.rows.stop()

    def show(self, schedule: "Schedule") -> None:
        self.rows.left = left(schedule)
        running = {task.watch: task for task in schedule.running if task.watch.notebook is not None}
        for watch in self.bars.keys() - running.keys():
            self.rows.remove_task(self.bars.pop(watch))
        for watch, task in running.items():
            if watch not in self.bars:
                self.bars[watch] = self.rows.add_task(task.job.name, total=watch.total, memory="")
            memory = f"{watch.peak_rss_mb:,.0f} MB" if watch.peak_rss_mb else ""
            self.rows.update(self.bars[watch], completed=watch.done, memory=memory)

    def finished(self, result: ChapterResult) -> None:
        self.rows.console.print(summary(result), highlight=False, soft_wrap=True)


class Rows(Progress):
    """Rich's bars, with a line of text below them."""

    def __init__(self, console: Console) -> None:
        self.left = ""
        super().__init__(
            TextColumn("  {task.description}"),
            BarColumn(complete_style="cyan", finished_style="green"),
            MofNCompleteColumn(),
            TextColumn("cells"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[memory]}"),
            console=console,
            transient=True,
        )

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        if self.left:
            yield Text(f"  {self.left}", "dim")


def left(schedule: "Schedule") -> str:
    """What is left, in words: ``5 chapters left, about 2 min``."""
    count = len(schedule.unfinished)
    words = f"{count} chapter{'s'[: count != 1]} left"
    if (seconds := schedule.seconds_left()) is not None:
        words += f", about {about(seconds)}"
    if schedule.starved:
        words += "; the next one waits for memory"
    return words


def about(seconds: float) -> str:
    """A rough duration: tens of seconds below a minute and a half, then minutes."""
    return f"{max(10, 10 * round(seconds / 10))} s" if seconds < 90 else f"{round(seconds / 60)} min"


def summary(result: ChapterResult) -> Text:
    """One line on a finished chapter, as rich text."""
    line = Text.from_markup(f"{MARKS[result.status]} {result.name}  ")
    numbers = "cached" if result.cached else f"{result.seconds:.1f} s, {result.peak_rss_mb:,.0f} MB"
    line.append(f"{result.cells} cells, {numbers}", style="dim")
    if result.error:
        line.append(f"  {result.error}", style="red")
    return line
