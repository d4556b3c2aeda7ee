"""Exercises of chapter 11, experiments on the input: cover a tile, and take away what a map calls important."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect_array, expect_close, expect_number, rule_out


@exercise(
    "11.4",
    "Occlusion",
    points=2,
    hints=[
        "Two loops over the tiles: for row in range(0, image.shape[0], side), and the same for the columns.",
        "Each time begin with covered = image.copy(), then covered[row:row + side, column:column + side] = fill.",
        "What belongs into the result, in all places of the tile: score(image[None])[0] - score(covered[None])[0].",
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
    for (height, width, channels), side in [((4, 4, 3), 2), ((6, 4, 1), 2), ((3, 3, 2), 3), ((2, 4, 3), 1)]:
        weights = rng.normal(size=(height, width, channels))

        def score(pictures, weights=weights):
            return np.tanh((pictures * weights).sum(axis=(1, 2, 3)) / weights.size) + 1

        image, fill = rng.normal(size=(height, width, channels)), rng.normal(size=channels) + 2
        inputs = f"a picture of {height}×{width}×{channels} and side = {side}"
        got = answer(score, image, side, fill)
        got = expect_array(got, (height, width), inputs=inputs, why="one number for each place, for all channels")
        wanted = occlusion(score, image, side, fill)
        for wrong, words in {
            _score_itself: "this is the score with the tile covered; the fall is score before minus score after",
            _rise: "your sign is turned round: a fall of the score is positive",
            _black: "you covered with 0; cover with fill",
            _never_uncovered: "the tiles before stayed covered; begin each time with a fresh image.copy()",
            _first_channel: "only the first channel was covered; fill covers all of them",
            _everything_else: "you covered all but the tile; cover the tile",
        }.items():
            rule_out(got, wrong(score, image, side, fill), wanted, f"for {inputs}: {words}")
        expect_close(got, wanted, inputs=inputs, why="score as it is minus score with the tile covered")


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


@occlusion.wrong("the score itself", says="this is the score with the tile covered")
def _score_itself(score, image, side, fill):
    return _by_tile(image, side, lambda tile: score(_filled(image, tile, fill))[0])


@occlusion.wrong("turned round", says="your sign is turned round")
def _rise(score, image, side, fill):
    return -occlusion(score, image, side, fill)


@occlusion.wrong("covers with black", says="you covered with 0")
def _black(score, image, side, fill):
    return occlusion(score, image, side, np.zeros_like(fill))


@occlusion.wrong("tiles stay covered", says="stayed covered")
def _never_uncovered(score, image, side, fill):
    covered, before = image.copy(), score(image[None])[0]

    def value(tile):
        covered[tile] = fill
        return before - score(covered[None])[0]

    return _by_tile(image, side, value)


@occlusion.wrong("the first channel only", says="only the first channel")
def _first_channel(score, image, side, fill):
    before = score(image[None])[0]
    return _by_tile(image, side, lambda tile: before - score(_filled(image, (*tile, 0), fill[0]))[0])


@occlusion.wrong("all but the tile", says="all but the tile")
def _everything_else(score, image, side, fill):
    before = score(image[None])[0]

    def value(tile):
        kept = np.broadcast_to(fill, image.shape).copy()
        kept[tile] = image[tile]
        return before - score(kept[None])[0]

    return _by_tile(image, side, value)


@occlusion.wrong("covers the picture itself", says="changed image itself")
def _(score, image, side, fill):
    image[:side, :side] = fill
    return occlusion(score, image, side, fill)


@exercise(
    "11.5",
    "The area under the deletion curve",
    points=3,
    hints=[
        "The order, the most important place first: np.argsort(-importance.ravel()).",
        "For each share in np.linspace(0, 1, steps + 1): cover the first round(share * places) of the order. In "
        "covered = image.copy().reshape(-1, image.shape[-1]) each row is a place.",
        "The area is np.trapezoid(scores, shares), with steps + 1 scores, the picture as it is being the first.",
    ],
)
def deletion_area(score, image, importance, fill, steps):
    """score: pictures (n, H, W, C) → (n,), image (H, W, C), importance (H, W), fill (C,)
    → area under the scores as 0, 1/steps … 1 of the places are filled, the most important first"""
    order = np.argsort(-importance.ravel())
    shares, scores = np.linspace(0, 1, steps + 1), []
    for share in shares:
        covered = image.copy().reshape(-1, image.shape[-1])
        covered[order[: round(share * len(order))]] = fill
        scores.append(score(covered.reshape(1, *image.shape))[0])
    return np.trapezoid(scores, shares)


@deletion_area.checks
def _(answer, rng):
    for (height, width, channels), steps in [((4, 4, 3), 8), ((3, 5, 1), 5), ((2, 4, 2), 8), ((5, 2, 3), 1)]:
        weights = rng.normal(size=(height, width, channels)) + 0.3

        def score(pictures, weights=weights):
            return np.tanh((pictures * weights).sum(axis=(1, 2, 3)) / weights.size) + 2

        image, fill = rng.normal(size=(height, width, channels)), rng.normal(size=channels) - 2
        importance = rng.normal(size=(height, width))
        inputs = f"a picture of {height}×{width}×{channels} and steps = {steps}"
        got = np.asarray(expect_number(answer(score, image, importance, fill, steps), why="the area is one number"))
        wanted = deletion_area(score, image, importance, fill, steps)
        for wrong, words in {
            _least_first: "the least important places went first; sort by -importance",
            _largest_size: "you sorted by size; a place that speaks against is not important for the score",
            _added: "you added the scores up; the area is np.trapezoid(scores, shares), whatever the steps",
            _mean: "this is the mean of the scores; in the area both ends count half",
            _without_whole: "the picture as it is, with nothing covered, is missing from your curve",
            _one_at_a_time: "the places before were uncovered again; cover all up to the share",
        }.items():
            rule_out(got, wrong(score, image, importance, fill, steps), wanted, f"for {inputs}: {words}")
        expect_close(got, wanted, inputs=inputs, why="area under the scores, the most important places covered first")


def _path(score, image, order, fill, steps, chosen):
    """Scores with the places of the order covered that ``chosen(share of places now, a step ago)`` says."""
    scores, before = [], 0
    for share in np.linspace(0, 1, steps + 1):
        covered = image.copy().reshape(-1, image.shape[-1])
        now = round(share * len(order))
        covered[chosen(order, before, now)] = fill
        scores.append(score(covered.reshape(1, *image.shape))[0])
        before = now
    return np.array(scores)


def _deleted(order, before, now):
    return order[:now]


@deletion_area.wrong("the least important first", says="the least important places went first")
def _least_first(score, image, importance, fill, steps):
    return deletion_area(score, image, -importance, fill, steps)


@deletion_area.wrong("sorts by size", says="you sorted by size")
def _largest_size(score, image, importance, fill, steps):
    return deletion_area(score, image, np.abs(importance), fill, steps)


@deletion_area.wrong("adds the scores up", says="you added the scores up")
def _added(score, image, importance, fill, steps):
    return _path(score, image, np.argsort(-importance.ravel()), fill, steps, _deleted).sum()


@deletion_area.wrong("the mean of the scores", says="both ends count half")
def _mean(score, image, importance, fill, steps):
    return _path(score, image, np.argsort(-importance.ravel()), fill, steps, _deleted).mean()


@deletion_area.wrong("without the whole picture", says="is missing from your curve")
def _without_whole(score, image, importance, fill, steps):
    scores = _path(score, image, np.argsort(-importance.ravel()), fill, steps, _deleted)[1:]
    return np.trapezoid(scores, np.linspace(0, 1, steps + 1)[1:])


@deletion_area.wrong("one step at a time", says="were uncovered again")
def _one_at_a_time(score, image, importance, fill, steps):
    order = np.argsort(-importance.ravel())
    scores = _path(score, image, order, fill, steps, lambda order, before, now: order[before:now])
    return np.trapezoid(scores, np.linspace(0, 1, steps + 1))
