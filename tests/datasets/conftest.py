"""A stand-in for a MedMNIST file, a server that has it, and an empty cache for each test."""

import hashlib
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pooch.core
import pytest

from datasets.serving import Server, medmnist_like
from utils.datasets import loaders
from utils.datasets.catalogue import data_folder, find


@pytest.fixture(scope="session")
def served():
    """(content, counts) of a stand-in for breastmnist.npz."""
    return medmnist_like()


@pytest.fixture
def server(served):
    server = Server(served[0])
    yield server
    server.close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache, no mirror, and no wait between two tries."""
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_DATA_MIRROR", raising=False)
    monkeypatch.setattr(pooch.core, "time", SimpleNamespace(sleep=lambda _: None))
    return tmp_path / "cache"


@pytest.fixture
def entry_at(served, monkeypatch):
    """Make the catalogue's breastmnist the stand-in, to be had at these addresses; returns the entry."""

    def build(*addresses, size=None):
        content, counts = served
        digest = f"md5:{hashlib.md5(content).hexdigest()}"
        entry = find("breastmnist")
        file = replace(entry.files[0], digest=digest, size=size or len(content), sources=addresses)
        entry = replace(entry, files=(file,), counts=counts)
        monkeypatch.setattr(loaders, "find", lambda name: entry)
        return entry

    return build


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The folder ``data`` of a course in another place: it holds the catalogue, and none of the data."""
    folder = tmp_path / "course" / "data"
    folder.mkdir(parents=True)
    shutil.copyfile(data_folder() / "catalogue.toml", folder / "catalogue.toml")
    monkeypatch.setenv("COURSE_ROOT", str(folder.parent))
    return folder
