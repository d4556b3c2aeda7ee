"""``course run`` with real kernels, on chapters that pass, fail, die, hang, or cannot be read."""

import json
import signal
import sys
import time
import xml.etree.ElementTree as ElementTree

import psutil
import pytest

CLAIMS = "from utils.claims import claim\n"


def test_every_kind_of_failure_is_one_sentence_and_stops_nothing_else(course, call):
    course.chapter("00_good", CLAIMS + "claim('accuracy', 0.9, at_least=0.8)", "1 + 1")
    course.chapter("01_raises", "x = 1", "raise ValueError('first line\\nsecond line')", "print('never')")
    course.chapter("03_exits", "import os, sys\nprint('last words', file=sys.__stderr__, flush=True)\nos._exit(3)")
    course.chapter("04_misses", CLAIMS + "claim('recall', 0.5, at_least=0.8)\nclaim('loss', float('nan'), at_most=2)")
    (course.root / "chapters" / "05_torn.ipynb").write_text('{"cells": [')
    course.chapter("06_unparametrised", "1", parameters=[])
    course.chapter("07_twice", "1", parameters=["profile = 'quick'", "profile = 'quick'"])
    course.chapter("08_on_purpose", "1 / 0", "print('goes on')")
    path = course.root / "chapters" / "08_on_purpose.ipynb"
    path.write_text(
        path.read_text().replace(
            '"id": "cell-0",\n   "metadata": {}', '"id": "cell-0",\n   "metadata": {"tags": ["raises-exception"]}'
        )
    )

    code, out, err = call("run", "--jobs", "2", "--out", course.root / "out")

    assert code == 1
    report = course.report()
    error = {name: chapter["error"] for name, chapter in report.items()}
    failed = [name for name, chapter in report.items() if chapter["status"] == "failed"]
    assert failed == [name for name in report if name not in ("00_good", "08_on_purpose")]
    assert error["00_good"] is None
    assert error["08_on_purpose"] is None
    assert error["01_raises"] == "cell 3 (cell-1): ValueError: first line"
    assert "died in cell 2 (cell-0) with exit status 3 (last words)" in error["03_exits"]
    assert error["04_misses"] == "the claim 'recall' was missed: 0.5 (accepted ≥ 0.8)."
    assert "not valid JSON" in error["05_torn"]
    assert "no cell tagged `parameters`" in error["06_unparametrised"]
    assert "2 cells tagged `parameters`" in error["07_twice"]
    assert {name: chapter["reason"] for name, chapter in report.items()} == {
        "00_good": None,
        "01_raises": "cell",
        "03_exits": "kernel",
        "04_misses": "claim",
        "05_torn": "file",
        "06_unparametrised": "file",
        "07_twice": "file",
        "08_on_purpose": None,
    }
    assert not [sentence for sentence in error.values() if sentence and "\n" in sentence]
    assert "Traceback" not in out + err

    good = report["00_good"]
    assert set(good) == {
        *("name", "status", "reason", "error", "seconds", "peak_rss_mb", "cells", "cached", "why", "claims")
    }
    assert good["claims"] == [{"name": "accuracy", "value": 0.9, "low": 0.8, "high": None, "ok": True, "judged": True}]
    assert good["cells"] == 3
    assert good["seconds"] > 0
    assert 20 < good["peak_rss_mb"] < 1000
    assert report["04_misses"]["claims"][1]["value"] is None
    assert report["04_misses"]["claims"][1]["ok"] is False

    executed = course.read("out/01_raises.ipynb")
    assert any(output.get("ename") == "ValueError" for cell in executed["cells"] for output in cell.get("outputs", []))
    goes_on = course.read("out/08_on_purpose.ipynb")["cells"]
    assert goes_on[-1]["outputs"][0]["text"] == ["goes on\n"]
    assert "papermill-error-cell-tag" not in json.dumps(goes_on)

    suites = ElementTree.parse(course.root / "out" / "junit.xml").getroot()
    assert {suite.get("name"): int(suite.get("failures")) for suite in suites} == {
        name: (0 if name not in failed else 2 if name == "04_misses" else 1) for name in report
    }
    assert [case.get("name") for case in suites.find("testsuite[@name='04_misses']")] == [
        "executes",
        "claim: recall",
        "claim: loss",
    ]
    page = (course.root / "out" / "report.html").read_text(encoding="utf-8")
    assert "6 of 8 chapters failed" in page
    assert "the claim &#x27;recall&#x27; was missed" in page
    assert page.count("<svg") == 2
    assert "04_misses.ipynb" in page
    assert str(course.root / "out" / "report.html") in out
    assert no_kernel_of(course)


def no_kernel_of(course):
    """Whether no process that works in this course's folder is left, waiting a little for the last to go."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        left = []
        for process in psutil.process_iter():
            try:
                if process.status() != psutil.STATUS_ZOMBIE and process.cwd() == str(course.root):
                    left.append(process)
            except psutil.Error:
                continue
        if not left:
            return True
        time.sleep(0.2)
    return False


def test_smoke_records_claims_and_parameters_reach_the_chapter(course, call):
    course.chapter("03_cnn", CLAIMS + "claim('accuracy', 0.1, at_least=0.8)", "print(profile, repr(seed))")
    code, out, err = call("run", "3", "--profile", "smoke", "-p", "seed", "3", "--json", "--out", course.root / "out")
    assert code == 0
    report = json.loads(out)
    assert (report["profile"], report["edition"], report["parameters"]) == ("smoke", "untouched", {"seed": 3})
    claim = report["chapters"][0]["claims"][0]
    assert (claim["ok"], claim["judged"]) == (False, False)
    assert report == course.read("out/report.json")
    assert "03_cnn" in err
    assert course.read("out/03_cnn.ipynb")["cells"][-1]["outputs"][0]["text"] == ["smoke 3\n"]
    assert "not judged" in (course.root / "out" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["7"], "There is no chapter '7'. The chapters are 00_good, 03_cnn"),
        (["--profile", "fast"], "There is no profile 'fast': choose smoke"),
        (["-p", "sead", "3"], "00_good has no parameter 'sead'; it has profile, seed"),
        (["03", "00", "-p", "dataset", "nuclei"], "00_good has no parameter 'dataset'; it has profile, seed."),
        (["-p", "seed"], "Option '-p' requires 2 arguments"),
        (["-p", "profile", "full"], "--profile"),
        (["--jobs", "0"], "--jobs"),
        (["--timeout", "soon"], "--timeout"),
        (["--no-such-option"], "--no-such-option"),
    ],
)
def test_wrong_usage_is_refused_before_anything_runs(course, call, words, sentence):
    course.chapter("00_good")
    course.chapter("03_cnn", parameters=['profile = "quick"\nseed = 0\ndataset = "nuclei"'])
    code, out, err = call("run", "--out", course.root / "out", *words)
    assert code == 2
    assert sentence in err
    assert "Traceback" not in err
    assert not (course.root / "out").exists()


def junit(course):
    """Chapter name → (failures, skipped, {case → what it holds: failure, skipped or nothing})."""
    suites = ElementTree.parse(course.root / "out" / "junit.xml").getroot()
    return {
        suite.get("name"): (
            int(suite.get("failures")),
            int(suite.get("skipped")),
            {case.get("name"): [child.tag for child in case] for case in suite},
        )
        for suite in suites
    }


def test_a_claim_that_is_not_judged_is_no_failure_anywhere(course, call):
    course.chapter("00_own", CLAIMS + "claim('recall', 0.5, at_least=0.8, judged=False)\nclaim('loss', 1, at_most=2)")
    code, out, _ = call("run", "--out", course.root / "out")
    assert code == 0
    assert "1 of 1, 1 recorded" in out
    chapter = course.report()["00_own"]
    assert (chapter["status"], chapter["reason"]) == ("ok", None)
    assert [(claim["ok"], claim["judged"]) for claim in chapter["claims"]] == [(False, False), (True, True)]
    cases = {"executes": [], "claim: recall": ["skipped"], "claim: loss": []}
    assert junit(course) == {"00_own": (0, 1, cases)}
    page = (course.root / "out" / "report.html").read_text(encoding="utf-8")
    assert "✗" not in page
    assert 'class="missed"' not in page
    assert page.count('title="recorded, not judged">○<') == 1
    assert "recorded, not judged" in page


def test_in_smoke_no_claim_is_judged_even_where_the_chapter_says_so(course, call):
    course.chapter("00_x", CLAIMS + "claim('recall', 0.5, at_least=0.8)")
    assert call("run", "--profile", "smoke", "--out", course.root / "out")[0] == 0
    assert course.report()["00_x"]["claims"][0]["judged"] is False
    assert junit(course)["00_x"] == (0, 1, {"executes": [], "claim: recall": ["skipped"]})


def test_a_crash_that_speaks_of_a_claim_is_a_crash(course, call):
    missed = CLAIMS + "claim('recall', 0.5, at_least=0.8)"
    course.chapter("00_x", missed, "raise ValueError('the claim was missed')")
    course.chapter("01_y", missed)
    course.chapter("02_z", missed, "import os\nos._exit(1)")
    assert call("run", "--jobs", "2", "--out", course.root / "out")[0] == 1
    assert {name: chapter["reason"] for name, chapter in course.report().items()} == {
        "00_x": "cell",
        "01_y": "claim",
        "02_z": "kernel",
    }
    broken = {"executes": ["failure"], "claim: recall": ["failure"]}
    assert junit(course) == {
        "00_x": (2, 0, broken),
        "01_y": (1, 0, {"executes": [], "claim: recall": ["failure"]}),
        "02_z": (2, 0, broken),
    }


@pytest.mark.parametrize("record", ["{'name': 'x'}", "{'name': 'x', 'low': 0, 'value': 'high'}", "[]"])
def test_an_output_that_is_no_claim_though_it_says_so(course, call, record):
    show = "from IPython.display import display\n"
    course.chapter("00_x", show + f"display({{'application/vnd.course.claim+json': {record}}}, raw=True)")
    assert call("run", "--out", course.root / "out")[0] == 1
    assert "marked as a claim but cannot be read as one" in course.report()["00_x"]["error"]
    assert junit(course)["00_x"][0] == 1
    assert (course.root / "out" / "00_x.ipynb").exists()


def test_parameters_that_json_does_not_know_are_reported_as_text(course, call):
    course.chapter("00_x", "print(seed)")
    code, out, _ = call("run", "-p", "seed", "nan", "--json", "--out", course.root / "out")
    assert (code, json.loads(out)["parameters"]) == (0, {"seed": "nan"})
    assert course.read("out/00_x.ipynb")["cells"][-1]["outputs"][0]["text"] == ["nan\n"]


@pytest.mark.parametrize("columns", [0, 12, 28])
def test_a_run_in_a_narrow_terminal(course, call, columns):
    course.chapter("00_good")
    course.chapter("01_bad", "1 / 0")
    code, out, err = call("run", "--jobs", "2", "--out", course.root / "out", columns=columns)
    assert code == 1
    assert "01_bad: cell 2 (cell-0): ZeroDivisionError: division by zero" in out
    assert "00_good" in out
    assert "…" not in out + err


def test_a_cell_that_never_ends(course, call):
    course.chapter("00_endless", "while True:\n    pass")
    code, _, _ = call("run", "--timeout", "1", "--out", course.root / "out")
    assert code == 1
    assert course.report()["00_endless"]["error"].startswith("cell 2 (cell-0) did not end within 1 s")
    assert course.report()["00_endless"]["reason"] == "cell"
    assert no_kernel_of(course)


def test_two_chapters_really_run_at_once(course, call):
    """Each waits for the other to have begun, which it never would if they ran in turn."""
    wait = (
        "import pathlib, time\n"
        "pathlib.Path('{0}').touch()\n"
        "while not pathlib.Path('{1}').exists():\n"
        "    time.sleep(0.02)"
    )
    course.chapter("00_this", wait.format("this", "that"))
    course.chapter("01_that", wait.format("that", "this"))
    code, _, _ = call("run", "--jobs", "2", "--timeout", "60", "--out", course.root / "out")
    assert code == 0


def test_memory_of_the_kernel_and_of_what_it_starts_is_measured(course, call):
    course.chapter("00_small")
    course.chapter("01_large", "import time\nblock = bytearray(b'x') * 300_000_000\ntime.sleep(2)\ndel block")
    course.chapter(
        "02_child",
        "import subprocess, sys\n"
        "code = \"import time; block = bytearray(b'x') * 300_000_000; time.sleep(2)\"\n"
        "subprocess.run([sys.executable, '-c', code], check=True)",
    )
    call("run", "--out", course.root / "out")
    peak = {name: chapter["peak_rss_mb"] for name, chapter in course.report().items()}
    assert 250 < peak["01_large"] - peak["00_small"] < 350
    assert 250 < peak["02_child"] - peak["00_small"] < 400


def test_the_solved_edition_puts_the_solution_into_the_stub(course, call, monkeypatch):
    monkeypatch.setattr("utils.exercises.sources.solution_source", lambda _: "def double(x):\n    return 2 * x")
    course.chapter("00_x", "assert double(3) == 6", exercises={"0.1": "def double(x):\n    ..."})
    code, _, _ = call("run", "--solved", "--out", course.root / "out")
    assert code == 0
    assert course.read("out/report.json")["edition"] == "solved"
    assert call("run", "--out", course.root / "out")[0] == 1


def test_a_solution_that_its_own_check_refuses_fails_the_solved_edition(course, call, monkeypatch):
    monkeypatch.setattr("utils.exercises.sources.solution_source", lambda _: "answer = 1")
    record = {"id": "0.1", "title": "t", "status": "wrong", "points": 0, "of": 1, "message": "no"}
    show = (
        f"from IPython.display import display\ndisplay({{'application/vnd.course.exercise+json': {record}}}, raw=True)"
    )
    course.chapter("00_x", show, exercises={"0.1": "..."})
    assert call("run", "--solved", "--out", course.root / "out")[0] == 1
    assert course.report()["00_x"]["error"] == "exercise 0.1 does not accept its own solution: no"
    assert course.report()["00_x"]["reason"] == "exercise"
    assert junit(course)["00_x"] == (1, 0, {"executes": ["failure"]})
    assert call("run", "--out", course.root / "out")[0] == 0


def test_an_exercise_without_a_solution(course, call):
    course.chapter("00_x", exercises={"0.99": "..."})
    assert call("run", "--solved", "--out", course.root / "out")[0] == 1
    assert "0.99" in course.report()["00_x"]["error"]
    assert course.report()["00_x"]["reason"] == "exercise"


def test_an_output_that_cannot_be_written_is_reported_and_the_report_is_still_printed(course, call, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    course.chapter("00_x")
    monkeypatch.setattr("pathlib.Path.replace", full)
    code, out, err = call("run", "--json", "--out", course.root / "out")
    assert code == 1
    assert (
        "00_x.ipynb cannot be written (No space left on device): make room" in json.loads(out)["chapters"][0]["error"]
    )
    assert "report.json cannot be written" in err
    assert "Traceback" not in err


def test_a_place_for_the_report_that_is_a_file(course, call):
    course.chapter("00_x")
    (course.root / "out").touch()
    code, _, err = call("run", "--out", course.root / "out")
    assert code == 1
    assert "cannot be made a folder" in err


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL, and no killer of what holds most memory")
def test_a_kernel_that_the_system_kills(course, call):
    course.chapter("00_dies", "import os\nos.kill(os.getpid(), 9)")
    assert call("run", "--out", course.root / "out")[0] == 1
    chapter = course.report()["00_dies"]
    assert chapter["reason"] == "kernel"
    assert chapter["error"].startswith(
        "the kernel was killed in cell 2 (cell-0), most likely because memory ran out (it "
    )
    assert "--jobs 1" in chapter["error"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot send Ctrl-C to one process alone")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_what_is_finished_and_leaves_no_kernel(course, number):
    course.chapter("00_done")
    course.chapter("01_busy", "import pathlib, time\npathlib.Path('busy').touch()\nwhile True:\n    time.sleep(0.1)")
    course.chapter("02_waits")
    process = course.start("run", "--jobs", "1", "--out", course.root / "out")
    deadline = time.monotonic() + 300
    while not (course.root / "busy").exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 130, err
    report = course.report()
    assert {name: (chapter["status"], chapter["error"]) for name, chapter in report.items()} == {
        "00_done": ("ok", None),
        "01_busy": ("failed", "interrupted"),
        "02_waits": ("failed", "interrupted"),
    }
    assert [chapter["reason"] for chapter in report.values()] == [None, "interrupted", "interrupted"]
    assert "Traceback" not in out + err
    assert no_kernel_of(course)


# --- what has not changed ---------------------------------------------------------------------------------------------

DRAW = "import os\nprint(os.urandom(8).hex())"  # another number each time that it is executed


def drawn(course):
    return course.read("out/00_x.ipynb")["cells"][2]["outputs"][0]["text"]


def test_a_chapter_that_has_not_changed_is_served_from_the_cache(course, call):
    path = course.chapter("00_x", DRAW, CLAIMS + "claim('accuracy', 0.9, at_least=0.8)")
    run = ("run", "--explain", "--out", course.root / "out")
    assert "00_x  executed: no run of it is kept." in call(*run)[1]
    first, report = drawn(course), course.report()["00_x"]
    assert not report["cached"]

    code, out, err = call(*run)
    assert (code, drawn(course)) == (0, first)
    assert "00_x  served from the cache: nothing it depends on has changed." in out
    assert "cached" in err
    again = course.report()["00_x"]
    assert again == report | {"cached": True, "why": "nothing it depends on has changed"}
    assert "from the cache" in (course.root / "out" / "report.html").read_text(encoding="utf-8")

    path.write_text(path.read_text().replace("# 00_x", "# Another title"))
    call(*run)
    assert drawn(course) == first
    assert course.read("out/00_x.ipynb")["cells"][0]["source"] == ["# Another title"]

    call(*run, "--no-cache")
    assert drawn(course) != first
    call(*run)
    assert drawn(course) == first  # what was executed without the cache is not kept either

    path.write_text(path.read_text().replace("hex()", "hex().upper()"))
    assert "00_x  executed: code cell 2 (cell-0) has changed." in call(*run)[1]
    assert drawn(course) != first


def test_a_failed_chapter_is_executed_again(course, call):
    course.chapter("00_x", DRAW, CLAIMS + "claim('accuracy', 0.7, at_least=0.8)")
    for _ in range(2):
        assert call("run", "--out", course.root / "out")[0] == 1
        assert not course.report()["00_x"]["cached"]


@pytest.mark.parametrize("damage", ["folder is a file", "entries are torn"])
def test_a_cache_that_cannot_be_used_is_one_sentence_and_no_obstacle(course, call, damage):
    course.chapter("00_x", DRAW)
    cache = course.root / "cache"
    if damage == "folder is a file":
        cache.touch()
    else:
        call("run", "--out", course.root / "out")
        entries = [path for path in cache.rglob("*") if path.is_file()]
        assert entries
        for path in entries:
            path.write_bytes(path.read_bytes()[:-20])
    code, out, _ = call("run", "--out", course.root / "out")
    assert code == 0
    (note,) = course.read("out/report.json")["notes"]
    assert note.startswith(f"The cache in {cache} ")
    assert note in " ".join(out.split())
    assert not course.report()["00_x"]["cached"]
    assert drawn(course)


@pytest.mark.parametrize("jobs", [[], ["--jobs", "1"]])
def test_all_at_once_or_one_after_the_other_the_same_comes_out(course, call, jobs):
    for number in range(3):
        course.chapter(f"0{number}_x", f"print({number})")
    code, _, err = call("run", "--out", course.root / "out", *jobs)
    assert code == 0
    assert [course.read(f"out/0{n}_x.ipynb")["cells"][-1]["outputs"][0]["text"] for n in range(3)] == [
        ["0\n"],
        ["1\n"],
        ["2\n"],
    ]
    assert list(course.report()) == ["00_x", "01_x", "02_x"]
    assert err.count("✓") == 3
    assert "3 chapters left" in err


def test_a_chapter_for_which_memory_runs_out_beside_another_begins_anew(course, call, monkeypatch):
    """Once both have begun, memory is all but gone; the one that began last is stopped, and runs later, to its end."""
    wait = "import pathlib, time\nwith pathlib.Path('{0}').open('a') as file: file.write('begun ')\n"
    wait += "while not pathlib.Path('scarce').exists(): time.sleep(0.02)"
    course.chapter("00_x", wait.format("this"))
    course.chapter("01_x", wait.format("that"))

    def free():
        begun = all((course.root / name).exists() for name in ("this", "that"))
        if begun and not (course.root / "scarce").exists():
            (course.root / "scarce").touch()
            return 0.0
        return 1e6

    monkeypatch.setattr("utils.course.machine.free_megabytes", free)
    code, _, _ = call("run", "--jobs", "2", "--out", course.root / "out")
    assert code == 0
    assert [chapter["status"] for chapter in course.report().values()] == ["ok", "ok"]
    begun = [(course.root / name).read_text() for name in ("this", "that")]
    assert sorted(begun) == ["begun ", "begun begun "]
