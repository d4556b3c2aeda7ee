"""Many chapters: what the cache holds is served, an executor does the rest, and Ctrl-C loses nothing that is done."""

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from typing import TYPE_CHECKING

from utils.course import outputs, reasons
from utils.course.jobs import Job
from utils.course.results import ChapterResult
from utils.course.screens import Screen
from utils.errors import CourseError

if TYPE_CHECKING:
    from utils.course.cache import Cache, LookUp
    from utils.course.engines import Engine
    from utils.course.schedule import Schedule, Task

LOOK_SECONDS = 0.2


def run(
    jobs: Sequence[Job],
    screen: Screen,
    workers: int | None = None,
    cache: "Cache | None" = None,
    cluster: "Engine | None" = None,
) -> tuple[list[ChapterResult], bool]:
    """Execute jobs; return (their results, in the order of the jobs, and whether the run was interrupted).

    Parameters
    ----------
    jobs : sequence of Job
        Each with a name of its own.
    screen : Screen
        Its ``show`` is called five times per second with the schedule, its ``finished`` once per chapter.
    workers : int or None
        Chapters at a time; None for as many as this machine has cores and memory for.
    cache : Cache or None
        Serves what has not changed, and keeps what is executed; None executes all.
    cluster : Engine or None
        What executes in place of this machine.
    """
    found = {job.name: cache.look_up(job) for job in jobs} if cache else {}
    results = {}
    for job in jobs:
        if job.name in found and (result := served(job, found[job.name])):
            results[job.name] = result
            screen.finished(result)
    interrupted = False
    if rest := [job for job in jobs if job.name not in results]:
        executed, interrupted = execute_all(rest, screen, workers, cache, found, cluster)
        results |= executed
    return [results[job.name] for job in jobs], interrupted


def served(job: Job, found: "LookUp") -> ChapterResult | None:
    """The result that the cache holds, its notebook written as if the chapter had been executed; None without one."""
    result = found.result
    if result is None:
        return None
    result.cached, result.why = True, found.why
    try:
        outputs.write(job, result, found.notebook)
    except CourseError as error:
        result.fail("file", str(error))
    return result


def execute_all(
    jobs: Sequence[Job],
    screen: Screen,
    workers: int | None,
    cache: "Cache | None",
    found: "dict[str, LookUp]",
    cluster: "Engine | None" = None,
) -> tuple[dict[str, ChapterResult], bool]:
    """Execute jobs as their Schedule says. Returns (name → result, whether the run was interrupted).

    The kernels of this machine do the work, or else the cluster.
    """
    from utils.course.engines import Here
    from utils.course.schedule import Schedule

    if cluster:
        workers = min(workers or cluster.workers, cluster.workers)
    schedule = Schedule(jobs, cache.remembered if cache else lambda job: None, workers, elsewhere=bool(cluster))
    results, futures = {}, {}
    opened = contextlib.nullcontext(cluster) if cluster else Here(schedule.workers)  # a cluster's opener closes it
    with opened as engine, ctrl_c() as pressed:
        while schedule.unfinished:
            if pressed.is_set():
                stop(schedule, results)
                engine.stop()
            while task := schedule.begin():
                futures[engine.submit(task)] = task
            schedule.relieve()
            screen.show(schedule)
            for future in wait(futures, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
                task = futures.pop(future)
                result = outcome(engine, task, future)
                schedule.end(task, result)
                if task.set_back and not pressed.is_set():
                    continue
                if cache:
                    cache.keep(found[task.job.name], result, task.watch.notebook, task.watch.reads)
                    result.why = found[task.job.name].why
                    if refused := cache.refused.get(result.name):
                        result.why += f"; it was not kept, since {refused}"
                results[task.job.name] = result
                screen.finished(result)
    return results, pressed.is_set()


def stop(schedule: "Schedule", results: dict[str, ChapterResult]) -> None:
    """Stop what runs, and give up what waits."""
    for task in schedule.running:
        task.watch.stop()
    for task in schedule.waiting:
        results[task.job.name] = ChapterResult(task.job.name)
        results[task.job.name].interrupt()
    schedule.waiting.clear()


def outcome(engine: "Engine", task: "Task", future: Future) -> ChapterResult:
    """The ChapterResult of a task; a failed one when it was cancelled, or when our own code raised."""
    result = ChapterResult(task.job.name)
    try:
        return engine.collect(task, future)
    except CancelledError:
        result.interrupt()
    except Exception as error:  # a fault in the tools must not cost the other chapters their results
        result.fail("kernel", f"the course tools failed with {reasons.reason(type(error).__name__, str(error))}")
    return result


@contextlib.contextmanager
def ctrl_c() -> Iterator[threading.Event]:
    """Turn Ctrl-C, and a request to terminate, into an event for as long as the block lasts."""
    pressed = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: pressed.set()) for number in signals]
    try:
        yield pressed
    finally:
        for number, handler in zip(signals, before, strict=True):
            signal.signal(number, handler)
