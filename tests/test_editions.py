"""Solving an exercise changes nothing that a chapter computes, but the verdict on it.

So a claim that is met as the chapter ships is met for a learner who has solved everything, and one execution in quick
tells of both.
"""

import ast
import copy
import random

import keras
import numpy as np
import pytest
from conftest import CHAPTERS, ROOT, code_cells, read

from utils.course import editions
from utils.course.cache.imports import wanted
from utils.exercises import core
from utils.exercises.sources import exercise_ids

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def pairs(notebook):
    """Each exercise's cell in the solved edition, and the cell after it."""
    cells = code_cells(editions.solved(notebook))
    return [pair for pair in zip(cells, cells[1:], strict=False) if "exercise" in pair[0].metadata]


def names(tree, context=ast.Load):
    """The names that are read somewhere in a tree; with ast.Store, those that are assigned."""
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, context)}


def defined(tree):
    """The names that the statements of a cell bind: all that it may do is to define and to import."""
    bound = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            assert not node.decorator_list
            bound.add(node.name)
        else:
            raise AssertionError(f"neither a definition nor an import: {ast.unparse(node)}")
    return bound


def taken_from_elsewhere(tree):
    """The names that statements read without an earlier one of the same cell having bound them."""
    bound, taken = set(), set()
    for node in tree.body:
        taken |= names(node) - bound
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.Assign):
            bound |= names(node, ast.Store)
    return taken


def taken_later(tree):
    """The names that functions of a cell read, which is when they are called."""
    later = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]
    return set().union(*map(names, later)) if later else set()


def test_what_a_cell_takes_from_elsewhere_and_when():
    tree = ast.parse("from a import i\ndef f(x):\n    return g\nprint(f(h), i)\nk = lambda: m")
    assert taken_from_elsewhere(tree) == {"g", "print", "h", "m"}
    assert taken_later(tree) == {"g", "m"}
    assert taken_from_elsewhere(ast.parse("print(f)\ndef f():\n    ...")) == {"print", "f"}
    assert taken_from_elsewhere(ast.parse("a = b\nfor c in a:\n    d(c)")) == {"b", "c", "d"}


@each_chapter
def test_the_solved_edition_differs_only_in_the_stubs(path):
    before = read(path)
    after = editions.solved(copy.deepcopy(before))
    for old, new in zip(before.cells, after.cells, strict=True):
        assert (old.source == new.source) == ("exercise" not in old.metadata), new.id
        assert {**old, "source": ""} == {**new, "source": ""}


@each_chapter
def test_a_learners_function_is_read_by_its_check_and_by_nothing_else(path):
    """Its cell does nothing but define and import. A cell before it that reads the name reads something else, and must
    do so when it is executed; a cell after it must have bound the name itself.
    """
    notebook = read(path)
    cells = code_cells(notebook)
    for stub, check in pairs(notebook):
        function = ast.parse(stub.source).body[-1].name
        own = {node.name for node in ast.parse(stub.source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        assert defined(ast.parse(stub.source)) == own, "what it imports could be another cell's"
        verdict, rest = [], ast.Module([], [])
        for node in ast.parse(check.source).body:
            is_check = ast.unparse(node) == f"check('{stub.metadata['exercise']}', {function})"
            (verdict if is_check else rest.body).append(node)
        assert len(verdict) == 1
        assert not own & names(rest)
        place = [cell.id for cell in cells].index(stub.id)
        for cell in cells[:place]:
            assert not own & taken_later(ast.parse(cell.source)), cell.id
        for cell in cells[place + 2 :]:
            assert not own & taken_from_elsewhere(ast.parse(cell.source)), cell.id


def test_no_exercise_knows_the_profile():
    """So that a verdict in smoke is the verdict in quick."""
    for path in (ROOT / "utils" / "exercises").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
        assert not [name for name in wanted(tree, calls) if name.startswith(("utils.nn", "utils.course"))], path.name
        assert "profile" not in names(tree), path.name


def drawn():
    """What the generators that a chapter may use, without making one of its own, give next."""
    return [
        random.random(),
        np.random.random(),
        float(keras.random.uniform(())),
        keras.initializers.GlorotUniform()((2, 2)).numpy().tolist(),
    ]


def after(work):
    """What is drawn, and what is set, after some work that followed on a seed."""
    keras.utils.set_random_seed(0)
    work()
    return drawn(), keras.config.floatx(), keras.config.backend(), np.geterr(), np.get_printoptions()


@pytest.mark.parametrize(
    "draw", [random.random, np.random.random, lambda: keras.random.uniform(()), keras.initializers.GlorotUniform]
)
def test_a_draw_is_noticed(draw):
    assert after(draw) != after(lambda: None)


@pytest.mark.parametrize("identifier", exercise_ids())
def test_a_check_leaves_the_generators_and_the_settings_as_they_are(identifier):
    """What a chapter draws at random after a check is the same whether or not the exercise is solved."""
    item = core.get(identifier)
    item.judge(item.function)  # whatever is set up once, is
    assert after(lambda: item.judge(item.function)) == after(lambda: None)
