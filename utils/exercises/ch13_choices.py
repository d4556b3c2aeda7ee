"""Exercises of chapter 13, to plan: what more examples would bring, and which model for which question."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import describe, expect, expect_array, expect_close, expect_parts, rule_out


@exercise(
    "13.3",
    "What would more examples bring?",
    points=2,
    hints=[
        "Take logarithms of both: log(error) = log(a) - b * log(n), a straight line.",
        "slope, start = np.polyfit(np.log(sizes), np.log(errors), 1). Then b = -slope and a = np.exp(start).",
        "The error falls by half when n grows by a factor f with f ** -b = 1 / 2. Solve for f.",
    ],
)
def power_law(sizes, errors):
    """sizes and errors (k,), all above 0 → a, b of the line errors = a * sizes ** -b, fitted to the
    logarithms by least squares, and times how many examples would halve the error"""
    slope, start = np.polyfit(np.log(sizes), np.log(errors), 1)
    return np.exp(start), -slope, 2 ** (-1 / slope)


@power_law.checks
def _(answer, rng):
    for count, noise in [(4, 0.0), (5, 0.15), (8, 0.3), (3, 0.1)]:
        a, b = rng.uniform(0.5, 4), rng.uniform(0.2, 0.8)
        sizes = np.sort(rng.choice(np.arange(20, 4000), size=count, replace=False)).astype(float)
        errors = a * sizes**-b * np.exp(noise * rng.normal(size=count))
        if noise and np.polyfit(np.log(sizes), np.log(errors), 1)[0] > -0.1:
            errors = a * sizes**-b * np.exp(0.05 * np.arange(count) % 2)
        inputs = f"{count} sizes from {sizes.min():.0f} to {sizes.max():.0f}"
        got = expect_array(expect_parts(answer(sizes, errors), ["a", "b", "times"]), (3,), inputs=inputs).astype(float)
        wanted = np.array(power_law(sizes, errors))
        for mistake, words in {
            _negative: "your b is negative; the error falls as sizes ** -b with b above 0",
            _log_of_a: "your a is its logarithm; undo the logarithm",
            _straight: "you fitted a line to the numbers themselves; fit it to the logarithms of both",
            _one_log: "you took the logarithm of the sizes only; take that of the errors as well",
            _doubled: "your last number solves another question; f ** -b = 1 / 2 gives f = 2 ** (1 / b)",
            _proportional: "you took the error to fall in proportion; with b below 1 it takes more than twice as many",
        }.items():
            rule_out(got, np.array(mistake(sizes, errors)), wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="a straight line through the logarithms", tolerance=1e-5)


@power_law.wrong("b negative", says="your b is negative")
def _negative(sizes, errors):
    a, b, times = power_law(sizes, errors)
    return a, -b, times


@power_law.wrong("a as logarithm", says="undo the logarithm")
def _log_of_a(sizes, errors):
    a, b, times = power_law(sizes, errors)
    return np.log(a), b, times


@power_law.wrong("without logarithms", says="logarithms of both")
def _straight(sizes, errors):
    slope, start = np.polyfit(sizes, errors, 1)
    return start, -slope, 2 ** (-1 / slope)


@power_law.wrong("logarithm of the sizes only", says="of the sizes only")
def _one_log(sizes, errors):
    slope, start = np.polyfit(np.log(sizes), errors, 1)
    return np.exp(start), -slope, 2 ** (-1 / slope)


@power_law.wrong("2 ** b", says="another question")
def _doubled(sizes, errors):
    a, b, _ = power_law(sizes, errors)
    return a, b, 2**b


@power_law.wrong("twice as many", says="in proportion")
def _proportional(sizes, errors):
    a, b, _ = power_law(sizes, errors)
    return a, b, 2.0


MODELS = ("logistic regression", "random forest", "CNN", "GRU")
TOGETHER = ("row", "patient", "scaffold")
JUDGED_BY = ("accuracy", "calibration", "average precision", "enrichment")
ANSWERS = {
    "A": ("logistic regression", "patient", "calibration"),
    "B": ("CNN", "patient", "average precision"),
    "C": ("random forest", "scaffold", "enrichment"),
}
# Why a word is not the answer; a word without an entry of its own for the brief has the one for all.
BECAUSE = {
    ("A", "random forest"): "a forest can do it, but its risks need to be calibrated first, and nobody can read it; "
    "begin with the simplest model that gives risks",
    ("A", "CNN"): "in a table of laboratory values there are no neighbours for a kernel to slide over",
    (
        "A",
        "GRU",
    ): "on some hundred patients a GRU did no better than a line on summaries; begin with what needs no luck",
    ("B", "logistic regression"): "on so many pictures there is no reason to stop at mean tints: shape and texture "
    "can be learned",
    ("B", "random forest"): "a forest takes each pixel for itself: a cell moved by two pixels is a new cell to it",
    ("B", "GRU"): "a picture has no first and no last; a kernel uses that it may be moved",
    ("C", "logistic regression"): "which pieces occur together matters; a line adds them up one by one",
    ("C", "CNN"): "a molecule is no grid, and its spelling has no fixed order; a classical method on fingerprints "
    "was hard to beat on so few",
    ("C", "GRU"): "a GRU on the spelling learned who had typed the line; on so few molecules begin with fingerprints",
    ("A", "row"): "several visits of one person would stand on both sides",
    ("B", "row"): "cells of one patient share stain and disease, and would stand on both sides",
    ("C", "row"): "relatives would stand on both sides, and the candidates have new skeletons",
    ("A", "scaffold"): "people have no scaffold; who returns?",
    ("B", "scaffold"): "cells have no scaffold; of whom are there many?",
    ("C", "patient"): "there is no patient here; what are the candidates new in?",
    "accuracy": "with an outcome this rare, who always says no is nearly always right",
    "calibration": "nobody is told this number as a risk; what is done with the answers?",
    "average precision": "it judges the whole list or every alarm; what is done with the answers here?",
    "enrichment": "it judges the top of a list from which a few are bought; what is done with the answers here?",
}


@exercise(
    "13.4",
    "Three briefs",
    points=3,
    hints=[
        "First the data: a table with a few hundred rows, many pictures, or a thousand molecules? The table of answers "
        "above says what to begin with.",
        "Then: of what are there several rows that resemble each other, and what will be new tomorrow? That stays "
        "together.",
        "Then: what is done with the answer? A number is told, an alarm is looked at, or the first fifty are bought.",
    ],
)
def choose(brief):
    """brief: "A", "B" or "C" → (model to begin with, what stays together, judged by), three words
    of the lists above"""
    return {
        "A": ("logistic regression", "patient", "calibration"),
        "B": ("CNN", "patient", "average precision"),
        "C": ("random forest", "scaffold", "enrichment"),
    }[brief]


@choose.checks
def _(answer, rng):
    names = ["model", "stays together", "judged by"]
    for brief, wanted in ANSWERS.items():
        got = expect_parts(answer(brief), names)
        for name, word, words, right in zip(names, got, (MODELS, TOGETHER, JUDGED_BY), wanted, strict=True):
            listed = f"for brief {brief}, {name}: {describe(word)} is not on the list; take one of {', '.join(words)}"
            expect(word in words, listed)
            reason = BECAUSE.get((brief, word), BECAUSE.get(word, ""))
            expect(word == right, f"for brief {brief}, {name}: not {word!r}: {reason}")


@choose.wrong("a CNN for all", says="no neighbours for a kernel")
def _(brief):
    return ("CNN", *choose(brief)[1:])


@choose.wrong("a forest for all", says="need to be calibrated first")
def _(brief):
    return ("random forest", *choose(brief)[1:])


@choose.wrong("a line for all", says="shape and texture")
def _(brief):
    return ("logistic regression", *choose(brief)[1:])


@choose.wrong("a GRU on the spelling", says="who had typed the line")
def _(brief):
    return ("GRU" if brief == "C" else choose(brief)[0], *choose(brief)[1:])


@choose.wrong("split by row", says="several visits of one person")
def _(brief):
    return choose(brief)[0], "row", choose(brief)[2]


@choose.wrong("patients everywhere", says="what are the candidates new in")
def _(brief):
    return choose(brief)[0], "patient", choose(brief)[2]


@choose.wrong("accuracy", says="nearly always right")
def _(brief):
    return *choose(brief)[:2], "accuracy"


@choose.wrong("a word of one's own", says="is not on the list")
def _(brief):
    return ("transformer", *choose(brief)[1:])
