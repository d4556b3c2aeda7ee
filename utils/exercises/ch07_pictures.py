"""Exercises of chapter 07: are the probabilities right, and does the mask fit?"""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import alike


@exercise(
    "7.4",
    "Expected calibration error",
    points=2,
    hints=[
        "The bin of each prediction: np.minimum((confidence * bins).astype(int), bins - 1). The minimum keeps 1.0 in "
        "the last bin.",
        "For each bin with something in it: gap = abs(correct[inside].mean() - confidence[inside].mean()).",
        "Add up the gaps, each multiplied by the share of the predictions in its bin: inside.mean().",
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
        inputs = f"{count + 1} predictions and {bins} bin{'s' if bins > 1 else ''}"
        why = "gap of each bin, times its share of the predictions, added up"
        answer.case(inputs, confidence, correct, bins, why=why)
    confidence, correct = np.array([0.25, 0.5, 0.75]), np.array([1, 0, 0])
    allowed = [calibration_error(edge, correct, 2) for edge in (confidence, confidence - 1e-12)]
    inputs = "confidence [0.25, 0.5, 0.75], correct [1, 0, 0] and 2 bins"
    answer.case(
        inputs,
        *(confidence, correct, 2),
        accept=lambda error: any(alike(error, one) for one in allowed),
        why="0.5 belongs to one of the two bins",
    )


def _gaps(confidence, correct, bins, last=True):
    """Share of the predictions, and mean outcome minus mean confidence, of each bin that is not empty."""
    place = (confidence * bins).astype(int)
    place = np.minimum(place, bins - 1) if last else place
    inside = [place == number for number in range(bins) if (place == number).any()]
    return np.array([one.mean() for one in inside]), np.array([(correct - confidence)[one].mean() for one in inside])


@calibration_error.wrong(
    "each bin counts the same",
    says="you counted each bin the same; multiply its gap by its share of the predictions",
)
def _(confidence, correct, bins):
    return float(np.abs(_gaps(confidence, correct, bins)[1]).mean())


@calibration_error.wrong("with signs", says="gaps above and below 0 cancelled out; take absolute values")
def _(confidence, correct, bins):
    shares, gaps = _gaps(confidence, correct, bins)
    return float(abs(np.sum(shares * gaps)))


@calibration_error.wrong("squares", says="you squared the gaps; take absolute values")
def _(confidence, correct, bins):
    shares, gaps = _gaps(confidence, correct, bins)
    return float(np.sum(shares * gaps**2))


@calibration_error.wrong(
    "loses the confidence of 1", says="the prediction with confidence 1 is in no bin; put it into the last one"
)
def _(confidence, correct, bins):
    shares, gaps = _gaps(confidence, correct, bins, last=False)
    return float(np.sum(shares * np.abs(gaps)))


@calibration_error.wrong(
    "prediction by prediction",
    says="you compared each prediction with its own outcome; compare the means of each bin",
)
def _(confidence, correct, bins):
    return float(np.abs(correct - confidence).mean())


@calibration_error.wrong("divides by empty bins", says="you returned {got}: leave out bins in which no prediction lies")
def _(confidence, correct, bins):
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    count = np.bincount(place, minlength=bins)
    gaps = np.bincount(place, correct - confidence, minlength=bins) / count
    return float(np.sum(count / count.sum() * np.abs(gaps)))


@calibration_error.wrong(
    "the middle of the bin",
    says="you compared with the middle of each bin; compare with the mean confidence of its predictions",
)
def _(confidence, correct, bins):
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return calibration_error((place + 0.5) / bins, correct, bins)


@calibration_error.wrong(
    "edges count twice", says="you counted a prediction on the edge between two bins in both; count it in one of them"
)
def _(confidence, correct, bins):
    error = 0.0
    for number in range(bins):
        inside = (confidence >= number / bins) & (confidence <= (number + 1) / bins)
        if inside.any():
            error += inside.mean() * abs(correct[inside].mean() - confidence[inside].mean())
    return float(error)


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
    """mask and predicted, arrays of one shape, of bool or the integers 0 and 1 → Dice (float)"""
    mask, predicted = mask.astype(bool), predicted.astype(bool)
    marked = mask.sum() + predicted.sum()
    return float(2 * np.sum(mask & predicted) / marked) if marked else 1.0


@dice.checks
def _(answer, rng):
    for shape, share in [((6, 7), 0.3), ((8, 8), 0.5), ((3, 5, 5), 0.2), ((10,), 0.6)]:
        mask = rng.random(shape) < share
        predicted = mask ^ (rng.random(shape) < 0.2)
        mask.flat[:3], predicted.flat[:3] = (True, True, False), (True, False, True)  # one found, missed, invented
        for kind, words in [(bool, "bool"), (np.uint8, "0 and 1")]:
            why = "twice the common part, divided by the sum of both"
            answer.case(f"masks of shape {shape} of {words}", mask.astype(kind), predicted.astype(kind), why=why)
    large = np.ones((20, 30), np.uint8)
    answer.case("masks of 600 pixels of 0 and 1, all marked", large, large.copy(), why="equal masks give 1")
    nothing, something = np.zeros((3, 3), int), np.eye(3, dtype=int)
    answer.case("two empty masks", nothing, nothing, why="they agree, so return 1")
    answer.case("an empty prediction", something, nothing, why="nothing is in common")


def _sums(mask, predicted):
    """The pixels that both mark, that the mask marks, and that the prediction marks."""
    mask, predicted = mask.astype(bool), predicted.astype(bool)
    return np.sum(mask & predicted), np.sum(mask), np.sum(predicted)


@dice.wrong(
    "intersection over union", says="you divided by what either of them marks: that is the intersection over union"
)
def _(mask, predicted):
    both, one, other = _sums(mask, predicted)
    return float(both / (one + other - both)) if one + other else 1.0


@dice.wrong(
    "share of pixels that agree", says="you counted the background too; where neither marks anything, nothing is found"
)
def _(mask, predicted):
    return float(np.mean(mask.astype(bool) == predicted.astype(bool)))


@dice.wrong("without the factor 2", says="you forgot the factor 2: equal masks should give 1")
def _(mask, predicted):
    return dice(mask, predicted) / 2


@dice.wrong("precision", says="you divided by what the prediction marks alone; divide by the sum of both")
def _(mask, predicted):
    both, _, predicted = _sums(mask, predicted)
    return float(both / max(predicted, 1))


@dice.wrong("recall", says="you divided by what the mask marks alone; divide by the sum of both")
def _(mask, predicted):
    both, marked, _ = _sums(mask, predicted)
    return float(both / max(marked, 1))


@dice.wrong(
    "counts in 8 bits",
    says="you returned {got} where {wanted} is expected: a product of uint8 arrays counts only to 255; use np.sum, or "
    "turn the masks into bool first",
)
def _(mask, predicted):
    marked = int(mask.sum()) + int(predicted.sum())
    return float(2 * (mask.ravel() @ predicted.ravel() if mask.dtype != bool else np.sum(mask & predicted)) / marked)


@dice.wrong("smoothed", says="you added a number above and below the line; divide the plain sums")
def _(mask, predicted):
    both, one, other = _sums(mask, predicted)
    return float((2 * both + 1) / (one + other + 1))


@dice.wrong("nothing over nothing", says="you returned {got}, nothing divided by nothing; they agree, so return 1")
def _(mask, predicted):
    both, one, other = _sums(mask, predicted)
    return float(2 * both / (one + other))


@dice.wrong("0 for two empty masks", says="you returned 0; they agree, so return 1")
def _(mask, predicted):
    return dice(mask, predicted) if np.any(mask) or np.any(predicted) else 0.0


@dice.wrong(
    "1 for any empty mask", says="you returned 1; only one of the masks is empty, so they have nothing in common"
)
def _(mask, predicted):
    return dice(mask, predicted) if np.any(mask) and np.any(predicted) else 1.0
