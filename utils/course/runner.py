"""Many chapters: an executor for the work, a screen for the reader, and Ctrl-C that loses nothing that is finished."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, ThreadPoolExecutor, wait

from utils.course import reasons
from utils.course.execute import execute
from utils.course.jobs import Job
from utils.course.kernel import Watch
from utils.course.results import ChapterResult
from utils.course.screens import Screen

LOOK_SECONDS = 0.2


def run(jobs: list[Job], workers: int, screen: Screen) -> tuple[list[ChapterResult], bool]:
    """Execute jobs; return (their results, in the order of the jobs, and whether the run was interrupted).

    The kernels do the work, each a process of its own, and one thread per kernel looks after it. Any other
    ``concurrent.futures.Executor`` can take the place of the threads, since ``execute`` and its jobs can be pickled.

    Parameters
    ----------
    jobs : list of Job
    workers : int
        Chapters at a time.
    screen : Screen
        Its ``show`` is called five times per second with the unfinished chapters, its ``finished`` once per chapter.
    """
    watches = {job.path.stem: Watch() for job in jobs}
    results = {}
    with ThreadPoolExecutor(workers, thread_name_prefix="chapter") as executor, ctrl_c() as pressed:
        futures = {executor.submit(execute, job, watches[job.path.stem]): job.path.stem for job in jobs}
        while len(results) < len(futures):
            unfinished = {name: watch for name, watch in watches.items() if name not in results}
            screen.show(unfinished)
            if pressed.is_set():
                for future, name in futures.items():
                    future.cancel()
                    if name in unfinished:
                        watches[name].stop()
            waiting = [future for future, name in futures.items() if name in unfinished]
            for future in wait(waiting, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
                results[futures[future]] = outcome(future, futures[future])
                screen.finished(results[futures[future]])
    return [results[job.path.stem] for job in jobs], pressed.is_set()


def outcome(future: Future, name: str) -> ChapterResult:
    """The ChapterResult of a future; a failed one when it was cancelled, or when our own code raised."""
    result = ChapterResult(name)
    try:
        return future.result()
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
