"""A quiz as a notebook shows it."""

import json
import re
from html.parser import HTMLParser

import pytest
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
    """jupyterquiz names a MathJax server, for pages whose own MathJax cannot typeset; our questions need none."""
    addresses = re.findall(r"https?://[^\s'\"`)]+", outputs[1]["application/javascript"])
    assert {address for address in addresses if "mathjax" not in address} <= {"http$1"}
    assert "$" not in json.dumps(quizzes.questions(0))
