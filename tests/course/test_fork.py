"""Kernels forked from a template are like fresh ones, and whatever happens to the template, the run goes on."""

import ast
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from conftest import CHAPTERS, OWN, ROOT
from nbformat.v4 import new_code_cell, new_notebook, new_output

from utils.course import environment, fork, forked, kernel
from utils.course.execute import run_cells
from utils.course.kernel import Watch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

TRAIN = """
from utils import nn
import keras, numpy, os, sys
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
model.compile("adam", "mse")
x = numpy.random.default_rng(0).normal(size=(64, 4))
facts["loss"] = model.fit(x, x[:, :1], epochs=2, verbose=0).history["loss"]
"""
BEGIN = """
import os, sys
facts = {"loaded": [name for name in ("tensorflow", "utils") if name in sys.modules], "parent": os.getppid()}
"""
SHOW = """
import json
print("facts:" + json.dumps(facts, default=str, sort_keys=True))
"""
LOOK = """
import logging, matplotlib, multiprocessing.process, nibabel, pandas, pydicom, signal, tensorflow, warnings
import utils.datasets
from matplotlib import pyplot

def place(handler):
    stream = getattr(handler, "stream", None)
    stream = getattr(sys, stream._name) if type(stream).__name__ == "Later" else stream
    return {id(sys.stdout): "stdout", id(sys.stderr): "stderr"}.get(id(stream), "elsewhere")

facts |= {
    "argv": [os.path.basename(word) for word in (*sys.argv, *sys.orig_argv)],
    "autograph": tensorflow.autograph.set_verbosity.__globals__["echo_log_to_stdout"],
    "backend": matplotlib.get_backend(),
    "builtins": dir(__builtins__),
    "environment": {name: value for name, value in os.environ.items() if name not in OWN},
    "filters": sorted(map(repr, warnings.filters)),
    "flags": sys.flags,
    "folder": [os.getcwd(), multiprocessing.process.ORIGINAL_DIR, utils.__file__],
    "keras": [keras.config.backend(), keras.config.floatx(), keras.config.epsilon(), keras.config.image_data_format()],
    "loggers": {
        name: [logger.level, logger.propagate, *map(place, logger.handlers)]
        for name, logger in sorted(logging.root.manager.loggerDict.items())
        if isinstance(logger, logging.Logger) and (logger.handlers or logger.level) and name != "IPKernelApp"
    },
    "name": [__name__, sys.modules["__main__"].__name__, __builtins__.__name__, sys.ps1],
    "pandas": {name: repr(pandas.get_option(name)) for name in ("display.encoding", "display.max_columns")},
    "path": sys.path,
    "rc": {name: repr(value) for name, value in matplotlib.rcParams.items()},
    "session": os.getsid(0) == os.getpid(),
    "settings": [open(os.environ[name]).read() for name in ("MATPLOTLIBRC",)],
    "signals": {number.name: repr(signal.getsignal(number)).split(" at ")[0] for number in signal.Signals},
    "streams": [type(stream).__name__ for stream in (sys.stdin, sys.stdout, sys.stderr)],
    "versions": [sys.version, keras.__version__, tensorflow.__version__, numpy.__version__],
    "beside": __import__("beside").word,
}
tensorflow.print("printed")
tensorflow.get_logger().warning("warned")
""".replace("OWN", repr((*fork.SETTINGS, "PYTEST_CURRENT_TEST")))


CHEAP = "from utils import paths"  # enough to be worth a fork, and nothing to wait for


@pytest.fixture(scope="module", autouse=True)
def ended():
    yield
    fork.close()
    ours.clear()


@pytest.fixture
def closed():
    """A test that begins and ends without a template."""
    fork.close()
    yield
    fork.close()


@pytest.fixture
def light(closed, monkeypatch):
    """A template that starts quickly, since it imports little."""
    monkeypatch.setattr(fork, "MODULES", ("ipykernel.kernelapp",))


@pytest.fixture
def shared():
    """The template that another one of these tests has left, which saves its start; never one for other kernels."""
    if not ours & {template()}:
        fork.close()
    yield
    ours.add(template())


ours = set()  # the process ids of templates for kernels in the environment of the tests
shares = pytest.mark.usefixtures("shared")


@pytest.fixture
def poison(closed, tmp_path, monkeypatch):
    """A module that is imported into the template: call it with the module's text."""

    def poison(text):
        (tmp_path / "poison").mkdir()
        (tmp_path / "poison" / "poison.py").write_text(text)
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "poison"))
        monkeypatch.setattr(fork, "MODULES", ("ipykernel.kernelapp", "poison"))

    return poison


def run(*sources, may_fork=True, watch=None):
    """Execute cells in a kernel. Returns (what went wrong or None, facts, everything that was printed, the Watch)."""
    watch = watch or Watch()
    cells = [new_code_cell(source, id=f"cell-{number}") for number, source in enumerate((BEGIN, *sources, SHOW))]
    failure = run_cells(new_notebook(cells=cells), {}, 300, watch, fork=may_fork)
    outputs = [output for cell in watch.notebook.cells for output in cell.outputs]
    printed = "".join(output.text for output in outputs if output.get("name") == "stdout")
    words, _, facts = printed.partition("facts:")
    return failure, json.loads(facts) if facts else None, words, watch


def template():
    """The process id of the template of this process, None without one."""
    return fork._template.process.pid if fork.begun() else None


def assert_ordinary(outcome):
    failure, facts, _, _ = outcome
    assert failure is None
    assert facts["loaded"] == []
    assert facts["parent"] == os.getpid()


def assert_forked(outcome, parent=None):
    failure, facts, _, _ = outcome
    assert failure is None
    assert facts["parent"] == (parent or template())
    if "tensorflow" in fork.MODULES:
        assert facts["loaded"] == ["tensorflow"]


def gone(pid, seconds=60):
    """Whether a process ends, and is reaped if this process or the template is its parent, before a deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE and psutil.Process(pid).ppid() == 1:
                return True  # nobody reaps in some containers
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def until(path, seconds=300):
    """The text of a file, as soon as it holds some."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError):
            if text := path.read_text():
                return text
        time.sleep(0.05)
    raise AssertionError(f"{path.name} was not written")


@shares
def test_a_forked_kernel_and_a_fresh_one_give_the_same_facts(tmp_path):
    (tmp_path / "beside.py").write_text("word = 'mine'")
    (tmp_path / "utils.py").write_text("raise SystemExit('a strange utils was imported')")
    (tmp_path / "matplotlibrc").write_text("text.usetex: True")
    fresh = run(TRAIN, LOOK, may_fork=False, watch=Watch(tmp_path))
    assert_ordinary(fresh)
    child = run(TRAIN, LOOK, watch=Watch(tmp_path))
    assert_forked(child)
    assert child[2] == fresh[2] == "printed\nWARNING:tensorflow:warned\n"
    for facts in (child[1], fresh[1]):
        del facts["loaded"], facts["parent"]
    for name in fresh[1]:
        assert child[1][name] == fresh[1][name], name
    assert fork.notes() == []


DRAW = """
import keras, numpy, random, uuid
facts["drawn"] = [float(numpy.random.rand()), random.random(), uuid.uuid4(), float(keras.random.uniform((1,))[0])]
"""


@shares
def test_kernels_one_after_the_other_and_two_at_once_train_alike_and_draw_other_random_numbers():
    outcomes = [run(DRAW, TRAIN) for _ in range(2)]
    threads = [threading.Thread(target=lambda: outcomes.append(run(DRAW, TRAIN))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 4
    for outcome in outcomes:
        assert_forked(outcome)
    assert len({str(outcome[1]["loss"]) for outcome in outcomes}) == 1
    assert len({number for outcome in outcomes for number in outcome[1]["drawn"]}) == 4 * 4
    assert fork.notes() == []


def test_a_template_that_has_computed_while_it_started_is_not_forked(poison):
    poison("import tensorflow as tf\ntf.constant(1) + 1")
    assert_ordinary(run(CHEAP))
    [sentence] = fork.notes()
    assert "threads where" in sentence
    assert "each starts by itself" in sentence
    assert fork._template.process.wait(60) == 0  # it would only hold memory
    assert_ordinary(run(CHEAP))
    assert fork.notes() == [sentence]


def test_a_template_that_computes_later_is_not_forked_any_more(poison):
    poison(
        "import signal, threading, time\n"
        "work = threading.Thread(target=time.sleep, args=(1000,), daemon=True)  # as an operation begins some\n"
        "signal.signal(signal.SIGUSR1, lambda *_: work.start())"
    )
    assert_forked(run(CHEAP))
    before = psutil.Process(template()).num_threads()
    os.kill(template(), signal.SIGUSR1)
    deadline = time.monotonic() + 60
    while psutil.Process(template()).num_threads() == before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert_ordinary(run(CHEAP))
    assert len(fork.notes()) == 1


def test_a_template_that_cannot_start_costs_nothing_but_time(poison):
    poison("raise ValueError('poisoned')")
    assert_ordinary(run(CHEAP))
    assert "ended with exit status 1" in fork.notes()[0]


def test_a_module_that_is_not_installed_is_no_trouble(closed, monkeypatch):
    monkeypatch.setattr(fork, "MODULES", ("no_such_module", "no_such.module", "ipykernel.kernelapp"))
    assert_forked(run(CHEAP))


def test_a_template_killed_between_two_chapters(light):
    assert_forked(run(CHEAP))
    os.kill(template(), signal.SIGKILL)
    assert_ordinary(run(CHEAP))
    assert len(fork.notes()) == 1
    assert "ended with exit status -9" in fork.notes()[0]
    fork.close()
    assert fork.notes() == []
    assert_forked(run(CHEAP))


def test_a_template_killed_in_the_middle_of_a_chapter(light, tmp_path):
    wait = f"""
import pathlib, time
pathlib.Path({str(tmp_path)!r}, "begun").write_text("x")
while not pathlib.Path({str(tmp_path)!r}, "go").exists():
    time.sleep(0.05)
"""
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(run(CHEAP, wait, CHEAP)))
    thread.start()
    until(tmp_path / "begun")
    pid = template()
    os.kill(pid, signal.SIGKILL)
    assert fork._template.process.wait(60) == -signal.SIGKILL
    assert_ordinary(run(CHEAP))
    (tmp_path / "go").touch()
    thread.join()
    assert_forked(outcomes[0], pid)
    assert outcomes[0][3].exit_status == forked.UNKNOWN
    assert len(fork.notes()) == 1


def test_a_kernel_that_is_killed_is_known_to_be_killed(light):
    failure, _, _, watch = run(CHEAP, "os.kill(os.getpid(), 9)")
    assert failure[0] == "kernel"
    assert "the kernel was killed in cell 3 (cell-2), most likely because memory ran out" in failure[1]
    assert watch.exit_status == -signal.SIGKILL
    assert_forked(run(CHEAP))


def test_an_exit_status_is_handed_on(light):
    failure, _, _, watch = run(CHEAP, "os._exit(7)")
    assert "died in cell 3 (cell-2) with exit status 7" in failure[1]
    assert watch.exit_status == 7


@pytest.fixture
def process(light, tmp_path):
    """A kernel that was asked for without Jupyter."""
    words = environment.start("kernel", "-f", str(tmp_path / "kernel.json"))
    with (tmp_path / "log").open("w") as log, Path(os.devnull).open() as nothing:
        streams = [nothing.fileno(), log.fileno(), log.fileno()]
        request = fork.kernel(words, environment.guarded(tmp_path), str(tmp_path), streams)
    while (process := request.poll()) is None:
        time.sleep(0.02)
    yield process
    process.kill()


def test_the_process_is_like_popen(process):
    assert process.poll() is process.returncode is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.1)
    process.send_signal(signal.SIGINT)  # a kernel without work takes no notice
    assert psutil.Process(process.pid).ppid() == template()
    assert os.getsid(process.pid) == process.pid
    process.terminate()
    assert process.wait(timeout=60) == process.poll() == process.returncode == -signal.SIGTERM
    assert gone(process.pid)
    process.send_signal(signal.SIGTERM)  # of which nobody hears


def test_an_end_that_nobody_has_asked_for_waits_to_be_asked(process):
    os.kill(process.pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
    assert psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE  # so its number is nobody else's
    assert process.wait(60) == -signal.SIGKILL
    assert gone(process.pid)


def test_closing_ends_template_and_kernels(process):
    pid = template()
    fork.close()
    assert process.wait(timeout=60) == forked.UNKNOWN
    assert gone(pid)
    assert gone(process.pid)


HOLD = """
import os, pathlib, subprocess, time
from utils import paths
child = subprocess.Popen(["sleep", "1000"])
pathlib.Path("FOLDER", f"{os.getpid()}.pids").write_text(f"{os.getpid()} {os.getppid()} {child.pid}")
time.sleep(1000)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["killed", "interrupted"])
def test_a_run_that_ends_leaves_no_process_behind(course, number):
    for name in ("00_x", "01_y"):
        course.chapter(name, HOLD.replace("FOLDER", str(course.root)))
    process = course.start("run", "--jobs", "2", "--out", course.root / "out")
    try:
        deadline = time.monotonic() + 300
        while len(found := sorted(course.root.glob("*.pids"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        pids = [[int(word) for word in until(path).split()] for path in found]
        assert len({parent for _, parent, _ in pids}) == 1
        assert psutil.Process(pids[0][1]).ppid() == process.pid
        process.send_signal(number)
        process.communicate(timeout=300)
    finally:
        process.kill()
    assert all(gone(pid) for family in pids for pid in family)


@pytest.mark.parametrize("words", [(), ("--no-fork",)], ids=["fork", "no-fork"])
def test_the_command_forks_unless_asked_not_to(course, call, light, words):
    for name in ("00_x", "01_y"):
        course.chapter(name, f"{CHEAP}\nimport os\nprint(os.getppid() == {os.getpid()})")
    assert call("run", "--no-cache", "--out", course.root / "out", *words)[0] == 0
    for name in ("00_x", "01_y"):
        assert course.read(f"out/{name}.ipynb")["cells"][-1]["outputs"][0]["text"] == [f"{bool(words)}\n"]


def test_a_notebook_without_keras_is_not_worth_a_template(closed):
    assert_ordinary(run("import sys"))
    assert fork._template is None


@pytest.mark.parametrize(
    "source", ["import keras", "x = 1\nfrom utils import nn", "if x:\n    import tensorflow as tf"]
)
def test_what_is_worth_a_template(source):
    assert kernel.uses_keras(new_notebook(cells=[new_code_cell(source)]))


def test_another_environment_is_an_ordinary_start(light, monkeypatch):
    assert_forked(run(CHEAP))
    monkeypatch.setenv("COURSE_WORK", "elsewhere")  # of no account
    assert_forked(run(CHEAP))
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert_ordinary(run(CHEAP))
    assert "a kernel needs other environment variables" in fork.notes()[0]


def test_other_settings_are_an_ordinary_start(tmp_path):
    one = environment.guarded(tmp_path / "one")
    two = environment.guarded(tmp_path / "two")
    assert fork._content(one) == fork._content(two)
    (tmp_path / "two" / "keras" / "keras.json").write_text("{}")
    assert fork._content(one) != fork._content(two)


WORDS = environment.start("kernel", "-f", "x")


def test_where_a_kernel_may_be_a_fork(monkeypatch):
    assert fork.possible(WORDS, {})
    assert fork.possible(WORDS, {"KERAS_BACKEND": "tensorflow", "PYTHONPATH": "/a:/b"})
    assert not fork.possible(WORDS, {"KERAS_BACKEND": "jax"})
    assert not fork.possible(WORDS, {"PYTHONPATH": "/a:b"})  # below whichever folder a kernel works in
    assert not fork.possible(["/other/python", *WORDS[1:]], {})
    assert not fork.possible([sys.executable, "-m", "ipykernel_launcher", "-f", "x"], {})
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not fork.possible(WORDS, {})


def test_a_system_that_cannot_childis_an_ordinary_start(closed, monkeypatch):
    monkeypatch.delattr(os, "fork")
    assert_ordinary(run(CHEAP))
    assert fork.notes() == []


def test_an_old_installation_is_an_ordinary_start(closed, monkeypatch):
    monkeypatch.setattr(kernel, "entry_points", lambda **_: ())
    assert_ordinary(run(CHEAP))


def imported(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


def test_the_template_imports_what_chapters_import():
    cells = [
        cell.source for path in [*CHAPTERS, *OWN] for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"
    ]
    needed = {name for source in cells for name in imported(source)} - set(sys.stdlib_module_names) - {"utils"}
    known = {name.partition(".")[0] for name in (*fork.MODULES, "numpy", "scipy")}
    assert needed - known == {"rdkit"}  # which must meet the notebook when it is imported


@pytest.fixture
def nbval(tmp_path):
    """Run nbval, as CONTRIBUTING says, on notebooks of cells whose stored output is ``True``."""

    def nbval(*notebooks):
        for number, sources in enumerate(notebooks):
            stored = [new_output("stream", name="stdout", text="True\n")]
            cells = [
                new_code_cell(source, execution_count=1, outputs=stored, metadata={"tags": ["nbval-check-output"]})
                for source in sources
            ]
            nbformat.write(new_notebook(cells=cells), tmp_path / f"{number}.ipynb")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-c", os.devnull]
        command += ["--nbval-lax", "--nbval-kernel-name=course", "--rootdir", str(tmp_path), str(tmp_path)]
        kernels = str(ROOT / "utils" / "course" / "kernels")
        return subprocess.run(
            command, env=os.environ | {"JUPYTER_PATH": kernels}, cwd=tmp_path, capture_output=True, text=True
        )

    return nbval


def test_nbval_forks_too(nbval, tmp_path):
    look = [
        "import os, sys\nprint('tensorflow' in sys.modules and 'utils' not in sys.modules)",
        "import psutil\nprint('template' in psutil.Process(os.getppid()).cmdline())",
        "from utils import nn\nimport keras\nprint(keras.config.floatx() == 'float32')",
        f"import pathlib\npath = pathlib.Path({str(tmp_path)!r}, 'parents')\n"
        "earlier = path.read_text() if path.exists() else str(os.getppid())\npath.write_text(str(os.getppid()))\n"
        "print(earlier == str(os.getppid()))",
        "print(os.environ['KERAS_HOME'].startswith(os.environ['IPYTHONDIR'].removesuffix('ipython')))",
    ]
    done = nbval(look, look, ["print(False)"])
    assert done.returncode == 1
    assert "1 failed, 10 passed" in done.stdout, done.stdout + done.stderr  # and what is not as stored is noticed
    assert gone(int((tmp_path / "parents").read_text()))


def test_the_kernel_for_nbval_is_not_offered_in_the_lab(monkeypatch, tmp_path):
    shutil.copytree(ROOT / "utils" / "course" / "kernels", tmp_path / "jupyter")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    assert "course" not in kernel.CourseKernels().find_kernel_specs()
    assert "course" not in kernel.CourseKernels().get_all_specs()
    assert not kernel.CourseKernels().get_kernel_spec("python3").metadata.get("kernel_provisioner")
