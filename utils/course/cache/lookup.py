"""What was executed once and would come out the same is served from the cache.

A result is stored under a hash of all that it depends on (``dependencies``), by content. Whatever goes wrong with the
cache, the run goes on without it, and says so. A wrong result is never served: a run is kept only when everything that
its kernel has read is among what the key is made of, and is still what it was when the run began.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from utils import paths
from utils.claims import Claim
from utils.course.cache import executed
from utils.course.cache.dependencies import Course, Dependencies, unforeseen
from utils.course.cache.differences import differences, together
from utils.course.cache.entries import Damaged, Entries, Newer, Older, remove
from utils.course.cache.facts import MEMORY
from utils.course.jobs import Job
from utils.course.notebooks import write_atomically
from utils.course.results import ChapterResult
from utils.errors import CourseError

SAME = "nothing it depends on has changed"
WITHOUT = "the run went on without it; COURSE_CACHE_DIR names another folder"
FACTS = "facts"
DAMAGED = "what was kept of it was damaged"


@dataclass
class LookUp:
    """What the cache knows of a job.

    Attributes
    ----------
    job : Job
    result : ChapterResult or None
        The result of an earlier run, when nothing has changed since.
    notebook : dict or None
        The notebook with the outputs of that run; prose and metadata are today's.
    why : str
        Why it is served, or why it has to be executed: a clause.
    key : Dependencies or None
        What the job depends on; None where that is not known, and the result will not be kept.
    stamps : dict
        Path → what the system said of each file that it depends on.
    """

    job: Job
    result: ChapterResult | None = None
    notebook: dict | None = None
    why: str = ""
    key: Dependencies | None = None
    stamps: dict[Path, tuple[int, ...] | None] | None = None


class Cache:
    """The results of earlier runs, in a folder.

    Attributes
    ----------
    folder : Path
        The folder that ``COURSE_CACHE_DIR`` names, a relative one below that of the course, or one in the user's cache.
    trouble : str or None
        A sentence for the reader, when something was wrong with the folder; None otherwise.
    refused : dict
        Name of the job → why its result was not kept.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = Path(folder or paths.user_folder("COURSE_CACHE_DIR", "runs"))
        self.trouble: str | None = None
        self.refused: dict[str, str] = {}
        self._entries = Entries(self.folder)
        self._course: Course | None = None
        self._heads: dict[str, list[dict]] = {}

    def look_up(self, job: Job) -> LookUp:
        """The result of a job if it is kept, and why it is served or not."""
        found = LookUp(job)
        try:
            self._course = self._course or self._begin()
            found.key = self._course.dependencies(job)
        except (CourseError, OSError) as error:
            found.why = f"what it depends on cannot be known: {_words(error)}"
            return found
        self._note_facts()
        found.stamps = {path: self._course.contents.stamps.get(path) for path in found.key.files}
        try:
            self._serve(found)
        except OSError as error:
            found.why = "the cache cannot be read"
            self._say(f"cannot be read ({_words(error)})")
        except (ValueError, LookupError, TypeError, AttributeError, Older, Newer):
            found.result, found.notebook, found.why = None, None, DAMAGED
            self._unusable(self._entries.path(found.key.chapter, found.key.key), Damaged())
        return found

    def _begin(self) -> Course:
        """The course as it is now, and what earlier runs have found out by reading code."""
        try:
            MEMORY.load((self.folder / FACTS).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError, TypeError, AttributeError):
            pass  # then it is found out once more
        except OSError as error:
            self._say(f"cannot be read ({_words(error)})")
        return Course()

    def _note_facts(self) -> None:
        """Write down what reading code has told, unless an earlier run has."""
        if MEMORY.more:
            try:
                write_atomically(self.folder / FACTS, MEMORY.dump())
            except (CourseError, OSError) as error:
                self._say(f"cannot be written ({_words(error)})")

    def _serve(self, found: LookUp) -> None:
        kept = self._entries.read(found.key.chapter, found.key.key)
        if kept is None:
            found.why = self._difference(found.key)
        elif "refused" in kept[0]:
            found.why = f"an earlier run could not be kept: {kept[0]['refused']}"
        elif not executed.is_valid(found.key.notebook, kept[0]["form"]):
            found.why = "its notebook is no longer a valid one"
        else:
            found.notebook = executed.joined(found.key.notebook, kept[1])
            found.result = _result(found.job, kept[0])
            found.why = SAME

    def keep(self, found: LookUp, result: ChapterResult, notebook: dict | None, reads: Collection[str] | None) -> None:
        """Store a result that is ok, unless what it depends on is not known, or has changed since it was looked up.

        Parameters
        ----------
        found : LookUp
            What ``look_up`` said before the run.
        result : ChapterResult
        notebook : dict
            The executed notebook.
        reads : collection of str or None
            ``Watch.reads``.
        """
        if result.status != "ok" or found.key is None or notebook is None:
            return
        chapter = found.key.chapter
        try:
            course = Course()
            now = course.dependencies(found.job)
            head = {"chapter": chapter, "variant": now.variant, "cells": now.cells, "parts": now.parts}
            head |= {"seconds": result.seconds, "peak_rss_mb": result.peak_rss_mb, "count": result.cells}
            if changed := _changed(found, now, course):
                self.refused[found.job.name] = f"{together(changed)} while it ran"
                return
            if unknown := unforeseen(course, now, reads):
                self.refused[found.job.name] = together(unknown)
                self._entries.write(chapter, now.key, head | {"refused": self.refused[found.job.name]}, {})
                return
            head |= {"claims": [claim.as_record() for claim in result.claims], "form": executed.form(now.notebook)}
            self._entries.write(chapter, now.key, head, executed.taken_apart(now.notebook, notebook))
            self._heads.pop(chapter, None)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            self.refused[found.job.name] = f"what came of it cannot be stored ({error})"
        except (CourseError, OSError) as error:
            self._say(f"cannot be written ({_words(error)})")

    def remembered(self, job: Job) -> tuple[float, float] | None:
        """Seconds and MiB of the latest run of a chapter in a profile, whatever has changed since; None without one."""
        for head in self._of(job.path.stem):
            try:
                if head["variant"]["profile"] == job.profile:
                    return float(head["seconds"]), float(head["peak_rss_mb"])
            except (LookupError, TypeError, ValueError):
                continue
        return None

    def _of(self, chapter: str) -> list[dict]:
        """The heads of what is kept of a chapter, the most recently used first."""
        if chapter not in self._heads:
            try:
                self._heads[chapter] = list(self._entries.heads(chapter, self._unusable))
            except OSError as error:
                self._say(f"cannot be read ({_words(error)})")
                self._heads[chapter] = []
        return self._heads[chapter]

    def _difference(self, needs: Dependencies) -> str:
        """Why nothing that is kept of a chapter can be served."""
        heads = self._of(needs.chapter)
        if not heads:
            return "no run of it is kept"
        for name, words in _of_variant(needs):
            heads = [head for head in heads if head["variant"][name] == needs.variant[name]]
            if not heads:
                return f"no run of it {words} is kept"
        nearest = heads[0]
        found = differences(needs.cells, needs.parts, nearest["cells"], nearest["parts"])
        return together(found) or "something about it has changed"

    def _unusable(self, path: Path, error: Exception) -> None:
        """Note why an entry cannot be used, and remove it when it is of no use to anybody."""
        if isinstance(error, OSError):
            self._say(f"cannot be read ({_words(error)})")
            return
        remove(path)
        words = "what was of an earlier version of the course" if isinstance(error, Older) else "what was damaged"
        self._say(f"held {words}, which has been removed", "the run went on")

    def _say(self, words: str, consequence: str = WITHOUT) -> None:
        self.trouble = self.trouble or f"The cache in {self.folder} {words}: {consequence}."


def _of_variant(needs: Dependencies) -> Iterable[tuple[str, str]]:
    yield "profile", f"with profile {needs.variant['profile']}"
    yield "edition", f"in its {needs.variant['edition']} edition"
    yield "parameters", "with these parameters"


def _changed(found: LookUp, now: Dependencies, course: Course) -> list[str]:
    """What is not as it was when the run began; a dataset that the run has fetched is not among it."""
    before = found.key
    fetched = {path for path in now.fetched if found.stamps.get(path) is None}
    clauses = differences(now.cells, now.parts, before.cells, before.parts)
    if fetched:
        sets = {f"the dataset {name}" for path in fetched for name in course.data.sets_with(str(path.resolve()))}
        clauses = [clause for clause in clauses if clause.removesuffix(" has changed") not in sets]
    touched = [
        path
        for path in sorted(before.files | now.files)
        if path not in fetched and found.stamps.get(path) != course.contents.stamps.get(path)
    ]
    return clauses or [f"{path.name} has changed" for path in touched]


def _result(job: Job, head: dict) -> ChapterResult:
    return ChapterResult(
        job.name,
        seconds=float(head["seconds"]),
        peak_rss_mb=float(head["peak_rss_mb"]),
        cells=int(head["count"]),
        claims=[Claim.from_record(record) for record in head["claims"]],
        notebook=job.output.name if job.output else None,
    )


def _words(error: Exception) -> str:
    """What an error says, without a full stop; for one of the system, its words alone."""
    cause = error if isinstance(error, OSError) else error.__cause__
    text = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(error)
    return text.rstrip(".")
