"""The machines of a Dask cluster as an engine: ``--scheduler tcp://…``. Needs the extra ``cluster``.

Every worker must have this version of the course, and nothing else: the notebook travels with the job, the executed one
comes back, and files are written on this machine alone. A worker that is lost loses nothing, since its chapters are
executed anew by another. Dask trusts whoever reaches its scheduler, so its network must be trusted, too.
"""

import hashlib
import platform
import tempfile
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from utils.course import machine, notebooks, outputs
from utils.course.environment import PACKAGE_PARENT
from utils.course.jobs import Job
from utils.course.kernel import Watch
from utils.course.results import ChapterResult
from utils.course.schedule import Task
from utils.errors import CourseError, UsageError
from utils.paths import root

CONNECT_SECONDS = 10
START = "start one with `dask scheduler`, and on each machine `dask worker ADDRESS --nthreads 1`"
_running: dict[tuple[str, str], Watch] = {}  # on a worker: (run, name of the job) → the Watch over its kernel


@dataclass(frozen=True)
class Parcel:
    """A job as it travels: the notebook's text with it, and of which version of the course it is."""

    job: Job
    text: str
    version: str
    run: str


@dataclass(frozen=True)
class Returned:
    """What comes back of a job: its result, the executed notebook, and the files that its kernel has read."""

    result: ChapterResult
    notebook: dict | None
    reads: frozenset[str] | None


class Cluster:
    """The workers of a Dask cluster, as many tasks at a time as they have threads.

    Raises UsageError when nothing answers at the address, when there are no workers, and when one of them has another
    version of the course.
    """

    elsewhere = True

    def __init__(self, address: str):
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise CourseError(
                "A cluster needs the package distributed: install the course with its extra `cluster`."
            ) from error
        try:
            self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(f"No Dask scheduler answers at {address}: {START}.") from error
        self._run = uuid.uuid4().hex
        self._topics: dict[str, Callable[[tuple], None]] = {}
        self._version = version()
        try:
            self.workers = self._threads_of_workers(address)
        except BaseException:
            self._client.close()
            raise

    def _threads_of_workers(self, address: str) -> int:
        threads = self._client.nthreads()
        if not threads:
            raise UsageError(f"The scheduler at {address} has no workers: {START}.")
        try:
            self._client.get_versions(check=True)
            answers = self._client.run(version, on_error="return")
        except (ValueError, ImportError) as error:
            line = str(error).strip().splitlines()[0]
            raise UsageError(f"The workers at {address} have other packages than this machine ({line}).") from error
        for worker, answer in answers.items():
            if isinstance(answer, Exception):
                raise UsageError(f"The worker {worker} has no course ({answer}): install this version of it there.")
            if answer != self._version:
                raise UsageError(f"The worker {worker} has another version of the course: {ADVICE}.")
        return sum(threads.values())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for topic in self._topics:
            self._client.unsubscribe_topic(topic)
        self._client.close()

    def executor(self) -> Executor:
        """The workers as an executor of functions of the course."""
        return self._client.get_executor(pure=False)

    def submit(self, task: Task) -> Future:
        """Send a task to the workers."""
        job = replace(task.job, output=None, threads=None)
        parcel = Parcel(job, task.job.path.read_text(encoding="utf-8"), self._version, self._run)
        topic = f"{self._run} {job.name}"
        self._topics[topic] = lambda event: _show(task.watch, event)
        self._client.subscribe_topic(topic, self._topics[topic])
        return self.executor().submit(execute_there, parcel)

    def collect(self, task: Task, future: Future) -> ChapterResult:
        """The result of a task; its notebook is written here."""
        returned: Returned = future.result()
        task.watch.notebook, task.watch.reads = returned.notebook, returned.reads
        try:
            outputs.write(task.job, returned.result, returned.notebook)
        except CourseError as error:
            returned.result.fail("file", str(error))
        return returned.result

    def stop(self) -> None:
        """Kill the kernels of this run on all workers."""
        self._client.run(stop_there, self._run, on_error="ignore")


ADVICE = "the same commit on every machine, and the environment that `make setup` makes"


def version() -> str:
    """What two machines must have in common to give the same results: the course's code, its lock, and Python."""
    digest = hashlib.sha256(platform.python_version().encode())
    package = PACKAGE_PARENT / "utils"
    for path in [*sorted(package.rglob("*.py")), *sorted(package.rglob("*.json")), root() / "requirements.lock"]:
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def execute_there(parcel: Parcel) -> Returned:
    """Execute a job on this worker."""
    from distributed import get_worker

    from utils.course.execute import execute

    result = ChapterResult(parcel.job.name)
    if version() != parcel.version:  # a worker that came later
        result.fail("kernel", f"the worker {get_worker().address} has another version of the course: {ADVICE}.")
        return Returned(result, None, None)
    topic = f"{parcel.run} {parcel.job.name}"
    watch = _Told(lambda *numbers: get_worker().log_event(topic, numbers))
    _running[parcel.run, parcel.job.name] = watch
    try:
        with tempfile.TemporaryDirectory(prefix="course-") as folder:
            path = Path(folder) / parcel.job.path.name
            notebooks.write_atomically(path, parcel.text)
            threads = max(1, machine.cores() // get_worker().state.nthreads)
            result = execute(replace(parcel.job, path=path, threads=threads), watch)
    finally:
        _running.pop((parcel.run, parcel.job.name), None)
    return Returned(result, watch.notebook, watch.reads)


def stop_there(run: str) -> None:
    """Stop all that this worker executes of a run."""
    for (other, _), watch in list(_running.items()):
        if other == run:
            watch.stop()


class _Told(Watch):
    """A Watch that tells somebody else of each cell that is done."""

    def __init__(self, tell: Callable[[int, int, float], None]):
        self._tell = tell
        super().__init__()

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name == "done":
            self._tell(value, getattr(self, "total", 0), getattr(self, "peak_rss_mb", 0.0))


def _show(watch: Watch, event: tuple) -> None:
    """Take over what a worker says of a chapter."""
    _, (watch.done, watch.total, watch.peak_rss_mb) = event
    watch.notebook = watch.notebook or {}  # it has begun
