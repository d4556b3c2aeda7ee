"""Exercises of chapter 09, from a risk to its use: net benefit, and the gap between subgroups."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_parts


@exercise(
    "9.4",
    "Net benefit",
    points=2,
    hints=[
        "treated = risks >= threshold. Among them, cases (labels == 1) are true positives, the others false positives.",
        "Both are counted as shares of all n people, not of those treated.",
        "A false positive weighs threshold / (1 - threshold) of a true one.",
    ],
)
def net_benefit(labels, risks, threshold):
    """labels (n,) 0 or 1, risks (n,), threshold between 0 and 1 → one number"""
    treated = risks >= threshold
    found = np.mean(treated & (labels == 1))
    false = np.mean(treated & (labels == 0))
    return found - false * threshold / (1 - threshold)


@net_benefit.checks
def _(answer, rng):
    cases = [
        (np.array([1, 0, 0, 0, 1, 0]), np.array([0.9, 0.6, 0.2, 0.3, 0.1, 0.1]), 0.2),
        (np.array([0, 1]), np.array([0.3, 0.1]), 0.25),
    ]
    for n, threshold in [(20, 0.1), (50, 0.4), (30, 0.99)]:
        labels = rng.permutation(np.arange(n) % 5 == 0).astype(int)
        cases.append((labels, np.round(np.clip(0.3 * labels + 0.6 * rng.random(n), 0, 1), 1), threshold))
    for labels, risks, threshold in cases:
        inputs = None if len(labels) <= 6 else f"{len(labels)} people and threshold {threshold}"
        why = "(true positives - false positives × t / (1 - t)) / n"
        answer.case(inputs, labels, risks, threshold, why=why)


def _parts(labels, risks, threshold):
    treated = risks >= threshold
    return np.sum(treated & (labels == 1)), np.sum(treated & (labels == 0))


@net_benefit.wrong(
    "false alarms unweighted",
    says="you counted a false alarm as much as a case; multiply it by threshold / (1 - threshold)",
)
def _(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return (found - false) / len(labels)


@net_benefit.wrong(
    "weighed by the threshold",
    says="you multiplied false alarms by the threshold itself; take its odds, threshold / (1 - threshold)",
)
def _(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return (found - false * threshold) / len(labels)


@net_benefit.wrong(
    "odds upside down", says="your weight is upside down; at a low threshold a false alarm weighs little"
)
def _(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return (found - false * (1 - threshold) / threshold) / len(labels)


@net_benefit.wrong("of the treated", says="you divided by the number of people treated; divide by all people")
def _(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return (found - false * threshold / (1 - threshold)) / max(found + false, 1)


@net_benefit.wrong("a count", says="you returned a number of people; divide by how many there are")
def _(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return found - false * threshold / (1 - threshold)


@net_benefit.wrong("strictly above", says="you left out risks equal to the threshold; they are treated too")
def _(labels, risks, threshold):
    return net_benefit(labels, np.where(risks == threshold, 0, risks), threshold)


@net_benefit.wrong(
    "sensitivity and false positive rate",
    says="you divided by the cases, and by the others; divide both numbers by all people",
)
def _(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return found / np.sum(labels == 1) - false / np.sum(labels == 0) * threshold / (1 - threshold)


def auc(labels, scores):
    """The area under the ROC curve by pairs, as in chapter 01; NaN where there are no pairs."""
    cases, others = scores[labels == 1][:, None], scores[labels == 0][None, :]
    return np.mean((cases > others) + 0.5 * (cases == others)) if cases.size and others.size else np.nan


@exercise(
    "9.5",
    "The gap between subgroups",
    points=2,
    returns=("dictionary", "gap"),
    hints=[
        "For each name in np.unique(members): inside = members == name, then score(labels[inside], risks[inside]).",
        "A subgroup without a case, or with nothing else, has no AUC: np.unique(labels[inside]) has one entry. "
        "Leave it out.",
        "The gap is the largest of the values minus the smallest; 0.0 if fewer than two are left.",
    ],
)
def subgroup_gap(labels, risks, members, score):
    """labels, risks, members (n,), score(labels, risks) → number.
    → {subgroup: score} of those with both labels, largest minus smallest (0.0 without one)"""
    scores = {}
    for name in np.unique(members):
        inside = members == name
        if len(np.unique(labels[inside])) == 2:
            scores[name] = score(labels[inside], risks[inside])
    return scores, max(scores.values()) - min(scores.values()) if len(scores) > 1 else 0.0


@subgroup_gap.checks
def _(answer, rng):
    cases = []
    for n, names in [(60, ["female", "male"]), (90, ["old", "middle", "young"])]:
        members = rng.choice(names, size=n)
        labels = rng.permutation(np.arange(n) % 3 == 0).astype(int)
        cases.append((labels, rng.normal(size=n) + labels * (members == names[0]) + 0.5 * labels, members))
    labels, risks, members = cases[1]
    cases.append((labels, risks, np.select([members == "old", members == "young"], ["a", "b"], "c")))
    cases.append((np.where(members == "young", 0, labels), risks, members))
    cases.append((np.where(members == "old", 1, labels), risks, members))
    cases.append((*cases[0][:2], np.repeat("all", 60)))
    for labels, risks, members in cases:
        inputs = f"{len(labels)} people in {len(set(members))} subgroup{'s' * (len(set(members)) > 1)}"
        alone = {str(name): labels[members == name][0] for name in set(members) if np.ptp(labels[members == name]) == 0}
        inputs += "".join(f", {name!r} {'of cases alone' if alone[name] else 'without a case'}" for name in alone)
        got, _ = expect_parts(answer(labels, risks, members, auc), ["dictionary", "gap"], inputs)
        expect(isinstance(got, dict), f"for {inputs} the scores should be a dictionary, one entry per subgroup")
        for name, label in alone.items():
            mistake = "keeps a subgroup of cases" if label else "keeps a subgroup without cases"
            answer.expect(name not in map(str, got), mistake, inputs)
        why = {"dictionary": "score(labels, risks) within each subgroup", "gap": "the largest minus the smallest score"}
        answer.case(inputs, labels, risks, members, auc, why=why, shape="the gap is one number")
    inputs = "two subgroups, one without a case and one of cases alone"
    answer.case(inputs, np.array([0, 0, 1, 1]), np.arange(4) / 4, np.repeat(["female", "male"], 2), auc, why=why)


@subgroup_gap.wrong("the sign", says="your gap is below 0; take the largest minus the smallest")
def _(labels, risks, members, score):
    scores, gap = subgroup_gap(labels, risks, members, score)
    return scores, -gap


@subgroup_gap.wrong(
    "from the overall score",
    says="you measured the gap from the score of all people together; take the largest minus the smallest",
)
def _(labels, risks, members, score):
    scores, _ = subgroup_gap(labels, risks, members, score)
    return scores, max(abs(value - score(labels, risks)) for value in scores.values())


@subgroup_gap.wrong(
    "keeps a subgroup without cases",
    says="you returned a score for a subgroup in which nobody is a case; it has no AUC, leave it out",
)
def _(labels, risks, members, score):
    scores, gap = subgroup_gap(labels, risks, members, score)
    return dict.fromkeys(np.unique(members), 0.5) | scores, gap


@subgroup_gap.wrong(
    "keeps a subgroup of cases",
    says="you returned a score for a subgroup in which everybody is a case; it has no AUC, leave it out",
)
def _(labels, risks, members, score):
    names = [name for name in np.unique(members) if labels[members == name].any()]
    _, gap = subgroup_gap(labels, risks, members, score)
    return {name: score(labels[members == name], risks[members == name]) for name in names}, gap


@subgroup_gap.wrong(
    "no score at all", says="no subgroup has a score, and the largest of no numbers is an error: return {{}} and 0.0"
)
def _(labels, risks, members, score):
    scores, _ = subgroup_gap(labels, risks, members, score)
    return scores, max(scores.values()) - min(scores.values())


@subgroup_gap.wrong("the first two", says="you compared two of the subgroups; take the largest and the smallest of all")
def _(labels, risks, members, score):
    scores, _ = subgroup_gap(labels, risks, members, score)
    return scores, abs(np.subtract(*list(scores.values())[:2])) if len(scores) > 1 else 0.0


@subgroup_gap.wrong(
    "against everybody",
    says="you scored a subgroup against everybody; use its own labels and risks only",
)
def _(labels, risks, members, score):
    scores, gap = subgroup_gap(labels, risks, members, score)
    return {name: score(labels, np.where(members == name, risks, -np.inf)) for name in scores}, gap


@subgroup_gap.wrong(
    "the same score for all", says="every subgroup has the score of all people; use its own labels and risks only"
)
def _(labels, risks, members, score):
    scores, _ = subgroup_gap(labels, risks, members, score)
    return dict.fromkeys(scores, score(labels, risks)), 0.0
