"""``course doctor``: what this machine has, what is missing, and the command that fixes it."""

import errno
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from utils.course import lab
from utils.course.environment import unset
from utils.course.kernel_checks import figure, keras, kernel, settings
from utils.course.remedies import LOCK, Finding, make, reinstall
from utils.errors import CourseError
from utils.paths import root

PYTHONS = ((3, 11), (3, 13))
GIBIBYTE = 2**30
MEMORY_NEEDED, DISK_NEEDED = 4 * GIBIBYTE, 2 * GIBIBYTE


def examine() -> Iterator[Finding]:
    """Yield a Finding for each check, the quick ones first."""
    for check in (python, environment, packages, cores, memory, disk, cache, copies, embedded_data):
        yield attempt(check)
    finding = attempt(settings)
    yield finding
    for check in (kernel, figure, keras) if finding.ok else ():  # no kernel starts with settings that cannot work
        yield attempt(check)


def attempt(check: Callable[[], Finding]) -> Finding:
    """The Finding of a check; a doctor is called to what is broken, and must not fall over it."""
    try:
        return check()
    except Exception as error:
        name = check.__name__.replace("_", " ")
        return Finding(name, False, f"the check failed with {type(error).__name__}: {error}", reinstall())


def python() -> Finding:
    """The version of Python."""
    low, high = (".".join(map(str, bound)) for bound in PYTHONS)
    ok = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    fix = None if ok else f"install Python {low} to {high}, then: {make(f'clean setup PYTHON=python{high}')}"
    return Finding("Python", ok, f"{platform.python_version()} on {platform.system()} {platform.machine()}", fix)


def environment() -> Finding:
    """Whether the packages have a virtual or conda environment to themselves, made for where it is."""
    if sys.prefix == sys.base_prefix and os.environ.get("CONDA_PREFIX") != sys.prefix:
        return Finding(
            "environment", False, "the system's own Python, where packages get in each other's way", make("setup")
        )
    record = Path(sys.prefix, "installed")  # the Makefile's: the folder that it was made for
    made_for = record.read_text(encoding="utf-8").strip() if record.is_file() else ""
    if os.name == "posix" and made_for and Path(made_for) != Path(sys.prefix).resolve().parent:
        return Finding("environment", False, f"{sys.prefix} was made for {made_for}", make("setup"))
    return Finding("environment", True, sys.prefix)


def packages() -> Finding:
    """The installed packages against the lock."""
    from packaging.requirements import Requirement

    lock = root() / LOCK
    if not lock.exists():
        return Finding("packages", False, f"there is no {LOCK}", f"git checkout -- {LOCK}")
    lines = (line.rstrip("\\ ") for line in lock.read_text(encoding="utf-8").splitlines())
    wanted = [Requirement(line) for line in lines if line and line[0].isalnum()]
    wanted = [package for package in wanted if package.marker is None or package.marker.evaluate()]
    wrong = []
    for package in wanted:
        try:
            installed = version(package.name)
        except PackageNotFoundError:
            wrong.append(f"{package.name} is missing")
            continue
        if not package.specifier.contains(installed, prereleases=True):
            wrong.append(f"{package.name} is {installed} instead of {str(package.specifier).removeprefix('==')}")
    if not wrong:
        return Finding("packages", True, f"all {len(wanted)} as {LOCK} has them")
    more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
    fix = make("clean setup") if any(line.startswith("uv ") for line in wrong) else reinstall()
    return Finding("packages", False, "; ".join(wrong[:5]) + more, fix)


def cores() -> Finding:
    """The processor cores that we may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    advice = "one chapter at a time" if count < 4 else f"up to --jobs {count // 2}"
    return Finding("cores", True, f"{count}, good for {advice}")


def memory() -> Finding:
    """The memory that is free, which a kernel with TensorFlow needs much of."""
    import psutil

    state = psutil.virtual_memory()
    found = f"{state.available / GIBIBYTE:.1f} of {state.total / GIBIBYTE:.1f} GiB free"
    ok = state.available >= MEMORY_NEEDED
    return Finding("memory", ok, found, None if ok else "close other programs, and use: course run --jobs 1")


def disk() -> Finding:
    """The room on the disk that holds the course."""
    free = shutil.disk_usage(root()).free
    ok = free >= DISK_NEEDED
    found = f"{free / GIBIBYTE:.1f} GiB free at {root()}"
    return Finding("disk", ok, found, None if ok else f"make room: at least {DISK_NEEDED // GIBIBYTE} GiB")


def cache() -> Finding:
    """Whether downloads have a folder that can be written."""
    from utils.datasets.store import cache_folder

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
    except OSError as error:
        return Finding(
            "cache", False, f"{folder}: {error.strerror or error}", "set COURSE_DATA_DIR to a folder that you may write"
        )
    return Finding("cache", True, f"{folder} can be written")


def copies() -> Finding:
    """Whether the learner's folder, the one that ``course lab`` opens, can be written."""
    folder = lab.work_folder()
    try:
        lab.refuse_unfit(folder)
    except CourseError as error:
        return Finding("your copies", False, str(error), unset("COURSE_WORK").strip("`"))
    if not os.access(lab.existing(folder), os.W_OK | os.X_OK):
        error = lab.cannot_write(folder, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
        return Finding("your copies", False, str(error), lab.OWN)
    return Finding("your copies", True, f"{folder} can be {'written' if folder.is_dir() else 'made'}")


def embedded_data() -> Finding:
    """Whether the datasets that ship with the course are whole, by size and SHA-256."""
    from utils.datasets import store
    from utils.datasets.catalogue import catalogue

    embedded = [entry for entry in catalogue().values() if entry.embedded]
    try:
        broken = {
            f"{file.path} is {store.state(entry, file)}": store.restore_command(entry)
            for entry in embedded
            for file in entry.files
            if store.state(entry, file) != "ok"
        }
    except OSError as error:
        return Finding("data", False, f"cannot be read: {error}", "git checkout -- data")
    if broken:
        return Finding("data", False, "; ".join(broken), " && ".join(dict.fromkeys(broken.values())))
    return Finding("data", True, f"{len(embedded)} embedded datasets, whole")


def show(as_json: bool) -> int:
    """Print what was found; the table as it is found. Returns the exit status: 1 when something needs fixing."""
    if as_json:
        findings = list(examine())
        print(json.dumps([asdict(finding) for finding in findings], indent=2, ensure_ascii=False))
        return int(not all(finding.ok for finding in findings))

    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    broken = 0
    with console.status("looking around (the kernel takes some seconds)"):
        for finding in examine():
            mark = ("✓", "green") if finding.ok else ("✗", "red")
            console.print(Text.assemble(mark, f" {finding.name:<20}", (finding.found, "" if finding.ok else "red")))
            if finding.fix:
                console.print(Text.assemble(("  fix it:             ", "bold"), (finding.fix, "cyan")))
            broken += not finding.ok
    console.print(f"\n{broken} to fix." if broken else "\nAll is well: `course lab` to learn, `course run` to execute.")
    return int(broken > 0)
