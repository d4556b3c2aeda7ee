"""Copies from before a chapter got another number: named, left as they are, and their answers carried on."""

import json
import shutil
from pathlib import Path

import pytest

from utils.course import lab, moved, progress
from utils.exercises.sources import exercise_ids

ROOT = Path(__file__).parents[2]
BEFORE = Path(__file__).parent / "before"  # copies of chapters from before they moved
OLD, NEW = "08_patient_records.ipynb", "09_patient_records.ipynb"
ANSWER = "def label_at(days, died, horizon):\n    return days > horizon  # mine\n"


def as_published():
    """The title, the parameters and the exercises of the chapter as it was published under its old number."""
    return json.loads((BEFORE / OLD).with_suffix(".json").read_text(encoding="utf-8"))


def renumbered():
    """Today's chapter with the numbers that it had before."""
    notebook = json.loads((ROOT / "chapters" / NEW).read_text(encoding="utf-8"))
    notebook["metadata"]["course"]["number"] = 8
    for cell in notebook["cells"]:
        if "exercise" in cell["metadata"]:
            cell["metadata"]["exercise"] = cell["metadata"]["exercise"].replace("9.", "8.")
            cell["id"] = cell["id"].replace("-9-", "-8-")
    return notebook


@pytest.fixture(params=[renumbered, as_published])
def old(request, course):
    """A course with today's chapter, and in work/ a copy under the old number, in which 8.1 and 8.4 were worked on."""
    notebook = request.param()
    shutil.copy(ROOT / "chapters" / NEW, course.root / "chapters")
    course.chapter("08_scans", exercises={"8.1": "def grey_levels(raw):\n    ..."})
    notebook["metadata"]["course_copy"] = {"text_sha256": "0" * 64}
    for cell in notebook["cells"]:
        if cell["metadata"].get("exercise") == "8.1":
            cell["source"] = ANSWER
        if cell["metadata"].get("exercise") == "8.4":
            cell["source"] = "def net_benefit(labels, risks, threshold):\n    half a thought"
    (course.root / "work").mkdir()
    path = course.root / "work" / OLD
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def answers(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {c["metadata"]["exercise"]: "".join(c["source"]) for c in cells if "exercise" in c["metadata"]}


def test_the_new_copy_gets_the_answers_and_the_old_one_stays(old, course):
    before = old.read_bytes()
    assert lab.copy_chapters() == [
        f"Copied into {old.parent}: 08_scans.ipynb, {NEW}.",
        f"{OLD} is a copy of what is {NEW} now; it stays as it is: go on in {NEW}.",
        f"{NEW} has your answers to 9.1 (was 8.1), 9.4 (was 8.4): run it to have them checked.",
    ]
    assert old.read_bytes() == before
    found, chapter = answers(old.parent / NEW), answers(ROOT / "chapters" / NEW)
    assert found["9.1"] == ANSWER
    assert "half a thought" in found["9.4"]
    assert {key: found[key] for key in ("9.2", "9.3", "9.5")} == {key: chapter[key] for key in ("9.2", "9.3", "9.5")}
    assert answers(old.parent / "08_scans.ipynb") == {"8.1": "def grey_levels(raw):\n    ..."}
    # What was put in is the learner's own; the text that the copy was made from is the chapter's, so nothing changed.
    assert lab.copy_chapters() == [f"{OLD} is a copy of what is {NEW} now; it stays as it is: go on in {NEW}."]


def test_a_new_copy_that_is_there_is_not_touched(old, course):
    (old.parent / NEW).write_text("my own notes")
    lab.copy_chapters()
    assert (old.parent / NEW).read_text() == "my own notes"


def test_progress_names_it_and_does_not_count_it(old, course, call):
    assert progress.progress() == (
        [],
        [f"Not counted: {OLD} is a copy of what is {NEW} now; it stays as it is: go on in {NEW}."],
    )
    lab.copy_chapters()
    code, out, _ = call("progress")
    assert code == 0
    count = len(exercise_ids(9)) + 1  # those of today's chapter, and that of 08
    assert f"0 of {count} exercises passed" in out
    assert f"Not counted: {OLD}" in out
    assert len(json.loads(call("progress", "--json")[1])) == 2


@pytest.mark.parametrize("name", ["08_patient_records-Copy1.ipynb", "08_patient_records_mine.ipynb", "08_mine.ipynb"])
def test_a_copy_under_another_name(old, course, name):
    old.rename(old.with_name(name))
    assert moved.moved(old.parent) == {old.with_name(name): course.root / "chapters" / NEW}
    assert "9.1 (was 8.1)" in lab.copy_chapters()[-1]


def test_a_copy_of_a_chapter_that_is_gone(old, course):
    notebook = json.loads(old.read_text(encoding="utf-8"))
    notebook["metadata"]["course"]["title"] = "Something that was taught once"
    old.with_name("15_taught_once.ipynb").write_text(json.dumps(notebook))
    old.unlink()
    sentence = "15_taught_once.ipynb is a copy of a chapter that there is no more; it stays as it is."
    assert lab.copy_chapters()[1] == sentence
    assert progress.progress()[1] == [f"Not counted: {sentence}"]


def test_what_is_not_meant(old, course):
    """A learner's own notebooks, and a copy of today's chapter under another name."""
    old.unlink()
    lab.copy_chapters()
    (old.parent / NEW).rename(old.parent / "09_patient_records_mine.ipynb")
    (old.parent / "08_scans.ipynb").rename(old.parent / "08_before_the_exam.ipynb")
    (old.parent / "99_notes.ipynb").write_text('{"nbformat": 4, "metadata": {}, "cells": []}')
    (old.parent / "98_broken.ipynb").write_text("{")
    (old.parent / "notes.ipynb").write_text("{")
    assert moved.moved(old.parent) == {}
    assert lab.copy_chapters() == [f"Copied into {old.parent}: 08_scans.ipynb, {NEW}."]


def test_an_answer_whose_function_is_not_asked_for_any_more_stays_where_it_is():
    cell = {"metadata": {"exercise": "8.1"}, "source": "def f(x):\n    return x"}
    other = {"metadata": {"exercise": "9.1"}, "source": "def g(x):\n    ..."}
    assert moved.carry({"cells": [cell]}, {"cells": [other]}) == []
    assert other["source"] == "def g(x):\n    ..."
