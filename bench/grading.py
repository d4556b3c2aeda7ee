"""A class of two hundred: submissions graded in a minute, against nbgrader's own ``autograde``; memory; and with Dask.

The submissions are chapter 03, made from the solved edition, the untouched one, and the mistakes that learners make.
``nbgrader autograde`` executes each notebook in a kernel, one after the other; a few of them tell its pace.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
from measure import against

from utils.course import editions, notebooks
from utils.course.classroom.release import with_alembic
from utils.course.environment import guarded
from utils.exercises.core import get

CHAPTER = "03_cnn"
FASTER, SLOWER_WITH_DASK, GROWTH = (
    3,
    1.15,
    1.25,
)  # allowed: times nbgrader's pace; of the local time; of memory and pace


def answers(number):
    """The notebook of student ``number``: solved, untouched, or solved with one answer replaced by a wrong one."""
    given = notebooks.read(CLASS / "release" / CHAPTER / f"{CHAPTER}.ipynb")
    kind = number % 4
    if kind == 0:
        return given
    notebook = editions.solved(given)
    if kind == 1:
        return notebook
    cells = [cell for cell in notebook["cells"] if cell["metadata"].get("exercise")]
    cell = cells[number // 4 % len(cells)]
    lines = cell["source"].split("\n")
    cell["source"] = "\n".join(
        [*lines[:-1], lines[-1].replace("return ", "return 2 * ") if kind == 2 else "    return None"]
    )
    return notebook


def send(count):
    """Put this many submissions in place."""
    for number in range(count):
        place = CLASS / "submitted" / f"student{number:03}" / CHAPTER
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{CHAPTER}.ipynb").write_text(json.dumps(answers(number)), encoding="utf-8")


@contextmanager
def memory():
    """In the block: a list whose last entry is the most MiB that all processes below this one have held together."""
    most, over = [0.0], threading.Event()

    def look():
        while not over.wait(0.2):
            held = 0
            for child in psutil.Process().children(recursive=True):
                try:
                    held += child.memory_info().rss
                except psutil.Error:
                    continue
            most.append(max(most[-1], held / 2**20))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


def call(*words):
    """Seconds and MiB of a command in the folder of the class."""
    environment = with_alembic(guarded(CLASS.parent / "settings"))
    started = time.perf_counter()
    with memory() as held:
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=CLASS if CLASS.exists() else CLASS.parent,
            env=environment,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    return time.perf_counter() - started, held[-1]


def grade(*words):
    """Seconds and MiB of grading all that is there, anew."""
    return call("utils.course", "grade", str(CLASS), "--again", "--json", *words)


@contextmanager
def cluster():
    """The address of a Dask scheduler with as many workers as there are cores, each a process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        words = [["scheduler", "--no-dashboard", "--host", "127.0.0.1", "--port", "0"]]
        worker = ["worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
        words += [worker] * psutil.cpu_count()
        code = "import sys; from distributed.cli import dask_{0}; sys.exit(dask_{0}.main())"
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", code.format(kind), *rest, "--scheduler-file", str(file)],
                env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            for kind, *rest in words
        ]
        try:
            while not file.exists():
                time.sleep(0.2)
            time.sleep(10)  # for the workers
            yield json.loads(file.read_text())["address"]
        finally:
            for process in processes:
                process.kill()
                process.wait()


def main():
    """Measure, print, and say by the exit code whether all limits are kept."""
    count, few, plain = (getattr(OPTIONS, name) for name in ("submissions", "few", "plain"))
    call("utils.course", "release", "3", "--to", str(CLASS))
    most = sum(
        get(name).points
        for name in notebooks.exercise_ids(notebooks.read(CLASS / "source" / CHAPTER / f"{CHAPTER}.ipynb"))
    )
    send(plain)
    seconds, _ = call("nbgrader", "autograde", CHAPTER)
    pace = 60 * plain / seconds
    print(f"nbgrader autograde: {plain} submissions (of {most} points) in {seconds:.0f} s, {pace:.1f} per minute")
    send(few)
    few_seconds, few_held = grade()
    send(count)
    local, held = grade()
    ours = 60 * count / local
    print(f"course grade: {few} in {few_seconds:.0f} s, {few_held:.0f} MB; {count} in {local:.0f} s, {held:.0f} MB")
    kept = [
        against("nbgrader's pace, times 3", FASTER * pace, ours, "/m"),
        against(f"memory, {count} over {few}", held / few_held, GROWTH, ""),
        against("seconds each, likewise", (local / count) / (few_seconds / few), GROWTH, ""),
    ]
    with cluster() as address:
        seconds, _ = grade("--scheduler", address)
    print(f"with Dask on this machine: {count} in {seconds:.0f} s")
    kept.append(against("Dask over local", seconds / local, SLOWER_WITH_DASK, ""))
    return 0 if all(kept) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--submissions", type=int, default=200)
    parser.add_argument("--few", type=int, default=20, help="of which memory and pace are compared")
    parser.add_argument("--plain", type=int, default=4, help="of which nbgrader's pace is measured")
    OPTIONS = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="class-") as place:
        CLASS = Path(place) / "class"
        sys.exit(main())
