"""A process that holds a student's code and can reach nothing: bubblewrap, and limits on all that it may take.

In the box there is no network, the system can be read and not written, and of the course only what chapters import:
neither the exercises' solutions, nor the class, nor anybody's home. It sees no other process. The limits of ``bounds``
hold; memory, and processes where the system does not count them, are watched from outside.
"""

import os
import select
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psutil

from utils.course.classroom.bounds import Bounds, Core, call_filter, counted, keep_to, stranger
from utils.course.classroom.wire import READY
from utils.course.environment import PACKAGE_PARENT, THREADS
from utils.course.machine import MEGABYTE
from utils.errors import CourseError
from utils.paths import root

LOOK_SECONDS = 0.05
START_SECONDS = 120  # for Python and NumPy, on a busy machine
HERE = Path(__file__).parent
ADVICE = "install bubblewrap (on Debian: apt install bubblewrap), or go on without protection, with --no-sandbox"
# In place of utils.exercises: what the first cell of a chapter imports of it, doing nothing.
EXERCISES = '''"""The exercises are judged outside."""


def check(*_):
    """Nothing."""


hint = solution = quiz = check


def reference(identifier):
    """Refuse: there are no solutions here."""
    raise RuntimeError("the course's solutions are not there when answers are graded")
'''


class Box:
    """One process of Python that answers calls, see ``answering``; in a sandbox unless ``open`` is set.

    Attributes
    ----------
    reader, writer : int
        File descriptors: of what it says, and of what it is told.

    Raises CourseError when it cannot be started.
    """

    def __init__(self, folder: Path, bounds: Bounds | None = None, open: bool = False):
        self.bounds, self._why, self._over = bounds or Bounds(), "", threading.Event()
        command = plain(folder) if open else wrapped(folder, self.bounds, hides_root(tuple(readable())))
        self._core = Core()
        with _file(b"" if open else call_filter()) as calls:
            command[1:1] = ["--seccomp", str(calls)] if calls else []
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=environment(folder),
                    cwd=folder,
                    start_new_session=True,
                    pass_fds=[calls] if calls else [],
                    preexec_fn=lambda: keep_to(self.bounds, self._core.number),
                )
            except (OSError, subprocess.SubprocessError) as error:
                self._core.close()
                raise CourseError(f"The sandbox does not start ({error}): {ADVICE}.") from error
        self.reader, self.writer = self._process.stdout.fileno(), self._process.stdin.fileno()
        self._wait_until_ready()
        self._own = len(self._members())
        threading.Thread(target=self._watch, daemon=True, name="box").start()

    def _wait_until_ready(self) -> None:
        """Return when it can take calls; it executes nothing of a student's before. Raises CourseError."""
        end, said = time.monotonic() + START_SECONDS, b""
        while len(said) < len(READY):
            waiting = select.select([self.reader], [], [], max(0, end - time.monotonic()))[0]
            data = os.read(self.reader, len(READY) - len(said)) if waiting else b""
            if not data:
                break
            said += data
        if said != READY:
            self._process.kill()
            lines = self._process.stderr.read(4096).decode(errors="replace").strip().splitlines()
            self.close()
            why = lines[-1] if lines else "it ends at once" if waiting else f"nothing came in {START_SECONDS} s"
            raise CourseError(f"The sandbox does not start ({why[:200]}): {ADVICE}.")
        self._process.stderr.close()

    def _members(self) -> list[psutil.Process]:
        try:
            family = psutil.Process(self._process.pid)
            return [*family.children(recursive=True), family]
        except psutil.Error:
            return []

    def alone(self) -> bool:
        """Whether the code has left no process behind that still runs."""
        return len(self._members()) == self._own

    def _watch(self) -> None:
        while not self._over.wait(LOOK_SECONDS) and (members := self._members()):
            if len(members) - self._own >= self.bounds.processes:
                self._kill(f"it started more than {self.bounds.processes} processes")
                return
            if sum(map(_resident, members)) > self.bounds.megabytes * MEGABYTE:
                self._kill(f"it took more than {self.bounds.megabytes:,.0f} MB of memory")
                return

    def _kill(self, why: str) -> None:
        self._why = self._why or why
        for member in self._members():
            try:
                member.kill()
            except psutil.Error:
                continue

    def why(self) -> str:
        """Why the process is gone, where that is known: a clause, or ``""``."""
        try:
            status = self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            return self._why
        return self._why or (f"it ended itself, with the exit status {status}" if status is not None else "")

    def close(self) -> None:
        """End the process, with all that it has started."""
        self._over.set()
        self._kill("")
        self._process.kill()
        self._core.close()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            try:
                pipe.close()
            except OSError:
                continue
        self._process.wait()


def _resident(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0


@contextmanager
def _file(content: bytes) -> Iterator[int]:
    """The number of a file in memory with this content; 0 without any."""
    number = os.memfd_create("calls") if content else 0
    try:
        if content:
            os.write(number, content)
            os.lseek(number, 0, os.SEEK_SET)
        yield number
    finally:
        if content:
            os.close(number)


@cache
def hides_root(places: Sequence[Path]) -> bool:
    """Whether boxes that root makes can belong to somebody else: tried, since that user must be able to read places.

    Linux does not limit the processes of root, not even of one who is nobody in the sandbox.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        command = wrapped(Path(folder), Bounds(), True)
        command[-1] += "; import numpy, utils; [open(one.__file__).close() for one in (numpy, utils)]"
        quiet = {"stdin": subprocess.DEVNULL, "capture_output": True, "env": environment(Path(folder))}
        return subprocess.run(command, **quiet, timeout=START_SECONDS).returncode == 0


def refuse_missing() -> None:
    """Raise CourseError when there is no sandbox here. It is tried, since some machines forbid it."""
    if not shutil.which("bwrap"):
        raise CourseError(f"There is no sandbox here, since bubblewrap is not installed: {ADVICE}.")
    with tempfile.TemporaryDirectory(prefix="grading-") as folder:
        Box(Path(folder)).close()


def environment(folder: Path) -> dict[str, str]:
    """The environment in the box: nothing of ours."""
    names = dict.fromkeys(THREADS, "1") | {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}
    return names | {"COURSE_ROOT": str(root()), "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def plain(folder: Path) -> list[str]:
    """The command without a sandbox."""
    places = [str(HERE), str(stubs(folder)), str(PACKAGE_PARENT)]
    return [sys.executable, "-I", "-c", start(places)]


def start(places: Sequence[str], processes: int | None = None, user: int | None = None) -> str:
    """The program of a box: where modules are, what the system lets it start, and whom it belongs to from then on."""
    return f"import sys; sys.path[:0] = {list(places)}; import answering; answering.serve({processes}, {user})"


def stubs(folder: Path) -> Path:
    """A folder with what stands in the box in place of ``utils.exercises``."""
    place = folder / "stubs"
    place.mkdir(exist_ok=True)
    (place / "__init__.py").write_text(EXERCISES, encoding="utf-8")
    return place


def wrapped(own: Path, bounds: Bounds, root_hides: bool) -> list[str]:
    """The command of the sandbox; ``root_hides`` is what ``hides_root`` says."""
    size = ["--perms", "1777", "--size", str(bounds.disk_megabytes * MEGABYTE)]
    command = [shutil.which("bwrap") or "bwrap", "--die-with-parent", "--new-session", "--hostname", "box"]
    command += [f"--unshare-{name}" for name in ("ipc", "pid", "net", "uts", "cgroup-try")] + ["--cap-drop", "ALL"]
    if root_hides:  # the program itself goes on as somebody else, see ``answering.serve``
        command += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
    else:
        command += ["--unshare-user", "--uid", "65534", "--gid", "65534"]
    for place in ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        path = Path(place)
        if path.is_symlink():
            command += ["--symlink", str(path.readlink()), place]
        elif path.exists():
            command += ["--ro-bind", place, place]
    for name in ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "localtime", "alternatives"):
        command += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
    command += [*size, "--tmpfs", "/tmp", "--proc", "/proc", "--dev", "/dev", *size, "--tmpfs", "/dev/shm"]
    command += ["--remount-ro", "/dev"]
    for place in readable():
        for folder in reversed(place.parents[:-1]):
            command += ["--perms", "0755", "--dir", str(folder)]
        command += ["--ro-bind", str(place), str(place)]
    package = PACKAGE_PARENT / "utils"
    hidden = [package / "exercises", package / "course"]
    for place in hidden:
        command += ["--tmpfs", str(place), "--remount-ro", str(place)]
    # What is bound into a hidden folder must come before that folder is closed.
    closing = command.index("--remount-ro", command.index(str(hidden[0])))
    command[closing:closing] = ["--ro-bind", str(stubs(own) / "__init__.py"), str(hidden[0] / "__init__.py")]
    box = Path("/box")
    for name in ("answering.py", "wire.py"):
        command += ["--ro-bind", str(HERE / name), str(box / name)]
    command += ["--chdir", "/tmp", "--remount-ro", "/"]
    program = start([str(box), str(PACKAGE_PARENT)], counted(bounds), stranger() if root_hides else None)
    return [*command, sys.executable, "-I", "-c", program]


def readable() -> Sequence[Path]:
    """What of our own the box may read: Python, its packages, and what chapters import and read."""
    python = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent}
    python |= {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    course = {PACKAGE_PARENT / "utils", root() / "utils", root() / "data"}
    wanted = {place for place in python | course if place.exists() and not place.is_relative_to("/usr")}
    return sorted(place for place in wanted if not any(other in place.parents for other in wanted))
