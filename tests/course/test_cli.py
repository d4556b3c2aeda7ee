import json
import subprocess
import sys
from pathlib import Path

import pytest

from utils.course import readme

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


def test_list(course, call):
    course.chapter(
        "03_cnn", title="Convolution", minutes=50, datasets=["nuclei", "cifar10_small"], exercises={"3.1": "..."}
    )
    course.chapter("02_tools", datasets=[])
    code, out, _ = call("list")
    assert code == 0
    assert [line.split() for line in out.splitlines()][1:] == [
        ["02", "Tools", "10", "0", "–"],
        ["03", "Convolution", "50", "1", "nuclei,", "cifar10_small"],
    ]
    listed = json.loads(call("list", "--json")[1])
    assert listed[1] == {
        "name": "03_cnn",
        "number": 3,
        "title": "Convolution",
        "minutes": 50,
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


@pytest.mark.parametrize("name", ["list", "run", "refresh", "lab", "progress", "doctor"])
def test_every_command_has_a_sentence_and_an_example(call, name):
    code, out, _ = call(name, "--help")
    assert code == 0
    assert f"Example: course {name}" in out


def test_help_names_every_command_with_an_example(call):
    code, out, _ = call("--help")
    assert code == 0
    for name in ("list", "run", "refresh", "lab", "progress", "data", "doctor"):
        assert f"\n  {name} " in out
        assert f" course {name}" in out


def test_data_is_mounted(call):
    code, out, _ = call("data", "--help")
    assert code == 0
    assert all(word in out for word in ("list", "fetch", "verify", "rebuild"))


@pytest.mark.parametrize(
    ("words", "sentence"), [(["lst"], "No such command 'lst'"), (["list", "extra"], "extra"), ([], "")]
)
def test_wrong_usage_ends_with_2(call, words, sentence):
    code, _, err = call(*words)
    assert code == 2
    assert sentence in err


def test_a_missing_package_is_one_sentence(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "utils.course.data", None)  # what Python does for a module that is not there
    code, _, err = call("data", "list")
    assert code == 1
    assert "`course doctor` says how to repair it" in err
