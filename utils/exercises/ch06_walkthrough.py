"""Exercises of chapter 06, what goes into a network: random crops, one-hot labels, and the work that a layer does."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_close, expect_number, rule_out, shape_text


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


@random_crop.checks
def _(answer, rng):
    for height, width, size in [(6, 8, 4), (7, 5, 3), (5, 5, 5)]:
        image = np.arange(height * width * 3).reshape(height, width, 3)
        inputs, places = f"a {height}×{width} image and size {size}", set()
        for _ in range(400):
            crop = np.asarray(answer(image, size, rng))
            expect(
                crop.shape == (size, size, 3),
                f"for {inputs} you returned {shape_text(crop.shape)} where {size}×{size}×3 is expected",
            )
            top, left = divmod(int(crop[0, 0, 0]) // 3, width)
            expect(
                np.array_equal(crop, image[top : top + size, left : left + size]),
                f"for {inputs}: neighbours in your crop were no neighbours in the image; cut out one square",
            )
            places.add((top, left))
        last = height - size, width - size
        tops, lefts = {place[0] for place in places}, {place[1] for place in places}
        expect(len(places) > 1 or last == (0, 0), f"for {inputs} your crop always lies in the same place")
        expect(
            last == (0, 0) or any(top != left for top, left in places),
            f"for {inputs} your crops lie on the diagonal: draw the row and the column each for itself",
        )
        missed = f"for {inputs} your crop never reaches the last row or column: H - size + 1 places, not H - size"
        expect(max(tops) == last[0] and max(lefts) == last[1], missed)
        expect(
            len(places) == (last[0] + 1) * (last[1] + 1),
            f"for {inputs} only {len(places)} of {(last[0] + 1) * (last[1] + 1)} places were ever drawn",
        )


@random_crop.wrong("the middle", says="always lies in the same place")
def _(image, size, rng):
    top, left = (image.shape[0] - size) // 2, (image.shape[1] - size) // 2
    return image[top : top + size, left : left + size]


@random_crop.wrong("one draw for both", says="lie on the diagonal")
def _(image, size, rng):
    start = rng.integers(min(image.shape[:2]) - size + 1)
    return image[start : start + size, start : start + size]


@random_crop.wrong("one place too few", says="never reaches the last")
def _(image, size, rng):
    top = rng.integers(max(image.shape[0] - size, 1))
    left = rng.integers(max(image.shape[1] - size, 1))
    return image[top : top + size, left : left + size]


@random_crop.wrong("random pixels", says="were no neighbours")
def _(image, size, rng):
    rows = np.sort(rng.choice(image.shape[0], size, replace=False))
    columns = np.sort(rng.choice(image.shape[1], size, replace=False))
    return image[rows][:, columns]


@exercise(
    "6.2",
    "One-hot labels",
    points=1,
    hints=[
        "One row a label, one column a class: begin with np.zeros((len(labels), classes)).",
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
    for n, classes in [(3, 4), (5, 10), (1, 2), (6, 3)]:
        labels = rng.integers(classes - 1, size=n)  # the last class is absent
        inputs, wanted = f"labels {labels.tolist()} and {classes} classes", one_hot(labels, classes)
        got = np.asarray(answer(labels, classes))
        expect(
            not (got.shape == wanted.T.shape and n != classes),
            f"for {inputs} you returned one column a label; each label has a row",
        )
        expect(
            not (got.ndim == 2 and got.shape[1] == labels.max() + 1 < classes),
            f"for {inputs} you made a column only for the classes that occur; the other pictures need theirs",
        )
        got = expect_array(got, wanted.shape, inputs=inputs, why="one row a label, one column a class")
        rule_out(got, _from_one(labels, classes), wanted, f"for {inputs}: the first class is 0, and its column is 0")
        expect_close(got, wanted, inputs=inputs, why="a single 1 in each row, in the column of its label")


@one_hot.wrong("columns for the classes that occur", says="the classes that occur")
def _(labels, classes):
    return one_hot(labels, labels.max() + 1)


@one_hot.wrong("counts from one", says="the first class is 0")
def _from_one(labels, classes):
    return np.roll(one_hot(labels, classes), -1, axis=1)


@one_hot.wrong("turned", says="one column a label")
def _(labels, classes):
    return one_hot(labels, classes).T


@exercise(
    "6.3",
    "The work of a convolution layer",
    points=1,
    hints=[
        "At how many places does the kernel fit, without padding? (height - h + 1) * (width - w + 1).",
        "At each place every number of the kernel, in all channels and all filters, is used once.",
        "Each use is a multiplication and an addition: two operations.",
    ],
)
def convolution_flops(height, width, kernel_shape):
    """input height and width, kernel_shape (h, w, channels, filters) → operations without padding, bias left out"""
    h, w, channels, filters = kernel_shape
    places = (height - h + 1) * (width - w + 1)
    return 2 * places * h * w * channels * filters


@convolution_flops.checks
def _(answer, rng):
    for _ in range(4):
        h, w, channels, filters = (int(number) for number in rng.choice([3, 4, 5, 6, 7], 4, replace=False))
        height, width = int(rng.integers(9, 20)), int(rng.integers(21, 33))
        kernel_shape = h, w, channels, filters
        wanted = convolution_flops(height, width, kernel_shape)
        inputs = f"a {height}×{width} input and a kernel of shape {kernel_shape}"
        got = expect_number(answer(height, width, kernel_shape))
        for mistake, words in {
            wanted / 2: "a multiplication and an addition are two operations",
            2 * height * width * h * w * channels * filters: "without padding the kernel does not fit at every pixel",
            wanted / channels: "the kernel reads all channels",
            wanted / filters: "every filter does its own work",
            2 * h * w * channels * filters: "that is the work at one place; the kernel visits all",
        }.items():
            rule_out(got, mistake, wanted, f"for {inputs} you returned {got:,.0f}: {words}")
        expect_close(got, wanted, inputs=inputs, why="2 × places × h × w × channels × filters")


@convolution_flops.wrong("counts a pair as one", says="are two operations")
def _(height, width, kernel_shape):
    return convolution_flops(height, width, kernel_shape) // 2


@convolution_flops.wrong("padded", says="does not fit at every pixel")
def _(height, width, kernel_shape):
    return 2 * height * width * int(np.prod(kernel_shape))


@convolution_flops.wrong("one channel", says="reads all channels")
def _(height, width, kernel_shape):
    return convolution_flops(height, width, kernel_shape) // kernel_shape[2]


@convolution_flops.wrong("parameters only", says="the work at one place")
def _(height, width, kernel_shape):
    return 2 * int(np.prod(kernel_shape))
