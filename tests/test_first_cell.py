"""A chapter opened where the course is not installed: what its reader then sees says what to type."""

import json
import subprocess
import sys
import sysconfig

import pytest
from conftest import CHAPTERS, OWN, code_cells, read

IPYTHON = """
import json, sys
sys.path += [sys.argv[1], *sys.argv[3:]]  # the installed packages, without the links among them to the course
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="NoColor", cache_size=0)
for source in json.load(open(sys.argv[2], encoding="utf-8")):
    print("A CHAPTER")
    shell.run_cell(source)
"""


def first_import(path):
    """The source of the first cell that imports from the course."""
    return next(cell.source for cell in code_cells(read(path)) if "from utils import" in cell.source)


@pytest.mark.parametrize("another", [False, True], ids=["no utils", "somebody else's utils"])
def test_the_first_cell_says_what_to_type_where_the_course_is_not_installed(tmp_path, another):
    (tmp_path / "cells.json").write_text(json.dumps([first_import(path) for path in [*CHAPTERS, *OWN]]), "utf-8")
    (tmp_path / "utils.py").touch()
    apart = [sys.executable, "-I", "-S", "-X", "utf8", "-c", IPYTHON]
    places = [sysconfig.get_path("purelib"), tmp_path / "cells.json", *([tmp_path] if another else [])]
    done = subprocess.run([*apart, *map(str, places)], capture_output=True, text=True, cwd=tmp_path, timeout=300)
    _, *seen = done.stdout.split("A CHAPTER\n")
    assert len(seen) == len(CHAPTERS) + len(OWN), done.stderr
    for path, text in zip([*CHAPTERS, *OWN], seen, strict=True):
        assert ("ImportError: cannot import name" if another else "No module named 'utils'") in text, text
        wanted = "`make lab` (Windows: `course lab`)" if path in CHAPTERS else f"`course apply {path.stem} PATH`"
        assert wanted in text, text
