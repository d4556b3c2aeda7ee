"""Refusals of scans: one sentence each, which names the file, what was expected and what was found."""

from collections.abc import Iterable
from pathlib import Path

from utils.errors import CourseError

LONGEST = 280  # characters of a message that `course run` shows


def refusal(path: Path, expected: str, found: str, advice: str = "") -> CourseError:
    """``NAME: expected …, found …; advice.`` Never give it the value of a field: it may be a name."""
    name = path.name if path.name.isprintable() else path.name.encode("unicode_escape").decode()
    name = name if len(name) <= 60 else name[:59] + "…"
    text = f"{name}: expected {expected}, found {found}{'; ' + advice if advice else ''}."
    return CourseError(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def sides(lengths: Iterable[float]) -> str:
    """``512 x 512``, ``0.57 x 0.57``: lengths as one writes them."""
    return " x ".join(f"{length:.4g}" for length in lengths)


def counted(number: int, what: str) -> str:
    """``1 slice``, ``2 slices``."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"
