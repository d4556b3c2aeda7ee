"""Exercises of chapter 07: are the probabilities right, and does the mask fit?"""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_close, rule_out


@exercise(
    "7.4",
    "Expected calibration error",
    points=2,
    hints=[
        "The bin of each prediction: np.minimum((confidence * bins).astype(int), bins - 1). The minimum keeps 1.0 in "
        "the last bin.",
        "For each bin with something in it: gap = abs(correct[inside].mean() - confidence[inside].mean()).",
        "Add up the gaps, each times the share of the predictions in its bin: inside.mean().",
    ],
)
def calibration_error(confidence, correct, bins):
    """confidence (n,) from 0 to 1, correct (n,) 0 or 1, number of equally wide bins
    → expected calibration error (float)"""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    error = 0.0
    for number in range(bins):
        inside = place == number
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return float(error)


@calibration_error.checks
def _(answer, rng):
    for count, bins, low in [(200, 10, 0.3), (50, 5, 0.0), (30, 10, 0.6), (40, 1, 0.2)]:
        confidence = np.append(rng.uniform(low, 1, count) ** 0.5, 1.0)
        correct = (rng.random(count + 1) < 0.65).astype(int)
        correct[-1] = 0  # sure and wrong: it must not get lost
        numbers = confidence, correct, bins
        inputs = f"{count + 1} predictions and {bins} bins"
        got, wanted = expect_array(answer(*numbers), (), inputs=inputs), calibration_error(*numbers)
        expect(np.isfinite(got), f"for {inputs} you returned {got}: leave out bins in which nothing lies")
        for mistake, words in {
            _equal_weights: "each bin counted the same; weigh it with its share of the predictions",
            _signed: "gaps above and below cancelled out; take absolute values",
            _squared: "you squared the gaps; take absolute values",
            _without_one: "the prediction with confidence 1 is in no bin; put it into the last",
            _one_by_one: "you compared each prediction with its own outcome; compare the means of each bin",
        }.items():
            rule_out(got, mistake(*numbers), wanted, f"for {inputs} {words}")
        expect_close(got, wanted, inputs=inputs, why="gap of each bin, times its share of the predictions, added up")


def _gaps(confidence, correct, bins, last=True):
    """Share of the predictions, and mean outcome minus mean confidence, of each bin that is not empty."""
    place = (confidence * bins).astype(int)
    place = np.minimum(place, bins - 1) if last else place
    inside = [place == number for number in range(bins) if (place == number).any()]
    return np.array([one.mean() for one in inside]), np.array([(correct - confidence)[one].mean() for one in inside])


@calibration_error.wrong("each bin counts the same", says="weigh it with its share")
def _equal_weights(confidence, correct, bins):
    return float(np.abs(_gaps(confidence, correct, bins)[1]).mean())


@calibration_error.wrong("with signs", says="cancelled out")
def _signed(confidence, correct, bins):
    shares, gaps = _gaps(confidence, correct, bins)
    return float(abs(np.sum(shares * gaps)))


@calibration_error.wrong("squares", says="you squared the gaps")
def _squared(confidence, correct, bins):
    shares, gaps = _gaps(confidence, correct, bins)
    return float(np.sum(shares * gaps**2))


@calibration_error.wrong("loses the confidence of 1", says="is in no bin")
def _without_one(confidence, correct, bins):
    shares, gaps = _gaps(confidence, correct, bins, last=False)
    return float(np.sum(shares * np.abs(gaps)))


@calibration_error.wrong("prediction by prediction", says="compare the means of each bin")
def _one_by_one(confidence, correct, bins):
    return float(np.abs(correct - confidence).mean())


@calibration_error.wrong("divides by empty bins", says="leave out bins")
def _(confidence, correct, bins):
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    gaps = np.bincount(place, correct - confidence, minlength=bins) / count
    return float(np.sum(count / count.sum() * np.abs(gaps)))


@exercise(
    "7.5",
    "Dice",
    points=1,
    hints=[
        "Make both bool first: mask = mask.astype(bool). What both mark is then mask & predicted.",
        "Twice what both mark, divided by the sum of what each marks.",
        "Where neither marks anything they agree: return 1.0 before you divide by zero.",
    ],
)
def dice(mask, predicted):
    """mask and predicted, two arrays of one shape of 0 and 1 or bool → Dice coefficient (float)"""
    mask, predicted = mask.astype(bool), predicted.astype(bool)
    marked = mask.sum() + predicted.sum()
    return float(2 * np.sum(mask & predicted) / marked) if marked else 1.0


@dice.checks
def _(answer, rng):
    for shape, share in [((6, 7), 0.3), ((8, 8), 0.5), ((3, 5, 5), 0.2), ((10,), 0.6)]:
        mask = rng.random(shape) < share
        predicted = mask ^ (rng.random(shape) < 0.2)
        mask.flat[:3], predicted.flat[:3] = (True, True, False), (True, False, True)  # one found, missed, invented
        for kind in (bool, np.uint8, float):
            numbers = mask.astype(kind), predicted.astype(kind)
            inputs = f"masks of the shape {shape} and the type {np.dtype(kind)}"
            got, wanted = expect_array(answer(*numbers), (), inputs=inputs), dice(*numbers)
            for mistake, words in {
                _overlap: "you divided by what either marks: that is the intersection over union",
                _agreement: "you counted the background too; where neither marks, nothing is found",
                _half: "you forgot the factor 2: equal masks should give 1",
                _precision: "you divided by what is predicted alone; nuclei that were missed must count, too",
            }.items():
                rule_out(got, mistake(*numbers), wanted, f"for {inputs} {words}")
            expect_close(got, wanted, inputs=inputs, why="twice the common part, divided by the sum of both")
    nothing, something = np.zeros((3, 3)), np.eye(3)
    got = expect_array(answer(nothing, nothing), (), inputs="two empty masks")
    expect_close(got, 1.0, inputs="two empty masks", why="they agree, so return 1")
    got = expect_array(answer(something, nothing), (), inputs="an empty prediction")
    expect_close(got, 0.0, inputs="an empty prediction", why="nothing is in common")


@dice.wrong("intersection over union", says="that is the intersection over union")
def _overlap(mask, predicted):
    mask, predicted = mask.astype(bool), predicted.astype(bool)
    either = np.sum(mask | predicted)
    return float(np.sum(mask & predicted) / either) if either else 1.0


@dice.wrong("share of pixels that agree", says="you counted the background")
def _agreement(mask, predicted):
    return float(np.mean(mask.astype(bool) == predicted.astype(bool)))


@dice.wrong("without the factor 2", says="you forgot the factor 2")
def _half(mask, predicted):
    return dice(mask, predicted) / 2


@dice.wrong("precision", says="nuclei that were missed must count")
def _precision(mask, predicted):
    mask, predicted = mask.astype(bool), predicted.astype(bool)
    return float(np.sum(mask & predicted) / max(np.sum(predicted), 1))


@dice.wrong("nothing over nothing", says="two empty masks")
def _(mask, predicted):
    mask, predicted = mask.astype(bool), predicted.astype(bool)
    return float(2 * np.sum(mask & predicted) / (mask.sum() + predicted.sum()))
