"""Where the data are: one place, whatever the current folder is, and the one that COURSE_ROOT names."""

import os
import shutil
import subprocess
import sys

import pytest

from utils import datasets, paths
from utils.datasets.catalogue import catalogue, data_folder, find
from utils.datasets.store import cache_folder, location, state
from utils.errors import CourseError

SHIPPED = data_folder()
WHERE = "from utils.datasets.store import cache_folder; print(cache_folder())"


def test_a_relative_cache_is_one_place(root, tmp_path, monkeypatch):
    """The command and the kernels that it starts have different current folders."""
    monkeypatch.setenv("COURSE_DATA_DIR", "build/cache")
    environment = os.environ | {"PYTHONPATH": str(root)}
    found = {
        subprocess.run(
            [sys.executable, "-c", WHERE], cwd=folder, env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()
        for folder in (root, root / "chapters", tmp_path)
    }
    assert found == {str(root / "build" / "cache")}
    assert list(tmp_path.iterdir()) == []


def test_an_absolute_cache_and_one_at_home_stay(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("COURSE_DATA_DIR", "~/cache")
    assert cache_folder() == tmp_path / "cache"


def test_the_data_move_with_the_course(elsewhere):
    assert data_folder() == elsewhere
    entry = find("pbc")
    assert state(entry, entry.files[0]) == "missing"
    with pytest.raises(CourseError, match="The file data/pbc/visits.csv.xz is missing"):
        datasets.load("pbc")
    shutil.copytree(SHIPPED / "pbc", elsewhere / "pbc")
    assert location(entry, entry.files[0]).is_relative_to(elsewhere)
    assert len(datasets.load("pbc").labels) == 312


def test_another_catalogue_is_seen(elsewhere, monkeypatch):
    """Nothing that was read at first is kept for a course in another place."""
    text = (elsewhere / "catalogue.toml").read_text(encoding="utf-8")
    (elsewhere / "catalogue.toml").write_text(text.replace("Primary biliary cholangitis", "PBC"), encoding="utf-8")
    assert find("pbc").title == "PBC, visits of a trial"
    monkeypatch.delenv("COURSE_ROOT")
    assert find("pbc").title == "Primary biliary cholangitis, visits of a trial"


def test_a_course_without_data_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    for call in (catalogue, lambda: datasets.load("pbc"), lambda: find("pbc")):
        with pytest.raises(CourseError) as caught:
            call()
        assert str(caught.value) == (
            f"There is no data/catalogue.toml in {paths.root()}; set COURSE_ROOT to the folder of the course, which "
            "holds chapters/ and data/, or unset it."
        )
