"""Where the seconds of a run of the tests went: a table at its end, and a sign of life while nothing is printed."""

import collections
import os
import sys
import threading
import time

import executions
import psutil
import pytest
from workers import group

QUIET_SECONDS = 30  # after so long without a word, one is said
LINES = 10  # of the table
GROUPS = {
    "quick": "chapters, quick, as they ship",
}


def core_seconds():
    """Processor time of this process and of its children, those that kernels are forked from included."""
    times = os.times()
    total = times.user + times.system + times.children_user + times.children_system
    template = getattr(sys.modules.get("utils.course.fork"), "_template", None)
    if template is not None:
        try:
            times = psutil.Process(template.process.pid).cpu_times()
            total += sum(getattr(times, name, 0.0) for name in ("user", "system", "children_user", "children_system"))
        except psutil.Error:  # it has ended, and counts as a child
            pass
    return total


def words(seconds):
    """A number of seconds as people say it: ``45 s``, ``9 min 5 s``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def place(nodeid):
    """What a test counts under in the table: its file, or the kind of execution that it looks at."""
    return GROUPS.get(group(nodeid).partition("-")[0]) or nodeid.partition("::")[0].removeprefix("tests/")


def table(spent, tests, executed, kept, wall, processes, total):
    """The lines of the table.

    Parameters
    ----------
    spent : dict
        What a test counts under → core seconds.
    tests : int
    executed : list of (str, str, float)
        Name, profile and seconds of each execution of a chapter.
    kept : list of str
        Datasets that were not made again.
    wall, total : float
        Seconds by the clock, and core seconds of all processes, their start included.
    processes : int
    """
    rows = sorted(spent.items(), key=lambda row: -row[1])
    rows, rest = rows[:LINES], rows[LINES:]
    if rest:
        rows.append((f"{len(rest)} other files", sum(seconds for _, seconds in rest)))
    rows.append(("starting and collecting", max(0.0, total - sum(spent.values()))))
    yield from (f"{seconds:6.0f} s {seconds / (total or 1):5.0%}  {name}" for name, seconds in rows)
    by_name = collections.defaultdict(list)
    for name, profile, seconds in executed:
        by_name[name].append((profile, seconds))
    if by_name:
        each = [f"{name} {'+'.join(f'{seconds:.0f}' for _, seconds in by_name[name])}" for name in sorted(by_name)]
        yield f"Executions of chapters, in seconds by the clock: {', '.join(each)}."
    if kept:
        yield f"Not made again, since nothing that makes them has changed (CI=true does): {', '.join(sorted(kept))}."
    several = f"{processes} processes" if processes > 1 else "one process"
    yield f"{tests:,} tests in {words(wall)} by the clock, in {several}: {total:,.0f} core seconds."


class Closing:
    """The plugin. Each process measures its tests; the one that was called adds up and prints."""

    def __init__(self, config):
        self.config, self.started, self.processes = config, time.monotonic(), 1
        self.spent, self.total, self.tests = collections.Counter(), 0.0, 0
        self.executed, self.kept = [], []
        self.running, self.heard = {}, time.monotonic()
        self._over = threading.Event()
        self._before = {}

    # --- in the process that runs a test ------------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self._before[item.nodeid] = core_seconds()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if call.when == "teardown":
            report.user_properties += [
                ("core seconds", core_seconds() - self._before.pop(item.nodeid, 0.0)),
                ("counts under", place(item.nodeid)),
                *(("executed", list(one)) for one in executions.done),
            ]
            executions.done.clear()
        return report

    def pytest_sessionfinish(self):
        self._over.set()
        if fork := sys.modules.get("utils.course.fork"):
            fork.close()  # so that what it was counts
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput["core seconds"] = core_seconds()

    # --- in the process that was called -------------------------------------------------------------------------

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node):
        self.total += getattr(node, "workeroutput", {}).get("core seconds", 0.0)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs):
        self.processes = len(specs)

    def pytest_sessionstart(self):
        if self.config.pluginmanager.get_plugin("terminalreporter") and not hasattr(self.config, "workerinput"):
            threading.Thread(target=self._live, daemon=True, name="signs of life").start()

    def pytest_runtest_logstart(self, nodeid):
        self.running[nodeid] = time.monotonic()

    def pytest_runtest_logfinish(self, nodeid):
        self.running.pop(nodeid, None)
        self.heard = time.monotonic()

    def pytest_runtest_logreport(self, report):
        if report.when != "teardown":
            return
        told = collections.defaultdict(list)
        for name, value in report.user_properties:
            told[name].append(value)
        self.tests += 1
        self.spent[told["counts under"][0]] += told["core seconds"][0]
        self.executed += map(tuple, told["executed"])
        self.kept += told["not made again"]

    def _live(self):
        while not self._over.wait(1):
            if time.monotonic() - self.heard > QUIET_SECONDS:
                self.heard = time.monotonic()
                reporter = self.config.pluginmanager.get_plugin("terminalreporter")
                reporter.ensure_newline()
                reporter.write_line(self.sign_of_life())

    def sign_of_life(self):
        """What is at work, in one line."""
        since = words(time.monotonic() - self.started)
        names = [nodeid.rpartition("/")[2] for nodeid in list(self.running)]
        return f"{since}: {' · '.join(names) or 'the tests are collected'} …"

    def pytest_terminal_summary(self, terminalreporter):
        times = os.times()  # without its children when these have told already what they needed
        total = self.total + times.user + times.system if self.total else core_seconds()
        if self.config.option.collectonly or total < 20:  # of a test or two there is nothing to tell
            return
        terminalreporter.section("where the time went")
        lines = table(
            self.spent,
            self.tests,
            self.executed,
            self.kept,
            time.monotonic() - self.started,
            self.processes,
            total,
        )
        for line in lines:
            terminalreporter.write_line(line)
