"""What the reader sees while chapters are executed: a live bar for each, or plain lines where there is no terminal."""

from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from utils.course.console import terminal
from utils.course.kernel import Watch
from utils.course.results import ChapterResult

BARS_WIDTH = 72  # a bar with its numbers needs about this many columns
MARKS = {"ok": "[green]✓[/green]", "failed": "[red]✗[/red]"}


class Screen(Protocol):
    """What shows a run while it goes on. Use it in a ``with`` block."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def show(self, watches: dict[str, Watch]) -> None:
        """Show the chapters that are not finished: name → Watch."""

    def finished(self, result: ChapterResult) -> None:
        """Show the result of a chapter."""


def screen() -> Screen:
    """The screen that fits: bars when standard error is a wide enough terminal, lines otherwise."""
    console = terminal(stderr=True)
    return Bars(console) if console.is_terminal and console.width >= BARS_WIDTH else Lines(console)


class Lines:
    """One line when a chapter begins and one when it ends; for logs."""

    def __init__(self, console: Console) -> None:
        self.console, self.begun = console, set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, watches: dict[str, Watch]) -> None:
        for name, watch in watches.items():
            if watch.notebook is not None and name not in self.begun:
                self.begun.add(name)
                self.console.print(f"  {name}: {watch.total} cells", highlight=False, soft_wrap=True)

    def finished(self, result: ChapterResult) -> None:
        self.console.print(summary(result), highlight=False, soft_wrap=True)


class Bars:
    """A bar for each chapter that has begun: cells done, time, memory."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            TextColumn("{task.fields[mark]} {task.description}"),
            BarColumn(complete_style="cyan", finished_style="green"),
            MofNCompleteColumn(),
            TextColumn("cells"),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[memory]}"),
            console=console,
            transient=True,
        )
        self.tasks = {}

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def show(self, watches: dict[str, Watch]) -> None:
        for name, watch in watches.items():
            if watch.notebook is not None:
                if name not in self.tasks:
                    self.tasks[name] = self.progress.add_task(name, total=watch.total, mark=" ", memory="")
                memory = f"{watch.peak_rss_mb:,.0f} MB" if watch.peak_rss_mb else ""
                self.progress.update(self.tasks[name], completed=watch.done, memory=memory)

    def finished(self, result: ChapterResult) -> None:
        if result.name in self.tasks:
            self.progress.remove_task(self.tasks.pop(result.name))
        self.progress.console.print(summary(result), highlight=False, soft_wrap=True)


def summary(result: ChapterResult) -> Text:
    """One line on a finished chapter, as rich text."""
    line = Text.from_markup(f"{MARKS[result.status]} {result.name}  ")
    line.append(f"{result.cells} cells, {result.seconds:.1f} s, {result.peak_rss_mb:,.0f} MB", style="dim")
    if result.error:
        line.append(f"  {result.error}", style="red")
    return line
