"""Which chapter is executed next, beside which others, and how long the rest will take.

As many at a time as there are cores and memory for, the longest first: a long chapter that begins last is waited for
by all. How long a chapter takes, and how much memory, is known from earlier runs on this machine, or else from the run
that stored its outputs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

from utils.course import fork, machine, notebooks
from utils.course.jobs import Job
from utils.course.kernel import Watch
from utils.course.results import ChapterResult
from utils.errors import CourseError

UNKNOWN_SECONDS, UNKNOWN_MEGABYTES = 60.0, 2000.0  # of a chapter that was never run, on any machine
RESERVE_MEGABYTES = 300.0  # kept free for everything else
LEAST_MEGABYTES = 150.0  # with less than this left, the chapter that began last is set back


@dataclass(frozen=True)
class Expected:
    """What a chapter needs. measured_here: whether seconds and MiB are of this machine and this profile."""

    seconds: float
    megabytes: float
    measured_here: bool


def expected(job: Job, remembered: tuple[float, float] | None) -> Expected:
    """What a job needs: as remembered (seconds, MiB), or else as the stamp in its notebook says."""
    if remembered:
        return Expected(*remembered, True)
    try:
        stamp = notebooks.read(job.path)["metadata"]["course_run"]
        return Expected(float(stamp["seconds"]), float(stamp["peak_rss_mb"]), False)
    except (CourseError, KeyError, TypeError, ValueError):
        return Expected(UNKNOWN_SECONDS, UNKNOWN_MEGABYTES, False)


def workers(needs: Sequence[Expected], wanted: int | None) -> int:
    """How many chapters at a time: as many as wanted; without a wish, as many as cores and free memory allow."""
    if wanted is None:
        wanted, free = machine.cores(), machine.free_megabytes() - RESERVE_MEGABYTES
        for need in sorted((need.megabytes for need in needs), reverse=True)[:wanted]:
            free -= need
            wanted -= free < 0
    return max(1, min(wanted, len(needs)))


class Task:
    """A job on its way: what it needs, the Watch over its kernel, and since when it runs."""

    def __init__(self, job: Job, needs: Expected):
        self.job, self.needs = job, needs
        self.watch, self.began, self.set_back = Watch(), None, False

    def begin(self) -> None:
        """Note that its execution begins, perhaps anew."""
        self.watch, self.began, self.set_back = Watch(), perf_counter(), False

    @property
    def seconds(self) -> float:
        """Seconds since it began."""
        return perf_counter() - self.began


class Schedule:
    """The chapters that wait and those that run.

    Parameters
    ----------
    jobs : sequence of Job
    remembered : callable
        ``remembered(job)`` gives (seconds, MiB) of an earlier run, or None.
    wanted : int or None
        Chapters at a time; None for as many as fit.
    elsewhere : bool
        Whether other machines do the work, of whose memory nothing is known here.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        remembered: Callable[[Job], tuple[float, float] | None],
        wanted: int | None = None,
        elsewhere: bool = False,
    ):
        self.elsewhere = elsewhere
        needs = [expected(job, remembered(job)) for job in jobs]
        self.workers = workers(needs, wanted)
        threads = max(1, machine.cores() // self.workers)
        worth = len(jobs) > 1 or fork.begun()  # for one kernel, the template would take as long to start
        tasks = [
            Task(replace(job, threads=threads, fork=job.fork and worth), need)
            for job, need in zip(jobs, needs, strict=True)
        ]
        self.waiting = sorted(tasks, key=lambda task: -task.needs.seconds)
        self.running: list[Task] = []
        self.starved = False  # whether a core is idle for want of memory
        self._known = all(need.measured_here for need in needs)
        self._spent = self._expected = 0.0  # seconds of the finished chapters, and what was expected of them

    @property
    def unfinished(self) -> list[Task]:
        """The tasks that run, and those that wait."""
        return self.running + self.waiting

    def begin(self) -> Task | None:
        """Take the longest waiting chapter for which there is a core and memory, if any."""
        self.starved = False
        if len(self.running) >= self.workers:
            return None
        task = next((task for task in self.waiting if self._fits(task.needs)), None)
        if task is None:
            self.starved = bool(self.waiting)
            return None
        self.waiting.remove(task)
        self.running.append(task)
        task.begin()
        return task

    def _fits(self, needs: Expected) -> bool:
        if not self.running or self.elsewhere:
            return True  # waiting would not give it more room
        to_come = sum(max(0.0, task.needs.megabytes - task.watch.peak_rss_mb) for task in self.running)
        return machine.free_megabytes() - RESERVE_MEGABYTES - to_come >= needs.megabytes

    def relieve(self) -> Task | None:
        """Where memory has all but run out and several chapters run: the one that began last, stopped, to begin anew.

        From then on one chapter fewer runs at a time.
        """
        if self.elsewhere or len(self.running) < 2 or any(task.set_back for task in self.running):
            return None
        if machine.free_megabytes() >= LEAST_MEGABYTES:
            return None
        last = self.running[-1]
        last.set_back = True
        last.watch.stop()
        self.workers = len(self.running) - 1
        return last

    def end(self, task: Task, result: ChapterResult) -> None:
        """Take note that the execution of a chapter has ended; one that was set back waits again."""
        self.running.remove(task)
        if task.set_back:
            self.waiting.insert(0, task)
        elif result.status == "ok":
            self._spent += task.seconds
            self._expected += task.needs.seconds

    def seconds_left(self) -> float | None:
        """How long the rest will take, None as long as nothing tells.

        The pace of the chapters that are finished is that of those to come.
        """
        if not self._expected and not self._known:
            return None
        pace = self._spent / self._expected if self._expected else 1.0
        rest = [pace * task.needs.seconds for task in self.waiting]
        rest += [max(0.0, pace * task.needs.seconds - task.seconds) for task in self.running]
        return max(sum(rest) / self.workers, *rest, 0.0)
