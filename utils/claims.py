"""Results that the prose relies on, each shown and recorded with the band in which it is accepted.

A chapter calls ``run.claim("test accuracy", accuracy, at_least=0.80)``, where ``run`` comes from ``utils.nn.start``
and knows whether claims are judged; ``claim`` here is the same without a run. The reader sees the value, its band and
the verdict. The notebook's output stores them under a MIME type of their own, from which ``course run`` reads them.
A missed claim never raises: a reader who changes a parameter sees what moved, and the run is judged as a whole.
"""

import math
from dataclasses import dataclass

from utils import verdicts
from utils.errors import CourseError, UsageError

CLAIM_MIME = "application/vnd.course.claim+json"


@dataclass(frozen=True)
class Claim:
    """A measured number and the band in which it is accepted.

    Attributes
    ----------
    name : str
        What was measured, in words.
    value : float or None
        The number; None when it was not finite (JSON has no NaN).
    low, high : float or None
        The ends of the band, both included; None where it is open.
    judged : bool
        False when the claim is only recorded, as in the smoke profile or on data of the reader's own.

    Raises
    ------
    UsageError
        When the band is missing, empty or not finite.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    judged: bool = True

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise UsageError(f"Claim {self.name!r} has no band: give at_least, at_most or between.")
        for key in ("value", "low", "high"):
            number = getattr(self, key)
            if number is not None:
                number = float(number)
                object.__setattr__(self, key, number if math.isfinite(number) else None)
                if key != "value" and not math.isfinite(number):
                    raise UsageError(f"Claim {self.name!r}: an end of the band is {number}; leave it out instead.")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise UsageError(f"Claim {self.name!r}: the band from {self.low:g} to {self.high:g} is empty.")

    @property
    def ok(self) -> bool:
        """Whether the value is a finite number within the band."""
        if self.value is None:
            return False
        return (self.low is None or self.value >= self.low) and (self.high is None or self.value <= self.high)

    @property
    def missed(self) -> bool:
        """Whether the claim counts as a failure: judged, and not within its band."""
        return self.judged and not self.ok

    @property
    def mark(self) -> str:
        """✓ within the band, ✗ missed, ○ recorded without being judged."""
        if not self.judged:
            return "○"
        return "✓" if self.ok else "✗"

    def value_text(self) -> str:
        """The value in words: four digits, or *not a finite number*."""
        return "not a finite number" if self.value is None else f"{self.value:.4g}"

    def band(self) -> str:
        """The band in words: ``≥ 0.8``, ``≤ 1e-05`` or ``0.2 to 0.4``."""
        if self.high is None:
            return f"≥ {self.low:g}"
        if self.low is None:
            return f"≤ {self.high:g}"
        return f"{self.low:g} to {self.high:g}"

    def verdict(self) -> str:
        """Value and band in words: ``0.71 (accepted ≥ 0.8)``."""
        aside = "" if self.judged else "; recorded, not judged"
        return f"{self.value_text()} (accepted {self.band()}{aside})"

    def text(self) -> str:
        """The line that the reader sees: ``✗ recall: 0.71 (accepted ≥ 0.8)``."""
        return f"{self.mark} {self.name}: {self.verdict()}"

    def as_record(self) -> dict:
        """The claim as notebooks and ``report.json`` store it: name, value, low, high, ok, judged."""
        return {
            "name": self.name,
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "ok": self.ok,
            "judged": self.judged,
        }

    @classmethod
    def from_record(cls, record: dict) -> "Claim":
        """The claim in a stored record. ``ok`` is worked out anew. Raises CourseError for what is not a record."""
        try:
            numbers = {key: record.get(key) for key in ("value", "low", "high")}
            return cls(str(record["name"]), judged=bool(record.get("judged", True)), **numbers)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise CourseError(f"An output is marked as a claim but cannot be read as one ({error}).") from error

    def show(self) -> None:
        """Display the claim, and store its record in the output."""
        verdicts.show(self.text(), CLAIM_MIME, self.as_record())


def claim(
    name: str,
    value: float,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    between: tuple[float, float] | None = None,
    judged: bool = True,
) -> None:
    """Show and record a result together with the band in which it is accepted.

    Parameters
    ----------
    name : str
        What was measured, in words.
    value : float
        The measured number; a scalar tensor or array is converted.
    at_least, at_most : float, optional
        The lower and the upper end of the band, both included.
    between : pair of float, optional
        Both ends at once.
    judged : bool
        False to record the claim without judging it.

    Raises
    ------
    UsageError
        When no band is given, when it is given twice, or when its ends are the wrong way round.
    """
    if between is not None:
        if at_least is not None or at_most is not None:
            raise UsageError(f"Claim {name!r}: give either between=(low, high), or at_least and at_most.")
        at_least, at_most = between
    Claim(name, value, at_least, at_most, judged).show()
