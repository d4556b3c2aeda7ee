"""bench/where.py: what a chapter's time is counted as."""

import sys
from collections import Counter

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from utils.paths import root

sys.path.append(str(root() / "bench"))
import where

sys.path.pop()

KERAS, TENSORFLOW = "/site-packages/keras/src", "/site-packages/tensorflow/python"
FIT = f"{KERAS}/backend/tensorflow/trainer.py:fit:390"
EVALUATE = f"{KERAS}/backend/tensorflow/trainer.py:evaluate:500"
TRACE = f"{TENSORFLOW}/framework/func_graph.py:func_graph_from_py_func:1000"
CALL = (f"{TENSORFLOW}/eager/execute.py:quick_execute:53", f"{TENSORFLOW}/eager/context.py:call_function:1700")
POLYMORPHIC = f"{TENSORFLOW}/eager/polymorphic_function/polymorphic_function.py:__call__:800"
CELL = "/tmp/ipykernel_1/1.py:<module>:3"


@pytest.mark.parametrize(
    ("functions", "first", "says"),
    [
        (("<frozen importlib._bootstrap>:_find_and_load:1176", CELL), False, "imports"),
        (("/site-packages/matplotlib/figure.py:draw:1", "/utils/plots/figures.py:show:58", CELL), False, "drawing"),
        ((f"{KERAS}/layers/core/dense.py:call:1", TRACE, POLYMORPHIC, FIT, CELL), False, "tracing"),
        ((*CALL, POLYMORPHIC, FIT, CELL), True, "tracing"),
        ((*CALL, POLYMORPHIC, FIT, CELL), False, "steps"),
        ((*CALL, POLYMORPHIC, EVALUATE, FIT, CELL), False, "evaluation"),
        ((f"{TENSORFLOW}/eager/execute.py:quick_execute:53", "/utils/nn/inference.py:predict:53"), False, "evaluation"),
        ((*CALL, POLYMORPHIC, "/utils/nn/training.py:run:130", CELL), False, "steps"),
        (("/site-packages/sklearn/linear_model/_logistic.py:fit:1", CELL), False, "classical"),
        (
            ("/site-packages/sklearn/metrics/_ranking.py:auc:1", "/utils/metrics/ranking.py:roc_auc:9"),
            False,
            "statistics",
        ),
        (("/utils/features/molecules.py:graphs:161", CELL), False, "data"),
        ((f"{KERAS}/ops/numpy.py:sum:1", CELL), False, "eager"),
        ((CELL,), False, "other"),
    ],
)
def test_a_look_belongs_to_the_kind_of_work_that_is_running(functions, first, says):
    assert where.kind(functions, first) == says


def test_a_row_adds_up_and_all_rows_have_a_sum():
    seen = [
        [-1, "start", [], 2.0, 1.0],
        [0, "steps", [], 3.0, 6.0],
        [1, "steps", [], 4.0, 7.0],
        [1, "data", [], 1.0, 1.0],
    ]
    assert where.shares(seen, 3) == Counter(start=2, steps=7, data=1, sum=10)
    assert where.shares(seen, 4)["sum"] == 15
    lines = where.table({"01": where.shares(seen, 3), "02": where.shares(seen, 3)}).splitlines()
    assert lines[-1].startswith("| all | 4.0 |") and lines[-1].endswith(" 20.0 |")
    assert {line.count("|") for line in lines} == {len(where.COLUMNS) + 2}


def test_a_notebook_is_looked_at_cell_by_cell_and_keeps_its_own_names(tmp_path):
    cells = [
        new_code_cell('profile = "quick"', id="parameters", metadata={"tags": ["parameters"]}),
        new_code_cell("where = 3\nimport time\nend = time.perf_counter() + 1", id="begin"),
        new_code_cell("while time.perf_counter() < end:\n    pass\nassert where == 3", id="busy"),
    ]
    path = tmp_path / "01_small.ipynb"
    cells[1].source += '\nassert profile == "smoke"'
    nbformat.write(new_notebook(cells=cells), path)
    looked = where.look_at(path, "smoke")
    assert looked["cells"] == ["parameters", "injected-parameters", "begin", "busy"]
    largest = max(looked["seen"][1:], key=lambda row: row[3])
    assert looked["cells"][largest[0]] == "busy" and largest[1] == "other"
    assert "busy" in where.dearest_cells(looked, 3).splitlines()[0]
    assert "busy" in where.dearest_stacks(looked, 3)
    assert looked["seen"][0][1] == "start" and where.shares(looked["seen"], 3)["start"] > 0
