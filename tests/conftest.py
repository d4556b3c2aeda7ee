"""What several tests share: the repository's root, its chapters, and an environment without a network."""

import os
import tempfile
from pathlib import Path

import hypothesis
import nbformat
import pytest
import workers

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
if "PYTEST_XDIST_WORKER" in os.environ:  # one of several processes, before any of them has imported a library
    os.environ.update(workers.limits(int(os.environ["PYTEST_XDIST_WORKER_COUNT"])))
    os.environ["COLUMNS"] = "200"  # one environment, so that all kernels can be forked from one process
else:  # what these tests execute is theirs: nothing is served from the user's cache, or kept there
    _cache = tempfile.TemporaryDirectory(prefix="course-tests-", ignore_cleanup_errors=True)
    os.environ["COURSE_CACHE_DIR"] = _cache.name

# On a busy machine an example is slow to make and slow to try: neither says anything about the code.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], parent=hypothesis.settings.default
)
hypothesis.settings.load_profile("busy")

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))
OWN = sorted((ROOT / "chapters" / "own").glob("*.ipynb"))


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Run in several processes, unless somebody has said how, or a debugger is to be used."""
    option = config.option
    if hasattr(config, "workerinput"):
        return
    if option.dist == "no" and not (option.tx or option.usepdb):
        if option.numprocesses is None:
            option.numprocesses = workers.number(config.args)
        option.dist = "loadgroup" if option.numprocesses else "no"  # with ``-n 3``, too: executions are not to be split
    option.loadscopereorder = False  # the order is ours


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return workers.Groups(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_configure(config):
    from closing import Closing

    config.addinivalue_line("markers", "first(seconds): begins before those that take less")
    config.pluginmanager.register(Closing(config), "closing")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    items[:] = workers.in_order(items)


def read(path):
    return nbformat.read(path, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def compared(notebook):
    """The cells of which nbval compares the outputs."""
    return [cell for cell in code_cells(notebook) if "nbval-check-output" in cell.metadata.get("tags", [])]


@pytest.fixture
def root():
    return ROOT


@pytest.fixture(scope="session")
def offline():
    """Environment variables for a child process that cannot reach any other machine."""
    return os.environ | {"PYTHONPATH": str(ROOT / "tests" / "offline"), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def closed(monkeypatch):
    """Close the network for all that the test starts from this process."""
    from executions import offline_path

    monkeypatch.setenv("PYTHONPATH", offline_path(os.environ.get("PYTHONPATH")))


@pytest.fixture
def eagerly():
    """No step is traced, which takes longer than a handful of them."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def shown(monkeypatch):
    """Collects what is displayed, as a list of MIME bundles (dict)."""
    bundles = []

    def record(bundle, **options):
        bundles.append(bundle)

    monkeypatch.setattr("utils.verdicts.display", record)
    return bundles


@pytest.fixture
def command(capsys, closed):
    """Call ``course`` in this process, with the network closed for its kernels.

    Returns (exit status, standard output, standard error).
    """
    from utils.course import cli

    def command(*words):
        with pytest.raises(SystemExit) as end:
            cli.main([*map(str, words)])
        printed = capsys.readouterr()
        return end.value.code or 0, printed.out, printed.err

    return command
