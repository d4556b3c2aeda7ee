"""Data of one's own on the command line of ``course run``: what is made absolute, and what a refusal looks like."""

import pytest

from utils.course.commands import typed

LOAD = "from utils import datasets\nprint(len(datasets.load(dataset, kind='sequences').labels), 'rows')"
SPLICE = "profile = 'quick'\nseed = 0\ndataset = 'splice'"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("nuclei", "ward"):
        (tmp_path / name).mkdir()
    for name in ("a.csv", "b.csv", "c,d.csv", "3"):
        (tmp_path / name).write_text("id,label\n")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a.csv", "{0}/a.csv"),
        ("./a.csv", "{0}/a.csv"),
        ("ward/../a.csv", "{0}/a.csv"),
        ("ward/", "{0}/ward"),
        ("./ward", "{0}/ward"),
        (".", "{0}"),
        ("a.csv,b.csv", "{0}/a.csv,{0}/b.csv"),
        ("a.csv, ./b.csv", "{0}/a.csv,{0}/b.csv"),
        ("c,d.csv", "{0}/c,d.csv"),
        ("c,d.csv,a.csv", "{0}/c,d.csv,{0}/a.csv"),
        ("missing.csv", "{0}/missing.csv"),
        ("missing.NPZ", "{0}/missing.NPZ"),
        ("a.csv,missing.csv", "{0}/a.csv,{0}/missing.csv"),
        ("missing.csv,a.csv", "{0}/missing.csv,{0}/a.csv"),
        ("missing/", "{0}/missing"),
        ("~no-such-user/a.csv", "{0}/~no-such-user/a.csv"),
        ("x" * 5000 + ".", "x" * 5000 + "."),
        ("nuclei", "nuclei"),
        ("ward", "ward"),
        ("quick", "quick"),
        ("a,b", "a,b"),
        ("on/off", "on/off"),
        ("https://example.org/x", "https://example.org/x"),
        ("", ""),
    ],
)
def test_paths_become_absolute_and_words_stay(folder, text, value):
    assert typed(text) == value.format(folder)


@pytest.mark.parametrize(
    ("text", "value"), [("3", 3), ("0.5", 0.5), ("1e-3", 0.001), ("True", True), ("None", None), ("-1", -1)]
)
def test_numbers_and_constants_are_no_paths(folder, text, value):
    assert typed(text) == value
    assert type(typed(text)) is type(value)


def test_the_home_folder(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert typed("~/a.csv") == str(folder / "a.csv")


def test_a_run_on_own_data_and_the_sentence_for_what_does_not_fit(course, call, monkeypatch):
    monkeypatch.chdir(course.root)
    course.chapter("09_genes", LOAD, parameters=[SPLICE])
    lines = [f"{'ACGT'[n % 4]}{'ACGT'[n // 4]},{n % 2}" for n in range(16)]
    (course.root / "own.csv").write_text("\n".join(["sequence,label", *lines]))
    code, _, _ = call("run", "09", "-p", "dataset", "own.csv", "--out", course.root / "out")
    assert code == 0
    assert "16 rows" in (course.root / "out" / "09_genes.ipynb").read_text()

    (course.root / "own.csv").write_text("\n".join(["sequence,label", *lines, "ACGX,1"]))
    code, out, _ = call("run", "09", "-p", "dataset", "own.csv", "--out", course.root / "out")
    assert code == 1
    told = course.report()["09_genes"]["error"]
    assert told == (
        "cell 3 (cell-0): CourseError: own.csv, line 18, column sequence: expected A, C, G, T (or U) and the IUPAC "
        "codes RYSWKMBDHVN, found 'X' at letter 4."
    )
    assert "found 'X' at letter 4" in " ".join(out.split())

    code, _, _ = call("run", "09", "-p", "dataset", "oven.csv", "--out", course.root / "out")
    assert code == 1
    assert course.report()["09_genes"]["error"].endswith("did you mean own.csv?")
