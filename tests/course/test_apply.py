"""``course apply`` on notebooks of a few quick cells: what it passes on, what it writes, and what it refuses."""

import json
import shutil
import signal
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
from datasets.own_scans import dicom, nifti, patient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from utils.errors import CourseError

DATA = Path(__file__).parents[2] / "data"
PARAMETERS = 'profile = "quick"\nseed = 0\npath = "splice"\nsequence = None\nlabel = None\ngroup = None\nid = None'


@pytest.fixture
def own(course):
    """Writes chapters/own/sequences.ipynb with these code cells, and makes a table that can be studied."""
    (course.root / "data").mkdir()
    shutil.copy(DATA / "catalogue.toml", course.root / "data")
    rows = [f"{'ACGT'[n % 4] * (5 + n)},{'donor' if n % 2 else 'other'}" for n in range(40)]
    (course.root / "mine.csv").write_text("\n".join(["letters,what", *rows]))

    def own(*sources):
        cells = [new_markdown_cell("# A study", id="title")]
        cells.append(new_code_cell(PARAMETERS, id="parameters", metadata={"tags": ["parameters"]}))
        cells += [new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
        (course.root / "chapters" / "own").mkdir(exist_ok=True)
        metadata = {"course": {"title": "Your own sequences"}}
        nbformat.write(
            new_notebook(cells=cells, metadata=metadata), course.root / "chapters" / "own" / "sequences.ipynb"
        )
        return course.root / "mine.csv"

    return own


COLUMNS = ("--sequence", "letters", "--label", "what")


def page(course):
    return (course.root / "out" / "report.html").read_text(encoding="utf-8")


def test_the_notebook_gets_path_and_columns_and_the_page_shows_what_it_says_without_code(own, course, call):
    path = own(
        "print(path, sequence, label, group, seed, profile)",
        "from IPython.display import Markdown, display\ndisplay(Markdown('### Card of <b>all</b>'))",
        "import sys\nprint('a warning', file=sys.stderr)",
        "display({'text/plain': 'epoch 3 of 3: loss 0.1'}, raw=True)",
    )
    code, out, err = call("apply", "sequences", path, *COLUMNS, "--seed", "7", "--out", course.root / "out")
    assert code == 0, err
    assert f"Report: {course.root / 'out' / 'report.html'}" in out
    text = page(course)
    assert f"{path} letters what None 7 quick" in text
    assert "Card of" in text
    for hidden in ("print(", "IPython.display", "a warning", "epoch 3", "<script", "http://", 'src="https:'):
        assert hidden not in text, hidden
    executed = course.read("out/sequences.ipynb")
    assert "print(path" in json.dumps(executed)
    assert course.read("out/report.json")["parameters"]["label"] == "what"


def test_where_it_writes_and_where_it_refuses_to(own, course, call, monkeypatch):
    path = own("print(1)")
    monkeypatch.chdir(course.root)
    assert call("apply", "sequences", path, *COLUMNS)[0] == 0
    assert (course.root / "build" / "apply" / "sequences" / "report.html").exists()
    (course.root / "notes").mkdir()
    nbformat.write(new_notebook(cells=[new_code_cell("mine", id="a")]), course.root / "notes" / "sequences.ipynb")
    before = (course.root / "notes" / "sequences.ipynb").read_bytes()
    for folder in ("notes", "chapters/own", "work"):
        code, _, err = call("apply", "sequences", path, *COLUMNS, "--out", folder)
        assert code == 2
        assert "choose a folder of its own" in err
    assert (course.root / "notes" / "sequences.ipynb").read_bytes() == before


def test_a_study_that_fails_leaves_a_page_with_what_there_is_and_the_reason(own, course, call):
    path = own("print('understood')", "raise ValueError('the <b>reason</b>')", "print('never')")
    code, out, _ = call("apply", "sequences", path, *COLUMNS, "--out", course.root / "out")
    assert code == 1
    assert "sequences: cell 4 (cell-1): ValueError: the <b>reason</b>" in out
    assert "understood" in page(course)
    assert "The study ended early: cell 4 (cell-1): ValueError: the &lt;b&gt;reason&lt;/b&gt;" in page(course)
    assert "never" not in page(course)
    assert "Traceback" not in page(course)


def test_json_is_all_that_standard_output_holds(own, course, call):
    path = own("print(1)")
    code, out, err = call("apply", "sequences", path, *COLUMNS, "--out", course.root / "out", "--json")
    assert code == 0
    assert json.loads(out) == course.read("out/report.json")
    assert "report.html" in err


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("apply",), 2, "Missing argument 'KIND'"),
        (("apply", "sequences"), 2, "Missing argument 'PATH|NAME'"),
        (("apply", "sequences", "mine.csv", "--profile", "fast"), 2, "There is no profile 'fast'"),
        (("apply", "sequences", "mine.csv", "--seed", "-1"), 2, "Invalid value for '--seed'"),
        (("apply", "sequences", "mine.csv", "--sequence", "letter"), 1, "letter"),
        (("apply", "sequences", "mine.csv", "--time", "what"), 2, "no option --time"),
        (("apply", "sequences", ""), 2, "There is no dataset ''"),
    ],
)
def test_wrong_words_are_one_sentence_and_no_kernel(words, code, sentence, own, course, call, monkeypatch):
    own("print(1)")
    monkeypatch.chdir(course.root)
    monkeypatch.setattr("utils.course.runner.run", lambda *_: pytest.fail("a kernel was started"))
    found, _, err = call(*words)
    assert found == code
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
    assert not (course.root / "build").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process alone")
def test_ctrl_c_loses_nothing_that_is_finished(own, course):
    path = own("print('understood')", "import pathlib, time\npathlib.Path('busy').touch()\nwhile 1: time.sleep(0.1)")
    process = course.start("apply", "sequences", path, *COLUMNS, "--out", course.root / "out")
    deadline = time.monotonic() + 300
    while not (course.root / "busy").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    assert "Traceback" not in out + err
    assert "understood" in page(course)
    assert "The study ended early: interrupted" in page(course)
    assert "understood" in json.dumps(course.read("out/sequences.ipynb"))


@pytest.fixture
def passed_on(monkeypatch):
    """(job, how) of what would be executed; nothing is."""
    found = []

    def carry_out(jobs, folder, how):
        found.append((*jobs, how))
        raise CourseError("stopped here")

    monkeypatch.setattr("utils.course.apply.carry_out", carry_out)
    return found


def test_scans_pass_on_their_series_and_are_never_served_from_the_cache(own, course, call, passed_on):
    """A mask that is put beside a scan changes the study, though the scan itself and its path stay the same."""
    own("print(1)")
    dicom(course.root / "p1", patient(0)[0], number=4)
    dicom(course.root / "p1", patient(1)[0], number=5)
    assert "choose one with --series" in call("apply", "scans", course.root / "p1")[2]
    call("apply", "scans", course.root / "p1", "--series", "5", "--out", course.root / "out")
    nifti(course.root / "p2.nii.gz", patient(0)[0])
    call("apply", "scans", course.root / "p2.nii.gz", "--out", course.root / "out")
    (first, how), (second, _) = passed_on
    assert (first.parameters["series"], first.parameters["path"]) == ("5", str(course.root / "p1"))
    assert "series" not in second.parameters
    assert not how.cache


def test_files_with_commas_between_them_are_one_path(own, course, call, passed_on, monkeypatch):
    monkeypatch.chdir(course.root)
    for name, letters in (("a", "ACGT"), ("b", "TTGC")):
        records = [f">s{n}\n{letters}{'ACGT'[n % 4] * (n + 1)}\n" for n in range(8)]
        (course.root / f"{name}.fa").write_text("".join(records))
    own("print(1)")
    call("apply", "sequences", "a.fa,b.fa", "--out", course.root / "out")
    ((job, how),) = passed_on
    assert job.parameters["path"] == f"{course.root}/a.fa,{course.root}/b.fa"
    assert how.cache


def test_pictures_pass_on_their_size(own, course, call, passed_on):
    from PIL import Image

    own("print(1)")
    for n in range(24):
        path = course.root / "skin" / "ab"[n % 2] / f"{n}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((90, 100), n, np.uint8)).save(path)
    call("apply", "images", course.root / "skin", "--side", "32", "--out", course.root / "out")
    ((job, _),) = passed_on
    assert job.parameters["side"] == 32
    out = call("data", "check", course.root / "skin")[1]
    assert "smaller    the study makes the shorter side 64 pixels; --side 90 keeps all of them\n" in out
    assert "smaller" not in call("data", "check", course.root / "skin", "--side", "90")[1]
    assert call("data", "check", course.root / "skin", "--side", "32")[1].endswith("skin/ --side 32\n")
    assert call("data", "check", course.root / "skin", "--side", "x")[0] == 2


def test_the_notebooks_take_what_the_command_passes_on():
    """Each option of each kind is a parameter of its notebook."""
    from utils.course import notebooks
    from utils.datasets import own

    folder = Path(__file__).parents[2] / "chapters" / "own"
    for kind in own.KINDS:
        there = notebooks.parameters(notebooks.read(folder / f"{kind}.ipynb"), kind)
        assert {"profile", "seed", "path", *own.OPTIONS[kind]} <= there.keys(), kind
        assert all(there[option] is None for option in own.OPTIONS[kind])


def test_a_heading_over_nothing_is_left_out_of_the_page(own, course, call):
    path = own("pass", "pass", "print('shown')")
    notebook = course.read("chapters/own/sequences.ipynb")
    tag = {"tags": ["only-with-output"]}
    for place, (name, metadata) in enumerate((("first", tag), ("second", {}), ("third", tag))):
        text = new_markdown_cell(f"## The {name}", id=f"text-{place}", metadata=metadata)
        notebook["cells"].insert(2 + 2 * place, text)
    (course.root / "chapters" / "own" / "sequences.ipynb").write_text(json.dumps(notebook))
    code, _, err = call("apply", "sequences", path, *COLUMNS, "--out", course.root / "out")
    assert code == 0, err
    assert "The first" not in page(course)
    assert "The second" in page(course)
    assert "The third" in page(course)
    assert "The first" in json.dumps(course.read("out/sequences.ipynb"))
