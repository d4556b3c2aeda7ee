"""``course list``: what the metadata of the chapters say."""

from dataclasses import asdict

from utils.course import notebooks, readme
from utils.course.console import Column, print_json, show_table, terminal


def show(as_json: bool = False, markdown: bool = False) -> None:
    """Print the chapters as a table for people, as JSON, or as the Markdown table of README."""
    if markdown:
        print(readme.table(), end="")
        return
    chapters = [notebooks.chapter(path) for path in notebooks.chapter_paths()]
    if as_json:
        print_json([asdict(chapter) for chapter in chapters])
        return

    columns = [Column("", "right", style="cyan"), Column("chapter"), Column("reading", "right")]
    columns += [Column("exercises", "right"), Column("datasets", style="dim")]
    rows = [
        (
            f"{chapter.number:02d}",
            chapter.title,
            chapter.reading,
            chapter.work,
            ", ".join(chapter.datasets) or "–",
        )
        for chapter in chapters
    ]
    show_table(terminal(), columns, rows)
