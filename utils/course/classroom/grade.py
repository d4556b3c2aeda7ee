"""``course grade``: judge all that a class has sent, each in a box, several at a time; one writer keeps the gradebook.

What is judged is noted at once, so that a run that was stopped goes on where it was: nobody is judged twice, and
nobody's mark is lost. What has changed since, the answers or the course, is judged anew.
"""

import hashlib
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.text import Text

from utils.course import machine, notebooks
from utils.course.classroom import feedback, judging, marks, sandbox, similarity, submissions
from utils.course.classroom.gradebook import Book
from utils.course.classroom.judging import Judged, Verdict
from utils.course.classroom.submissions import Submission
from utils.course.console import Column, print_json, show_table, terminal
from utils.course.environment import PACKAGE_PARENT
from utils.errors import CourseError, UsageError
from utils.exercises.grading import CLASS_FILE

STATE, OUT = "state", "grading"  # folders in that of the class
BAR = 24  # characters


@dataclass(frozen=True)
class How:
    """How a class is graded.

    Attributes
    ----------
    assignment, student : str or None
        Only these.
    workers : int or None
        Submissions at a time; None for as many as there are cores.
    open : bool
        Whether to do without a sandbox.
    again : bool
        Whether to judge also what has not changed.
    scheduler : str or None
        The address of a Dask scheduler whose workers judge.
    as_json : bool
    """

    assignment: str | None = None
    student: str | None = None
    workers: int | None = None
    open: bool = False
    again: bool = False
    scheduler: str | None = None
    as_json: bool = False


def grade(folder: str | Path, how: How) -> int:
    """Grade a class. Returns the exit code: 1 when a submission could not be judged at all.

    Raises UsageError for a folder that is no class, and CourseError where there is no sandbox.
    """
    place = Path(folder).expanduser().resolve()
    secret = secret_of(place)
    if not how.open and not how.scheduler:
        sandbox.refuse_missing()
    waiting, notes = sent(place, how)
    done = judged_before(place, waiting, secret, how)
    book = Book(place)
    rest = [one for one in waiting if key_of(one) not in done]
    failed = judge_all(rest, place, secret, how, book, done)
    results = [done[key_of(one)] for one in waiting if key_of(one) in done]
    out = place / OUT
    files = [*marks.write(book, out), similarity.write(results, out)]
    if how.as_json:
        print_json([_as_record(one) for one in results])
    else:
        show(results, [*notes, *failed], len(rest))
        terminal().print("\n" + "\n".join(f"{path.name}: {path}" for path in files), soft_wrap=True, markup=False)
    return int(bool(failed))


def secret_of(place: Path) -> str:
    """The secret of a class. Raises UsageError when the folder holds none."""
    try:
        return str(json.loads((place / CLASS_FILE).read_text(encoding="utf-8"))["secret"])
    except (OSError, ValueError, KeyError, TypeError):
        raise UsageError(f"{place} holds no class: make one with `course release --to {place}`.") from None


def sent(place: Path, how: How) -> tuple[list[Submission], list[str]]:
    """The submissions to be judged, and notes on folders that belong to no assignment.

    Raises UsageError when there are none.
    """
    known = {path.parent.name for path in (place / "source").glob("*/*.ipynb") if path.stem == path.parent.name}
    found = submissions.find(place, how.assignment, how.student)
    notes = [
        f"{one.student}/{one.assignment}: there is no such assignment." for one in found if one.assignment not in known
    ]
    found = [one for one in found if one.assignment in known]
    if not found:
        raise UsageError(
            f"There is nothing to grade in {place / submissions.NAME}: put each notebook into STUDENT/ASSIGNMENT/, "
            f"where ASSIGNMENT is one of {', '.join(sorted(known)) or 'those that `course release` makes'}."
        )
    sources = {name: notebooks.read(place / "source" / name / f"{name}.ipynb") for name in known}
    return [submissions.read(one, sources[one.assignment]) for one in found], notes


Key = tuple[str, str]


def key_of(submission: Submission | Judged) -> Key:
    """Assignment and student."""
    return submission.assignment, submission.student


def fingerprint(submission: Submission, secret: str) -> str:
    """A hash of what a judgement depends on: the answers, the checks, and the secret of the inputs."""
    digest = hashlib.sha256(secret.encode())
    digest.update(json.dumps([asdict(one) for one in submission.answers.values()], sort_keys=True).encode())
    digest.update(json.dumps(submission.notes).encode())
    digest.update(_checks())
    return digest.hexdigest()


@cache
def _checks() -> bytes:
    """A hash of the exercises' modules, which are the same for all submissions."""
    digest = hashlib.sha256()
    for path in sorted((PACKAGE_PARENT / "utils" / "exercises").glob("*.py")):
        digest.update(path.read_bytes())
    return digest.digest()


def judged_before(place: Path, waiting: Sequence[Submission], secret: str, how: How) -> dict[Key, Judged]:
    """What an earlier run has judged and entered, and what has not changed since."""
    done = {}
    for one in [] if how.again else waiting:
        try:
            kept = json.loads(_state(place, key_of(one)).read_text(encoding="utf-8"))
            if kept["fingerprint"] == fingerprint(one, secret):
                verdicts = [Verdict(**verdict) for verdict in kept["verdicts"]]
                done[key_of(one)] = Judged(one.student, one.assignment, verdicts, kept["notes"], kept["sources"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return done


def _state(place: Path, key: Key) -> Path:
    return place / OUT / STATE / key[0] / f"{key[1]}.json"


def judge_all(
    waiting: Sequence[Submission], place: Path, secret: str, how: How, book: Book, done: dict[Key, Judged]
) -> list[str]:
    """Judge submissions, enter each into the gradebook as it comes, and into ``done``. Returns what went wrong."""
    failed = []
    with progress(len(waiting), how.as_json) as advance:
        for submission, judged in judgements(waiting, secret, how):
            try:
                if isinstance(judged, Exception):
                    raise CourseError(f"it could not be judged ({judged})")
                book.write(judged, submission.folder)
                feedback.write(judged, place)
                kept = {"fingerprint": fingerprint(submission, secret), **_as_record(judged), "sources": judged.sources}
                notebooks.write_atomically(_state(place, key_of(judged)), json.dumps(kept, ensure_ascii=False))
                done[key_of(judged)] = judged
            except CourseError as error:
                failed.append(f"{submission.student}/{submission.assignment}: {error}")
            advance(f"{submission.student}/{submission.assignment}")
    return failed


def _as_record(judged: Judged) -> dict:
    record = {"student": judged.student, "assignment": judged.assignment, "points": judged.points, "of": judged.most}
    return record | {"verdicts": [asdict(one) for one in judged.verdicts], "notes": judged.notes}


def judgements(waiting: Sequence[Submission], secret: str, how: How) -> Iterator[tuple[Submission, Judged | Exception]]:
    """Each submission with its judgement, in the order in which they come. One that breaks its judge twice fails."""
    rest, tries = {key_of(one): one for one in waiting}, dict.fromkeys(map(key_of, waiting), 0)
    while rest:
        with engine(how, len(rest)) as executor:
            futures: dict[Future, Submission] = {
                executor.submit(judging.judge, one, secret, how.open): one for one in rest.values()
            }
            for future in as_completed(futures):
                submission = futures[future]
                try:
                    judged: Judged | Exception = future.result()
                except BrokenProcessPool as error:  # the others of this pool are judged anew
                    tries[key_of(submission)] += 1
                    if tries[key_of(submission)] < 3:
                        continue
                    judged = error
                except Exception as error:
                    judged = error
                del rest[key_of(submission)]
                yield submission, judged


@contextmanager
def engine(how: How, waiting: int) -> Iterator[Executor]:
    """Processes of this machine that judge, or the workers of a cluster."""
    if how.scheduler:
        from utils.course.cluster import Cluster

        with Cluster(how.scheduler) as cluster:
            yield cluster.executor()
        return
    workers = max(1, min(how.workers or machine.cores(), waiting))
    context = multiprocessing.get_context(
        "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else None
    )
    pool = ProcessPoolExecutor(workers, mp_context=context)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def progress(total: int, quiet: bool) -> Iterator:
    """A bar with what was judged last; nothing for machines."""
    bar = Progress(
        TextColumn("  {task.description}"),
        BarColumn(complete_style="cyan", finished_style="green"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=terminal(stderr=True),
        transient=True,
        disable=quiet,
    )
    with bar:
        task = bar.add_task("grading", total=total)
        yield lambda name: bar.update(task, advance=1, description=name[:30])


def show(results: Sequence[Judged], notes: Sequence[str], fresh: int) -> None:
    """Print the marks, what the teacher should know, and which exercises were hard."""
    console = terminal()
    console.print(f"{len(results)} submissions, {fresh} of them judged now.\n")
    columns = [Column("assignment"), Column("student"), Column("points", "right"), Column("notes")]
    rows = [(one.assignment, one.student, f"{one.points} of {one.most}", " ".join(one.notes)) for one in results]
    show_table(console, columns, rows)
    console.print()
    columns = [
        Column("exercise"),
        *(Column(name, "right") for name in ("right", "wrong", "open")),
        Column(""),
        Column(""),
    ]
    rows = []
    for one in marks.hardness(results):
        everybody = one.passed + one.wrong + one.open
        full = round(BAR * one.passed / everybody)
        bar = Text("█" * full, "green") + Text("█" * round(BAR * one.wrong / everybody), "red")
        common = "; ".join(f"{name} ({count})" for name, count in one.mistakes[:2])
        rows.append((one.exercise, str(one.passed), str(one.wrong), str(one.open), bar, common))
    show_table(console, columns, rows)
    for note in notes:
        console.print(Text(note, "yellow"), soft_wrap=True)
