"""A newcomer: a clone in an empty folder, the README's command, four chapters executed."""

import json
import os
import re
import subprocess
import sys

import pytest
from conftest import CHAPTERS, ROOT


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no make: .ci/run gives README's other commands there")
def test_the_readmes_command_works_in_a_fresh_clone(tmp_path):
    commands = re.search(
        r"```\n(make run)\n(make test)\n```", (ROOT / "README.md").read_text(encoding="utf-8")
    ).groups()
    assert commands == ("make run", "make test")

    clone = tmp_path / "course"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    private = ("COURSE_", "VIRTUAL_ENV", "PYTHON", "MAKE", "MFLAGS")  # what a newcomer's shell does not have
    environment = {name: value for name, value in os.environ.items() if not name.startswith(private)}
    run = {"cwd": clone, "env": environment, "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}

    done = subprocess.run(["make", "run", "ARGS=--profile smoke --jobs 2"], **run)
    assert done.returncode == 0, done.stdout[-4000:]
    assert "report.html" in done.stdout
    report = json.loads((clone / "build" / "run" / "report.json").read_text(encoding="utf-8"))
    assert [chapter["status"] for chapter in report["chapters"]] == ["ok"] * len(CHAPTERS)

    again = subprocess.run(["make", "setup"], **run)
    assert "Nothing to be done" in again.stdout
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert changed.stdout == ""
