"""Exercises of chapter 07, from a score to a decision: what it finds at a price, and where to cut."""

import numpy as np

from utils.exercises.core import exercise


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
    """labels (n,) 0 or 1, scores (n,), wanted specificity → largest sensitivity (float) of all
    thresholds with at least that specificity; one above all scores, with no alarm, is allowed"""
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
        inputs = (
            f"{len(labels)} patients{', some with equal scores,' if ties else ''} and a specificity of {specificity}"
        )
        why = "the best threshold among those that are specific enough"
        answer.case(inputs, labels, np.round(scores, 1) if ties else scores, specificity, why=why)
    inputs = "a healthy patient with the highest score of all, and a specificity of 1"
    why = "only an alarm for nobody is specific enough, so that nobody is found"
    answer.case(inputs, np.array([0, 1, 0, 1]), np.array([0.9, 0.6, 0.5, 0.1]), 1.0, why=why)
    inputs = "a case with the lowest score of all, and a specificity of 0"
    why = "at the lowest score everybody gets an alarm, so that all cases are found"
    answer.case(inputs, np.array([1, 0, 0, 1]), np.array([0.1, 0.4, 0.3, 0.8]), 0.0, why=why)


def _table(labels, scores):
    """Specificity and sensitivity at each score as the threshold, and at infinity."""
    positive = scores >= np.append(np.unique(scores), np.inf)[:, None]
    return np.mean(~positive[:, labels == 0], axis=1), np.mean(positive[:, labels == 1], axis=1)


@sensitivity_at.wrong("roles exchanged", says="you fixed the sensitivity and returned the specificity")
def _(labels, scores, specificity):
    specificities, sensitivities = _table(labels, scores)
    return float(specificities[sensitivities >= specificity].max())


@sensitivity_at.wrong(
    "shares of everybody", says="you counted all patients; the specificity is a share of the labels 0 alone"
)
def _(labels, scores, specificity):
    positive = scores >= np.append(np.unique(scores), np.inf)[:, None]
    kept = np.mean(~positive, axis=1) >= specificity
    return float(np.mean(positive[:, labels == 1], axis=1)[kept].max())


@sensitivity_at.wrong(
    "nearest specificity",
    says="you took the nearest specificity, which may be lower; at least {specificity} is asked for",
)
def _(labels, scores, specificity):
    specificities, sensitivities = _table(labels, scores)
    return float(sensitivities[np.abs(specificities - specificity).argmin()])


@sensitivity_at.wrong(
    "share of false alarms",
    says="you found every case, as an alarm for everybody does: the specificity is 1 minus the share of false alarms",
)
def _(labels, scores, specificity):
    specificities, sensitivities = _table(labels, scores)
    return float(sensitivities[1 - specificities >= specificity].max(initial=0))


@sensitivity_at.wrong(
    "the scores are the only thresholds",
    says="your code found no threshold; an alarm for nobody, at infinity, is always specific enough",
)
def _(labels, scores, specificity):
    specificities, sensitivities = _table(labels, scores)
    return float(sensitivities[:-1][specificities[:-1] >= specificity].max())


@sensitivity_at.wrong("strictly above", says="you gave no alarm for a score equal to the threshold: use >=")
def _(labels, scores, specificity):
    positive = scores > np.append(np.unique(scores), np.inf)[:, None]
    kept = np.mean(~positive[:, labels == 0], axis=1) >= specificity
    return float(np.mean(positive[:, labels == 1], axis=1)[kept].max())


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
    """labels (n,) 0 or 1, probabilities (n,) of 1 → threshold (float) with the smallest total cost:
    alarms are probabilities >= threshold; one above them all, without any alarm, is allowed"""
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
        _judge_threshold(
            answer,
            f"a miss that costs {cost_missed}, a false alarm that costs {cost_false_alarm} and {cases} cases",
            *(labels, probabilities, cost_missed, cost_false_alarm),
        )
    inputs = "no case with a higher probability than the others, and false alarms that cost 20"
    _judge_threshold(answer, inputs, np.array([1, 0, 1, 0]), np.array([0.2, 0.4, 0.6, 0.8]), 1, 20)


def _judge_threshold(answer, inputs, *numbers):
    """Every threshold with the smallest cost is right, whichever the reference picks."""
    least = _cost(*numbers, pick_threshold(*numbers))

    def why(threshold):
        return f"the errors cost {_cost(*numbers, threshold):g} there, and {least:g} at the best threshold"

    answer.case(inputs, *numbers, accept=lambda threshold: _cost(*numbers, threshold) <= least, why=why)


def _cost(labels, probabilities, cost_missed, cost_false_alarm, threshold):
    alarm = probabilities >= threshold
    return np.sum(~alarm & (labels == 1)) * cost_missed + np.sum(alarm & (labels == 0)) * cost_false_alarm


@pick_threshold.wrong(
    "always one half", says="you returned 0.5; that is right only for equal costs and calibrated probabilities"
)
def _(labels, probabilities, cost_missed, cost_false_alarm):
    return 0.5


@pick_threshold.wrong("costs exchanged", says="you exchanged the two costs")
def _(labels, probabilities, cost_missed, cost_false_alarm):
    return pick_threshold(labels, probabilities, cost_false_alarm, cost_missed)


@pick_threshold.wrong("fewest errors", says="your threshold makes the fewest errors; multiply each with what it costs")
def _(labels, probabilities, cost_missed, cost_false_alarm):
    return pick_threshold(labels, probabilities, 1, 1)


@pick_threshold.wrong(
    "the formula for calibrated probabilities",
    says="your formula holds for calibrated probabilities; try the thresholds on the data",
)
def _(labels, probabilities, cost_missed, cost_false_alarm):
    return cost_false_alarm / (cost_false_alarm + cost_missed)


def _costs(labels, probabilities, cost_missed, cost_false_alarm, thresholds):
    return [_cost(labels, probabilities, cost_missed, cost_false_alarm, threshold) for threshold in thresholds]


@pick_threshold.wrong(
    "never above every probability",
    says="you always give an alarm to somebody; try a threshold above every probability too, such as infinity",
)
def _(labels, probabilities, cost_missed, cost_false_alarm):
    thresholds = np.unique(probabilities)
    return thresholds[np.argmin(_costs(labels, probabilities, cost_missed, cost_false_alarm, thresholds))]


@pick_threshold.wrong(
    "alarms strictly above",
    says="you counted an alarm only above the threshold; a probability equal to it gives an alarm too: use >=",
)
def _(labels, probabilities, cost_missed, cost_false_alarm):
    thresholds = np.append(0.0, np.unique(probabilities))
    just_above = np.nextafter(thresholds, 1)
    return thresholds[np.argmin(_costs(labels, probabilities, cost_missed, cost_false_alarm, just_above))]


@pick_threshold.wrong(
    "the number of the threshold", says="you returned its number in the list, {got}; return the threshold itself"
)
def _(labels, probabilities, cost_missed, cost_false_alarm):
    thresholds = np.append(np.unique(probabilities), np.inf)
    return int(np.argmin(_costs(labels, probabilities, cost_missed, cost_false_alarm, thresholds)))


@pick_threshold.wrong("the most expensive", says="your threshold has the largest cost; take the smallest")
def _(labels, probabilities, cost_missed, cost_false_alarm):
    thresholds = np.append(np.unique(probabilities), np.inf)
    return thresholds[np.argmax(_costs(labels, probabilities, cost_missed, cost_false_alarm, thresholds))]
