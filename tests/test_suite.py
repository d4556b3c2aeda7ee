"""The tests themselves: in how many processes they run, in which order, and what is said of where the time went."""

import os
from types import SimpleNamespace

import closing
import conftest
import executions
import pytest
import workers
from conftest import CHAPTERS, ROOT

from utils.course.environment import THREADS


@pytest.mark.parametrize(
    ("cores", "megabytes", "processes"),
    [(1, 64_000, 0), (2, 64_000, 3), (2, 6_000, 2), (2, 5_999, 0), (3, 64_000, 4), (64, 64_000, 4), (4, 0, 0)],
)
def test_one_process_more_than_there_are_cores_and_memory_for(cores, megabytes, processes):
    assert workers.number(["tests"], cores, megabytes) == processes
    assert workers.number([], cores, megabytes) == processes


@pytest.mark.parametrize(
    ("arguments", "processes"),
    [
        (["tests/test_setup.py"], 0),
        (["tests/test_executions.py::test_memory[03_cnn]"], 0),
        (["tests/test_setup.py", "tests/nn/test_layers.py::test_x"], 0),
        (["tests/test_executions.py"], 3),
        (["tests/nn"], 3),
        (["tests/nn", "tests/test_setup.py"], 3),
    ],
)
def test_a_file_or_two_are_not_worth_another_process(arguments, processes):
    assert workers.number(arguments, 2, 64_000) == processes


def test_processes_share_the_cores():
    assert workers.limits(2, 8) == dict.fromkeys(THREADS, "4")
    assert workers.limits(3, 2) == dict.fromkeys(THREADS, "1")


def test_nothing_that_tests_execute_is_in_the_users_cache():
    assert "course-tests-" in os.environ["COURSE_CACHE_DIR"]


def test_the_longest_execution_comes_first_and_the_rest_keeps_its_order():
    def item(name, *seconds):
        mark = SimpleNamespace(args=seconds) if seconds else None
        return SimpleNamespace(name=name, get_closest_marker=lambda kind: mark if kind == "first" else None)

    items = [item("a"), item("b", 3.0), item("c", 70.0), item("d", 3.0), item("e")]
    assert [one.name for one in workers.in_order(items)] == ["c", "b", "d", "a", "e"]


def test_what_a_browser_looks_at_is_made_once():
    nodes = [f"tests/browser/test_site.py::test_{name}[a-b]" for name in "xyz"]
    assert {workers.group(node) for node in nodes} == {"tests/browser/test_site.py"}


def test_all_tests_of_an_execution_are_in_one_process_and_each_chapter_has_its_own():
    parameters = executions.groups(CHAPTERS)
    nodes = [f"tests/test_executions.py::{test}[{one.id}]" for one in parameters for test in ("test_a", "test_b")]
    groups = [workers.group(node) for node in nodes]
    assert groups == [f"quick-{path.stem}" for path in CHAPTERS for _ in range(2)]
    assert len({mark.args for one in parameters for mark in one.marks}) > 5


def test_other_tests_are_with_those_of_their_file():
    for node in ("tests/a.py::test_x", "tests/a.py::test_x[quick]", "tests/a.py::test_x[quick-x y]"):
        assert workers.group(node) == "tests/a.py"


def test_tests_are_handed_out_in_groups(pytestconfig, tmp_path):
    """By the scheduler itself: two processes, which get what they are to run as places in the list of tests."""

    class Node(SimpleNamespace):
        def send_runtest_some(self, places):
            self.places += places

    config = SimpleNamespace(
        option=SimpleNamespace(loadscopereorder=False), getvalue=lambda name: ["popen", "popen"], hook=None
    )
    scheduler = workers.Groups(config)
    tests = ["a[quick-x]", "b[quick-x]", "c[quick-x]", "a[quick-y]", "b[quick-y]", "c[quick-y]", "d", "e"]
    nodes = [Node(places=[], shutting_down=False, gateway=SimpleNamespace(id=name)) for name in "AB"]
    for node in nodes:
        node.__class__.__hash__ = object.__hash__
        scheduler.add_node(node)
        scheduler.add_node_collection(node, tests)
    scheduler.schedule()
    assert [node.places for node in nodes] == [[0, 1, 2], [3, 4, 5]]
    scheduler.mark_test_complete(nodes[1], 3)
    assert [node.places for node in nodes] == [[0, 1, 2], [3, 4, 5, 6]]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, (2, "loadgroup")),
        ({"numprocesses": 3}, (3, "loadgroup")),
        ({"numprocesses": 0}, (0, "no")),
        ({"usepdb": True}, (None, "no")),
        ({"dist": "load", "numprocesses": 2}, (2, "load")),
    ],
)
def test_who_calls_pytest_decides_and_executions_are_not_split(given, told, monkeypatch):
    monkeypatch.setattr(workers, "number", lambda arguments: 2)
    option = {"numprocesses": None, "dist": "no", "tx": [], "usepdb": False, "loadscopereorder": True} | given
    config = SimpleNamespace(option=SimpleNamespace(**option), args=["tests"])
    conftest.pytest_cmdline_main(config)
    assert (config.option.numprocesses, config.option.dist) == told
    assert not config.option.loadscopereorder


def test_the_table_says_the_longest_first_and_adds_up():
    spent = {f"test_{number}.py": float(number) for number in range(15)}
    executed = [("00_x", "quick", 12.2), ("01_y", "quick", 40.0), ("00_x", "smoke", 3.0)]
    lines = list(closing.table(spent, 6213, executed, ["nafld", "bbbp"], 605.0, 2, 210.0))
    assert lines[0].split() == ["14", "s", "7%", "test_14.py"]
    assert [int(line.split()[0]) for line in lines[:12]] == [14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 10, 105]
    assert lines[10].endswith("5 other files")
    assert "00_x 12+3, 01_y 40" in lines[12]
    assert "bbbp, nafld" in lines[13]
    assert lines[14] == "6,213 tests in 10 min 5 s by the clock, in 2 processes: 210 core seconds."
    assert len(lines) == 15


def test_a_test_counts_under_its_file_or_its_kind_of_execution():
    assert closing.place("tests/nn/test_layers.py::test_x[a/b]") == "nn/test_layers.py"
    assert closing.place("tests/test_executions.py::test_x[quick-03_cnn]") == "chapters, quick, as they ship"


def test_core_seconds_count_this_process_and_what_it_started():
    before = closing.core_seconds()
    sum(range(10**6))
    assert closing.core_seconds() > before


def test_a_sign_of_life_names_what_is_at_work():
    plugin = closing.Closing(SimpleNamespace())
    assert "collected" in plugin.sign_of_life()
    plugin.pytest_runtest_logstart("tests/test_executions.py::test_memory[quick-03_cnn]")
    assert plugin.sign_of_life().endswith(": test_executions.py::test_memory[quick-03_cnn] …")


def test_every_option_is_left_to_whoever_calls_pytest():
    """So that nbval gets a notebook's cells into one process: what is said in pyproject.toml holds for it, too."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'addopts = "-q --strict-markers"' in text
