"""A kernel that is asked for as a fork of the template, and then the fork itself, as ``subprocess.Popen`` would be."""

import contextlib
import os
import signal
import socket
import subprocess
import threading
import time
from typing import Protocol

import psutil

PATIENCE_SECONDS = 300
UNKNOWN = 255  # the exit status of a kernel that ended after its template, when nobody was told


class Parent(Protocol):
    """What is asked: ``utils.course.fork.Template``."""

    def end(self) -> str: ...

    def give_up(self, why: str) -> None: ...


class Request:
    """A kernel that was asked for."""

    def __init__(self, template: Parent, answers: socket.socket) -> None:
        self._template, self._answers = template, answers
        self._deadline = time.monotonic() + PATIENCE_SECONDS

    def poll(self) -> "Process | bool | None":
        """The kernel; None as long as the template is busy; False when the kernel must start the ordinary way."""
        words = _heard(self._answers)
        if words is None and time.monotonic() < self._deadline:
            return None
        if words and words[0] == "forked":
            return Process(int(words[1]), self._answers)
        self._answers.close()
        if words and words[0] == "refused":
            self._template.give_up(" ".join(words[1:]))
        else:
            self._template.give_up(self._template.end())
        return False


class Process:
    """A kernel that is a fork of the template, with those parts of ``subprocess.Popen`` that are used.

    Its exit status comes from the template. When that was killed, it is only known whether the kernel still lives.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, answers: socket.socket) -> None:
        self.pid, self.returncode = pid, None
        self._answers, self._lock = answers, threading.Lock()
        try:
            self._seen = psutil.Process(pid)
        except psutil.Error:
            self._seen = None

    def poll(self) -> int | None:
        """The exit status, negative for a signal; None while the kernel runs."""
        with self._lock:
            if self.returncode is None and (words := _heard(self._answers)) is not None:
                if words:
                    self.returncode = int(words[1])
                    with contextlib.suppress(OSError):
                        self._answers.send(b"k")  # taken note of: the template may reap it
                elif not self._alive():
                    self.returncode = UNKNOWN
                if self.returncode is not None:
                    self._answers.close()
            return self.returncode

    def _alive(self) -> bool:
        try:
            return self._seen is not None and self._seen.status() != psutil.STATUS_ZOMBIE and self._seen.is_running()
        except psutil.Error:
            return False

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises subprocess.TimeoutExpired, as Popen does."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (status := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(f"kernel {self.pid}", timeout)
            time.sleep(0.02)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _heard(answers: socket.socket) -> list[str] | None:
    """The words of the next answer; an empty list when no more will come; None as long as it has not come."""
    line = b""
    try:
        while not line.endswith(b"\n"):
            if not (byte := answers.recv(1, 0 if line else socket.MSG_DONTWAIT)):
                return []
            line += byte
    except BlockingIOError:
        return None
    except OSError:
        return []
    return line.decode().split()
