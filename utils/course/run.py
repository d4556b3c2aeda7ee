"""``course run``: from the words of the command line to a report."""

import shlex
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from utils.course import environment, memory, notebooks, outputs
from utils.course.console import INTERRUPTED, terminal
from utils.course.jobs import Job
from utils.errors import CourseError, UsageError

if TYPE_CHECKING:
    from utils.course.engines import Engine
    from utils.course.report import Report

CELL_SECONDS = {"smoke": 600, "quick": 600, "full": 3600}  # how long a cell may take, unless the reader says otherwise
OWN_DATA = {"07": "images", "08": "scans", "09": "records", "10": "sequences", "11": "molecules"}


def run(
    names: Sequence[str],
    profile: str,
    assignments: Sequence[tuple[str, str]],
    solved: bool,
    out: str | Path,
    how: "How",
) -> int:
    """Execute chapters, write and show the report. Returns the exit code.

    Raises UsageError, before anything is executed, for an unknown chapter, profile or parameter, and for a folder in
    which a notebook could be lost.
    """
    notebooks.refuse_unknown_profile(profile)
    paths = notebooks.select(names)
    refuse_own_data(assignments, paths)
    parameters = parse_parameters(assignments)
    refuse_unknown(parameters, paths)
    folder = outputs.safe_folder(out)
    jobs = [how.job(path, folder / path.name, profile, parameters, solved) for path in paths]
    report, interrupted = carry_out(jobs, folder, how)
    if how.as_json:
        sys.stdout.write(report.as_json())
        report.write(folder)
    else:
        report.show()
        if how.explain:
            report.explain()
        terminal().print(f"\nReport: {report.write(folder)}", soft_wrap=True, markup=False)
    return INTERRUPTED if interrupted else int(report.failed)


@dataclass(frozen=True)
class How:
    """How chapters are executed and what is said of it; the same words for every command that executes.

    Attributes
    ----------
    workers : int or None
        Chapters at a time; None for as many as this machine has cores and memory for.
    timeout : int or None
        Seconds that a cell may take; None for what the profile allows.
    cache : bool
        Whether what has not changed is served from the cache.
    fork : bool
        Whether kernels are forked from one process that has imported TensorFlow.
    explain : bool
        Whether to say why each chapter was executed, or why not.
    as_json : bool
        Whether standard output is for machines.
    scheduler : str or None
        The address of a Dask scheduler whose workers execute, such as ``tcp://10.0.0.5:8786``; None for this machine.
    """

    workers: int | None = None
    timeout: int | None = None
    cache: bool = True
    fork: bool = True
    explain: bool = False
    as_json: bool = False
    scheduler: str | None = None

    def job(self, path: Path, output: Path, profile: str, parameters: dict, solved: bool = False, **more: Any) -> Job:
        """The Job for a notebook; ``more`` are fields of it that only some commands set."""
        timeout = self.timeout or CELL_SECONDS[profile]
        return Job(path, output, profile, parameters, solved, timeout, fork=self.fork, **more)


def carry_out(jobs: Sequence[Job], folder: Path, how: How) -> "tuple[Report, bool]":
    """Execute jobs of one profile, edition and set of parameters.

    Returns (the report, which is not written yet, and whether the run was interrupted).
    """
    environment.backend()  # refuses one that cannot work, rather than failing in every chapter
    memory.refuse_too_little()
    if how.scheduler:
        from utils.course.cluster import Cluster

        with Cluster(how.scheduler) as cluster:  # refuses an address at which nobody answers
            return _carried_out(jobs, folder, how, cluster)
    return _carried_out(jobs, folder, how, None)


def _carried_out(jobs: Sequence[Job], folder: Path, how: How, cluster: "Engine | None") -> "tuple[Report, bool]":
    from utils.course import fork, runner
    from utils.course.report import Report
    from utils.course.screens import screen

    notebooks.make_folder(folder)  # rather now than after ten minutes of work
    started = time.perf_counter()
    cache = None
    if how.cache:
        from utils.course.cache import Cache

        cache = Cache()
    begun = fork.begun()
    try:
        with screen() as shown:
            results, interrupted = runner.run(jobs, shown, how.workers, cache, cluster)
        notes = fork.notes() + ([cache.trouble] if cache and cache.trouble else [])
    finally:
        if not begun:  # otherwise somebody else's, who will need it again
            fork.close()
    seconds = time.perf_counter() - started
    return Report(jobs[0].profile, seconds, results, jobs[0].edition, jobs[0].parameters, notes), interrupted


def parse_parameters(assignments: Iterable[tuple[str, str]]) -> dict:
    """``[("seed", "3"), …]`` → ``{"seed": 3, …}``, with the types that papermill gives to what is typed.

    Raises UsageError when a name cannot be one, or when the next option was taken for the value.
    """
    parameters = {}
    for name, value in assignments:
        if not name.isidentifier():
            raise UsageError(f"-p takes two words, a name and a value, as in -p seed 3; {name!r} is not a name.")
        if name == "profile":
            raise UsageError("The profile has an option of its own: --profile smoke, quick or full.")
        parameters[name] = typed(value)
        if value.startswith("-") and isinstance(parameters[name], str):
            raise UsageError(f"-p takes two words, a name and a value, as in -p seed 3; {value!r} is an option.")
        if not value.isprintable():
            raise UsageError(f"-p {name}: the value {value!r} holds characters that cannot be shown.")
    return parameters


def typed(text: str) -> str | int | float | bool | None:
    """A value as papermill reads it from its command line: True, False, None, a whole or decimal number, or text.

    A path becomes absolute, since kernels do not run in the reader's folder. A bare word is a name, never a path.
    """
    constants = {"True": True, "False": False, "None": None}
    if text in constants:
        return constants[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    if any(mark in text for mark in "./\\~"):
        from utils.datasets import own  # here, because it takes half a second that only paths are worth

        return own.in_full(text)
    return text


def refuse_own_data(assignments: Iterable[tuple[str, str]], paths: Iterable[Path]) -> None:
    """Raise UsageError when a chapter is asked to take other data than its own: there is a command for that."""
    wanted = dict(assignments).get("dataset")
    kinds = [OWN_DATA[path.stem[:2]] for path in paths if path.stem[:2] in OWN_DATA]
    if wanted is not None and kinds:
        raise UsageError(f"Other data have a command of their own: `course apply {kinds[0]} {shlex.quote(wanted)}`.")


def refuse_unknown(names: Iterable[str], paths: Iterable[Path]) -> None:
    """Raise UsageError when a chapter lacks a parameter of one of the names. Unreadable ones fail later."""
    for path in paths if names else []:
        try:
            there = notebooks.parameters(notebooks.read(path), path.stem)
        except CourseError:
            continue
        for name in names:
            if name not in there:
                raise UsageError(f"{path.stem} has no parameter {name!r}; it has {', '.join(there) or 'none'}.")
