"""Many chapters: an executor for the work, a screen for the reader, and Ctrl-C that loses nothing that is finished."""

import contextlib
import signal
import threading
from concurrent.futures import FIRST_COMPLETED, CancelledError, ThreadPoolExecutor, wait

from utils.course.execute import INTERRUPTED, execute
from utils.course.kernel import Watch
from utils.course.results import ChapterResult

LOOK_SECONDS = 0.2


def run(jobs, workers, screen):
    """Execute jobs; return (list of ChapterResult in the order of the jobs, whether the run was interrupted).

    The work is done by the kernels, each a process of its own, and a thread apiece looks after them. Any other
    ``concurrent.futures.Executor`` can stand in for the threads, since ``execute`` and its jobs can be pickled.

    Parameters
    ----------
    jobs : list of Job
    workers : int
        Chapters at a time.
    screen : object
        Is told ``show(watches)``, a dict name → Watch of the unfinished, five times a second, and ``finished(result)``.
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


def outcome(future, name):
    """The ChapterResult of a future; a failed one when it was cancelled, or when our own code raised."""
    try:
        return future.result()
    except CancelledError:
        return ChapterResult(name, "failed", error=INTERRUPTED)
    except Exception as error:  # a fault in the tools must not cost the other chapters their results
        return ChapterResult(name, "failed", error=f"the course tools failed with {type(error).__name__}: {error}")


@contextlib.contextmanager
def ctrl_c():
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
