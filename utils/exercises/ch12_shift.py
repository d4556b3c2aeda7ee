"""Exercises of chapter 12, when people differ from those before: another mix, a test for shift, unequal errors."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import describe, expect, expect_array, expect_close, expect_parts, rule_out


@exercise(
    "12.1",
    "Re-weighting",
    points=2,
    hints=[
        "A class that has become three times as frequent counts three times as much: now / before, one factor a class.",
        "Multiply each row of probabilities by these factors.",
        "Afterwards a row no longer adds up to 1: divide it by its sum, .sum(axis=1, keepdims=True).",
    ],
)
def reweight(probabilities, before, now):
    """probabilities (n, classes); share of each class before, in training, and now (classes,)
    → the probabilities (n, classes) for people among whom the classes have the shares of now"""
    raised = probabilities * (np.asarray(now) / np.asarray(before))
    return raised / raised.sum(axis=1, keepdims=True)


@reweight.checks
def _(answer, rng):
    cases = [
        (np.array([[0.5, 0.5]]), np.array([0.5, 0.5]), np.array([0.9, 0.1])),
        (np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([0.5, 0.5]), np.array([0.95, 0.05])),
    ]
    for n, classes in [(4, 3), (3, 3), (6, 4)]:
        cases.append(tuple(rng.dirichlet(np.full(classes, 2.0), size) for size in (n, None, None)))
    for probabilities, before, now in cases:
        inputs = f"{describe(probabilities)}, before {describe(before)} and now {describe(now)}"
        wanted = reweight(probabilities, before, now)
        got = expect_array(answer(probabilities, before, now), wanted.shape, inputs=inputs)
        for mistake, words in {
            _upside_down: "your factors are upside down: what has become more frequent should gain, now / before",
            _unscaled: "your rows do not add up to 1; divide each row by its sum",
            _now_alone: "you multiplied by the new shares only; the old ones are in the probabilities, divide by them",
            _by_column: "you divided each column by its sum; it is a row, one person, that adds up to 1",
        }.items():
            rule_out(got, mistake(probabilities, before, now), wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="each class times now / before, then each row divided by its sum")


@reweight.wrong("upside down", says="upside down")
def _upside_down(probabilities, before, now):
    return reweight(probabilities, now, before)


@reweight.wrong("rows not scaled", says="divide each row by its sum")
def _unscaled(probabilities, before, now):
    return probabilities * (now / before)


@reweight.wrong("new shares alone", says="the old ones are in the probabilities")
def _now_alone(probabilities, before, now):
    return reweight(probabilities, np.ones(len(before)), now)


@reweight.wrong("columns scaled", says="you divided each column")
def _by_column(probabilities, before, now):
    raised = probabilities * (now / before)
    return raised / raised.sum(axis=0)


@exercise(
    "12.2",
    "Can a classifier tell old from new?",
    points=3,
    hints=[
        "Stack the two samples to learn from, np.concatenate, and give the old rows the label 0, the new ones 1.",
        "score = fit(features, labels) is a function. Call it on the two samples that were held out, and on nothing "
        "else.",
        "AUC by pairs, as in chapter 01: the share of pairs in which the new row scores higher; ties count half. "
        "new[:, None] > old compares each with each.",
    ],
)
def two_sample_auc(fit, old, new, held_old, held_new):
    """old, new, held_old, held_new: (rows, features). Learn on old and new → the AUC (float) with
    which held_new is told from held_old. fit(features, labels) → a function: features → scores"""
    features = np.concatenate([old, new])
    labels = np.repeat([0, 1], [len(old), len(new)])
    score = fit(features, labels)
    scores_old, scores_new = score(held_old), score(held_new)
    higher, equal = scores_new[:, None] > scores_old, scores_new[:, None] == scores_old
    return float(np.mean(higher + 0.5 * equal))


class Spy:
    """A classifier that remembers what it was shown, and scores rows by their first feature."""

    def __init__(self, samples, inputs):
        self.samples, self.inputs, self.seen, self.direction = samples, inputs, None, 0

    def fit(self, features, labels):
        features, labels = np.asarray(features), np.asarray(labels)
        old, new, *held = (set(sample[:, 1]) for sample in self.samples)
        expect(
            features.ndim == 2 and len(features) == len(labels),
            f"for {self.inputs} you gave fit {features.shape} features and {labels.shape} labels; one label a row",
        )
        self.seen = set(features[:, 1])
        expect(
            not self.seen & (held[0] | held[1]),
            f"for {self.inputs} the classifier learned from held-out rows; then it knows the answers of its exam",
        )
        expect(self.seen == old | new, f"for {self.inputs} show fit all rows of old and of new")
        of_new = np.array([row in new for row in features[:, 1]])
        consistent = len(set(labels[of_new])) == 1 and len(set(labels[~of_new])) == 1
        expect(
            consistent and labels[of_new][0] != labels[~of_new][0],
            f"for {self.inputs} your labels do not say which sample a row is from; old rows get 0, new ones 1",
        )
        self.direction = 1 if labels[of_new][0] > labels[~of_new][0] else -1
        return lambda rows: self.direction * np.asarray(rows)[:, 0]


@two_sample_auc.checks
def _(answer, rng):
    for sizes, apart in [((30, 20, 15, 12), 1.0), ((12, 25, 9, 14), 0.0), ((20, 20, 11, 11), -0.6), ((8, 9, 1, 1), 2)]:
        samples = [
            np.column_stack(
                [np.round(rng.normal(apart * (place % 2) * (1 if place > 1 else 2.5), 1, n), 1), np.zeros(n)]
            )
            for place, n in enumerate(sizes)
        ]
        names = np.split(rng.permutation(sum(sizes)).astype(float), np.cumsum(sizes)[:-1])
        for sample, numbers in zip(samples, names, strict=True):
            sample[:, 1] = numbers  # tells each row from every other
        inputs = f"{sizes[0]} old and {sizes[1]} new rows, {sizes[2]} and {sizes[3]} held out,"
        spy = Spy(samples, inputs)
        got = expect_array(answer(spy.fit, *samples), (), inputs=inputs.rstrip(","))
        expect(spy.seen is not None, f"for {inputs} you never called fit: nothing was learned")
        wanted = two_sample_auc(Spy(samples, inputs).fit, *samples)
        for mistake, words in {
            _on_the_learned: "you scored the rows that the classifier learned from; those it may know by heart",
            _turned_round: "your AUC counts old rows above new ones; count the pairs where the new one is higher",
            _no_ties: "you left out pairs with equal scores; each counts one half",
            _accuracy: "you returned an accuracy at a threshold of 0; compare each new row with each old one",
        }.items():
            rule_out(got, mistake(Spy(samples, inputs).fit, *samples), wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="the share of pairs in which the new row scores higher")


@two_sample_auc.wrong("on the rows it learned", says="those it may know by heart")
def _on_the_learned(fit, old, new, held_old, held_new):
    score = fit(np.concatenate([old, new]), np.repeat([0, 1], [len(old), len(new)]))
    return two_sample_auc(lambda features, labels: score, old, new, old, new)


@two_sample_auc.wrong("learns from everything", says="the answers of its exam")
def _(fit, old, new, held_old, held_new):
    old, new = np.concatenate([old, held_old]), np.concatenate([new, held_new])
    return two_sample_auc(fit, old, new, held_old, held_new)


@two_sample_auc.wrong("old above new", says="counts old rows above new ones")
def _turned_round(fit, old, new, held_old, held_new):
    return 1 - two_sample_auc(fit, old, new, held_old, held_new)


@two_sample_auc.wrong("ties left out", says="each counts one half")
def _no_ties(fit, old, new, held_old, held_new):
    score = fit(np.concatenate([old, new]), np.repeat([0, 1], [len(old), len(new)]))
    return np.mean(score(held_new)[:, None] > score(held_old))


@two_sample_auc.wrong("an accuracy", says="an accuracy at a threshold")
def _accuracy(fit, old, new, held_old, held_new):
    score = fit(np.concatenate([old, new]), np.repeat([0, 1], [len(old), len(new)]))
    right = np.concatenate([score(held_new) > 0, score(held_old) <= 0])
    return np.mean(right)


@exercise(
    "12.3",
    "The equalised-odds gap",
    points=2,
    hints=[
        "For each group: its cases are inside & (labels == 1). The share of them with an alarm is the sensitivity.",
        "The false-alarm rate is the share with an alarm among the group's non-cases, inside & (labels == 0).",
        "Collect both for all groups; each gap is the largest minus the smallest.",
    ],
)
def equalised_odds_gap(labels, alarms, members):
    """labels (n,) 0 or 1, alarms (n,) 0 or 1, members (n,) name of the group, each with both labels
    → (gap in sensitivity, gap in false-alarm rate), each the largest minus the smallest"""
    sensitivity, false_alarms = [], []
    for name in np.unique(members):
        inside = members == name
        sensitivity.append(np.mean(alarms[inside & (labels == 1)]))
        false_alarms.append(np.mean(alarms[inside & (labels == 0)]))
    return max(sensitivity) - min(sensitivity), max(false_alarms) - min(false_alarms)


@equalised_odds_gap.checks
def _(answer, rng):
    for n, names in [(60, ["men", "women"]), (120, ["old", "middle", "young"]), (90, ["a", "b", "c"])]:
        members = rng.permutation(np.resize(names + names[:1], n))
        labels = rng.permutation(np.arange(n) % 4 == 0).astype(int)
        for name in names:  # both labels in every group
            labels[np.flatnonzero(members == name)[:2]] = [0, 1]
        lean = np.array([0.1 + 0.25 * names.index(name) for name in members])
        alarms = (rng.random(n) < lean + 0.3 * labels).astype(int)
        inputs = f"{n} people in {len(names)} groups"
        wanted = equalised_odds_gap(labels, alarms, members)
        returned = expect_parts(answer(labels, alarms, members), ["sensitivity gap", "false-alarm gap"])
        got = np.array([expect_array(one, (), inputs=inputs, why="each gap is one number") for one in returned], float)
        for mistake, words in {
            _exchanged: "you returned the two gaps in the wrong order; first the one in sensitivity",
            _of_alarms: "you divided by the alarms, which is precision; divide by the cases, and by the non-cases",
            _of_group: "you divided by everybody in the group; the sensitivity is a share of its cases alone",
            _signed: "your gap can be negative; take the largest minus the smallest of all groups",
        }.items():
            rule_out(got, np.array(mistake(labels, alarms, members)), wanted, f"for {inputs} {words}")
        expect_close(got, np.array(wanted), inputs=inputs, why="the largest share of a group minus the smallest")


def _gaps(share, labels, alarms, members):
    """Gap of a share, worked out in each group for the cases and for the others."""
    inside = [members == name for name in np.unique(members)]
    shares = [[share(labels[rows] == label, alarms[rows]) for rows in inside] for label in (1, 0)]
    return tuple(max(one) - min(one) for one in shares)


@equalised_odds_gap.wrong("order exchanged", says="in the wrong order")
def _exchanged(labels, alarms, members):
    return equalised_odds_gap(labels, alarms, members)[::-1]


@equalised_odds_gap.wrong("of the alarms", says="which is precision")
def _of_alarms(labels, alarms, members):
    return _gaps(lambda chosen, alarm: np.mean(chosen[alarm == 1]), labels, alarms, members)


@equalised_odds_gap.wrong("of the group", says="everybody in the group")
def _of_group(labels, alarms, members):
    return _gaps(lambda chosen, alarm: np.mean(chosen & (alarm == 1)), labels, alarms, members)


@equalised_odds_gap.wrong("first minus last", says="can be negative")
def _signed(labels, alarms, members):
    first, last = np.unique(members)[[0, -1]]
    return tuple(
        np.mean(alarms[(members == first) & (labels == one)]) - np.mean(alarms[(members == last) & (labels == one)])
        for one in (1, 0)
    )
