import json

import pytest

from utils.course import lab
from utils.exercises.core import EXERCISE_MIME


def record(identifier, status, points, of):
    data = {"id": identifier, "title": "t", "status": status, "points": points, "of": of, "message": ""}
    return {"output_type": "display_data", "metadata": {}, "data": {EXERCISE_MIME: data, "text/plain": ["…"]}}


@pytest.fixture
def learner(course):
    """A course of two chapters, the first with three exercises worth 1, 2 and 3 points, copied into work/."""
    stubs = {"0.1": "...", "0.2": "...", "0.3": "..."}
    path = course.chapter("00_x", "checks", exercises=stubs)
    course.chapter("01_y")
    notebook = course.read("chapters/00_x.ipynb")
    notebook["cells"][-1]["outputs"] = [record(f"0.{n}", "open", 0, n) for n in (1, 2, 3)]
    path.write_text(json.dumps(notebook))
    lab.copy_chapters()
    return course


def test_an_untouched_copy_is_open_and_worth_what_the_chapter_says(learner, call):
    code, out, _ = call("progress", "--json")
    assert code == 0
    assert json.loads(out) == [
        {"name": "00_x", "passed": 0, "tried": 0, "open": 3, "points": 0, "of": 6},
        {"name": "01_y", "passed": 0, "tried": 0, "open": 0, "points": 0, "of": 0},
    ]


def test_the_last_check_of_an_exercise_counts(learner, call):
    notebook = learner.read("work/00_x.ipynb")
    notebook["cells"][-1]["outputs"] = [
        record("0.1", "wrong", 0, 1),
        record("0.1", "passed", 1, 1),
        record("0.2", "wrong", 0, 2),
    ]
    (learner.root / "work" / "00_x.ipynb").write_text(json.dumps(notebook))
    assert json.loads(call("progress", "--json")[1])[0] == {
        "name": "00_x",
        "passed": 1,
        "tried": 1,
        "open": 1,
        "points": 1,
        "of": 6,
    }
    table = call("progress")[1]
    assert "1 of 3 exercises passed, 1 of 6 points." in table


def test_a_copy_that_cannot_be_read_is_told_and_the_others_are_counted(learner, call):
    (learner.root / "work" / "01_y.ipynb").write_text("{")
    code, out, _ = call("progress")
    assert code == 0
    assert "not valid JSON" in out
    assert "00_x" in out


def test_without_work(course, call):
    course.chapter("00_x")
    code, _, err = call("progress")
    assert code == 1
    assert err.startswith("course: There is no ")
    assert err.endswith("work yet: `course lab` makes it, with your own copies of the chapters.\n")
