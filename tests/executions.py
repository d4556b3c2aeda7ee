"""Whole chapters, executed once for all tests that look at the result, with the network closed.

An execution is what ``course run`` does without its cache: papermill's, in the same environment, judged the same way.
"""

import contextlib
import functools
import os
import time
from dataclasses import dataclass, field

import nbformat
import pytest
from conftest import ROOT, read
from workers import expected_seconds

from utils.course.jobs import Job
from utils.course.results import ChapterResult

OFFLINE = ROOT / "tests" / "offline"
done = []  # (name, profile, seconds) of each execution in this process that nobody has taken note of yet


@dataclass(frozen=True)
class Execution:
    """A chapter as it was executed, with its result and the files that its kernel has read."""

    job: Job
    result: ChapterResult
    notebook: nbformat.NotebookNode
    reads: frozenset = field(repr=False, default=None)


def offline_path(given=None):
    """PYTHONPATH with what closes the network for Python and its children."""
    return os.pathsep.join(filter(None, [str(OFFLINE), given]))


@contextlib.contextmanager
def closed():
    """The network is closed for all that this process starts, kernels that are forked included."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = offline_path(before)
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def execute(job, folder=ROOT):
    """Execute a notebook with its kernel in this folder. Returns an Execution."""
    from utils.course import execute as course
    from utils.course.kernel import Watch

    watch = Watch(folder)
    started = time.perf_counter()
    with closed():
        result = course.execute(job, watch)
    done.append((job.path.stem, job.profile, time.perf_counter() - started))
    return Execution(job, result, watch.notebook, watch.reads)


@functools.cache
def quick(path):
    """A chapter as it ships, in quick; in the folder where readers open it, as nbval does."""
    return execute(Job(path), path.parent)


def groups(paths):
    """Parameters for tests that look at one execution of these notebooks: ``workers.group`` knows them by their id."""
    return [
        pytest.param(path, id=f"quick-{path.stem}", marks=pytest.mark.first(expected_seconds(read(path))))
        for path in paths
    ]
