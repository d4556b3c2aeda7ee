"""What a run leaves behind: the result of a chapter, with the claims and exercises that its outputs carry."""

import math
from dataclasses import dataclass, field

from utils.claims import CLAIM_MIME
from utils.exercises.core import EXERCISE_MIME


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
    claims : list of dict
        Keys name, value, low, high, ok; value is None when it was not a finite number.
    notebook : str or None
        The file name of the executed notebook, once it is written.
    """

    name: str
    status: str = "ok"
    seconds: float = 0.0
    peak_rss_mb: float = 0.0
    cells: int = 0
    error: str | None = None
    claims: list = field(default_factory=list)
    notebook: str | None = None

    def fail(self, error):
        """Mark the chapter as failed, for the first reason that is given."""
        self.status, self.error = "failed", self.error or error

    def as_json(self):
        """The entry of this chapter in ``report.json``."""
        return {
            "name": self.name,
            "status": self.status,
            "seconds": round(self.seconds, 2),
            "peak_rss_mb": round(self.peak_rss_mb, 1),
            "cells": self.cells,
            "error": self.error,
            "claims": self.claims,
        }


def records(notebook, mime):
    """All that the outputs of a notebook carry under a MIME type, in order."""
    return [
        output["data"][mime]
        for cell in notebook["cells"]
        for output in cell.get("outputs", [])
        if mime in output.get("data", {})
    ]


def claims(notebook):
    """The claims of an executed notebook, as dicts with name, value, low, high, ok and judged."""
    return [
        {
            "name": str(record["name"]),
            **{key: _finite(record.get(key)) for key in ("value", "low", "high")},
            "ok": bool(record["ok"]) and _finite(record.get("value")) is not None,
            "judged": bool(record.get("judged", True)),
        }
        for record in records(notebook, CLAIM_MIME)
    ]


def _finite(value):
    """A number as JSON can hold it: None for NaN and infinities."""
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def exercises(notebook):
    """Exercise id → its last record (status, points, of, message …) in an executed notebook."""
    return {record["id"]: record for record in records(notebook, EXERCISE_MIME)}
