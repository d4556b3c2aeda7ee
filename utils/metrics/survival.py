"""Scores for outcomes that take time, of people who are not all watched to the end.

days: (n,), time until the event or the last contact, in any one unit. happened: (n,) of 0/1 or bool, whether the event
ended it; 0 is censored. Whoever is censored at the time of an event was still watched when it happened.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm

from utils.errors import CourseError
from utils.metrics import checks
from utils.metrics.checks import UndefinedScore

AT_ONCE = 2_000_000  # pairs of people in memory


class Survival(NamedTuple):
    """A Kaplan–Meier curve: from each of ``times`` (t,), rising, the share ``alive`` (t,), with a pointwise interval.

    ``watched`` and ``events`` (t,) int are the people under observation just before, and those with the event then.
    """

    times: np.ndarray
    watched: np.ndarray
    events: np.ndarray
    alive: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def at(self, time: ArrayLike) -> np.ndarray:
        """The share alive after a time or several: 1 before the first event, and the last one after the last."""
        return _step(self.times, self.alive, time, 1.0, "right")

    def before(self, time: ArrayLike) -> np.ndarray:
        """The share alive just before a time or several."""
        return _step(self.times, self.alive, time, 1.0, "left")


def _step(times: np.ndarray, values: np.ndarray, at: ArrayLike, start: float, side: str) -> np.ndarray:
    return np.append(start, values)[np.searchsorted(times, at, side)]


def _followed(days: ArrayLike, happened: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    happened, days = checks.binary(happened, days, "days")
    if days.min() < 0:
        raise CourseError(f"The days must not be negative, and one is {days.min():g}: count from the start.")
    return days.astype(float), happened


def kaplan_meier(days: ArrayLike, happened: ArrayLike, level: float = 0.95) -> Survival:
    """The share still free of the event, from everybody for as long as they were watched.

    The interval is Greenwood's on the scale log(-log), which stays within 0 and 1; it takes people for independent.

    Parameters
    ----------
    days, happened : array-like, (n,)
        As the module says.
    level : float
        Of the interval, between 0 and 1.

    Returns
    -------
    Survival
        At the times of the events; empty arrays when there was none.

    Raises
    ------
    CourseError
        When lengths differ, a value is missing, a time is negative or ``happened`` is not 0 or 1.

    References
    ----------
    Kaplan and Meier (1958), https://doi.org/10.1080/01621459.1958.10501452.
    """
    days, happened = _followed(days, happened)
    level = checks.number(level, "level", 0, 1)
    times, events = np.unique(days[happened], return_counts=True)
    watched = len(days) - np.searchsorted(np.sort(days), times)
    alive = np.cumprod(1 - events / watched)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt(np.cumsum(events / (watched * (watched - events)))) / np.log(alive)
        power = np.exp(norm.ppf(0.5 + level / 2) * spread * np.array([[-1], [1]]))
    low, high = np.where(alive > 0, alive**power, 0.0) if len(times) else np.empty((2, 0))
    return Survival(times, watched, events, alive, low, high)


def censoring_weights(
    days: ArrayLike, happened: ArrayLike, horizon: float, learned_from: ArrayLike | None = None
) -> np.ndarray:
    """How many people each one stands for whose state at the horizon is known; 0 for the others.

    1 / P(still watched) just before the event or the horizon. The average of any quantity with these weights is free of
    the censoring if that has nothing to do with the risk. On the rows they were learned from they sum to n, and
    the weighted share of events is 1 - Kaplan–Meier.

    Parameters
    ----------
    days, happened : array-like, (n,)
        As the module says.
    horizon : float
        In the unit of the days.
    learned_from : array-like of int, optional
        The rows of which the chance to be watched is estimated, for example those of the training part; all by default.

    Returns
    -------
    ndarray of float, (n,)

    Raises
    ------
    CourseError
        As for ``kaplan_meier``; or when nobody of those rows is watched for as long as somebody who needs a weight.

    References
    ----------
    Graf and others (1999), https://doi.org/10.1002/(SICI)1097-0258(19990915/30)18:17/18%3C2529::AID-SIM274%3E3.0.CO;2-5.
    """
    days, happened = _followed(days, happened)
    horizon = checks.number(horizon, "horizon", 0, np.inf)
    rows = slice(None) if learned_from is None else np.asarray(learned_from)
    until = np.minimum(days, horizon)
    known = (happened & (days <= horizon)) | (days >= horizon)
    seen = np.sort(days[rows])
    still_here = 1 - np.searchsorted(seen, until) / len(seen)  # neither dead nor lost
    alive = kaplan_meier(days[rows], happened[rows]).before(until)
    if (still_here[known] == 0).any():
        raise CourseError(
            f"Nobody of the {len(seen)} people whom the weights are learned from was watched for "
            f"{until[known].max():g} days: choose an earlier horizon."
        )
    return np.where(known, alive / np.where(still_here > 0, still_here, 1), 0.0)


def concordance(
    days: ArrayLike,
    happened: ArrayLike,
    risks: ArrayLike,
    horizon: float = np.inf,
    weights: ArrayLike | None = None,
) -> float:
    """The C-index: of two people of whom one is known to have the event first, how often has that one the higher risk?

    Without weights it is Harrell's, which depends on how people were censored; with 1 / P(still watched)² for
    the one with the event (the squares of ``censoring_weights``) it is Uno's, which does not.

    Parameters
    ----------
    days, happened : array-like, (n,)
        As the module says.
    risks : array-like of float, (n,)
        Any score that is higher where the event is expected sooner. Equal risks count one half.
    horizon : float
        Only events up to here are judged.
    weights : array-like of float, (n,), optional
        What a pair counts, by the person with the event.

    Returns
    -------
    float
        0.5 for a coin, 1 for the right order.

    Raises
    ------
    UndefinedScore
        When no two people can be compared.
    CourseError
        As for ``kaplan_meier``, or when the risks do not fit.

    References
    ----------
    Harrell and others (1982), https://doi.org/10.1001/jama.1982.03320430047030; Uno and others (2011),
    https://doi.org/10.1002/sim.4154.
    """
    days, happened = _followed(days, happened)
    risks = checks.numbers(risks, "risks")
    checks.same_length([days, risks], ["days", "risks"])
    cases = np.flatnonzero(happened & (days <= horizon))
    cases = cases[np.argsort(days[cases], kind="stable")]
    order = np.lexsort((~happened, days))  # of one day first those with the event
    place = np.searchsorted(days[order], days[cases], "right") - _censored_then(days, happened, days[cases])
    value = np.ones(len(cases)) if weights is None else checks.numbers(weights, "weights").astype(float)[cases]
    levels, rank = np.unique(risks[order], return_inverse=True)
    rank, own = rank.astype(np.int32), np.searchsorted(levels, risks[cases]).astype(np.int32)  # quicker than floats
    higher, pairs = 0.0, float(value @ (len(days) - place))
    for some in np.array_split(np.arange(len(cases)), max(1, len(cases) * len(days) // AT_ONCE)):
        later = np.arange(len(days), dtype=np.int32) >= place[some, None].astype(np.int32)
        lower = np.count_nonzero((rank < own[some, None]) & later, axis=1)
        level = np.count_nonzero((rank == own[some, None]) & later, axis=1)
        higher += value[some] @ (lower + 0.5 * level)
    if not pairs:
        raise UndefinedScore("No two people can be compared: nobody was watched for longer than one with the event.")
    return float(higher / pairs)


def _censored_then(days: np.ndarray, happened: np.ndarray, times: np.ndarray) -> np.ndarray:
    """How many are censored at exactly each of the times."""
    lost = np.sort(days[~happened])
    return np.searchsorted(lost, times, "right") - np.searchsorted(lost, times)


def survival_brier(days: ArrayLike, happened: ArrayLike, risks: ArrayLike, horizon: float) -> float:
    """The Brier score at a horizon, people weighted against censoring: 0 at best.

    Parameters
    ----------
    days, happened : array-like, (n,)
        As the module says.
    risks : array-like of float, (n,)
        Probability of the event by the horizon.
    horizon : float
        In the unit of the days.

    Returns
    -------
    float
        From 0 to 1; the same risk p for everybody gives p (1 - p) when p is the share by Kaplan–Meier.

    Raises
    ------
    CourseError
        As for ``censoring_weights``, or when the risks are not probabilities.

    References
    ----------
    Graf and others (1999), as for ``censoring_weights``.
    """
    weights = censoring_weights(days, happened, horizon)
    risks = checks.are_probabilities(checks.numbers(risks, "risks")).astype(float)
    checks.same_length([weights, risks], ["days", "risks"])
    by_then = (np.asarray(happened) == 1) & (np.asarray(days) <= horizon)
    return float(np.average((by_then - risks) ** 2, weights=weights))


def integrated_brier(days: ArrayLike, happened: ArrayLike, risks: ArrayLike, horizons: ArrayLike) -> float:
    """The mean of ``survival_brier`` over the horizons (t,), rising, by the trapezoidal rule.

    risks: (n, t), the probability of the event by each of them. Otherwise as ``survival_brier``.
    """
    horizons = checks.numbers(horizons, "horizons").astype(float)
    risks = checks.numbers(risks, "risks")
    if len(horizons) < 2 or (np.diff(horizons) <= 0).any() or risks.ndim != 2 or risks.shape[1] != len(horizons):
        raise CourseError(
            f"Give two or more rising horizons, and one column of risks for each; there are {len(horizons)} horizons, "
            f"and risks of shape {risks.shape}."
        )
    scores = [survival_brier(days, happened, risk, at) for risk, at in zip(risks.T, horizons, strict=True)]
    return float(np.trapezoid(scores, horizons) / np.ptp(horizons))


class Incidence(NamedTuple):
    """The share ``had`` (t,) with one event by each of ``times`` (t,), where others can come first."""

    times: np.ndarray
    had: np.ndarray

    def at(self, time: ArrayLike) -> np.ndarray:
        """The share by a time or several; 0 before the first event."""
        return _step(self.times, self.had, time, 0.0, "right")


def cumulative_incidence(days: ArrayLike, states: ArrayLike, event: int) -> Incidence:
    """The share with one of several events that exclude each other, by Aalen and Johansen.

    At each time: the share still free of *all* events, times the share of those under observation with this one. 1 -
    Kaplan–Meier with the others taken for censored is larger: it asks for a world in which the others do not exist.

    Parameters
    ----------
    days : array-like, (n,)
        As the module says.
    states : array-like of int, (n,)
        0 for censored, otherwise which event ended the time.
    event : int
        The one that is counted, 1 or more.

    Returns
    -------
    Incidence
        At the times of any event.

    Raises
    ------
    CourseError
        As for ``kaplan_meier``.

    References
    ----------
    Aalen and Johansen (1978), Scandinavian Journal of Statistics 5:141-150.
    """
    event, states = checks.whole(event, "event", 1), checks.numbers(states, "states")
    days, _ = _followed(days, states > 0)
    curve = kaplan_meier(days, states > 0)
    ours = np.sort(days[states == event])
    count = np.searchsorted(ours, curve.times, "right") - np.searchsorted(ours, curve.times)
    return Incidence(curve.times, np.cumsum(curve.before(curve.times) * count / curve.watched))
