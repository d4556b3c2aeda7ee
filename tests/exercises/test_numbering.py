"""A copy of a chapter from before it got another number: it says so, and judges nothing."""

import json

import numpy as np
import pytest

from utils.errors import UsageError
from utils.exercises import check, hint, numbering, quiz, reference, solution
from utils.exercises.core import EXERCISE_MIME
from utils.paths import root

RECORDS = root() / "chapters" / "09_patient_records.ipynb"


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """Run as in the notebook of this name, as Jupyter says it to its kernels; number and title as the copy has them."""

    def opened(name, number=8, title="Patient records"):
        (tmp_path / name).write_text(json.dumps({"metadata": {"course": {"number": number, "title": title}}}))
        monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / name))

    return opened


def label_at(days, died, horizon):
    return np.where((died == 1) & (days <= horizon), 1.0, np.where(days >= horizon, 0.0, np.nan))


OLD = ["08_patient_records.ipynb", "08_patient_records-Copy1.ipynb", "mine.ipynb", "08_mine.ipynb"]


@pytest.mark.parametrize("name", OLD)
def test_an_old_copy_says_what_it_is_and_judges_nothing(name, opened, capsys, shown):
    opened(name)
    said = (
        f"{name} is a copy from when this was chapter 8; now it is chapter 9, and {{}} is another one: go on in "
        "09_patient_records.ipynb, which `course lab` makes with your answers in it."
    )
    check("8.1", label_at)
    assert capsys.readouterr().out == f"○ {said.format('exercise 8.1')}\n"
    for ask in (hint, solution):
        ask("8.4")
        assert capsys.readouterr().out == said.format("exercise 8.4") + "\n"
    check(8.5, label_at)
    assert said.format("exercise 8.5") in capsys.readouterr().out
    quiz(8)
    assert capsys.readouterr().out == said.format("quiz(8)") + "\n"
    with pytest.raises(UsageError) as caught:
        reference("8.2")
    assert str(caught.value) == said.format("exercise 8.2")
    assert shown == []


def test_calls_that_were_renumbered_by_hand_are_judged(opened, capsys, shown):
    opened("08_patient_records.ipynb")
    check("9.1", label_at)
    assert shown[0][EXERCISE_MIME]["id"] == "9.1"
    assert reference("9.2").__name__ == "carry_forward"


@pytest.mark.parametrize(
    ("name", "number", "title"),
    [
        ("09_patient_records.ipynb", 9, "Patient records"),
        ("09_patient_records_mine.ipynb", 9, "Patient records"),
        ("notes.ipynb", 9, "Patient records"),
        ("notes.ipynb", None, None),
        ("08_other.ipynb", None, "Something else"),
    ],
)
def test_other_notebooks_are_not_meant(name, number, title, opened, shown, capsys):
    opened(name, number, title)
    check("9.1", label_at)
    assert shown[0][EXERCISE_MIME]["status"] == "passed"
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", ["{", "[]", '{"metadata": []}', '{"metadata": {"course": 3}}'])
def test_what_is_no_notebook_is_not_meant(content, tmp_path, monkeypatch):
    (tmp_path / "notes.ipynb").write_text(content)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "notes.ipynb"))
    assert numbering.old_copy("9.1") == ""
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "gone.ipynb"))
    assert numbering.old_copy("9.1") == ""
    monkeypatch.setenv("JPY_SESSION_NAME", "a console")
    assert numbering.notebook() is None


def test_where_nobody_says_which_notebook_it_is_the_name_of_the_function_does(monkeypatch, capsys, shown):
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    check("7.1", label_at)
    assert capsys.readouterr().out == (
        "○ 7.1 A bootstrap of groups: your function is called label_at, which exercise 9.1 asks for, "
        'but 7.1 asks for group_bootstrap: call check("9.1", label_at). If this is a copy from an older numbering, '
        "`course lab` makes a new one.\n"
    )
    assert shown == []


def test_a_function_of_another_name_or_without_one_is_judged(capsys, shown):
    def mine(days, died, horizon):
        return label_at(days, died, horizon)

    check("9.1", mine)
    check("9.1", lambda days, died, horizon: days)
    check("9.1", "label_at")
    assert [bundle[EXERCISE_MIME]["status"] for bundle in shown] == ["passed", "wrong", "wrong"]
    assert capsys.readouterr().out == ""


def test_every_chapter_checks_the_function_that_its_exercise_asks_for():
    """Otherwise the name would say that it is another exercise's."""
    from utils.exercises.core import get
    from utils.exercises.sources import exercise_ids, ids_by_function

    assert sorted(name for names in ids_by_function().values() for name in names) == sorted(exercise_ids())
    for path in sorted((root() / "chapters").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if "exercise" in cell["metadata"]:
                assert f"def {get(cell['metadata']['exercise']).__name__}(" in "".join(cell["source"])
