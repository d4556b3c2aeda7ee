"""What the reader sees while chapters are executed: a live bar for each, or plain lines where there is no terminal."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

MARKS = {"ok": "[green]✓[/green]", "failed": "[red]✗[/red]"}


def screen():
    """The screen that fits: bars when standard error is a terminal, lines otherwise. Use it in a ``with`` block."""
    console = Console(stderr=True)
    return Bars(console) if console.is_terminal else Lines(console)


class Lines:
    """One line when a chapter begins and one when it ends; for logs."""

    def __init__(self, console):
        self.console, self.begun = console, set()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def show(self, watches):
        for name, watch in watches.items():
            if watch.notebook is not None and name not in self.begun:
                self.begun.add(name)
                self.console.print(f"  {name}: {watch.total} cells", highlight=False)

    def finished(self, result):
        self.console.print(summary(result), highlight=False, soft_wrap=True)


class Bars:
    """A bar for each chapter that has begun: cells done, time, memory."""

    def __init__(self, console):
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

    def __enter__(self):
        self.progress.start()
        return self

    def __exit__(self, *_):
        self.progress.stop()

    def show(self, watches):
        for name, watch in watches.items():
            if watch.notebook is not None:
                if name not in self.tasks:
                    self.tasks[name] = self.progress.add_task(name, total=watch.total, mark=" ", memory="")
                memory = f"{watch.peak_rss_mb:,.0f} MB" if watch.peak_rss_mb else ""
                self.progress.update(self.tasks[name], completed=watch.done, memory=memory)

    def finished(self, result):
        if result.name in self.tasks:
            self.progress.remove_task(self.tasks.pop(result.name))
        self.progress.console.print(summary(result), highlight=False, soft_wrap=True)


def summary(result):
    """One line on a finished chapter, as rich text."""
    line = Text.from_markup(f"{MARKS[result.status]} {result.name}  ")
    line.append(f"{result.cells} cells, {result.seconds:.1f} s, {result.peak_rss_mb:,.0f} MB", style="dim")
    if result.error:
        line.append(f"  {result.error}", style="red")
    return line
