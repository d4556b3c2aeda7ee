"""The commands of the teacher's page, by the letter, after its set-up: from a class to marks."""

import os
import re
import subprocess

from conftest import ROOT
from sandboxes import needs_sandbox

from utils.course.environment import guarded

SET_UP = ("git clone", "cd deep", "sudo apt", "make setup")  # what this machine has done already


@needs_sandbox
def test_from_clone_to_marks(tmp_path):
    text = (ROOT / "TEACHING.md").read_text(encoding="utf-8")
    section = text.split("## From clone to marks")[1].split("## ")[0]
    commands = [line for block in re.findall(r"```\n(.*?)```", section, re.DOTALL) for line in block.splitlines()]
    assert len(commands) == 10
    assert tuple(one for one in commands if one.startswith(SET_UP)) == tuple(commands[:4])
    (tmp_path / "bin").mkdir()
    environment = guarded(tmp_path / "settings") | {"HOME": str(tmp_path), "COLUMNS": "200"}
    # One chapter is enough, and quick; the page says it for all of them.
    script = "\n".join(commands[4:]).replace("course release --to", "course release 03 --to")
    assert script != "\n".join(commands[4:])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        env=environment | {"COURSE_CACHE_DIR": str(tmp_path / "cache"), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ada,0.0,0.0" in done.stdout
    assert done.stdout.strip().endswith("03_cnn.html")
