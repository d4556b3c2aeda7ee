"""Every chapter: its form and its stored outputs. What its execution gives is in ``test_executions.py``."""

import re

import nbformat
import pytest
from conftest import CHAPTERS, OWN, ROOT, code_cells, compared, read

from utils.claims import CLAIM_MIME
from utils.course import prose_numbers, readme, refresh
from utils.course.results import records
from utils.exercises import core
from utils.exercises.sources import exercise_ids

SECTIONS = ["What you will be able to do", "Quiz", "What can go wrong in the clinic", "Summary", "Further reading"]
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
each_notebook = pytest.mark.parametrize("path", [*CHAPTERS, *OWN], ids=lambda path: path.stem)  # and those for own data


def prose(notebook):
    """The text of all Markdown cells, without the comments that nobody sees."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    return prose_numbers.COMMENT.sub("", "\n\n".join(cells))


# --- form ---------------------------------------------------------------------------------------------------------


def test_chapters_are_numbered_without_a_gap():
    assert [int(path.stem[:2]) for path in CHAPTERS] == list(range(len(CHAPTERS)))
    assert len(CHAPTERS) >= 4


@each_chapter
def test_metadata(path):
    course = read(path).metadata["course"]
    assert set(course) == {"number", "title", "minutes", "objectives", "prerequisites", "datasets", "source"}
    assert course["number"] == int(path.stem[:2])
    assert len(course["objectives"]) >= 3
    assert all(0 <= number < course["number"] for number in course["prerequisites"])
    from utils import datasets

    assert set(course["datasets"]) <= set(datasets.catalogue())


@each_chapter
def test_the_minutes_are_those_of_a_slow_reader(path):
    """120 words or 14 lines of code per minute, and six minutes per point of an exercise; nobody was timed."""
    notebook = read(path)
    lines = [line for cell in code_cells(notebook) for line in cell.source.splitlines() if line.strip()]
    points = sum(core.get(name).points for name in exercise_ids(int(path.stem[:2])))
    minutes = notebook.metadata["course"]["minutes"]
    assert set(minutes) == {"reading", "exercises"}
    assert abs(minutes["reading"] - len(prose(notebook).split()) / 120 - len(lines) / 14) <= 6
    assert abs(minutes["exercises"] - 6 * points) <= 6


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
        assert 1500 <= len(re.findall(r"\w+", prose(notebook))) <= 3500


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


@each_notebook
def test_each_number_in_the_prose_is_one_that_the_run_gave(path):
    assert not prose_numbers.wrong(read(path))


def test_a_changed_or_hollow_chapter_is_stale(tmp_path):
    changed, hollow = read(CHAPTERS[0]), read(CHAPTERS[0])
    code_cells(changed)[3].source += "\n1 + 1"
    code_cells(hollow)[3].execution_count = None
    for name, notebook in {"changed": changed, "hollow": hollow}.items():
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
        assert refresh.stale(tmp_path / f"{name}.ipynb")


@each_notebook
def test_there_is_something_for_nbval_to_compare(path):
    """Without the tag, and without an execution count or an output, it compares nothing and passes."""
    cells = compared(read(path))
    assert len(cells) >= (2 if path in OWN else 1 if path.stem[:2] == "00" else 5)
    for cell in cells:
        assert cell.execution_count, cell.id
        assert any(output.get("name") == "stdout" or "text/plain" in output.get("data", {}) for output in cell.outputs)


@each_notebook
def test_every_figure_is_described(path):
    for cell in code_cells(read(path)):
        for output in cell.outputs:
            if "image/png" in output.get("data", {}):
                assert len(output.metadata["image/png"]["alt"]) > 15, cell.id


@each_chapter
def test_stored_claims_are_judged_and_met(path):
    claims = records(read(path), CLAIM_MIME)
    assert len(claims) >= (2 if path.stem[:2] != "00" else 1)
    assert all(claim["ok"] and claim["judged"] for claim in claims)


def test_the_readmes_table_is_the_metadata():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme.with_table(text) == text
