"""Exercises of chapter 11, where attributions come from: integrated gradients, completeness, Grad-CAM."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect_array, expect_close, expect_number, rule_out

# Each function of a batch (n, …) with its gradient, of which the right attributions are known: name → (score, slope).
SCORES = {
    "a straight line": (lambda x: 3 * _flat(x).sum(axis=1), lambda x: np.full_like(x, 3.0)),
    "squares": (lambda x: (_flat(x) ** 2).sum(axis=1), lambda x: 2 * x),
    "a curve that levels off": (lambda x: np.tanh(_flat(x)).sum(axis=1), lambda x: 1 - np.tanh(x) ** 2),
}


def _flat(x):
    return x.reshape(len(x), -1)


@exercise(
    "11.1",
    "Integrated gradients",
    points=3,
    hints=[
        "The points lie at the middles of so many equal steps: shares = (np.arange(steps) + 0.5) / steps.",
        "A batch of points: share = shares.reshape(-1, *[1] * image.ndim), then start + share * (image - start).",
        "The mean of slope(points) over the points, times (image - start).",
    ],
)
def integrated_gradients(slope, image, start, steps):
    """slope: batch (n, …) → gradients (n, …), image and start (…), steps: points on the way
    → attributions (…): (image - start) times the mean gradient on the straight way between them"""
    shares = (np.arange(steps) + 0.5) / steps
    points = start + shares.reshape(-1, *[1] * image.ndim) * (image - start)
    return (image - start) * slope(points).mean(axis=0)


@integrated_gradients.checks
def _(answer, rng):
    for shape, steps in [((3,), 4), ((2, 3, 1), 10), ((4,), 1), ((2, 2, 3), 7)]:
        image, start = rng.normal(size=shape) + 2, rng.normal(size=shape)
        for name, (_, slope) in SCORES.items():
            inputs = f"{name}, an input of shape {shape} and steps = {steps}"
            _compare(answer, slope, image, start, steps, inputs)
    image = rng.normal(size=(3, 2))
    _compare(answer, SCORES["squares"][1], image, image.copy(), 5, "an image that is the start itself, steps = 5")


def _compare(answer, slope, image, start, steps, inputs):
    got = expect_array(answer(slope, image, start, steps), image.shape, inputs=inputs, why="one number for each input")
    wanted = integrated_gradients(slope, image, start, steps)
    for wrong, words in {
        _without_way: "this is the mean gradient; multiply it by how far the input went, image - start",
        _times_image: "you multiplied by the image, not by how far it went, image - start",
        _from_zero: "your way begins at zero, not at start",
        _one_gradient: "this is the gradient at the image alone; take it at points all along the way",
        _added_up: "you added the gradients up over the points; take their mean",
        _first_ends: "your points are the beginnings of the steps; their middles err far less",
        _last_ends: "your points are the ends of the steps; their middles err far less",
    }.items():
        rule_out(got, wrong(slope, image, start, steps), wanted, f"for {inputs}: {words}")
    expect_close(got, wanted, inputs=inputs, why="(image - start) times the mean gradient at the middles of the steps")


def _along(slope, image, start, shares):
    return slope(start + shares.reshape(-1, *[1] * image.ndim) * (image - start))


@integrated_gradients.wrong("forgets the way", says="multiply it by how far the input went")
def _without_way(slope, image, start, steps):
    return _along(slope, image, start, (np.arange(steps) + 0.5) / steps).mean(axis=0)


@integrated_gradients.wrong("times the image", says="you multiplied by the image")
def _times_image(slope, image, start, steps):
    return image * _along(slope, image, start, (np.arange(steps) + 0.5) / steps).mean(axis=0)


@integrated_gradients.wrong("begins at zero", says="begins at zero")
def _from_zero(slope, image, start, steps):
    return (image - start) * _along(slope, image, np.zeros_like(image), (np.arange(steps) + 0.5) / steps).mean(axis=0)


@integrated_gradients.wrong("the gradient at the image alone", says="at the image alone")
def _one_gradient(slope, image, start, steps):
    return (image - start) * slope(image[None])[0]


@integrated_gradients.wrong("adds the gradients up", says="you added the gradients up")
def _added_up(slope, image, start, steps):
    return (image - start) * _along(slope, image, start, (np.arange(steps) + 0.5) / steps).sum(axis=0)


@integrated_gradients.wrong("the beginnings of the steps", says="the beginnings of the steps")
def _first_ends(slope, image, start, steps):
    return (image - start) * _along(slope, image, start, np.arange(steps) / steps).mean(axis=0)


@integrated_gradients.wrong("the ends of the steps", says="the ends of the steps")
def _last_ends(slope, image, start, steps):
    return (image - start) * _along(slope, image, start, (np.arange(steps) + 1) / steps).mean(axis=0)


@exercise(
    "11.2",
    "Is it complete?",
    points=1,
    hints=[
        "score takes a batch: score(np.stack([image, start])) gives both scores at once.",
        "What should have been divided is score of the image minus score of the start; what was, attributions.sum().",
    ],
)
def completeness_gap(score, image, start, attributions):
    """score: batch (n, …) → (n,), image, start and attributions (…)
    → by how much the attributions' sum exceeds the rise of the score from start to image (float)"""
    at_image, at_start = score(np.stack([image, start]))
    return attributions.sum() - (at_image - at_start)


@completeness_gap.checks
def _(answer, rng):
    for shape in [(4,), (2, 3), (2, 2, 3), (1,)]:
        image, start, attributions = rng.normal(size=(3, *shape)) + 1
        for name, (score, _) in SCORES.items():
            shifted = lambda x, score=score: score(x) + 5  # noqa: E731 - so that no score is zero by chance
            inputs = f"{name} and an input of shape {shape}"
            _compare_gap(answer, shifted, image, start, attributions, inputs)
    score, slope = SCORES["a straight line"]
    image, start = rng.normal(size=(2, 3))
    complete = integrated_gradients(slope, image, start, 3)
    gap = expect_number(answer(score, image, start, complete))
    expect_close(gap, 0, inputs="the right attributions of a straight line", why="they are complete")


def _compare_gap(answer, score, image, start, attributions, inputs):
    got = np.asarray(expect_number(answer(score, image, start, attributions), why="one number for the whole input"))
    wanted = completeness_gap(score, image, start, attributions)
    for wrong, words in {
        _without_start: "you left out the score of the start: only the rise is divided",
        _sizes: "you added up the attributions' sizes; those that speak against count with their sign",
        _mean_gap: "you took the mean of the attributions; they are to be added up",
        _turned_round: "your sign is turned round: attributions that claim too much give a positive gap",
        _sum_alone: "this is the sum of the attributions; compare it with the rise of the score",
    }.items():
        rule_out(got, wrong(score, image, start, attributions), wanted, f"for {inputs}: {words}")
    expect_close(got, wanted, inputs=inputs, why="attributions.sum() minus the rise of the score")


@completeness_gap.wrong("without the start's score", says="you left out the score of the start")
def _without_start(score, image, start, attributions):
    return attributions.sum() - score(image[None])[0]


@completeness_gap.wrong("sizes", says="count with their sign")
def _sizes(score, image, start, attributions):
    return np.abs(attributions).sum() - np.subtract(*score(np.stack([image, start])))


@completeness_gap.wrong("the mean", says="you took the mean of the attributions")
def _mean_gap(score, image, start, attributions):
    return attributions.mean() - np.subtract(*score(np.stack([image, start])))


@completeness_gap.wrong("turned round", says="your sign is turned round")
def _turned_round(score, image, start, attributions):
    return np.subtract(*score(np.stack([image, start]))) - attributions.sum()


@completeness_gap.wrong("the sum alone", says="this is the sum of the attributions")
def _sum_alone(score, image, start, attributions):
    return attributions.sum()


@exercise(
    "11.3",
    "Grad-CAM",
    points=2,
    hints=[
        "The weight of each map is the mean of its gradient over all places: slopes.mean(axis=(0, 1)), shape (k,).",
        "(maps * weights).sum(axis=-1) adds the weighted maps up; np.maximum(…, 0) cuts off what speaks against.",
    ],
)
def grad_cam(maps, slopes):
    """maps (h, w, k) of a layer, slopes (h, w, k): the score's gradient with respect to them
    → (h, w): the maps, each weighed by its mean gradient, added up, and cut off at 0"""
    weights = slopes.mean(axis=(0, 1))
    return np.maximum((maps * weights).sum(axis=-1), 0)


@grad_cam.checks
def _(answer, rng):
    for shape in [(4, 4, 5), (3, 5, 2), (4, 3, 3), (2, 3, 8)]:
        inputs = f"{shape[2]} maps of {shape[0]}×{shape[1]}"
        for _ in range(2):
            maps, slopes = np.maximum(rng.normal(size=shape), 0), rng.normal(size=shape)
            got = expect_array(answer(maps, slopes), shape[:2], inputs=inputs, why="one number for each place")
            wanted = grad_cam(maps, slopes)
            for wrong, words in {
                _uncut: "you return negative numbers; what speaks against is cut off at 0",
                _place_by_place: "each place has a weight of its own; a map has one, its mean gradient",
                _over_maps: "you took the mean over the maps; take it over the places, axis=(0, 1)",
                _size: "you took the size; what speaks against counts 0, np.maximum(…, 0)",
                _cut_weights: "you cut off the weights; cut off the sum",
            }.items():
                rule_out(got, wrong(maps, slopes), wanted, f"for {inputs}: {words}")
            expect_close(got, wanted, inputs=inputs, why="maps times their mean gradients, added up, not below 0")


@grad_cam.wrong("not cut off", says="you return negative numbers")
def _uncut(maps, slopes):
    return (maps * slopes.mean(axis=(0, 1))).sum(axis=-1)


@grad_cam.wrong("gradient times map, place by place", says="a weight of its own")
def _place_by_place(maps, slopes):
    return np.maximum((maps * slopes).sum(axis=-1), 0)


@grad_cam.wrong("the mean over the maps", says="you took the mean over the maps")
def _over_maps(maps, slopes):
    return np.maximum((maps * slopes.mean(axis=-1, keepdims=True)).sum(axis=-1), 0)


@grad_cam.wrong("the size", says="you took the size")
def _size(maps, slopes):
    return np.abs((maps * slopes.mean(axis=(0, 1))).sum(axis=-1))


@grad_cam.wrong("cuts off the weights", says="you cut off the weights")
def _cut_weights(maps, slopes):
    return (maps * np.maximum(slopes.mean(axis=(0, 1)), 0)).sum(axis=-1)
