"""Exercise of chapter 14: a gradient in which no single patient can be seen."""

import numpy as np

from utils.exercises.core import changes, exercise


@exercise(
    "14.4",
    "A private gradient",
    points=2,
    hints=[
        "The length of each patient's gradient: np.linalg.norm(gradients, axis=1, keepdims=True), shape (n, 1).",
        "A row longer than clip is multiplied by clip / length; a shorter one stays as it is. Both at once: "
        "multiply by clip / np.maximum(length, clip).",
        "Add up the rows, add the noise once, and divide by the number of patients.",
    ],
)
def private_gradient(gradients, clip, noise):
    """gradients (n, weights): one row per patient; clip above 0: the largest length of a row;
    noise (weights,), drawn already → (weights,): (sum of the shortened rows + noise) / n"""
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    shortened = gradients * clip / np.maximum(lengths, clip)
    return (shortened.sum(axis=0) + noise) / len(gradients)


@private_gradient.checks
def _(answer, rng):
    # Lengths in units of clip: some rows are shortened and some are not, and sum and mean are longer than clip, too.
    cases = [(2.0, 3, [0.3, 0.8, 2.0, 4.0, 8.0]), (0.5, 4, [0.4, 3.0]), (1.5, 2, [2.0]), (0.7, 5, [0, 0.5, 0.9, 6.0])]
    for clip, weights, shares in cases:
        rows = rng.normal(2, 1, (len(shares), weights))
        rows *= clip * np.array(shares)[:, None] / np.linalg.norm(rows, axis=1, keepdims=True)
        noise = clip * rng.uniform(0.5, 1.5, weights) * rng.choice([-1, 1], weights)
        patients = f"{len(shares)} patient{'s' if len(shares) > 1 else ''}"
        answer.case(
            f"{patients}, {weights} weights and clip = {clip}" + ", one gradient of zeros" * (0 in shares),
            *(rng.permutation(rows), clip, noise),
            shape="one number per weight",
            why="shorten each row to at most clip, add them up, add the noise once, divide by the number of patients",
        )


def _shorten(rows, clip, length):
    """Rows (n, weights) shortened to at most clip by a measure of length, a function of the rows that gives (n, 1)."""
    return rows * clip / np.maximum(length(rows), clip)


def _length(rows):
    return np.linalg.norm(rows, axis=1, keepdims=True)


@private_gradient.wrong(
    "number by number",
    says="you clipped each number by itself, np.clip; a row keeps its direction, and only its length is limited",
)
def _(gradients, clip, noise):
    return (np.clip(gradients, -clip, clip).sum(axis=0) + noise) / len(gradients)


@private_gradient.wrong(
    "not clipped", says="you left the rows as long as they were; each is shortened to a length of at most clip"
)
def _(gradients, clip, noise):
    return (gradients.sum(axis=0) + noise) / len(gradients)


@private_gradient.wrong(
    "the sum clipped",
    says="you shortened the sum; shorten each patient's row before adding, or one patient can still decide all",
)
def _(gradients, clip, noise):
    return (_shorten(gradients.sum(axis=0, keepdims=True), clip, _length)[0] + noise) / len(gradients)


@private_gradient.wrong(
    "the mean clipped",
    says="you shortened the mean; shorten each patient's row before adding, or one patient can still decide all",
)
def _(gradients, clip, noise):
    return _shorten(gradients.mean(axis=0, keepdims=True), clip, _length)[0] + noise / len(gradients)


@private_gradient.wrong(
    "all of one length", says="you made every row as long as clip; rows shorter than clip stay as they are"
)
def _(gradients, clip, noise):
    return ((gradients * clip / _length(gradients)).sum(axis=0) + noise) / len(gradients)


@private_gradient.wrong(
    "only the short ones",
    says="you left out the rows longer than clip; they are kept, shortened to the length clip",
)
def _(gradients, clip, noise):
    kept = gradients[_length(gradients)[:, 0] <= clip]
    return (kept.sum(axis=0) + noise) / len(gradients)


@private_gradient.wrong(
    "length without its root", says="your length is the sum of squares; take its square root, or np.linalg.norm"
)
def _(gradients, clip, noise):
    squares = _shorten(gradients, clip, lambda rows: (rows**2).sum(axis=1, keepdims=True))
    return (squares.sum(axis=0) + noise) / len(gradients)


@private_gradient.wrong(
    "sum of absolute values",
    says="your length is the sum of absolute values; take the root of the sum of squares, np.linalg.norm",
)
def _(gradients, clip, noise):
    shortened = _shorten(gradients, clip, lambda rows: np.abs(rows).sum(axis=1, keepdims=True))
    return (shortened.sum(axis=0) + noise) / len(gradients)


@private_gradient.wrong(
    "length of the columns", says="you measured the length of the columns; a patient is a row, so take axis=1"
)
def _(gradients, clip, noise):
    lengths = np.linalg.norm(gradients, axis=0, keepdims=True)
    return ((gradients * clip / np.maximum(lengths, clip)).sum(axis=0) + noise) / len(gradients)


@private_gradient.wrong(
    "noise not divided",
    says="your noise is too strong by the number of patients; add it once, to the sum, and divide afterwards",
)
def _(gradients, clip, noise):
    return _shorten(gradients, clip, _length).mean(axis=0) + noise


@private_gradient.wrong(
    "noise before the clipping",
    says="you added the noise to the rows and clipped afterwards; clip first, add up, then add the noise once",
)
def _(gradients, clip, noise):
    return _shorten(gradients + noise, clip, _length).mean(axis=0)


@private_gradient.wrong(
    "noise times clip", says="you multiplied the noise by clip; it has been drawn already, so add it as it is"
)
def _(gradients, clip, noise):
    return (_shorten(gradients, clip, _length).sum(axis=0) + clip * noise) / len(gradients)


@private_gradient.wrong("no noise", says="the noise is missing; without it the sum still tells of each patient")
def _(gradients, clip, noise):
    return _shorten(gradients, clip, _length).mean(axis=0)


@private_gradient.wrong("not divided", says="you did not divide by the number of patients")
def _(gradients, clip, noise):
    return _shorten(gradients, clip, _length).sum(axis=0) + noise


@private_gradient.wrong(
    "divided by the weights", says="you divided by the number of weights; divide by the number of patients"
)
def _(gradients, clip, noise):
    return (_shorten(gradients, clip, _length).sum(axis=0) + noise) / gradients.shape[1]


@private_gradient.wrong(
    "nothing divided by nothing",
    says="your result holds NaN: a gradient of zeros has the length 0, and 0 / 0 is not a number; such a row stays 0",
)
def _(gradients, clip, noise):
    direction = gradients / _length(gradients)
    return (_shorten(_length(gradients) * direction, clip, _length).sum(axis=0) + noise) / len(gradients)


@private_gradient.wrong("overwrites the rows", says=changes("gradients"))
def _(gradients, clip, noise):
    gradients *= clip / np.maximum(_length(gradients), clip)
    return (gradients.sum(axis=0) + noise) / len(gradients)
