"""JavaScript that pages carry with them: what they need of an archive, and one sentence when it cannot be had."""

import io
import tarfile

import pytest

from utils.course.web import packages
from utils.datasets.downloads import Unavailable
from utils.errors import CourseError


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """A small npm archive in the place of MathJax's."""
    path = tmp_path / "mathjax.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for name, content in {"a.js": b"one", "deep/b.js": b"two", "not-needed.js": b"three"}.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    monkeypatch.setattr(packages, "fetch_archive", lambda *_: path)
    return path


def needing(monkeypatch, *files):
    table = packages.listed()["mathjax"] | {"files": list(files)}
    monkeypatch.setattr(packages, "listed", lambda: {"mathjax": table})


def test_only_what_pages_need_is_put(archive, tmp_path, monkeypatch):
    needing(monkeypatch, "a.js", "deep/*.js")
    written = packages.put("mathjax", tmp_path / "static")
    assert [path.relative_to(tmp_path / "static").as_posix() for path in written] == ["a.js", "deep/b.js"]
    assert written[1].read_bytes() == b"two"


def test_a_file_that_is_not_in_the_archive_is_named(archive, tmp_path, monkeypatch):
    needing(monkeypatch, "a.js", "c.js")
    with pytest.raises(CourseError, match=r"holds no file c\.js: correct site/packages\.toml"):
        packages.put("mathjax", tmp_path / "static")


def test_a_package_that_cannot_be_had_is_named_with_the_way_out(tmp_path, monkeypatch):
    def unavailable(*_):
        raise Unavailable("npm:mathjax@4.1.3: the program npm is not installed")

    monkeypatch.setattr(packages, "fetch_archive", unavailable)
    with pytest.raises(CourseError) as error:
        packages.put("mathjax", tmp_path / "static")
    assert str(error.value) == (
        "npm:mathjax@4.1.3: the program npm is not installed; the pages need it once: connect to the network, or put "
        "mathjax-4.1.3.tgz into a folder and name the folder in COURSE_DATA_MIRROR."
    )


@pytest.mark.parametrize("name", packages.listed())
def test_each_package_is_named_by_version_and_digest(name):
    table = packages.listed()[name]
    assert table["source"].startswith("npm:") and "@" in table["source"][5:]
    assert len(table["sha256"]) == 64 and table["licence"] and table["files"]
