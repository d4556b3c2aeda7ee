import json

import nbformat
import pytest

from utils.course import notebooks, readme, refresh
from utils.course.results import ChapterResult
from utils.errors import CourseError


@pytest.fixture
def readme_file(course):
    path = course.root / "README.md"
    path.write_text("# Course\n\n<!-- chapters -->\n<!-- /chapters -->\n\nThe end.\n")
    return path


def test_outputs_are_stored_for_what_passes_and_the_rest_of_the_file_is_kept(course, call, readme_file):
    path = course.chapter("03_cnn", "print('fresh')", "import sys\nprint('a')\nprint('b')\n1 + 1")
    course.chapter("04_fails", "1 / 0")
    failing = (course.root / "chapters" / "04_fails.ipynb").read_bytes()
    before = course.read("chapters/03_cnn.ipynb")

    code, _, err = call("refresh")

    assert code == 1
    assert "04_fails.ipynb was left as it was" in err
    assert (course.root / "chapters" / "04_fails.ipynb").read_bytes() == failing
    after = course.read("chapters/03_cnn.ipynb")
    assert [cell["id"] for cell in after["cells"]] == [cell["id"] for cell in before["cells"]]
    assert [cell["source"] for cell in after["cells"]] == [cell["source"] for cell in before["cells"]]
    assert [cell["metadata"] for cell in after["cells"]] == [cell["metadata"] for cell in before["cells"]]
    assert [cell["execution_count"] for cell in after["cells"] if cell["cell_type"] == "code"] == [1, 2, 3]
    assert after["cells"][2]["outputs"] == [{"name": "stdout", "output_type": "stream", "text": ["fresh\n"]}]
    assert after["metadata"]["course"] == before["metadata"]["course"]
    stamp = after["metadata"]["course_run"]
    assert set(stamp) == {"code_sha256", "profile", "seconds", "peak_rss_mb", "versions"}
    assert set(stamp["versions"]) == {"python", "keras", "tensorflow", "numpy"}
    assert stamp["profile"] == "quick"
    assert "papermill" not in json.dumps(after)
    nbformat.validate(nbformat.read(path, as_version=4))
    assert refresh.stale(path) is None
    assert "| 03 | [Cnn](chapters/03_cnn.ipynb) | 10 min | 0: 5 min | nuclei |" in readme_file.read_text()
    assert readme_file.read_text().endswith("<!-- /chapters -->\n\nThe end.\n")

    text = path.read_text()
    assert call("refresh", "3")[0] == 0
    again = course.read("chapters/03_cnn.ipynb")
    for stamp in (after["metadata"]["course_run"], again["metadata"]["course_run"]):
        stamp["seconds"] = stamp["peak_rss_mb"] = 0
    assert json.dumps(again) == json.dumps(after)
    assert text.endswith("}\n")


def store(path, **cells):
    """Store outputs as if the chapter had been executed: cell id → its outputs."""
    executed = notebooks.read(path)
    for number, cell in enumerate(notebooks.code_cells(executed), start=1):
        cell["execution_count"], cell["outputs"] = number, cells.get(cell["id"].replace("-", "_"), [])
    refresh.store(path, executed, ChapterResult(path.stem, seconds=1.25, peak_rss_mb=99.6))


PRINTED = [{"output_type": "stream", "name": "stdout", "text": "1\n"}]


def test_what_lives_only_with_its_kernel_is_not_stored(course):
    path = course.chapter("00_x", "slider")
    notebook = course.read("chapters/00_x.ipynb")
    notebook["metadata"] |= {"widgets": {"state": 1}, "papermill": {"duration": 1}}
    notebook["cells"][-1]["metadata"] = {"execution": {"iopub.status": "12:00"}, "tags": ["kept"]}
    path.write_text(json.dumps(notebook))
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "8f"}, "text/plain": "IntSlider(value=0)"}
    store(path, cell_0=[{"output_type": "display_data", "data": view, "metadata": {}}])
    after = course.read("chapters/00_x.ipynb")
    assert after["cells"][-1]["outputs"][0]["data"] == {"text/plain": ["IntSlider(value=0)"]}
    assert after["cells"][-1]["metadata"] == {"tags": ["kept"]}
    assert set(after["metadata"]) == {"course", "course_run", "kernelspec", "language_info"}
    assert after["metadata"]["course_run"]["peak_rss_mb"] == 100


def test_stale_says_why(course):
    path = course.chapter("00_x", "print(1)")
    assert refresh.stale(path) == "it was never refreshed"
    store(path)
    assert refresh.stale(path) == "it holds no output at all"
    store(path, cell_0=PRINTED)
    assert refresh.stale(path) is None

    fresh = path.read_text()
    path.write_text(fresh.replace('"execution_count": 2', '"execution_count": null'))
    assert refresh.stale(path) == "it holds cells that were not executed: cell-0"
    path.write_text(fresh.replace('"print(1)"', '"print(2)"'))
    assert refresh.stale(path) == "its code has changed since its outputs were stored"


def test_cells_without_ids_of_their_own_are_refused(course):
    path = course.chapter("00_x", "print(1)", "print(2)")
    path.write_text(path.read_text().replace('"id": "cell-1"', '"id": "cell-0"'))
    with pytest.raises(CourseError, match="cells without an id of their own"):
        store(path)


def test_a_readme_without_a_place_for_the_table(course):
    course.chapter("00_x")
    with pytest.raises(CourseError, match="no place for the table of chapters"):
        readme.update()
    with pytest.raises(CourseError, match="no place"):
        readme.with_table("<!-- /chapters --> <!-- chapters -->")


def test_the_table_is_brought_up_to_date_once(course, readme_file):
    course.chapter("00_x", datasets=[])
    assert readme.update()
    assert "| 00 | [X](chapters/00_x.ipynb) | 10 min | 0: 5 min | – |\n<!-- /chapters -->" in readme_file.read_text()
    assert not readme.update()
    assert readme.with_table(readme_file.read_text()) == readme_file.read_text()
