"""Tables in README and in the teacher's page that are made from the chapters' metadata, between two markers each."""

from collections.abc import Callable

from utils import paths
from utils.course import notebooks, timetable
from utils.errors import CourseError


def table() -> str:
    """The chapter table as Markdown, ending in a newline."""
    lines = ["| | Chapter | Reading | Exercises | Data |", "|---:|---|---:|---:|---|"]
    for path in notebooks.chapter_paths():
        chapter = notebooks.chapter(path)
        link = f"[{chapter.title}](chapters/{path.name})"
        data = ", ".join(chapter.datasets) or "–"
        lines.append(f"| {chapter.number:02d} | {link} | {chapter.reading} | {chapter.work} | {data} |")
    return "\n".join(lines) + "\n"


TABLES: dict[str, tuple[str, Callable[[], str]]] = {  # page → the name in its markers, and what makes the table
    "README.md": ("chapters", table),
    "TEACHING.md": ("timetable", timetable.table),
}


def with_table(text: str, page: str = "README.md") -> str:
    """A page with the table between its markers as it should be; CourseError when they are missing."""
    name, make = TABLES[page]
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise CourseError(f"{page} has no place for the table of {name}: put {begin} and {end} where it belongs.")
    head, rest = text.split(begin)
    return f"{head}{begin}\n{make()}{end}{rest.split(end)[1]}"


def update() -> list[str]:
    """Bring the tables up to date. Returns the pages that changed; CourseError when README's table has no place."""
    changed = []
    for page in TABLES:
        path = paths.root() / page
        if page != "README.md" and not path.exists():
            continue
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        after = with_table(before, page)
        if after != before:
            notebooks.write_atomically(path, after)
            changed.append(page)
    return changed
