"""Exercises of chapter 08, from a record to numbers: the label with censoring, values carried forward, time gaps."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import describe, expect, expect_array, expect_close, rule_out


@exercise(
    "8.1",
    "A label with censoring",
    points=2,
    hints=[
        "Three answers: 1.0 if the person died by the horizon, 0.0 if seen alive at or after it, np.nan otherwise.",
        "Begin with label = np.full(len(days), np.nan) and fill in what you know.",
        "(died == 1) & (days <= horizon) are the deaths that count. Everybody else with days >= horizon lived to see "
        "it, those who died later among them.",
    ],
)
def label_at(days, died, horizon):
    """days (n,) until death or last contact, died (n,) 0 or 1 → label (n,): 1.0, 0.0 or NaN"""
    label = np.full(len(days), np.nan)
    label[days >= horizon] = 0.0
    label[(died == 1) & (days <= horizon)] = 1.0
    return label


@label_at.checks
def _(answer, rng):
    cases = [
        (np.array([100, 100, 900, 900]), np.array([1, 0, 1, 0]), 500),
        (np.array([500, 500]), np.array([1, 0]), 500),
    ]
    for n in (12, 40, 0):
        cases.append((rng.integers(1, 1000, size=n), rng.integers(0, 2, size=n), 400))
    for days, died, horizon in cases:
        small = f"days {describe(days)}, died {describe(died)} and horizon {horizon}"
        inputs = small if len(days) <= 4 else f"{len(days)} people and horizon {horizon}"
        wanted = label_at(days, died, horizon)
        got = expect_array(answer(days, died, horizon), wanted.shape, why="one label a person", inputs=inputs)
        for mistake, words in {
            _lost_is_alive: "you took people lost before the horizon for survivors; what became of them is not known",
            _any_death: "you counted deaths after the horizon; at the horizon these people were alive",
            _late_deaths_lost: "you lost those who died after the horizon: at the horizon they were alive, 0.0",
            _strictly_after: "you lost people seen alive on the very day of the horizon; they count as 0.0",
            _lost_is_dead: "you took people lost before the horizon for dead; what became of them is not known",
        }.items():
            rule_out(got, mistake(days, died, horizon), wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="1.0 died by then, 0.0 seen alive then or later, NaN not known")


@label_at.wrong("lost counts as alive", says="for survivors")
def _lost_is_alive(days, died, horizon):
    return ((died == 1) & (days <= horizon)).astype(float)


@label_at.wrong("lost counts as dead", says="for dead")
def _lost_is_dead(days, died, horizon):
    return (days < horizon).astype(float) + ((died == 1) & (days == horizon))


@label_at.wrong("every death counts", says="deaths after the horizon")
def _any_death(days, died, horizon):
    return np.where(died == 1, 1.0, np.where(days >= horizon, 0.0, np.nan))


@label_at.wrong("later deaths are unknown", says="lost those who died after")
def _late_deaths_lost(days, died, horizon):
    known = label_at(days, died, horizon)
    return np.where((died == 1) & (days > horizon), np.nan, known)


@label_at.wrong("alive on the last day is unknown", says="the very day")
def _strictly_after(days, died, horizon):
    return np.where((died == 1) & (days <= horizon), 1.0, np.where(days > horizon, 0.0, np.nan))


@exercise(
    "8.2",
    "Last observation carried forward",
    points=2,
    hints=[
        "Walk from visit 0 to the last, and keep one row, the latest known value of each variable; it begins as zeros.",
        "latest = np.where(observed[t], values[t], latest), and this is row t of the answer.",
    ],
)
def carry_forward(values, observed):
    """values (visits, variables), observed of bool → filled, all one shape; 0 before the first"""
    filled, latest = np.zeros(values.shape), np.zeros(values.shape[1])
    for t in range(len(values)):
        latest = np.where(observed[t], values[t], latest)
        filled[t] = latest
    return filled


@carry_forward.checks
def _(answer, rng):
    cases = [(np.array([[3.0], [9.0], [5.0]]), np.array([[True], [False], [True]]))]
    cases.append((np.array([[3.0], [0.0], [9.0]]), np.array([[True], [True], [False]])))
    for visits, variables in [(6, 3), (12, 2), (1, 2), (0, 2)]:
        observed = rng.random((visits, variables)) < 0.5
        if visits > 5:
            observed[0, 0], observed[:2, 1], observed[-1] = True, False, False
        values = np.where(observed, rng.normal(size=observed.shape), 99.0)  # a number where nothing was measured
        values = np.where(observed & (rng.random(observed.shape) < 0.15), 0.0, values)  # a measured zero
        cases.append((values, observed))
    for values, observed in cases:
        inputs = f"{len(values)} visits and {values.shape[1]} variables"
        if 2 <= values.size <= 3:
            inputs = f"values {describe(values.ravel())} of one variable, observed {describe(observed.ravel())}"
        wanted = carry_forward(values, observed)
        got = expect_array(answer(values, observed), wanted.shape, why="a filled value for each one", inputs=inputs)
        expect(np.isfinite(got).all(), f"for {inputs} you left NaN: before the first observation stands 0")
        for mistake, words in {
            _unobserved_used: "you kept numbers that were not observed; where observed is False they mean nothing",
            _zeros: "you put 0 where nothing was observed; carry the last observation there",
            _backward: "you carried values backward, from later visits: at that moment they were not known",
            _nonzero: "you did not carry a measured 0: ask observed, not the value, whether something was measured",
            _first_filled: "you filled the visits before the first observation with it; nobody knew it yet",
        }.items():
            rule_out(got, mistake(values, observed), wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="the latest observation at or before that visit, or 0")


@carry_forward.wrong("the values as they stand", says="not observed")
def _unobserved_used(values, observed):
    return values.copy()


@carry_forward.wrong("zeros in the holes", says="you put 0")
def _zeros(values, observed):
    return np.where(observed, values, 0)


@carry_forward.wrong("carried backward", says="from later visits")
def _backward(values, observed):
    return carry_forward(values[::-1], observed[::-1])[::-1]


@carry_forward.wrong("zero taken for missing", says="a measured 0")
def _nonzero(values, observed):
    return carry_forward(values, observed & (values != 0))


@carry_forward.wrong("filled before the first", says="nobody knew it yet")
def _first_filled(values, observed):
    filled = carry_forward(values, observed)
    for column in range(values.shape[1]):
        seen = np.flatnonzero(observed[:, column])
        if len(seen):
            filled[: seen[0], column] = values[seen[0], column]
    return filled


@carry_forward.wrong("NaN before the first", says="left NaN")
def _(values, observed):
    return np.where(np.maximum.accumulate(observed, axis=0), carry_forward(values, observed), np.nan)


@exercise(
    "8.3",
    "How old is what we know?",
    points=2,
    hints=[
        "Row 0 is all zeros. For each later visit t, gap = times[t] - times[t - 1] has passed.",
        "If the variable was observed at the visit before, its age is the gap alone. If not, it has grown by the gap.",
        "since[t] = gap + np.where(observed[t - 1], 0, since[t - 1])",
    ],
)
def time_since(times, observed):
    """times (visits,), observed (visits, variables) of bool → since (visits, variables):
    time since last observed at an earlier visit, or since the first visit if never"""
    since = np.zeros(observed.shape)
    for t in range(1, len(times)):
        since[t] = times[t] - times[t - 1] + np.where(observed[t - 1], 0, since[t - 1])
    return since


@time_since.checks
def _(answer, rng):
    cases = [(np.array([-90.0, -60.0, 0.0]), np.array([[True], [False], [False]]))]
    for visits, variables in [(7, 3), (12, 2), (1, 2), (0, 1)]:
        times = np.cumsum(rng.integers(1, 200, size=visits)) - 2000.0
        observed = rng.random((visits, variables)) < 0.5
        observed[1:4, 0] = False
        observed[:1] = True
        cases.append((times, observed))
    for times, observed in cases:
        inputs = f"{len(times)} visits and {observed.shape[1]} variables"
        if observed.size <= 3 and len(times) == 3:
            inputs = f"times {describe(times)} and one variable, observed {describe(observed.ravel())}"
        wanted = time_since(times, observed)
        got = expect_array(answer(times, observed), wanted.shape, why="one age for each value", inputs=inputs)
        for mistake, words in {
            _gaps_only: "you returned the gap since the visit before; while a variable is not observed its age grows",
            _reset_at_once: "your age is 0 where the variable is observed now; it tells how old the *earlier* value is",
            _never_reset: "your age goes on growing after an observation; it begins anew there",
            _visits: "you counted visits; count the time between them",
        }.items():
            rule_out(got, mistake(times, observed), wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="the gap, plus the age at the visit before unless observed there")


@time_since.wrong("gaps only", says="its age grows")
def _gaps_only(times, observed):
    return np.repeat(np.diff(times, prepend=times[:1])[:, None], observed.shape[1], axis=1)


@time_since.wrong("zero where observed", says="is 0 where")
def _reset_at_once(times, observed):
    return np.where(observed, 0, time_since(times, observed))


@time_since.wrong("never begins anew", says="begins anew")
def _never_reset(times, observed):
    return np.repeat((times - times[:1])[:, None], observed.shape[1], axis=1)


@time_since.wrong("counts visits", says="you counted visits")
def _visits(times, observed):
    return time_since(np.arange(len(times)), observed)
