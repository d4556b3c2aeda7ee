"""Memory that runs out is named as the reason, however the system says it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from utils.course import memory
from utils.errors import CourseError


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("MemoryError", ""),
        ("_ArrayMemoryError", "Unable to allocate 7 GiB for an array"),
        ("ResourceExhaustedError", "OOM when allocating tensor with shape[10,10]"),
        ("ImportError", "libtensorflow_cc.so.2: failed to map segment from shared object"),
        ("ImportError", "\nREAD THIS\n\nOriginal error was: libx.so: cannot map zero-fill pages"),
        ("OSError", "[Errno 12] Cannot allocate memory"),
        ("RuntimeError", "can't start new thread"),
    ],
)
def test_what_says_that_memory_ran_out(name, message):
    assert memory.is_memory(name, message)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("ValueError", "the patient ran out of memory tests"),
        ("AssertionError", "MemoryError"),
        ("OSError", "[Errno 28] No space left on device"),
        ("ImportError", "No module named 'kerass'"),
    ],
)
def test_what_does_not_say_so(name, message):
    assert not memory.is_memory(name, message)


def test_a_kernel_that_dies_of_it_says_so(course, call):
    words = "terminate called after throwing an instance of 'std::bad_alloc'"
    dies = (
        "import os, sys\n"
        f"print({words!r}, file=sys.__stderr__, flush=True)\n"
        "print('Aborted', file=sys.__stderr__, flush=True)\n"
        "os._exit(3)"
    )
    course.chapter("00_x", dies)
    course.chapter("01_y", "raise ImportError('\\nREAD THIS\\nlibx.so: failed to map segment from shared object')")
    assert call("run", "--out", course.root / "out")[0] == 1
    report = course.report()
    assert report["00_x"]["reason"] == "kernel"
    assert report["00_x"]["error"].startswith(
        f"the kernel died in cell 2 (cell-0) because memory ran out ({words}): close"
    )
    assert report["01_y"]["reason"] == "cell"
    assert "memory ran out (libx.so: failed to map segment from shared object): close" in report["01_y"]["error"]


def test_a_crash_under_a_limit_is_most_likely_due_to_it(monkeypatch):
    monkeypatch.setattr(memory, "limit_mb", lambda: 491.0)
    assert memory.crash_words(-signal.SIGABRT) == "it is limited to 491 MB"
    assert memory.crash_words(3) is None
    assert memory.crash_words(None) is None
    memory.refuse_too_little()
    monkeypatch.setattr(memory, "limit_mb", lambda: None)
    assert memory.crash_words(-signal.SIGABRT) is None
    memory.refuse_too_little()
    monkeypatch.setattr(memory, "limit_mb", lambda: 200.0)
    with pytest.raises(CourseError, match=r"limited to 200 MB of addresses \(`ulimit -v`\)"):
        memory.refuse_too_little()


@pytest.mark.skipif(sys.platform != "linux", reason="ulimit -v is kept to on Linux only")
@pytest.mark.parametrize("megabytes", [60, 400, 600])
def test_a_real_limit(course, megabytes):
    import resource

    course.chapter("00_x", "import keras")
    limit = megabytes * 2**20
    done = subprocess.run(
        [sys.executable, "-m", "utils.course", "run", "--out", course.root / "out"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"COURSE_ROOT": str(course.root)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "memory" in (done.stdout + done.stderr).lower()
    assert "limit" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
