"""Every exercise both ways: the reference passes, the stub and each known wrong answer fail in their own words."""

import ast
import functools
import inspect
import re
import string
from itertools import product

import keras
import numpy as np
import pytest
from conftest import CHAPTERS, read

from utils.exercises import core, quizzes, sources
from utils.exercises.sources import exercise_ids, solution_source

IDS = exercise_ids()
STUBS = {
    cell.metadata["exercise"]: (path.stem, cell.source)
    for path in CHAPTERS
    for cell in read(path).cells
    if "exercise" in cell.metadata
}
WRONG_ON_PURPOSE = {"somebody"}  # the cell of chapter 00 that shows what a wrong answer looks like
WRONG = [(identifier, answer) for identifier in IDS for answer in core.get(identifier).wrong_answers]


def define(source):
    """Run the source of a function by itself and return the function, which is the last thing it defines."""
    namespace = {}
    exec(source, namespace)
    return [value for value in namespace.values() if inspect.isfunction(value)][-1]


def arguments(source):
    """The name and the arguments, defaults included, of the function that the source defines."""
    function = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    return function.name, ast.unparse(function.args)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("identifier", IDS)
def test_reference_passes(identifier, seed):
    item = core.get(identifier)
    assert item.judge(item.function, seed) == ("passed", "")


@pytest.mark.parametrize("identifier", IDS)
def test_stub_stands_in_its_chapter_and_is_open(identifier):
    chapter, source = STUBS[identifier]
    assert chapter.startswith(f"{int(identifier.split('.')[0]):02d}_")
    assert core.get(identifier).judge(define(source))[0] == "open"


@pytest.mark.parametrize("identifier", IDS)
def test_stub_has_the_signature_of_the_reference(identifier):
    assert arguments(STUBS[identifier][1]) == arguments(solution_source(identifier))


def test_every_stub_has_an_exercise():
    assert set(STUBS) == set(IDS)


def bound(source):
    """The names that a cell gives a value to, at whatever place."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.arg)):
            yield node.arg if isinstance(node, ast.arg) else node.name
        elif isinstance(node, ast.alias):
            yield (node.asname or node.name).split(".")[0]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_learners_name_is_given_a_value_in_one_cell_alone(path):
    """A check that is run again judges what the learner wrote, and not what a later cell has put in its place."""
    cells = [cell for cell in read(path).cells if cell.cell_type == "code"]
    names = {next(iter(bound(cell.source))) for cell in cells if "exercise" in cell.metadata}
    others = [cell for cell in cells if "exercise" not in cell.metadata and cell.id not in WRONG_ON_PURPOSE]
    assert not [(cell.id, name) for cell in others for name in bound(cell.source) if name in names]


def pattern(says):
    """A regular expression for a mistake's sentence, whatever stands in its placeholders."""
    parts = string.Formatter().parse(says)
    return "".join(re.escape(text) + (".*" if name is not None else "") for text, name, _, _ in parts)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("identifier", "answer"), WRONG, ids=[f"{i} {answer.name}" for i, answer in WRONG])
def test_wrong_answer_hears_its_own_sentence(identifier, answer, seed):
    status, message = core.get(identifier).judge(answer.function, seed)
    assert status == "wrong"
    assert re.fullmatch(f"for .+? {pattern(answer.says)}", message, re.DOTALL), message


FORMS = ["list", "array", "single", "tensor", "0 and 1"]
OTHER_THINGS = {("5.2", "0 and 1")}  # its text and docstring ask for bool


def reshaped(value, form):
    """A right result in another form that is just as right."""
    if isinstance(value, tuple):
        parts = [reshaped(part, form) for part in value]
        same = len({np.shape(part) for part in value}) == 1 and not any(isinstance(part, str) for part in value)
        return np.array(value) if form == "array" and same else parts
    if not isinstance(value, (np.ndarray, np.floating, np.bool_)):
        return value
    if form == "list" and value.size:  # an empty list has lost its other axes
        return value.tolist()
    if form == "single" and value.dtype.kind == "f":
        return value.astype(np.float32)
    if form == "tensor" and value.dtype.kind in "fiub":
        return keras.ops.convert_to_tensor(value)
    return value.astype(int) if form == "0 and 1" and value.dtype.kind == "b" else value


@pytest.mark.parametrize(("identifier", "form"), [p for p in product(IDS, FORMS) if p not in OTHER_THINGS])
def test_a_right_answer_passes_in_any_form(identifier, form):
    item = core.get(identifier)

    @functools.wraps(item.function)
    def answer(*arguments, **options):
        return reshaped(item.function(*arguments, **options), form)

    assert item.judge(answer) == ("passed", "")


@pytest.mark.parametrize("identifier", IDS)
def test_wrong_answers_are_told_apart(identifier):
    said = [answer.says for answer in core.get(identifier).wrong_answers]
    assert len(said) >= 2
    assert len(set(said)) == len(said)
    assert len({answer.name for answer in core.get(identifier).wrong_answers}) == len(said)


@pytest.mark.parametrize("identifier", IDS)
def test_hints_points_and_module(identifier):
    item = core.get(identifier)
    assert len(item.hints) >= 2
    assert item.points >= 1
    assert item.title
    assert sources.module_name(identifier).split(".")[-1].startswith(f"ch{int(identifier.split('.')[0]):02d}_")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_chapter_has_enough_exercises_and_a_quiz(path):
    number = int(path.stem[:2])
    assert len(exercise_ids(number)) >= (4 if number else 1)
    items = quizzes.questions(number)
    assert len(items) >= (5 if number else 3)
    for item in items:
        assert item["type"] in {"multiple_choice", "many_choice", "numeric"}
        assert any(answer["correct"] for answer in item["answers"])
        assert not all(answer["correct"] for answer in item["answers"])
        assert all(answer["feedback"] for answer in item["answers"])
        if item["type"] == "multiple_choice":
            assert sum(answer["correct"] for answer in item["answers"]) == 1
        assert "$" not in str(item)  # would fetch MathJax from the network


def test_unknown_quiz_names_those_there_are():
    with pytest.raises(ValueError, match="there is one for chapters 0, 1"):
        quizzes.questions(99)
