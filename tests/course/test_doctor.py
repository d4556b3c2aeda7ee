import json
import os
import shutil
import sys
from pathlib import Path

import pytest

import utils
from utils.course import doctor, environment, kernel_checks
from utils.errors import CourseError

LOCK_LINE = "{}=={} \\\n    --hash=sha256:0\n    # via x\n"


def test_the_quick_checks_are_content_with_this_machine():
    for check in (doctor.python, doctor.packages, doctor.cores, doctor.disk, doctor.cache, doctor.embedded_data):
        finding = check()
        assert finding.ok, finding
        assert finding.fix is None


def test_a_kernel_really_starts_draws_and_trains(course):
    (course.root / "work").mkdir()
    (course.root / "work" / "utils.py").write_text("raise SystemExit('a strange utils was imported')")
    findings = {check.__name__: check() for check in (doctor.kernel, doctor.figure, doctor.keras)}
    assert [finding for finding in findings.values() if not finding.ok] == []
    assert findings["kernel"].found == f"starts; utils comes from {Path(utils.__file__).parent}"
    assert "tensorflow, float32, channels_last; a step of training was taken" in findings["keras"].found


@pytest.mark.parametrize(
    ("said", "check", "sentence"),
    [
        ([sys.executable, "/elsewhere/utils.py", True], "kernel", "/elsewhere/utils.py instead of"),
        ([sys.executable, utils.__file__, False], "kernel", "False instead of True"),
        ([True, environment.KERAS_SETTINGS | {"floatx": "float16"}, 0], "keras", "float16, channels_last instead of"),
        ([False, environment.KERAS_SETTINGS, 0], "keras", "not a number"),
    ],
)
def test_a_kernel_that_is_not_as_it_should_be_is_found(monkeypatch, said, check, sentence):
    monkeypatch.setattr(kernel_checks, "in_kernel", lambda source: (said, None))
    finding = getattr(kernel_checks, check)()
    assert not finding.ok
    assert sentence in finding.found
    assert finding.fix


def test_a_backend_that_cannot_work_is_found_once_with_what_removes_it(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "nonsense")
    for check in ("embedded_data", "packages"):
        monkeypatch.setattr(doctor, check, lambda: doctor.Finding("fine", True, "all"))
    wrong = [finding for finding in doctor.examine() if not finding.ok]
    assert [finding.name for finding in wrong] == ["settings"]
    assert "KERAS_BACKEND is 'nonsense'" in wrong[0].found
    assert wrong[0].fix == environment.unset("KERAS_BACKEND").strip("`")


def test_an_environment_that_was_made_for_another_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path / ".venv"))
    (tmp_path / ".venv").mkdir()
    assert doctor.environment().ok
    (tmp_path / ".venv" / "installed").write_text(f"{tmp_path.resolve()}\n")
    assert doctor.environment().ok
    (tmp_path / ".venv" / "installed").write_text("/before/it/was/moved\n")
    finding = doctor.environment()
    assert (finding.ok, finding.found) == (
        os.name != "posix",
        f"{tmp_path / '.venv'} was made for /before/it/was/moved",
    )


def test_copies_that_cannot_be_written(course, monkeypatch):
    assert doctor.copies().found == f"{course.root / 'work'} can be made"
    (course.root / "work").mkdir()
    assert doctor.copies().found == f"{course.root / 'work'} can be written"
    monkeypatch.setattr(os, "access", lambda path, mode: mode == os.F_OK)
    finding = doctor.copies()
    assert (finding.ok, finding.fix) == (False, "course lab --work ~/deep_learning_in_medicine")
    monkeypatch.setenv("COURSE_WORK", "chapters")
    assert "belongs to the course itself" in doctor.copies().found
    assert doctor.copies().fix == environment.unset("COURSE_WORK").strip("`")


def test_commands_work_from_where_they_are_typed(course, monkeypatch, tmp_path_factory):
    monkeypatch.setattr(os, "name", "posix")
    monkeypatch.chdir(course.root)
    assert doctor.make("clean setup") == "make clean setup"
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert doctor.make("setup") == f"make -C {course.root} setup"
    assert f"-r {course.root / 'requirements.lock'}" in doctor.reinstall()


def test_packages_that_differ_from_the_lock(course):
    from importlib.metadata import version

    lock = course.root / "requirements.lock"
    lock.write_text(
        "# a comment\n"
        + LOCK_LINE.format("numpy", "0.1")
        + LOCK_LINE.format("no-such-package", "2")
        + LOCK_LINE.format("rich", version("rich"))
        + 'not-for-here==1 ; python_full_version < "3" \\\n'
    )
    finding = doctor.packages()
    assert not finding.ok
    assert finding.found == f"numpy is {version('numpy')} instead of 0.1; no-such-package is missing"
    assert "-m uv pip install" in finding.fix
    lock.unlink()
    assert doctor.packages().fix == "git checkout -- requirements.lock"


def test_little_memory_and_little_disk(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "MEMORY_NEEDED", 2**60)
    monkeypatch.setattr(doctor, "DISK_NEEDED", 2**60)
    assert doctor.memory().fix == "close other programs, and use: course run --jobs 1"
    assert "make room" in doctor.disk().fix


def test_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file"))
    assert "COURSE_DATA_DIR" in doctor.cache().fix


def test_broken_data_are_named_with_what_brings_them_back(course, monkeypatch):
    from utils.datasets import catalogue, store

    monkeypatch.delenv("COURSE_ROOT")
    embedded = [entry for entry in catalogue().values() if entry.embedded]
    copies = {
        course.root / "data" / file.path: store.location(entry, file) for entry in embedded for file in entry.files
    }
    copies[course.root / "data" / "catalogue.toml"] = doctor.root() / "data" / "catalogue.toml"
    for copy, original in copies.items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(original, copy)
    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    assert doctor.embedded_data().ok
    (course.root / "data" / embedded[0].files[0].path).write_bytes(b"cut short")
    finding = doctor.embedded_data()
    assert not finding.ok
    assert f"{embedded[0].files[0].path} is wrong" in finding.found
    assert finding.fix == f"course data rebuild {embedded[0].name}"


def test_the_doctor_does_not_fall_over_what_is_broken(monkeypatch, call):
    def broken():
        raise CourseError("no catalogue")

    monkeypatch.setattr(doctor, "kernel", lambda: doctor.Finding("kernel", True, "starts"))
    monkeypatch.setattr(doctor, "figure", lambda: doctor.Finding("figure", True, "drawn"))
    monkeypatch.setattr(doctor, "keras", lambda: doctor.Finding("Keras", True, "3"))
    monkeypatch.setattr(doctor, "packages", lambda: doctor.Finding("packages", True, "all"))
    monkeypatch.setattr(doctor, "embedded_data", broken)
    code, out, _ = call("doctor")
    assert code == 1
    assert "the check failed with CourseError: no catalogue" in out
    assert "1 to fix." in out
    code, out, _ = call("doctor", "--json")
    assert code == 1
    assert [finding["name"] for finding in json.loads(out) if not finding["ok"]] == ["broken"]


@pytest.mark.parametrize(("source", "sentence"), [("import no_such_module", "No module named"), ("1 / 0", "division")])
def test_a_check_in_a_kernel_that_fails_says_so(source, sentence):
    said, error = kernel_checks.in_kernel(f"print('before')\n{source}")
    assert said is None
    assert sentence in error
