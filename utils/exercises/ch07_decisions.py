"""Exercises of chapter 07, from a score to a decision: how sure it is, what it finds at a price, where to cut."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_close, expect_parts, rule_out


@exercise(
    "7.1",
    "A bootstrap of groups",
    points=3,
    hints=[
        "First the rows of each group: members = [np.flatnonzero(groups == name) for name in np.unique(groups)].",
        "In each repeat draw as many groups as there are, with replacement: rng.integers(len(members), "
        "size=len(members)). A group that was drawn twice counts twice: np.concatenate([members[number] for number in "
        "drawn]).",
        "Collect statistic(truth[rows], guess[rows]), and return np.quantile(values, [0.025, 0.975]).",
    ],
)
def group_bootstrap(statistic, truth, guess, groups, repeats, rng):
    """statistic(truth, guess) → number; truth, guess, groups (n, …); rng: NumPy generator
    → (low, high), the middle 95 % of the statistic over `repeats` draws of whole groups"""
    members = [np.flatnonzero(groups == name) for name in np.unique(groups)]
    values = []
    for _ in range(repeats):
        drawn = rng.integers(len(members), size=len(members))
        rows = np.concatenate([members[number] for number in drawn])
        values.append(statistic(truth[rows], guess[rows]))
    low, high = np.quantile(values, [0.025, 0.975])
    return low, high


@group_bootstrap.checks
def _(answer, rng):
    for count, repeats in [(12, 60), (5, 40), (30, 50)]:
        groups = rng.permutation(np.repeat(np.arange(count) * 7, rng.integers(1, 5, size=count)))
        truth = rng.permutation(1000)[: len(groups)]  # all different, so that each row can be told from the others
        inputs = f"{len(groups)} rows in {count} groups and {repeats} repeats"
        draws, values = [], []

        def statistic(some_truth, some_guess, truth=truth, inputs=inputs, draws=draws, values=values):
            some_truth, some_guess = np.asarray(some_truth), np.asarray(some_guess)
            pairs = some_truth.shape == some_guess.shape and np.array_equal(some_guess, -some_truth)
            expect(pairs, f"for {inputs} you drew truth and guess apart; take the same rows of both")
            draws.append([int(np.flatnonzero(truth == value)[0]) for value in some_truth])
            values.append(float(np.mean(some_truth % 97)))
            return values[-1]

        got = expect_parts(answer(statistic, truth, -truth, groups, repeats, rng), ["low", "high"])
        expect(len(draws) >= repeats, f"for {inputs} you called the statistic {len(draws)} times")
        _judge_draws(draws[-repeats:], groups, inputs)
        low, high = np.quantile(values[-repeats:], [0.025, 0.975])
        for mistake, words in {
            (
                min(values),
                max(values),
            ): "your interval holds all values; take the middle 95 %, quantiles 0.025 and 0.975",
            (high, low): "return the lower end first",
            tuple(np.quantile(values, [0.05, 0.95])): "0.05 and 0.95 leave the middle 90 %; take 0.025 and 0.975",
        }.items():
            rule_out(np.asarray(got, float), mistake, (low, high), f"for {inputs}: {words}")
        expect_close(np.asarray(got, float), (low, high), inputs=inputs, why="quantiles 0.025 and 0.975 of your values")


def _judge_draws(draws, groups, inputs):
    """Whether each draw is of whole groups, as many as there are, and some groups come twice."""
    names, sizes = np.unique(groups, return_counts=True)
    repeated = False
    for rows in draws:
        times = np.bincount(rows, minlength=len(groups))
        of_group = [times[groups == name] for name in names]
        whole = all(len(np.unique(times_of_one)) == 1 for times_of_one in of_group)
        expect(whole, f"for {inputs} you drew some rows of a group and not the others; draw whole groups")
        drawn = sum(int(times_of_one[0]) for times_of_one in of_group)
        expect(drawn == len(names), f"for {inputs} you drew {drawn} groups; draw as many as there are, {len(names)}")
        repeated |= times.max() > 1
    expect(repeated, f"for {inputs} no group came twice in any draw: draw with replacement")


@group_bootstrap.wrong("draws rows", says="draw whole groups")
def _(statistic, truth, guess, groups, repeats, rng):
    return group_bootstrap(statistic, truth, guess, np.arange(len(truth)), repeats, rng)


@group_bootstrap.wrong("without replacement", says="with replacement")
def _(statistic, truth, guess, groups, repeats, rng):
    values = []
    for _ in range(repeats):
        rows = rng.permutation(len(truth))
        values.append(statistic(truth[rows], guess[rows]))
    return tuple(np.quantile(values, [0.025, 0.975]))


@group_bootstrap.wrong("a group drawn twice counts once", says="draw as many as there are")
def _(statistic, truth, guess, groups, repeats, rng):
    values, names = [], np.unique(groups)
    for _ in range(repeats):
        rows = np.flatnonzero(np.isin(groups, rng.choice(names, size=len(names))))
        values.append(statistic(truth[rows], guess[rows]))
    return tuple(np.quantile(values, [0.025, 0.975]))


@group_bootstrap.wrong("draws truth and guess apart", says="the same rows of both")
def _(statistic, truth, guess, groups, repeats, rng):
    shuffled = rng.permutation(len(truth))
    return group_bootstrap(statistic, truth, guess[shuffled], groups, repeats, rng)


@group_bootstrap.wrong("from the smallest to the largest", says="the middle 95 %")
def _(statistic, truth, guess, groups, repeats, rng):
    values = []
    group_bootstrap(lambda *parts: values.append(statistic(*parts)) or values[-1], truth, guess, groups, repeats, rng)
    return min(values), max(values)


@exercise(
    "7.2",
    "Sensitivity at a fixed specificity",
    points=2,
    hints=[
        "Try each score as the threshold, and infinity too: positive = scores >= threshold.",
        "Specificity: the share of the labels 0 that are not positive. Sensitivity: the share of the labels 1 "
        "that are.",
        "Keep the thresholds whose specificity is at least the one asked for; return the largest sensitivity of those.",
    ],
)
def sensitivity_at(labels, scores, specificity):
    """labels (n,) 0 or 1, scores (n,), wanted specificity
    → largest sensitivity (float) with at least that specificity"""
    best = 0.0
    for threshold in np.unique(scores):
        positive = scores >= threshold
        if np.mean(~positive[labels == 0]) >= specificity:
            best = max(best, np.mean(positive[labels == 1]))
    return float(best)


@sensitivity_at.checks
def _(answer, rng):
    for specificity, ties in [(0.88, False), (0.62, False), (0.75, True), (0.8, False), (1.0, False), (0.0, False)]:
        labels = rng.permutation(np.repeat([0, 1], [23, 60]))
        scores = np.clip(rng.normal(0.4 + 0.2 * labels, 0.2), 0.01, 0.99)
        scores = np.round(scores, 1) if ties else scores
        numbers = labels, scores, specificity
        inputs = (
            f"{len(labels)} patients{', some with equal scores,' if ties else ''} and a specificity of {specificity}"
        )
        wanted, got = sensitivity_at(*numbers), expect_array(answer(*numbers), (), inputs=inputs)
        for mistake, words in {
            _roles_exchanged(*numbers): "you fixed the sensitivity and returned the specificity",
            _of_all(*numbers): "you counted all patients; the specificity is a share of the labels 0 alone",
            _nearest(*numbers): "you took the nearest specificity, which may be lower; at least so much is asked for",
            _false_positives(*numbers): "you fixed the share of false alarms; the specificity is 1 minus that",
        }.items():
            rule_out(got, mistake, wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="the best threshold among those that are specific enough")
    labels, scores = np.array([0, 1, 0, 1]), np.array([0.9, 0.6, 0.5, 0.1])
    inputs = "a healthy patient with the highest score of all, and a specificity of 1"
    got = expect_array(answer(labels, scores, 1.0), (), inputs=inputs)
    expect_close(got, 0.0, inputs=inputs, why="only an alarm for nobody is specific enough, so that none is found")


def _table(labels, scores):
    """Specificity and sensitivity at each score as the threshold, and at infinity."""
    positive = scores >= np.append(np.unique(scores), np.inf)[:, None]
    return np.mean(~positive[:, labels == 0], axis=1), np.mean(positive[:, labels == 1], axis=1)


@sensitivity_at.wrong("roles exchanged", says="you fixed the sensitivity")
def _roles_exchanged(labels, scores, specificity):
    specificities, sensitivities = _table(labels, scores)
    return float(specificities[sensitivities >= specificity].max())


@sensitivity_at.wrong("shares of everybody", says="a share of the labels 0 alone")
def _of_all(labels, scores, specificity):
    positive = scores >= np.append(np.unique(scores), np.inf)[:, None]
    kept = np.mean(~positive, axis=1) >= specificity
    return float(np.mean(positive[:, labels == 1], axis=1)[kept].max())


@sensitivity_at.wrong("nearest specificity", says="at least so much is asked for")
def _nearest(labels, scores, specificity):
    specificities, sensitivities = _table(labels, scores)
    return float(sensitivities[np.abs(specificities - specificity).argmin()])


@sensitivity_at.wrong("share of false alarms", says="1 minus that")
def _false_positives(labels, scores, specificity):
    specificities, sensitivities = _table(labels, scores)
    return float(sensitivities[1 - specificities >= specificity].max(initial=0))


@exercise(
    "7.3",
    "Pick the threshold",
    points=2,
    hints=[
        "At a threshold: missed = np.sum((probabilities < threshold) & (labels == 1)), and likewise the false alarms.",
        "Cost: missed * cost_missed + false_alarms * cost_false_alarm. Try every probability, and infinity: an alarm "
        "for nobody.",
        "Keep the threshold with the smallest cost: np.argmin over the list of costs.",
    ],
)
def pick_threshold(labels, probabilities, cost_missed, cost_false_alarm):
    """labels (n,) 0 or 1, probabilities (n,) of 1 → threshold (float) with the smallest total cost,
    where an alarm is given for probabilities >= threshold"""
    thresholds = np.append(np.unique(probabilities), np.inf)
    alarms = probabilities >= thresholds[:, None]
    missed = np.sum(~alarms & (labels == 1), axis=1)
    false_alarms = np.sum(alarms & (labels == 0), axis=1)
    return float(thresholds[np.argmin(missed * cost_missed + false_alarms * cost_false_alarm)])


@pick_threshold.checks
def _(answer, rng):
    for cost_missed, cost_false_alarm, cases in [(10, 1, 30), (1, 6, 30), (3, 1, 40), (1, 1, 20), (1, 50, 3)]:
        labels = rng.permutation(np.repeat([0, 1], [80, cases]))
        probabilities = 1 / (1 + np.exp(-rng.normal(2.5 * labels - 2.2, 1.4)))  # not calibrated, as networks are
        numbers = labels, probabilities, cost_missed, cost_false_alarm
        inputs = f"a miss that costs {cost_missed}, a false alarm that costs {cost_false_alarm} and {cases} cases"
        got = float(expect_array(answer(*numbers), (), inputs=inputs))
        expect(not np.isnan(got), f"for {inputs} you returned NaN")
        paid, least = (_cost(*numbers, threshold) for threshold in (got, pick_threshold(*numbers)))
        for mistake, words in {
            0.5: "0.5 is right only for equal costs and calibrated probabilities",
            _exchanged(*numbers): "you exchanged the two costs",
            _most_accurate(*numbers): "you counted errors; weigh each with what it costs",
            _by_formula(*numbers): "that formula holds for calibrated probabilities; try the thresholds on the data",
        }.items():
            wrong = np.isclose(got, mistake) and _cost(*numbers, mistake) > least
            expect(not wrong, f"for {inputs}: {words}")
        expect(paid <= least, f"for {inputs} your threshold {got:.3g} costs {paid:g}, where {least:g} can be reached")


def _cost(labels, probabilities, cost_missed, cost_false_alarm, threshold):
    alarm = probabilities >= threshold
    return np.sum(~alarm & (labels == 1)) * cost_missed + np.sum(alarm & (labels == 0)) * cost_false_alarm


@pick_threshold.wrong("always one half", says="0.5 is right only for")
def _(labels, probabilities, cost_missed, cost_false_alarm):
    return 0.5


@pick_threshold.wrong("costs exchanged", says="you exchanged the two costs")
def _exchanged(labels, probabilities, cost_missed, cost_false_alarm):
    return pick_threshold(labels, probabilities, cost_false_alarm, cost_missed)


@pick_threshold.wrong("fewest errors", says="weigh each with what it costs")
def _most_accurate(labels, probabilities, cost_missed, cost_false_alarm):
    return pick_threshold(labels, probabilities, 1, 1)


@pick_threshold.wrong("the formula for calibrated probabilities", says="holds for calibrated probabilities")
def _by_formula(labels, probabilities, cost_missed, cost_false_alarm):
    return cost_false_alarm / (cost_false_alarm + cost_missed)
