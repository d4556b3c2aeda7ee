"""A time limit for the learner's code, and the line of it that was running."""

import ctypes
import linecache
import signal
import threading
import traceback
from collections.abc import Callable
from contextlib import contextmanager, suppress
from typing import Any


class TimeUp(BaseException):
    """The time is up. Not an Exception, so that ``except Exception`` in the learner's loop does not swallow it."""


@contextmanager
def time_limit(seconds: float) -> Any:
    """Raise TimeUp in the block when it runs longer than ``seconds`` (float), and again every second until it ends."""
    in_main = threading.current_thread() is threading.main_thread()
    with _alarm(seconds) if in_main and hasattr(signal, "setitimer") else _watchdog(seconds):
        yield


@contextmanager
def _alarm(seconds: float):
    def ring(number, frame):
        raise TimeUp

    handler = signal.signal(signal.SIGALRM, ring)
    waiting = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        if waiting[0]:
            signal.setitimer(signal.ITIMER_REAL, *waiting)


@contextmanager
def _watchdog(seconds: float):
    """For Windows, and for threads other than the main one: a second thread raises TimeUp in this one."""
    this_thread, ended = ctypes.c_ulong(threading.get_ident()), threading.Event()

    def watch():
        wait = seconds
        while not ended.wait(wait):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(this_thread, ctypes.py_object(TimeUp))
            wait = 1.0

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        while watcher.is_alive():
            with suppress(TimeUp):  # one that was sent meanwhile
                watcher.join()
        # One that has not arrived yet arrives in this loop. To take it back would leave the interpreter waiting for it,
        # and a debugger would then hang.
        with suppress(TimeUp):
            for _ in range(10):
                pass


def line_of(error: BaseException, function: Callable) -> str:
    """`` in line 3: total += x``, the learner's line where an error arose, or ``""`` when no line is known."""
    if (line := getattr(error, "line_of_learner", None)) is not None:  # it arose in another process
        return line
    file = getattr(getattr(function, "__code__", None), "co_filename", None)
    found = ""
    for frame, number in traceback.walk_tb(error.__traceback__):
        name = frame.f_code.co_filename
        if name == file or "ipykernel_" in name or name.startswith("<ipython-input"):
            text = linecache.getline(name, number, frame.f_globals).strip()
            found = f" in line {number}" + (f": {text}" if text else "")
    return found
