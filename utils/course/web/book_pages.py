"""The source of the printed book: its first pages, the chapters with their answers behind them, and the appendices.

What a reader of paper cannot unfold or click is text here. The answers to the exercises and to the quiz of a chapter
stand behind it, on pages of their own, so that a teacher can copy the chapter without them.
"""

import html
import re
import tomllib
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from string import Template

from utils.course import notebooks
from utils.course.web import bibliography, cards, chapter_pages, landing, pages
from utils.course.web.launch import launch
from utils.course.web.quiz import SEVERAL
from utils.exercises.quizzes import questions
from utils.paths import root

GUIDES = ("chapters/glossary.md", "data/YOUR_OWN.md")
LETTERS = "ABCDEFGHIJ"
PRAISE = re.compile(r"^Right[.:] ")  # which those may skip who look an answer up
NOT = re.compile(r"^## What it is not\n+(.+?)(?=^```|^## |\Z)", re.MULTILINE | re.DOTALL)


def stage(folder: Path, chapters: Sequence[Path]) -> None:
    """Write the source of the book with these chapters into a folder."""
    pages.put(folder, dict(_all(chapters)), landing.pictures())


def _all(chapters: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """Path and text of each page."""
    edition = chapter_pages.Edition(about=_about, quiz=_quiz, below_exercise=lambda _: iter(()), closing=_answers)
    for path in chapters:
        yield f"chapters/{path.name}", notebooks.as_text(chapter_pages.chapter_page(path, edition))
    there = {*GUIDES, *(f"chapters/{path.name}" for path in chapters)}
    for name in GUIDES:
        yield name, pages.with_links((root() / name).read_text(encoding="utf-8"), name, there, launch())
    yield from cards.pages()
    yield "bibliography.md", bibliography.page(chapters)
    yield "index.md", _first_pages(chapters)


def _first_pages(chapters: Sequence[Path]) -> str:
    """Title, imprint and contents: ``site/book/index.md`` with what is written elsewhere in it."""
    template = Template((root() / "site" / "book" / "index.md").read_text(encoding="utf-8"))
    licence = (root() / "LICENSE-CONTENT").read_text(encoding="utf-8")
    project = tomllib.loads((root() / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return template.substitute(
        version=version(project["name"]),
        pictures="\n".join(map(_picture, notebooks.chapter_paths())),
        what_it_is_not=NOT.search((root() / "site" / "index.md").read_text(encoding="utf-8"))[1],
        licence="\n\n".join(" ".join(paragraph.split()) for paragraph in licence.split("\n\n")),
        chapters="\n".join(f"chapters/{path.stem}" for path in chapters),
    )


def _picture(chapter: Path) -> str:
    return f"```{{image}} pictures/{chapter.stem}.png\n:alt: {landing.cover(chapter.stem)[1]}\n```"


def _about(chapter: notebooks.Chapter) -> Iterator[str]:
    yield chapter_pages.facts(chapter)


def _quiz(number: int) -> str:
    """The quiz of a chapter as text, with a letter for each answer."""
    return _raw(f'<ol class="quiz">{"".join(map(_question, questions(number)))}</ol>')


def _question(item: dict) -> str:
    hint = f" <small>{SEVERAL}</small>" if item["type"] == "many_choice" else ""
    choices = "".join(f"<li>{html.escape(answer['answer'])}</li>" for answer in item["answers"] if "answer" in answer)
    below = f'<ol class="choices" type="A">{choices}</ol>' if choices else '<p class="blank">Your number:</p>'
    return f"<li><p>{html.escape(item['question'])}{hint}</p>{below}</li>"


def _answers(chapter: notebooks.Chapter) -> Iterator[str]:
    """Hints and a solution of each exercise of a chapter, and the right answers of its quiz."""
    from utils.exercises.core import get
    from utils.exercises.sources import solution_source

    yield f"(answers-{chapter.number:02d})=\n## Answers"
    for id_ in chapter.exercises:
        exercise = get(id_)
        yield f"### Exercise {id_}: {chapter_pages.plain(exercise.title)}"
        yield "\n".join(f"- {chapter_pages.plain(hint)}" for hint in exercise.hints)
        yield f"```python\n{solution_source(id_)}\n```"
    yield "### Quiz"
    yield _raw(f'<ol class="answers">{"".join(map(_right, questions(chapter.number)))}</ol>')


def _right(item: dict) -> str:
    """What is right in a question, and why."""
    parts = []
    for letter, answer in zip(LETTERS, item["answers"], strict=False):
        if answer["correct"]:
            name = letter if "answer" in answer else _number(answer)
            why = PRAISE.sub("", answer.get("feedback", ""))
            parts.append(f"<strong>{name}.</strong> {html.escape(why[:1].upper() + why[1:])}")
    return f"<li>{'<br>'.join(parts)}</li>"


def _number(answer: dict) -> str:
    return f"{answer['value']:g}" if answer["type"] == "value" else "{:g} to {:g}".format(*answer["range"])


def _raw(text: str) -> str:
    return f"```{{raw}} html\n{text}\n```"
