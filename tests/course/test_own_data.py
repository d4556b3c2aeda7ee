"""Paths on the command line of ``course run``: which words become absolute, and what a refusal looks like."""

import pytest

from utils.course.run import OWN_DATA, typed

LOAD = "from utils.datasets import own\nprint(len(own.load(table, 'sequences').labels), 'rows')"
SPLICE = "profile = 'quick'\nseed = 0\ntable = 'splice'"


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


def test_a_run_on_a_path_and_the_sentence_for_what_does_not_fit(course, call, monkeypatch):
    monkeypatch.chdir(course.root)
    course.chapter("05_genes", LOAD, parameters=[SPLICE])
    lines = [f"{'ACGT'[n % 4]}{'ACGT'[n // 4]},{n % 2}" for n in range(16)]
    (course.root / "own.csv").write_text("\n".join(["sequence,label", *lines]))
    code, _, _ = call("run", "05", "-p", "table", "own.csv", "--out", course.root / "out")
    assert code == 0
    assert "16 rows" in (course.root / "out" / "05_genes.ipynb").read_text()

    (course.root / "own.csv").write_text("\n".join(["sequence,label", *lines, "ACGX,1"]))
    code, out, _ = call("run", "05", "-p", "table", "own.csv", "--out", course.root / "out")
    assert code == 1
    error = course.report()["05_genes"]["error"]
    assert error == (
        "cell 3 (cell-0): CourseError: own.csv, line 18, column sequence: expected A, C, G, T (or U) and the IUPAC "
        "codes RYSWKMBDHVN, found 'X' at letter 4."
    )
    assert "found 'X' at letter 4" in " ".join(out.split())

    code, _, _ = call("run", "05", "-p", "table", "oven.csv", "--out", course.root / "out")
    assert code == 1
    assert course.report()["05_genes"]["error"].endswith("did you mean own.csv?")


@pytest.mark.parametrize("number", sorted(OWN_DATA))
@pytest.mark.parametrize("words", [["-p", "dataset", "my file.csv"], ["--parameter=dataset", "my file.csv"]])
def test_other_data_for_an_application_chapter_are_refused_with_the_new_command(course, call, number, words):
    course.chapter("03_cnn")
    course.chapter(f"{number}_application", parameters=[SPLICE.replace("table", "dataset")])
    code, out, err = call("run", number, *words, "--out", course.root / "out")
    assert (code, out) == (2, "")
    assert err == f"course: Other data have a command of their own: `course apply {OWN_DATA[number]} 'my file.csv'`.\n"
    assert call("run", "03", *words)[2].startswith("course: 03_cnn has no parameter 'dataset'")
    assert not (course.root / "out").exists()
