"""Tables in README and in the teacher's page that are made from what they sum up, between two markers each."""

from collections.abc import Callable
from dataclasses import dataclass

from utils import paths
from utils.course import notebooks, results_table, timetable
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


@dataclass(frozen=True)
class Table:
    """A table in a page: its name in the two markers, and what makes it. A page may do without an optional one."""

    name: str
    make: Callable[[], str]
    optional: bool = False

    def put(self, text: str, page: str) -> str:
        """The page with the table between its markers as it should be; CourseError when they are missing."""
        begin, end = f"<!-- {self.name} -->", f"<!-- /{self.name} -->"
        if self.optional and begin not in text:
            return text
        if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
            raise CourseError(
                f"{page} has no place for the table of {self.name}: put {begin} and {end} where it belongs."
            )
        head, rest = text.split(begin)
        return f"{head}{begin}\n{self.make()}{end}{rest.split(end)[1]}"


TABLES: dict[str, tuple[Table, ...]] = {
    "README.md": (Table("chapters", table), Table("results", results_table.table, optional=True)),
    "TEACHING.md": (Table("timetable", timetable.table),),
}


def with_table(text: str, page: str = "README.md") -> str:
    """A page with its tables as they should be; CourseError when one has no place in it."""
    for one in TABLES[page]:
        text = one.put(text, page)
    return text


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
