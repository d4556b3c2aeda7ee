"""README by the letter: every command in its blocks is run, here or in the test that is named for it."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import ROOT

from utils.course import readme, results_table
from utils.course.lab import copy_chapters
from utils.errors import CourseError

ELSEWHERE = {
    "make run": "test_newcomer.py",
    "make test": "../.ci/run",
    "course lab": "course/test_lab.py",
    "course apply sequences genes.csv": "test_own_chapters.py",
    "py -m venv .venv": "../.ci/run",
    r".venv\Scripts\python -m pip install --require-hashes -r requirements.lock": "../.ci/run",
    r".venv\Scripts\python -m pip install --no-deps --no-build-isolation --editable .": "../.ci/run",
}
PAGE = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"^```\n(.*?)^```$", PAGE, re.M | re.S) for line in block.splitlines() if line.strip()
]
HERE = [command for command in COMMANDS if command not in ELSEWHERE]


def test_every_command_is_run_somewhere():
    assert set(ELSEWHERE) <= set(COMMANDS)
    assert [place for place in ELSEWHERE.values() if not (ROOT / "tests" / place).exists()] == []
    assert len(HERE) >= 8


@pytest.fixture
def clone(tmp_path):
    """A folder with what the commands read, so that what they write is not written into this checkout."""
    for name in ("chapters", "data", "site"):
        shutil.copytree(ROOT / name, tmp_path / "course" / name)
    shutil.copy(ROOT / "requirements.lock", tmp_path / "course")
    letters = np.random.default_rng(0).choice(list("ACGT"), size=(60, 20))
    rows = [f"{''.join(row)},{label}\n" for row, label in zip(letters, ["donor", "none"] * 30, strict=True)]
    (tmp_path / "course" / "genes.csv").write_text("sequence,label\n" + "".join(rows), encoding="utf-8")
    copy_chapters(tmp_path / "course" / "work")  # as `course lab` does
    return tmp_path / "course"


def test_the_commands_work_one_after_the_other(clone, tmp_path):
    environment = os.environ | {
        "HOME": str(tmp_path),
        "USERPROFILE": str(tmp_path),
        "COURSE_ROOT": str(clone),
        "COURSE_CACHE_DIR": str(tmp_path / "cache"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
    }
    for command in HERE:
        if command.startswith("course grade"):
            sent = tmp_path / "class" / "submitted" / "ada" / "03_cnn"
            shutil.copytree(tmp_path / "class" / "release" / "03_cnn", sent)
        words = [shutil.which("course", path=environment["PATH"]), *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=clone, env=environment, capture_output=True, text=True)
        said = f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        if command.startswith("course grade") and sys.platform != "linux":
            assert (done.returncode, "bubblewrap" in done.stderr) == (1, True), said
        else:
            assert done.returncode == 0, said


def test_the_table_of_results_is_that_of_the_measurements():
    assert PAGE.count("<!-- results -->") == 1
    assert readme.with_table(PAGE) == PAGE
    assert {row.task for row in results_table.measured()} >= {task for _, task, *_ in results_table.SHOWN}


def test_a_result_that_is_not_measured_is_named(tmp_path, monkeypatch):
    page = (ROOT / "bench" / "README.md").read_text(encoding="utf-8").replace("| U-Net | Dice |", "| V-Net | Dice |")
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "README.md").write_text(page, encoding="utf-8")
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    with pytest.raises(CourseError, match="no Dice of U-Net in nuclei segmentation"):
        results_table.table()
