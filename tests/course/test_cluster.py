"""``--scheduler``: a scheduler and two workers as real processes; results as here, also when a worker is killed."""

import time
from pathlib import Path

import pytest

from course.machines import Machines
from utils.course import cluster
from utils.course.jobs import Job

MEASURE = "from utils.claims import claim\nimport os, time\nclaim('a', seed + {number}, at_least=0)\nprint({number})"


@pytest.fixture
def machines(tmp_path, course):
    (tmp_path / "machines").mkdir()
    found = Machines(tmp_path / "machines", course.root)
    yield found
    found.close()


def facts(report):
    kept = ("name", "status", "reason", "error", "cells", "claims")
    return [{key: chapter[key] for key in kept} for chapter in report["chapters"]]


def test_a_cluster_gives_what_this_machine_gives_and_a_worker_that_is_killed_loses_nothing(machines, course, call):
    out = course.root / "out"
    cluster_words = ["--no-fork", "--scheduler", machines.address, "--out", out]
    course.chapter("00_x", MEASURE.format(number=0))
    code, _, said = call("run", *cluster_words)
    assert (code, "has no workers: start one with `dask scheduler`" in said) == (2, True)

    course.chapter("01_broken", "1 / 0")
    assert call("run", "--no-cache", "--no-fork", "--out", out)[0] == 1
    here = course.read("out/report.json")
    workers = {process.pid: process for process in map(machines.worker, ("first", "second"))}
    code, printed, said = call("run", *cluster_words)
    assert code == 1, printed + said
    assert facts(course.read("out/report.json")) == facts(here)
    assert {path.name for path in out.glob("*.ipynb")} == {"00_x.ipynb", "01_broken.ipynb"}
    assert "ZeroDivisionError" in printed
    assert "served from the cache" in call("run", "0", *cluster_words, "--explain")[1]  # it was kept on this machine

    # A chapter lasts until its worker, the kernel's parent, is killed; the other worker executes it anew.
    flag = course.root / "worker"
    wait = f"import os, pathlib, time\nflag = pathlib.Path({str(flag)!r})\nif not flag.exists():\n"
    wait += "    flag.write_text(f'{os.getppid()}.')\n    time.sleep(600)"
    course.chapter("02_slow", wait, MEASURE.format(number=2))
    run = course.start("run", "2", "--no-cache", *cluster_words)
    while not (flag.exists() and flag.read_text().endswith(".")):
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.1)
    workers[int(flag.read_text()[:-1])].kill()
    assert run.wait(120) == 0, run.stderr.read()
    assert "02_slow" in run.stderr.read()
    assert course.report()["02_slow"]["status"] == "ok"

    other = machines.folder / "other"
    other.mkdir()
    (other / "requirements.lock").write_text("another lock")
    machines.worker("third", COURSE_ROOT=str(other))
    code, _, said = call("run", "0", *cluster_words)
    assert (code, "has another version of the course: the same commit on every machine" in said) == (2, True)


def test_an_address_where_nobody_answers(course, call, monkeypatch):
    monkeypatch.setattr(cluster, "CONNECT_SECONDS", 1)
    course.chapter("00_x", "1")
    for address in ("tcp://127.0.0.1:1", "nonsense://x", "127.0.0.1:99999"):
        code, _, said = call("run", "--scheduler", address, "--out", course.root / "out")
        assert code == 2
        assert f"No Dask scheduler answers at {address}: start one with `dask scheduler`" in said
        assert not (course.root / "out").exists()


def test_a_parcel_of_another_version_is_refused_there(monkeypatch):
    monkeypatch.setattr("distributed.get_worker", lambda: type("W", (), {"address": "tcp://w"}))
    parcel = cluster.Parcel(Job(Path("00_x.ipynb")), "", "older", "run")
    result = cluster.execute_there(parcel).result
    assert result.status == "failed"
    assert "tcp://w has another version of the course" in result.error
