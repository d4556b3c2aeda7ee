"""How long all chapters take, with ``course run`` and with four other ways to execute notebooks.

    python bench/runner.py [smoke] [quick] [--repeats 3] [--jobs 2]

All ways execute the same notebooks, a copy of ``chapters/`` and ``data/`` with the profile written into each, one way
after the other, and that several times over; the table gives medians, and their ratios to the papermill loop. Between
``course run`` cold and the edits, the cache is kept: an edit is made to the prose of one chapter, to the code of one,
and to one file of data. Memory is the most that a way's processes held together, shared pages counted once.

Run it on a machine that has nothing else to do: smoke takes a quarter of an hour per
repeat, quick three quarters.
"""

import argparse
import hashlib
import json
import lzma
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from measure import against
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

ROOT = Path(__file__).resolve().parents[1]
PROSE, CODE, SNAPSHOT = "07_image_diagnosis", "03_cnn", "pbc/visits.csv.xz"
LOOP = "papermill, a loop"
NBMAKE = "pytest --nbmake -n {jobs}"


class Course:
    """A copy of the course, with a profile written into its chapters, and a cache of its own."""

    def __init__(self, folder, profile, jobs):
        self.folder, self.profile, self.jobs = folder, profile, jobs
        for name in ("chapters", "data"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("own"))
        shutil.copy(ROOT / "requirements.lock", folder)
        self.notebooks = sorted((folder / "chapters").glob("[0-9]*.ipynb"))
        for path in self.notebooks:
            notebook = json.loads(path.read_text("utf-8"))
            for cell in notebook["cells"]:
                tags = cell["metadata"].get("tags", [])
                if "parameters" in tags:
                    cell["source"] = "".join(cell["source"]).replace('profile = "quick"', f'profile = "{profile}"')
                if "nbval-check-output" in tags:  # what is stored is of quick
                    tags.remove("nbval-check-output")
            path.write_text(json.dumps(notebook), "utf-8")

    def environment(self):
        return os.environ | {"COURSE_ROOT": str(self.folder), "COURSE_CACHE_DIR": str(self.folder / "cache")}

    def python(self, *words, cwd=None):
        """Run a command with this Python; it must succeed."""
        command = [sys.executable, "-m", *map(str, words)]
        done = subprocess.run(command, cwd=cwd or ROOT, env=self.environment(), capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")

    def run(self):
        words = ["--profile", self.profile, "--jobs", self.jobs, "--out", self.folder / "run"]
        self.python("utils.course", "run", *words)

    def cold(self):
        shutil.rmtree(self.folder / "cache", ignore_errors=True)
        self.run()

    def prose_edited(self):
        """A sentence more in one chapter."""
        self.add(PROSE, "markdown", "\n\nOne sentence more.")
        self.run()

    def code_edited(self):
        """A comment more in one chapter."""
        self.add(CODE, "code", "\n# edited")
        self.run()

    def add(self, chapter, kind, text):
        """Add a text to the last cell of a kind."""
        path = self.folder / "chapters" / f"{chapter}.ipynb"
        notebook = json.loads(path.read_text("utf-8"))
        last = [cell for cell in notebook["cells"] if cell["cell_type"] == kind][-1]
        last["source"] = "".join(last["source"]) + text
        path.write_text(json.dumps(notebook), "utf-8")

    def snapshot_edited(self):
        """A last line in one table less, and what the catalogue says of the file."""
        path = self.folder / "data" / SNAPSHOT
        before = path.read_bytes()
        lines = lzma.decompress(before).splitlines(keepends=True)
        path.write_bytes(lzma.compress(b"".join(lines[:-1])))
        after = path.read_bytes()
        catalogue = self.folder / "data" / "catalogue.toml"
        text = catalogue.read_text("utf-8")
        text = text.replace(hashlib.sha256(before).hexdigest(), hashlib.sha256(after).hexdigest())
        text = text.replace(f"size = {len(before)},", f"size = {len(after)},")
        catalogue.write_text(text, "utf-8")
        self.run()

    def papermill(self):
        for path in self.notebooks:
            self.python("papermill", "--no-progress-bar", "--cwd", path.parent, path, self.folder / "papermill.ipynb")

    def jupyter_execute(self):
        for path in self.notebooks:
            self.python("jupyter", "execute", "--timeout=600", "--output=executed", path)

    def pytest(self, *words):
        words = ["-p", "no:cacheprovider", "-n", self.jobs, *words]
        self.python("pytest", *words, *self.notebooks, cwd=self.folder)

    def nbmake(self):
        self.pytest("--nbmake", "--nbmake-timeout=600")

    def nbval(self):
        self.pytest("--nbval-lax", "--nbval-current-env", "--nbval-kernel-startup-timeout=300", "--dist=loadscope")

    def ways(self):
        """What is measured, in this order: name → what to call."""
        return {
            "course run, cold": self.cold,
            "course run, nothing changed": self.run,
            "course run, one prose edit": self.prose_edited,
            "course run, one code edit": self.code_edited,
            "course run, one data edit": self.snapshot_edited,
            LOOP: self.papermill,
            "jupyter execute, a loop": self.jupyter_execute,
            NBMAKE.format(jobs=self.jobs): self.nbmake,
            f"pytest --nbval-lax -n {self.jobs}": self.nbval,
        }


class Memory:
    """The most memory that the children of this process hold together, looked at every second."""

    def __enter__(self):
        self.peak, self.over = 0.0, threading.Event()
        self.thread = threading.Thread(target=self.look, daemon=True)
        self.thread.start()
        return self

    def look(self):
        while not self.over.wait(1.0):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    memory = process.memory_full_info()
                    total += getattr(memory, "pss", memory.uss)
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total / 2**20)

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def measure(profile, repeats, jobs, console):
    """Name of the way → (seconds of each repeat, MiB of each)."""
    found = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = progress.add_task(profile, total=repeats * 9)
        for repeat in range(1, repeats + 1):
            with tempfile.TemporaryDirectory() as folder:
                for name, way in Course(Path(folder), profile, jobs).ways().items():
                    progress.update(bar, description=f"{profile}, {repeat} of {repeats}: {name}")
                    started = time.perf_counter()
                    with Memory() as memory:
                        way()
                    seconds = time.perf_counter() - started
                    found.setdefault(name, ([], []))
                    found[name][0].append(seconds)
                    found[name][1].append(memory.peak)
                    progress.advance(bar)
                    console.print(f"{profile}, {repeat} of {repeats}: {name} {seconds:.1f} s, {memory.peak:,.0f} MB")
    return found


def table(profile, repeats, found):
    """The lines of a table in Markdown."""
    loop = statistics.median(found[LOOP][0])
    yield f"| {profile}, medians of {repeats} | seconds | of the papermill loop | MB |"
    yield "|---|---:|---:|---:|"
    for name, (seconds, megabytes) in found.items():
        middle = statistics.median(seconds)
        yield f"| `{name}` | {middle:.1f} | {middle / loop:.2f} | {max(megabytes):,.0f} |"


def chapter_seconds(profile):
    """How long the chapter that is edited takes alone, cold."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        course = Course(Path(folder), profile, jobs=1)
        course.python("utils.course", "run", CODE, "--profile", profile, "--out", course.folder / "run")
        return time.perf_counter() - started


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("profiles", nargs="*", default=["smoke", "quick"], metavar="PROFILE")
    words.add_argument("--repeats", type=int, default=3)
    words.add_argument("--jobs", type=int, default=2)
    given = words.parse_args()
    console = Console(highlight=False)
    kept = []
    for profile in given.profiles:
        found = measure(profile, given.repeats, given.jobs, console)
        print("\n".join(["", *table(profile, given.repeats, found), ""]))
        seconds = {name: statistics.median(times) for name, (times, _) in found.items()}
        cold, jobs = seconds["course run, cold"], given.jobs
        if profile == "smoke":
            kept.append(against("cold / papermill loop", cold, 0.4 * seconds[LOOP], "s"))
            kept.append(against("cold / nbmake", cold, 0.75 * seconds[NBMAKE.format(jobs=jobs)], "s"))
        if profile == "quick":
            kept.append(against("quick, cold", cold, 360, "s"))
        kept.append(against("nothing changed", seconds["course run, nothing changed"], 2, "s"))
        kept.append(against("one code edit", seconds["course run, one code edit"], chapter_seconds(profile) + 2, "s"))
        kept.append(against("memory, two jobs", max(found["course run, cold"][1]), 4096, "MB"))
    sys.exit(not all(kept))


if __name__ == "__main__":
    main()
