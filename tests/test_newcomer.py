"""A newcomer: a clone in an empty folder, and the README's command: every chapter, in smoke, every exercise solved."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import CHAPTERS, ROOT, read

from utils.course import results
from utils.course.environment import THREADS
from utils.exercises.sources import exercise_ids


class Clone:
    """A clone of the course as it is now, and a shell as a newcomer's is: nothing of ours, and no earlier run."""

    def __init__(self, folder):
        self.folder = folder / "course"
        subprocess.run(["git", "clone", "--quiet", ROOT, self.folder], check=True)
        self.commit_what_is_not()
        private = ("COURSE_", "VIRTUAL_ENV", "PYTHON", "PYTEST", "MAKE", "MFLAGS", "COLUMNS", *THREADS)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(private)}
        self.environment["COURSE_CACHE_DIR"] = str(folder / "cache")

    def commit_what_is_not(self):
        """Take over, and commit in the clone, what nobody has committed yet: that is what is being tested."""
        here, there = (
            subprocess.run(
                ["git", "ls-files", "-z", *others], cwd=folder, capture_output=True, text=True, check=True
            ).stdout.split("\0")[:-1]
            for folder, others in ((ROOT, ["--cached", "--others", "--exclude-standard"]), (self.folder, []))
        )
        for name in {*here, *there}:
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / name, self.folder / name)
            else:
                (self.folder / name).unlink(missing_ok=True)
        author = ["-c", "user.name=a tester", "-c", "user.email=tester@example.org"]
        subprocess.run(["git", "add", "--all"], cwd=self.folder, check=True)
        changed = subprocess.run(["git", "diff", "--cached", "--quiet"], cwd=self.folder).returncode
        if changed:
            subprocess.run(["git", *author, "commit", "--quiet", "-m", "now"], cwd=self.folder, check=True)

    def call(self, *words):
        """Returns (exit status, what was printed)."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = subprocess.run(words, cwd=self.folder, env=self.environment, **pipes)
        return done.returncode, done.stdout

    def report(self):
        return json.loads((self.folder / "build" / "run" / "report.json").read_text(encoding="utf-8"))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no make: .ci/run gives README's other commands there")
@pytest.mark.first(1000.0)
def test_the_readmes_command_works_in_a_fresh_clone(tmp_path):
    commands = re.search(
        r"```\n(make run)\n(make test)\n```", (ROOT / "README.md").read_text(encoding="utf-8")
    ).groups()
    assert commands == ("make run", "make test")

    clone = Clone(tmp_path)
    command = ["make", "run", "ARGS=--profile smoke --solved"]
    code, printed = clone.call(*command)
    assert code == 0, printed[-4000:]
    assert "report.html" in printed
    report = clone.report()
    assert (report["profile"], report["edition"]) == ("smoke", "solved")
    assert [chapter["name"] for chapter in report["chapters"]] == [path.stem for path in CHAPTERS]
    for number, chapter in enumerate(report["chapters"]):
        assert (chapter["status"], chapter["cached"]) == ("ok", False), chapter
        assert len(chapter["claims"]) >= (2 if number else 1)
        assert not any(claim["judged"] for claim in chapter["claims"])
        assert 0 < chapter["peak_rss_mb"] < 2000
        executed = read(clone.folder / "build" / "run" / f"{chapter['name']}.ipynb")
        found = {name: record["status"] for name, record in results.exercises(executed).items()}
        assert found == dict.fromkeys(exercise_ids(number), "passed"), chapter["name"]

    code, printed = clone.call(*command)  # nothing has changed: it is all there
    assert code == 0, printed[-4000:]
    again = clone.report()
    assert all(chapter["cached"] for chapter in again["chapters"]), [chapter["why"] for chapter in again["chapters"]]
    assert [chapter["claims"] for chapter in again["chapters"]] == [chapter["claims"] for chapter in report["chapters"]]

    assert "Nothing to be done" in clone.call("make", "setup")[1]
    assert clone.call("git", "status", "--porcelain") == (0, "")
