"""A quiz as a form in a page: it answers in the browser, by mouse or keyboard, with nothing but a script of ours."""

import html
import json
from collections.abc import Iterator

from utils.exercises.quizzes import questions

KINDS = {"multiple_choice": "radio", "many_choice": "checkbox", "numeric": "number"}
SEVERAL = "More than one answer is right."


def quiz_page(chapter: int) -> str:
    """The quiz of a chapter as HTML; ``site/static/quiz.js`` makes it answer."""
    forms = (_form(f"quiz-{chapter:02d}-{number}", number, item) for number, item in enumerate(questions(chapter), 1))
    return "\n".join(forms)


def _form(name: str, number: int, item: dict) -> str:
    kind = KINDS[item["type"]]
    answers = html.escape(json.dumps(item["answers"], ensure_ascii=False))
    hint = f" <small>{SEVERAL}</small>" if kind == "checkbox" else ""
    return "\n".join(
        [
            f'<form class="quiz" id="{name}" data-kind="{kind}" data-answers="{answers}"><fieldset>',
            f"<legend>{number}. {html.escape(item['question'])}{hint}</legend>",
            *(_number(name) if kind == "number" else _choices(name, kind, item["answers"])),
            '</fieldset><p class="quiz-says" role="status"></p></form>',
        ]
    )


def _choices(name: str, kind: str, answers: list[dict]) -> Iterator[str]:
    for place, answer in enumerate(answers):
        box = f'<input type="{kind}" name="{name}" value="{place}" autocomplete="off">'
        yield f"<label>{box} <span>{html.escape(answer['answer'])}</span></label>"


def _number(name: str) -> Iterator[str]:
    yield f'<label>Your number: <input type="text" inputmode="decimal" name="{name}" autocomplete="off"></label>'
    yield '<button type="submit" class="btn btn-sm btn-primary">Check</button>'
