import json
import subprocess
import sys
from pathlib import Path

import pytest

from utils.course import cli, lab, readme
from utils.course.report import Report

HEAVY = {
    "IPython",
    "keras",
    "matplotlib",
    "nbformat",
    "numpy",
    "pandas",
    "papermill",
    "psutil",
    "pydantic",
    "tensorflow",
}


@pytest.mark.parametrize("words", [["--help"], ["list"], ["list", "--json"]])
def test_help_and_list_import_nothing_heavy(course, words, monkeypatch):
    course.chapter("00_x")
    code = (
        "import sys\n"
        "from utils.course.cli import main\n"
        f"sys.argv = ['course', *{words}]\n"
        "try:\n    main()\n"
        f"finally:\n    print('heavy:', *sorted({HEAVY} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stderr == "heavy:\n"


def test_notebooks_are_checked_without_the_grammars_that_take_a_second(course):
    course.chapter("00_x")
    code = (
        "import sys, course_start\n"
        "sys.argv = ['course', 'list']\n"
        "try:\n    course_start.command()\n"
        "finally:\n    import nbformat\n"
        "    nbformat.validate(nbformat.v4.new_notebook())\n"
        "    print(nbformat.validator.isvalid({'cells': 1}), 'lark' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "False False", done.stderr


def test_list(course, call):
    course.chapter(
        "03_cnn",
        title="Convolution",
        minutes={"reading": 50, "exercises": 20},
        datasets=["nuclei", "cifar10_small"],
        exercises={"3.1": "..."},
    )
    course.chapter("02_tools", datasets=[])
    code, out, _ = call("list")
    assert code == 0
    assert [line.split() for line in out.splitlines()][1:] == [
        ["02", "Tools", "10", "min", "0:", "5", "min", "–"],
        ["03", "Convolution", "50", "min", "1:", "20", "min", "nuclei,", "cifar10_small"],
    ]
    listed = json.loads(call("list", "--json")[1])
    assert listed[1] == {
        "name": "03_cnn",
        "number": 3,
        "title": "Convolution",
        "minutes": {"reading": 50, "exercises": 20},
        "datasets": ["nuclei", "cifar10_small"],
        "exercises": ["3.1"],
        "objectives": ["see"],
        "prerequisites": [],
        "source": ["§1"],
    }
    assert call("list", "--markdown")[1] == readme.table()


def test_a_chapter_that_cannot_be_listed_is_one_sentence(course, call):
    (course.root / "chapters" / "00_x.ipynb").write_text("{")
    code, _, err = call("list")
    assert code == 1
    assert err.startswith("course: ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("name", [name for name in cli.COMMANDS if name != "data"])
def test_every_command_has_a_sentence_and_an_example(call, name):
    code, out, _ = call(name, "--help")
    assert code == 0
    assert f"Example: course {name}" in out


def test_help_names_every_command_with_an_example(call):
    code, out, _ = call("--help")
    assert code == 0
    for name in cli.COMMANDS:
        assert f"\n  {name} " in out
        assert f" course {name}" in out


def test_data_is_mounted(call):
    code, out, _ = call("data", "--help")
    assert code == 0
    assert all(word in out for word in ("list", "fetch", "verify", "rebuild"))


WRONG = [
    (["lst"], "No such command 'lst'; did you mean 'list'? (see `course --help`)."),
    (["xyz"], "No such command 'xyz'; there are list, run, "),
    (["--jobs", "2"], "No such option '--jobs' (see `course --help`)."),
    (["list", "extra"], "Got unexpected extra argument (extra) (see `course list --help`)."),
    (["list", "--json=yes"], "'--json' does not take a value (see `course list --help`)."),
    (["list", "--jsn"], "No such option '--jsn'; did you mean '--json'? (see `course list --help`)."),
    (["list", "-j"], "No such option '-j'"),
    (["refresh", "--jobs"], "No such option '--jobs'"),
    (["progress", "03"], "Got unexpected extra argument (03)"),
    (["doctor", "--json", "now"], "Got unexpected extra argument (now)"),
    (["run", "-p"], "'-p' requires 2 arguments (see `course run --help`)."),
    (["run", "-p", "seed"], "'-p' requires 2 arguments"),
    (["run", "-pseed"], "'-p' requires 2 arguments"),
    (["run", "-p=seed"], "'-p' requires 2 arguments"),
    (["run", "-pseed=3"], "'-p' requires 2 arguments"),
    (["run", "-p", "seed=3"], "'-p' requires 2 arguments"),
    (["run", "--parameter=seed"], "'--parameter' requires 2 arguments"),
    (["run", "--parameter=seed=3"], "'--parameter' requires 2 arguments"),
    (["run", "--parameter"], "'--parameter' requires 2 arguments"),
    (["run", "-p", "seed=3", "00"], "'seed=3' is not a name"),
    (["run", "-p", "", "3"], "'' is not a name"),
    (["run", "-p", "a b", "3"], "'a b' is not a name"),
    (["run", "-p", "--seed", "3"], "'--seed' is not a name"),
    (["run", "-p", "seed", "--json"], "'--json' is an option"),
    (["run", "-p", "seed", "-p"], "'-p' is an option"),
    (["run", "-p", "seed", "a\udcffb"], "holds characters that cannot be shown"),
    (["run", "-p", "sead", "3"], "00_x has no parameter 'sead'"),
    (["run", "-psead", "3"], "00_x has no parameter 'sead'"),
    (["run", "-p", "profile", "full"], "--profile smoke"),
    (["run", "--jobs"], "'--jobs' requires an argument"),
    (["run", "--jobs=0"], "Invalid value for '--jobs'"),
    (["run", "--jobs", "-1"], "Invalid value for '--jobs'"),
    (["run", "--jobs", "two"], "Invalid value for '--jobs'"),
    (["run", "--timeout=1.5"], "Invalid value for '--timeout'"),
    (["run", "--profile"], "'--profile' requires an argument"),
    (["run", "--profile=fast"], "There is no profile 'fast'"),
    (["run", "--profile="], "There is no profile ''"),
    (["run", "--out"], "'--out' requires an argument"),
    (["run", "--solved=yes"], "'--solved' does not take a value"),
    (["run", "99"], "There is no chapter '99'"),
    (["run", "--", "--json"], "There is no chapter '--json'"),
    (["data", "lst"], "No such command 'lst'; did you mean 'list'? (see `course data --help`)."),
    (["data", "--json"], "No such option '--json'"),
    (["data", "list", "nuclei"], "Got unexpected extra argument (nuclei)"),
    (["data", "check"], "Missing argument 'PATH' (see `course data check --help`)."),
    (["data", "check", "a.csv", "--label"], "'--label' requires an argument"),
    (["data", "check", "a.csv", "b.csv"], "Got unexpected extra argument (b.csv)"),
    (["data", "verify", "--accept"], "No such option '--accept'"),
    (["data", "rebuild", "--accept=1"], "'--accept' does not take a value"),
    (["data", "fetch", "--all"], "No such option '--all'"),
]


@pytest.mark.parametrize(("words", "sentence"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_wrong_usage_is_one_sentence_and_ends_with_2(course, call, words, sentence):
    course.chapter("00_x")
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert err.startswith("course: ")
    assert err.endswith(".\n")
    assert err.count("\n") == 1
    assert sentence in err


@pytest.mark.parametrize(
    "words",
    [
        ["-p", "seed", "3"],
        ["-pseed", "3"],
        ["--parameter", "seed", "3"],
        ["--parameter=seed", "3"],
        ["-p", "seed", "1", "-p", "seed", "3"],
        ["-p", "seed", "-3", "--parameter", "seed", "3"],
    ],
    ids=" ".join,
)
def test_every_right_way_to_write_a_parameter(course, call, monkeypatch, words):
    course.chapter("00_x")
    report = Report("quick", 0.0, [])
    jobs = []
    monkeypatch.setattr("utils.course.run.carry_out", lambda given, *_: (jobs.extend(given), (report, False))[1])
    assert call("run", *words, "0", "--out", course.root / "out")[::2] == (0, "")
    assert [job.parameters for job in jobs] == [{"seed": 3}]


@pytest.mark.parametrize("words", [[], ["data"]], ids=["course", "course data"])
def test_a_group_alone_shows_its_page_of_help_and_ends_with_2(call, words):
    code, out, err = call(*words)
    assert (code, err) == (2, "")
    assert out == call(*words, "--help")[1]


@pytest.mark.parametrize("columns", [0, 1, 10, 25, 40])
@pytest.mark.parametrize(
    "words", [["list"], ["data", "list"], ["progress"], ["--help"], ["data", "--help"]], ids=" ".join
)
def test_a_narrow_terminal_still_shows_every_word(course, call, monkeypatch, words, columns):
    course.chapter("03_cnn", title="Convolution", datasets=["nuclei", "cifar10_small"], exercises={"3.1": "..."})
    lab.copy_chapters()
    if words[0] == "data":
        monkeypatch.delenv("COURSE_ROOT")
    code, out, err = call(*words, columns=columns)
    assert (code, err) == (0, "")
    assert "…" not in out
    text = " ".join(out.split())
    shown = {"list": "Convolution", "progress": "03_cnn", "data": "cifar10", "--help": "course run"}[words[0]]
    assert shown in text
    assert max(len(line.split()) for line in out.splitlines()) > 1  # not one word, or letter, a line


def test_a_command_is_imported_when_it_is_called(course):
    course.chapter("00_x")
    code = (
        "import sys\n"
        "from utils.course.cli import main\n"
        "try:\n    main(['list', '--json'])\n"
        "finally:\n    print(*sorted(name for name in sys.modules if name.startswith('utils.course.commands.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "utils.course.commands.list"


def test_lab_passes_words_on_in_their_order(call, monkeypatch):
    given = []
    monkeypatch.setattr("utils.course.lab.open_lab", given.extend)
    assert call("lab", "--work", "mine", "--port=8899", "notes", "--", "--no-browser", "--help")[0] == 0
    assert given == ["--work", "mine", "--port=8899", "notes", "--no-browser", "--help"]


def test_memory_that_runs_out_is_one_sentence(call, monkeypatch):
    def full(*_):
        raise ImportError("libzmq.so: failed to map segment from shared object")

    monkeypatch.setattr("utils.course.listing.show", full)
    code, _, err = call("list")
    assert code == 1
    assert err.startswith("course: memory ran out (libzmq.so: failed to map segment from shared object): close other")
    assert err.count("\n") == 1


def test_an_output_that_cannot_be_written_is_one_sentence(course, call, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("utils.course.listing.show", full)
    assert call("list") == (1, "", "course: the output cannot be read or written (No space left on device).\n")


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_closed_stream_is_no_reason_to_fall_over(course, call, monkeypatch, closed):
    course.chapter("00_x")
    monkeypatch.setattr(sys, closed, None)
    assert call("list", "--json")[0] == 0


def test_a_missing_package_is_one_sentence(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "utils.course.data", None)  # what Python does for a module that is not there
    code, _, err = call("data", "list")
    assert code == 1
    assert "`course doctor` says how to repair it" in err
