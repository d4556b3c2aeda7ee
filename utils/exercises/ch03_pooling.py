"""Exercises of chapter 03, around the convolution: max-pooling, the receptive field, the way back through a pool."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import alike


@exercise(
    "3.4",
    "Max-pooling",
    points=1,
    hints=[
        "There are H // size rows of windows: they do not overlap, and a rim that fills no window is left out.",
        "Window (i, j) is image[i * size : (i + 1) * size, j * size : (j + 1) * size]; take its .max().",
    ],
)
def max_pool(image, size):
    """image (H, W), windows of size × size → (H // size, W // size)"""
    output = np.empty((image.shape[0] // size, image.shape[1] // size))
    for i, j in np.ndindex(output.shape):
        output[i, j] = image[i * size : (i + 1) * size, j * size : (j + 1) * size].max()
    return output


@max_pool.checks
def _(answer, rng):
    for H, W, size in [(4, 6, 2), (6, 6, 3), (5, 7, 2), (3, 3, 1)]:
        answer.case(
            f"a {H}×{W} image and windows of {size}×{size}",
            *(rng.normal(size=(H, W)) - 3, size),
            shape="the windows do not overlap, and a rim that fills no window is left out",
            why="keep the largest number of each window",
        )


@max_pool.wrong("the mean", says="you returned the mean of each window, not its maximum")
def _(image, size):
    output = max_pool(image, size)
    for i, j in np.ndindex(output.shape):
        output[i, j] = image[i * size : (i + 1) * size, j * size : (j + 1) * size].mean()
    return output


@max_pool.wrong("windows that overlap", says="your windows overlap: move by the size of a window, not by one pixel")
def _(image, size):
    return np.lib.stride_tricks.sliding_window_view(image, (size, size)).max(axis=(2, 3))


@max_pool.wrong("starts from zero", says="you returned 0 where every pixel is negative: do not start from 0")
def _(image, size):
    return np.maximum(max_pool(image, size), 0)


@exercise(
    "3.5",
    "The receptive field",
    points=2,
    hints=[
        "Keep two numbers: how wide the field is, and how far apart in the image two neighbours of this layer lie.",
        "A layer with kernel k reaches k - 1 neighbours further; each of them is worth `apart` pixels of the image.",
        "Begin with field = apart = 1. For each layer: field += (kernel - 1) * apart, and then apart *= stride.",
    ],
)
def receptive_field(layers):
    """layers: a list of (kernel, stride), first layer first → width in pixels (int)"""
    field, apart = 1, 1
    for kernel, stride in layers:
        field += (kernel - 1) * apart
        apart *= stride
    return field


@receptive_field.checks
def _(answer, rng):
    cases = [[(3, 1)], [(3, 2)], [(3, 1), (3, 1)], [(3, 1), (2, 2)], [(3, 1), (2, 2), (3, 1), (2, 2)], [(3, 2)] * 3, []]
    cases += [[(int(rng.integers(1, 6)), int(rng.integers(1, 4))) for _ in range(4)] for _ in range(4)]
    for layers in cases:
        answer.case(None, layers, why="walk through the layers, first layer first")


@receptive_field.wrong(
    "adds up the kernels",
    says="you returned {got} where {wanted} is expected: do not add up the kernels, neighbouring windows overlap",
)
def _(layers):
    return sum(kernel for kernel, _ in layers)


@receptive_field.wrong(
    "ignores the strides",
    says="you returned {got} where {wanted} is expected: after a stride, neighbours lie further apart in the image",
)
def _(layers):
    return receptive_field([(kernel, 1) for kernel, _ in layers])


@receptive_field.wrong(
    "uses a layer's stride too early",
    says="you returned {got} where {wanted} is expected: a layer's own stride counts only for the layers after it",
)
def _(layers):
    field, apart = 1, 1
    for kernel, stride in layers:
        apart *= stride
        field += (kernel - 1) * apart
    return field


@exercise(
    "3.6",
    "Back through the max-pool",
    points=2,
    hints=[
        "Begin with gradient = np.zeros(image.shape): a pixel that was not the largest of its window gets nothing.",
        "In each window find the winner, np.unravel_index(window.argmax(), window.shape); it gets upstream[i, j].",
        "In the image the winner of window (i, j) stands at (i * size + row, j * size + column).",
    ],
)
def max_pool_backward(image, upstream, size):
    """image (H, W), upstream gradient (H // size, W // size) → gradient of the image (H, W)"""
    gradient = np.zeros(image.shape)
    for i, j in np.ndindex(upstream.shape):
        window = image[i * size : (i + 1) * size, j * size : (j + 1) * size]
        row, column = np.unravel_index(window.argmax(), window.shape)
        gradient[i * size + row, j * size + column] = upstream[i, j]
    return gradient


@max_pool_backward.checks
def _(answer, rng):
    for H, W, size in [(4, 4, 2), (6, 9, 3), (5, 7, 2), (3, 2, 1)]:
        image, upstream = rng.normal(size=(H, W)), rng.normal(size=(H // size, W // size))
        answer.case(
            f"a {H}×{W} image and windows of {size}×{size}",
            *(image, upstream, size),
            shape="one number for each pixel",
            why="the largest pixel of a window gets upstream[i, j], the others 0",
        )
    flat, upstream = np.zeros((4, 4)), rng.uniform(0.1, 0.9, size=(2, 2))  # after a ReLU whole windows are often zero
    answer.case(
        "an image that is 0 everywhere",
        *(flat, upstream, 2),
        accept=lambda gradient: alike(gradient.reshape(2, 2, 2, 2).sum(axis=(1, 3)), upstream),
        why="a window hands on exactly its upstream",
    )
    answer.case("a 4×4 image of whole numbers", rng.permutation(16).reshape(4, 4), upstream, 2)


@max_pool_backward.wrong(
    "shared out evenly",
    says="you gave every pixel a share, as a mean would; only the winner of a window gets any",
)
def _(image, upstream, size):
    gradient = np.zeros(image.shape)
    shares = np.kron(upstream, np.ones((size, size))) / size**2
    gradient[: shares.shape[0], : shares.shape[1]] = shares
    return gradient


@max_pool_backward.wrong(
    "every pixel that equals the maximum",
    says="you gave upstream to all equal pixels: in a tie it counts once only",
)
def _(image, upstream, size):
    gradient = np.zeros(image.shape)
    for i, j in np.ndindex(upstream.shape):
        window = np.s_[i * size : (i + 1) * size, j * size : (j + 1) * size]
        gradient[window] = upstream[i, j] * (image[window] == image[window].max())
    return gradient


@max_pool_backward.wrong("forgets upstream", says="you marked the winners; each must get its window's upstream[i, j]")
def _(image, upstream, size):
    return max_pool_backward(image, np.ones_like(upstream), size)


@max_pool_backward.wrong(
    "takes the image's whole numbers",
    says="you returned whole numbers: np.zeros_like(image) has whole numbers too, use np.zeros(image.shape)",
)
def _(image, upstream, size):
    return max_pool_backward(image, upstream, size).astype(image.dtype)
