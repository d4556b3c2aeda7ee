"""``course release`` and ``course grade`` on a class of short chapters, with nbgrader's own commands beside."""

import csv
import json
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import psutil
import pytest
from sandboxes import needs_sandbox

from course.machines import Machines
from utils.course import cli, editions, notebooks
from utils.course.classroom import grade as grading
from utils.course.classroom import marks
from utils.course.classroom.gradebook import Book
from utils.course.classroom.judging import Judged, Verdict
from utils.course.classroom.release import release, with_alembic
from utils.course.environment import guarded
from utils.exercises.core import get

pytestmark = needs_sandbox
IMPORTS = "import numpy as np\n\nfrom utils.exercises import check, hint, reference, solution"


def stub(exercise):
    chapter = next(
        path for path in (Path(__file__).parents[3] / "chapters").glob(f"{int(exercise.split('.')[0]):02}_*")
    )
    cells = notebooks.read(chapter)["cells"]
    return next(cell["source"] for cell in cells if cell["metadata"].get("exercise") == exercise)


def make(root, name, exercises):
    """A chapter with some exercises of the real one, the cells in the order of a chapter."""

    def code(identifier, source, **metadata):
        blank = {"cell_type": "code", "outputs": [], "execution_count": None}
        return {**blank, "id": identifier, "source": source, "metadata": metadata}

    cells = [code("parameters", 'profile = "quick"\nseed = 0', tags=["parameters"]), code("imports", IMPORTS)]
    for number in exercises:
        dashed = number.replace(".", "-")
        cells.append(code(f"exercise-{dashed}", stub(number), exercise=number))
        cells.append(code(f"check-{dashed}", f'check("{number}", {get(number).function.__name__})'))
        cells.append(code(f"use-{dashed}", f'ours = reference("{number}")'))
    course = {"number": int(name[:2]), "title": name[3:].title(), "datasets": []}
    notebook = {"cells": cells, "metadata": {"course": course}, "nbformat": 4, "nbformat_minor": 5}
    notebooks.write_atomically(root / "chapters" / f"{name}.ipynb", notebooks.as_text(notebook))


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """A course with a short chapter, and a class released from it; copied for each test."""
    place = tmp_path_factory.mktemp("released")
    (place / "course").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COURSE_ROOT", str(place / "course"))
        make(place / "course", "03_cnn", ["3.1", "3.2", "3.4"])
        assert release([], place / "class") == 0
    return place


@pytest.fixture
def klass(released, tmp_path, monkeypatch):
    """The released class, and what four students have sent."""
    shutil.copytree(released, tmp_path, dirs_exist_ok=True)
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path / "course"))
    folder = tmp_path / "class"
    given = notebooks.read(folder / "release" / "03_cnn" / "03_cnn.ipynb")
    partly = editions.solved(given)
    for cell in partly["cells"]:
        if cell["metadata"].get("exercise") == "3.2":
            cell["source"] = 'from utils.exercises import reference\noutput_size = reference("3.2")\n'
        if cell["metadata"].get("exercise") == "3.4":
            cell["source"] = stub("3.4").replace("    ...", "    return image[::size, ::size]")
    send(folder, "ann", editions.solved(given))
    send(folder, "bob", given)
    send(folder, "cy", partly)
    send(folder, "dan", "not a notebook")
    return folder


@pytest.fixture
def call(capsys):
    """Call the command in this process. Returns (exit status, standard output, standard error)."""

    def call(*words):
        with pytest.raises(SystemExit) as end:
            cli.main([*map(str, words)])
        printed = capsys.readouterr()
        return end.value.code or 0, printed.out, printed.err

    return call


def send(folder, student, content, assignment="03_cnn"):
    path = folder / "submitted" / student / assignment / f"{assignment}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content) if isinstance(content, dict) else content, encoding="utf-8")


def nbgrader(folder, *words):
    environment = with_alembic(guarded(folder / ".nbgrader"))
    command = [sys.executable, "-m", "nbgrader", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def scores(folder, assignment="03_cnn"):
    with Book(folder).open() as book:
        return {one.student.id: one.score for one in book.assignment_submissions(assignment)}


FULL = sum(get(number).points for number in ("3.1", "3.2", "3.4"))
RIGHT = {"ann": FULL, "bob": 0, "cy": get("3.1").points, "dan": 0}


def test_students_get_stubs_and_no_hidden_test(klass):
    text = (klass / "release" / "03_cnn" / "03_cnn.ipynb").read_text()
    assert "HIDDEN" not in text and "SOLUTION" not in text and "grade(" not in text and "secret" not in text
    given = notebooks.read(klass / "release" / "03_cnn" / "03_cnn.ipynb")
    for cell in given["cells"]:
        if exercise := cell["metadata"].get("exercise"):
            assert cell["source"].strip() == stub(exercise).strip()
    source = notebooks.read(klass / "source" / "03_cnn" / "03_cnn.ipynb")
    points = [
        cell["metadata"]["nbgrader"]["points"]
        for cell in source["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    ]
    assert points == [get(number).points for number in ("3.1", "3.2", "3.4")]
    assert not list((klass / "release").rglob("class.json"))


def test_nbgraders_own_commands_give_the_same_marks(klass, call):
    shutil.rmtree(klass / "submitted" / "dan")  # on what is no notebook, nbgrader stops
    done = nbgrader(klass, "autograde", "03_cnn")
    assert done.returncode == 0, done.stderr[-3000:]
    right = {name: points for name, points in RIGHT.items() if name != "dan"}
    assert scores(klass) == right
    done = nbgrader(klass, "generate_feedback", "03_cnn")
    assert done.returncode == 0, done.stderr[-3000:]
    page = (klass / "feedback" / "cy" / "03_cnn" / "03_cnn.html").read_text(encoding="utf-8")
    assert "you returned" in page
    assert json.loads((klass / "class.json").read_text())["secret"] not in page
    done = nbgrader(klass, "export", "--to", "grades.csv")
    assert done.returncode == 0, done.stderr[-3000:]
    with (klass / "grades.csv").open() as file:
        exported = {
            row["student_id"]: float(row["score"]) for row in csv.DictReader(file) if row["assignment"] == "03_cnn"
        }
    assert exported == right

    done = nbgrader(klass, "validate", str(klass / "submitted" / "ann" / "03_cnn" / "03_cnn.ipynb"))
    assert "Success!" in done.stdout, done.stdout + done.stderr[-2000:]
    done = nbgrader(klass, "validate", str(klass / "submitted" / "bob" / "03_cnn" / "03_cnn.ipynb"))
    assert "not attempted yet" in done.stdout

    code, printed, said = call("grade", klass)  # the same marks without a kernel
    assert code == 0, printed + said
    assert scores(klass) == right


def test_a_class_is_graded_and_goes_on_where_it_was(klass, call, monkeypatch):
    (klass / "submitted" / "ann" / "05_nothing").mkdir()
    code, printed, said = call("grade", klass)
    assert code == 0, printed + said
    assert scores(klass) == RIGHT
    assert "4 submissions, 4 of them judged now." in printed
    assert "03_cnn.ipynb is not JSON, and so no notebook." in printed
    assert "ann/05_nothing: there is no such assignment." in printed
    with (klass / "grading" / "marks.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["student"]: float(row["total"]) for row in rows[1:]} == RIGHT
    assert float(rows[0]["03_cnn"]) == FULL
    canvas = (klass / "grading" / "canvas.csv").read_text().splitlines()
    assert canvas[0] == "Student,ID,SIS User ID,SIS Login ID,Section,03_cnn"
    assert canvas[2].startswith("ann,,ann,ann,,")
    assert (klass / "grading" / "moodle.csv").read_text().splitlines()[1].startswith("ann,")
    assert "ann,cy" in (klass / "grading" / "similar.csv").read_text()  # cy has kept ann's first answer
    page = (klass / "feedback" / "cy" / "03_cnn" / "03_cnn.html").read_text(encoding="utf-8")
    assert "return image[::size, ::size]" in page and "you returned" in page and "HIDDEN" not in page

    with monkeypatch.context() as patch:
        patch.setattr(grading, "engine", lambda *_: pytest.fail("something was judged again"))
        code, printed, _ = call("grade", klass)
    assert (code, "4 submissions, 0 of them judged now." in printed) == (0, True)
    given = notebooks.read(klass / "release" / "03_cnn" / "03_cnn.ipynb")
    send(klass, "bob", editions.solved(given))
    code, printed, _ = call("grade", klass, "--json")
    assert code == 0
    assert {one["student"]: one["points"] for one in json.loads(printed)} == RIGHT | {"bob": FULL}
    assert scores(klass) == RIGHT | {"bob": FULL}


@pytest.fixture
def formgrader(klass):
    """A function that gets a page of nbgrader's own server, started in the folder of the class as a teacher would."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = with_alembic(guarded(klass.parent / "settings")) | {"JUPYTER_TOKEN": "t", "HOME": str(klass.parent)}
    words = ["server", "--no-browser", f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--allow-root"]
    log = klass.parent / "server.log"
    with log.open("w") as file:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", *words], cwd=klass, env=environment, stdout=file, stderr=file
        )

    def get(path, changed=None):
        end = time.monotonic() + 90
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/{path}", headers={"Authorization": "token t"})
        if changed is not None:
            asked.data, asked.method = json.dumps(changed).encode(), "PUT"
        while True:
            try:
                with urllib.request.urlopen(asked, timeout=60) as answer:
                    return answer.read().decode()
            except urllib.error.HTTPError as error:
                raise AssertionError(f"{path}: {error}\n{error.read().decode()}\n{log.read_text()}") from error
            except OSError as error:  # it is still starting
                if server.poll() is not None or time.monotonic() > end:
                    raise AssertionError(log.read_text()) from error
                time.sleep(0.2)

    yield get
    server.terminate()
    server.wait(30)


def test_nbgraders_own_page_shows_the_class_and_its_marks(klass, call, formgrader):
    assert call("grade", klass)[0] == 0
    assert "manage_assignments.js" in formgrader("formgrader/manage_assignments")
    assert "not been configured properly" not in formgrader("formgrader/manage_assignments")
    [assignment] = json.loads(formgrader("formgrader/api/assignments"))
    shown = {name: assignment[name] for name in ("name", "max_score", "num_submissions")}
    assert shown == {"name": "03_cnn", "max_score": FULL, "num_submissions": 4}
    assert formgrader("formgrader/gradebook/03_cnn") and formgrader("formgrader/manage_students")
    people = json.loads(formgrader("formgrader/api/submissions/03_cnn"))
    assert {one["student"]: one["score"] for one in people} == RIGHT
    assert {one["student"]: one["autograded"] for one in people} == dict.fromkeys(RIGHT, True)
    notebooks = json.loads(formgrader("formgrader/api/submitted_notebooks/03_cnn/03_cnn"))
    [sent] = [one["id"] for one in notebooks if one["student"] == "cy"]
    page = re.sub("<[^>]+>", "", formgrader(f"formgrader/submissions/{sent}"))  # where marks are given by hand
    assert "return image[::size, ::size]" in page and "you returned" in page
    grades = json.loads(formgrader(f"formgrader/api/grades?submission_id={sent}"))
    [mark] = [one for one in grades if one["name"] == "check-3-4"]
    formgrader(f"formgrader/api/grade/{mark['id']}", {"manual_score": 1, "extra_credit": 0})
    assert call("grade", klass, "--again", "--student", "cy")[0] == 0
    assert scores(klass) == RIGHT | {"cy": RIGHT["cy"] + 1}


def test_marks_that_a_teacher_gave_by_hand_stay_also_after_a_new_release(klass, call):
    assert call("grade", klass)[0] == 0
    with Book(klass).open() as book:
        mark = book.find_grade("check-3-2", "03_cnn", "03_cnn", "bob")
        mark.manual_score = 1
        book.db.commit()
    assert call("release", "--to", klass)[0] == 0
    assert scores(klass) == RIGHT | {"bob": 1}
    assert call("grade", klass, "--again")[0] == 0
    assert scores(klass) == RIGHT | {"bob": 1}


def test_a_run_that_is_stopped_loses_nothing(klass, call, monkeypatch):
    write, written = Book.write, []

    def stop(self, judged, submitted):
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(judged.student)
        write(self, judged, submitted)

    monkeypatch.setattr(Book, "write", stop)
    assert call("grade", klass)[0] == 130
    monkeypatch.setattr(Book, "write", write)
    code, printed, _ = call("grade", klass)
    assert (code, "4 submissions, 2 of them judged now." in printed) == (0, True)
    assert scores(klass) == RIGHT


@pytest.fixture
def machines(klass):
    """A Dask scheduler."""
    place = klass.parent / "machines"
    place.mkdir()
    found = Machines(place, klass.parent / "course")
    yield found
    found.close()


def boxes(process):
    """The sandboxes below a process."""
    return [one for one in psutil.Process(process.pid).children(recursive=True) if one.name() == "bwrap"]


def test_a_cluster_gives_the_same_marks_and_a_worker_that_is_killed_loses_nothing(klass, call, machines):
    code, _, said = call("grade", klass, "--scheduler", machines.address)
    assert (code, "has no workers: start one with `dask scheduler`" in said) == (2, True)
    for number in range(6):
        shutil.copytree(klass / "submitted" / "cy", klass / "submitted" / f"cy{number}")
    workers, killed, over = [machines.worker(name) for name in ("first", "second")], [], threading.Event()

    def kill():
        """End the worker that is the first to have a student's code in a box."""
        while not killed and not over.wait(0.05):
            for process in workers:
                if opened := boxes(process):
                    process.kill()
                    killed.extend(opened)
                    break

    killer = threading.Thread(target=kill)
    killer.start()
    code, printed, said = call("grade", klass, "--scheduler", machines.address)
    over.set()
    killer.join()
    assert code == 0, printed + said
    assert killed and "10 submissions, 10 of them judged now." in printed
    assert scores(klass) == RIGHT | {f"cy{number}": RIGHT["cy"] for number in range(6)}
    psutil.wait_procs(killed, 10)
    assert not any(one.is_running() for one in killed)  # the student's code has ended with its worker
    code, printed, _ = call("grade", klass)  # nor does this machine judge anything again
    assert (code, "10 submissions, 0 of them judged now." in printed) == (0, True)


class Breaking:
    """An executor whose process dies at one submission."""

    def __init__(self, victim, times):
        self.victim, self.times = victim, times

    def submit(self, judge, submission, *rest):
        from concurrent.futures import Future

        future = Future()
        if submission.student == self.victim and self.times:
            self.times -= 1
            future.set_exception(BrokenProcessPool("a process died"))
        else:
            future.set_result(judge(submission, *rest))
        return future


@pytest.mark.parametrize("times", [1, 9])
def test_a_judge_that_dies_costs_nobody_else_a_mark(klass, call, monkeypatch, times):
    from contextlib import contextmanager

    breaking = Breaking("ann", times)
    monkeypatch.setattr(grading, "engine", contextmanager(lambda *_: iter([breaking])))
    code, printed, _ = call("grade", klass)
    if times == 1:
        assert (code, scores(klass)) == (0, RIGHT)
    else:
        assert code == 1
        assert "ann/03_cnn: it could not be judged (a process died)" in printed
        assert scores(klass) == {name: points for name, points in RIGHT.items() if name != "ann"}


def test_wrong_words(call, tmp_path, monkeypatch):
    make(tmp_path / "course", "03_cnn", ["3.2"])
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path / "course"))
    code, _, said = call("grade", tmp_path / "nothing")
    assert (code, "holds no class: make one with `course release --to" in said) == (2, True)
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.tex").write_text("")
    code, _, said = call("release", "--to", full)
    assert (code, "is not empty, and holds no class" in said) == (2, True)
    code, _, said = call("release", "--to", tmp_path / "course" / "x")
    assert (code, "lies in the course itself" in said) == (2, True)
    code, _, said = call("release", "99", "--to", tmp_path / "c")
    assert (code, "There is no chapter '99'" in said) == (2, True)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "class.json").write_text('{"secret": "s"}')
    code, _, said = call("grade", tmp_path / "c")
    assert (code, "There is nothing to grade in" in said) == (2, True)
    monkeypatch.setattr("utils.course.classroom.sandbox.shutil.which", lambda name: None)
    code, _, said = call("grade", tmp_path / "c")
    assert (code, "There is no sandbox here, since bubblewrap is not installed: install bubblewrap" in said) == (
        1,
        True,
    )


def test_without_a_sandbox_if_asked_for(klass, call, monkeypatch):
    monkeypatch.setattr("utils.course.classroom.sandbox.shutil.which", lambda name: None)
    code, printed, said = call("grade", klass, "--no-sandbox", "--student", "ann")
    assert code == 0, printed + said
    assert scores(klass) == {"ann": FULL}


def test_which_exercise_was_hard_and_which_mistake_was_common():
    known = get("3.4").wrong_answers[0]
    said = "✗ " + re.sub(r"\{.*?\}", "7", known.says)

    def judged(student, status, message=""):
        return Judged(student, "03_cnn", [Verdict("3.4", status, 0, 2, message)])

    class_of_six = [judged("a", "passed"), judged("b", "open"), judged("c", "wrong", "your code raised KeyError")]
    class_of_six += [judged(name, "wrong", said) for name in "de"] + [judged("f", "wrong", "something else")]
    [row] = marks.hardness(class_of_six)
    assert (row.exercise, row.passed, row.wrong, row.open) == ("3.4", 1, 4, 1)
    assert row.mistakes == [(known.name, 2), ("an error", 1), ("another", 1)]


def test_a_spreadsheet_gets_no_formula():
    assert marks._harmless("=1+1") == "'=1+1" and marks._harmless(3) == 3 and marks._harmless("ann") == "ann"
