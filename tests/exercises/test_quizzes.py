"""A quiz as a notebook shows it."""

import json
import re
from html.parser import HTMLParser

import pytest
from conftest import CHAPTERS, read
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from utils.exercises import quizzes


@pytest.fixture
def outputs():
    InteractiveShell.instance()
    try:
        with capture_output() as captured:
            quizzes.quiz(0)
        yield [output.data for output in captured.outputs]
    finally:
        InteractiveShell.clear_instance()


def test_markup_script_and_text(outputs):
    markup, script, text = outputs
    assert 'id="quiz00"' in markup["text/html"]
    assert "quiz00" in script["application/javascript"]
    for question in quizzes.questions(0):
        assert json.dumps(question["question"])[1:-1] in script["application/javascript"]
    assert text["text/html"].count("✓") >= len(quizzes.questions(0))


def test_every_tag_is_closed(outputs):
    class Tags(HTMLParser):
        depth = 0

        def handle_starttag(self, tag, attributes):
            self.depth += tag not in {"br", "img", "input"}

        def handle_endtag(self, tag):
            self.depth -= 1

    for bundle in outputs:
        tags = Tags()
        tags.feed(bundle.get("text/html", ""))
        assert tags.depth == 0


def test_nothing_is_fetched_from_the_network(outputs):
    """jupyterquiz would fetch MathJax from a server where a page has one; our questions have no formulas."""
    script = outputs[1]["application/javascript"]
    assert {one for one in re.findall(r"https?://[^\s'\"`)]+", script) if "mathjax" not in one} <= {"http$1"}
    assert "typeof MathJax != 'undefined'" not in script  # what guards the fetching
    assert "$" not in json.dumps(quizzes.questions(0))


SINGLE = [
    (path.stem, number, item)
    for path in sorted(quizzes.FOLDER.glob("ch*.json"))
    for number, item in enumerate(quizzes.questions(int(path.stem[2:])), 1)
    if item["type"] == "multiple_choice"
]


@pytest.mark.parametrize(("chapter", "number", "item"), SINGLE, ids=[f"{one[0]} {one[1]}" for one in SINGLE])
def test_the_right_answer_is_not_the_longest(chapter, number, item):
    """Otherwise the right answer shows without reading the question."""
    right = [answer["answer"] for answer in item["answers"] if answer["correct"]]
    wrong = [answer["answer"] for answer in item["answers"] if not answer["correct"]]
    assert len(right[0]) < max(map(len, wrong)), f"{right[0]!r}: shorten it, or say more in a wrong one"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_quiz_that_is_stored_is_the_one_of_today(path):
    number = int(path.stem[:2])
    [cell] = [cell for cell in read(path).cells if cell.cell_type == "code" and f"quiz({number})" in cell.source]
    assert quizzes._as_html(quizzes.questions(number)) in [one.data.get("text/html") for one in cell.outputs]
