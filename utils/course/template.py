"""The process that kernels are forked from: what chapters import from outside is imported once, and never used.

``course_start.py template`` runs ``serve`` in it, and ``utils.course.fork`` talks to it. Nothing but the standard
library is imported here, and nothing of ours stays loaded: what a kernel knows of ``utils`` it reads itself.

Three things make a fork as good as a fresh kernel. There is no thread here but those that BLAS has of its own, which it
can begin anew in a fork; an operation of TensorFlow would begin others, and a fork would wait for them for ever. What
libraries ask when they are imported, they are answered as in a kernel (``as_in_a_kernel``). And what a process
has of its own is made anew in each fork: environment, folder, streams, session, random numbers (``become``).
"""

import builtins
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from types import SimpleNamespace
from typing import Any

COMPUTING = ("numpy", "scipy.linalg")  # what begins threads that a fork can do without: those of BLAS
SETTLE_SECONDS = 1.0  # for a thread that is about to end
STREAMS = 3
LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def serve(channel: int, lifeline: int, modules: Sequence[str]) -> None:
    """Import modules, then fork a kernel for each request. Returns in each fork, and never in the template itself.

    Parameters
    ----------
    channel : int
        A socket of whole messages, each with five descriptors: one to answer on, a file with the request as JSON
        (``words``, ``environment``, ``folder``), and the kernel's standard streams.
    lifeline : int
        A pipe whose other end only the run holds. When that closes, every fork ends.
    modules : sequence of str
    """
    os.set_inheritable(channel, False)
    os.set_inheritable(lifeline, False)
    most, variables = import_all(modules)
    gc.collect()
    gc.freeze()  # what is here is here to stay: forks need not look at it, and so go on sharing it
    if template := Template(socket.socket(fileno=channel), most).until_forked():
        become(*template, variables)
        end_with(lifeline)
    else:
        os._exit(0)


class Template:
    """What waits for requests, and for the end of each kernel. One loop, since a second thread would make forks unsafe.

    Parameters
    ----------
    requests : socket.socket
    most : int
        How many threads there may be when a kernel is forked.
    """

    def __init__(self, requests: socket.socket, most: int) -> None:
        self.requests, self.most = requests, most
        self.kernels, self.refused = [], False
        self.awake, self.awaken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(self.awaken)

    def until_forked(self) -> tuple[dict, list[int]] | None:
        """In a fork, (its request, its streams). In the template, None: the run has ended, or no fork is safe here."""
        while self.kernels or not self.refused:
            ready, _, _ = select.select([self.requests, self.awake, *(one.answers for one in self.kernels)], [], [])
            if self.awake in ready:
                os.read(self.awake, 4096)
            for kernel in self.kernels:
                kernel.look_after(kernel.answers in ready)
            self.kernels = [kernel for kernel in self.kernels if not kernel.gone]
            if self.requests in ready:
                if not (asked := receive(self.requests)):
                    return None
                answers, request, streams = asked
                if self.fork(answers):
                    return request, streams
                _close(*streams)
        return None

    def fork(self, answers: socket.socket) -> bool:
        """Fork, if that is safe, and answer. True in the fork, which has nothing of the template's open."""
        if (count := settled(self.most)) > self.most:
            self.refused = True
            _say(answers, f"refused it has {count} threads where {self.most} are safe")
            answers.close()
            return False
        sys.stdout.flush()
        sys.stderr.flush()
        try:
            number = os.fork()
        except OSError as error:
            _say(answers, f"refused {error.strerror}")
            answers.close()
            return False
        if number:
            self.kernels.append(Kernel(number, answers))
            _say(answers, f"forked {number}")
            return False
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _close(self.requests, self.awake, self.awaken, answers, *(kernel.answers for kernel in self.kernels))
        return True


class Kernel:
    """A fork, seen from its parent. It is reaped when the run has taken note of its end, as with subprocess.Popen."""

    def __init__(self, pid: int, answers: socket.socket) -> None:
        self.pid, self.answers = pid, answers
        self.ended = self.gone = False

    def look_after(self, spoken: bool) -> None:
        """Tell the run of the kernel's end, and reap it. ``spoken``: the run has something to say, or has gone."""
        if not self.ended and (found := os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)):
            self.ended = True
            _say(self.answers, f"ended {found.si_status if found.si_code == os.CLD_EXITED else -found.si_status}")
        elif spoken and self.ended:
            os.waitpid(self.pid, 0)
            self.answers.close()
            self.gone = True
        elif spoken:  # nobody follows this kernel any more
            try:
                os.killpg(self.pid, signal.SIGKILL)
            except ProcessLookupError:  # it has not begun a session yet
                os.kill(self.pid, signal.SIGKILL)


def import_all(modules: Sequence[str]) -> tuple[int, dict[str, str]]:
    """Import modules as a kernel would.

    Returns (how many threads there may be: as many as computing libraries begin, the environment variables that
    libraries have set).
    """
    before = dict(os.environ)
    with as_in_a_kernel():
        for module in COMPUTING:
            _import(module)
        most = threads()
        for module in modules:
            _import(module)
    return most, {name: value for name, value in os.environ.items() if before.get(name) != value}


def _import(module: str) -> None:
    """Import a module; one that is not installed is the chapter's affair."""
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in (module, module.partition(".")[0]):
            raise


@contextlib.contextmanager
def as_in_a_kernel() -> Iterator[None]:
    """Answer what libraries ask when they are imported: whether this is a notebook, and where messages go.

    pandas sets the width of its tables by it, TensorFlow where its warnings go. TensorFlow greets from C++ unless a
    level of logging is set meanwhile, as in ``utils.nn.quiet``.
    """
    level, streams = os.environ.get(LEVEL), (sys.stdout, sys.stderr)
    os.environ[LEVEL] = level or "2"
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None)
    sys.ps1, sys.ps2 = "In : ", "...: "
    sys.stdout, sys.stderr = Later("stdout", sys.stdout), Later("stderr", sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams
        del builtins.get_ipython, sys.ps1, sys.ps2
        if level is None:
            del os.environ[LEVEL]


class Later:
    """The standard stream of a name, whichever it is when it is used: a kernel replaces them when it starts."""

    encoding = "UTF-8"  # as a kernel's streams say

    def __init__(self, name: str, first: Any) -> None:
        self._name, self._first = name, first

    def __getattr__(self, name: str) -> Any:
        stream = getattr(sys, self._name)
        return getattr(self._first if stream is self else stream, name)

    def close(self) -> None:
        """Nothing: absl closes what it takes for a file of its own, as IPython sets logging up anew."""


def threads() -> int:
    """How many threads this process has, those of native code included."""
    with os.scandir("/proc/self/task") as found:
        return sum(1 for _ in found)


def settled(most: int) -> int:
    """How many threads there are, once those that are about to end have ended."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while (count := threads()) > most and time.monotonic() < deadline:
        time.sleep(0.02)
    return count


def receive(requests: socket.socket) -> tuple[socket.socket, dict, list[int]] | None:
    """The next request: where to answer, what is asked, and the streams. None when the run has ended."""
    data, descriptors, _, _ = socket.recv_fds(requests, 1, STREAMS + 2)
    if not data:
        return None
    answers, file, *streams = descriptors
    with os.fdopen(file, encoding="utf-8") as request:
        request.seek(0)
        return socket.socket(fileno=answers), json.load(request), streams


def become(request: dict, streams: Sequence[int], variables: dict[str, str]) -> None:
    """Be the process that was asked for, once it has imported what sets these environment variables."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    _close(*streams)
    os.environ.clear()
    os.environ.update(request["environment"] | variables)
    os.chdir(request["folder"])
    sys.orig_argv[:] = request["words"]
    place = request["words"].index("kernel")
    sys.argv[:] = [request["words"][place - 1], *request["words"][place + 1 :]]
    importlib.invalidate_caches()
    if processes := sys.modules.get("multiprocessing.process"):
        processes.ORIGINAL_DIR = request["folder"]  # where the processes that a chapter starts will work
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # Python's own generator begins anew in a fork by itself


def end_with(lifeline: int) -> None:
    """End this kernel, and what it started, when the run ends, however it ends.

    The kernel's own look at its parent would say nothing: the parent is the template.
    """

    def wait() -> None:
        while os.read(lifeline, 1):
            pass
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=wait, daemon=True, name="lifeline").start()


def _say(answers: socket.socket, words: str) -> None:
    with contextlib.suppress(OSError):  # the run may have lost interest
        answers.sendall(f"{words}\n".encode())


def _close(*things: Any) -> None:
    for thing in things:
        thing.close() if isinstance(thing, socket.socket) else os.close(thing)
