"""``course list``: what the metadata of the chapters say."""

import json
from dataclasses import asdict

from utils.course import notebooks, readme


def show(as_json=False, markdown=False):
    """Print the chapters as a table for people, as JSON, or as the Markdown table of README."""
    if markdown:
        print(readme.table(), end="")
        return
    chapters = [notebooks.chapter(path) for path in notebooks.chapter_paths()]
    if as_json:
        print(json.dumps([asdict(chapter) for chapter in chapters], indent=2, ensure_ascii=False))
        return

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", justify="right", style="cyan")
    table.add_column("chapter")
    table.add_column("minutes", justify="right")
    table.add_column("exercises", justify="right")
    table.add_column("datasets", style="dim")
    for chapter in chapters:
        table.add_row(
            f"{chapter.number:02d}",
            chapter.title,
            str(chapter.minutes),
            str(len(chapter.exercises)),
            ", ".join(chapter.datasets) or "–",
        )
    Console().print(table)
