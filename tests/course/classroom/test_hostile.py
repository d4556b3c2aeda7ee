"""What students send: each submission scores what it earned, hurts nobody, and has a line for the teacher.

The sandbox is really on. Every submission here is a solved chapter 03 in which something was done to the notebook, or
to the answer of exercise 3.1.
"""

import copy
import json
import os
import re
import socket
from pathlib import Path

import pytest
from sandboxes import needs_sandbox

from utils.course import editions
from utils.course.classroom import judging, release, sandbox, submissions
from utils.course.classroom.bounds import Bounds
from utils.course.classroom.remote import Limits

ROOT = Path(__file__).parents[3]
CHAPTER = ROOT / "chapters" / "03_cnn.ipynb"
LIMITS, BOUNDS = Limits(call_seconds=3, seconds=30), Bounds(megabytes=400, processes=16, disk_megabytes=16)
ALL, FIRST = 11, 2  # points of the chapter, and of exercise 3.1

pytestmark = needs_sandbox


@pytest.fixture(scope="module")
def source():
    return release.source(CHAPTER)


@pytest.fixture(scope="module")
def solved(source):
    return editions.solved(source)


@pytest.fixture
def klass(tmp_path, solved):
    """A folder of a class, with another student's work and a gradebook in it."""
    other = tmp_path / "submitted" / "other" / "03_cnn"
    other.mkdir(parents=True)
    (other / "03_cnn.ipynb").write_text(json.dumps(solved))
    (tmp_path / "gradebook.db").write_text("marks")
    (tmp_path / "class.json").write_text('{"secret": "s"}')
    return tmp_path


def send(klass, content, name="03_cnn.ipynb"):
    folder = klass / "submitted" / "eve" / "03_cnn"
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content) if isinstance(content, dict) else content
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def judged(klass, source):
    [submission] = submissions.find(klass, "03_cnn", "eve")
    return judging.judge(submissions.read(submission, source), "s", limits=LIMITS, bounds=BOUNDS)


def cell_of(notebook, exercise):
    return next(cell for cell in notebook["cells"] if cell["metadata"].get("exercise") == exercise)


def with_answer(solved, body, above=""):
    notebook = copy.deepcopy(solved)
    lines = "\n".join(f"    {line}" for line in body.split("\n"))
    cell_of(notebook, "3.1")["source"] = f"{above}\ndef cross_correlate(image, kernel):\n{lines}\n"
    return notebook


HONEST = "h, w = kernel.shape\nH, W = image.shape\nout = np.zeros((H - h + 1, W - w + 1))\nfor i in range(h):\n"
HONEST += "    for j in range(w):\n        out += kernel[i, j] * image[i:i + H - h + 1, j:j + W - w + 1]\nreturn out"

TOO_MANY = "more than 16 processes|more processes are not allowed"  # says who watches, or the system itself
BUSY = "[sys.executable, '-c', 'while True: pass']"

# What the answer of exercise 3.1 does → its body, whether it earns its points, words of a line for the teacher.
CODE = {
    "an endless loop": ("while True:\n    pass", False, "it did not end in time"),
    "a loop that eats memory": ("a = []\nwhile True:\n    a.append(bytearray(10**7))", False, "more than 400 MB"),
    "a fork bomb": ("import os\nwhile True:\n    os.fork()", False, TOO_MANY),
    "many processes": (
        f"import subprocess, sys\nfor _ in range(40):\n    subprocess.Popen({BUSY})\nwhile True: pass",
        False,
        TOO_MANY,
    ),
    "many threads": (
        "import threading\nstop = threading.Event()\nwhile True:\n    threading.Thread(target=stop.wait).start()",
        False,
        "can't start new thread|memory",
    ),
    "processes left behind": (f"import subprocess, sys\nsubprocess.Popen({BUSY})\n{HONEST}", True, ""),
    "a copy that would answer, too": (f"import os\nos.fork()\n{HONEST}", True, ""),
    "another processor": ("import os\nos.sched_setaffinity(0, range(os.cpu_count()))", False, "PermissionError"),
    "all processors": ("import os\nraise OverflowError(len(os.sched_getaffinity(0)))", False, r"OverflowError.*\(1\)"),
    "memory that is a file": ("import os\nos.memfd_create('x')", False, "PermissionError"),
    "memory that outlives its process": ("import mmap\nmmap.mmap(-1, 10**6)", False, "PermissionError"),
    "a system of its own": (
        "import ctypes\nsystem = ctypes.CDLL(None, use_errno=True)\nsystem.unshare(0x10000000)\n"
        "raise OSError(ctypes.get_errno(), 'refused')",
        False,
        "PermissionError",
    ),
    "a disk filler": (
        "with open('/tmp/x', 'wb') as f:\n    while True:\n        f.write(b'0' * 10**6)",
        False,
        "OSError",
    ),
    "many small files": (
        "for n in range(100000):\n    open(f'/tmp/{n}', 'wb').write(b'0' * 10**5)",
        False,
        "OSError",
    ),
    "shared memory filled": (
        "with open('/dev/shm/x', 'wb') as f:\n    while True:\n        f.write(b'0' * 10**6)",
        False,
        "OSError",
    ),
    "an exit without a word": ("import os\nos._exit(0)", False, "it ended itself"),
    "SystemExit": ("raise SystemExit", False, "SystemExit"),
    "killing its parent": ("import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\nos.kill(1, 9)", False, ""),
    "a crash of the interpreter": ("import ctypes\nctypes.string_at(0)", False, "it ended itself"),
    "endless recursion": ("return cross_correlate(image, kernel)", False, "RecursionError"),
    "deleting the course": (f"import shutil\nshutil.rmtree({str(ROOT)!r})", False, "OSError"),
    "reading the solutions": (
        f"return open({str(ROOT / 'utils/exercises/ch03_cnn.py')!r}).read()",
        False,
        "FileNotFoundError",
    ),
    "importing the solutions": (
        "import utils.exercises.ch03_cnn as c\nreturn c.cross_correlate(image, kernel)",
        False,
        "ModuleNotFoundError",
    ),
    "asking for the solution": (
        "from utils.exercises import reference\nreturn reference('3.1')(image, kernel)",
        False,
        "the course's solutions are not there",
    ),
    "reading another submission": (
        "return open('{klass}/submitted/other/03_cnn/03_cnn.ipynb').read()",
        False,
        "FileNotFound",
    ),
    "reading the secret": ("return open('{klass}/class.json').read()", False, "FileNotFoundError"),
    "changing the gradebook": ("open('{klass}/gradebook.db', 'w').write('11')", False, "FileNotFoundError"),
    "reading the judge's memory": (
        "import os\nfor pid in os.listdir('/proc'):\n    if pid.isdigit() and int(pid) > 3:\n        return 0\n"
        "raise PermissionError('only ' + str(len([p for p in os.listdir('/proc') if p.isdigit()])))",
        False,
        "PermissionError",
    ),
    "opening a socket": (
        "import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=2)\nreturn 0",
        False,
        "ConnectionRefusedError",
    ),
    "replacing numpy": (
        "np.allclose = np.array_equal = np.isclose = lambda *a, **k: np.True_\nreturn np.zeros((2, 2))",
        False,
        "",
    ),
    "an answer equal to everything": (
        "class Same(np.ndarray):\n    def __eq__(self, other): return True\nreturn np.zeros((2, 2)).view(Same)",
        False,
        "",
    ),
    "writing into the conversation": (
        "import gc\nfor one in gc.get_objects():\n    if type(one).__name__ == 'Side':\n"
        "        one.writer.write(b'passed' * 1000)\n        one.writer.flush()\nreturn 0",
        False,
        "it sent what is no answer",
    ),
    "forging a reply": (
        "import gc, wire\nfor one in gc.get_objects():\n    if type(one).__name__ == 'Side':\n"
        "        wire.send(one.writer, ('passed', 2))\nreturn 0",
        False,
        "it sent what is no answer",
    ),
    "a result that is too large": ("return np.zeros((6000, 6000))", False, "Its code had to be stopped"),
    "printing a gigabyte": (
        f"if not hasattr(np, 'loud'):\n    np.loud = [print('x' * 10**7) for _ in range(100)]\n{HONEST}",
        True,
        r"It printed 1,0\d\d MB",
    ),
    "a thread that goes on": (
        f"import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\n{HONEST}",
        True,
        "",
    ),
}


@pytest.mark.parametrize("what", CODE)
def test_code_that_means_harm(what, klass, source, solved):
    body, earns, words = CODE[what]
    before = {path: path.read_bytes() for path in klass.rglob("*") if path.is_file()}
    with socket.create_server(("127.0.0.1", 0)) as server:  # of this machine, of whose network the box has nothing
        server.setblocking(False)
        port = str(server.getsockname()[1])
        send(klass, with_answer(solved, body.replace("{klass}", str(klass)).replace("{port}", port)))
        result = judged(klass, source)
        with pytest.raises(BlockingIOError):
            server.accept()
    assert result.points == (ALL if earns else ALL - FIRST), result.verdicts
    assert re.search(words, " ".join(result.notes)), result.notes
    assert {path: path.read_bytes() for path in before} == before
    assert CHAPTER.exists()


def test_processes_are_watched_where_the_system_does_not_count_them(klass, source, solved, monkeypatch):
    monkeypatch.setattr(sandbox, "hides_root", lambda places: False)
    monkeypatch.setattr(sandbox, "counted", lambda bounds: None)
    send(klass, with_answer(solved, CODE["a fork bomb"][0]))
    result = judged(klass, source)
    assert result.points == ALL - FIRST
    assert "it started more than 16 processes" in " ".join(result.notes)


def changed(what, solved):
    notebook = copy.deepcopy(solved)
    cells, own = notebook["cells"], cell_of(notebook, "3.1")
    check = next(cell for cell in cells if cell["source"].startswith('check("3.1"'))
    if what == "a forged verdict in an output":
        own["source"] = own["source"].split('"""')[0] + "return image\n"
        record = {"id": "3.1", "status": "passed", "points": 2, "of": 2}
        data = {"application/vnd.course.exercise+json": record, "text/plain": "✓"}
        check["outputs"] = [{"output_type": "display_data", "data": data, "metadata": {}}]
    elif what == "the check was made to pass":
        own["source"] = own["source"].split('"""')[0] + "return image\n"
        check["source"] = 'print("✓ right, 2 points")'
    elif what == "locked cells are gone":
        notebook["cells"] = [cell for cell in cells if cell["cell_type"] == "code" and "exercise" in cell["metadata"]]
        notebook["cells"].insert(0, {"cell_type": "code", "id": "i", "metadata": {}, "source": "import numpy as np"})
    elif what == "copied cells with the same id":
        notebook["cells"] = [copy.deepcopy(cell) for cell in cells for _ in range(2)]
    elif what == "cells in another order":
        imports = [cell for cell in cells if "import numpy" in cell["source"]]
        notebook["cells"] = imports + [cell for cell in reversed(cells) if cell not in imports]
    elif what == "the answer stands in a new cell":
        stub = own["source"].split('"""')[0] + '"""Words."""\n    ...\n'
        cells.append({"cell_type": "code", "id": "new", "metadata": {}, "source": own["source"]})
        own["source"] = stub
    elif what == "the cell of an answer was deleted":
        cells.remove(own)
    elif what == "another kernel":
        notebook["metadata"] = {"kernelspec": {"name": "bash", "display_name": "x", "language": "bash"}}
    elif what == "a name bound to the solution":
        own["source"] = 'from utils.exercises import reference\ncross_correlate = reference("3.1")\n'
    elif what == "an old copy of the answer above the new one":
        cells.insert(cells.index(own), {**own, "id": "old", "source": own["source"].split('"""')[0] + "return 0\n"})
    elif what == "cells that are none":
        notebook["cells"] = [1, {"cell_type": "code"}, {"cell_type": "odd", "source": ""}, *cells]
    return notebook


CHANGES = {  # what was done to the notebook → (points lost, words of a line for the teacher)
    "a forged verdict in an output": (FIRST, "Its outputs say that exercise 3.1 had passed; judged anew, it has not."),
    "the check was made to pass": (FIRST, "of the chapter's own cells were changed or removed"),
    "locked cells are gone": (0, "of the chapter's own cells were changed or removed"),
    "copied cells with the same id": (0, "have the id of another; each was given one of its own"),
    "cells in another order": (0, "Cells of the chapter were moved."),
    "the answer stands in a new cell": (0, "Exercise 3.1 is answered in another cell than its own"),
    "the cell of an answer was deleted": (FIRST, "The cell of exercise 3.1 is gone"),
    "another kernel": (0, "It asks for the kernel 'bash'"),
    "a name bound to the solution": (FIRST, "The cell of exercise 3.1 defines no function cross_correlate."),
    "an old copy of the answer above the new one": (
        0,
        "The cell of exercise 3.1 is there 2 times; the last one counts.",
    ),
    "cells that are none": (0, "of its cells cannot be read, and were left out"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_notebook_that_was_changed(what, klass, source, solved):
    lost, words = CHANGES[what]
    send(klass, changed(what, solved))
    result = judged(klass, source)
    assert result.points == ALL - lost, result.verdicts
    assert words in " ".join(result.notes), result.notes


FILES = {  # what was sent in place of a notebook → a line for the teacher
    "empty": (b"", "03_cnn.ipynb is empty."),
    "not JSON": (b"{cells", "03_cnn.ipynb is not JSON"),
    "JSON of something else": (b"[]", "is JSON, but no notebook of format 4"),
    "not UTF-8": (b"\xff\xfe\x00{", "is not text in UTF-8"),
    "nested without end": (b"[" * 200_000, "is not JSON"),
    "200 MB": (b" " * (200 * 2**20), "has 200 MB, more than 20: not read"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_is_no_notebook(what, klass, source):
    content, words = FILES[what]
    send(klass, content)
    result = judged(klass, source)
    assert (result.points, [one.status for one in result.verdicts]) == (0, ["open"] * 6)
    assert words in " ".join(result.notes)


def test_links_lead_nowhere(klass, source, solved, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.ipynb"
    outside.write_text(json.dumps(solved))
    folder = klass / "submitted" / "eve" / "03_cnn"
    folder.mkdir(parents=True)
    (folder / "03_cnn.ipynb").symlink_to(outside)
    result = judged(klass, source)
    assert result.points == 0
    assert "03_cnn.ipynb is a link to another place, and was not followed." in result.notes
    (klass / "submitted" / "mallory").symlink_to(outside.parent)
    (klass / "submitted" / "eve" / "04_rnn").symlink_to(outside.parent)
    assert {(one.student, one.assignment) for one in submissions.find(klass)} == {
        ("eve", "03_cnn"),
        ("other", "03_cnn"),
    }


@pytest.mark.parametrize("name", ["my answers (2).ipynb", "....ipynb", "03_CNN.ipynb", "a\nb.ipynb"])
def test_a_notebook_of_another_name_is_taken(name, klass, source, solved):
    send(klass, solved, name)
    result = judged(klass, source)
    assert result.points == ALL
    assert "it was taken for 03_cnn.ipynb" in " ".join(result.notes)


def test_two_notebooks_of_other_names_are_not_guessed_at(klass, source, solved):
    send(klass, solved, "a.ipynb")
    send(klass, solved, "b.ipynb")
    result = judged(klass, source)
    assert (result.points, result.notes[0]) == (0, "There is no 03_cnn.ipynb, but 2 other notebooks.")


def test_a_pipe_in_place_of_a_file_is_not_waited_for(klass, source):
    folder = klass / "submitted" / "eve" / "03_cnn"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "03_cnn.ipynb")
    assert "03_cnn.ipynb is no file." in judged(klass, source).notes
