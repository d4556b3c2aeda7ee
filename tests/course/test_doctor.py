import json
import shutil

import pytest

from utils.course import doctor
from utils.errors import CourseError

LOCK_LINE = "{}=={} \\\n    --hash=sha256:0\n    # via x\n"


def test_the_quick_checks_are_content_with_this_machine():
    for check in (doctor.python, doctor.packages, doctor.cores, doctor.disk, doctor.cache, doctor.embedded_data):
        finding = check()
        assert finding.ok, finding
        assert finding.mend is None


def test_a_kernel_really_starts():
    assert doctor.kernel().found == "starts, and 1 + 1 is 2"


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
    assert "-m uv pip install" in finding.mend
    lock.unlink()
    assert doctor.packages().mend == "git checkout -- requirements.lock"


def test_little_memory_and_little_disk(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "MEMORY_NEEDED", 2**60)
    monkeypatch.setattr(doctor, "DISK_NEEDED", 2**60)
    assert doctor.memory().mend == "close other programs, and use: course run --jobs 1"
    assert "make room" in doctor.disk().mend


def test_a_cache_that_cannot_be_written(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file"))
    assert "COURSE_DATA_DIR" in doctor.cache().mend


def test_broken_data_are_named_with_what_brings_them_back(monkeypatch, tmp_path):
    from utils.datasets import catalogue, store

    name, entry = next((name, entry) for name, entry in catalogue().items() if entry.embedded)
    for file in (file for each in catalogue().values() if each.embedded for file in each.files):
        (tmp_path / file.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(store.location(entry, file), tmp_path / file.path)
    monkeypatch.setattr(store, "DATA", tmp_path)
    assert doctor.embedded_data().ok
    (tmp_path / entry.files[0].path).write_bytes(b"cut short")
    finding = doctor.embedded_data()
    assert not finding.ok
    assert f"{entry.files[0].path} is wrong" in finding.found
    assert finding.mend == f"course data rebuild {name}"


def test_the_doctor_does_not_fall_over_what_is_broken(monkeypatch, call):
    def broken():
        raise CourseError("no catalogue")

    monkeypatch.setattr(doctor, "kernel", lambda: doctor.Finding("kernel", True, "starts"))
    monkeypatch.setattr(doctor, "keras", lambda: doctor.Finding("Keras", True, "3"))
    monkeypatch.setattr(doctor, "packages", lambda: doctor.Finding("packages", True, "all"))
    monkeypatch.setattr(doctor, "embedded_data", broken)
    code, out, _ = call("doctor")
    assert code == 1
    assert "the check failed with CourseError: no catalogue" in out
    assert "1 to mend." in out
    code, out, _ = call("doctor", "--json")
    assert code == 1
    assert [finding["name"] for finding in json.loads(out) if not finding["ok"]] == ["broken"]


@pytest.mark.parametrize(("source", "sentence"), [("import no_such_module", "No module named"), ("1 / 0", "division")])
def test_a_check_in_a_kernel_that_fails_says_so(source, sentence):
    printed, error = doctor.in_kernel(f"print('before')\n{source}")
    assert printed == "before"
    assert sentence in error
