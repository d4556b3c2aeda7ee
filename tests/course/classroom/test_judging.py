"""Every chapter: full marks for the solved edition, none for the untouched one, and the right ones between."""

import json

import pytest
from conftest import CHAPTERS
from sandboxes import needs_sandbox

from utils.course import editions, notebooks
from utils.course.classroom import judging, release, sandbox, submissions
from utils.errors import CourseError
from utils.exercises.core import get
from utils.exercises.grading import seeds

pytestmark = needs_sandbox


def judged(tmp_path, path, notebook, student="ann"):
    folder = tmp_path / "submitted" / student / path.stem
    folder.mkdir(parents=True, exist_ok=True)
    (folder / path.name).write_text(json.dumps(notebook), encoding="utf-8")
    [submission] = submissions.find(tmp_path, path.stem, student)
    return judging.judge(submissions.read(submission, release.source(path)), "secret")


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_solved_and_untouched(path, tmp_path):
    untouched = notebooks.read(path)
    most = sum(get(name).points for name in notebooks.exercise_ids(untouched))
    full = judged(tmp_path, path, editions.solved(untouched))
    assert (full.points, full.most, full.notes) == (most, most, []), full.verdicts
    none = judged(tmp_path, path, untouched)
    assert (none.points, none.most) == (0, most)


def test_marks_between(tmp_path):
    path = next(path for path in CHAPTERS if path.stem.startswith("03"))
    notebook, solved = notebooks.read(path), editions.solved(notebooks.read(path))
    wrong = next(iter(get("3.4").wrong_answers))
    for cell, right in zip(notebook["cells"], solved["cells"], strict=True):
        if cell["metadata"].get("exercise") in ("3.2", "3.5"):
            cell["source"] = right["source"]
        if cell["metadata"].get("exercise") == "3.4":
            cell["source"] = "def max_pool(image, size):\n    return image[::size, ::size]\n"
    result = judged(tmp_path, path, notebook)
    assert result.points == get("3.2").points + get("3.5").points
    assert {one.exercise: one.status for one in result.verdicts} == {
        "3.1": "open",
        "3.2": "passed",
        "3.3": "open",
        "3.4": "wrong",
        "3.5": "passed",
        "3.6": "open",
    }
    assert "you returned" in next(one.message for one in result.verdicts if one.exercise == "3.4") or wrong


def test_without_a_working_sandbox_nobody_gets_zero_points(tmp_path, monkeypatch):
    path = next(path for path in CHAPTERS if path.stem.startswith("03"))
    (tmp_path / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    (tmp_path / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(CourseError, match=r"does not start \(bwrap: No permissions to create a new namespace\)"):
        judged(tmp_path, path, editions.solved(notebooks.read(path)))
    with pytest.raises(CourseError, match="or go on without protection, with --no-sandbox"):
        sandbox.refuse_missing()


def test_each_student_has_inputs_of_their_own():
    drawn = [tuple(seeds(secret, who, "3.1")) for secret in ("a", "b") for who in ("ann", "bob")]
    assert len({seed for one in drawn for seed in one}) == 8
    assert seeds("a", "ann", "3.1") == seeds("a", "ann", "3.1") != seeds("a", "ann", "3.2")
    assert 0 not in {seed for one in drawn for seed in one}  # which is the one of check()


def test_an_answer_that_knows_the_inputs_of_check_fails(tmp_path):
    """The inputs that a student can try are not those that count."""
    path = next(path for path in CHAPTERS if path.stem.startswith("03"))
    notebook = notebooks.read(path)
    cell = next(cell for cell in notebook["cells"] if cell["metadata"].get("exercise") == "3.4")
    cell["source"] = "def max_pool(image, size):\n    return LEARNED[image.tobytes()]\n\nLEARNED = {}\n"
    result = judged(tmp_path, path, notebook)
    assert "KeyError" in next(one.message for one in result.verdicts if one.exercise == "3.4")
