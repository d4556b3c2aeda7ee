"""Results that the prose relies on, each printed and recorded with the band in which it is accepted.

A chapter says ``claim("test accuracy", accuracy, at_least=0.80)``. The value, its band and the verdict are shown to
the reader and stored in the notebook's output under a MIME type of their own, from which ``course run`` reads them.
A claim never raises: a reader who changes a parameter sees what moved, and the run as a whole is judged afterwards.
"""

import math

from utils import verdicts

CLAIM_MIME = "application/vnd.course.claim+json"

_judged, _otherwise = True, ""


def judge(judged, otherwise=""):
    """Say whether claims are judged or only recorded, and where that is so. Called by ``utils.nn.start``."""
    global _judged, _otherwise
    _judged, _otherwise = bool(judged), otherwise


def claim(name, value, *, at_least=None, at_most=None, between=None):
    """Print and record a result together with the band in which it is accepted.

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

    Raises
    ------
    ValueError
        When no band is given, when it is given twice, or when its ends are the wrong way round.
    """
    if between is not None:
        if at_least is not None or at_most is not None:
            raise ValueError(f"Claim {name!r}: give either between=(low, high), or at_least and at_most.")
        at_least, at_most = between
    if at_least is None and at_most is None:
        raise ValueError(f"Claim {name!r} has no band: give at_least, at_most or between.")
    if at_least is not None and at_most is not None and at_least > at_most:
        raise ValueError(f"Claim {name!r}: the band from {at_least} to {at_most} is empty.")
    value = float(value)
    record = {
        "name": name,
        "value": value if math.isfinite(value) else None,  # JSON has no NaN
        "low": None if at_least is None else float(at_least),
        "high": None if at_most is None else float(at_most),
        "ok": (at_least is None or value >= at_least) and (at_most is None or value <= at_most),
        "judged": _judged,
    }
    verdicts.show(_text(record, value), CLAIM_MIME, record)


def band(low, high):
    """The words for a band: ``≥ 0.8``, ``≤ 1e-05`` or ``0.2 to 0.4``."""
    if high is None:
        return f"≥ {low:g}"
    if low is None:
        return f"≤ {high:g}"
    return f"{low:g} to {high:g}"


def _text(record, value):
    mark = ("✓" if record["ok"] else "✗") if record["judged"] else "○"
    accepted = band(record["low"], record["high"])
    aside = "" if record["judged"] else f"; recorded, not judged {_otherwise}".rstrip()
    return f"{mark} {record['name']}: {value:.4g} (accepted {accepted}{aside})"
