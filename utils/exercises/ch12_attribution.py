"""Exercises of chapter 12, where attributions come from: integrated gradients, completeness, Grad-CAM."""

import numpy as np

from utils.exercises.core import exercise


class NoBatch(ValueError):
    """A function of a batch was given a single input."""


class NoArray(ValueError):
    """A function of a batch was given a list, which to a network is several inputs."""


def of_batch(function, ndim):
    """The function of a batch, which like a network refuses an input of ``ndim`` axes that is not in a batch."""

    def _(batch):
        if isinstance(batch, (list, tuple)):
            raise NoArray("a batch is one array, and this is a list of arrays: np.stack makes one of it")
        shape = np.shape(batch)
        if len(shape) != ndim + 1:
            raise NoBatch(f"a batch of inputs has {ndim + 1} axes, and this array has the shape {shape}")
        return function(np.asarray(batch))

    return _


def _flat(x):
    return x.reshape(len(x), -1)


# Functions of a batch (n, …) with their gradients, of which the right attributions are known: name → (score, slope).
SCORES = {
    "a straight line": (lambda x: 3 * _flat(x).sum(axis=1), lambda x: np.full_like(x, 3.0)),
    "squares": (lambda x: (_flat(x) ** 2).sum(axis=1), lambda x: 2 * x),
    "a curve that levels off": (lambda x: np.tanh(_flat(x)).sum(axis=1), lambda x: 1 - np.tanh(x) ** 2),
}


@exercise(
    "12.1",
    "Integrated gradients",
    points=3,
    hints=[
        "The points lie in the middle of `steps` equal steps: shares = (np.arange(steps) + 0.5) / steps.",
        "A batch of points: share = shares.reshape(-1, *[1] * image.ndim), then baseline + share * (image - baseline).",
        "The mean of slope(points) over the points, times (image - baseline).",
    ],
)
def integrated_gradients(slope, image, baseline, steps):
    """slope: batch (n, …) → gradients (n, …), image and baseline (…), number of steps
    → attributions (…): (image - baseline) times the mean gradient at the middles of equal steps"""
    shares = (np.arange(steps) + 0.5) / steps
    points = baseline + shares.reshape(-1, *[1] * image.ndim) * (image - baseline)
    return (image - baseline) * slope(points).mean(axis=0)


@integrated_gradients.checks
def _(answer, rng):
    words = {
        "shape": "one attribution for each number of the input",
        "why": "(image - baseline) times the mean gradient in the middle of the steps",
    }
    for shape, steps in [((3,), 4), ((2, 3, 1), 10), ((4,), 1), ((2, 2, 3), 7)]:
        image, baseline = rng.normal(size=shape) + 2, rng.normal(size=shape)
        for name, (_, slope) in SCORES.items():
            inputs = f"{name}, an input of shape {shape} and steps = {steps}"
            answer.case(inputs, of_batch(slope, len(shape)), image, baseline, steps, **words)
    image, slope = rng.normal(size=(3, 2)), of_batch(SCORES["squares"][1], 2)
    answer.case("an image that is the baseline itself", slope, image, image.copy(), 5, **words)


def _along(slope, image, baseline, shares):
    return slope(baseline + shares.reshape(-1, *[1] * image.ndim) * (image - baseline))


@integrated_gradients.wrong(
    "one point at a time, without a batch",
    says="you gave slope a single point: it takes a batch, point[None], and returns a batch",
)
def _(slope, image, baseline, steps):
    gradients = [slope(baseline + (k + 0.5) / steps * (image - baseline)) for k in range(steps)]
    return (image - baseline) * np.mean(gradients, axis=0)


@integrated_gradients.wrong(
    "forgets the way",
    says="you returned the mean gradient; multiply it by how far the input went, image - baseline",
)
def _(slope, image, baseline, steps):
    return _along(slope, image, baseline, (np.arange(steps) + 0.5) / steps).mean(axis=0)


@integrated_gradients.wrong(
    "times the image", says="you multiplied by the image, not by how far it went, image - baseline"
)
def _(slope, image, baseline, steps):
    return image * _along(slope, image, baseline, (np.arange(steps) + 0.5) / steps).mean(axis=0)


@integrated_gradients.wrong("begins at zero", says="your path begins at zero, not at baseline")
def _(slope, image, baseline, steps):
    shares = (np.arange(steps) + 0.5) / steps
    return (image - baseline) * _along(slope, image, np.zeros_like(image), shares).mean(axis=0)


@integrated_gradients.wrong(
    "the gradient at the image alone",
    says="you took the gradient at the image alone; take it at points all along the path",
)
def _(slope, image, baseline, steps):
    return (image - baseline) * slope(image[None])[0]


@integrated_gradients.wrong("adds the gradients up", says="you added up the gradients of the points; take their mean")
def _(slope, image, baseline, steps):
    return steps * integrated_gradients(slope, image, baseline, steps)


@integrated_gradients.wrong(
    "the beginnings of the steps", says="your points are where the steps begin; those in their middle err far less"
)
def _(slope, image, baseline, steps):
    return (image - baseline) * _along(slope, image, baseline, np.arange(steps) / steps).mean(axis=0)


@integrated_gradients.wrong(
    "the ends of the steps", says="your points are where the steps end; those in their middle err far less"
)
def _(slope, image, baseline, steps):
    return (image - baseline) * _along(slope, image, baseline, (np.arange(steps) + 1) / steps).mean(axis=0)


@integrated_gradients.wrong(
    "from the baseline to the image, both included",
    says="your points include baseline and image; take those in the middle of the steps",
)
def _(slope, image, baseline, steps):
    return (image - baseline) * _along(slope, image, baseline, np.linspace(0, 1, steps)).mean(axis=0)


@exercise(
    "12.2",
    "Is it complete?",
    points=1,
    hints=[
        "score takes a batch: score(np.stack([image, baseline])) gives both scores at once.",
        "The rise of the score is that of the image minus that of the baseline; the attributions share out "
        "attributions.sum(). How much more is that?",
    ],
)
def completeness_gap(score, image, baseline, attributions):
    """score: batch (n, …) → (n,), image, baseline and attributions (…)
    → by how much the attributions' sum exceeds the score's rise from baseline to image (float)"""
    at_image, at_baseline = score(np.stack([image, baseline]))
    return attributions.sum() - (at_image - at_baseline)


@completeness_gap.checks
def _(answer, rng):
    words = {
        "shape": "the gap is one number for the whole input",
        "why": "the sum of the attributions, minus the rise of the score",
    }
    for shape in [(4,), (2, 3), (2, 2, 3), (1,)]:
        image, baseline, attributions = rng.normal(size=(3, *shape)) + 1
        for name, (score, _) in SCORES.items():
            shifted = of_batch(lambda x, score=score: score(x) + 5, len(shape))  # so that no score is 0 by chance
            for gap, kind in [(1.5, "too large"), (-1.5, "too small")]:
                attributions += (gap - completeness_gap(shifted, image, baseline, attributions)) / attributions.size
                inputs = f"{name}, an input of shape {shape} and attributions that are {kind}"
                answer.case(inputs, shifted, image, baseline, attributions, **words)
    score, slope = (of_batch(function, 2) for function in SCORES["a straight line"])
    image, baseline = rng.normal(size=(2, 2, 3))
    complete = integrated_gradients(slope, image, baseline, 3)
    answer.case("the right attributions of a straight line", score, image, baseline, complete, why="they are complete")


@completeness_gap.wrong(
    "one input without a batch",
    says="you gave score a single input: it takes a batch, image[None], and returns a batch",
)
def _(score, image, baseline, attributions):
    return attributions.sum() - (score(image) - score(baseline))


@completeness_gap.wrong(
    "without the baseline's score", says="you left out the score of the baseline: attributions share out only the rise"
)
def _(score, image, baseline, attributions):
    return attributions.sum() - score(image[None])[0]


@completeness_gap.wrong(
    "absolute values", says="you added up absolute values; attributions that speak against count with their sign"
)
def _(score, image, baseline, attributions):
    return completeness_gap(score, image, baseline, np.abs(attributions))


@completeness_gap.wrong("the mean", says="you took the mean of the attributions; add them up")
def _(score, image, baseline, attributions):
    return completeness_gap(score, image, baseline, attributions / attributions.size)


@completeness_gap.wrong(
    "turned round", says="your sign is the wrong way round: attributions that claim too much give a positive gap"
)
def _(score, image, baseline, attributions):
    return -completeness_gap(score, image, baseline, attributions)


@completeness_gap.wrong(
    "the size of the gap", says="you took the absolute value; attributions that claim too little give a negative gap"
)
def _(score, image, baseline, attributions):
    return abs(completeness_gap(score, image, baseline, attributions))


@completeness_gap.wrong(
    "the sum alone", says="you returned the sum of the attributions; subtract the rise of the score from it"
)
def _(score, image, baseline, attributions):
    return attributions.sum()


@exercise(
    "12.3",
    "Grad-CAM",
    points=2,
    hints=[
        "The weight of each map is the mean of its gradient over all places: slopes.mean(axis=(0, 1)), shape (k,).",
        "(maps * weights).sum(axis=-1) adds the weighted maps up; np.maximum(…, 0) cuts off what speaks against.",
    ],
)
def grad_cam(maps, slopes):
    """maps (h, w, k) of a layer, slopes (h, w, k): the score's gradient with respect to them
    → (h, w): the sum of the maps, each times its mean gradient, and 0 where that sum is negative"""
    weights = slopes.mean(axis=(0, 1))
    return np.maximum((maps * weights).sum(axis=-1), 0)


@grad_cam.checks
def _(answer, rng):
    for height, width, k in [(4, 4, 5), (3, 5, 2), (4, 3, 3), (2, 3, 8), (6, 6, 3)]:
        maps, slopes = rng.normal(size=(2, height, width, k))  # negative ones too, to tell where an answer cuts off
        for sign, given in [("some", maps), ("none", np.maximum(maps, 0))]:
            answer.case(
                f"{k} maps of {height}×{width}, {sign} of whose numbers are negative",
                *(given, slopes),
                why="each map times its mean gradient, added up, and not below 0",
                shape="one number for each place",
            )


@grad_cam.wrong("not cut off", says="you returned negative numbers; what speaks against is cut off at 0")
def _(maps, slopes):
    return (maps * slopes.mean(axis=(0, 1))).sum(axis=-1)


@grad_cam.wrong(
    "gradient times map, place by place", says="you gave each place its own weight; a map has one, its mean gradient"
)
def _(maps, slopes):
    return np.maximum((maps * slopes).sum(axis=-1), 0)


@grad_cam.wrong("the mean over the maps", says="you took the mean over the maps; take it over the places, axis=(0, 1)")
def _(maps, slopes):
    return np.maximum((maps * slopes.mean(axis=-1, keepdims=True)).sum(axis=-1), 0)


@grad_cam.wrong("the sum of the gradient", says="you added up each map's gradient; its weight is their mean")
def _(maps, slopes):
    return np.maximum((maps * slopes.sum(axis=(0, 1))).sum(axis=-1), 0)


@grad_cam.wrong("absolute values", says="you took absolute values; what speaks against counts 0, np.maximum(…, 0)")
def _(maps, slopes):
    return np.abs((maps * slopes.mean(axis=(0, 1))).sum(axis=-1))


@grad_cam.wrong("cuts off the weights", says="you cut off the weights; cut off the sum")
def _(maps, slopes):
    return (maps * np.maximum(slopes.mean(axis=(0, 1)), 0)).sum(axis=-1)


@grad_cam.wrong("cuts off each map", says="you cut off each weighted map; add them up first, then cut off the sum")
def _(maps, slopes):
    return np.maximum(maps * slopes.mean(axis=(0, 1)), 0).sum(axis=-1)


@grad_cam.wrong("divided by the largest", says="you divided by the largest number; return the sum as it is")
def _(maps, slopes):
    found = grad_cam(maps, slopes)
    return found / max(found.max(), 1e-12)
