"""A process that holds a student's code and can reach nothing: bubblewrap, and limits on all that it may take.

In the box there is no network, the system can be read and not written, and of the course only what chapters import:
neither the exercises' solutions, nor the class, nor anybody's home. It sees no other process. Memory, processes and
time are watched from outside, since a limit of the system's own would not hold for what the code starts.
"""

import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from utils.course.environment import PACKAGE_PARENT, THREADS
from utils.errors import CourseError
from utils.paths import root

MEGABYTE = 2**20
LOOK_SECONDS = 0.05
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


@dataclass(frozen=True)
class Bounds:
    """What a box may take at most.

    Attributes
    ----------
    megabytes : float
        Resident memory of all its processes together.
    processes : int
    disk_megabytes : int
        Of its own temporary folder.
    """

    megabytes: float = 2000.0
    processes: int = 32
    disk_megabytes: int = 64


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
        command = plain(folder) if open else wrapped(folder, self.bounds)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment(folder),
                cwd=folder,
                start_new_session=True,
                preexec_fn=lambda: _limit(self.bounds),
            )
        except OSError as error:
            raise CourseError(f"The sandbox does not start ({error.strerror}): {ADVICE}.") from error
        self.reader, self.writer = self._process.stdout.fileno(), self._process.stdin.fileno()
        threading.Thread(target=self._watch, daemon=True, name="box").start()

    def _watch(self) -> None:
        try:
            family = psutil.Process(self._process.pid)
            while not self._over.wait(LOOK_SECONDS):
                members = [family, *family.children(recursive=True)]
                if len(members) > self.bounds.processes:
                    self._kill(f"it started more than {self.bounds.processes} processes")
                    return
                if sum(map(_resident, members)) > self.bounds.megabytes * MEGABYTE:
                    self._kill(f"it took more than {self.bounds.megabytes:,.0f} MB of memory")
                    return
        except psutil.Error:
            return

    def _kill(self, why: str) -> None:
        self._why = self._why or why
        try:
            family = psutil.Process(self._process.pid)
            members = [*family.children(recursive=True), family]
        except psutil.Error:
            members = []
        for member in members:
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
        for pipe in (self._process.stdin, self._process.stdout):
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


def _limit(bounds: Bounds) -> None:
    """In the new process: the limits that the system itself can keep."""
    import resource

    most = {
        "RLIMIT_CORE": 0,
        "RLIMIT_FSIZE": bounds.disk_megabytes * MEGABYTE,
        "RLIMIT_NOFILE": 256,
        "RLIMIT_DATA": int(4 * bounds.megabytes * MEGABYTE),
        "RLIMIT_MEMLOCK": MEGABYTE,
        "RLIMIT_MSGQUEUE": 0,
    }
    for name, value in most.items():
        number = getattr(resource, name, None)
        if number is not None:
            _, hard = resource.getrlimit(number)
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(number, (value, value))


def available() -> str:
    """Why there is no sandbox here, a clause; ``""`` when there is one. It is tried, since some machines forbid it."""
    if not shutil.which("bwrap"):
        return "bubblewrap is not installed"
    tried = subprocess.run(
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, text=True, timeout=60
    )
    return "" if tried.returncode == 0 else f"bubblewrap cannot work here ({tried.stderr.strip()[:200]})"


def environment(folder: Path) -> dict[str, str]:
    """The environment in the box: nothing of ours."""
    names = dict.fromkeys(THREADS, "1") | {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}
    return names | {"COURSE_ROOT": str(root()), "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def plain(folder: Path) -> list[str]:
    """The command without a sandbox."""
    places = [str(HERE), str(stubs(folder)), str(PACKAGE_PARENT)]
    return [sys.executable, "-I", "-c", START.format(places=places)]


START = "import sys; sys.path[:0] = {places}; import answering; answering.Side().serve()"


def stubs(folder: Path) -> Path:
    """A folder with what stands in the box in place of ``utils.exercises``."""
    place = folder / "stubs"
    place.mkdir(exist_ok=True)
    (place / "__init__.py").write_text(EXERCISES, encoding="utf-8")
    return place


def wrapped(folder: Path, bounds: Bounds) -> list[str]:
    """The command of the sandbox."""
    size = ["--size", str(bounds.disk_megabytes * MEGABYTE)]
    command = ["bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    command += ["--uid", "65534", "--gid", "65534", "--hostname", "box"]
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
        command += ["--ro-bind", str(place), str(place)]
    package = PACKAGE_PARENT / "utils"
    hidden = [package / "exercises", package / "course"]
    for place in hidden:
        command += ["--tmpfs", str(place), "--remount-ro", str(place)]
    # What is bound into a hidden folder must come before that folder is closed.
    closing = command.index("--remount-ro", command.index(str(hidden[0])))
    command[closing:closing] = ["--ro-bind", str(stubs(folder) / "__init__.py"), str(hidden[0] / "__init__.py")]
    box = Path("/box")
    for name in ("answering.py", "wire.py"):
        command += ["--ro-bind", str(HERE / name), str(box / name)]
    command += ["--chdir", "/tmp", "--remount-ro", "/"]
    return [*command, sys.executable, "-I", "-c", START.format(places=[str(box), str(PACKAGE_PARENT)])]


def readable() -> Sequence[Path]:
    """What of our own the box may read: Python, its packages, and what chapters import and read."""
    python = {Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve().parent}
    python |= {Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    course = {PACKAGE_PARENT / "utils", root() / "utils", root() / "data"}
    wanted = {place for place in python | course if place.exists() and not place.is_relative_to("/usr")}
    return sorted(place for place in wanted if not any(other in place.parents for other in wanted))
