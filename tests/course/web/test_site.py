"""``course site``: what it refuses, in one sentence each, and that it never leaves half of an edition."""

import errno
import subprocess
from pathlib import Path

import pytest

from utils.course import notebooks, refresh
from utils.course.web import site
from utils.errors import CourseError


@pytest.fixture
def stored(course):
    """A course with one chapter whose outputs belong to its code."""
    path = course.chapter("03_cnn", "print(1)")
    notebook = notebooks.read(path)
    for cell in notebooks.code_cells(notebook):
        cell["execution_count"] = 1
        cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "1\n"}]
    notebook["metadata"]["course_run"] = {"code_sha256": notebooks.code_sha256(notebook)}
    path.write_text(notebooks.as_text(notebook), encoding="utf-8")
    assert refresh.stale(path) is None
    return path


def edited(path, old, new):
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


@pytest.fixture
def settings(course):
    """The course of the test has the settings of this one."""
    (course.root / "site").mkdir()
    (course.root / "site" / "settings.toml").write_text('repository = ""\n', encoding="utf-8")


def test_a_stale_chapter_is_refused_by_name(stored, settings, call):
    edited(stored, "print(1)", "print(2)")
    code, _, err = call("site")
    assert code == 1
    assert "03_cnn.ipynb cannot be shown: its code has changed since its outputs were stored." in err
    assert "Run `course refresh 03` first." in err


def test_a_hollow_chapter_is_refused_by_name(stored, settings, call):
    edited(stored, '"execution_count": 1', '"execution_count": null')
    assert "03_cnn.ipynb cannot be shown: it holds cells that were not executed" in call("site")[2]


def test_a_folder_that_holds_something_else_is_refused(course, tmp_path_factory, call):
    other = tmp_path_factory.mktemp("mine")
    (other / "thesis.tex").write_text("", encoding="utf-8")
    code, _, err = call("site", "--to", other)
    assert (code, err) == (2, f"course: {other} is not empty, and holds no web edition: choose another folder.\n")
    code, _, err = call("site", "--to", other / "thesis.tex")
    assert (code, err) == (2, f"course: {other / 'thesis.tex'} is a file: name a folder for the pages.\n")
    code, _, err = call("site", "--to", course.root / "chapters")
    assert code == 2 and "lies among the files of the course" in err


def test_a_repository_of_another_form_is_refused(course, settings, call):
    code, _, err = call("site", "--repository", "https://example.org/x")
    assert code == 2
    assert (
        err == "course: The repository 'https://example.org/x' is not of the form OWNER/NAME: give it as on GitHub.\n"
    )


def test_what_is_not_installed_is_said(monkeypatch):
    monkeypatch.setattr(site, "NEEDED", ("sphinx", "a_package_that_is_nowhere"))
    with pytest.raises(CourseError, match="needs Sphinx: install the course with its extra `site`"):
        site.refuse_missing()


FULL = "OSError: [Errno 28] No space left on device"
SAID = """WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795885341.088560   19435 cudart_stub.cc:31] Could not find cuda drivers, GPU will not be used.
source/index.md:12: WARNING: 'myst' cross-reference target not found: 'nowhere' [myst.xref_missing]
source/data/index.md:3: ERROR: Unknown directive type "card".
"""


@pytest.mark.parametrize(
    ("said", "faults"),
    [
        (SAID, SAID.splitlines()[2:]),
        (f"reading sources ...\n\n{FULL}\n", [FULL]),
        ("Extension error!\n\n    x.ExtensionError: Could not import y", ["    x.ExtensionError: Could not import y"]),
        ("stopped\n", ["stopped"]),
        ("", ["it stopped without a word"]),
    ],
)  # fmt: skip
def test_faults_are_sphinx_own(said, faults):
    assert site.faults(said) == faults


def test_the_first_fault_is_named(course, monkeypatch):
    def run(command, stdout, **options):
        stdout.write(SAID)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(site.subprocess, "run", run)
    (course.root / "build").mkdir()
    with pytest.raises(CourseError) as error:
        site.sphinx(course.root / "work", course.root / "pages", "html")
    assert str(error.value).startswith(
        "Sphinx found a fault in the pages: source/index.md:12: WARNING: 'myst' cross-ref"
    )
    assert "(2 in all; see " in str(error.value)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def edition(folder, text):
    folder.mkdir()
    (folder / "index.html").write_text(text, encoding="utf-8")
    (folder / site.MARK).touch()
    return folder


def test_a_new_edition_takes_the_place_of_the_old_one_whole(tmp_path):
    made, target = edition(tmp_path / "made", "new"), edition(tmp_path / "site", "old")
    (target / "gone.html").touch()
    site.replace(made, target)
    assert names(target) == [site.MARK, "index.html"]
    assert (target / "index.html").read_text(encoding="utf-8") == "new"
    assert names(tmp_path) == ["site"]


@pytest.mark.parametrize("failing", ["move", "rename"])
def test_where_the_new_edition_cannot_go_the_old_one_stays(tmp_path, monkeypatch, failing):
    made, target = edition(tmp_path / "made", "new"), edition(tmp_path / "site", "old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    if failing == "move":
        monkeypatch.setattr(site.shutil, "move", full)
    else:
        rename = Path.rename
        monkeypatch.setattr(Path, "rename", lambda self, to: full() if self.name == "new" else rename(self, to))
    with pytest.raises(CourseError, match="cannot be put into .*No space left on device.*: make room, or name another"):
        site.replace(made, target)
    assert (target / "index.html").read_text(encoding="utf-8") == "old"
    assert set(names(tmp_path)) <= {"made", "site"}


def test_an_interruption_leaves_what_was_there(stored, settings, monkeypatch):
    (stored.parents[1] / "build").mkdir()
    target = edition(stored.parents[1] / "build" / "site", "old")

    def interrupted(work, pages, builder):
        notebooks.make_folder(pages)
        (pages / "index.html").write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    monkeypatch.setattr(site, "sphinx", interrupted)
    monkeypatch.setattr(site, "stage", lambda *_: 1)
    monkeypatch.setattr(site.packages, "put", lambda *_: [])
    with pytest.raises(KeyboardInterrupt):
        site.build()
    assert (target / "index.html").read_text(encoding="utf-8") == "old"
    assert names(target.parent) == ["site"]


def test_no_room_for_the_work_is_said(course):
    said = "cannot be made in .*build .No space left on device.: make room there"
    with pytest.raises(CourseError, match=said), site.workshop():
        raise OSError(errno.ENOSPC, "No space left on device")


def test_the_folder_need_not_be_there(tmp_path):
    assert site.folder(str(tmp_path / "new")) == tmp_path / "new"
