"""What is made from a published archive is compared with the catalogue before it is stored."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from datasets.serving import Server, cifar_archives, files_below
from utils.datasets import fetch as fetch_module
from utils.datasets import packages as packages_module
from utils.datasets.catalogue import find
from utils.datasets.conversions import cifar
from utils.datasets.fetch import fetch
from utils.datasets.packages import opened
from utils.datasets.store import state
from utils.errors import CourseError

TORONTO = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"


@pytest.fixture
def mirrored(cache, monkeypatch):
    """Serve this content from the class's mirror as the archive of this source, right by its digest."""
    servers = []

    def serve(content, *sources):
        known = packages_module.packages()
        digest = hashlib.sha256(content).hexdigest()
        found = {source: replace(known[source], size=len(content), sha256=digest) for source in sources}
        servers.append(Server(content))
        monkeypatch.setattr(packages_module, "packages", lambda: found)
        monkeypatch.setattr(fetch_module, "packages", lambda: found)
        monkeypatch.setenv("COURSE_DATA_MIRROR", f"{servers[-1].address}/good")

    yield serve
    for server in servers:
        server.close()


@pytest.fixture(scope="module")
def archive():
    """A small CIFAR-10 in the form of its authors."""
    rng = np.random.default_rng(0)
    return cifar_archives(rng.integers(0, 256, (60, 32, 32, 3), dtype=np.uint8), rng.integers(0, 10, 60))[0]


def test_another_archive_is_not_stored(mirrored, cache, archive):
    """Everything fits together, only the pictures are others than those of the catalogue."""
    mirrored(archive, TORONTO)
    entry = replace(find("cifar10"), sources=(TORONTO,))
    with pytest.raises(CourseError, match="not what the catalogue lists .another digest of cifar10/train_images.npy"):
        fetch(entry, lambda _: None)
    assert files_below(cache) == ["cifar-10-python.tar.gz"]
    assert {state(entry, file) for file in entry.files} == {"missing"}


@pytest.mark.parametrize("name", ["cifar10", "splice_chr19"])
def test_garbage_of_the_right_size_is_not_stored(mirrored, cache, monkeypatch, name):
    entry = find(name)
    mirrored(b"an archive", *entry.sources)
    made = {file.path: bytes(file.size) for file in entry.files}
    monkeypatch.setattr(fetch_module, "_converted", lambda *_: made)
    with pytest.raises(CourseError, match="so nothing was stored") as caught:
        fetch(entry, lambda _: None)
    assert "\n" not in str(caught.value)
    assert files_below(cache) == []


def test_an_archive_that_lacks_a_member_is_refused(mirrored, cache, archive):
    mirrored(cifar_archives(np.zeros((60, 32, 32, 3), np.uint8), np.zeros(60, int))[1], TORONTO)
    entry = replace(find("cifar10"), sources=(TORONTO,))
    with pytest.raises(CourseError, match="cifar-10-python.tar.gz does not hold what cifar10 is made from"):
        fetch(entry, lambda _: None)
    assert files_below(cache / "cifar10") == []


def test_the_right_archive_is_stored(mirrored, cache, archive, tmp_path):
    (tmp_path / "archive").write_bytes(archive)
    with opened(tmp_path / "archive") as read:
        made = cifar.convert(read, "archive")
    files = tuple(
        replace(file, size=len(made[file.path]), digest=f"sha256:{hashlib.sha256(made[file.path]).hexdigest()}")
        for file in find("cifar10").files
    )
    entry = replace(find("cifar10"), files=files, sources=(TORONTO,))
    mirrored(archive, TORONTO)
    fetch(entry, lambda _: None)
    assert {state(entry, file) for file in files} == {"ok"}
