"""Exercise 9.6: right answers that look unlike the reference pass; mistakes that a person may make are named."""

import numpy as np
import pytest

from utils import metrics
from utils.exercises import core


def by_the_course(days, states, event, horizon):
    return metrics.cumulative_incidence(days, states, event).at(horizon)


def person_by_person(days, states, event, horizon):
    """Efron's redistribution: who is lost hands the own share on to those watched for longer."""
    order = np.lexsort((states == 0, days))
    share, had = np.full(len(days), 1 / len(days)), 0.0
    for place, person in enumerate(order):
        if days[person] > horizon:
            break
        later = order[place + 1 :]
        if states[person] == event:
            had += share[person]
        elif states[person] == 0 and len(later):
            later = later[days[later] > days[person]] if (days[later] > days[person]).any() else later
            share[later] += share[person] / len(later)
    return had


def by_weights(days, states, event, horizon):
    alive = np.array([np.prod([1 - np.sum((days == day) & (states > 0)) / np.sum(days >= day)
                               for day in np.unique(days[states > 0]) if day < one]) for one in days])  # fmt: skip
    weight = alive / np.array([np.mean(days >= one) for one in days])
    return np.mean(weight * ((states == event) & (days <= horizon)))


def with_float32(days, states, event, horizon):
    return np.float32(by_the_course(days, states, event, horizon))


def by_pandas(days, states, event, horizon):
    import pandas as pd

    table = pd.crosstab(days, states).reindex(columns=[0, 1, 2], fill_value=0).sort_index()
    watched = table.sum(axis=1)[::-1].cumsum()[::-1]
    free = (1 - (table[1] + table[2]) / watched).cumprod().shift(fill_value=1.0)
    return (free * table[event] / watched)[table.index <= horizon].sum()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("answer", [by_the_course, person_by_person, by_weights, with_float32, by_pandas])
def test_another_right_answer_passes(answer, seed):
    assert core.get("9.6").judge(answer, seed) == ("passed", "")


def counted_only_beyond(days, states, event, horizon):
    return by_the_course(days, states, event, horizon - 1)


def one_minus_kaplan_meier(days, states, event, horizon):
    return 1 - metrics.kaplan_meier(days, states == event).at(horizon)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (counted_only_beyond, "that day is included"),
        (one_minus_kaplan_meier, "1 - Kaplan–Meier"),
        (lambda days, states, event, horizon: 1 - by_the_course(days, states, event, horizon), "share that had it"),
    ],
)
def test_a_mistake_is_named(answer, words, seed):
    status, message = core.get("9.6").judge(answer, seed)
    assert status == "wrong"
    assert words in message
