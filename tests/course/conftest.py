"""A course in a temporary folder, with chapters of a few quick cells, and the command called on it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from utils.course import cli, fork

PARAMETERS = 'profile = "quick"\nseed = 0'


@pytest.fixture(autouse=True)
def nothing_to_say(monkeypatch):
    """What other tests have made the shared template say of kernels is no part of this test's report."""
    monkeypatch.setattr(fork, "_notes", [])


class Course:
    """A course of our own making, in a folder of its own."""

    def __init__(self, root):
        self.root = root
        (root / "chapters").mkdir()

    def chapter(self, name, *sources, parameters=(PARAMETERS,), exercises=None, **course):
        """Write a chapter with these code cells, and a cell for each exercise: id → source of its stub."""
        cells = [new_markdown_cell(f"# {name}", id="title")]
        for number, source in enumerate(parameters):
            cells.append(new_code_cell(source, id=f"parameters-{number}", metadata={"tags": ["parameters"]}))
        for number, (identifier, source) in enumerate((exercises or {}).items()):
            cells.append(new_code_cell(source, id=f"exercise-{number}", metadata={"exercise": identifier}))
        cells += [new_code_cell(source, id=f"cell-{number}") for number, source in enumerate(sources)]
        metadata = {
            "number": int(name[:2]),
            "title": name[3:].title(),
            "minutes": {"reading": 10, "exercises": 5},
            "objectives": ["see"],
            "prerequisites": [],
            "datasets": ["nuclei"],
            "source": ["§1"],
        }
        path = self.root / "chapters" / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=cells, metadata={"course": metadata | course}), path)
        return path

    def read(self, path):
        return json.loads((self.root / path).read_text(encoding="utf-8"))

    def report(self):
        """Chapter name → its entry in report.json."""
        return {chapter["name"]: chapter for chapter in self.read("out/report.json")["chapters"]}

    def start(self, *words, **options):
        """Start ``course`` in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "utils.course", *map(str, words)],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"COURSE_ROOT": str(self.root)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )


@pytest.fixture
def course(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path / "cache"))
    return Course(tmp_path)


@pytest.fixture
def call(monkeypatch, capsys, course):
    """Call the command in this process. Returns (exit status, standard output, standard error)."""

    def call(*words, columns=200):
        monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit) as end:
            cli.main([*map(str, words)])
        printed = capsys.readouterr()
        return end.value.code or 0, printed.out, printed.err

    return call
