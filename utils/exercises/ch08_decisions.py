"""Exercises of chapter 08, from a risk to its use: net benefit, and the gap between subgroups."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import describe, expect, expect_array, expect_close, expect_parts, rule_out


@exercise(
    "8.4",
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
        (np.array([1, 0, 0, 0]), np.array([0.9, 0.6, 0.2, 0.1]), 0.2),
        (np.array([0, 1]), np.array([0.3, 0.1]), 0.25),
    ]
    for n, threshold in [(20, 0.1), (50, 0.4), (30, 0.99)]:
        labels = rng.permutation(np.arange(n) % 5 == 0).astype(int)
        cases.append((labels, np.round(np.clip(0.3 * labels + 0.6 * rng.random(n), 0, 1), 1), threshold))
    for labels, risks, threshold in cases:
        inputs = f"{len(labels)} people and threshold {threshold}"
        if len(labels) <= 4:
            inputs = f"labels {describe(labels)}, risks {describe(risks)} and threshold {threshold}"
        wanted = net_benefit(labels, risks, threshold)
        got = expect_array(answer(labels, risks, threshold), (), inputs=inputs)
        for mistake, words in {
            _unweighted: "you counted a false alarm as much as a case; weigh it by threshold / (1 - threshold)",
            _weight_of_threshold: "you weighed false alarms by the threshold itself; the odds are t / (1 - t)",
            _odds_upside_down: "your weight is upside down: at a low threshold a false alarm weighs little",
            _of_treated: "you divided by the number treated; divide by all people",
            _counts: "you returned a number of people; divide by how many there are",
            _strictly_above: "you left out risks equal to the threshold; they are treated too",
        }.items():
            rule_out(got, mistake(labels, risks, threshold), wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="true positives - false positives × t / (1 - t), a person")


def _parts(labels, risks, threshold):
    treated = risks >= threshold
    return np.sum(treated & (labels == 1)), np.sum(treated & (labels == 0))


@net_benefit.wrong("false alarms unweighted", says="as much as a case")
def _unweighted(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return (found - false) / len(labels)


@net_benefit.wrong("weighed by the threshold", says="the threshold itself")
def _weight_of_threshold(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return (found - false * threshold) / len(labels)


@net_benefit.wrong("odds upside down", says="upside down")
def _odds_upside_down(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return (found - false * (1 - threshold) / threshold) / len(labels)


@net_benefit.wrong("of the treated", says="divide by all people")
def _of_treated(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return (found - false * threshold / (1 - threshold)) / max(found + false, 1)


@net_benefit.wrong("a count", says="a number of people")
def _counts(labels, risks, threshold):
    found, false = _parts(labels, risks, threshold)
    return found - false * threshold / (1 - threshold)


@net_benefit.wrong("strictly above", says="equal to the threshold")
def _strictly_above(labels, risks, threshold):
    return net_benefit(labels, np.where(risks == threshold, 0, risks), threshold)


def auc(labels, scores):
    """The area under the ROC curve by pairs, as in chapter 01; NaN where there are no pairs."""
    cases, others = scores[labels == 1][:, None], scores[labels == 0][None, :]
    return np.mean((cases > others) + 0.5 * (cases == others)) if cases.size and others.size else np.nan


@exercise(
    "8.5",
    "The gap between subgroups",
    points=2,
    hints=[
        "For each name in np.unique(members): inside = members == name, then score(labels[inside], risks[inside]).",
        "A subgroup without a case, or with nothing else, has no AUC: np.unique(labels[inside]) has one entry. "
        "Leave it out.",
        "The gap is the largest of the values minus the smallest; 0.0 if fewer than two are left.",
    ],
)
def subgroup_gap(labels, risks, members, score):
    """labels, risks, members (n,), score(labels, risks) → number.
    → {subgroup: score} of those that have both labels, and largest minus smallest"""
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
    labels, risks, members = (part.copy() for part in cases[1])
    labels[members == "young"] = 0
    cases += [(labels, risks, members), (cases[0][0], cases[0][1], np.repeat("all", 60))]
    for labels, risks, members in cases:
        both = [name for name in np.unique(members) if len(np.unique(labels[members == name])) == 2]
        without = sorted(set(members) - set(both))
        inputs = f"{len(labels)} people in {len(set(members))} subgroup{'s' * (len(set(members)) > 1)}"
        inputs += f", {without[0]!r} without a case" if without else ""
        returned = answer(labels, risks, members, auc)
        got, gap = expect_parts(returned, ["scores", "gap"])
        expect(isinstance(got, dict), f"for {inputs} the scores should be a dictionary, one entry a subgroup")
        expect(
            not set(map(str, got)) & set(without),
            f"for {inputs} you returned a score for a subgroup with one label only; it has none, leave it out",
        )
        expect(
            set(map(str, got)) == set(both),
            f"for {inputs} your subgroups are {sorted(map(str, got))}, where {both} are expected",
        )
        wanted, wanted_gap = subgroup_gap(labels, risks, members, auc)
        for name in wanted:
            one = expect_array(got[name], (), inputs=f"{inputs}, the score of {str(name)!r}")
            rule_out(
                one,
                auc(labels, np.where(members == name, risks, -np.inf)),
                wanted[name],
                f"for {inputs} you scored a subgroup against everybody; use its own labels and risks only",
            )
            expect_close(one, wanted[name], inputs=inputs, why=f"score(labels, risks) within {str(name)!r}")
        gap = expect_array(gap, (), inputs=inputs, why="the gap is one number")
        values = list(wanted.values())
        signed = f"for {inputs} your gap is below 0; take the largest minus the smallest"
        rule_out(gap, min(values) - max(values), wanted_gap, signed)
        from_all = max(abs(value - auc(labels, risks)) for value in values)
        rule_out(gap, from_all, wanted_gap, f"for {inputs} you measured the gap from the score of all together")
        expect_close(gap, wanted_gap, inputs=inputs, why="the largest score minus the smallest")


@subgroup_gap.wrong("the sign", says="below 0")
def _(labels, risks, members, score):
    scores, gap = subgroup_gap(labels, risks, members, score)
    return scores, -gap


@subgroup_gap.wrong("from the overall score", says="all together")
def _(labels, risks, members, score):
    scores, _ = subgroup_gap(labels, risks, members, score)
    return scores, max(abs(value - score(labels, risks)) for value in scores.values())


@subgroup_gap.wrong("keeps a subgroup without cases", says="one label only")
def _(labels, risks, members, score):
    scores, gap = subgroup_gap(labels, risks, members, score)
    return dict.fromkeys(np.unique(members), 0.5) | scores, gap


@subgroup_gap.wrong("against everybody", says="against everybody")
def _(labels, risks, members, score):
    scores, gap = subgroup_gap(labels, risks, members, score)
    return {name: score(labels, np.where(members == name, risks, -np.inf)) for name in scores}, gap
