"""``course data``: what it prints, and how it exits."""

import json
import shutil
from types import SimpleNamespace

import pytest

from utils.course import cli
from utils.datasets.catalogue import catalogue, data_folder, find


@pytest.fixture
def course(capsys):
    """Run ``course data …`` in this process; returns (exit code, standard output, standard error)."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            cli.main(["data", *arguments])
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run


def test_list(course, cache):
    code, text, _ = course("list")
    assert code == 0
    assert all(name in text for name in catalogue())
    rows = {line.split()[0]: line for line in text.splitlines() if line.split()[0] in catalogue()}
    assert "embedded" in rows["nuclei"]
    assert "BSD-3-Clause" in rows["nuclei"]
    assert "not fetched" in rows["breastmnist"]
    code, text, _ = course("list", "--json")
    listed = {row["name"]: row for row in json.loads(text)}
    assert code == 0
    assert list(listed) == list(catalogue())
    assert listed["nuclei"]["where"] == "embedded"
    assert listed["breastmnist"]["bytes"] == 559_580
    assert not listed["pathmnist"]["size_is_exact"]


def test_verify(course, cache, tmp_path, monkeypatch):
    code, text, errors = course("verify")
    assert (code, errors) == (0, "")
    embedded = [file.path for entry in catalogue().values() if entry.embedded for file in entry.files]
    assert [line.split()[-1] for line in text.splitlines()] == embedded
    assert text.count("ok") == len(embedded)

    shutil.copytree(data_folder(), tmp_path / "data")
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    (tmp_path / "data" / "ecg5000" / "beats.npy.xz").unlink()
    (tmp_path / "data" / "ecg5000" / "labels.csv").write_text("part,label\n")
    code, text, errors = course("verify", "ecg5000", "splice")
    assert code == 1
    assert [line.split()[1] for line in text.splitlines()] == ["missing", "wrong", "ok"]
    assert errors == "course: ecg5000 is not as the catalogue says; run `course data rebuild ecg5000`.\n"
    code, text, _ = course("verify", "ecg5000", "--json")
    assert (code, [file["state"] for file in json.loads(text)]) == (1, ["missing", "wrong"])
    assert course("list")[1].count("damaged") == 1


def test_verify_of_something_not_fetched(course, cache):
    code, text, errors = course("verify", "breastmnist")
    assert (code, text.split()[1]) == (1, "missing")
    assert "run `course data fetch breastmnist`" in errors


def stand_in(monkeypatch, entry):
    """Let the command find this entry under its name."""
    monkeypatch.setattr("utils.course.data.find", lambda name: entry if name == entry.name else find(name))


def test_fetch(course, cache, server, entry_at, monkeypatch):
    entry = entry_at(f"{server.address}/good/breastmnist.npz")
    stand_in(monkeypatch, entry)
    code, text, errors = course("fetch", "breastmnist", "nuclei")
    assert code == 0
    assert text == f"breastmnist is in {cache / 'medmnist'}.\nnuclei ships with the course.\n"
    assert errors.startswith("Fetching BreastMNIST")


def test_fetch_that_fails_goes_on_with_the_others(course, cache, server, entry_at, monkeypatch):
    entry = entry_at(f"{server.address}/missing/breastmnist.npz")
    stand_in(monkeypatch, entry)
    code, text, errors = course("fetch", "breastmnist", "nuclei")
    assert code == 1
    assert text == "nuclei ships with the course.\n"
    assert "course: breastmnist is not on this machine" in errors
    assert "Traceback" not in errors


def test_fetch_without_a_name_explains(course):
    code, _, errors = course("fetch")
    assert code == 2
    assert errors.startswith("course: Name what to fetch, as in `course data fetch breastmnist`; there are cifar10, ")


@pytest.mark.parametrize("command", ["fetch", "verify", "rebuild"])
def test_an_unknown_name(course, command):
    code, _, errors = course(command, "nucleii")
    assert code == 2
    assert errors.startswith("course: There is no dataset 'nucleii'; did you mean nuclei")


def test_rebuild(course):
    code, text, _ = course("rebuild", "pbc")
    assert (code, text) == (0, "✓ same bytes  pbc/visits.csv.xz\n")


def test_rebuild_that_differs(course, monkeypatch):
    from utils.datasets import rebuild as rebuild_module

    written = []
    monkeypatch.setattr(rebuild_module, "made", lambda *_: {"pbc/visits.csv.xz": b"something else"})
    monkeypatch.setattr(rebuild_module, "write", lambda path, content: written.append(path))
    code, text, _ = course("rebuild", "pbc")
    assert (code, written) == (1, [])
    assert "✗ different  pbc/visits.csv.xz" in text
    assert 'path = "pbc/visits.csv.xz", size = 14, digest = "sha256:' in text
    assert course("rebuild", "pbc", "--accept")[0] == 0
    assert written == [data_folder() / "pbc" / "visits.csv.xz"]


def test_help(course):
    code, text, errors = course("fetch", "--help")
    assert code == 0
    assert "course data fetch" in text
    assert "course data fetch breastmnist cifar10" in text
    assert errors == ""


COLUMNS = (
    "--label",
    "a,b",
    "--smiles",
    "structure",
    "--sequence",
    "dna",
    "--group",
    "person",
    "--id",
    "no",
    "--time",
    "t",
)


@pytest.fixture
def loaded(monkeypatch):
    """What ``own.load`` is called with, as a list of (positional, named) arguments; nothing is read."""
    calls = []

    def load(*arguments, **columns):
        calls.append((arguments, columns))
        entry = SimpleNamespace(kind=arguments[1] or "molecules", title="Your own molecules")
        return SimpleNamespace(entry=entry)

    monkeypatch.setattr("utils.datasets.own.load", load)
    monkeypatch.setattr("utils.datasets.own.summary.summary", lambda data: {"task": "regression"})
    return calls


def test_check_passes_on_the_columns_that_are_named_and_no_others(course, loaded):
    assert course("check", "a.csv")[0] == 0
    assert course("check", "a.csv", "--kind", "sequences", "--label=x", "--group", "")[0] == 0
    assert course("check", "a.csv", *COLUMNS)[0] == 0
    named = {"label": "a,b", "smiles": "structure", "sequence": "dna", "group": "person", "id": "no", "time": "t"}
    assert loaded == [
        (("a.csv", None), {}),
        (("a.csv", "sequences"), {"label": "x", "group": ""}),
        (("a.csv", None), named),
    ]


def test_check_ends_with_the_command_that_comes_next(course, loaded, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ward").mkdir()
    code, text, errors = course("check", "a.csv")
    assert (code, errors) == (0, "")
    assert text == "✓ Your own molecules\n  task       regression\n  next       course apply molecules a.csv\n"
    assert course("check", "ward", "--kind", "records")[1].endswith("course apply records ward/\n")
    assert course("check", "my file.csv", "--label", "log D")[1].endswith(
        "course apply molecules 'my file.csv' --label 'log D'\n"
    )
