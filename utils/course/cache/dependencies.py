"""All that the result of a chapter depends on, as named hashes: what is the same for two runs need not run twice.

Code cells, parameters, the modules that it imports, the data that it declares, the packages, Python, the machine and
the tools. Contents count, dates do not. Prose, stored outputs and the ids of cells make no difference.
"""

import json
import os
import platform
import site
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from utils import paths
from utils.course import environment, prepare
from utils.course.cache import reads
from utils.course.cache.contents import ABSENT, Contents, digest
from utils.course.cache.data_files import Data
from utils.course.cache.exercise_files import exercise_files
from utils.course.cache.facts import MEMORY, Facts
from utils.course.cache.modules import Modules
from utils.course.environment import PACKAGE_PARENT
from utils.course.jobs import Job
from utils.course.notebooks import code_cells, exercise_ids, parameters
from utils.errors import CourseError

TOOLS = ("execute", "prepare", "editions", "kernel", "environment", "template", "results")  # what executes and judges
VARIABLES = ("COURSE_", "CUDA_", "DNNL_", "HIP_", "JAX_", "KERAS_", "MKL_", "NPY_", "NVIDIA_", "OMP_", "ONEDNN_")
VARIABLES += ("OPENBLAS_", "PYTHON", "PYTORCH_", "ROCR_", "TF_", "TORCH_", "XLA_")
WITHOUT_EFFECT = {"COURSE_CACHE_DIR", "COURSE_DATA_DIR", "COURSE_DATA_MIRROR", "COURSE_ROOT", reads.VARIABLE}
WITHOUT_EFFECT |= {"PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "PYTHONFAULTHANDLER"}
FOR_PAGES = ("slide", "cover")  # tags that begin so say what a talk and the first page show
LOGS = ("TF_CPP_M", "TF_CPP_V")  # how much TensorFlow says


class Unknowable(CourseError):
    """It cannot be known what a chapter depends on."""


@dataclass(frozen=True)
class Dependencies:
    """What the result of a job depends on.

    Attributes
    ----------
    chapter : str
    variant : dict
        profile, edition, and parameters (those that differ from the chapter's own).
    cells : list of (str, str)
        The name of each code cell, and a hash of its code, its tags and its exercise.
    parts : dict
        Name → ``sha256:…``, or a value that says something to people, such as a version.
    files : frozenset of Path
        Every file whose content is in the parts.
    fetched : frozenset of Path
        Those of them that a kernel would fetch if they were not there.
    notebook : dict
        The notebook to execute.
    """

    chapter: str
    variant: dict[str, str]
    cells: list[tuple[str, str]]
    parts: dict[str, str]
    files: frozenset[Path]
    fetched: frozenset[Path]
    notebook: dict

    @property
    def key(self) -> str:
        """A hash of everything."""
        hashes = [content for _, content in self.cells]
        return digest(json.dumps([self.chapter, self.variant, hashes, sorted(self.parts.items())]))


class Course:
    """The files of the course as they are now, each looked at once. Make a new one to look again."""

    def __init__(self):
        self.contents = Contents()
        self.modules = Modules(self.contents, [PACKAGE_PARENT, paths.root()])
        self.data = Data(self.contents)
        self._around: dict[str, str] = {}

    def dependencies(self, job: Job) -> Dependencies:
        """What the result of a job depends on.

        Raises CourseError when its notebook cannot be executed, or when it is Unknowable; OSError when a file that
        counts cannot be read.
        """
        notebook, changed = prepare.prepare(job)
        cells = list(_facts(notebook))
        folder = PACKAGE_PARENT / "utils" / "exercises"
        exercises = exercise_files(folder, self.modules, exercise_ids(notebook), cells)
        names = {name for cell in cells for name in cell.wanted}
        own = self.modules.reached(names | set(exercises.modules)) | set(exercises.quizzes)
        values = parameters(notebook, job.path.stem) | changed
        sets = [*notebook["metadata"].get("course", {}).get("datasets", []), *map(str, values.values())]
        sets = sorted({str(name) for name in sets} & self.data.sets.keys())
        given = {f"the file {path}": path for value in values.values() for path in self.data.own_files(value)}
        fetched = {path for name in sets for path in self.data.files(name) if path.is_relative_to(self.data.fetched)}
        files = own | set(given.values()) | {path for name in sets for path in self.data.files(name)}
        parts = {self._name(path): self._hash(path) for path in sorted(own)}
        parts |= {f"the dataset {name}": f"sha256:{self.data.hash_of_set(name)}" for name in sets}
        parts |= {name: self._hash(path) for name, path in given.items()}
        if exercises.list_hash:
            parts["the list of exercises"] = f"sha256:{exercises.list_hash}"
        if any(cell.catalogue for cell in cells):
            parts["the catalogue"] = f"sha256:{self.data.hash_of_catalogue()}"
        return Dependencies(
            chapter=job.path.stem,
            variant={
                "profile": job.profile,
                "edition": job.edition,
                "parameters": repr(sorted((name, value) for name, value in changed.items() if name != "profile")),
            },
            cells=list(_cells(notebook)),
            parts=parts | self.around(),
            files=frozenset(files),
            fetched=frozenset(fetched),
            notebook=notebook,
        )

    def _name(self, path: Path) -> str:
        for folder in (PACKAGE_PARENT, paths.root()):
            if path.is_relative_to(folder):
                return path.relative_to(folder).as_posix()
        return str(path)

    def _hash(self, path: Path) -> str:
        return f"sha256:{self.contents.sha256(path)}"

    def around(self) -> dict[str, str]:
        """The parts that all chapters share: lock file, packages, Python, machine, backend, variables, tools."""
        if not self._around:
            folder = PACKAGE_PARENT / "utils" / "course"
            tools = [PACKAGE_PARENT / "course_start.py", *(folder / f"{name}.py" for name in TOOLS)]
            lock = paths.root() / "requirements.lock"
            parts = {} if self.contents.sha256(lock) == ABSENT else {"requirements.lock": self._hash(lock)}
            parts |= dict(_packages())
            parts["Python"] = f"{platform.python_implementation()} {platform.python_version()}"
            parts["the machine"] = f"{platform.system()} {platform.machine()}"
            parts["the backend"] = environment.backend()
            parts |= {f"the variable {name}": value for name, value in sorted(os.environ.items()) if _matters(name)}
            self._around = parts | {self._name(path): self._hash(path) for path in tools}
        return self._around


def undeclared(job: Job, read: Collection[str] | None) -> list[str]:
    """What a kernel has read and the job does not say: a sentence for each dataset or file, none when all is well.

    Parameters
    ----------
    job : Job
    read : collection of str or None
        ``Watch.reads``: absolute paths; None when it is not known.
    """
    course = Course()
    return unforeseen(course, course.dependencies(job), read)


def unforeseen(course: Course, known: Dependencies, read: Collection[str] | None) -> list[str]:
    """``undeclared`` for dependencies that have been found already."""
    if read is None:
        return [f"it is not known what {known.chapter} reads"]
    foreseen = {os.path.realpath(path) for path in (*known.files, course.data.catalogue)}
    sentences = {}
    for path in reads.counted(read):
        path = os.path.realpath(path)
        if path not in foreseen:
            owners = course.data.sets_with(path)
            if owners:
                remedy = f"which belongs to the dataset {owners[0]}: add it to metadata.course.datasets"
            elif path.endswith(".py"):
                remedy = "to which no import leads that can be found by reading the code"
            else:
                remedy = "which is no file of a dataset that it declares"
            sentences.setdefault(remedy, f"{known.chapter} reads {course._name(Path(path))}, {remedy}")
    return list(sentences.values())


def _cells(notebook: dict) -> Iterator[tuple[str, str]]:
    for number, cell in enumerate(code_cells(notebook), start=1):
        metadata = cell["metadata"]
        tags = sorted(tag for tag in metadata.get("tags", []) if not tag.startswith(FOR_PAGES))
        content = [cell["source"], tags, metadata.get("exercise")]
        yield f"code cell {number} ({cell.get('id', 'no id')})", digest(json.dumps(content, default=repr))


def _facts(notebook: dict) -> Iterator[Facts]:
    for cell, (name, _) in zip(code_cells(notebook), _cells(notebook), strict=True):
        facts = MEMORY.of(cell["source"])
        if not facts.plain:
            raise Unknowable(f"{name} is not plain Python, so that nobody can tell by reading what it depends on")
        yield facts


def _packages() -> Iterator[tuple[str, str]]:
    """(Name, version) of each installed package, by the names of their folders."""
    for folder in site.getsitepackages():
        for path in sorted(Path(folder).glob("*.*-info")):
            name, _, version = path.stem.partition("-")
            yield f"the package {name}", version


def _matters(name: str) -> bool:
    """Whether a variable reaches a kernel and can change what it computes. How many threads it has does not count."""
    if name in WITHOUT_EFFECT or name in environment.THREADS or name in environment.left_out():
        return False
    return name.startswith(VARIABLES) and not name.startswith(LOGS)
