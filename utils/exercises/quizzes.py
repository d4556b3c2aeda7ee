"""The quiz at the end of a chapter: questions in ``quizzes/chNN.json``, shown by jupyterquiz."""

import html
import json
import re
from pathlib import Path
from typing import Any

from IPython.display import display
from IPython.utils.capture import capture_output

from utils.exercises import numbering

FOLDER = Path(__file__).parent / "quizzes"

# jupyterquiz's own colours are loud; these are the course's blue and green, and a red that differs in lightness too.
COLOURS = {
    "--jq-multiple-choice-bg": "#0b4f7d",
    "--jq-many-choice-bg": "#0b4f7d",
    "--jq-numeric-bg": "#0b4f7d",
    "--jq-string-bg": "#0b4f7d",
    "--jq-correct-color": "#00694d",
    "--jq-incorrect-color": "#a33c00",
}


def questions(chapter: int) -> list[dict]:
    """The questions of a chapter (int), in jupyterquiz's format: a list of dict.

    Raises ValueError when the chapter has no quiz.
    """
    path = FOLDER / f"ch{int(chapter):02d}.json"
    if not path.exists():
        there = ", ".join(str(int(p.stem[2:])) for p in sorted(FOLDER.glob("ch*.json")))
        raise ValueError(f"Chapter {chapter} has no quiz; there is one for chapters {there}.")
    return json.loads(path.read_text(encoding="utf-8"))


def quiz(chapter: int) -> None:
    """Show the quiz of a chapter, and under it the questions as text for readers without JavaScript."""
    if says := numbering.old_copy(chapter):
        print(says)
        return
    items = questions(chapter)
    markup, script = _interactive(items, f"quiz{int(chapter):02d}")
    display({"text/html": markup, "text/plain": _as_text(items)}, raw=True)
    display({"application/javascript": script, "text/plain": ""}, raw=True)
    display({"text/html": _as_html(items), "text/plain": ""}, raw=True)


def _interactive(items: list[dict], name: str):
    """jupyterquiz's markup and script, repaired in three ways.

    Its <div> is left open, which swallows what follows in an exported page; and its random name, once the seed is set,
    is the same in every notebook, so that two that are open in one JupyterLab would fill each other's quiz.
    And where it finds MathJax, as in JupyterLab, it fetches another one from a server; our questions have no formulas.
    """
    from jupyterquiz import display_quiz

    with capture_output() as captured:
        display_quiz(items, colors=COLOURS, max_width=760, border_radius=6)
    markup, script = (captured.outputs[0].data["text/html"], captured.outputs[1].data["application/javascript"])
    drawn = re.search(r'<div id="(\w+)"', markup)[1]
    script = script.replace("typeof MathJax != 'undefined'", "false")
    return markup.replace(drawn, name) + "</div>", script.replace(drawn, name)


def _as_html(items: list[dict]):
    parts = []
    for item in items:
        rows = [
            f"<li>{'✓' if answer['correct'] else '✗'} {html.escape(_answer(answer))} "
            f"<i>{html.escape(answer.get('feedback', ''))}</i></li>"
            for answer in item["answers"]
        ]
        parts.append(f"<li>{html.escape(item['question'])}<ul>{''.join(rows)}</ul></li>")
    return f"<details><summary>The questions as text, with their answers</summary><ol>{''.join(parts)}</ol></details>"


def _as_text(items: list[dict]):
    return "\n".join(f"{number}. {item['question']}" for number, item in enumerate(items, 1))


def _answer(answer: Any):
    if "answer" in answer:
        return str(answer["answer"])
    if "value" in answer:
        return str(answer["value"])
    if "range" in answer:
        return f"from {answer['range'][0]:g} to {answer['range'][1]:g}"
    return "any other number"
