"""Exercises of chapter 01: what is missing and for whom, the ROC AUC by counting pairs, the predictive value."""

import numpy as np

from utils.exercises.core import exercise


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
    words = {
        "shape": "one row for outcome 0 and one for outcome 1, one column for each variable",
        "why": "take the mean of np.isnan over the rows with that outcome",
    }
    for n, variables in [(40, 3), (25, 1), (60, 5)]:
        values, outcome = rng.normal(size=(n, variables)), rng.permutation(np.arange(n) % 5 == 0).astype(float)
        values[rng.random((n, variables)) < 0.2 + 0.5 * outcome[:, None]] = np.nan
        values[:, 0] *= rng.random(n) > 0.1  # zeros that were measured
        answer.case(f"{n} people and {variables} variables", values, outcome, **words)
        outcome[rng.random(n) < 0.3] = np.nan
        outcome[:2], values[:2] = np.nan, np.nan
        inputs = f"{n} people, some with unknown outcome, and {variables} variables"
        answer.case(inputs, values, outcome, **words)


@missing_by_outcome.wrong(
    "counts instead of shares", says="you returned counts; divide by the number of people with that outcome"
)
def _counts(values, outcome):
    return np.stack([np.isnan(values[outcome == k]).sum(axis=0) for k in (0, 1)])


@missing_by_outcome.wrong(
    "divided by all people", says="you divided by everybody; divide by the number of people with that outcome"
)
def _(values, outcome):
    return _counts(values, outcome) / len(values)


@missing_by_outcome.wrong(
    "unknown taken for no event", says="you counted people of unknown outcome as outcome 0; leave them out"
)
def _(values, outcome):
    return missing_by_outcome(values, np.nan_to_num(outcome))


@missing_by_outcome.wrong("zero taken for missing", says="you counted measured zeros as missing; only NaN is")
def _(values, outcome):
    return missing_by_outcome(np.where(values == 0, np.nan, values), outcome)


@missing_by_outcome.wrong(
    "the share that is present", says="you returned the share that is there, not the share that is missing"
)
def _(values, outcome):
    return 1 - missing_by_outcome(values, outcome)


@missing_by_outcome.wrong("outcome 1 first", says="your rows are the wrong way round: outcome 0 comes first")
def _(values, outcome):
    return missing_by_outcome(values, outcome)[::-1]


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
    words = {"shape": "the AUC is one share", "why": "count the pairs in which the case scores higher, equals half"}
    for labels, scores in [
        ([0, 1], [0.2, 0.7]),
        ([1, 1, 0, 0, 0], [0.5, 0.7, 0.5, 0.6, 0.1]),  # each way to treat equal scores gives another number
        ([1, 0], [0.2, 0.7]),
    ]:
        answer.case(None, np.array(labels), np.array(scores), **words)
    for n in (12, 50):
        labels = rng.permutation(np.arange(n) % 4 == 0).astype(int)
        inputs = f"{labels.sum()} cases and {(1 - labels).sum()} others"
        answer.case(f"{inputs}, no scores equal", labels, rng.normal(size=n) + labels, **words)
        answer.case(f"{inputs}, some scores equal", labels, np.round(rng.normal(size=n) + labels), **words)


@auc_by_pairs.wrong("ties lose", says="you gave pairs with equal scores no credit; they count half")
def _(labels, scores):
    return np.mean(scores[labels == 1][:, None] > scores[labels == 0])


@auc_by_pairs.wrong("ties win", says="you gave pairs with equal scores full credit; they count half")
def _(labels, scores):
    return np.mean(scores[labels == 1][:, None] >= scores[labels == 0])


@auc_by_pairs.wrong("ties left out", says="you left pairs with equal scores out; they are pairs, and count half")
def _(labels, scores):
    cases, others = scores[labels == 1][:, None], scores[labels == 0]
    return np.sum(cases > others) / np.sum(cases != others)


@auc_by_pairs.wrong("upside down", says="you counted the pairs in which the case scores lower")
def _(labels, scores):
    return auc_by_pairs(1 - labels, scores)


@auc_by_pairs.wrong("a number of pairs", says="you returned a number of pairs; divide by how many there are")
def _(labels, scores):
    return auc_by_pairs(labels, scores) * np.sum(labels == 1) * np.sum(labels == 0)


@auc_by_pairs.wrong(
    "a number of pairs, ties lost",
    says="you returned a number of pairs; divide by how many there are, and let equal scores count half",
)
def _(labels, scores):
    return np.sum(scores[labels == 1][:, None] > scores[labels == 0])


@auc_by_pairs.wrong("accuracy", says="you returned the accuracy at 0.5; compare the scores with each other")
def _(labels, scores):
    return np.mean((scores > 0.5) == labels)


@auc_by_pairs.wrong(
    "never below one half", says="you turned the scores round; an AUC below 0.5 says that they point the wrong way"
)
def _(labels, scores):
    return max(auc_by_pairs(labels, scores), 1 - auc_by_pairs(labels, scores))


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
        answer.case(
            None,
            *(sensitivity, specificity, prevalence),
            shape="one value for each prevalence",
            why="the ill who test positive, divided by all who test positive",
        )


@positive_predictive_value.wrong(
    "the sensitivity",
    says="you returned the sensitivity: the share of the ill who test positive, not of the positive who are ill",
)
def _(sensitivity, specificity, prevalence):
    return sensitivity


@positive_predictive_value.wrong(
    "no prevalence", says="you left out how common the illness is; weight with prevalence and 1 - prevalence"
)
def _(sensitivity, specificity, prevalence):
    return sensitivity / (sensitivity + 1 - specificity)


@positive_predictive_value.wrong(
    "specificity not turned", says="you took the specificity for the share of false alarms; that is 1 - specificity"
)
def _(sensitivity, specificity, prevalence):
    return sensitivity * prevalence / (sensitivity * prevalence + specificity * (1 - prevalence))


@positive_predictive_value.wrong("the negative one", says="you returned the negative predictive value")
def _(sensitivity, specificity, prevalence):
    return positive_predictive_value(specificity, sensitivity, 1 - prevalence)


@positive_predictive_value.wrong(
    "a share of everybody",
    says="you returned the share of all people who are ill and positive; divide by all who test positive",
)
def _(sensitivity, specificity, prevalence):
    return sensitivity * prevalence
