"""Which chapter is next, beside which others, and how long the rest takes; and what the machine has left."""

import json
from pathlib import Path

import pytest

from utils.course import fork, machine, schedule
from utils.course.jobs import Job
from utils.course.results import ChapterResult
from utils.course.schedule import Expected, Schedule
from utils.course.screens import about, left

PLENTY = 1e6


@pytest.fixture
def here(monkeypatch):
    """Set the machine: ``here(cores=…, free=…)``; free memory may be changed on the way."""
    state = {}
    monkeypatch.setattr(schedule, "perf_counter", lambda: 0.0)  # no time passes but what a test says
    monkeypatch.setattr(fork, "begun", lambda: False)  # though other tests of this process may have begun a template

    def set_machine(cores=2, free=PLENTY):
        state.update(cores=cores, free=free)
        monkeypatch.setattr(machine, "cores", lambda: state["cores"])
        monkeypatch.setattr(machine, "free_megabytes", lambda: state["free"])

    set_machine()
    return set_machine


def planned(needs, wanted=None):
    """A schedule of jobs with these names, seconds and MiB."""
    jobs = [Job(Path(f"{name}.ipynb")) for name in needs]
    return Schedule(jobs, lambda job: needs[job.path.stem], wanted)


def names(tasks):
    return [task.job.path.stem for task in tasks]


def begun(plan):
    return names(iter(plan.begin, None))


def finish(plan, name, seconds=None, status="ok"):
    task = next(task for task in plan.running if task.job.path.stem == name)
    if seconds is not None:
        task.began -= seconds
    plan.end(task, ChapterResult(name, status))


def test_the_longest_first_and_as_many_as_there_are_cores(here):
    here(cores=2)
    plan = planned({"short": (10, 500), "long": (90, 500), "middle": (40, 500)})
    assert begun(plan) == ["long", "middle"]
    finish(plan, "middle")
    assert begun(plan) == ["short"]
    assert not plan.waiting


@pytest.mark.parametrize(
    ("cores", "free", "jobs", "wanted", "workers", "threads"),
    [
        (2, PLENTY, 14, None, 2, 1),
        (8, PLENTY, 3, None, 3, 2),
        (8, PLENTY, 1, None, 1, 8),
        (8, 3500, 14, None, 3, 2),  # three of 1,000 MiB fit beside the reserve
        (8, 100, 14, None, 1, 8),
        (2, PLENTY, 14, 6, 6, 1),  # as many as wanted, and never less than a thread
    ],
)
def test_jobs_times_threads_are_the_cores(here, cores, free, jobs, wanted, workers, threads):
    here(cores, free)
    plan = planned({f"{number:02}": (10, 1000) for number in range(jobs)}, wanted)
    assert plan.workers == workers
    assert {task.job.threads for task in plan.waiting} == {threads}
    assert {task.job.fork for task in plan.waiting} == {jobs > 1}


def test_a_chapter_waits_until_there_is_memory_for_it(here):
    here(cores=4, free=5000)
    plan = planned({"a": (40, 2000), "b": (30, 2000), "c": (20, 2000), "d": (10, 400)}, wanted=4)
    assert begun(plan) == ["a", "b", "d"]  # c does not fit beside what a and b have yet to take
    assert plan.starved
    assert "waits for memory" in left(plan)
    for task in plan.running:
        task.watch.peak_rss_mb = task.needs.megabytes
    here(cores=4, free=600)
    assert begun(plan) == []
    finish(plan, "a")
    here(cores=4, free=2600)
    assert begun(plan) == ["c"]
    assert not plan.starved


def test_one_chapter_runs_however_little_memory_there_is(here):
    here(free=0)
    plan = planned({"a": (20, 9000), "b": (10, 9000)}, wanted=2)
    assert begun(plan) == ["a"]
    assert begun(plan) == []
    assert plan.relieve() is None  # the only one is left alone
    finish(plan, "a")
    assert begun(plan) == ["b"]


def test_when_memory_runs_out_the_last_one_begins_anew_later(here):
    here()
    plan = planned({"a": (30, 500), "b": (20, 500), "c": (10, 500)})
    assert begun(plan) == ["a", "b"]
    assert plan.relieve() is None
    here(free=50)
    stopped = plan.relieve()
    assert names([stopped]) == ["b"]
    assert stopped.watch.stopped
    assert plan.relieve() is None  # one at a time: the memory comes back once its kernel is gone
    plan.end(stopped, ChapterResult("b", "failed"))
    here()
    assert begun(plan) == []  # from now on one fewer at a time
    finish(plan, "a")
    assert begun(plan) == ["b"]
    assert not plan.running[0].watch.stopped


def test_what_is_left_follows_the_pace_of_what_is_done(here):
    here(cores=2)
    plan = planned({"a": (40, 500), "b": (20, 500), "c": (20, 500), "d": (20, 500)})
    assert left(plan) == "4 chapters left, about 50 s"
    begun(plan)
    finish(plan, "a", seconds=80)  # half as fast as remembered
    plan.running[0].began -= 4
    assert left(plan) == "3 chapters left, about 60 s"  # (36 + 40 + 40) / 2
    finish(plan, "b", status="failed")  # how long a failure took says nothing
    begun(plan)
    finish(plan, "c", seconds=40)
    assert left(plan) == "1 chapter left, about 40 s"


def test_times_of_another_machine_say_nothing_until_one_chapter_is_done(here, course):
    here()
    paths = [course.chapter(f"0{number}_x") for number in range(3)]
    for path, seconds in zip(paths, (10, 40, 20), strict=True):
        notebook = json.loads(path.read_text())
        notebook["metadata"]["course_run"] = {"seconds": seconds, "peak_rss_mb": 700}
        path.write_text(json.dumps(notebook))
    plan = Schedule([Job(path) for path in paths], lambda job: None)
    assert begun(plan) == ["01_x", "02_x"]
    assert plan.running[0].needs == Expected(40.0, 700.0, False)
    assert left(plan) == "3 chapters left"
    finish(plan, "02_x", seconds=2)
    assert left(plan) == "2 chapters left, about 10 s"


def test_a_chapter_that_never_ran_anywhere_is_expected_to_be_large(here, course):
    plan = Schedule([Job(course.chapter("00_x")), Job(course.root / "absent.ipynb")], lambda job: None)
    assert {task.needs for task in plan.waiting} == {
        Expected(schedule.UNKNOWN_SECONDS, schedule.UNKNOWN_MEGABYTES, False)
    }


@pytest.mark.parametrize(("seconds", "words"), [(0, "10 s"), (44, "40 s"), (89, "90 s"), (91, "2 min"), (200, "3 min")])
def test_durations_are_rough(seconds, words):
    assert about(seconds) == words


# --- the machine --------------------------------------------------------------------------------------------------


def group(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


@pytest.mark.parametrize(
    ("files", "left_mb"),
    [
        ({"memory__max": f"{3000 * 2**20}\n", "memory__current": f"{1000 * 2**20}\n"}, 2100),
        ({"memory__limit_in_bytes": f"{3000 * 2**20}", "memory__usage_in_bytes": f"{1000 * 2**20}"}, 2100),
        ({"memory__max": "max\n", "memory__current": "0\n"}, float("inf")),
        ({"memory__max": "unreadable\n", "memory__current": "0\n"}, float("inf")),
    ],
)
def test_what_a_container_has_left(tmp_path, files, left_mb):
    """Its limit less what it holds; files that are kept in memory because there is room can go (100 MiB here)."""
    pages = f"anon 5\ninactive_file {100 * 2**20}\ntotal_inactive_file {100 * 2**20}\n"
    group(tmp_path / "one", memory__stat=pages, **files)
    assert machine.left_in(tmp_path / "one") == pytest.approx(left_mb)
    assert machine.left_in(tmp_path / "absent") == float("inf")


def test_the_least_of_machine_and_container_counts(monkeypatch):
    monkeypatch.setattr(machine, "left_in", lambda group: 10.0)
    assert machine.free_megabytes() <= 10.0 or not Path("/proc/self/cgroup").exists()
    monkeypatch.setattr(machine, "left_in", lambda group: float("inf"))
    assert 10.0 < machine.free_megabytes() < float("inf")
