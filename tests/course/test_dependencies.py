"""What a chapter's result depends on: found by reading code, and proved by what a kernel opens."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CHAPTERS, OWN, ROOT

from utils.course import prepare
from utils.course.cache import data_files, dependencies, facts, imports, modules, reads
from utils.course.cache.contents import ABSENT, Contents
from utils.course.cache.dependencies import Course, Unknowable, undeclared
from utils.course.execute import execute
from utils.course.jobs import Job
from utils.course.kernel import Watch
from utils.datasets import catalogue, store
from utils.errors import CourseError
from utils.exercises import sources


def wanted(code):
    return set(facts.read(code).wanted)


def tree(root, **files):
    """Write files, whose names have __ for a folder's separator."""
    for name, text in files.items():
        path = root / (name.replace("__", "/").replace("/init", "/__init__") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def reached(root, *names):
    found = modules.Modules(Contents(), [root]).reached(names)
    return {path.relative_to(root).as_posix() for path in found}


# --- code ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import a.b, c as d", {"a.b", "c"}),
        ("from a import b as c, d", {"a", "a.b", "a.d"}),
        ("from a import *", {"a", "a.*"}),
        ("from . import b", {".", ".b"}),
        ("from ..a import b", {"..a", "..a.b"}),
        ("def f():\n    if x:\n        pass\n    else:\n        import a", {"a"}),
        ("try:\n    import a\nexcept ImportError:\n    import b\nfinally:\n    import c", {"a", "b", "c"}),
        ("class A:\n    async def f(self):\n        with x:\n            import a", {"a"}),
        ("match x:\n    case 1:\n        import a", {"a"}),
        ("if TYPE_CHECKING:\n    import a\nelse:\n    import b", {"b"}),
        ("if typing.TYPE_CHECKING:\n    import a", set()),
        ("import_module('a.b')\nimportlib.import_module(f'c.d.{x}')\n__import__('e')", {"a.b", "c.d.*", "e"}),
        ("import_module(name)\nimport_module()\nimport_module(f'{x}.a')", set()),
        ("import_module(f'x')\nimport_module(f'')", set()),
        ("f = lambda: 1\nx = 'import a'  # import b", set()),
    ],
)  # fmt: skip
def test_what_code_imports(code, names):
    assert wanted(code) == names


def test_modules_are_followed_and_each_package_on_the_way_counts(tmp_path):
    tree(
        tmp_path,
        p__init="from p import one",
        p__one="def f():\n    from .sub.two import x",
        p__sub__init="",
        p__sub__two="from ..three import y\nfrom q import deep",
        p__three="from p.sub import *",
        p__sub__four="import json, os.path",
        p__other="",
        q__deep="import p.one  # in a circle",
        json="",
    )
    everything = {"p/__init__.py", "p/one.py", "p/sub/__init__.py", "p/sub/two.py", "p/three.py", "p/sub/four.py"}
    assert reached(tmp_path, "p.one") == everything | {"q/deep.py", "json.py"}
    assert reached(tmp_path, "p.other") == everything | {"q/deep.py", "json.py", "p/other.py"}
    assert reached(tmp_path, "p.nothing", "nothing.at.all", "numpy") == everything | {"q/deep.py", "json.py"}


def test_the_first_folder_with_a_module_wins_and_what_is_not_python_counts_as_it_is(tmp_path):
    tree(tmp_path, a__m="import x", b__m="import y", b__x="(", b__y="")
    found = modules.Modules(Contents(), [tmp_path / "a", tmp_path / "b"]).reached(["m"])
    assert found == {tmp_path / "a" / "m.py", tmp_path / "b" / "x.py"}


def test_facts_are_remembered_only_whole_and_only_by_the_code_that_found_them(monkeypatch):
    memory = facts.Memory()
    texts = [
        "import a",
        "reference('3.1')\ncheck(2.5, f)\nquiz(4)\nquiz(x)\ncatalogue()",
        "(",
        "from b import catalogue",
    ]
    found = [memory.of(text) for text in texts]
    assert found[1] == facts.Facts(names=("3.1",), numbers=(2.5,), quizzes=(-1, 4))
    assert [one.catalogue for one in found] == [False, False, False, True]
    assert [one.plain for one in found] == [True, True, False, True]
    content = memory.dump()
    again = facts.Memory()
    again.load(content)
    assert again.known == memory.known
    for damaged in ("", "x", content[:-3], content.replace('"a"', '"b"')):
        other = facts.Memory()
        other.load(damaged)
        assert other.known == {}
    monkeypatch.setattr(facts, "_ourselves", lambda: "another")
    other.load(content)
    assert other.known == {}


def test_code_that_is_not_plain_python_is_refused():
    for code in ("!cat data.csv", "%run other.py", "%%bash\nls", "x = (", "a\0b"):
        with pytest.raises(imports.NotPython):
            imports.parsed(code)
    assert isinstance(imports.parsed("await something()"), ast.Module)


# --- the real chapters --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def known():
    """Notebook → its Dependencies in smoke."""
    real = Course()
    return {path: real.dependencies(Job(path, profile="smoke")) for path in [*CHAPTERS, *OWN]}


def names(needs):
    return {path.relative_to(ROOT).as_posix() for path in needs.files if path.is_relative_to(ROOT)}


def test_a_chapter_depends_on_its_own_exercises_and_quiz_and_on_no_other(known):
    for path in CHAPTERS:
        number = path.stem[:2]
        of_exercises = [name for name in names(known[path]) if "/ch" in name and "exercises" in name]
        assert {name.split("/")[-1][2:4] for name in of_exercises} == {number}
        declaring = {sources.module_name(name) for name in sources.exercise_ids(int(number))}
        assert {f"{module.replace('.', '/')}.py" for module in declaring} <= names(known[path])
        assert f"utils/exercises/quizzes/ch{number}.json" in names(known[path])


def test_own_notebooks_need_no_exercise_and_what_is_imported_by_a_made_up_name_counts(known):
    for path in OWN:
        assert not [name for name in names(known[path]) if name.startswith("utils/exercises/ch")]
        assert "utils/datasets/own/needs.py" in names(known[path])
        assert f"utils/datasets/own/{path.stem}.py" in names(known[path])


def test_a_chapter_depends_on_what_it_imports_and_no_more(known):
    first, last = known[CHAPTERS[0]], known[CHAPTERS[-1]]
    assert "utils/chapters/contest.py" in names(last) - names(first)
    assert not [name for name in names(first) if name.startswith(("utils/applications", "utils/course", "tests"))]
    assert {"utils/course/kernel.py", "utils/claims.py", "course_start.py", "requirements.lock"} <= first.parts.keys()
    assert first.parts["Python"].endswith(sys.version.split()[0])
    assert first.parts["the package numpy"]


def test_the_datasets_are_those_declared_with_their_cards(known):
    needs = known[next(path for path in CHAPTERS if path.stem == "06_walkthrough")]
    assert {name for name in needs.parts if name.startswith("the dataset")} == {
        "the dataset cifar10",
        "the dataset cifar10_small",
    }
    assert {"data/cifar10_small/train.webp", "data/cards/cifar10.md"} <= names(needs)
    assert {path.name for path in needs.fetched} == {Path(file.path).name for file in catalogue()["cifar10"].files}


def test_the_followed_modules_hold_all_that_a_kernel_loads(known):
    """The full proof is made on every chapter, in test_chapters.py."""
    job, watch = Job(CHAPTERS[0], profile="smoke", fork=False), Watch()
    assert execute(job, watch).status == "ok"
    opened = {path for path in reads.counted(watch.reads) if path.endswith(".py")}
    assert str(ROOT / "utils" / "nn" / "training.py") in opened
    assert str(ROOT / "utils" / "exercises" / "ch00_start_here.py") in opened
    assert opened <= set(map(str, known[CHAPTERS[0]].files))
    assert undeclared(job, watch.reads) == []
    assert undeclared(job, watch.reads | {str(ROOT / "data" / "splice" / "splice.csv.xz")}) == [
        "00_start_here reads data/splice/splice.csv.xz, which belongs to the dataset splice: "
        "add it to metadata.course.datasets"
    ]


# --- a small course -----------------------------------------------------------------------------------------------

CATALOGUE = """
[families.f]
notice = "a/NOTICE.txt"
[datasets.a]
family = "f"
embedded = true
card = "cards/a.md"
files = [{path = "a/a.csv", digest = "sha256:0"}]
[datasets.b]
embedded = false
title = "B"
files = [{path = "b/b.csv", digest = "sha256:0"}]
"""


@pytest.fixture
def small(course, monkeypatch):
    """A course with data; returns a function: (keywords of a Job) → Dependencies of its chapter."""
    for name, text in {"catalogue.toml": CATALOGUE, "a/a.csv": "1", "a/NOTICE.txt": "n", "cards/a.md": "c"}.items():
        path = course.root / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setenv("COURSE_DATA_DIR", "fetched")
    course.chapter("00_x", "print(1)", parameters=["profile = 'quick'\nseed = 0\npath = None"], datasets=["a"])
    return lambda **job: Course().dependencies(Job(course.root / "chapters" / "00_x.ipynb", **job))


def test_the_folders_are_those_of_the_datasets(monkeypatch, tmp_path):
    for chosen in (None, "somewhere", str(tmp_path)):
        monkeypatch.setenv("COURSE_DATA_DIR", chosen) if chosen else monkeypatch.delenv("COURSE_DATA_DIR", False)
        assert data_files.Data(Contents()).fetched == store.cache_folder()


def test_data_count_by_content_wherever_they_are(course, small, monkeypatch):
    start = small()
    for name in ("a/a.csv", "a/NOTICE.txt", "cards/a.md"):
        path = course.root / "data" / name
        before = path.read_text()
        path.write_text("other")
        assert small().key != start.key
        path.write_text(before)
        assert small().key == start.key
    listed = course.root / "data" / "catalogue.toml"
    listed.write_text(CATALOGUE.replace('title = "B"', 'title = "C"'))
    assert small().key == start.key
    listed.write_text(CATALOGUE.replace('card = "cards/a.md"', 'card = "cards/a.md"\ntitle = "A"'))
    assert small().key != start.key
    listed.unlink()
    assert "the dataset a" not in small().parts

    listed.write_text(CATALOGUE)
    course.chapter("00_x", "print(1)", parameters=["profile = 'quick'\nseed = 0\npath = None"], datasets=["b"])
    absent = small()
    assert absent.fetched == {course.root / "fetched" / "b" / "b.csv"}
    (course.root / "fetched" / "b").mkdir(parents=True)
    (course.root / "fetched" / "b" / "b.csv").write_text("1")
    assert small().key != absent.key
    monkeypatch.setenv("COURSE_DATA_DIR", str(course.root / "elsewhere"))
    assert small().key == absent.key


def test_a_readers_own_files_count_by_content(course, small):
    table, folder = course.root / "my.csv", course.root / "my,folder"
    folder.mkdir()
    assert small(parameters={"path": str(table)}).files == small().files
    for path in (table, folder / "events.csv", folder / "outcomes.tsv", folder / "other.csv"):
        path.write_text("1")
    both = {str(folder / "events.csv"), str(folder / "outcomes.tsv")}
    pair = f"{folder / 'events.csv'}, {folder / 'outcomes.tsv'}"
    for text, files in ((str(table), {str(table)}), ("my.csv", {str(table)}), (str(folder), both), (pair, both)):
        needs = small(parameters={"path": text})
        assert set(map(str, needs.files - small().files)) == files
        for file in map(Path, files):
            file.write_text("2")
            assert small(parameters={"path": text}).key != needs.key
            file.write_text("1")
    assert "the dataset b" in small(parameters={"path": "b"}).parts
    assert small(parameters={"path": "x" * 5000 + "\0"}).files == small().files


def test_the_form_in_which_a_parameter_is_given_does_not_count_its_value_and_type_do(small):
    assert small(parameters={"seed": 0}).key == small().key
    keys = [small(parameters={"seed": seed}).key for seed in (0, 1, 1.0, True, "1", None)]
    assert len(set(keys)) == 6
    assert small(profile="smoke").key != small().key
    with pytest.raises(CourseError, match="no parameter 'sead'"):
        small(parameters={"sead": 1})


@pytest.mark.parametrize(
    ("name", "value", "counts"),
    [
        *((name, "7", True) for name in ("TF_DETERMINISTIC_OPS", "XLA_FLAGS", "CUDA_VISIBLE_DEVICES", "COURSE_X")),
        ("KERAS_BACKEND", "tensorflow", True),
        ("PYTHONHASHSEED", "7", True),
        ("PYTHONPATH", "x", True),
        *((name, "7", False) for name in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_CPP_MIN_LOG_LEVEL")),
        *((name, "7", False) for name in ("COURSE_CACHE_DIR", "COURSE_DATA_MIRROR", "COURSE_READS", "EDITOR")),
        ("KERAS_MAX_EPOCHS", "7", False),  # does not reach a kernel
        ("PYTHONWARNINGS", "error", False),
    ],
)
def test_variables_count_that_reach_a_kernel_and_change_what_it_computes(small, monkeypatch, name, value, counts):
    monkeypatch.delenv(name, raising=False)
    start = small()
    monkeypatch.setenv(name, value)
    assert (small().key != start.key) == counts


def test_the_lock_counts(course, small):
    start = small()
    (course.root / "requirements.lock").write_text("numpy==1")
    there = small()
    (course.root / "requirements.lock").write_text("numpy==2")
    assert len({start.key, there.key, small().key}) == 3


def test_what_cannot_be_told_by_reading_is_refused(course, small):
    course.chapter("00_x", "!cat data/a/a.csv")
    with pytest.raises(Unknowable, match=r"code cell 2 \(cell-0\) is not plain Python"):
        small()


def test_a_chapter_that_asks_for_all_of_the_catalogue_depends_on_all_of_it(course, small):
    course.chapter("00_x", "from utils import datasets\nprint(list(datasets.catalogue()))", datasets=["a"])
    start = small()
    listed = course.root / "data" / "catalogue.toml"
    listed.write_text(CATALOGUE.replace('title = "B"', 'title = "C"'))
    assert small().key != start.key


def test_a_file_is_hashed_as_it_was_when_it_was_first_looked_at(tmp_path):
    contents, path = Contents(), tmp_path / "x"
    assert contents.sha256(path) == ABSENT
    path.write_text("1")
    assert contents.sha256(path) == ABSENT
    assert Contents().sha256(path) != ABSENT
    assert Contents().read(path) == b"1"


def test_the_notebook_prepared_here_is_the_one_that_is_executed():
    from utils.course import execute as executing

    for path in [*CHAPTERS, *OWN]:
        for job in (Job(path), Job(path, profile="smoke", parameters={"seed": 3}, solved=True)):
            notebook, values = prepare.prepare(job)
            fully, same = executing.prepare(job)
            assert (json.dumps(fully), values) == (json.dumps(notebook), same)


# --- the trace ----------------------------------------------------------------------------------------------------


def trace(tmp_path, code, **environment):
    """What is written down while code runs in a process of its own, whose folder is the course."""
    file = tmp_path / "scratch" / "reads"
    file.parent.mkdir(exist_ok=True)
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import course_start; course_start.trace_reads()\n"
    done = subprocess.run(
        [sys.executable, "-c", start + code],
        cwd=tmp_path,
        env=os.environ | {"COURSE_READS": str(file), "COURSE_ROOT": str(tmp_path)} | environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return reads.traced(file)


def test_what_is_opened_for_reading_is_written_down_once(tmp_path, monkeypatch):
    for name in ("a", "b", "c", "d", "e\nf", "both"):
        (tmp_path / name).write_text("x")
    code = """
import os, pathlib
for _ in range(3): open("a").read()
pathlib.Path("b").read_bytes()
os.close(os.open("c", os.O_RDONLY))
open(b"e\\nf").close()
os.makedirs("deep"); os.chdir("deep"); open("../d").close(); os.chdir("..")
open("new", "w").write("mine"); open("new").read()
open("log", "a").write("mine")
open("both", "r+").close()
try: open("missing")
except OSError: pass
open(os.open("a", os.O_RDONLY)).close()
import json, decimal, colorsys; open("/etc/hostname") if os.path.exists("/etc/hostname") else None
open(os.devnull).close()
assert "COURSE_READS" not in os.environ
"""
    found = trace(tmp_path, code)
    assert found == {str(tmp_path / name) for name in ("a", "b", "c", "d", "e\nf", "both", "missing")}
    assert (tmp_path / "scratch" / "reads").read_bytes().count(str(tmp_path / "a").encode() + b"\0") == 1


def test_a_module_counts_as_its_source_unless_the_chapter_wrote_it(tmp_path):
    (tmp_path / "helper.py").write_text("from pathlib import Path")
    code = "import os, sys; sys.path.append('')\nimport helper\nopen('made.py', 'w').write('')\nimport made\n"
    for environment in ({}, {"PYTHONDONTWRITEBYTECODE": "1"}, {"PYTHONPYCACHEPREFIX": str(tmp_path / "prefix")}):
        found = trace(tmp_path, code, **environment)
        if "PYTHONPYCACHEPREFIX" not in environment:  # where this process keeps its own counts
            assert found == {str(tmp_path / "helper.py")}


def test_the_text_of_other_exercises_does_not_count_their_import_does(tmp_path):
    folder = ROOT / "utils" / "exercises"
    code = f"import glob\nfor path in glob.glob({str(folder / 'ch*.py')!r}): open(path).close()\n"
    assert trace(tmp_path, code) == frozenset()
    found = trace(tmp_path, code + "import utils.exercises.ch00_start_here")
    assert {path for path in found if Path(path).name.startswith("ch")} == {str(folder / "ch00_start_here.py")}


def test_a_trace_that_is_not_whole_is_none(tmp_path):
    assert reads.traced(tmp_path / "nothing") is None
    (tmp_path / "cut").write_bytes(b"/a/b\0/c")
    assert reads.traced(tmp_path / "cut") is None
    code = "import os\nos.write = None\nopen('x', 'w').close()\nos.write = print\nopen('y', 'w')"
    assert trace(tmp_path, code) is None
    assert trace(tmp_path, "open('a', 'w')", COURSE_READS=str(tmp_path / "no" / "folder")) is None


def test_what_counts(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_ROOT", str(tmp_path / "course"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COURSE_DATA_DIR", str(tmp_path / "home" / ".cache" / "data"))
    ours = ["course/data/a.csv", "home/my.csv", "home/.cache/data/b", "else/c"]
    others = ["home/.cache/matplotlib/fonts.json", "home/.keras/keras.json"]
    packages = [sys.prefix + "/lib/x.py", "/usr/share/fonts/a.ttf", os.__file__]
    found = reads.counted([*(str(tmp_path / name) for name in ours + others), *packages, str(tmp_path)])
    assert found == sorted(str(tmp_path / name) for name in ours)
    monkeypatch.setenv("COURSE_ROOT", sys.prefix + "/share/course")
    assert reads.counted([sys.prefix + "/share/course/a", sys.prefix + "/share/b"]) == [sys.prefix + "/share/course/a"]


def test_undeclared_reads_are_sentences(course, small):
    job = Job(course.root / "chapters" / "00_x.ipynb")
    (course.root / "data" / "link.csv").symlink_to(course.root / "data" / "a" / "a.csv")
    declared = {"data/a/a.csv", "data/catalogue.toml", "data/cards/a.md", "data/link.csv"}
    assert undeclared(job, {str(course.root / name) for name in declared}) == []
    assert undeclared(job, frozenset()) == []
    assert undeclared(job, None) == ["it is not known what 00_x reads"]
    others = {"fetched/b/b.csv", "notes.txt", "late.py"}
    assert undeclared(job, {str(course.root / name) for name in others}) == [
        "00_x reads fetched/b/b.csv, which belongs to the dataset b: add it to metadata.course.datasets",
        "00_x reads late.py, to which no import leads that can be found by reading the code",
        "00_x reads notes.txt, which is no file of a dataset that it declares",
    ]


def test_the_tools_are_those_that_execute_and_no_command():
    tools = Course().around()
    assert {f"utils/course/{name}.py" for name in ("execute", "kernel", "environment", "results")} <= tools.keys()
    ours = [name for name in tools if name.startswith("utils/")]
    assert not [name for name in ours if "commands" in name or "report" in name or "cache" in name]
    assert all((ROOT / "utils" / "course" / f"{name}.py").is_file() for name in dependencies.TOOLS)
