"""How many processes the tests run in, what each of them may take, and which tests begin.

The number is decided here and not in pyproject.toml, where it would reach every other use of pytest, too: nbval cannot
have the cells of a notebook in two processes.
"""

import re
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

from utils.course import machine
from utils.course.environment import THREADS
from utils.errors import CourseError

MEGABYTES = 3000  # of one process and the chapter that it executes
MOST = 4
LARGE = ("test_executions.py",)  # files that are worth several processes by themselves


def number(arguments, cores=None, megabytes=None):
    """Processes for the tests that these arguments of pytest name; 0 for this one alone.

    One more than cores, since many a test waits: for a kernel, a server, a child. Another process takes a quarter of a
    minute to begin, which a file or two are not worth.
    """
    if arguments and all(map(_is_small, arguments)) and len(arguments) < 3:
        return 0
    cores = machine.cores() if cores is None else cores
    megabytes = machine.free_megabytes() if megabytes is None else megabytes
    several = min(cores + 1, int(megabytes // MEGABYTES), MOST)
    return several if min(cores, several) > 1 else 0


def _is_small(argument):
    path, *test = str(argument).split("::")
    return bool(test) or (path.endswith(".py") and Path(path).name not in LARGE)


def limits(processes, cores=None):
    """Environment variables for one of several processes, and for all that it starts: its share of the cores."""
    cores = machine.cores() if cores is None else cores
    return dict.fromkeys(THREADS, str(max(1, cores // processes)))


def group(nodeid):
    """The name of the group of tests that run in one process: those of one execution of a chapter, or those of a file.

    So what the tests of a file share, such as the pages that a browser looks at, is made once.
    """
    found = re.search(r"\[(quick-\w+)\]$", nodeid)
    return found.group(1) if found else nodeid.partition("::")[0]


class Groups(LoadScopeScheduling):
    """Hands the tests out, a group at a time.

    xdist's own way, by marks, is without effect in pytest 9, which has its own idea of what a test is called.
    """

    def _split_scope(self, nodeid):
        return group(nodeid)


def expected_seconds(notebook):
    """About how long a chapter takes in quick, from the stamp in it; only its order among the others hangs on that."""
    try:
        return float(notebook["metadata"]["course_run"]["seconds"])
    except (CourseError, KeyError, TypeError, ValueError):
        return 60.0


def in_order(items):
    """Tests that look at one execution of a chapter stand together and come first, the longest execution before all.

    What marks them is ``first(seconds)``. What begins last should be short: the others wait for it.
    """

    def seconds(item):
        mark = item.get_closest_marker("first")
        return mark.args[0] if mark else 0.0

    return sorted(items, key=lambda item: -seconds(item))
