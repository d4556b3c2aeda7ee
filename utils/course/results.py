"""What a run leaves behind: the result of a chapter, with the claims and exercises that its outputs carry."""

from dataclasses import dataclass, field

from utils.claims import CLAIM_MIME, Claim
from utils.exercises.core import EXERCISE_MIME

REASONS = ("cell", "claim", "exercise", "kernel", "interrupted", "file")
INTERRUPTED = "interrupted"


@dataclass
class ChapterResult:
    """The result of executing one chapter.

    Attributes
    ----------
    name : str
        The name of the notebook, like ``03_cnn``.
    status : {"ok", "failed"}
    seconds : float
    peak_rss_mb : float
        The most resident memory that the kernel and its children held, in MiB.
    cells : int
        Code cells that were executed.
    error : str or None
        One sentence, when the chapter failed.
    reason : {"cell", "claim", "exercise", "kernel", "interrupted", "file"} or None
        What kind of failure it was: a cell raised or did not end; a judged claim was missed; an exercise has no
        solution or refuses it; the kernel did not start or died; the run was stopped; the notebook could not be read
        or written. None when the chapter is ok.
    claims : list of Claim
    notebook : str or None
        The file name of the executed notebook, once it is written.
    cached : bool
        Whether an earlier run executed it; seconds, cells and memory are those of that run.
    why : str or None
        Why it was executed, or why it did not have to be; None where that was not asked.
    """

    name: str
    status: str = "ok"
    seconds: float = 0.0
    peak_rss_mb: float = 0.0
    cells: int = 0
    error: str | None = None
    reason: str | None = None
    claims: list[Claim] = field(default_factory=list)
    notebook: str | None = None
    cached: bool = False
    why: str | None = None

    def fail(self, reason: str, error: str) -> None:
        """Mark the chapter as failed. The first failure that is found keeps its reason and its sentence."""
        if reason not in REASONS:
            raise ValueError(f"There is no reason {reason!r}; there are {', '.join(REASONS)}.")
        if self.status == "ok":
            self.status, self.reason, self.error = "failed", reason, error

    def interrupt(self) -> None:
        """Mark the chapter as stopped by the reader, whatever else was found."""
        self.status, self.reason, self.error = "failed", INTERRUPTED, INTERRUPTED

    @property
    def kept(self) -> str:
        """The claims in words: ``3 of 4`` within their bands, ``2 recorded`` that are not judged, or a dash."""
        judged = [claim.ok for claim in self.claims if claim.judged]
        words = [f"{sum(judged)} of {len(judged)}"] if judged else []
        if recorded := len(self.claims) - len(judged):
            words.append(f"{recorded} recorded")
        return ", ".join(words) or "–"

    def as_json(self) -> dict:
        """The entry of this chapter in ``report.json``."""
        return {
            "name": self.name,
            "status": self.status,
            "reason": self.reason,
            "error": self.error,
            "seconds": round(self.seconds, 2),
            "peak_rss_mb": round(self.peak_rss_mb, 1),
            "cells": self.cells,
            "cached": self.cached,
            "why": self.why,
            "claims": [claim.as_record() for claim in self.claims],
        }


def records(notebook: dict, mime: str) -> list:
    """All that the outputs of a notebook carry under a MIME type, in order."""
    return [
        output["data"][mime]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if mime in output.get("data", {})
    ]


def claims(notebook: dict) -> list[Claim]:
    """The claims of an executed notebook, in order. Raises CourseError for a record that cannot be read."""
    return [Claim.from_record(record) for record in records(notebook, CLAIM_MIME)]


def exercises(notebook: dict) -> dict[str, dict]:
    """Exercise id → its last record (status, points, of, message …) in an executed notebook."""
    return {record["id"]: record for record in records(notebook, EXERCISE_MIME)}
