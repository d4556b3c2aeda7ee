"""Where the executions of a run happen: in threads beside this one, each with a kernel, or on a cluster's machines.

Both hand out futures of ``concurrent.futures``; the runner does not ask which of them it has.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, Self

from utils.course import fork
from utils.course.execute import execute
from utils.course.results import ChapterResult
from utils.course.schedule import Task


class Engine(Protocol):
    """What executes tasks. Use it in a ``with`` block."""

    elsewhere: bool  # whether other machines do the work, with memory and cores that this one knows nothing of
    workers: int  # tasks at a time

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def submit(self, task: Task) -> Future:
        """Begin a task."""

    def collect(self, task: Task, future: Future) -> ChapterResult:
        """The result of a task that has ended. Raises what its execution raised."""

    def stop(self) -> None:
        """Stop what runs."""


class Here:
    """The kernels do the work, each a process of its own, and one thread per kernel looks after it."""

    elsewhere = False

    def __init__(self, workers: int):
        self.workers = workers
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="chapter")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()

    def submit(self, task: Task) -> Future:
        return self._threads.submit(execute, task.job, task.watch)

    def collect(self, task: Task, future: Future) -> ChapterResult:
        return future.result()

    def stop(self) -> None:
        fork.close()
