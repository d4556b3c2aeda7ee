"""The chapter table: one text, for README and for ``course list --markdown``, made from the chapters' metadata."""

from utils import paths
from utils.course import notebooks
from utils.errors import CourseError

BEGIN, END = "<!-- chapters -->", "<!-- /chapters -->"


def table() -> str:
    """The chapter table as Markdown, ending in a newline."""
    lines = ["| | Chapter | Reading | Exercises | Data |", "|---:|---|---:|---:|---|"]
    for path in notebooks.chapter_paths():
        chapter = notebooks.chapter(path)
        link = f"[{chapter.title}](chapters/{path.name})"
        data = ", ".join(chapter.datasets) or "–"
        lines.append(f"| {chapter.number:02d} | {link} | {chapter.reading} | {chapter.work} | {data} |")
    return "\n".join(lines) + "\n"


def with_table(text: str) -> str:
    """A README with the table between its markers as it should be; CourseError when they are missing."""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise CourseError(f"README.md has no place for the chapter table: put {BEGIN} and {END} where it belongs.")
    head, rest = text.split(BEGIN)
    return f"{head}{BEGIN}\n{table()}{END}{rest.split(END)[1]}"


def update() -> bool:
    """Bring README's table up to date. Returns whether it changed; CourseError when it has no place."""
    path = paths.root() / "README.md"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    after = with_table(before)
    if after != before:
        notebooks.write_atomically(path, after)
    return after != before
