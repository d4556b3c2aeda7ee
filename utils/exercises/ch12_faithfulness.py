"""Exercises of chapter 12, experiments on the input: cover a tile, and take away what a map calls important."""

import numpy as np

from utils.exercises.ch12_attribution import of_batch
from utils.exercises.core import changes, exercise
from utils.exercises.expect import alike


def _score(rng, shape, level):
    """A score of pictures (n, *shape) to which every number contributes, about as large as ``level``."""
    weights = rng.normal(size=shape)
    return of_batch(lambda pictures: np.tanh((pictures * weights).sum(axis=(1, 2, 3)) / weights.size) + level, 3)


@exercise(
    "12.4",
    "Occlusion",
    points=2,
    hints=[
        "Two loops over the tiles: for row in range(0, image.shape[0], side), and the same for the columns.",
        "Each time begin with covered = image.copy(), then covered[row:row + side, column:column + side] = fill.",
        "The result, in all places of the tile: score(image[None])[0] - score(covered[None])[0].",
    ],
)
def occlusion(score, image, side, fill):
    """score: pictures (n, H, W, C) → (n,), image (H, W, C), side of a square tile, fill (C,)
    → (H, W): for each place, how far the score falls when the tile that holds it is filled"""
    fall = np.empty(image.shape[:2])
    before = score(image[None])[0]
    for row in range(0, image.shape[0], side):
        for column in range(0, image.shape[1], side):
            covered = image.copy()
            covered[row : row + side, column : column + side] = fill
            fall[row : row + side, column : column + side] = before - score(covered[None])[0]
    return fall


@occlusion.checks
def _(answer, rng):
    for shape, side in [((4, 4, 3), 2), ((6, 4, 1), 2), ((3, 3, 2), 3), ((2, 4, 3), 1)]:
        answer.case(
            f"a picture of {shape[0]}×{shape[1]}×{shape[2]} and side = {side}",
            *(_score(rng, shape, 1), rng.normal(size=shape), side, rng.normal(size=shape[2]) + 2),
            shape="one number for each place, for all channels",
            why="the score of the picture minus the score with the tile covered",
        )


def _by_tile(image, side, value):
    """(H, W) from a function of the tile's rows and columns."""
    found = np.empty(image.shape[:2])
    for row in range(0, image.shape[0], side):
        for column in range(0, image.shape[1], side):
            tile = slice(row, row + side), slice(column, column + side)
            found[tile] = value(tile)
    return found


def _filled(image, tile, fill):
    covered = image.copy()
    covered[tile] = fill
    return covered[None]


@occlusion.wrong("one picture without a batch", says="you gave score a single picture: it takes a batch, image[None]")
def _(score, image, side, fill):
    return score(image) - _by_tile(image, side, lambda tile: score(_filled(image, tile, fill)[0]))


@occlusion.wrong(
    "the score itself", says="you returned the score with the tile covered; the fall is the score before minus that"
)
def _(score, image, side, fill):
    return score(image[None])[0] - occlusion(score, image, side, fill)


@occlusion.wrong("turned round", says="your sign is the wrong way round: a fall of the score is positive")
def _(score, image, side, fill):
    return -occlusion(score, image, side, fill)


@occlusion.wrong("covers with black", says="you covered with 0; cover with fill")
def _(score, image, side, fill):
    return occlusion(score, image, side, np.zeros_like(fill))


@occlusion.wrong(
    "tiles stay covered", says="your earlier tiles stayed covered; begin each time with a fresh image.copy()"
)
def _(score, image, side, fill):
    covered, before = image.copy(), score(image[None])[0]

    def value(tile):
        covered[tile] = fill
        return before - score(covered[None])[0]

    return _by_tile(image, side, value)


@occlusion.wrong("the first channel only", says="you covered only the first channel; fill covers all of them")
def _(score, image, side, fill):
    before = score(image[None])[0]
    return _by_tile(image, side, lambda tile: before - score(_filled(image, (*tile, 0), fill[0]))[0])


@occlusion.wrong("all but the tile", says="you covered all but the tile; cover the tile")
def _(score, image, side, fill):
    before = score(image[None])[0]

    def value(tile):
        kept = np.broadcast_to(fill, image.shape).copy()
        kept[tile] = image[tile]
        return before - score(kept[None])[0]

    return _by_tile(image, side, value)


@occlusion.wrong("covers the picture itself", says=changes("image"))
def _(score, image, side, fill):
    image[:side, :side] = fill
    return occlusion(score, image, side, fill)


@exercise(
    "12.5",
    "The area under the deletion curve",
    points=3,
    hints=[
        "The order, the most important place first: np.argsort(-importance.ravel()).",
        "For each share in np.linspace(0, 1, steps + 1): cover the first round(share * places) of the order. In "
        "covered = image.copy().reshape(-1, image.shape[-1]) each row is a place.",
        "The area is np.trapezoid(scores, shares), with steps + 1 scores, of which the first is that of the picture "
        "as it is.",
    ],
)
def deletion_area(score, image, importance, fill, steps):
    """score: pictures (n, H, W, C) → (n,), image (H, W, C), importance (H, W), fill (C,)
    → area, by trapezoids, under the scores as 0, 1/steps … 1 of the places are filled, the most
    important first"""
    order = np.argsort(-importance.ravel())
    shares, scores = np.linspace(0, 1, steps + 1), []
    for share in shares:
        covered = image.copy().reshape(-1, image.shape[-1])
        covered[order[: round(share * len(order))]] = fill
        scores.append(score(covered.reshape(1, *image.shape))[0])
    return np.trapezoid(scores, shares)


@deletion_area.checks
def _(answer, rng):
    for shape, steps in [((4, 4, 3), 8), ((3, 5, 1), 5), ((2, 4, 2), 8), ((5, 2, 3), 1), ((3, 4, 2), 5)]:
        image, importance = rng.normal(size=shape), rng.normal(size=shape[:2])
        arguments = _score(rng, shape, 2), image, importance, rng.normal(size=shape[2]) - 2, steps
        right = [_area(_scores(*arguments, whole=whole)) for whole in (round, np.floor, np.ceil)]
        uneven = importance.size % steps  # any way of rounding will do
        answer.case(
            f"a picture of {shape[0]}×{shape[1]}×{shape[2]} and steps = {steps}",
            *arguments,
            accept=(lambda area, right=right: any(alike(area, one) for one in right)) if uneven else None,
            shape="the area is one number",
            why="the area under the scores, from no place covered to all, the most important places first",
        )


def _scores(score, image, importance, fill, steps, chosen=lambda order, before, now: order[:now], whole=round):
    """Scores (steps + 1,) with those places of the order covered that ``chosen(order, a step ago, now)`` names."""
    order, scores, before = np.argsort(-importance.ravel()), [], 0
    for share in np.linspace(0, 1, steps + 1):
        covered = image.copy().reshape(-1, image.shape[-1])
        now = int(whole(share * len(order)))
        covered[chosen(order, before, now)] = fill
        scores.append(score(covered.reshape(1, *image.shape))[0])
        before = now
    return np.array(scores)


def _area(scores):
    return np.trapezoid(scores, np.linspace(0, 1, len(scores)))


@deletion_area.wrong(
    "one picture without a batch", says="you gave score a single picture: it takes a batch, covered[None]"
)
def _(score, image, importance, fill, steps):
    return deletion_area(lambda pictures: [score(pictures[0])], image, importance, fill, steps)


@deletion_area.wrong(
    "the least important first",
    says="you covered the least important places first, or put the most important ones back on an empty picture; sort "
    "by -importance, and cover",
)
def _(score, image, importance, fill, steps):
    return deletion_area(score, image, -importance, fill, steps)


@deletion_area.wrong(
    "sorts by absolute value",
    says="you sorted by absolute value; a place that speaks against is not important for the score",
)
def _(score, image, importance, fill, steps):
    return deletion_area(score, image, np.abs(importance), fill, steps)


@deletion_area.wrong(
    "adds the scores up", says="you added the scores up; the area is np.trapezoid(scores, shares), whatever the steps"
)
def _(score, image, importance, fill, steps):
    return _scores(score, image, importance, fill, steps).sum()


@deletion_area.wrong("steps of length 1", says="your steps have length 1; each is 1 / steps long")
def _(score, image, importance, fill, steps):
    return steps * deletion_area(score, image, importance, fill, steps)


@deletion_area.wrong(
    "the mean of the scores", says="you returned the mean of the scores; in the area both ends count half"
)
def _(score, image, importance, fill, steps):
    return _scores(score, image, importance, fill, steps).mean()


@deletion_area.wrong("without the whole picture", says="your curve lacks the picture as it is, with nothing covered")
def _(score, image, importance, fill, steps):
    scores = _scores(score, image, importance, fill, steps)[1:]
    return np.trapezoid(scores, np.linspace(0, 1, steps + 1)[1:])


@deletion_area.wrong(
    "one step at a time", says="you uncovered the places of the steps before; cover all up to the share"
)
def _(score, image, importance, fill, steps):
    return _area(_scores(score, image, importance, fill, steps, lambda order, before, now: order[before:now]))


@deletion_area.wrong(
    "as many places in each step",
    says="your last step leaves some places as they are; at a share of 1 all are covered",
)
def _(score, image, importance, fill, steps):
    covered = importance.size // steps * steps / importance.size
    return _area(_scores(score, image, importance, fill, steps, whole=lambda places: round(places * covered)))
