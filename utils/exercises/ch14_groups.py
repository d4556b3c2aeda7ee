"""Exercise of chapter 14: are both errors equally frequent in all groups?"""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "14.1",
    "The equalised-odds gap",
    points=2,
    returns=("sensitivity gap", "false-alarm gap"),
    hints=[
        "For each group: its cases are inside & (labels == 1). The share of them with an alarm is the sensitivity.",
        "The false-alarm rate is the share with an alarm among the group's non-cases, inside & (labels == 0).",
        "Collect both for all groups; each gap is the largest minus the smallest.",
    ],
)
def equalised_odds_gap(labels, alarms, members):
    """labels and alarms (n,) 0 or 1, members (n,): each person's group; every group has both labels
    → gap in sensitivity, gap in false-alarm rate: the largest of the groups minus the smallest"""
    sensitivity, false_alarms = [], []
    for name in np.unique(members):
        inside = members == name
        sensitivity.append(np.mean(alarms[inside & (labels == 1)]))
        false_alarms.append(np.mean(alarms[inside & (labels == 0)]))
    return max(sensitivity) - min(sensitivity), max(false_alarms) - min(false_alarms)


@equalised_odds_gap.checks
def _(answer, rng):
    people = [(60, ["men", "women"]), (80, ["young", "old"]), (120, ["old", "middle", "young"]), (90, ["c", "a", "b"])]
    people.append((99, ["a", "b", "c"]))
    for n, names in people:  # each group has more alarms than the one before
        members = rng.permutation(np.resize(names + names[:1], n))
        labels = rng.permutation(np.arange(n) % 4 == 0).astype(int)
        for name in names:  # both labels in every group
            labels[np.flatnonzero(members == name)[:2]] = [0, 1]
        lean = np.array([0.1 + 0.25 * names.index(name) for name in members])
        alarms = (rng.random(n) < lean + 0.3 * labels).astype(int)
        answer.case(
            f"{n} people in {len(names)} groups",
            *(labels, alarms, members),
            shape="each gap is one number",
            why="the largest share of a group with an alarm, minus the smallest",
        )


def _shares(share, labels, alarms, members):
    """A share for the cases and for the others of each group: two lists, one number per group."""
    inside = [members == name for name in np.unique(members)]
    return [[share(labels[rows] == label, alarms[rows]) for rows in inside] for label in (1, 0)]


def _with_alarm(chosen, alarm):
    return np.mean(alarm[chosen])


@equalised_odds_gap.wrong(
    "order exchanged", says="you returned the two gaps in the wrong order; first the one in sensitivity"
)
def _(labels, alarms, members):
    return equalised_odds_gap(labels, alarms, members)[::-1]


@equalised_odds_gap.wrong(
    "of the alarms", says="you divided by the alarms, which is precision; divide by the cases, and by the non-cases"
)
def _(labels, alarms, members):
    shares = _shares(lambda chosen, alarm: np.mean(chosen[alarm == 1]), labels, alarms, members)
    return tuple(np.ptp(share) for share in shares)


@equalised_odds_gap.wrong(
    "of the group", says="you divided by everybody in the group; the sensitivity is a share of its cases alone"
)
def _(labels, alarms, members):
    shares = _shares(lambda chosen, alarm: np.mean(chosen & (alarm == 1)), labels, alarms, members)
    return tuple(np.ptp(share) for share in shares)


@equalised_odds_gap.wrong(
    "first minus last", says="your gap can be negative; take the largest minus the smallest of all groups"
)
def _(labels, alarms, members):
    return tuple(share[0] - share[-1] for share in _shares(_with_alarm, labels, alarms, members))


@equalised_odds_gap.wrong(
    "neighbours", says="you compared each group with the next; take the largest and the smallest of all groups"
)
def _(labels, alarms, members):
    return tuple(np.abs(np.diff(share)).max() for share in _shares(_with_alarm, labels, alarms, members))


@equalised_odds_gap.wrong(
    "the first against the last", says="you compared two of the groups only; take the largest and smallest of all"
)
def _(labels, alarms, members):
    return tuple(abs(share[0] - share[-1]) for share in _shares(_with_alarm, labels, alarms, members))
