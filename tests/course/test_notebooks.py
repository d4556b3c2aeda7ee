import errno
import os

import pytest

from utils.course import notebooks
from utils.errors import CourseError, UsageError


@pytest.mark.parametrize("name", ["3", "03", "03_cnn", "03_cnn.ipynb", "chapters/03_cnn.ipynb"])
def test_a_chapter_has_several_names(course, name):
    course.chapter("02_tools")
    wanted = course.chapter("03_cnn")
    assert notebooks.select([name]) == [wanted]


def test_all_chapters_in_order_when_none_is_named_and_each_once(course):
    paths = [course.chapter(name) for name in ("10_genes", "02_tools")]
    (course.root / "chapters" / "scratch.ipynb").write_text("{}")
    assert notebooks.select([]) == paths[::-1]
    assert notebooks.select(["10", "02_tools", "10_genes"]) == paths[::-1]


def test_an_unknown_chapter_is_answered_with_those_there_are_and_the_nearest(course):
    course.chapter("02_tools")
    course.chapter("03_cnn")
    with pytest.raises(UsageError, match=r"no chapter '03_cn'.*Did you mean 03_cnn\?.*02_tools, 03_cnn"):
        notebooks.select(["03_cn"])


def test_no_chapter_at_all(course):
    with pytest.raises(CourseError, match="COURSE_ROOT"):
        notebooks.select([])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"cells": [', "not valid JSON"),
        (b"", "not valid JSON"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"[1, 2]", "not a notebook"),
        (b'{"nbformat": 3, "worksheets": []}', "not a notebook"),
        (b'{"nbformat": 4, "cells": [{"source": ""}]}', "not a notebook"),
    ],
)
def test_what_is_not_a_notebook_is_refused_in_one_sentence(tmp_path, content, words):
    path = tmp_path / "03_cnn.ipynb"
    path.write_bytes(content)
    with pytest.raises(CourseError, match=words) as refusal:
        notebooks.read(path)
    assert str(path) in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(CourseError, match="cannot be read: No such file"):
        notebooks.read(tmp_path / "none.ipynb")


def test_parameters_are_read_without_running_them(course):
    path = course.chapter("00_x", parameters=['profile: str = "quick"  # or full\nseed = -3\nsizes = [1, 2]'])
    assert notebooks.parameters(notebooks.read(path), "00_x") == {"profile": "quick", "seed": -3, "sizes": [1, 2]}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([], "no cell tagged"),
        (["seed = 0", "seed = 1"], "2 cells tagged"),
        (["import os"], "only assign plain values"),
        (["seed = 1 +"], "only assign plain values"),
        (["seed = int(3)"], "only assign plain values"),
        (["a = b = 3"], "only assign plain values"),
    ],
)
def test_a_chapter_has_one_parameters_cell_with_plain_values(course, cells, words):
    path = course.chapter("00_x", parameters=cells)
    with pytest.raises(CourseError, match=f"00_x.*{words}"):
        notebooks.parameters(notebooks.read(path), "00_x")


def test_the_hash_of_the_code_follows_the_code_alone(course):
    first = notebooks.read(course.chapter("00_x", "a = 1"))
    hashed = notebooks.code_sha256(first)
    first["cells"][0]["source"] = "# Another title"
    first["cells"][-1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "3"}]
    assert notebooks.code_sha256(first) == hashed
    first["cells"][-1]["source"] = "a = 2"
    assert notebooks.code_sha256(first) != hashed


@pytest.mark.parametrize(("change", "words"), [({"datasets": None}, "wrong kind"), ({"minutes": 10}, "wrong kind")])
def test_metadata_of_the_wrong_kind(course, change, words):
    path = course.chapter("00_x", **change)
    with pytest.raises(CourseError, match=words):
        notebooks.chapter(path)


def test_metadata_that_lack_something(course):
    path = course.chapter("00_x")
    path.write_text(path.read_text().replace('"minutes"', '"hours"'))
    with pytest.raises(CourseError, match="lacks 'minutes'"):
        notebooks.chapter(path)


def test_a_file_is_written_whole_or_not_at_all_when_the_disk_is_full(tmp_path, monkeypatch):
    path = tmp_path / "kept.txt"
    path.write_text("before")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("pathlib.Path.replace", full)
    with pytest.raises(CourseError, match=r"kept.txt cannot be written \(No space left on device\): make room"):
        notebooks.write_atomically(path, "after")
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["kept.txt"]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CourseError, match="cannot be made a folder"):
        notebooks.write_atomically(tmp_path / "file" / "deep.txt", "x")
