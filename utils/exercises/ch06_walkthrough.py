"""Exercises of chapter 06, what goes into a network: random crops and one-hot labels."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import alike, expect_array


@exercise(
    "6.1",
    "A random crop",
    points=2,
    hints=[
        "At how many rows can the crop begin? image.shape[0] - size + 1; the columns are counted in the same way.",
        "rng.integers(n) draws a whole number from 0 to n - 1. Draw one for the row and another for the column.",
        "Cut with image[top : top + size, left : left + size]; the colours come along.",
    ],
)
def random_crop(image, size, rng):
    """image (H, W, C), size ≤ H and W, rng: NumPy generator → a crop (size, size, C) from anywhere in the image"""
    top = rng.integers(image.shape[0] - size + 1)
    left = rng.integers(image.shape[1] - size + 1)
    return image[top : top + size, left : left + size]


SQUARE = "a square, all channels; one that begins too far down or right is cut off by the edge"
FAIR = 50  # χ² of 12 equally likely places is larger than this less than once in a million checks


@random_crop.checks
def _(answer, rng):
    image = np.arange(6 * 7).reshape(6, 7, 1)
    first, again = ([answer(image, 4, same) for _ in range(6)] for same in map(np.random.default_rng, (1, 1)))
    answer.expect(alike(first, again), "random numbers of its own", "two generators in the same state")
    for H, W, C, size, draws in [(6, 7, 3, 4, 1500), (7, 5, 1, 3, 60), (5, 5, 3, 5, 1)]:
        image, counts = np.arange(H * W * C).reshape(H, W, C), np.zeros((H - size + 1, W - size + 1), int)
        inputs = f"a {H}×{W} image with {C} channel{'s' if C > 1 else ''} and size {size}"
        for _ in range(draws):
            crop = expect_array(answer(image, size, rng), (size, size, C), SQUARE, inputs=inputs)
            top, left = divmod(int(crop[0, 0, 0]) // C, W)
            cut = np.array_equal(crop, image[top : top + size, left : left + size])
            answer.expect(cut, "random pixels", inputs)
            counts[top, left] += 1
        tops, lefts = np.nonzero(counts)
        answer.expect(len(tops) > 1 or counts.size == 1, "the middle", inputs)
        answer.expect((tops != lefts).any() or counts.size == 1, "one draw for both", inputs)
        answer.expect(counts[:, -1].any() or not counts[-1].any(), "height for the width", inputs)
        answer.expect(counts[-1].any() and counts[:, -1].any(), "one place too few", inputs)
        if draws > 10 * counts.size:
            due = draws / counts.size
            most = np.unravel_index(np.abs(counts - due).argmax(), counts.shape)
            answer.expect(
                ((counts - due) ** 2 / due).sum() < FAIR,
                "edges half as likely",
                inputs,
                **{"top": most[0], "left": most[1], "number": counts[most], "draws": draws, "due": f"{due:g}"},
            )


@random_crop.wrong(
    "random numbers of its own", says="you cut at different places: take all your random numbers from rng"
)
def _(image, size, rng):
    return random_crop(image, size, np.random.default_rng())


@random_crop.wrong("the middle", says="your crop is always at the same place; draw its row and its column from rng")
def _(image, size, rng):
    top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
    return image[top : top + size, left : left + size]


@random_crop.wrong(
    "one draw for both", says="your crops are all on the diagonal: draw the row and the column independently"
)
def _(image, size, rng):
    start = rng.integers(min(image.shape[:2]) - size + 1)
    return image[start : start + size, start : start + size]


@random_crop.wrong(
    "one place too few",
    says="your crop never reaches the last row or column: there are H - size + 1 places, not H - size",
)
def _(image, size, rng):
    top = rng.integers(max(image.shape[0] - size, 1))
    left = rng.integers(max(image.shape[1] - size, 1))
    return image[top : top + size, left : left + size]


@random_crop.wrong(
    "height for the width",
    says="your crop never reaches the last column: it can begin in image.shape[1] - size + 1 columns",
)
def _(image, size, rng):
    top, left = rng.integers(min(image.shape[:2]) - size + 1, size=2)
    return image[top : top + size, left : left + size]


@random_crop.wrong(
    "edges half as likely",
    says="your places are not equally likely: {number} of {draws} crops begin in row {top} and column {left}, where "
    "about {due} are expected; rng.integers(n) draws each of n places equally often",
)
def _(image, size, rng):
    top, left = (round(rng.random() * (length - size)) for length in image.shape[:2])
    return image[top : top + size, left : left + size]


@random_crop.wrong("random pixels", says="neighbours in your crop were not neighbours in the image; cut out one square")
def _(image, size, rng):
    rows = np.sort(rng.choice(image.shape[0], size, replace=False))
    columns = np.sort(rng.choice(image.shape[1], size, replace=False))
    return image[rows][:, columns]


@exercise(
    "6.2",
    "One-hot labels",
    points=1,
    hints=[
        "One row per label, one column per class: begin with np.zeros((len(labels), classes)).",
        "table[np.arange(len(labels)), labels] = 1 sets one number in each row.",
    ],
)
def one_hot(labels, classes):
    """labels (n,) whole numbers from 0, number of classes → table (n, classes): 1 in the label's column, else 0"""
    table = np.zeros((len(labels), classes))
    table[np.arange(len(labels)), labels] = 1
    return table


@one_hot.checks
def _(answer, rng):
    labels = [np.array([2, 0, 1]), rng.integers(9, size=5), np.array([0]), rng.integers(2, size=6)]
    cases = list(zip(labels, (4, 10, 2, 3), strict=True))  # the last class is absent
    for labels, classes in [*cases, (rng.permutation([0, 1, 2, 3, 4, 4]), 5)]:
        answer.case(
            f"labels {labels.tolist()} and {classes} classes",
            *(labels, classes),
            why="a single 1 in each row, in the column of its label",
            shape="one row per label, one column per class",
        )


@one_hot.wrong(
    "columns for the classes that occur",
    says="you made columns only for the classes that occur; the other classes need theirs, too",
)
def _(labels, classes):
    return one_hot(labels, labels.max() + 1)


@one_hot.wrong("counts from one", says="you count the classes from 1; the first class is 0, and its column is 0")
def _(labels, classes):
    return np.roll(one_hot(labels, classes), -1, axis=1)


@one_hot.wrong("turned", says="you returned one column per label; each label has a row")
def _(labels, classes):
    return one_hot(labels, classes).T


@one_hot.wrong(
    "the last class lost", says="the images of the last class have no 1: the classes are 0 to classes - 1, that one too"
)
def _(labels, classes):
    return one_hot(labels, classes) * (np.arange(classes) < classes - 1)
