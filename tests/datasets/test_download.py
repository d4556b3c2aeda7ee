"""Downloads against a real server: what arrives is right or is not kept, and each failure is one sentence."""

import errno
import io
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pooch.core
import pytest
from rich.console import Console
from rich.progress import Progress

from datasets.serving import Server, files_below
from utils import datasets
from utils.course.data import Bar
from utils.datasets import network
from utils.datasets.catalogue import find
from utils.datasets.downloads import write
from utils.datasets.fetch import fetch
from utils.datasets.store import location, state
from utils.errors import CourseError


class Told(list):
    """Collects what is announced."""

    def __call__(self, line):
        self.append(line)


def test_a_good_download_is_kept_and_not_repeated(server, cache, entry_at):
    entry, told = entry_at(f"{server.address}/good/breastmnist.npz?download=1"), Told()
    fetch(entry, told)
    fetch(entry, told)
    assert state(entry, entry.files[0]) == "ok"
    assert files_below(cache) == ["breastmnist.npz"]
    assert server.asked == {"good": 1}
    assert told == ["Fetching BreastMNIST: breast ultrasound (at most 0.6 MB) ..."]


@pytest.mark.parametrize(
    ("mode", "asked", "words"),
    [
        ("corrupt", 3, "what came is not the file of the catalogue"),
        ("truncated", 3, "the connection broke 3 times"),
        ("short", 3, "what came is not the file of the catalogue"),
        ("slow", 3, "the server was silent for 0.5 seconds, 3 times"),
        ("down", 3, r"the server refused \(status 503\) 3 times"),
        ("missing", 1, r"the server does not have it \(status 404\)"),
    ],
)
def test_a_bad_download_leaves_nothing_and_says_why(server, cache, entry_at, monkeypatch, mode, asked, words):
    if mode == "slow":  # little patience, where the silence is certain; a busy machine is given more
        monkeypatch.setattr(network, "READ_SECONDS", 0.5)
    entry = entry_at(f"{server.address}/{mode}/breastmnist.npz")
    with pytest.raises(CourseError, match=words) as caught:
        fetch(entry, Told())
    assert server.asked == {mode: asked}
    assert files_below(cache) == []
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert sentence.startswith("breastmnist is not on this machine and could not be fetched")
    assert "use 'nuclei' or 'cifar10_small', which ship with the course" in sentence
    assert "course data fetch breastmnist" in sentence


def test_a_server_that_stumbles_is_asked_again(server, cache, entry_at):
    entry = entry_at(f"{server.address}/stumbling/breastmnist.npz")
    fetch(entry, Told())
    assert server.asked == {"stumbling": 3}
    assert state(entry, entry.files[0]) == "ok"


def test_the_next_source_is_tried_and_said(server, cache, entry_at):
    told = Told()
    nobody = Server(b"")
    nobody.close()
    folders = (nobody.address, f"{server.address}/missing", f"{server.address}/good")
    entry = entry_at(*(f"{folder}/breastmnist.npz" for folder in folders))
    fetch(entry, told)
    assert state(entry, entry.files[0]) == "ok"
    assert [line.split(": ")[-1] for line in told[1:]] == [
        "the server cannot be reached (connection refused); trying the next source.",
        "the server does not have it (status 404); trying the next source.",
    ]


def test_without_a_network_the_loader_says_what_to_use(cache, entry_at):
    nobody = Server(b"")
    nobody.close()
    entry_at(f"{nobody.address}/breastmnist.npz")
    with pytest.raises(CourseError, match="the server cannot be reached .*use 'nuclei' or 'cifar10_small'"):
        datasets.load("breastmnist")


def test_a_damaged_file_in_the_cache_is_fetched_again(server, cache, entry_at):
    entry = entry_at(f"{server.address}/good/breastmnist.npz")
    fetch(entry, Told())
    path = location(entry, entry.files[0])
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"x")
    assert state(entry, entry.files[0]) == "wrong"
    fetch(entry, Told())
    assert path.read_bytes() == content


def test_a_cached_file_needs_no_network(server, cache, entry_at):
    entry_at(f"{server.address}/good/breastmnist.npz")
    first = datasets.load("breastmnist")
    server.close()
    again = datasets.load("breastmnist")
    assert np.array_equal(first.images, again.images)
    assert first.images.shape == (780, 28, 28, 1)
    assert [len(part) for part in first.split.parts().values()] == [546, 78, 156]
    assert first.labels.shape == (780,)


def test_the_mirror_of_the_class_is_asked_first(served, cache, tmp_path, monkeypatch, entry_at):
    """The real file where COURSE_TEST_MIRROR names its folder; otherwise a stand-in of the same layout."""
    given = os.environ.get("COURSE_TEST_MIRROR")
    folder = Path(given) if given else tmp_path
    if given:
        content = (folder / "breastmnist.npz").read_bytes()
        entry = find("breastmnist")
    else:
        content = served[0]
        entry = entry_at("https://nowhere.invalid/breastmnist.npz")
    mirror = Server(content)
    monkeypatch.setenv("COURSE_DATA_MIRROR", f"{mirror.address}/good/")
    breast = datasets.load("breastmnist")
    assert mirror.asked == {"good": 1}
    assert location(entry, entry.files[0]).read_bytes() == content
    assert [len(part) for part in breast.split.parts().values()] == [546, 78, 156]
    assert breast.images.shape == (780, 28, 28, 1)
    assert breast.class_names == ("malignant", "normal, benign")
    mirror.close()


def test_colour_and_several_findings(cache, entry_at):
    """The layout of the other sets: colour pictures, and labels of many columns as in ChestMNIST."""
    entry = entry_at("https://nowhere.invalid/breastmnist.npz")
    arrays = {}
    for part, n in entry.counts.items():
        arrays[f"{part}_images"] = np.zeros((n, 28, 28, 3), np.uint8)
        arrays[f"{part}_labels"] = np.ones((n, 14), np.uint8)
    path = location(entry, entry.files[0])
    path.parent.mkdir(parents=True)
    np.savez_compressed(path, **arrays)
    entry_at("https://nowhere.invalid/breastmnist.npz", size=path.stat().st_size)
    chest = datasets.load("breastmnist")
    assert chest.images.shape == (780, 28, 28, 3)
    assert (chest.labels.shape, chest.labels.dtype) == ((780, 14), np.int64)


def test_a_file_of_another_layout_is_refused(cache, entry_at):
    entry = entry_at("https://nowhere.invalid/breastmnist.npz")
    path = location(entry, entry.files[0])
    path.parent.mkdir(parents=True)
    buffer = io.BytesIO()
    np.savez(buffer, images=np.zeros((3, 28, 28), np.uint8))
    path.write_bytes(buffer.getvalue().ljust(entry.files[0].size, b"\0"))
    with pytest.raises(CourseError, match="is not a MedMNIST archive .*with `course data fetch breastmnist`"):
        datasets.load("breastmnist")


@contextmanager
def small_disk(folder):
    """Room for 200 kB: a real file system where we may mount one, else a limit on files, else a pretence."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(folder)]
    if shutil.which("mount") and not subprocess.run(mount, capture_output=True, check=False).returncode:
        try:
            yield
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    elif sys.platform != "win32":
        import resource

        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    else:
        with pytest.MonkeyPatch.context() as patch:

            def full(*_):
                raise OSError(errno.ENOSPC, "No space left on device")

            patch.setattr(pooch.core.shutil, "move", full)
            patch.setattr(Path, "write_bytes", full)
            yield


def test_a_full_disk_is_said_in_one_sentence(server, cache, entry_at):
    entry = entry_at(f"{server.address}/good/breastmnist.npz")
    with small_disk(cache):
        with pytest.raises(CourseError, match=r"There is no room in .* for breastmnist.npz \(0.6 MB\); free some, or"):
            fetch(entry, Told())
        assert files_below(cache) == []
        with pytest.raises(CourseError, match=r"There is no room in .* for images.npy \(0.5 MB\)"):
            write(cache / "cifar10" / "images.npy", bytes(500_000))
        assert files_below(cache) == []
    fetch(entry, Told())
    assert state(entry, entry.files[0]) == "ok"


def test_a_cache_that_cannot_be_written_is_said(tmp_path, monkeypatch, entry_at, server):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "file"))
    with pytest.raises(CourseError, match="cannot be written to .*; set COURSE_DATA_DIR to a folder that you may"):
        fetch(entry_at(f"{server.address}/good/breastmnist.npz"), Told())


def test_the_bar_goes_with_the_download(server, cache, entry_at):
    """pooch fills rich's bar, also when a first try breaks off."""
    screen = Console(file=io.StringIO(), force_terminal=True, width=100)
    with Progress(console=screen, transient=True) as bars:
        entry = entry_at(f"{server.address}/truncated/x.npz", f"{server.address}/good/breastmnist.npz")
        fetch(entry, Told(), Bar(bars))
        assert bars.tasks == []
    assert "download" in screen.file.getvalue()
