"""Exercises of chapter 09, from a record to numbers: the label with censoring, values carried forward, time gaps."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import describe


@exercise(
    "9.1",
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
    cases += [(rng.integers(1, 1000, size=n), rng.integers(0, 2, size=n), 400) for n in (12, 40)]
    for days, died, horizon in cases:
        inputs = None if len(days) <= 4 else f"{len(days)} people and horizon {horizon}"
        why = "1.0 for dead by then, 0.0 for seen alive then or later, NaN for not known"
        answer.case(inputs, days, died, horizon, why=why, shape="one label per person")


@label_at.wrong(
    "lost counts as alive",
    says="you took people lost to follow-up before the horizon for survivors; what became of them is not known",
)
def _(days, died, horizon):
    return ((died == 1) & (days <= horizon)).astype(float)


@label_at.wrong(
    "every death counts", says="you counted deaths after the horizon; at the horizon these people were alive"
)
def _(days, died, horizon):
    return np.where(died == 1, 1.0, np.where(days >= horizon, 0.0, np.nan))


@label_at.wrong(
    "later deaths are unknown",
    says="you left out people who died after the horizon; at the horizon they were alive, 0.0",
)
def _(days, died, horizon):
    known = label_at(days, died, horizon)
    return np.where((died == 1) & (days > horizon), np.nan, known)


@label_at.wrong(
    "alive on the last day is unknown",
    says="you left out people seen alive on the very day of the horizon; they count as 0.0",
)
def _(days, died, horizon):
    return np.where((died == 1) & (days <= horizon), 1.0, np.where(days > horizon, 0.0, np.nan))


@label_at.wrong(
    "dead on the last day counts as alive",
    says="you took a death on the very day of the horizon for a survivor; it counts as 1.0",
)
def _(days, died, horizon):
    return np.where(days >= horizon, 0.0, np.where(died == 1, 1.0, np.nan))


@label_at.wrong(
    "lost counts as dead",
    says="you took people lost to follow-up before the horizon for dead; what became of them is not known",
)
def _(days, died, horizon):
    return (days < horizon).astype(float) + ((died == 1) & (days == horizon))


@exercise(
    "9.2",
    "Last observation carried forward",
    points=2,
    hints=[
        "Walk from visit 0 to the last, and keep one row, the latest known value of each variable; it begins as zeros.",
        "latest = np.where(observed[t], values[t], latest), and this is row t of the answer.",
    ],
)
def carry_forward(values, observed):
    """values (visits, variables), observed of bool → filled, both of the same shape: for each
    variable the latest observed value at or before the visit, or 0 before the first one"""
    filled, latest = np.zeros(values.shape), np.zeros(values.shape[1])
    for t in range(len(values)):
        latest = np.where(observed[t], values[t], latest)
        filled[t] = latest
    return filled


@carry_forward.checks
def _(answer, rng):
    cases = [(np.array([[3.0], [9.0], [5.0]]), np.array([[True], [False], [True]]))]
    cases.append((np.array([[3.0], [0.0], [9.0]]), np.array([[True], [True], [False]])))
    for visits, variables in [(6, 3), (12, 2), (1, 2)]:
        observed = rng.random((visits, variables)) < 0.5
        if visits > 5:
            observed[0, 0], observed[:2, 1], observed[-1] = True, False, False
        values = np.where(observed, rng.normal(size=observed.shape), 99.0)  # a number where nothing was measured
        values = np.where(observed & (rng.random(observed.shape) < 0.15), 0.0, values)  # a measured zero
        cases.append((values, observed))
    for values, observed in cases:
        inputs = f"{len(values)} visit{'s' * (len(values) > 1)} and {values.shape[1]} variables"
        if values.shape[1] == 1:
            inputs = f"values {describe(values.ravel())} of one variable, observed {describe(observed.ravel())}"
        why = "the latest observation at or before that visit, or 0"
        answer.case(inputs, values, observed, why=why, shape="one filled value for each value")


@carry_forward.wrong(
    "the values as they stand",
    says="you kept numbers that were not observed; where observed is False they mean nothing",
)
def _(values, observed):
    return values.copy()


@carry_forward.wrong(
    "zeros in the holes", says="you put 0 where nothing was observed; carry the last observation there"
)
def _(values, observed):
    return np.where(observed, values, 0)


@carry_forward.wrong(
    "carried backward", says="you carried values backward, from later visits; at that moment they were not known"
)
def _(values, observed):
    return carry_forward(values[::-1], observed[::-1])[::-1]


@carry_forward.wrong(
    "zero taken for missing",
    says="you did not carry a measured 0; ask observed, not the value, whether something was measured",
)
def _(values, observed):
    return carry_forward(values, observed & (values != 0))


@carry_forward.wrong(
    "filled before the first",
    says="you filled the visits before the first observation with it; at that moment it was not known",
)
def _(values, observed):
    filled = carry_forward(values, observed)
    for column in range(values.shape[1]):
        seen = np.flatnonzero(observed[:, column])
        if len(seen):
            filled[: seen[0], column] = values[seen[0], column]
    return filled


@carry_forward.wrong("NaN before the first", says="you left NaN before the first observation; put 0 there")
def _(values, observed):
    return np.where(np.maximum.accumulate(observed, axis=0), carry_forward(values, observed), np.nan)


@carry_forward.wrong(
    "the number before the first", says="you kept numbers from before the first observation; put 0 there"
)
def _(values, observed):
    return np.where(np.maximum.accumulate(observed, axis=0), carry_forward(values, observed), values)


@exercise(
    "9.3",
    "How old is what we know?",
    points=2,
    hints=[
        "Row 0 is all zeros. For each later visit t, gap = times[t] - times[t - 1] has passed.",
        "If the variable was observed at the visit before, its age is the gap alone. If not, it has grown by the gap.",
        "age[t] = gap + np.where(observed[t - 1], 0, age[t - 1])",
    ],
)
def time_since(times, observed):
    """times (visits,), rising, observed (visits, variables) of bool → age (visits, variables): time
    since the latest earlier visit with the variable observed, or since the first visit if none"""
    age = np.zeros(observed.shape)
    for t in range(1, len(times)):
        age[t] = times[t] - times[t - 1] + np.where(observed[t - 1], 0, age[t - 1])
    return age


@time_since.checks
def _(answer, rng):
    cases = [(np.array([-90.0, -60.0, 0.0]), np.array([[True], [False], [False]]))]
    cases.append((np.array([-90.0, -60.0, 0.0]), np.array([[False], [False], [True]])))
    for visits, variables in [(7, 3), (12, 2), (1, 2)]:
        times = np.cumsum(rng.integers(1, 200, size=visits)) - 2000.0
        observed = rng.random((visits, variables)) < 0.5
        observed[1:4, 0] = False
        observed[0] = True
        observed[:3, 1] = False
        cases.append((times, observed))
    for times, observed in cases:
        inputs = f"{len(times)} visit{'s' * (len(times) > 1)} and {observed.shape[1]} variables"
        if observed.shape[1] == 1:
            inputs = f"times {describe(times)} and one variable, observed {describe(observed.ravel())}"
        why = "the gap, plus the age at the visit before unless observed there"
        answer.case(inputs, times, observed, why=why, shape="one age for each value")


@time_since.wrong(
    "gaps only",
    says="you returned the gap since the visit before; while a variable is not observed, its age grows",
)
def _(times, observed):
    return np.repeat(np.diff(times, prepend=times[:1])[:, None], observed.shape[1], axis=1)


@time_since.wrong(
    "zero where observed",
    says="your age is 0 where the variable is observed now; it should say how old the earlier value is",
)
def _(times, observed):
    return np.where(observed, 0, time_since(times, observed))


@time_since.wrong(
    "never begins anew", says="your age goes on growing after an observation; after each one it begins anew"
)
def _(times, observed):
    return np.repeat((times - times[:1])[:, None], observed.shape[1], axis=1)


@time_since.wrong("counts visits", says="you counted visits; count the time between them")
def _(times, observed):
    return time_since(np.arange(len(times)), observed)


@time_since.wrong(
    "0 until the first observation",
    says="your age stays 0 until the variable is first observed; until then, count from the first visit",
)
def _(times, observed):
    seen_before = np.maximum.accumulate(observed, axis=0)
    seen_before = np.concatenate([np.zeros_like(observed[:1]), seen_before[:-1]])
    return np.where(seen_before, time_since(times, observed), 0)


@time_since.wrong(
    "the time itself until the first observation",
    says="you counted from time 0 until the variable is first observed; until then, count from the first visit",
)
def _(times, observed):
    last, since = np.zeros(observed.shape[1]), np.zeros(observed.shape)
    for t in range(len(times)):
        since[t] = times[t] - last
        last = np.where(observed[t], times[t], last)
    return since
