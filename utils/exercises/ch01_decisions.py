"""Exercises of chapter 01, from prediction to decision: a table for the people who will be tested, and its price."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "1.4",
    "A confusion table for the people you will meet",
    points=2,
    hints=[
        "Specificity: the mean of predictions == 0 where labels == 0. Sensitivity: the same with 1 and 1.",
        "Of the people you will meet, people * prevalence are ill, whatever the share of the ill in your data was.",
        "Return np.array([[healthy and negative, healthy and positive], [ill and negative, ill and positive]]).",
    ],
)
def confusion_at_prevalence(labels, predictions, prevalence, people):
    """labels, predictions (n,) 0 or 1 → people (2, 2): row = truth, column = prediction"""
    table = np.empty((2, 2))
    for truth, number in [(0, people * (1 - prevalence)), (1, people * prevalence)]:
        for prediction in (0, 1):
            table[truth, prediction] = number * np.mean(predictions[labels == truth] == prediction)
    return table


@confusion_at_prevalence.checks
def _(answer, rng):
    for prevalence, people in [(0.01, 1000), (0.2, 500), (0.35, 1)]:
        counts = rng.integers([12, 3, 5, 18], [18, 5, 9, 26])  # true and false negatives and positives, all different
        order = rng.permutation(counts.sum())
        labels = np.repeat([0, 0, 1, 1], counts)[order]
        predictions = np.repeat([0, 1, 0, 1], counts)[order]
        inputs = f"{len(labels)} observations, a prevalence of {prevalence} and {people} people"
        why = f"keep sensitivity and specificity, change how many are ill; the table adds up to {people}"
        answer.case(inputs, labels, predictions, prevalence, people, why=why, shape="row = truth, column = prediction")


@confusion_at_prevalence.wrong(
    "as it was observed",
    says="your table has the prevalence of the data; scale each row to the prevalence asked for",
)
def _(labels, predictions, prevalence, people):
    return people * np.array([[np.mean((labels == t) & (predictions == p)) for p in (0, 1)] for t in (0, 1)])


@confusion_at_prevalence.wrong(
    "rows are predictions", says="your rows are predictions and your columns the truth; turn the table"
)
def _(labels, predictions, prevalence, people):
    return confusion_at_prevalence(labels, predictions, prevalence, people).T


@confusion_at_prevalence.wrong(
    "the ill first", says="your table begins with the ill; label 0 comes first in rows and columns"
)
def _(labels, predictions, prevalence, people):
    return confusion_at_prevalence(labels, predictions, prevalence, people)[::-1, ::-1]


@confusion_at_prevalence.wrong(
    "predictive values kept",
    says="you shared out each column, so you kept the predictive values; those change with the prevalence",
)
def _(labels, predictions, prevalence, people):
    table = np.empty((2, 2))
    for prediction, number in [(0, people * (1 - prevalence)), (1, people * prevalence)]:
        for truth in (0, 1):
            table[truth, prediction] = number * np.mean(labels[predictions == prediction] == truth)
    return table


@exercise(
    "1.5",
    "When is it cheaper to act?",
    points=1,
    hints=[
        "Acting costs a false alarm where the person is healthy: (1 - probability) * cost_false_alarm on average.",
        "Waiting costs a miss where the person is ill: probability * cost_miss on average. Act where that is more.",
    ],
)
def cheaper_to_act(probability, cost_false_alarm, cost_miss):
    """probability (n,) of being ill, two costs in one unit → (n,) True where acting costs less"""
    return (1 - probability) * cost_false_alarm < probability * cost_miss


@cheaper_to_act.checks
def _(answer, rng):
    for cost_false_alarm, cost_miss in [(1, 1), (1, 19), (5, 2)]:
        probability = np.append(rng.uniform(0.005, 0.995, size=200), [0.0, 0.5, 1.0])
        inputs = f"a false alarm that costs {cost_false_alarm} and a miss that costs {cost_miss}"

        def why(place, probability=probability, costs=(cost_false_alarm, cost_miss)):
            person = probability[place]
            acting, waiting = (1 - person) * costs[0], person * costs[1]
            return f"with a probability of {person:.3g} acting costs {acting:.3g} and waiting {waiting:.3g}"

        answer.case(inputs, probability, cost_false_alarm, cost_miss, why=why, shape="one decision for each person")


@cheaper_to_act.wrong(
    "acts where both cost the same", says="you act where acting costs as much as waiting; act where it costs less"
)
def _(probability, cost_false_alarm, cost_miss):
    return (1 - probability) * cost_false_alarm <= probability * cost_miss


@cheaper_to_act.wrong("always at one half", says="you act above 0.5 whatever the errors cost")
def _(probability, cost_false_alarm, cost_miss):
    return probability > 0.5


@cheaper_to_act.wrong("costs exchanged", says="you exchanged the two costs")
def _(probability, cost_false_alarm, cost_miss):
    return cheaper_to_act(probability, cost_miss, cost_false_alarm)


@cheaper_to_act.wrong(
    "the ratio of the costs",
    says="you compare the probability with the ratio of the costs; the healthy pay with weight 1 - probability",
)
def _(probability, cost_false_alarm, cost_miss):
    return probability > cost_false_alarm / cost_miss


@cheaper_to_act.wrong("turned round", says="your decisions are the wrong way round: True means act")
def _(probability, cost_false_alarm, cost_miss):
    return ~cheaper_to_act(probability, cost_false_alarm, cost_miss)
