"""Exercise of chapter 06: the work that a convolution layer does."""

import numpy as np

from utils.exercises.core import exercise


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
        kernel_shape = tuple(int(number) for number in rng.choice([3, 4, 5, 6, 7], 4, replace=False))
        height, width = int(rng.integers(9, 20)), int(rng.integers(21, 33))
        inputs = f"a {height}×{width} input and a kernel of shape {kernel_shape}"
        answer.case(inputs, height, width, kernel_shape, why="2 × places × h × w × channels × filters")


@convolution_flops.wrong(
    "counts a pair as one", says="you returned {got}: a multiplication and an addition are two operations"
)
def _(height, width, kernel_shape):
    return convolution_flops(height, width, kernel_shape) // 2


@convolution_flops.wrong(
    "rows for columns",
    says="you returned {got}: only the rows of places are height - h + 1; their columns are width - w + 1",
)
def _(height, width, kernel_shape):
    h, w, channels, filters = kernel_shape
    return 2 * (height - h + 1) ** 2 * h * w * channels * filters


@convolution_flops.wrong(
    "columns for rows",
    says="you returned {got}: only the columns of places are width - w + 1; their rows are height - h + 1",
)
def _(height, width, kernel_shape):
    h, w, channels, filters = kernel_shape
    return 2 * (width - w + 1) ** 2 * h * w * channels * filters


@convolution_flops.wrong(
    "kernel turned", says="you returned {got}: the kernel's height h belongs to the input's height, w to its width"
)
def _(height, width, kernel_shape):
    h, w, channels, filters = kernel_shape
    return convolution_flops(height, width, (w, h, channels, filters))


@convolution_flops.wrong(
    "kernel taken for a square", says="you returned {got}: the kernel is h × w numbers, and it need not be square"
)
def _(height, width, kernel_shape):
    h, w, channels, filters = kernel_shape
    return 2 * (height - h + 1) * (width - h + 1) * h * w * channels * filters


@convolution_flops.wrong(
    "numbers of the kernel",
    says="you returned {got}: that is how many numbers the layer learns; each works at all places",
)
def _(height, width, kernel_shape):
    return int(np.prod(kernel_shape))


@convolution_flops.wrong(
    "kernel of one pixel", says="you returned {got}: at each place all h × w numbers of the kernel are used"
)
def _(height, width, kernel_shape):
    h, w, channels, filters = kernel_shape
    return 2 * (height - h + 1) * (width - w + 1) * channels * filters


@convolution_flops.wrong(
    "one addition less",
    says="you returned {got}: you left out one addition at each place; count one for each multiplication",
)
def _(height, width, kernel_shape):
    h, w, channels, filters = kernel_shape
    return (height - h + 1) * (width - w + 1) * (2 * h * w * channels - 1) * filters


@convolution_flops.wrong("millions", says="you returned {got}: return the number itself, not millions of operations")
def _(height, width, kernel_shape):
    return convolution_flops(height, width, kernel_shape) / 1e6


@convolution_flops.wrong("a training step", says="you returned {got}: count the way forward only, one prediction")
def _(height, width, kernel_shape):
    return 3 * convolution_flops(height, width, kernel_shape)


@convolution_flops.wrong(
    "padded", says="you returned {got}: without padding the kernel does not fit at every pixel of the input"
)
def _(height, width, kernel_shape):
    return 2 * height * width * int(np.prod(kernel_shape))


@convolution_flops.wrong(
    "one place too few",
    says="you returned {got}: the kernel fits at height - h + 1 rows of places, and likewise for the columns",
)
def _(height, width, kernel_shape):
    return convolution_flops(height - 1, width - 1, kernel_shape)


@convolution_flops.wrong("one channel", says="you returned {got}: the kernel reads all channels of the input")
def _(height, width, kernel_shape):
    return convolution_flops(height, width, kernel_shape) // kernel_shape[2]


@convolution_flops.wrong("one filter", says="you returned {got}: every filter does its own work")
def _(height, width, kernel_shape):
    return convolution_flops(height, width, kernel_shape) // kernel_shape[3]


@convolution_flops.wrong(
    "parameters only", says="you returned {got}: that is the work at one place, and the kernel visits all places"
)
def _(height, width, kernel_shape):
    return 2 * int(np.prod(kernel_shape))


@convolution_flops.wrong(
    "with the bias", says="you returned {got}: you counted the addition of the bias, too; leave it out"
)
def _(height, width, kernel_shape):
    h, w, _, filters = kernel_shape
    return convolution_flops(height, width, kernel_shape) + (height - h + 1) * (width - w + 1) * filters
