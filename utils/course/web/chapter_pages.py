"""A stored chapter as the notebook that the web edition shows.

Nothing is executed. What a kernel would answer is made part of the page instead: hints and a solution to unfold below
each exercise, a quiz that answers, and above all the way to open the notebook itself.
"""

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from utils.course import notebooks
from utils.course.web.launch import Launch
from utils.course.web.quiz import quiz_page
from utils.datasets.catalogue import find
from utils.paths import root

EXERCISE = "application/vnd.course.exercise+json"
SCRIPT = "application/javascript"
ASIDE = re.compile(r"<!--.*?-->", re.DOTALL)  # where a number in the prose comes from
BUTTON = '<a class="btn btn-sm" href="{}"{}>{}</a>'


@dataclass(frozen=True)
class Edition:
    """What an edition of the chapters has of its own, each as MyST in pieces.

    Attributes
    ----------
    about : callable
        What stands below the title of a chapter.
    quiz : callable
        The quiz of the chapter with this number.
    below_exercise : callable
        What stands below the check of the exercise with this identifier.
    closing : callable
        What comes after the last section of a chapter.
    """

    about: Callable[[notebooks.Chapter], Iterator[str]]
    quiz: Callable[[int], str]
    below_exercise: Callable[[str], Iterator[str]]
    closing: Callable[[notebooks.Chapter], Iterator[str]] = lambda _: iter(())


def chapter_page(path: Path, edition: Edition) -> dict:
    """The notebook for the page of a chapter, as plain dictionaries."""
    notebook = notebooks.read(path)
    chapter = notebooks.chapter(path)
    cells = []
    for cell in notebook["cells"]:
        cells += _prose(cell) if cell["cell_type"] == "markdown" else _code(cell, chapter.number, edition)
    start, *rest = re.split(r"^(?=## )", cells[0]["source"], maxsplit=1, flags=re.MULTILINE)
    about = markdown("about-this-chapter", "\n\n".join(edition.about(chapter)))
    rest = [markdown("begins-here", text) for text in rest]
    title = re.sub(r"^# ", f"# {chapter.number:02d} · ", start, count=1)
    cells[:1] = [{**cells[0], "source": title}, about, *rest]
    if closing := "\n\n".join(edition.closing(chapter)):
        cells.append(markdown("after-this-chapter", closing))
    notebook["cells"] = cells
    notebook["metadata"] = {
        "kernelspec": notebook["metadata"]["kernelspec"],
        "language_info": notebook["metadata"]["language_info"],
        "mystnb": {"execution_mode": "off"},
    }
    return notebook


def markdown(identifier: str, text: str) -> dict:
    """A Markdown cell."""
    return {"cell_type": "markdown", "id": identifier, "metadata": {}, "source": text}


def web_edition(launch: Launch) -> Edition:
    """The edition for the web: with the ways to run a chapter, a quiz that answers, and help that unfolds."""

    def about(chapter: notebooks.Chapter) -> Iterator[str]:
        yield facts(chapter)
        yield _launch_buttons(chapter, launch)

    return Edition(about, lambda number: f"```{{raw}} html\n{quiz_page(number)}\n```", help_for)


def facts(chapter: notebooks.Chapter) -> str:
    """How long a chapter takes, which data it uses, and what must come before."""
    parts = [f"{chapter.minutes['reading']} minutes of reading"]
    if chapter.exercises:
        count = len(chapter.exercises)
        noun = "exercise" if count == 1 else "exercises"
        parts.append(f"{count} {noun}: {chapter.minutes['exercises']} minutes")
    if chapter.datasets:
        parts.append("data: " + ", ".join(f"[{name}](../data/{find(name).card})" for name in chapter.datasets))
    if chapter.prerequisites:
        before = ", ".join(f"{int(number):02d}" for number in chapter.prerequisites)
        parts.append(f"after chapter {before}" if len(chapter.prerequisites) == 1 else f"after chapters {before}")
    return "{.facts}\n" + " · ".join(parts)


def _launch_buttons(chapter: notebooks.Chapter, launch: Launch) -> str:
    file = f"{chapter.name}.ipynb"
    places = list(launch.places(file))
    buttons = [BUTTON.format(_address(file), f' download="{file}"', "Download the notebook")]
    buttons += [BUTTON.format(address, "", name) for name, address, _ in places]
    needs = " ".join(need for _, _, need in places)
    return f'<p class="launch">{" ".join(buttons)} <small>{needs}</small></p>'


def _address(file: str) -> str:
    """The notebook, without outputs, as an address: of a page on a disk, browsers would show a file and not save it."""
    notebook = notebooks.emptied(notebooks.read(root() / "chapters" / file))
    return f"data:application/x-ipynb+json;base64,{base64.b64encode(notebooks.as_text(notebook).encode()).decode()}"


def _prose(cell: dict) -> list[dict]:
    return [{**cell, "source": ASIDE.sub("", cell["source"]), "metadata": {}}]


def _code(cell: dict, number: int, edition: Edition) -> list[dict]:
    """The cell with what can be shown of its outputs, and below a check what the edition has for its exercise."""
    outputs = cell["outputs"]
    checked = [output["data"][EXERCISE]["id"] for output in outputs if EXERCISE in output.get("data", {})]
    if any(SCRIPT in output.get("data", {}) for output in outputs):  # the quiz, which asks for a kernel's script
        return [markdown(cell["id"], edition.quiz(number))]
    alt = [data["alt"] for output in outputs for data in output.get("metadata", {}).values() if "alt" in data]
    metadata = {"mystnb": {"image": {"alt": alt[0]}}} if alt else {}
    tried = [output["data"][EXERCISE]["status"] for output in outputs if EXERCISE in output.get("data", {})]
    kept = [output for output in outputs if output.get("data", {}).get(EXERCISE, {}).get("status") != "open"]
    shown = {**cell, "metadata": metadata, "outputs": kept}
    if "open" not in tried:
        return [shown]
    below = {id_: "\n\n".join(edition.below_exercise(id_)) for id_ in checked}
    return [shown, *(markdown(f"help-{id_.replace('.', '-')}", text) for id_, text in below.items() if text)]


def help_for(exercise_id: str) -> Iterator[str]:
    """Hints and a solution of an exercise, each folded, as MyST."""
    from utils.exercises.core import get
    from utils.exercises.sources import solution_source

    exercise = get(exercise_id)
    for number, hint in enumerate(exercise.hints, 1):
        yield f"::::{{dropdown}} Hint {number} for exercise {exercise_id}\n{plain(hint)}\n::::"
    code = f"```python\n{solution_source(exercise_id)}\n```"
    yield f"::::{{dropdown}} One solution of exercise {exercise_id}\n{code}\n::::"


def plain(text: str) -> str:
    """A plain text as Markdown that shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>$#|~])", r"\\\1", text)
