"""Exercise of chapter 09 on events that exclude each other: the cumulative incidence."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "9.6",
    "The share with one of two events",
    points=3,
    hints=[
        "Go through the days up to the horizon in their order, np.unique(days[days <= horizon]).",
        "On each day: watched = np.sum(days >= day), those still under observation. The share free of every event "
        "loses the fraction np.sum((days == day) & (states > 0)) / watched.",
        "Before that, add to the answer: free * np.sum((days == day) & (states == event)) / watched.",
    ],
)
def incidence(days, states, event, horizon):
    """days (n,) until an event or the last contact, states (n,): 0 censored, else which event,
    event: the one that counts → share who had it by the horizon (that day included)"""
    had, free = 0.0, 1.0
    for day in np.unique(days[days <= horizon]):
        watched = np.sum(days >= day)
        had += free * np.sum((days == day) & (states == event)) / watched
        free *= 1 - np.sum((days == day) & (states > 0)) / watched
    return had


@incidence.checks
def _(answer, rng):
    cases = [
        (np.array([1, 2, 3, 3, 4, 5]), np.array([1, 0, 0, 2, 1, 1]), 1, 4),  # tells all known mistakes apart
        (np.array([1, 2, 3, 4]), np.array([1, 0, 1, 0]), 1, 3),
        (np.array([5, 5, 5, 9]), np.array([1, 2, 0, 1]), 1, 9),
        (np.array([5, 5, 9, 9]), np.array([2, 1, 0, 0]), 2, 5),
        (np.array([3, 4, 6]), np.array([0, 2, 0]), 1, 9),
    ]
    for n, event, horizon in [(25, 1, 30), (60, 2, 30), (60, 1, 20)]:
        cases.append((rng.integers(1, 41, size=n), rng.choice(3, size=n, p=[0.4, 0.25, 0.35]), event, horizon))
    for days, states, event, horizon in cases:
        inputs = None if len(days) <= 6 else f"{len(days)} people, event {event} and horizon {horizon}"
        why = "the sum over days of: share free of every event before × those with this one / those under observation"
        answer.case(inputs, days, states, event, horizon, why=why, shape="one number")


def _walk(days, states, event, horizon, order="at the start of the day", free_of=None, watched=None):
    """The reference with one thing changed."""
    had, free = 0.0, 1.0
    free_of = (lambda state: state > 0) if free_of is None else free_of
    watched = (lambda day: np.sum(days >= day)) if watched is None else watched
    for day in np.unique(days[days <= horizon]):
        left = max(watched(day), 1)
        before = free
        free *= 1 - np.sum((days == day) & free_of(states)) / left
        share = before if order == "at the start of the day" else free
        had += share * np.sum((days == day) & (states == event)) / left
    return had


@incidence.wrong(
    "1 - Kaplan-Meier",
    says="you took the other event for censoring, which gives 1 - Kaplan–Meier; people who had the other event cannot "
    "have this one: let every event lower the share that is free",
)
def _(days, states, event, horizon):
    return _walk(days, states, event, horizon, free_of=lambda state: state == event)


@incidence.wrong(
    "a plain share",
    says="you divided those seen to have the event by all people; some of the censored had it later, unseen",
)
def _(days, states, event, horizon):
    return np.mean((states == event) & (days <= horizon))


@incidence.wrong(
    "the censored left out",
    says="you left out everybody who is censored; count them under observation for as long as they were",
)
def _(days, states, event, horizon):
    known = (states > 0) | (days >= horizon)
    return np.mean(((states == event) & (days <= horizon))[known])


@incidence.wrong(
    "free at the end of the day",
    says="you multiplied by the share free at the end of the day; take it from before that day's events",
)
def _(days, states, event, horizon):
    return _walk(days, states, event, horizon, order="at the end of the day")


@incidence.wrong(
    "any event",
    says="you counted every event; add those with the event that is asked for, though all of them lower the share free",
)
def _(days, states, event, horizon):
    return _walk(days, np.where(states > 0, event, 0), event, horizon)


@incidence.wrong(
    "the other event",
    says="you counted the other event; the argument event says which one counts",
)
def _(days, states, event, horizon):
    return _walk(days, states, 3 - event, horizon)


@incidence.wrong(
    "the day of the horizon left out",
    says="you left out what happened on the day of the horizon; that day is included",
)
def _(days, states, event, horizon):
    return _walk(days, states, event, horizon - 0.5)


@incidence.wrong("beyond the horizon", says="you counted events after the horizon; stop there")
def _(days, states, event, horizon):
    return _walk(days, states, event, np.inf)


@incidence.wrong(
    "censored that day are not watched",
    says="you left out people who are censored on the very day; they were still under observation when it happened",
)
def _(days, states, event, horizon):
    return _walk(
        days, states, event, horizon, watched=lambda day: np.sum((days > day) | ((days == day) & (states > 0)))
    )


@incidence.wrong(
    "always everybody",
    says="you divided by all people on each day; divide by those still under observation, days >= day",
)
def _(days, states, event, horizon):
    return _walk(days, states, event, horizon, watched=lambda day: len(days))


@incidence.wrong("the share without", says="you returned the share without the event; return the share that had it")
def _(days, states, event, horizon):
    return 1 - incidence(days, states, event, horizon)
