"""pyproject.toml, requirements.lock, environment.yml, the Makefile and CI say the same thing."""

import re
import subprocess
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
    assert re.search(r"^make test$", script, re.M)
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    job = workflow["jobs"]["test"]
    assert {name.split("-")[0] for name in job["strategy"]["matrix"]["os"]} == {"ubuntu", "macos", "windows"}
    assert "bash .ci/run" in [step.get("run") for step in job["steps"]]


def test_no_test_is_skipped():
    words = ["mark" + ".skip", "mark" + ".xfail", "pytest" + ".skip(", "importor" + "skip"]
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in words if word in text], path.name


def test_make_lists_its_targets():
    listing = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"setup", "run", "test", "lab", "lock"} <= {line.split()[0] for line in listing.splitlines()}


def test_a_wrong_python_gets_one_clear_sentence(tmp_path):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(["make", "setup", "PYTHON="], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Python 3.11, 3.12 or 3.13 is needed" in done.stderr
