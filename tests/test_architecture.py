"""The walls of the house: who may import whom, style, and what may not stand in the repository."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import CHAPTERS, ROOT, read

TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if (ROOT / name).is_file()
]
MODULES = [path for path in TRACKED if path.suffix == ".py"]
FOR_CHAPTERS = {
    "applications",
    "chapters",
    "claims",
    "datasets",
    "exercises",
    "explain",
    "features",
    "metrics",
    "nn",
    "plots",
}


def relative(path):
    return path.relative_to(ROOT).as_posix()


def command(*arguments):
    """Run a tool of this environment and return (exit code, what it printed)."""
    done = subprocess.run(
        [Path(sys.executable).parent / arguments[0], *arguments[1:]], cwd=ROOT, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def test_walls_between_the_packages():
    code, text = command("lint-imports", "--no-cache")
    assert code == 0, text
    assert "0 broken" in text


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=" ".join)
def test_style(arguments):
    code, text = command("ruff", *arguments, ".")
    assert code == 0, text


@pytest.mark.parametrize("path", [path for path in MODULES if relative(path).startswith("utils/")], ids=relative)
def test_a_module_is_one_thing(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300


def public_functions(tree):
    """The functions and methods of a module whose name is public, those inside of functions left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from public_functions(node)


@pytest.mark.parametrize(
    "path",
    [
        path for path in MODULES if re.match(r"utils/(?!exercises/ch\d\d)", relative(path))
    ],  # those are as learners write
    ids=relative,
)
def test_what_is_public_says_its_types(path):
    bare = []
    for function in public_functions(ast.parse(path.read_text(encoding="utf-8"))):
        given = function.args
        named = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, [given.vararg, given.kwarg])]
        bare += [
            f"{function.name}({arg.arg})" for arg in named if not arg.annotation and arg.arg not in ("self", "cls")
        ]
        bare += [f"{function.name} ->"] if function.returns is None else []
    assert bare == []


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_a_chapter_imports_what_chapters_may(path):
    code = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "code")
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            assert [alias.name for alias in node.names] != ["*"]
            names = [node.module] if node.module != "utils" else [f"utils.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            if name.split(".")[0] == "utils":
                assert name.split(".")[1] in FOR_CHAPTERS, f"{path.stem} imports {name}"


def test_the_command_starts_without_anything_heavy():
    heavy = {"keras", "numpy", "pandas", "papermill", "tensorflow"}
    code = f"import sys, utils.course.cli; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_file_names_are_fit_for_every_system():
    usual = re.compile(r"[A-Za-z0-9_.\-/]+")
    assert [relative(path) for path in TRACKED if not usual.fullmatch(relative(path))] == []
    lowered = [relative(path).lower() for path in TRACKED]
    assert len(set(lowered)) == len(lowered)


def test_nothing_large_is_in_the_repository():
    data = [path.stat().st_size for path in TRACKED if relative(path).startswith("data/")]
    assert sum(data) <= 40_000_000
    assert max(path.stat().st_size for path in TRACKED) <= 16_000_000


def test_no_text_names_one_machine_or_one_package_index():
    texts = {".py", ".md", ".toml", ".lock", ".yml", ".ipynb", ".cff", ".json", ""}
    home = str(Path.home()) + "/"
    for path in TRACKED:
        if path.suffix in texts and path.stat().st_size < 3_000_000 and path != Path(__file__):
            text = path.read_text(encoding="utf-8")
            assert str(ROOT) + "/" not in text, f"{relative(path)} names a folder of this machine"
            assert home not in text, f"{relative(path)} names a folder of this machine"
            assert not re.search(r"--(extra-)?(index-url|find-links)", text), f"{relative(path)} names a package index"
