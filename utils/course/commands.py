"""``course run`` and ``course refresh``: from the words of the command line to a report."""

import sys
import time
from pathlib import Path

from rich.console import Console

from utils.course import notebooks
from utils.errors import CourseError, UsageError

CELL_SECONDS = {"smoke": 600, "quick": 600, "full": 3600}  # what a cell may take, unless the reader says otherwise


def run(names, profile, workers, assignments, solved, out, timeout, as_json):
    """Execute chapters, write and show the report. Returns the exit status.

    Raises UsageError, before anything is executed, for an unknown chapter, profile or parameter.
    """
    if profile not in notebooks.PROFILES:
        raise UsageError(f"There is no profile {profile!r}: choose smoke (seconds), quick (the default) or full.")
    paths = notebooks.select(names)
    parameters = parse_parameters(assignments)
    refuse_unknown(parameters, paths)

    from utils.course.execute import Job
    from utils.course.report import Report
    from utils.course.runner import run as run_jobs
    from utils.course.screens import screen

    timeout = timeout or CELL_SECONDS[profile]
    folder = Path(out)
    notebooks.make_folder(folder)  # rather now than after ten minutes of work
    jobs = [Job(path, folder / path.name, profile, parameters, solved, timeout) for path in paths]
    started = time.perf_counter()
    with screen() as shown:
        results, interrupted = run_jobs(jobs, workers, shown)
    edition = "solved" if solved else "untouched"
    report = Report(profile, time.perf_counter() - started, results, edition, parameters)
    if as_json:
        sys.stdout.write(report.as_json())
        report.write(folder)
    else:
        console = Console(highlight=False)
        console.print("\n", report.as_table(), sep="")
        console.print(f"\nReport: {report.write(folder)}", soft_wrap=True)
    return 130 if interrupted else int(report.failed)


def parse_parameters(assignments):
    """``["seed=3", …]`` → ``{"seed": 3, …}``, with the types that papermill gives to what is typed."""
    parameters = {}
    for assignment in assignments:
        name, value = assignment.split("=", 1)
        if name == "profile":
            raise UsageError("The profile has an option of its own: --profile smoke, quick or full.")
        parameters[name] = typed(value)
    return parameters


def typed(text):
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


def refuse_unknown(names, paths):
    """Raise UsageError when a chapter lacks a parameter of one of the names. Unreadable ones fail later."""
    for path in paths if names else []:
        try:
            there = notebooks.parameters(notebooks.read(path), path.stem)
        except CourseError:
            continue
        for name in names:
            if name not in there:
                raise UsageError(f"{path.stem} has no parameter {name!r}; it has {', '.join(there) or 'none'}.")


def refresh(names):
    """Execute chapters and store the outputs of those that pass. Returns the exit status."""
    from utils.course.refresh import refresh as refresh_all

    return refresh_all(notebooks.select(names))
