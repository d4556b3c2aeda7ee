"""``course doctor``: what this machine has, what is missing, and the command that fixes it."""

import json
import os
import platform
import shlex
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from utils.course import environment as kernel_environment
from utils.course.lab import work_folder
from utils.errors import CourseError
from utils.paths import root

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
        False when something needs fixing.
    found : str
        What is there, in words.
    fix : str or None
        The command, or the words, that fix it; None when nothing needs fixing.
    """

    name: str
    ok: bool
    found: str
    fix: str | None = None


def examine():
    """Yield a Finding for each check, the quick ones first."""
    for check in (
        *(python, environment, packages, cores, memory, disk, cache, copies, embedded_data, settings),
        *(kernel, figure, keras),
    ):
        try:
            yield check()
        except Exception as error:  # a doctor is called to what is broken, and must not fall over it
            name = check.__name__.replace("_", " ")
            yield Finding(name, False, f"the check failed with {type(error).__name__}: {error}", reinstall())


def reinstall():
    """The command that installs the locked packages anew."""
    python, lock = shlex.quote(sys.executable), shlex.quote(str(root() / LOCK))
    return f"{python} -m uv pip install --reinstall --require-hashes -r {lock}"


def make(targets):
    """The command that sets the course up (again), from wherever it is typed."""
    if os.name == "nt":
        return "delete the folder .venv and set up again, as README says under Windows"
    folder = "" if Path.cwd() == root() else f"-C {shlex.quote(str(root()))} "
    return f"make {folder}{targets}"


def python():
    """The version of Python."""
    low, high = (".".join(map(str, bound)) for bound in PYTHONS)
    ok = PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1]
    fix = None if ok else f"install Python {low} to {high}, then: {make(f'clean setup PYTHON=python{high}')}"
    return Finding("Python", ok, f"{platform.python_version()} on {platform.system()} {platform.machine()}", fix)


def environment():
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


def packages():
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
    free = shutil.disk_usage(root()).free
    ok = free >= DISK_NEEDED
    found = f"{free / GIBIBYTE:.1f} GiB free at {root()}"
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


def copies():
    """Whether the learner's folder can be written: that of ``course lab``."""
    from utils.course.lab import refuse_unfit

    folder = work_folder()
    there = next(place for place in [folder, *folder.parents] if place.exists())
    try:
        refuse_unfit(folder if folder.exists() else there)
    except CourseError as error:
        return Finding("your copies", False, str(error), "course lab --work ~/deep_learning_in_medicine")
    return Finding("your copies", True, f"{folder} " + ("can be written" if folder.exists() else "can be made"))


def embedded_data():
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


def settings():
    """The user's own settings, which kernels of the course do not get; and the backend of Keras, which they do."""
    try:
        backend = kernel_environment.backend()
    except CourseError as error:
        return Finding("settings", False, str(error), kernel_environment.unset("KERAS_BACKEND").strip("`"))
    apart = kernel_environment.set_apart()
    found = f"Keras on {backend}"
    return Finding("settings", True, f"{found}; not used here: {', '.join(apart)}" if apart else found)


def kernel():
    """Whether a kernel starts as it does in the lab, with this Python and with our ``utils``."""
    said, error = in_kernel("import sys, utils\nreport = [sys.executable, utils.__file__, __debug__]")
    if error:
        return Finding("kernel", False, error, reinstall())
    wanted = [sys.executable, str(kernel_environment.PACKAGE_PARENT / "utils" / "__init__.py"), True]
    wrong = [f"{is_} instead of {should}" for is_, should in zip(said, wanted, strict=True) if is_ != should]
    if wrong:
        return Finding("kernel", False, "; ".join(wrong), make("clean setup"))
    return Finding("kernel", True, f"starts; utils comes from {Path(said[1]).parent}")


def figure():
    """Whether a figure can be drawn in a kernel, with words and a formula in it."""
    said, error = in_kernel(
        "import io\n"
        "import matplotlib\n"
        "from matplotlib import pyplot as plt\n"
        "figure, axes = plt.subplots()\n"
        "axes.set_title('$x^2$ and words')\n"
        "file = io.BytesIO()\n"
        "figure.savefig(file, format='png')\n"
        "plt.close(figure)\n"
        "report = [len(file.getvalue()), matplotlib.matplotlib_fname()]"
    )
    if error:
        return Finding("figure", False, error, reinstall())
    return Finding("figure", True, f"drawn with Matplotlib {version('matplotlib')}")


def keras():
    """Whether a network trains for a step in a kernel; with which settings, and on which processors."""
    said, error = in_kernel(
        "import os\n"
        "os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\n"
        "import keras, numpy\n"
        "keras.utils.set_random_seed(0)\n"
        "layers = [keras.Input((8, 8, 1)), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(1)]\n"
        "model = keras.Sequential(layers)\n"
        "model.compile('sgd', 'mse')\n"
        "loss = float(model.train_on_batch(numpy.ones((2, 8, 8, 1)), numpy.ones((2, 1))))\n"
        "config = keras.config\n"
        "in_force = {name: getattr(config, name)() for name in ('backend', 'floatx', 'epsilon', 'image_data_format')}\n"
        "report = [numpy.isfinite(loss).item(), in_force, len(keras.distribution.list_devices('gpu'))]"
    )
    if error:
        return Finding("Keras", False, error, reinstall())
    finite, in_force, graphics = said
    words = ", ".join(str(value) for name, value in in_force.items() if name != "epsilon")
    found = f"{version('keras')}: {words}"
    wanted = kernel_environment.KERAS_SETTINGS | {"backend": kernel_environment.backend()}
    if in_force != wanted:
        return Finding("Keras", False, f"{found} instead of {', '.join(map(str, wanted.values()))}", reinstall())
    if not finite:
        return Finding("Keras", False, f"{found}; the loss of a step is not a number", reinstall())
    processors = f"{graphics} graphics processors" if graphics else "no graphics processor, and none is needed"
    return Finding("Keras", True, f"{found}; a step of training was taken; {processors}")


def in_kernel(source):
    """Run code in a kernel like the lab's. Returns (what it called ``report``, what went wrong or None)."""
    import nbformat

    from utils.course.execute import run_cells
    from utils.course.kernel import Watch

    watch = Watch(work_folder() if work_folder().is_dir() else None)
    code = f"{source}\nimport json\nprint(json.dumps(report))"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code, id="check")])
    error = run_cells(notebook, {}, timeout=300, watch=watch)
    if error:
        return None, error
    printed = [output["text"] for output in watch.notebook.cells[-1].outputs if output.get("name") == "stdout"]
    return json.loads("".join(printed).splitlines()[-1]), None


def show(as_json):
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
