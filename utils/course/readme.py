"""The chapter table: one text for README and for ``course list --markdown``, made from the chapters' metadata."""

from utils.course import notebooks

BEGIN, END = "<!-- chapters -->", "<!-- /chapters -->"


def table():
    """The chapter table as Markdown, ending in a newline."""
    lines = ["| | Chapter | Minutes | Exercises | Data |", "|---:|---|---:|---:|---|"]
    for path in notebooks.chapter_paths():
        chapter = notebooks.chapter(path)
        link = f"[{chapter.title}](chapters/{path.name})"
        data = ", ".join(chapter.datasets) or "–"
        lines.append(f"| {chapter.number:02d} | {link} | {chapter.minutes} | {len(chapter.exercises)} | {data} |")
    return "\n".join(lines) + "\n"


def current():
    """The table that README holds now, or None when README or its two markers are missing."""
    path = notebooks.root() / "README.md"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        return None
    return text.split(BEGIN)[1].split(END)[0].strip() + "\n"


def update():
    """Bring README's table up to date. Returns one sentence on what was done."""
    before = current()
    if before is None:
        return f"README.md has no chapter table: put {BEGIN} and {END} where it belongs."
    if before == table():
        return "README.md's chapter table is up to date."
    path = notebooks.root() / "README.md"
    head, rest = path.read_text(encoding="utf-8").split(BEGIN)
    notebooks.write_atomically(path, f"{head}{BEGIN}\n{table()}{END}{rest.split(END)[1]}")
    return "README.md's chapter table was brought up to date."
