"""Where results may go: nothing that somebody wrote is ever lost."""

import json

import pytest

from utils.course import lab, outputs
from utils.errors import UsageError


@pytest.fixture
def learner(course):
    """A course with one chapter, and the learner's copy of it in work/."""
    course.chapter("00_x", "print(1)")
    lab.copy_chapters()
    return course


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    "out", ["work", "work/", "work/deep/er", "chapters", "chapters/x", ".", "..", "/", "build/../work"]
)
def test_the_chapters_and_the_work_of_a_learner_are_refused(learner, call, monkeypatch, out):
    monkeypatch.chdir(learner.root)
    before = contents(learner.root)
    code, printed, err = call("run", "--out", out)
    assert (code, printed) == (2, "")
    assert "choose a folder of its own" in err
    assert err.count("\n") == 1
    assert contents(learner.root) == before


def test_an_empty_name_is_the_folder_that_one_is_in(learner, monkeypatch):
    monkeypatch.chdir(learner.root / "work")
    with pytest.raises(UsageError, match="choose a folder of its own"):
        outputs.safe_folder("")


def test_a_folder_of_the_learners_own_choice_is_refused(learner, monkeypatch, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("mine")
    monkeypatch.setenv("COURSE_WORK", str(elsewhere))
    with pytest.raises(UsageError, match="choose a folder of its own"):
        outputs.safe_folder(elsewhere / "x")


def test_links_are_followed(learner, tmp_path_factory):
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    try:
        link.symlink_to(learner.root / "work", target_is_directory=True)
    except OSError:  # Windows lets only some users make links
        link = learner.root / "other" / ".." / "work"
    with pytest.raises(UsageError, match="over the notebooks in"):
        outputs.safe_folder(link)


def test_work_is_refused_before_it_is_there(course):
    course.chapter("00_x")
    with pytest.raises(UsageError, match="over the notebooks in"):
        outputs.safe_folder(course.root / "work")


def test_a_folder_with_notebooks_that_no_run_wrote_is_refused(learner, call):
    mine = learner.root / "mine"
    mine.mkdir()
    (mine / "00_x.ipynb").write_bytes((learner.root / "work" / "00_x.ipynb").read_bytes())
    (mine / "notes.ipynb").write_text("{")
    before = contents(mine)
    code, _, err = call("run", "--out", mine)
    assert code == 2
    assert "mine holds 00_x.ipynb and 1 more, which no run wrote or which was edited since" in err
    assert contents(mine) == before


def test_a_folder_of_an_earlier_run_is_used_again_until_somebody_edits_a_notebook_in_it(learner, call):
    out = learner.root / "out"
    (learner.root / "out").mkdir()
    (out / "notes.txt").write_text("mine")
    assert call("run", "--out", out)[0] == 0
    assert call("run", "--out", out)[0] == 0
    notebook = learner.read("out/00_x.ipynb")
    notebook["cells"][-1]["outputs"] = []  # executed again in JupyterLab: still ours
    (out / "00_x.ipynb").write_text(json.dumps(notebook))
    assert outputs.safe_folder(out) == out.resolve()
    notebook["cells"][-1]["source"] = "print('my answer')"
    (out / "00_x.ipynb").write_text(json.dumps(notebook))
    code, _, err = call("run", "--out", out)
    assert code == 2
    assert "out holds 00_x.ipynb, which no run wrote or which was edited since" in err
    assert "my answer" in (out / "00_x.ipynb").read_text()


def test_a_run_of_an_older_version_is_known_by_its_report(learner, call):
    out = learner.root / "out"
    call("run", "--out", out)
    notebook = learner.read("out/00_x.ipynb")
    del notebook["metadata"][outputs.MARK]
    (out / "00_x.ipynb").write_text(json.dumps(notebook))
    assert outputs.safe_folder(out) == out.resolve()
    (out / "report.json").unlink()
    with pytest.raises(UsageError, match="which no run wrote"):
        outputs.safe_folder(out)


def test_the_mark_is_not_stored_in_a_chapter(learner, call):
    (learner.root / "README.md").write_text("<!-- chapters -->\n<!-- /chapters -->\n")
    assert call("refresh")[0] == 0
    assert outputs.MARK not in learner.read("chapters/00_x.ipynb")["metadata"]
