"""Exercises of chapter 01: what is missing and for whom, the ROC AUC by counting pairs, the predictive value."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import describe, expect_array, expect_close, rule_out


@exercise(
    "1.1",
    "What is missing, by outcome",
    points=2,
    hints=[
        "np.isnan(values) is True where a value is missing; the mean of True and False is a share.",
        "values[outcome == 1] are the rows of those who had the outcome; take the mean over rows, axis=0.",
        "A person whose outcome is NaN equals neither 0 nor 1, and so falls out by itself.",
    ],
)
def missing_by_outcome(values, outcome):
    """values (n, variables) with NaN, outcome (n,) 0, 1 or NaN → shares missing (2, variables)"""
    missing = np.isnan(values)
    return np.stack([missing[outcome == 0].mean(axis=0), missing[outcome == 1].mean(axis=0)])


@missing_by_outcome.checks
def _(answer, rng):
    for n, variables in [(40, 3), (25, 1), (60, 5)]:
        values, outcome = rng.normal(size=(n, variables)), rng.permutation(np.arange(n) % 5 == 0).astype(float)
        values[rng.random((n, variables)) < 0.2 + 0.5 * outcome[:, None]] = np.nan
        values[:, 0] *= rng.random(n) > 0.1  # zeros that were measured
        _judge_missing(answer, values, outcome, f"{n} people and {variables} variables")
        outcome[rng.random(n) < 0.3] = np.nan
        outcome[:2], values[:2] = np.nan, np.nan
        _judge_missing(answer, values, outcome, f"{n} people, some with unknown outcome, and {variables} variables")


def _judge_missing(answer, values, outcome, inputs):
    wanted = missing_by_outcome(values, outcome)
    got = expect_array(
        answer(values, outcome),
        shape=wanted.shape,
        inputs=inputs,
        why="one row for outcome 0 and one for outcome 1, one column for each variable",
    )
    mistakes = {
        "you returned the share that is there, not the share that is missing": 1 - wanted,
        "you returned counts; divide by the number of people with that outcome": _counts(values, outcome),
        "you divided by everybody; divide by the number of people with that outcome": _of_all(values, outcome),
        "your rows are the wrong way round: outcome 0 comes first": wanted[::-1],
        "you counted people of unknown outcome as outcome 0; leave them out": _unknown_is_zero(values, outcome),
        "you counted measured zeros as missing; only NaN is": _zero_is_missing(values, outcome),
    }
    for message, mistake in mistakes.items():
        rule_out(got, mistake, wanted, f"for {inputs} {message}")
    expect_close(got, wanted, inputs=inputs, why="the mean of np.isnan over the rows with that outcome")


@missing_by_outcome.wrong("counts instead of shares", says="you returned counts")
def _counts(values, outcome):
    return np.stack([np.isnan(values[outcome == k]).sum(axis=0) for k in (0, 1)]).astype(float)


@missing_by_outcome.wrong("divided by all people", says="you divided by everybody")
def _of_all(values, outcome):
    return _counts(values, outcome) / len(values)


@missing_by_outcome.wrong("unknown taken for no event", says="unknown outcome as outcome 0")
def _unknown_is_zero(values, outcome):
    return missing_by_outcome(values, np.nan_to_num(outcome))


@missing_by_outcome.wrong("zero taken for missing", says="only NaN is")
def _zero_is_missing(values, outcome):
    return missing_by_outcome(np.where(values == 0, np.nan, values), outcome)


@missing_by_outcome.wrong("the share that is present", says="the share that is there")
def _(values, outcome):
    return 1 - missing_by_outcome(values, outcome)


@exercise(
    "1.2",
    "The area under the ROC curve, by counting pairs",
    points=2,
    hints=[
        "cases = scores[labels == 1] and others = scores[labels == 0]; compare each case with each other person.",
        "cases[:, None] > others[None, :] has one True or False for every pair.",
        "A pair with equal scores counts 0.5. Divide by the number of pairs, len(cases) * len(others).",
    ],
)
def auc_by_pairs(labels, scores):
    """labels (n,) 0 or 1, scores (n,) → share of pairs in which the case scores higher"""
    cases, others = scores[labels == 1][:, None], scores[labels == 0][None, :]
    return np.mean((cases > others) + 0.5 * (cases == others))


@auc_by_pairs.checks
def _(answer, rng):
    examples = [(np.array([0, 1]), np.array([0.2, 0.7])), (np.array([1, 0, 0]), np.array([0.5, 0.5, 0.1]))]
    for n in (12, 50):
        labels = rng.permutation(np.arange(n) % 4 == 0).astype(int)
        examples.append((labels, rng.normal(size=n) + labels))
        examples.append((labels, np.round(rng.normal(size=n) + labels)))
    for labels, scores in examples:
        ties = len(np.unique(scores)) < len(scores)
        inputs = f"{labels.sum()} cases and {(1 - labels).sum()} others, {'some' if ties else 'no'} scores equal"
        if len(labels) <= 3:
            inputs = f"labels {describe(labels)} and scores {describe(scores)}"
        wanted, got = auc_by_pairs(labels, scores), expect_array(answer(labels, scores), shape=(), inputs=inputs)
        n_pairs = labels.sum() * (1 - labels).sum()
        mistakes = {
            "you gave pairs with equal scores no credit; they count half": _ties_lose(labels, scores),
            "you gave pairs with equal scores full credit; they count half": _ties_win(labels, scores),
            "you counted the pairs in which the case scores lower": _upside_down(labels, scores),
            "you returned a number of pairs; divide by how many there are": wanted * n_pairs,
            "you returned the accuracy at 0.5; compare the scores with each other": _accuracy(labels, scores),
        }
        for message, mistake in mistakes.items():
            rule_out(got, mistake, wanted, f"for {inputs} {message}")
        expect_close(got, wanted, inputs=inputs, why="count the pairs in which the case scores higher, equals half")


@auc_by_pairs.wrong("ties lose", says="no credit")
def _ties_lose(labels, scores):
    return np.mean(scores[labels == 1][:, None] > scores[labels == 0])


@auc_by_pairs.wrong("ties win", says="full credit")
def _ties_win(labels, scores):
    return np.mean(scores[labels == 1][:, None] >= scores[labels == 0])


@auc_by_pairs.wrong("upside down", says="scores lower")
def _upside_down(labels, scores):
    return auc_by_pairs(1 - labels, scores)


@auc_by_pairs.wrong("accuracy", says="the accuracy at 0.5")
def _accuracy(labels, scores):
    return np.mean((scores > 0.5) == labels)


@exercise(
    "1.3",
    "The positive predictive value",
    points=1,
    hints=[
        "Of 1,000 people, 1000 * prevalence are ill. How many of those test positive?",
        "1000 * (1 - prevalence) are healthy, and a share of 1 - specificity of them tests positive too.",
        "Divide the ill with a positive test by all with a positive test.",
    ],
)
def positive_predictive_value(sensitivity, specificity, prevalence):
    """three shares, numbers or arrays → share of the people with a positive test who are ill"""
    ill_and_positive = sensitivity * prevalence
    healthy_and_positive = (1 - specificity) * (1 - prevalence)
    return ill_and_positive / (ill_and_positive + healthy_and_positive)


@positive_predictive_value.checks
def _(answer, rng):
    for shape in [(), (), (4,)]:
        sensitivity, specificity = np.round(rng.uniform([0.6, 0.8], [0.75, 0.95]), 2)
        prevalence = np.round(rng.uniform(0.02, 0.4, size=shape), 2)
        prevalence = prevalence if shape else float(prevalence)
        told = "four values" if shape else f"{prevalence:.2f}"
        inputs = f"sensitivity {sensitivity:.2f}, specificity {specificity:.2f}, prevalence {told}"
        wanted = positive_predictive_value(sensitivity, specificity, prevalence)
        got = expect_array(answer(sensitivity, specificity, prevalence), inputs=inputs)
        numbers = sensitivity, specificity, prevalence
        mistakes = {
            "you returned the sensitivity: the share of the ill who test positive, not of the positive who are ill": (
                np.broadcast_to(sensitivity, shape)
            ),
            "you left out how common the illness is; weight with prevalence and 1 - prevalence": np.broadcast_to(
                _no_prevalence(*numbers), shape
            ),
            "you took the specificity for the share of false alarms; that is 1 - specificity": _not_inverted(*numbers),
            "you returned the negative predictive value": _negative(*numbers),
            "you returned the share of all people who are ill and positive; divide by all positives": (
                np.multiply(sensitivity, prevalence)
            ),
        }
        for message, mistake in mistakes.items():
            rule_out(got, mistake, wanted, f"for {inputs} {message}")
        expect_close(got, wanted, inputs=inputs, why="the ill who test positive, divided by all who test positive")
    inputs = "a prevalence of 0"
    expect_close(answer(0.9, 0.8, 0.0), 0.0, inputs=inputs, why="where nobody is ill, every positive is a false alarm")


@positive_predictive_value.wrong("the sensitivity", says="you returned the sensitivity")
def _(sensitivity, specificity, prevalence):
    return sensitivity + 0 * prevalence


@positive_predictive_value.wrong("no prevalence", says="how common the illness is")
def _no_prevalence(sensitivity, specificity, prevalence):
    return sensitivity / (sensitivity + 1 - specificity) + 0 * prevalence


@positive_predictive_value.wrong("specificity not turned", says="that is 1 - specificity")
def _not_inverted(sensitivity, specificity, prevalence):
    return sensitivity * prevalence / (sensitivity * prevalence + specificity * (1 - prevalence))


@positive_predictive_value.wrong("the negative one", says="the negative predictive value")
def _negative(sensitivity, specificity, prevalence):
    return positive_predictive_value(specificity, sensitivity, 1 - prevalence)
