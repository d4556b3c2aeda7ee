"""Every chapter: its form, its stored outputs, and its execution by nbval and papermill, with the network closed."""

import copy
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import nbformat
import pytest
from conftest import CHAPTERS, OWN, ROOT, read

from utils.claims import CLAIM_MIME
from utils.course import readme, refresh
from utils.exercises.core import EXERCISE_MIME
from utils.exercises.sources import exercise_ids

SECTIONS = ["What you will be able to do", "Quiz", "What can go wrong in the clinic", "Summary", "Further reading"]
TAG = "nbval-check-output"

each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
each_notebook = pytest.mark.parametrize("path", [*CHAPTERS, *OWN], ids=lambda path: path.stem)  # and those for own data


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def outputs(notebook, mime):
    """What was displayed with this MIME type, in its order."""
    shown = [output.get("data", {}) for cell in code_cells(notebook) for output in cell.outputs]
    return [bundle[mime] for bundle in shown if mime in bundle]


def compared(notebook):
    return [cell for cell in code_cells(notebook) if TAG in cell.metadata.get("tags", [])]


# --- form ---------------------------------------------------------------------------------------------------------


def test_chapters_are_numbered_without_a_gap():
    assert [int(path.stem[:2]) for path in CHAPTERS] == list(range(len(CHAPTERS)))
    assert len(CHAPTERS) >= 4


@each_chapter
def test_metadata(path):
    course = read(path).metadata["course"]
    assert set(course) == {"number", "title", "minutes", "objectives", "prerequisites", "datasets", "source"}
    assert course["number"] == int(path.stem[:2])
    assert 10 <= course["minutes"] <= 90
    assert len(course["objectives"]) >= 3
    assert all(0 <= number < course["number"] for number in course["prerequisites"])
    from utils import datasets

    assert set(course["datasets"]) <= set(datasets.catalogue())


@each_chapter
def test_headings(path):
    headings = re.findall(r"^(#+) +(.+)$", re.sub(r"```.*?```", "", prose(read(path)), flags=re.S), re.M)
    levels = [len(marks) for marks, _ in headings]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False)), headings
    titles = [title for marks, title in headings if len(marks) == 2]
    wanted = SECTIONS if path.stem[:2] != "00" else ["What you will be able to do", "Quiz", "Summary"]
    assert [title for title in titles if title in wanted] == wanted


@each_chapter
def test_size(path):
    notebook = read(path)
    for cell in code_cells(notebook):
        assert len([line for line in cell.source.splitlines() if line.strip()]) <= 25, cell.id
    if path.stem[:2] != "00":
        assert 20 <= len(code_cells(notebook)) <= 40
        assert 1500 <= len(re.findall(r"\w+", prose(notebook))) <= 3200


@each_notebook
def test_code_fits_the_page(path):
    """At the width of JupyterLab's page a longer line is cut off in print and on the web."""
    lines = [(cell.id, line) for cell in code_cells(read(path)) for line in cell.source.splitlines()]
    assert not [where for where, line in lines if len(line) > 100]


@each_notebook
def test_code_is_free_of_bad_habits(path):
    code = "\n".join(cell.source for cell in code_cells(read(path)))
    for habit in (r"^\s*[!%]", r"import \*", r"verbose=[12]", r"tensorflow", r"(?<![\w.])/(home|Users|tmp|work)/"):
        assert not re.search(habit, code, re.M), habit


@each_chapter
def test_further_reading_has_references(path):
    if path.stem[:2] != "00":
        tail = prose(read(path)).split("## Further reading")[1]
        assert len(re.findall(r"https://doi\.org/10\.\d{4,}/\S+", tail)) >= 3


@each_notebook
def test_cell_ids_are_readable_and_stable(path):
    ids = [cell.id for cell in read(path).cells]
    assert len(set(ids)) == len(ids)
    assert not [name for name in ids if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f-]+)?", name)]


@each_chapter
def test_every_stub_is_followed_by_its_check(path):
    cells = code_cells(read(path))
    found = [cell.metadata["exercise"] for cell in cells if "exercise" in cell.metadata]
    assert found == exercise_ids(int(path.stem[:2]))
    for before, after in zip(cells, cells[1:], strict=False):
        if "exercise" in before.metadata:
            assert f'check("{before.metadata["exercise"]}"' in after.source


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.stem)
def test_the_notebooks_for_own_data(path):
    """Short, one heading of the first level, no section skipped, the parameters that ``course apply`` sets."""
    notebook = read(path)
    cells = code_cells(notebook)
    assert 10 <= len(cells) <= 18
    assert max(len([line for line in cell.source.splitlines() if line.strip()]) for cell in cells) <= 25
    assert len(re.findall(r"\w+", prose(notebook))) <= 800
    levels = [len(marks) for marks in re.findall(r"^(#+) ", prose(notebook), re.M)]
    assert levels[0] == 1
    assert set(levels[1:]) == {2}
    assert notebook.metadata["course"]["kind"] == path.stem
    from utils import datasets
    from utils.course.notebooks import parameters
    from utils.datasets.own import OPTIONS

    stated = parameters(notebook, path.stem)
    assert {"profile": "quick", "seed": 0} | dict.fromkeys(OPTIONS[path.stem]) | {"path": stated["path"]} == {
        name: value for name, value in stated.items() if name != "mirror"
    }
    assert datasets.catalogue()[stated["path"]].kind == path.stem
    assert f"course apply {path.stem} PATH" in prose(notebook)


def test_each_kind_of_own_data_has_its_notebook():
    from utils.datasets.own import KINDS

    assert [path.stem for path in OWN] == sorted(KINDS)


# --- stored outputs -----------------------------------------------------------------------------------------------


@each_notebook
def test_stored_outputs_are_fresh_and_whole(path):
    assert not refresh.stale(path)
    notebook = read(path)
    assert notebook.metadata["course_run"]["profile"] == "quick"
    for cell in code_cells(notebook):
        assert cell.execution_count
        assert not [
            output for output in cell.outputs if output.output_type == "error" or output.get("name") == "stderr"
        ]


def test_a_changed_or_hollow_chapter_is_stale(tmp_path):
    changed, hollow = read(CHAPTERS[0]), read(CHAPTERS[0])
    code_cells(changed)[3].source += "\n1 + 1"
    code_cells(hollow)[3].execution_count = None
    for name, notebook in {"changed": changed, "hollow": hollow}.items():
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
        assert refresh.stale(tmp_path / f"{name}.ipynb")


@each_notebook
def test_every_figure_is_described(path):
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                assert len(output.metadata["image/png"]["alt"]) > 15, cell.id


@each_chapter
def test_stored_claims_are_judged_and_met(path):
    claims = outputs(read(path), CLAIM_MIME)
    assert len(claims) >= (2 if path.stem[:2] != "00" else 1)
    assert all(claim["ok"] and claim["judged"] for claim in claims)


def test_the_readmes_table_is_the_metadata():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.with_table(text) == text


# --- execution ----------------------------------------------------------------------------------------------------


def nbval(paths, report, environment):
    """Run nbval over notebooks; returns (exit code, number of cells compared and run, output)."""
    arguments = ["--nbval-lax", "--nbval-current-env", "--nbval-kernel-startup-timeout=300", "--nbval-cell-timeout=600"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments, f"--junitxml={report}", *paths],
        cwd=report.parent,
        env=environment,
        capture_output=True,
        text=True,
    )
    return done.returncode, len(ElementTree.parse(report).findall(".//testcase")), done.stdout


@each_notebook
def test_nbval_finds_what_is_stored(path, tmp_path, offline):
    notebook = read(path)
    assert len(compared(notebook)) >= (2 if path in OWN else 1 if path.stem[:2] == "00" else 5)
    for cell in compared(notebook):  # without these, nbval compares nothing and passes
        assert cell.execution_count, cell.id
        assert any(output.get("name") == "stdout" or "text/plain" in output.get("data", {}) for output in cell.outputs)
    code, cases, text = nbval([path], tmp_path / "report.xml", offline)
    assert code == 0, text[-4000:]
    assert cases == len(code_cells(notebook))


@pytest.mark.parametrize("path", CHAPTERS[:2], ids=lambda path: path.stem)
def test_nbval_notices_a_changed_output(path, tmp_path, offline):
    """The same comparison fails when one stored output differs: it can fail, so that its passing means something.

    That is a property of the tool; that each notebook has cells to compare, with stored outputs, is tested above.
    """
    notebook = copy.deepcopy(read(path))
    first = compared(notebook)[0]
    place = next(i for i, cell in enumerate(notebook.cells) if cell.id == first.id)
    notebook.cells = notebook.cells[: place + 1]
    for output in first.outputs:
        if output.output_type == "stream":
            output.text = output.text + "something else\n"
        else:
            output.data["text/plain"] = "something else"
    nbformat.write(notebook, tmp_path / "changed.ipynb")
    code, _, text = nbval([tmp_path / "changed.ipynb"], tmp_path / "report.xml", offline)
    assert code == 1
    assert "1 failed" in text


def course_run(folder, environment, *arguments):
    """``course run`` on all chapters; returns its report and the executed notebooks."""
    done = subprocess.run(
        [sys.executable, "-m", "utils.course", "run", "--jobs", "2", "--out", folder, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return report, [read(path) for path in sorted(folder.glob("*.ipynb"))]


def exercise_results(notebook):
    """The last result of each exercise of an executed chapter."""
    return {result["id"]: result["status"] for result in outputs(notebook, EXERCISE_MIME)}


@pytest.mark.parametrize("edition", ["untouched", "solved"])
def test_smoke(edition, tmp_path, offline):
    report, executed = course_run(
        tmp_path, offline, "--profile", "smoke", *(["--solved"] if edition == "solved" else [])
    )
    assert report["profile"] == "smoke"
    assert [chapter["status"] for chapter in report["chapters"]] == ["ok"] * len(CHAPTERS)
    for number, (chapter, notebook) in enumerate(zip(report["chapters"], executed, strict=True)):
        assert len(chapter["claims"]) >= (2 if number else 1)
        assert chapter["peak_rss_mb"] < 2000
        wanted = "passed" if edition == "solved" else "open"
        own = {name: wanted for name in exercise_ids(number)}
        assert exercise_results(notebook) == own


def test_quick_meets_every_claim(tmp_path, offline):
    report, _ = course_run(tmp_path, offline, "--profile", "quick", "--solved")
    for chapter in report["chapters"]:
        assert chapter["status"] == "ok"
        assert all(claim["ok"] for claim in chapter["claims"])


def test_the_network_really_is_closed(offline):
    code = "import socket; socket.create_connection(('192.0.2.1', 80), timeout=5)"
    done = subprocess.run([sys.executable, "-c", code], env=offline, capture_output=True, text=True)
    assert "the network is closed in this test" in done.stderr


def test_solved_edition_differs_only_in_the_stubs():
    from utils.course import editions

    for path in CHAPTERS:
        before = read(path)
        after = editions.solved(copy.deepcopy(before))
        for old, new in zip(before.cells, after.cells, strict=True):
            assert (old.source == new.source) == ("exercise" not in old.metadata), new.id
