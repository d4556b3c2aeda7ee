"""Exercises of chapter 15, to plan: what more examples bring to two methods, and which model for which question."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect_parts


@exercise(
    "15.2",
    "Where does it catch up?",
    points=2,
    hints=[
        "One number for each size: deep.mean(axis=0) and classical.mean(axis=0). Less error is better, a tie counts.",
        "Sort by size, and look from the largest downwards: as long as the deep model keeps up, go on.",
        "Return the last size at which it still kept up; None if it does not even at the largest.",
    ],
)
def catches_up(sizes, deep, classical):
    """sizes (k,) in any order; errors deep and classical (draws, k) → smallest size such that there
    and at all larger ones deep's mean error is at most classical's; None if not at the largest"""
    keeps_up = deep.mean(axis=0) <= classical.mean(axis=0)
    found = None
    for place in np.argsort(sizes)[::-1]:
        if not keeps_up[place]:
            break
        found = sizes[place]
    return found


@catches_up.checks
def _(answer, rng):
    # In the order of the sizes: does deep keep up? 0 no, 1 yes, 2 with equal errors. And how much it owes to one draw.
    cases = [
        (np.array([1, 0, 0]), 0, "sorted"),
        (np.array([1, 0, 1, 1]), 0, "sorted"),
        (np.array([1, 0, 0, 2, 1]), 0, "sorted"),
        (np.array([0, 0, 0, 0, 1]), 0, "descending"),
        (np.array([1, 1, 1, 1]), 0, "sorted"),
        (np.array([1, 0, 1, 0]), 0, "sorted"),
        (np.array([0, 0, 0]), 64, "sorted"),
        (np.array([0, 1, 1]), 64, "sorted"),
        (np.array([0, 1, 0, 1, 1, 1]), 0, "shuffled"),
    ]
    for ahead, luck, order in cases:
        k = len(ahead)
        sizes = np.sort(rng.permutation(np.arange(2, 80))[:k]) * 10
        marks = ", ".join(f"{size}: {'-+='[mark]}" for size, mark in zip(sizes.tolist(), ahead, strict=True))
        # In steps of 1/1024, so that the means are exact; both scatter alike, so that a draw decides like the mean.
        classical = rng.integers(200, 400, size=k) / 1024
        deep = classical - np.array([-1, 1, 0])[ahead] * rng.integers(8, 40, size=k) / 1024
        noise = rng.integers(40, 90, size=(2, k)) / 1024
        noise = np.concatenate([noise, -noise])
        deep, classical = deep + noise, classical + noise
        deep += luck * np.array([1, 1, 1, -3])[:, None] / 1024  # the mean stays the same
        places = {"sorted": np.arange(k), "descending": np.arange(k)[::-1], "shuffled": rng.permutation(k)}[order]
        answer.case(
            f"{len(deep)} draws at the sizes {marks} (+ where deep has the smaller mean error, = where they are equal)",
            *(sizes[places], deep[:, places], classical[:, places]),
            shape="one size",
            why="from there on deep keeps up at every larger size",
        )


@catches_up.wrong("without ties", says="you left out a tie; equal errors count as keeping up")
def _(sizes, deep, classical):
    return catches_up(sizes, deep + 1e-9, classical)


@catches_up.wrong("the first size", says="you took the first size at which deep keeps up; later it is behind again")
def _(sizes, deep, classical):
    ahead = deep.mean(axis=0) <= classical.mean(axis=0)
    return sizes[ahead].min() if catches_up(sizes, deep, classical) is not None else None


@catches_up.wrong(
    "the largest size", says="you returned the largest size at which deep keeps up; return the smallest from which on"
)
def _(sizes, deep, classical):
    ahead = deep.mean(axis=0) <= classical.mean(axis=0)
    return sizes[ahead].max() if catches_up(sizes, deep, classical) is not None else None


@catches_up.wrong(
    "the median",
    says="you counted the draws or took their median; compare the means, in which one draw can outweigh the others",
)
def _(sizes, deep, classical):
    return catches_up(sizes, *(np.median(errors, axis=0, keepdims=True) for errors in (deep, classical)))


@catches_up.wrong("the largest instead of None", says="you returned {got}: deep is behind at the largest, return None")
def _(sizes, deep, classical):
    found = catches_up(sizes, deep, classical)
    return sizes.max() if found is None else found


@catches_up.wrong("more is better", says="you looked for the larger error; less error is better")
def _(sizes, deep, classical):
    return catches_up(sizes, classical, deep)


@catches_up.wrong("the place", says="you returned {got}, which is a place in the array; return the size that is there")
def _(sizes, deep, classical):
    found = catches_up(sizes, deep, classical)
    return None if found is None else int(np.flatnonzero(sizes == found)[0])


@catches_up.wrong("the best draws", says="you compared the best draws; compare the means, or luck decides")
def _(sizes, deep, classical):
    return catches_up(sizes, deep.min(axis=0, keepdims=True), classical.min(axis=0, keepdims=True))


@catches_up.wrong("as they stand", says="you took the sizes in the order they have; they may come in any order")
def _(sizes, deep, classical):
    found = catches_up(np.arange(len(sizes)), deep, classical)
    return None if found is None else sizes[found]


@exercise(
    "15.3",
    "What would more examples bring?",
    points=2,
    returns=("a", "b", "factor"),
    hints=[
        "Take logarithms of both: log(error) = log(a) - b * log(n), a straight line.",
        "slope, start = np.polyfit(np.log(sizes), np.log(errors), 1). Then b = -slope and a = np.exp(start).",
        "The error falls by half when n grows by a factor f with f ** -b = 1 / 2. Solve for f.",
    ],
)
def power_law(sizes, errors):
    """sizes and errors (k,), all above 0 → a, b of the line errors = a * sizes ** -b, fitted to the
    logarithms by least squares, and the factor: how many times as many examples halve the error"""
    slope, start = np.polyfit(np.log(sizes), np.log(errors), 1)
    return np.exp(start), -slope, 2 ** (-1 / slope)


@power_law.checks
def _(answer, rng):
    for count, noise in [(4, 0.0), (5, 0.1), (8, 0.15), (3, 0.05)]:
        a, b = rng.uniform(0.5, 4), rng.uniform(0.4, 0.8)
        sizes = np.round(20 * 2 ** (np.arange(count) + rng.uniform(0, 0.5, size=count)))
        errors = a * sizes**-b * np.exp(noise * rng.normal(size=count))
        answer.case(
            f"{count} sizes from {sizes.min():.0f} to {sizes.max():.0f}",
            *(sizes, errors),
            tolerance=1e-5,
            why={
                "a": "the error at n = 1 on the line through the logarithms",
                "b": "minus the slope of the line through the logarithms",
                "factor": "the f with f ** -b = 1 / 2",
            },
            shape="each is one number",
        )


@power_law.wrong("b negative", says="your b is negative; the error falls as sizes ** -b with b above 0")
def _(sizes, errors):
    a, b, times = power_law(sizes, errors)
    return a, -b, times


@power_law.wrong("a as logarithm", says="your a is still a logarithm; undo it with np.exp")
def _(sizes, errors):
    a, b, times = power_law(sizes, errors)
    return np.log(a), b, times


@power_law.wrong("another base", says="you took logarithms to base 10; 10 ** start undoes those, not np.exp(start)")
def _(sizes, errors):
    a, b, times = power_law(sizes, errors)
    return np.exp(np.log10(a)), b, times


@power_law.wrong(
    "without logarithms", says="you fitted a line to the numbers themselves; fit it to the logarithms of both"
)
def _(sizes, errors):
    slope, start = np.polyfit(sizes, errors, 1)
    return start, -slope, 2 ** (-1 / slope)


@power_law.wrong(
    "logarithm of the sizes only", says="you took the logarithm of the sizes only; take that of the errors as well"
)
def _(sizes, errors):
    slope, start = np.polyfit(np.log(sizes), errors, 1)
    return np.exp(start), -slope, 2 ** (-1 / slope)


@power_law.wrong("2 ** b", says="your last number answers another question; f ** -b = 1 / 2 gives f = 2 ** (1 / b)")
def _(sizes, errors):
    a, b, _ = power_law(sizes, errors)
    return a, b, 2**b


@power_law.wrong(
    "twice as many",
    says="you assumed that twice as many examples halve the error; with b below 1 it takes more",
)
def _(sizes, errors):
    a, b, _ = power_law(sizes, errors)
    return a, b, 2.0


PARTS = ("model", "stays together", "judged by")
WORDS = (
    ("logistic regression", "random forest", "CNN", "GRU"),
    ("row", "patient", "scaffold"),
    ("accuracy", "calibration", "average precision", "enrichment"),
)


@exercise(
    "15.5",
    "Three briefs",
    points=3,
    hints=[
        "First the data: a table with a few hundred rows, many pictures, or a thousand molecules? The table of answers "
        "above says what to begin with.",
        "Then: of what are there several rows that resemble each other, and what will be new tomorrow? That stays "
        "together.",
        "Then: what is done with the answer? A person hears a risk, somebody looks at each alarm, or the first fifty "
        "are bought.",
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
    for brief in "ABC":
        inputs = f"brief {brief},"
        words = expect_parts(answer(brief), PARTS, inputs)
        for part, word, listed, right in zip(PARTS, words, WORDS, choose(brief), strict=True):
            known = isinstance(word, str) and word in listed
            answer.expect(known, "a word of one's own", inputs, part=part, word=word, words=", ".join(listed))
            if word != right:
                briefs = next(briefs for wrong, briefs in REASONS if wrong == word and brief in briefs)
                answer.expect(False, f"{word} for {briefs}", inputs)


# Why a word is not the answer to the briefs.
REASONS = {
    ("random forest", "A"): "its risks need to be calibrated first, and nobody can read it; begin with the simplest "
    "model that gives risks",
    ("CNN", "A"): "in a table of laboratory values there are no neighbours for a kernel to slide over",
    ("GRU", "A"): "on some hundred patients it did no better than a regression on summaries; begin with the simpler "
    "model",
    ("logistic regression", "B"): "with this many pictures there is no reason to stop at mean tints: shape and "
    "texture can be learned",
    ("random forest", "B"): "it takes each pixel for itself: a cell moved by two pixels is a new cell to it",
    ("GRU", "B"): "a picture has no first and no last row; a kernel uses that a cell may be anywhere",
    ("logistic regression", "C"): "which pieces occur together matters, and a regression adds them up one by one",
    ("CNN", "C"): "a molecule is no grid, and its spelling has no fixed order; on few molecules a classical method on "
    "fingerprints was hard to beat",
    ("GRU", "C"): "on the spelling it learned who had typed the line; on few molecules begin with fingerprints",
    ("row", "A"): "several visits of one person would be on both sides",
    ("row", "B"): "cells of one patient share stain and disease, and would be on both sides",
    ("row", "C"): "relatives would be on both sides, and the candidates have new skeletons",
    ("scaffold", "A"): "people have no scaffold; who comes back?",
    ("scaffold", "B"): "cells have no scaffold; of whom are there many?",
    ("patient", "C"): "there are no patients here; what are the candidates new in?",
    ("accuracy", "ABC"): "with an outcome this rare, always saying no is nearly always right",
    ("calibration", "BC"): "nobody hears this number as a risk; what is done with the answers?",
    ("average precision", "AC"): "it judges a whole list of alarms; what is done with the answers here?",
    (
        "enrichment",
        "AB",
    ): "it judges the top of a list from which a few are bought; what is done with the answers here?",
}


def _instead(word, briefs):
    """The place of a word among the three, and the answer that has it there for these briefs and is right otherwise."""
    place = next(place for place, words in enumerate(WORDS) if word in words)

    def answer(brief):
        words = list(choose(brief))
        words[place] = word if brief in briefs else words[place]
        return tuple(words)

    return place, answer


for (_word, _briefs), _reason in REASONS.items():
    _place, _answer = _instead(_word, _briefs)
    choose.wrong(f"{_word} for {_briefs}", says=f"{PARTS[_place]}: not {_word!r}: {_reason}")(_answer)


@choose.wrong("a word of one's own", says="{part}: {word} is not on the list; take one of {words}")
def _(brief):
    return ("transformer", *choose(brief)[1:])
