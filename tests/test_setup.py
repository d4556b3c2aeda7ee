"""pyproject.toml, requirements.lock, environment.yml, the Makefile and CI say the same thing."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from importlib.metadata import version

import pytest
import yaml
from conftest import ROOT
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.version import Version

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
WANTED = [
    Requirement(text)
    for texts in [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    for text in texts
]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PINS = [Requirement(line.rstrip(" \\")) for line in LOCK.splitlines() if re.match(r"[a-zA-Z0-9]", line)]


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(name):
    """The versions of a package in the lock: several, where they depend on the Python version or the system."""
    return [Version(next(iter(pin.specifier)).version) for pin in PINS if normal(pin.name) == normal(name)]


@pytest.mark.parametrize("wanted", WANTED, ids=lambda requirement: requirement.name)
def test_the_lock_satisfies_the_project(wanted):
    assert pinned(wanted.name), f"{wanted.name} is not in the lock: run make lock"
    for found in pinned(wanted.name):
        assert wanted.specifier.contains(found, prereleases=True)


def test_every_pin_is_exact_and_hashed():
    assert len(PINS) > 100
    for block in re.split(r"\n(?=[a-zA-Z0-9])", LOCK[LOCK.index("absl-py==") :]):
        assert re.match(r"[\w.\-\[\]]+==\S+", block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block.splitlines()[0]


def test_the_lock_carries_no_address():
    assert "://" not in LOCK


def test_what_is_installed_is_what_is_locked():
    """This environment is the locked one, package for package."""
    here = default_environment()
    for pin in PINS:
        if pin.marker is None or pin.marker.evaluate(here):
            assert version(pin.name) == next(iter(pin.specifier)).version, pin.name


def test_conda_users_get_the_same():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    assert environment["name"] == PROJECT["name"]
    python, pip, nested = environment["dependencies"]
    assert python.split()[0] == "python"
    assert python.split()[1] == PROJECT["requires-python"]
    assert (pip, nested) == ("pip", {"pip": ["--requirement requirements.lock"]})


def test_the_given_packages_are_there():
    names = {normal(requirement.name) for requirement in WANTED}
    assert names >= {"jupyterlab", "keras", "tensorflow", "matplotlib", "nbval", "papermill"}


def test_ci_calls_the_tests_and_skips_nothing():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"^  make test$", script, re.M)
    readme = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\", "/").replace("py -m venv", "python -m venv")
    for line in re.search(r"^else.*\n((?:  .*\n)+)fi$", script, re.M).group(1).splitlines():
        assert line.strip().replace(" --quiet", "").removeprefix(".venv/Scripts/") in readme, "not what README says"
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["test"]
    assert {name.split("-")[0] for name in job["strategy"]["matrix"]["os"]} == {"ubuntu", "macos", "windows"}
    assert "bash .ci/run" in [step.get("run") for step in job["steps"]]


SYSTEMS = re.compile(r"mark\.skip" + r"if\(\s*sys\.platform [=!]= \"\w+\",\s*reason=\"[^\"]{20,}\"\s*,?\s*\)")
FOR_ONE_SYSTEM = 12  # tests of what exists on one system only: at most this many, of thousands


def test_no_test_is_skipped_except_for_what_one_system_lacks():
    words = ["mark" + ".skip", "mark" + ".xfail", "pytest" + ".skip(", "importor" + "skip"]
    allowed = []
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        allowed += [(path.name, found) for found in SYSTEMS.findall(text)]
        rest = SYSTEMS.sub("", text)
        assert not [word for word in words if word in rest], path.name
    assert len(allowed) <= FOR_ONE_SYSTEM, allowed


needs_make = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no make: README gives its commands")

FAKE = """#!/bin/bash
# stands in for Python, pip and uv: makes the folder that they would make, and writes down how it was called
me=$(cd "$(dirname "$0")" && pwd -P)/$(basename "$0")
echo "$(basename "$0") $*" >> "$LOG"
case "$*" in
  *"-m venv"*)
    for folder; do :; done
    mkdir -p "$folder/bin"
    for name in python uv course; do cp "$me" "$folder/bin/$name"; done ;;
  *"-m pip"*)
    [ -z "$FAIL" ] || exit 1
    [ -z "$HANG" ] || { touch "$HANG"; while :; do sleep 0.1; done; } ;;
esac
"""


class SetUp:
    """The Makefile in a folder of its own, with a stand-in for Python, pip and uv."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        for name in ("Makefile", "requirements.lock", "pyproject.toml"):
            (folder / name).write_bytes((ROOT / name).read_bytes())
        (folder / "fake").write_text(FAKE)
        (folder / "fake").chmod(0o755)

    def start(self, *words, **variables):
        private = ("MAKE", "MFLAGS", "PIP_", "PYTHON")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(private)}
        environment |= {"LOG": str(self.folder / "log")} | {name: str(value) for name, value in variables.items()}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        command = ["make", "PYTHON=./fake", *words]
        return subprocess.Popen(command, cwd=self.folder, env=environment, start_new_session=True, **pipes)

    def make(self, *words, **variables):
        process = self.start(*words, **variables)
        printed, _ = process.communicate()
        return process.returncode, printed

    def calls(self):
        """What the stand-ins were called with since the last look."""
        text = (self.folder / "log").read_text() if (self.folder / "log").exists() else ""
        (self.folder / "log").write_text("")
        return [line for line in text.splitlines() if "-c" not in line.split()]


@pytest.fixture
def set_up(tmp_path):
    return SetUp(tmp_path / "a 'clone' (of ours)")


ANEW = "The .venv here is unfinished, or was made for another folder: making it anew."


@needs_make
def test_set_up_is_done_once_and_finds_again_what_it_did(set_up):
    assert set_up.make("setup")[0] == 0
    assert "fake -I -m venv .venv" in set_up.calls()
    code, printed = set_up.make("run", "ARGS=--profile smoke")
    assert code == 0
    assert ANEW not in printed
    assert set_up.calls() == ["course run --profile smoke"]


@needs_make
def test_a_clone_that_was_moved_or_copied_is_set_up_anew(set_up, tmp_path):
    set_up.make("setup")
    (set_up.folder / ".venv" / "of_before").touch()
    shutil.copytree(set_up.folder, tmp_path / "copy", symlinks=True)
    set_up.folder.rename(tmp_path / "moved")
    for name in ("copy", "moved"):
        set_up.folder = tmp_path / name
        set_up.calls()
        code, printed = set_up.make("run")
        assert code == 0
        assert ANEW in printed
        assert set_up.calls()[-1] == "course run"
        assert not (set_up.folder / ".venv" / "of_before").exists()
        assert set_up.make("run") == (0, "")


@needs_make
@pytest.mark.parametrize("way", ["stopped", "failed", "half", "python gone"])
def test_an_unfinished_set_up_does_not_block_the_next(set_up, way):
    if way == "stopped":
        hanging = set_up.folder / "hanging"
        process = set_up.start("setup", HANG=hanging)
        while not hanging.exists() and process.poll() is None:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGTERM)  # Ctrl-C does the same, unless a test run in the background ignores it
        process.communicate(timeout=60)
        assert process.returncode != 0
    elif way == "failed":
        assert set_up.make("setup", FAIL="yes")[0] != 0
    elif way == "half":
        (set_up.folder / ".venv" / "bin").mkdir(parents=True)
        shutil.copy(set_up.folder / "fake", set_up.folder / ".venv" / "bin" / "python")
    else:
        set_up.make("setup")
        (set_up.folder / ".venv" / "bin" / "python").unlink()
        (set_up.folder / ".venv" / "bin" / "python").symlink_to("/no/longer/there")
    set_up.calls()
    code, printed = set_up.make("setup")
    assert code == 0, printed
    assert ANEW in printed
    assert "fake -I -m venv .venv" in set_up.calls()
    assert set_up.make("setup")[0] == 0
    assert set_up.calls() == []


@needs_make
def test_a_new_lock_is_installed_into_the_environment_that_is_there(set_up):
    set_up.make("setup")
    (set_up.folder / ".venv" / "of_before").touch()
    past = (set_up.folder / "requirements.lock").stat().st_mtime - 1000
    os.utime(set_up.folder / ".venv" / "installed", (past, past))
    set_up.calls()
    assert set_up.make("setup")[0] == 0
    assert [call.split()[0] for call in set_up.calls()] == ["fake", "python", "uv", "uv"]
    assert (set_up.folder / ".venv" / "of_before").exists()


@needs_make
def test_packages_go_where_they_belong_whatever_the_user_has_set(set_up):
    fake = set_up.folder / "fake"
    fake.write_text(
        fake.read_text().replace('"$0") $*"', '"$0") $PIP_USER/$PIP_TARGET/$PYTHONHOME/$PYTHONOPTIMIZE $*"')
    )
    set_up.make("setup", PIP_USER="1", PIP_TARGET="/elsewhere", PYTHONHOME="/elsewhere", PYTHONOPTIMIZE="1")
    assert {call.split()[1] for call in set_up.calls()} == {"0///"}


def test_windows_users_get_the_commands_that_make_gives_to_others():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.count(".venv\\Scripts\\python -m pip install") == 2
    assert ".venv\\Scripts\\activate" in readme


def test_scripts_have_unix_line_endings_on_every_system_and_data_stay_as_they_are():
    names = {
        "eol": [".ci/run", "Makefile", "requirements.lock", "chapters/00_start_here.ipynb", "tests/conftest.py"],
        "text": [str(path.relative_to(ROOT)) for path in (ROOT / "data").rglob("*") if path.is_file()],
    }
    wanted = {"eol": "lf", "text": "unset"}
    for attribute, files in names.items():
        asked = subprocess.run(
            ["git", "check-attr", attribute, "--", *files], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        assert {line.rpartition(": ")[2] for line in asked.splitlines()} == {wanted[attribute]}, asked
    assert b"\r" not in (ROOT / ".ci" / "run").read_bytes()


@needs_make
def test_make_lists_its_targets():
    listing = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"setup", "run", "test", "lab", "lock"} <= {line.split()[0] for line in listing.splitlines()}


@needs_make
def test_a_wrong_python_gets_one_clear_sentence(tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(["make", "setup", "PYTHON="], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Python 3.11, 3.12 or 3.13 is needed" in done.stderr
