"""What is imported is declared, and what is used beyond a library's promises is named and has an upper bound."""

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from conftest import ROOT
from packaging.requirements import Requirement

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BACKENDS = {"jax", "torch"}  # imported only when somebody has chosen them, and then they are there: `make backends`

INTERNALS = [
    # library, module, name in it, why
    ("pooch", "pooch.core", "stream_download", "one source at a time, each with a sentence of its own when it fails"),
    ("papermill", "papermill.clientwrap", "PapermillNotebookClient.papermill_execute_cells", "kill what does not end"),
    ("papermill", "papermill.engines", "NBClientEngine.execute_managed_notebook", "an engine that can be watched"),
    ("papermill", "papermill.engines", "papermill_engines.register", "and is known by a name"),
    (
        "papermill",
        "papermill.execute",
        "remove_error_markers",
        "errors that a chapter shows on purpose are no failures",
    ),
    ("nbclient", "nbclient.client", "NotebookClient.start_new_kernel", "the process to watch begins here"),
    ("nbclient", "nbclient.client", "NotebookClient.on_cell_executed", "progress"),
    ("jupyter-client", "jupyter_client.channels", "AsyncZMQSocketChannel.get_msg", "a reply that went unnoticed"),
    ("jupyter-client", "jupyter_client.asynchronous", "AsyncKernelClient.shell_channel_class", "the patient channel"),
    ("jupyter-client", "jupyter_client.manager", "AsyncKernelManager.client_factory", "the patient client"),
    ("jupyter-client", "jupyter_client.provisioning", "LocalProvisioner.process", "memory, and an end, from outside"),
    ("jupyter-client", "jupyter_client.kernelspec", "KernelSpecManager.find_kernel_specs", "python3 is this Python"),
    ("jupyter-client", "jupyter_client.kernelspec", "KernelSpecManager.get_kernel_spec", "python3 is this Python"),
    ("jupyter-client", "jupyter_client.provisioning", "LocalProvisioner.launch_kernel", "forked kernels"),
    ("jupyter-client", "jupyter_client.provisioning", "LocalProvisioner.pre_launch", "their environment and words"),
    ("jupyter-client", "jupyter_client.provisioning", "LocalProvisioner.cleanup", "their folder of settings"),
    ("jupyter-client", "jupyter_client.provisioning", "KernelProvisionerFactory", "a provisioner by its entry point"),
    ("ipykernel", "ipykernel.kernelapp", "IPKernelApp.parent_handle", "1: a forked kernel's parent is not the run"),
    ("ipykernel", "ipykernel.kernelspec", "get_kernel_dict", "started by course_start instead of its own launcher"),
    ("ipykernel", "ipykernel.kernelspec", "RESOURCES", "the pictures of its kernel in the launcher"),
    ("ipykernel", "ipykernel.kernelapp", "launch_new_instance", "what its own launcher calls"),
    ("jupyterlab", "jupyterlab.labapp", "main", "what `python -m jupyterlab` calls"),
    ("jupyterquiz", "jupyterquiz", "display_quiz", "its markup is repaired; tests/exercises/test_quizzes.py"),
    ("nbval", "nbval.plugin", "IPyNbFile.collect", "its comparison without its execution; tests/comparison.py"),
    ("nbval", "nbval.plugin", "IPyNbCell.compare_outputs", "its comparison without its execution"),
    ("nbval", "nbval.plugin", "coalesce_streams", "what it does to outputs before it compares them"),
    ("pytest-xdist", "xdist.scheduler", "LoadScopeScheduling._split_scope", "the tests of an execution stay together"),
    ("rdkit", "rdkit.Chem.rdMolDescriptors", "_CalcMolWt", "the molecular weight has no public name in this module"),
]


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras):
    lists = [PROJECT["dependencies"], *(PROJECT["optional-dependencies"][extra] for extra in extras)]
    return {normal(Requirement(text).name): Requirement(text) for texts in lists for text in texts}


def tracked():
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py", "*.ipynb"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def parsed(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        text = "\n".join("".join(cell["source"]) for cell in cells)
    return ast.walk(ast.parse(text))


def imported(path):
    """The full names of the modules that a file imports from elsewhere, wherever in it they are imported."""
    for node in parsed(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


FILES = tracked()
EXTRAS = {  # what needs something that only some readers install
    "utils/course/cluster.py": ["cluster"],
    **{f"utils/course/web/{name}.py": ["site"] for name in ("chromium", "extension", "printing")},
    **{f"utils/course/classroom/{name}.py": ["classroom"] for name in ("gradebook", "release", "similarity")},
}
EVERY_EXTRA = [*PROJECT["optional-dependencies"]]
DISTRIBUTIONS = packages_distributions()  # the name in an import → the packages that bring it
BESIDE = {path.stem for path in FILES} | {
    path.parent.name for path in FILES
}  # what tests and bench import of their own


def undeclared(path, extras):
    known = declared(*extras)
    for name in {name.split(".")[0] for name in imported(path)} - set(sys.stdlib_module_names) - BACKENDS:
        if name == "utils" or (name in BESIDE and name not in DISTRIBUTIONS) or name == "course_start":
            continue
        if not {normal(package) for package in DISTRIBUTIONS.get(name, [name])} & known.keys():
            yield name


def test_what_the_course_imports_is_declared():
    found = {}
    for path in FILES:
        place = path.relative_to(ROOT).as_posix()
        develops = place.startswith(("tests/", "bench/", "utils/datasets/conversions/"))
        wrong = sorted(undeclared(path, EVERY_EXTRA if develops else EXTRAS.get(place, [])))
        if wrong:
            found[place] = wrong
    assert found == {}


def test_an_import_that_is_not_declared_is_found(tmp_path):
    (tmp_path / "x.py").write_text("def f():\n    import tornado.web, numpy\n    from no_such_thing import y\n")
    assert sorted(undeclared(tmp_path / "x.py", ["dev"])) == ["no_such_thing", "tornado"]
    (tmp_path / "x.py").write_text("import pytest, os, utils, yaml")
    assert sorted(undeclared(tmp_path / "x.py", [])) == ["pytest", "yaml"]


@pytest.mark.parametrize(("library", "module", "name", "reason"), INTERNALS, ids=lambda text: text)
def test_what_is_used_beyond_a_librarys_promises_is_there_and_bounded(library, module, name, reason):
    assert "<" in str(declared("dev")[library].specifier), f"{library} needs an upper bound: {name} ({reason})"
    found = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)


def private_uses(path):
    """The private names of libraries that a file uses: ``of._CalcMolWt`` → ``_CalcMolWt``; and inner modules."""
    aliases = set()
    for node in parsed(path):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or node.names[0].name
            if module.split(".")[0] not in {"utils", *sys.stdlib_module_names}:
                aliases |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
                yield from (alias.name for alias in node.names if alias.name.startswith("_"))
                yield from (part for part in module.split(".") if part == "src" or re.match("_[a-z]", part))
    for node in parsed(path):
        if isinstance(node, ast.Attribute) and re.match("_[A-Za-z]", node.attr):
            value = node.value
            while isinstance(value, ast.Attribute):
                value = value.value
            if isinstance(value, ast.Name) and value.id in aliases:
                yield node.attr


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.parts[len(ROOT.parts)] in ("utils", "chapters")], ids=lambda path: path.name
)
def test_private_names_of_libraries_are_named_above(path):
    assert set(private_uses(path)) <= {name for _, _, name, _ in INTERNALS}


def test_a_private_name_is_found(tmp_path):
    text = "import numpy as np\nfrom keras.src import x\nfrom scipy._lib import _y\nnp.core._z(1)\nself._w"
    (tmp_path / "x.py").write_text(text)
    assert set(private_uses(tmp_path / "x.py")) == {"src", "_lib", "_y", "_z"}
