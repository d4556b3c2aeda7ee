"""Exercise of chapter 15, to plan: how many people a risk model needs."""

import numpy as np

from utils.exercises.core import exercise

SHRINKAGE, MARGIN, Z = 0.9, 0.05, 1.96


@exercise(
    "15.4",
    "How many people?",
    points=3,
    returns=("by_shrinkage", "by_optimism", "by_risk"),
    hints=[
        "Write one function of the shrinkage S for the first two: P / ((S - 1) * np.log(1 - r2 / S)).",
        "The largest r2: 1 - np.exp(2 * (p * np.log(p) + (1 - p) * np.log(1 - p))). Put S = r2 / (r2 + 0.05 * "
        "largest) into the same function.",
        "The third asks only how surely a share is known: (1.96 / 0.05) ** 2 * p * (1 - p).",
    ],
)
def people_needed(P, r2, p):
    """P: number of parameters; r2: R² (Cox-Snell) expected on new people; p: share with the outcome
    → people needed by criterion 1, 2 and 3, three numbers, not rounded"""

    def by_shrinkage(S):
        return P / ((S - 1) * np.log(1 - r2 / S))

    largest = 1 - np.exp(2 * (p * np.log(p) + (1 - p) * np.log(1 - p)))
    return by_shrinkage(0.9), by_shrinkage(r2 / (r2 + 0.05 * largest)), (1.96 / 0.05) ** 2 * p * (1 - p)


@people_needed.checks
def _(answer, rng):
    for P, r2, p in [(24, 0.288, 0.174), (10, 0.08, 0.07), (30, 0.15, 0.3), (7, 0.05, 0.8), (15, 0.02, 0.01)]:
        answer.case(
            None,
            *(P, r2, p),
            tolerance=1e-3,
            why={
                "by_shrinkage": "P / ((S - 1) ln(1 - r2 / S)) with S = 0.9",
                "by_optimism": "the same formula with S = r2 / (r2 + 0.05 * largest r2)",
                "by_risk": "(1.96 / 0.05)² p (1 - p)",
            },
            shape="each is one number",
        )


def _needed(P, r2, p, *, log=np.log, S=SHRINKAGE, optimism=None, largest=None, inside=lambda r2, S: r2 / S):
    """The reference, with one thing changed."""

    def people(S):
        return P / ((S - 1) * log(1 - inside(r2, S)))

    top = 1 - np.exp(2 * (p * np.log(p) + (1 - p) * np.log(1 - p))) if largest is None else largest
    return (
        people(S),
        people(r2 / (r2 + MARGIN * top) if optimism is None else optimism),
        (Z / MARGIN) ** 2 * p * (1 - p),
    )


@people_needed.wrong("rounded up", says="you rounded; return the numbers as they are, and round up at the very end")
def _(P, r2, p):
    return tuple(np.ceil(people_needed(P, r2, p)))


@people_needed.wrong("base ten", says="you took logarithms to base 10; the formula has the natural one, np.log")
def _(P, r2, p):
    return _needed(P, r2, p, log=np.log10)


@people_needed.wrong(
    "negative", says="your numbers are negative; divide by (S - 1), which is negative as the logarithm is"
)
def _(P, r2, p):
    first, second, third = people_needed(P, r2, p)
    return -first, -second, third


@people_needed.wrong("not divided by S", says="inside the logarithm r2 is divided by S: 1 - r2 / S")
def _(P, r2, p):
    return _needed(P, r2, p, inside=lambda r2, S: r2)


@people_needed.wrong("multiplied by S", says="inside the logarithm you multiplied r2 by S; divide it: 1 - r2 / S")
def _(P, r2, p):
    return _needed(P, r2, p, inside=lambda r2, S: r2 * S)


@people_needed.wrong(
    "0.9 for both", says="your second number has S = 0.9 as the first; its S comes from r2 and the largest r2"
)
def _(P, r2, p):
    return _needed(P, r2, p, optimism=SHRINKAGE)


@people_needed.wrong(
    "a largest r2 of 1", says="you took 1 for the largest r2; with outcomes of 0 and 1 it stays below 1"
)
def _(P, r2, p):
    return _needed(P, r2, p, largest=1.0)


@people_needed.wrong("without the 2", says="your largest r2 lacks the 2 before the log likelihood in np.exp")
def _(P, r2, p):
    return _needed(P, r2, p, largest=1 - np.exp(p * np.log(p) + (1 - p) * np.log(1 - p)))


@people_needed.wrong("cases only", says="your largest r2 counts only those with the outcome; add (1 - p) ln(1 - p)")
def _(P, r2, p):
    return _needed(P, r2, p, largest=1 - np.exp(2 * p * np.log(p)))


@people_needed.wrong(
    "of the likelihood itself",
    says="you exchanged r2 and the largest r2 in the second S: r2 / (r2 + 0.05 * largest r2)",
)
def _(P, r2, p):
    top = 1 - np.exp(2 * (p * np.log(p) + (1 - p) * np.log(1 - p)))
    return _needed(P, r2, p, optimism=top / (top + MARGIN * r2))


@people_needed.wrong(
    "not squared", says="in the third number 1.96 / 0.05 is squared, because it is the root of n that counts"
)
def _(P, r2, p):
    return *people_needed(P, r2, p)[:2], Z / MARGIN * p * (1 - p)


@people_needed.wrong("without 1 - p", says="the third number lacks a factor; the variance of a share is p (1 - p)")
def _(P, r2, p):
    return *people_needed(P, r2, p)[:2], (Z / MARGIN) ** 2 * p


@people_needed.wrong(
    "cases instead of people",
    says="you returned how many have the outcome; return how many people, without the factor p",
)
def _(P, r2, p):
    return tuple(p * people for people in people_needed(P, r2, p))


@people_needed.wrong(
    "ten cases for each parameter",
    says="you counted ten cases for each parameter; that old rule knows neither r2 nor S",
)
def _(P, r2, p):
    return 10 * P / p, *people_needed(P, r2, p)[1:]


@people_needed.wrong(
    "the largest only", says="you returned the largest only; return all three, and the caller takes the largest"
)
def _(P, r2, p):
    return max(people_needed(P, r2, p))
