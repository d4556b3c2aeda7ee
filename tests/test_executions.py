"""Every chapter executed in quick, as it ships, with the network closed. One execution serves many tests.

The other one is that of ``test_newcomer.py``: in smoke, with every exercise solved. Quick is not executed with the
exercises solved, nor smoke as it ships: ``test_editions.py`` shows that solving an exercise changes nothing that a
chapter computes beside its verdict.
"""

import copy
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import executions
import nbformat
import pytest
from comparison import differences
from conftest import CHAPTERS, OWN, ROOT, code_cells, compared, read
from nbformat.v4 import new_code_cell, new_notebook, new_output

from utils.course import results
from utils.course.cache.dependencies import undeclared
from utils.exercises.sources import exercise_ids

MOST_MEGABYTES = 2000  # two chapters at a time in 4 GB
ALL = [*CHAPTERS, *OWN]
LEAST_CLAIMS = {CHAPTERS[0].stem: 1, "scans": 0}  # the course's own five patients are too few for a study of scans


def number(path):
    return None if path in OWN else int(path.stem[:2])


def of_its_own(path):
    return [] if path in OWN else exercise_ids(number(path))


@pytest.fixture
def quick(path):
    return executions.quick(path)


as_it_ships = pytest.mark.parametrize("path", executions.groups(ALL))


# --- quick, as it ships -------------------------------------------------------------------------------------------


@as_it_ships
def test_it_runs_and_meets_every_claim(path, quick):
    assert quick.result.status == "ok", quick.result.error
    assert quick.result.cells == len(code_cells(read(path)))
    claims = quick.result.claims
    assert len(claims) >= LEAST_CLAIMS.get(path.stem, 2)
    if path in CHAPTERS:
        assert all(claim.judged and claim.ok for claim in claims)


@as_it_ships
def test_nbval_finds_what_is_stored(path, quick, request):
    """Cells with the tag are compared by nbval's own code; that it can see a difference is shown below."""
    different = differences(path, quick.notebook, request.session)
    assert not different, "\n".join(f"{name}: {words}" for name, words in different.items())


@as_it_ships
def test_exercises_are_open(path, quick):
    found = {name: record["status"] for name, record in results.exercises(quick.notebook).items()}
    assert found == dict.fromkeys(of_its_own(path), "open")


@as_it_ships
def test_memory(path, quick):
    assert 0 < quick.result.peak_rss_mb < MOST_MEGABYTES


@as_it_ships
def test_it_reads_no_dataset_that_it_does_not_declare(path, quick):
    assert undeclared(quick.job, quick.reads) == []


# --- what the tests above rest on ---------------------------------------------------------------------------------


def nbval(path, environment):
    """``pytest --nbval-lax`` on a notebook; returns (exit code, number of cells run, what it printed)."""
    report = path.parent / "report.xml"
    arguments = ["--nbval-lax", "--nbval-current-env", "--nbval-kernel-startup-timeout=300", "--nbval-cell-timeout=600"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, f"--junitxml={report}", path],
        cwd=path.parent,
        env=environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, len(ElementTree.parse(report).findall(".//testcase")), done.stdout


@pytest.fixture
def small(tmp_path):
    """A notebook with two cells that are compared and one that is not: what is stored of the last is wrong."""

    def stored(number, text, tags):
        outputs = [new_output("stream", name="stdout", text=text)]
        metadata = {"tags": tags}
        return new_code_cell(
            f"print({number})", id=f"cell-{number}", outputs=outputs, execution_count=number, metadata=metadata
        )

    tags = ["nbval-check-output"]
    cells = [stored(1, "1\n", tags), stored(2, "2\n", tags), stored(3, "another\n", [])]
    nbformat.write(new_notebook(cells=cells), tmp_path / "small.ipynb")
    return tmp_path / "small.ipynb"


def changed(path):
    """The same notebook with another output stored in its second cell."""
    notebook = read(path)
    notebook.cells[1].outputs[0].text = "22\n"
    nbformat.write(notebook, path)
    return path


def test_nbval_notices_a_changed_output_and_nothing_else(small, offline):
    assert nbval(small, offline)[:2] == (0, 3)
    code, cells, text = nbval(changed(small), offline)
    assert (code, cells) == (1, 3)
    assert "1 failed, 2 passed" in text


def test_the_comparison_here_is_the_one_of_nbval(small, request):
    executed = copy.deepcopy(read(small))
    executed.cells[2].outputs[0].text = "3\n"
    assert differences(small, executed, request.session) == {}
    (found,) = differences(changed(small), executed, request.session).items()
    assert found[0] == "cell-2"
    assert "22" in found[1]
    executed.cells[0].outputs = []
    assert differences(small, executed, request.session).keys() == {"cell-1", "cell-2"}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_difference_in_any_compared_cell_of_a_chapter_is_found(path, request):
    executed = read(path)
    assert differences(path, executed, request.session) == {}
    for cell in compared(executed):
        for output in cell.outputs:
            if output.output_type == "stream":
                output.text += "something else\n"
            elif "text/plain" in output.data:
                output.data["text/plain"] += "something else"
    assert differences(path, executed, request.session).keys() == {cell.id for cell in compared(executed)}


def test_a_chapter_goes_through_nbval_itself(offline, tmp_path):
    """By the command that CONTRIBUTING names."""
    command = "python -m pytest --nbval-lax --nbval-current-env chapters/00_start_here.ipynb"
    assert command in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    report = tmp_path / "report.xml"
    done = subprocess.run(
        [sys.executable, *command.split()[1:], "-p", "no:cacheprovider", f"--junitxml={report}"],
        cwd=ROOT,
        env=offline,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert len(ElementTree.parse(report).findall(".//testcase")) == len(code_cells(read(CHAPTERS[0])))


LOOK = """
import os, socket, sys
print(os.getppid(), file=sys.stderr)
from utils import paths  # enough to be worth a fork
for reach in (
    lambda: socket.create_connection(("192.0.2.1", 80), timeout=5),
    lambda: socket.getaddrinfo("x.y", 80),
    lambda: socket.socket().connect(("192.0.2.1", 80)),
):
    try:
        reach()
        print("open")
    except OSError as error:
        print(error)
"""


@pytest.mark.parametrize("fork", [False, True])
def test_the_network_really_is_closed(fork, tmp_path):
    """In a kernel that starts by itself, and in one that is forked, where there can be one."""
    parameters = new_code_cell('profile = "quick"\nseed = 0', metadata={"tags": ["parameters"]})
    nbformat.write(new_notebook(cells=[parameters, new_code_cell(LOOK)]), tmp_path / "look.ipynb")
    job = executions.Job(tmp_path / "look.ipynb", fork=fork)
    found = executions.execute(job, tmp_path)
    executions.done.clear()
    assert found.result.status == "ok", found.result.error
    told = {output.name: output.text for output in found.notebook.cells[1].outputs}
    lines, parent = told["stdout"].splitlines(), int(told["stderr"].split()[0])
    assert (parent == os.getpid()) == (not fork or sys.platform != "linux")
    assert [line.rpartition(" ")[::2] for line in lines] == [
        ("the network is closed in this test: look-up of", "192.0.2.1"),
        ("the network is closed in this test: look-up of", "x.y"),
        ("the network is closed in this test: connect to", "192.0.2.1"),
    ]


def test_a_dataset_that_is_not_declared_is_noticed(tmp_path):
    read_it = "from utils import datasets\nlen(datasets.load('splice').sequences)"
    cells = [new_code_cell('profile = "quick"\nseed = 0', metadata={"tags": ["parameters"]}), new_code_cell(read_it)]
    for declared, found in (([], 1), (["splice"], 0)):
        nbformat.write(new_notebook(cells=cells, metadata={"course": {"datasets": declared}}), tmp_path / "x.ipynb")
        done = executions.execute(executions.Job(tmp_path / "x.ipynb", fork=False))
        executions.done.clear()
        assert done.result.status == "ok", done.result.error
        assert len(undeclared(done.job, done.reads)) == found
