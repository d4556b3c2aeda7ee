import json
import os
import re
import socket
import threading
import time
import urllib.request
from pathlib import Path

import nbformat
import psutil
import pytest
from nbformat.v4 import new_markdown_cell, new_notebook

from utils.course import lab
from utils.errors import CourseError, UsageError


def test_missing_chapters_are_copied_without_outputs_and_a_learners_file_stays(course):
    path = course.chapter("00_x", "print(1)")
    mine = course.root / "work" / "01_y.ipynb"
    course.chapter("01_y")
    mine.parent.mkdir()
    mine.write_text("my own notes")
    notebook = course.read("chapters/00_x.ipynb")
    notebook["cells"][-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1\n"}]
    notebook["cells"][-1]["execution_count"] = 2
    notebook["metadata"]["course_run"] = {"code_sha256": "…"}
    path.write_text(json.dumps(notebook))

    assert lab.copy_chapters() == [f"Copied into {course.root / 'work'}: 00_x.ipynb."]

    copy = course.read("work/00_x.ipynb")
    assert copy["cells"][-1]["outputs"] == []
    assert copy["cells"][-1]["execution_count"] is None
    assert "course_run" not in copy["metadata"]
    assert [cell["id"] for cell in copy["cells"]] == [cell["id"] for cell in notebook["cells"]]
    assert mine.read_text() == "my own notes"
    assert lab.copy_chapters() == []


def test_a_chapter_that_changed_since_is_reported_and_the_copy_stays(course):
    course.chapter("00_x", "print(1)")
    lab.copy_chapters()
    copy = course.root / "work" / "00_x.ipynb"
    worked = copy.read_text().replace("print(1)", "print('mine')")
    copy.write_text(worked)
    assert lab.copy_chapters() == []
    course.chapter("00_x", "print(2)")
    (sentence,) = lab.copy_chapters()
    assert sentence.startswith("00_x.ipynb has changed since your copy was made; yours stays as it is.")
    assert copy.read_text() == worked
    copy.rename(copy.with_name("00_x_mine.ipynb"))
    assert lab.copy_chapters() == [f"Copied into {course.root / 'work'}: 00_x.ipynb."]


def test_the_glossary_lies_beside_the_chapters_and_a_learners_own_stays(course):
    course.chapter("00_x")
    (course.root / "chapters" / "glossary.md").write_text("| kernel | 卷积核 |", encoding="utf-8")
    lab.copy_chapters()
    copy = course.root / "work" / "glossary.md"
    assert copy.read_text(encoding="utf-8") == "| kernel | 卷积核 |"
    copy.write_text("my own")
    lab.copy_chapters()
    assert copy.read_text() == "my own"


def test_a_full_disk_leaves_no_half_copy(course, monkeypatch):
    course.chapter("00_x")

    class Full:
        def __init__(self, path):
            self.path = path

        def __enter__(self):
            self.path.touch()
            return self

        def __exit__(self, *_):
            pass

        def write(self, _):
            raise OSError(28, "No space left on device")

    ordinary = Path.open
    monkeypatch.setattr(
        "pathlib.Path.open",
        lambda path, mode="r", *rest, **options: Full(path) if mode == "x" else ordinary(path, mode, *rest, **options),
    )
    with pytest.raises(CourseError, match=r"00_x.ipynb cannot be written \(No space left on device\): make room there"):
        lab.copy_chapters()
    assert not (course.root / "work" / "00_x.ipynb").exists()


@pytest.mark.parametrize(
    ("words", "parsed"),
    [
        ([], (None, [])),
        (["--no-browser"], (None, ["--no-browser"])),
        (["--work", "mine", "--port", "1"], ("mine", ["--port", "1"])),
        (["--port=1", "--work=my own"], ("my own", ["--port=1"])),
        (["--workspace", "x"], (None, ["--workspace", "x"])),
    ],
)
def test_the_folder_is_taken_from_among_jupyterlabs_options(words, parsed):
    assert lab.parse(words) == parsed


@pytest.mark.parametrize("words", [["--work"], ["--work="], ["--work", "--no-browser"], ["--work=a", "--work", "b"]])
def test_a_folder_option_without_one_folder_is_refused(words):
    with pytest.raises(UsageError, match="--work"):
        lab.parse(words)


@pytest.mark.parametrize("folder", [".", "chapters", "chapters/mine", "a_file"])
def test_a_folder_that_is_unfit_for_copies_is_refused_and_nothing_is_made(course, folder):
    course.chapter("00_x")
    (course.root / "a_file").touch()
    before = sorted(course.root.rglob("*"))
    with pytest.raises(UsageError, match=r"name a(nother)? folder for your copies"):
        lab.open_lab(["--work", str(course.root / folder)])
    assert sorted(course.root.rglob("*")) == before


def test_the_learners_folder_can_be_named_by_a_variable(course, monkeypatch, call):
    course.chapter("00_x", exercises={"0.1": "..."})
    assert lab.work_folder() == course.root / "work"
    monkeypatch.setenv("COURSE_WORK", "another")
    assert lab.work_folder() == course.root / "another"
    monkeypatch.setenv("COURSE_WORK", str(course.root.parent / "mine"))
    assert lab.work_folder() == course.root.parent / "mine"
    lab.copy_chapters()
    assert (course.root.parent / "mine" / "00_x.ipynb").exists()
    assert "0 of 1 exercises passed" in call("progress")[1]


@pytest.mark.parametrize("wrong", ["make", "write"])
def test_an_installation_that_others_own_is_explained_with_what_to_type(course, monkeypatch, wrong):
    """The clone belongs to root, and somebody else calls ``course lab``."""
    course.chapter("00_x")
    if wrong == "write":
        (course.root / "work").mkdir()
        monkeypatch.setattr(os, "access", lambda path, mode: mode == os.F_OK)
    else:

        def refuse(path, *_, **__):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr(Path, "mkdir", refuse)
    monkeypatch.setattr(os, "geteuid", lambda: 12345, raising=False)
    monkeypatch.setattr(Path, "owner", lambda path: "the_owner")
    with pytest.raises(CourseError) as caught:
        lab.make_ready(course.root / "work")
    whose = course.root / "work" if wrong == "write" else course.root
    assert str(caught.value) == (
        f"{course.root / 'work'} cannot be written (Permission denied; {whose} belongs to the_owner): "
        "keep your copies in a folder of your own, course lab --work ~/deep_learning_in_medicine"
    )


@pytest.mark.parametrize(
    ("user", "options", "added"),
    [(0, [], True), (0, ["--allow-root"], False), (0, ["--ServerApp.allow_root=True"], False), (1000, [], False)],
)
def test_root_gets_the_option_that_jupyterlab_wants_and_hears_of_it(tmp_path, monkeypatch, user, options, added):
    monkeypatch.setattr(os, "geteuid", lambda: user, raising=False)
    command, sentences = lab.jupyter_command(tmp_path, options)
    assert command.count("--allow-root") == int(added or "--allow-root" in options)
    assert len(sentences) == added
    assert f"--ServerApp.root_dir={tmp_path}" in command


def test_a_folder_that_jupyterlab_is_to_open_stays(tmp_path):
    command, _ = lab.jupyter_command(tmp_path, ["--notebook-dir=elsewhere"])
    assert not [word for word in command if word.startswith("--ServerApp.root_dir")]


def test_jupyterlab_opens_on_the_copies_and_its_kernels_know_their_notebook(course):
    """The port that was asked for is taken: it says so, takes another one, and says which."""
    course.chapter("00_x")
    (course.root / "work").mkdir()
    formula = new_notebook(cells=[new_markdown_cell(r"$\frac{1}{n}$")])
    nbformat.write(formula, course.root / "work" / "formula.ipynb")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = taken.getsockname()[1]
        options = ["--no-browser", "--ip=127.0.0.1", f"--port={wanted}", "--allow-root"]
        process = course.start("lab", "--", *options, "--IdentityProvider.token=secret")
        try:
            said, port = until_address(process)
            until_it_listens(port)
            assert f"The port {wanted} is already in use, trying another port." in said
            assert port != wanted

            def ask(path, content=None):
                request = urllib.request.Request(
                    f"http://127.0.0.1:{port}/{path}",
                    data=content and json.dumps(content).encode(),
                    headers={"Authorization": "token secret"},
                )
                return urllib.request.urlopen(request, timeout=60).read().decode()

            name = "00_x.ipynb"
            listing = json.loads(ask("api/contents/"))["content"]
            assert sorted(item["name"] for item in listing) == [name, "formula.ipynb"]
            assert "<mfrac>" in ask("nbconvert/html/formula.ipynb?sanitize_html=true")
            notification = json.loads(ask("lab/api/settings/@jupyterlab/apputils-extension:notification"))
            assert notification["schema"]["properties"]["fetchNews"]["default"] == "false"
            kernel = {"name": "python3"}
            ask("api/sessions", {"path": name, "name": name, "type": "notebook", "kernel": kernel})
            said = {child.environ().get("JPY_SESSION_NAME") for child in psutil.Process(process.pid).children(True)}
            assert str(course.root / "work" / name) in said  # what utils.exercises.numbering relies on
        finally:
            process.terminate()
            process.communicate(timeout=300)


def until_address(process):
    """(what JupyterLab has written until it named its address, the port in it)."""
    said = ""
    patience = threading.Timer(300, process.kill)
    patience.start()
    for line in process.stderr:
        said += line
        if found := re.search(r"http://127\.0\.0\.1:(\d+)/lab\?token=", line):
            patience.cancel()
            return said, int(found[1])
    pytest.fail(f"JupyterLab did not start:\n{said}")


def until_it_listens(port):
    """JupyterLab names its address a moment before it listens there."""
    for _ in range(600):
        try:
            return socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"nothing listens on port {port}")
