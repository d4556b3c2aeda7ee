"""``course doctor``: what this machine has, what is missing, and the command that mends it."""

import json
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version

from utils.course import notebooks

PYTHONS = ((3, 11), (3, 13))
GIBIBYTE = 2**30
MEMORY_NEEDED, DISK_NEEDED = 4 * GIBIBYTE, 2 * GIBIBYTE
LOCK = "requirements.lock"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes
    ----------
    name : str
    ok : bool
        False when something needs mending.
    found : str
        What is there, in words.
    mend : str or None
        The command, or the words, that mend it; None when nothing needs mending.
    """

    name: str
    ok: bool
    found: str
    mend: str | None = None


def examine():
    """Yield a Finding for each check, the quick ones first."""
    for check in (python, environment, packages, cores, memory, disk, cache, embedded_data, kernel, keras):
        try:
            yield check()
        except Exception as error:  # a doctor is called to what is broken, and must not fall over it
            name = check.__name__.replace("_", " ")
            yield Finding(name, False, f"the check failed with {type(error).__name__}: {error}", reinstall())


def reinstall():
    """The command that installs the locked packages anew."""
    return f"{sys.executable} -m uv pip install --reinstall --require-hashes -r {LOCK}"


def python():
    """The version of Python."""
    low, high = (".".join(map(str, bound)) for bound in PYTHONS)
    ok = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    mend = None if ok else f"install Python {low} to {high}, then: make clean setup PYTHON=python{high}"
    return Finding("Python", ok, f"{platform.python_version()} on {platform.system()} {platform.machine()}", mend)


def environment():
    """Whether the packages have a virtual or conda environment to themselves."""
    if sys.prefix != sys.base_prefix or os.environ.get("CONDA_PREFIX") == sys.prefix:
        return Finding("environment", True, sys.prefix)
    return Finding(
        "environment", False, "the system's own Python, where packages get in each other's way", "make setup"
    )


def packages():
    """The installed packages against the lock."""
    from packaging.requirements import Requirement

    lock = notebooks.root() / LOCK
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
    mend = "make clean setup" if any(line.startswith("uv ") for line in wrong) else reinstall()
    return Finding("packages", False, "; ".join(wrong[:5]) + more, mend)


def cores():
    """The processor cores that we may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    advice = "one chapter at a time" if count < 4 else f"up to --jobs {count // 2}"
    return Finding("cores", True, f"{count}, good for {advice}")


def memory():
    """The memory that is free, which a kernel with TensorFlow needs much of."""
    import psutil

    state = psutil.virtual_memory()
    found = f"{state.available / GIBIBYTE:.1f} of {state.total / GIBIBYTE:.1f} GiB free"
    ok = state.available >= MEMORY_NEEDED
    return Finding("memory", ok, found, None if ok else "close other programs, and use: course run --jobs 1")


def disk():
    """The room on the disk that holds the course."""
    free = shutil.disk_usage(notebooks.root()).free
    ok = free >= DISK_NEEDED
    found = f"{free / GIBIBYTE:.1f} GiB free at {notebooks.root()}"
    return Finding("disk", ok, found, None if ok else f"make room: at least {DISK_NEEDED // GIBIBYTE} GiB")


def cache():
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


def embedded_data():
    """Whether the datasets that ship with the course are whole, by size and SHA-256."""
    from utils.datasets import store
    from utils.datasets.catalogue import catalogue

    embedded = [entry for entry in catalogue().values() if entry.embedded]
    try:
        broken = {
            f"{file.path} is {store.state(entry, file)}": store.mend(entry)
            for entry in embedded
            for file in entry.files
            if store.state(entry, file) != "ok"
        }
    except OSError as error:
        return Finding("data", False, f"cannot be read: {error}", "git checkout -- data")
    if broken:
        return Finding("data", False, "; ".join(broken), " && ".join(dict.fromkeys(broken.values())))
    return Finding("data", True, f"{len(embedded)} embedded datasets, whole")


def kernel():
    """Whether a kernel starts, and adds 1 and 1."""
    printed, error = in_kernel("print(1 + 1)")
    if error or printed != "2":
        return Finding("kernel", False, error or f"says that 1 + 1 is {printed}", reinstall())
    return Finding("kernel", True, "starts, and 1 + 1 is 2")


def keras():
    """Whether Keras and TensorFlow can be imported, and which graphics processors they see."""
    printed, error = in_kernel(
        "import os\n"
        "os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\n"
        "import keras, tensorflow\n"
        "print(len(tensorflow.config.list_physical_devices('GPU')))"
    )
    if error:
        return Finding("Keras", False, error, reinstall())
    graphics = "no graphics processor, and none is needed" if printed == "0" else f"{printed} graphics processors"
    return Finding("Keras", True, f"{version('keras')} on TensorFlow {version('tensorflow')}; {graphics}")


def in_kernel(source):
    """Run code in a kernel of its own. Returns (what it printed, the sentence for what went wrong or None)."""
    import nbformat

    from utils.course.execute import run_cells
    from utils.course.kernel import Watch

    watch = Watch()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="check")])
    error = run_cells(notebook, {}, timeout=300, watch=watch)
    outputs = watch.notebook.cells[-1].outputs if watch.notebook else []
    return "".join(output.get("text", "") for output in outputs if output.get("name") == "stdout").strip(), error


def show(as_json):
    """Print what was found; the table as it is found. Returns the exit status: 1 when something needs mending."""
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
            if finding.mend:
                console.print(Text.assemble(("  mend it:            ", "bold"), (finding.mend, "cyan")))
            broken += not finding.ok
    console.print(
        f"\n{broken} to mend." if broken else "\nAll is well: `course lab` to learn, `course run` to execute."
    )
    return int(broken > 0)
