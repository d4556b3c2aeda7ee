"""What is served from the cache is what would be computed anew; and whatever happens to its folder, a run goes on."""

import errno
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from conftest import CHAPTERS, OWN, ROOT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from utils.claims import Claim
from utils.course import notebooks, prepare
from utils.course.cache import Cache, dependencies, entries, executed, reads
from utils.course.cache import lookup as caching
from utils.course.cache.lookup import DAMAGED, SAME
from utils.course.jobs import Job
from utils.course.results import ChapterResult

CATALOGUE = """
[datasets.a]
embedded = true
files = [{path = "a.csv", digest = "sha256:0"}]
[datasets.b]
embedded = true
files = [{path = "b.csv", digest = "sha256:0"}]
[datasets.c]
embedded = false
files = [{path = "c.csv", digest = "sha256:0"}]
"""
FILES = {
    "utils/__init__.py": "",
    "utils/tool.py": "def f():\n    from utils import inner\n",
    "utils/inner.py": "VALUE = 1",
    "utils/unused.py": "",
    "utils/course/__init__.py": "",
    "utils/course/execute.py": "",
    "utils/course/template.py": "",
    "utils/exercises/__init__.py": "",
    "utils/exercises/ch00_x.py": '@exercise("0.1", "one")\ndef f():\n    return 1\n',
    "utils/exercises/ch01_y.py": '@exercise("1.1", "one")\ndef f():\n    return 1\n',
    "utils/exercises/quizzes/ch00.json": "[]",
    "utils/exercises/quizzes/ch01.json": "[]",
    "course_start.py": "",
    "helper.py": "from utils.tool import f",
    "requirements.lock": "numpy==1",
    "data/catalogue.toml": CATALOGUE,
    "data/a.csv": "1",
    "data/b.csv": "1",
}
USED = [
    "utils/__init__.py",
    "utils/tool.py",
    "utils/inner.py",
    "utils/exercises/__init__.py",
    "utils/exercises/ch00_x.py",
]
USED += ["utils/exercises/quizzes/ch00.json", "helper.py", "data/a.csv", "data/catalogue.toml"]
TOOLS = ["requirements.lock", "course_start.py", "utils/course/execute.py"]
CODE = ["import helper", "from utils.exercises import check, quiz\ncheck('0.1', f)\nquiz(0)", "print(seed)"]


class Small:
    """A course with a package of its own, whose chapter is executed by a stand-in: its output is a hash of all that
    a kernel would read."""

    def __init__(self, course):
        self.course, self.root, self.executions = course, course.root, 0
        for name, text in FILES.items():
            self.write(name, text)
        self.chapter(*CODE)

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def chapter(self, *code, **course):
        return self.course.chapter("00_x", *code, **({"datasets": ["a"]} | course))

    @property
    def path(self):
        return self.root / "chapters" / "00_x.ipynb"

    def prose(self, text):
        notebook = self.course.read(self.path)
        notebook["cells"][0]["source"] = text
        self.path.write_text(json.dumps(notebook))

    def tags(self, tags):
        notebook = self.course.read(self.path)
        notebook["cells"][-1]["metadata"]["tags"] = tags
        self.path.write_text(json.dumps(notebook))

    def job(self, **options):
        return Job(self.path, self.root / "out" / "00_x.ipynb", **options)

    def cache(self):
        return Cache(self.root / "cache")

    def execute(self, job, output=None):
        """(result, executed notebook) of a fresh run."""
        self.executions += 1
        notebook, values = prepare.prepare(job)
        code = notebooks.code_cells(notebook)
        inputs = [repr(sorted(values.items())), job.solved, *(cell["source"] for cell in code)]
        inputs += [repr(cell["metadata"].get("tags", [])) for cell in code]
        inputs += [(self.root / name).read_text() for name in USED + TOOLS if (self.root / name).exists()]
        seen = hashlib.sha256(repr(inputs).encode()).hexdigest()
        for number, cell in enumerate(code, start=1):
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": output or f"{seen} {number}\n"}]
            cell["execution_count"] = number
        if values:
            place = next(
                i for i, cell in enumerate(notebook["cells"]) if "parameters" in cell["metadata"].get("tags", [])
            )
            injected = nbformat.v4.new_code_cell(repr(values), metadata={"tags": [executed.INJECTED]})
            notebook["cells"].insert(place + 1, injected)
        notebook["metadata"]["papermill"] = {"parameters": values}
        claims = [Claim("accuracy", int(seen[:4], 16) / 2**16, 0.0, None)]
        return ChapterResult("00_x", "ok", 12.5, 345.0, len(code), claims=claims), notebook

    def reads(self, *more):
        return frozenset(str(self.root / name) for name in (*USED, *more))

    def run(self, job=None, cache=None, also=(), **options):
        """As ``course run`` does it. Returns (LookUp, result, notebook)."""
        job, cache = job or self.job(**options), cache or self.cache()
        found = cache.look_up(job)
        if found.result:
            return found, found.result, found.notebook
        result, notebook = self.execute(job)
        cache.keep(found, result, notebook, self.reads(*also))
        return found, result, notebook


@pytest.fixture
def small(course, monkeypatch):
    for module in (dependencies, reads):
        monkeypatch.setattr(module, "PACKAGE_PARENT", course.root)
    monkeypatch.setenv("COURSE_DATA_DIR", "fetched")
    return Small(course)


def outputs(notebook):
    return [cell.get("outputs") for cell in notebook["cells"] if cell["cell_type"] == "code"]


def prose(notebook):
    return [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown"]


# --- the same as computed anew ------------------------------------------------------------------------------------

EDITS = st.one_of(
    st.tuples(st.sampled_from(USED[1:8]), st.sampled_from(["", "# a", "# b"])),
    st.tuples(st.sampled_from(TOOLS), st.sampled_from(["", "# a"])),
    st.tuples(st.sampled_from(["utils/unused.py", "utils/exercises/ch01_y.py", "data/b.csv"]), st.sampled_from("ab")),
    st.tuples(st.just("utils/exercises/quizzes/ch01.json"), st.sampled_from("ab")),
    st.tuples(st.just("prose"), st.sampled_from(["# A", "# B"])),
    st.tuples(st.just("code"), st.tuples(*[st.integers(0, 1)] * 3)),
    st.tuples(st.just("tags"), st.sampled_from([[], ["a"], ["raises-exception"]])),
    st.tuples(st.just("seed"), st.sampled_from([0, 1, 1.0])),
    st.tuples(st.just("profile"), st.sampled_from(["smoke", "quick"])),
    st.tuples(st.just("solved"), st.booleans()),
    st.tuples(st.just("damage"), st.integers(0, 3)),
)


def state(small, options):
    """All that the result depends on."""
    notebook = notebooks.read(small.path)
    code = [(cell["source"], cell["metadata"].get("tags", [])) for cell in notebooks.code_cells(notebook)]
    return repr([code, sorted(options.items()), [(small.root / name).read_text() for name in USED + TOOLS]])


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(edits=st.lists(EDITS, min_size=1, max_size=9))
def test_random_edits_cached_and_fresh_agree_and_nothing_known_runs_again(small, monkeypatch, edits):
    with tempfile.TemporaryDirectory(dir=small.root) as folder:
        for name, text in FILES.items():
            small.write(name, text)
        small.chapter(*CODE)
        options, known, undone = {}, set(), []
        for name, value in [("prose", "# A"), *edits]:
            if name in FILES:
                small.write(name, FILES[name] + ("" if name.endswith((".csv", ".lock")) else "\n") + value)
            elif name == "prose":
                small.prose(value)
            elif name == "code":
                small.chapter(*(f"{text}\n{'#' * more}" for text, more in zip(CODE, value, strict=True)))
            elif name == "tags":
                small.tags(value)
            elif name == "damage":
                undone = damage(Path(folder), value)
            else:
                options[name] = value
            given = {key: value for key, value in options.items() if key != "seed"}
            job = small.job(parameters={"seed": options.get("seed", 0)}, **given)
            found, result, notebook = small.run(job, Cache(Path(folder)))
            fresh_result, fresh = small.execute(job)
            assert outputs(notebook) == outputs(fresh)
            assert prose(notebook) == prose(fresh)
            assert [cell["source"] for cell in notebook["cells"]] == [cell["source"] for cell in fresh["cells"]]
            assert result.as_json() | {"why": None} == fresh_result.as_json()
            now = state(small, {"seed": 0, "profile": "quick", "solved": False} | options)
            if not undone:
                assert (found.result is not None) == (now in known), found.why
            known, undone = known | {now} if not undone else {now}, []


def damage(folder, how):
    """Damage every entry; returns those that were."""
    files = [path for path in folder.rglob("*.json") if path.is_file()]
    for path in files:
        content = path.read_bytes() or b"\0"
        middle = len(content) // 2
        changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        path.write_bytes([changed, content[:middle], b"", content[:-1]][how])
    return files


@pytest.mark.parametrize("how", range(4))
def test_a_damaged_entry_is_removed_said_and_made_anew(small, how):
    small.run()
    (path,) = damage(small.root / "cache", how)
    cache = small.cache()
    found, _, _ = small.run(cache=cache)
    assert (found.result, found.why) == (None, DAMAGED)
    assert (
        cache.trouble == f"The cache in {cache.folder} held what was damaged, which has been removed: the run went on."
    )
    assert small.run()[0].why == SAME
    assert path.exists()


@pytest.mark.parametrize("body", [{}, {"cells": [], "injected": None, "metadata": {}}, [1], {"cells": 3}])
def test_an_entry_that_is_whole_but_nonsense_is_damaged(small, body):
    found, _, _ = small.run()
    small.cache()._entries.write("00_x", found.key.key, {"form": executed.form(found.key.notebook)}, body)
    assert small.cache().look_up(small.job()).why == DAMAGED
    assert small.run()[0].result is None


def test_a_forged_head_does_no_harm(small):
    found, _, _ = small.run()
    for head in ({}, [], {"variant": 3}, {"variant": {"profile": "quick"}, "seconds": "x", "peak_rss_mb": None}):
        small.cache()._entries.write("00_x", "0" * 64, head, {})
        small.chapter(*CODE, "print('other')")
        assert small.cache().remembered(small.job()) in (None, (12.5, 345.0))
        assert small.cache().look_up(small.job()).result is None


def test_facts_that_are_damaged_are_found_out_anew(small, monkeypatch):
    monkeypatch.setattr(caching.MEMORY, "known", {})
    small.run()
    file = small.root / "cache" / "facts"
    whole = file.read_text()
    for content in ("", "x", whole[:-9], "\0"):
        file.write_text(content)
        monkeypatch.setattr(caching.MEMORY, "known", {})
        assert small.run()[0].why == SAME
        assert file.read_text().count("\n") == 1
    file.unlink()
    file.mkdir()
    monkeypatch.setattr(caching.MEMORY, "known", {})
    cache = small.cache()
    assert cache.look_up(small.job()).why == SAME
    assert "cannot be read" in cache.trouble


# --- what a run is kept by ----------------------------------------------------------------------------------------


def test_new_prose_comes_with_the_old_outputs_and_the_injected_cell(small):
    _, _, before = small.run(parameters={"seed": 7})
    small.prose("# Another title")
    found, result, notebook = small.run(parameters={"seed": 7})
    assert found.why == SAME
    assert prose(notebook) == ["# Another title"]
    assert outputs(notebook) == outputs(before)
    tags = [cell["metadata"].get("tags") for cell in notebook["cells"]]
    assert tags[1:3] == [["parameters"], [executed.INJECTED]]
    assert (result.seconds, result.peak_rss_mb, result.cells, result.notebook) == (12.5, 345.0, 5 - 1, "00_x.ipynb")
    assert notebook["metadata"]["papermill"] == {"parameters": {"seed": 7}}
    assert nbformat.from_dict(notebook)
    assert small.executions == 1


def test_a_failed_run_is_not_kept(small):
    cache = small.cache()
    found = cache.look_up(small.job())
    result, notebook = small.execute(small.job())
    result.fail("claim", "missed")
    cache.keep(found, result, notebook, small.reads())
    cache.keep(found, ChapterResult("00_x"), None, small.reads())
    assert small.cache().look_up(small.job()).why == "no run of it is kept"
    assert not cache.folder.exists() or not list(cache.folder.rglob("*.json"))


def test_a_run_that_reads_what_it_does_not_declare_is_not_kept_and_the_next_says_why(small):
    cache = small.cache()
    small.run(cache=cache, also=["data/b.csv"])
    words = "00_x reads data/b.csv, which belongs to the dataset b: add it to metadata.course.datasets"
    assert cache.refused == {"00_x": words}
    found, _, _ = small.run()
    assert (found.result, found.why) == (None, f"an earlier run could not be kept: {words}")
    assert small.run()[0].why == SAME  # that one did not read it
    small.chapter(*CODE, datasets=["a", "b"])
    small.run(also=["data/b.csv"])
    assert small.run()[0].why == SAME
    small.write("data/b.csv", "2")
    assert small.run()[0].why == "the dataset b has changed"


def test_a_run_of_which_nobody_knows_what_it_read_is_not_kept(small):
    cache = small.cache()
    found = cache.look_up(small.job())
    cache.keep(found, *small.execute(small.job()), None)
    assert cache.refused == {"00_x": "it is not known what 00_x reads"}
    assert small.run()[0].result is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("helper.py", "helper.py has changed while it ran"),
        ("data/a.csv", "the dataset a has changed while it ran"),
        ("utils/course/execute.py", "utils/course/execute.py has changed while it ran"),
    ],
)
@pytest.mark.parametrize("undone", [False, True])
def test_what_changes_while_a_chapter_runs_keeps_it_from_being_kept(small, name, words, undone):
    cache, job = small.cache(), small.job()
    before = (small.root / name).read_text()
    found = cache.look_up(job)
    small.write(name, before + "\n")
    result = small.execute(job)
    if undone:  # the kernel may have read what was there for a moment
        small.write(name, before)
        os.utime(small.root / name, ns=(1, 1))
    cache.keep(found, *result, small.reads())
    if name == "utils/course/execute.py" and undone:  # was read before, and is not read again
        assert small.run()[0].why == SAME
    else:
        assert cache.refused["00_x"] in (words, words.replace("the dataset a", "a.csv"))
        assert small.run()[0].result is None


def test_other_code_than_was_looked_up_is_not_kept(small):
    cache, job = small.cache(), small.job()
    found = cache.look_up(job)
    small.chapter(*CODE, "print('new')")
    cache.keep(found, *small.execute(job), small.reads())
    assert cache.refused == {"00_x": "code cell 5 (cell-3) is new while it ran"}
    found = cache.look_up(job)
    result, notebook = small.execute(job)
    notebook["cells"][-1]["source"] = "something else"
    small.cache().keep(found, result, notebook, small.reads())
    assert small.cache().look_up(job).result is None


def test_a_dataset_that_the_run_itself_fetches_does_not_keep_it_from_being_kept(small):
    small.chapter(*CODE, datasets=["a", "c"])
    cache, job = small.cache(), small.job()
    found = cache.look_up(job)
    small.write("fetched/c.csv", "1")
    cache.keep(found, *small.execute(job), small.reads("fetched/c.csv"))
    assert cache.refused == {}
    assert small.run()[0].why == SAME
    small.write("fetched/c.csv", "2")
    assert small.run()[0].why == "the dataset c has changed"


def test_a_notebook_that_is_no_longer_valid_is_not_served(small):
    small.run()
    notebook = small.course.read(small.path)
    notebook["cells"].insert(0, {"cell_type": "markdown", "id": "new", "metadata": {}, "source": "fine"})
    small.path.write_text(json.dumps(notebook))
    assert small.run()[0].why == SAME
    notebook["cells"][0]["colour"] = "red"
    small.path.write_text(json.dumps(notebook))
    found = small.cache().look_up(small.job())
    assert (found.result, found.why) == (None, "its notebook is no longer a valid one")


@pytest.mark.parametrize("content", ["{", '{"cells": 3}', None])
def test_a_notebook_that_cannot_be_read_is_the_runs_affair(small, content):
    small.path.unlink() if content is None else small.path.write_text(content)
    found = small.cache().look_up(small.job())
    assert (found.result, found.key) == (None, None)
    assert found.why.startswith("what it depends on cannot be known: ")
    small.cache().keep(found, ChapterResult("00_x"), {}, frozenset())


# --- why ----------------------------------------------------------------------------------------------------------


def test_why_names_what_has_changed(small, monkeypatch):
    why = lambda **options: small.run(**options)[0].why  # noqa: E731
    assert why() == "no run of it is kept"
    assert why(profile="smoke") == "no run of it with profile smoke is kept"
    assert why(solved=True) == "no run of it in its solved edition is kept"
    assert why(parameters={"seed": 1}) == "no run of it with these parameters is kept"
    assert why() == SAME
    small.write("utils/inner.py", "VALUE = 2")
    assert why() == "utils/inner.py has changed"
    small.chapter("import helper, utils.unused", *CODE[1:])
    assert why() == "code cell 2 (cell-0) has changed and utils/unused.py is used now"
    small.chapter(*CODE[:2])
    assert (
        why() == "code cell 2 (cell-0) has changed, code cell 4 (cell-2) is gone and utils/unused.py is no longer used"
    )
    small.write("requirements.lock", "numpy==2")
    assert why() == "requirements.lock has changed"
    monkeypatch.setenv("TF_X", "1")
    assert why() == "the variable TF_X is used now"
    monkeypatch.setenv("TF_X", "2")
    monkeypatch.setattr("platform.python_version", lambda: "3.99.0")
    small.write("data/a.csv", "5")
    assert why() == (
        f"the dataset a has changed, Python CPython 3.99.0 instead of CPython {sys.version.split()[0]} "
        "and the variable TF_X 2 instead of 1"
    )
    for name in USED[1:4]:
        small.write(name, FILES[name] + "\n#")
    (small.root / "requirements.lock").unlink()
    assert why().endswith("and 1 more")
    assert small.run()[0].why == SAME


def test_cells_that_change_places_are_not_the_same_code(small):
    small.run()
    notebook = small.course.read(small.path)
    notebook["cells"][2:4] = reversed(notebook["cells"][2:4])
    small.path.write_text(json.dumps(notebook))
    assert small.run()[0].why == "the code cells are in another order"


def test_the_latest_seconds_and_memory_of_a_profile_are_remembered_whatever_has_changed(small):
    assert small.cache().remembered(small.job()) is None
    small.run()
    small.chapter(*CODE, "1")
    assert small.cache().remembered(small.job()) == (12.5, 345.0)
    assert small.cache().remembered(small.job(parameters={"seed": 3}, solved=True)) == (12.5, 345.0)
    assert small.cache().remembered(small.job(profile="full")) is None


# --- the folder ---------------------------------------------------------------------------------------------------


def test_a_file_in_place_of_the_folder_is_said_once_and_the_run_goes_on(small):
    small.write("cache", "")
    cache = small.cache()
    found, result, _ = small.run(cache=cache)
    assert (found.result, result.status) == (None, "ok")
    assert cache.trouble == (
        f"The cache in {cache.folder} cannot be read (Not a directory): the run went on without it; "
        "COURSE_CACHE_DIR names another folder."
    )
    assert cache.remembered(small.job()) is None


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_folder_that_cannot_be_written_is_said_and_the_run_goes_on(small, monkeypatch, number):
    small.run()
    small.chapter(*CODE, "1")

    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "mkstemp", refuse)
    cache = small.cache()
    found, result, _ = small.run(cache=cache)
    assert (found.result, result.status) == (None, "ok")
    assert f"cannot be written ({os.strerror(number)}): the run went on without it" in cache.trouble
    small.chapter(*CODE)
    assert small.cache().look_up(small.job()).why == SAME  # another user's folder can still be read


def test_an_entry_of_another_user_that_cannot_be_read_is_said(small, monkeypatch):
    small.run()

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    cache = small.cache()
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refuse)
        found = cache.look_up(small.job())
    assert (found.result, found.why) == (None, "the cache cannot be read")
    assert "cannot be read (Permission denied)" in cache.trouble
    monkeypatch.setattr(os, "utime", refuse)  # a file that may be read, but is not ours
    assert small.run()[0].why == SAME


def test_entries_of_an_earlier_version_are_removed_and_those_of_a_later_one_left(small):
    small.run()
    (path,) = (small.root / "cache").glob("*/*.json")
    for number, there in ((0, False), (entries.FORMAT + 1, True)):
        other = path.with_name(f"{number:064x}.json")
        other.write_text(f"course-cache {number} what came before or comes later\n")
        small.chapter(*CODE, f"print({number})")
        cache = small.cache()
        assert cache.look_up(small.job()).why.startswith("code cell 5")
        assert other.exists() == there
        assert bool(cache.trouble) == (not there)
    assert small.cache().look_up(small.job()).result is None


def test_the_folder_is_the_one_that_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_CACHE_DIR", str(tmp_path))
    assert Cache().folder == tmp_path
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path))
    monkeypatch.setenv("COURSE_CACHE_DIR", "build/cache")
    assert Cache().folder == tmp_path / "build" / "cache"
    monkeypatch.delenv("COURSE_CACHE_DIR")
    assert Cache().folder.parts[-2:] == ("deep-learning-in-medicine", "runs")


def test_what_is_used_least_goes_first(small, monkeypatch):
    monkeypatch.setattr(entries, "MOST_ENTRIES", 3)
    for seed in range(1, 4):
        small.run(parameters={"seed": seed})
        for path in (small.root / "cache").glob("*/*.json"):
            status = path.stat()
            os.utime(path, (status.st_atime - 100, status.st_mtime - 100))
    assert small.run(parameters={"seed": 1})[0].why == SAME
    small.run(parameters={"seed": 4})
    assert len(list((small.root / "cache").glob("*/*.json"))) == 3
    kept = {seed: small.cache().look_up(small.job(parameters={"seed": seed})).result for seed in range(1, 5)}
    assert [seed for seed, result in kept.items() if result] == [1, 3, 4]
    monkeypatch.setattr(entries, "MOST_BYTES", 10)
    small.run(parameters={"seed": 5})
    assert list((small.root / "cache").glob("*/*.json")) == []


def test_only_what_is_the_caches_own_is_ever_removed(small, monkeypatch):
    monkeypatch.setattr(entries, "MOST_BYTES", 0)
    mine = ["cache/00_x/notes.json", "cache/notes.json", "cache/other/thesis.txt", "cache/00_x/.thesis.json-abc"]
    half = f"cache/00_x/.{'0' * 64}.json-abc"
    for name in [*mine, half]:
        small.write(name, "mine")
        os.utime(small.root / name, (0, 0))
    small.run()
    assert [name for name in mine if not (small.root / name).exists()] == []
    assert not (small.root / half).exists()


WRITER = """
import sys
from pathlib import Path
from utils.course.cache.entries import Entries
entries = Entries(Path(sys.argv[1]))
for _ in range(150):
    entries.write("00_x", "0" * 64, {"a": 1}, {"text": "x" * 300_000})
    assert entries.read("00_x", "0" * 64) == ({"a": 1}, {"text": "x" * 300_000})
    assert list(entries.heads("00_x", print)) == [{"a": 1}]
"""


def test_two_runs_at_once_write_and_read_the_same_entry(tmp_path):
    words = [sys.executable, "-c", WRITER, str(tmp_path)]
    running = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    for process in running:
        assert process.communicate() == (b"", b"")
        assert process.returncode == 0
    assert [path.name for path in (tmp_path / "00_x").iterdir()] == ["0" * 64 + ".json"]


# --- as a whole ---------------------------------------------------------------------------------------------------


def test_the_text_of_a_notebook_is_what_nbformat_writes():
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": "a\nb\n"},
        {"output_type": "error", "ename": "E", "evalue": "x", "traceback": ["a\nb"]},
        {
            "output_type": "display_data",
            "metadata": {},
            "data": {
                "text/plain": "a\nb",
                "image/svg+xml": "<a>\n",
                "image/png": "a\n",
                "application/json": {"a": "b\nc"},
            },
        },
    ]
    notebook = nbformat.v4.new_notebook(metadata={"signature": "x", "ä": 1})
    notebook.cells = [
        nbformat.v4.new_code_cell("a\n\nb", outputs=outputs, metadata={"trusted": True}, id="a"),
        nbformat.v4.new_markdown_cell("é", attachments={"a.txt": {"text/plain": "a\nb"}}, id="b"),
        nbformat.v4.new_raw_cell("", id="c"),
    ]
    notebook = nbformat.from_dict(notebook)
    before = json.dumps(notebook)
    assert notebooks.as_text(notebook) == nbformat.writes(notebook).rstrip("\n") + "\n"
    assert json.dumps(notebook) == before
    for path in [*CHAPTERS, *OWN]:
        assert notebooks.as_text(notebooks.read(path)) == path.read_text(encoding="utf-8")


def test_a_look_up_imports_nothing_heavy(small):
    small.run()
    heavy = ("papermill", "nbclient", "nbformat", "keras", "tensorflow", "pandas", "jsonschema")
    code = f"""
import sys
from pathlib import Path
from utils.course import notebooks
from utils.course.cache import Cache, dependencies, reads
from utils.course.jobs import Job
dependencies.PACKAGE_PARENT = reads.PACKAGE_PARENT = Path({str(small.root)!r})
found = Cache(Path({str(small.root / "cache")!r})).look_up(Job(Path({str(small.path)!r})))
notebooks.as_text(found.notebook)
print(found.why, [name for name in {heavy} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"{SAME} []\n"


def test_with_real_kernels_each_edit_gives_what_a_fresh_run_gives(course, call, monkeypatch):
    """One edit of each kind: prose, code, a module beside the notebook, a dataset, a parameter, a variable."""
    monkeypatch.setenv("COURSE_CACHE_DIR", str(course.root / "cache"))
    files = {"data/catalogue.toml": CATALOGUE, "data/a.csv": "1", "helper.py": "def f():\n    import deeper\n"}
    for name, text in (files | {"deeper.py": "print('deep')"}).items():
        (course.root / name).parent.mkdir(exist_ok=True)
        (course.root / name).write_text(text)
    code = "import os, helper\nhelper.f()\nprint(seed, open('data/a.csv').read(), os.environ.get('TF_X'))"
    path = course.chapter("00_x", code, datasets=["a"])

    def run(*words):
        """(Whether it was served, what was printed)."""
        status, out, err = call("run", "--out", course.root / "out", *words)
        assert status == 0, out + err
        texts = [cell.get("outputs") for cell in course.read("out/00_x.ipynb")["cells"]]
        return course.report()["00_x"]["cached"], [text[0]["text"] for text in texts if text]

    assert run() == (False, [["deep\n", "0 1 None\n"]])
    path.write_text(path.read_text().replace("# 00_x", "# Another"))
    assert run() == (True, [["deep\n", "0 1 None\n"]])
    assert course.read("out/00_x.ipynb")["cells"][0]["source"] == ["# Another"]
    assert run("-p", "seed", "3") == (False, [["deep\n", "3 1 None\n"]])
    (course.root / "deeper.py").write_text("print('deeper')")
    assert run() == (False, [["deeper\n", "0 1 None\n"]])
    (course.root / "data" / "a.csv").write_text("2")
    assert run() == (False, [["deeper\n", "0 2 None\n"]])
    monkeypatch.setenv("TF_X", "5")
    assert run() == (False, [["deeper\n", "0 2 5\n"]])
    course.chapter("00_x", code + "\nprint('more')", datasets=["a"])
    assert run() == (False, [["deeper\n", "0 2 5\n", "more\n"]])
    assert run() == (True, [["deeper\n", "0 2 5\n", "more\n"]])
    assert run("--no-cache") == (False, [["deeper\n", "0 2 5\n", "more\n"]])

    course.chapter("00_x", "print(open('data/b.csv').read())", datasets=["a"])
    (course.root / "data" / "b.csv").write_text("7")
    assert run() == run() == (False, [["7\n"]])
    assert "which belongs to the dataset b" in course.report()["00_x"]["why"]
