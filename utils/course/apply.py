"""``course apply``: a reader's own data, or a set of the catalogue, through the notebook of its kind, to a report."""

import difflib
import sys
from dataclasses import replace
from pathlib import Path

from utils import paths
from utils.course import notebooks, outputs
from utils.course.console import INTERRUPTED, terminal
from utils.course.run import How, carry_out
from utils.errors import UsageError

KINDS = ("images", "scans", "records", "sequences", "molecules")


def apply(
    kind: str, path: str, columns: dict[str, str | int], profile: str, seed: int, out: str | None, how: How
) -> int:
    """Execute the notebook of a kind on the data at a path; write the executed notebook, ``report.html`` and
    ``report.json``. Returns the exit code.

    Raises UsageError for wrong words and CourseError for data that cannot be studied, before a kernel is started.
    """
    if kind not in KINDS:
        near = difflib.get_close_matches(kind, KINDS, n=1)
        guess = f" Did you mean {near[0]}?" if near else ""
        raise UsageError(f"There is no kind {kind!r}.{guess} The kinds are {', '.join(KINDS)}.")
    notebooks.refuse_unknown_profile(profile)
    folder = outputs.safe_folder(out or Path("build") / "apply" / kind)
    parameters = {"path": checked(kind, path, columns, seed), "seed": seed, **columns}
    if kind == "scans":  # a mask that somebody puts beside a scan counts, and the cache knows only what is named
        how = replace(how, cache=False)
    notebook = notebook_path(kind)
    job = how.job(notebook, folder / notebook.name, profile, parameters)
    report, interrupted = carry_out([job], folder, how)

    from utils.course.apply_page import page

    notebooks.write_atomically(folder / "report.json", report.as_json())
    if how.as_json:
        sys.stdout.write(report.as_json())
    elif how.explain:
        report.explain()
    console = terminal(stderr=how.as_json)
    report.show_troubles(console)
    (result,) = report.results
    if result.notebook:
        notebooks.write_atomically(folder / "report.html", page(job.output, result))
        console.print(f"\nReport: {folder / 'report.html'}", soft_wrap=True, markup=False)
    return INTERRUPTED if interrupted else int(report.failed)


def notebook_path(kind: str) -> Path:
    """The notebook that makes studies of a kind."""
    return paths.root() / "chapters" / "own" / f"{kind}.ipynb"


def checked(kind: str, path: str, columns: dict[str, str | int], seed: int = 0) -> str:
    """The path made absolute, or the name of a set, once it is sure that the notebook can begin with it.

    A set that does not ship with the course is fetched. Raises UsageError for the name of a set of another kind, and
    CourseError, with one sentence, for data that are missing, cannot be read, or cannot carry a study.
    """
    from utils import datasets  # here, because it takes half a second that a wrong word is not worth
    from utils.datasets import own
    from utils.datasets.own import needs

    if path in datasets.catalogue():
        if columns:
            raise UsageError(f"The set {path!r} has its columns already: leave --{next(iter(columns))} out.")
        datasets.load(path, kind=kind)
        return path
    if not own.is_path(path) and not own.several(path):
        datasets.load(path, kind=kind)  # raises, with the names that are close
    data = own.load(path, kind, **columns)
    if kind != "scans":  # of which there is a report, even where they are too few for a study
        needs.plan(data, seed)
    return own.in_full(path)
