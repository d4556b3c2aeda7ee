"""Exercises of chapter 03, around the convolution: max-pooling, the receptive field, the way back through a pool."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_close, expect_number, rule_out


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
        image, inputs = rng.normal(size=(H, W)) - 3, f"a {H}×{W} image and windows of {size}×{size}"
        wanted, got = max_pool(image, size), expect_array(answer(image, size), inputs=inputs)
        means = _mean_pool(image, size)
        rule_out(got, means, wanted, f"for {inputs} you returned the mean of each window, not its maximum")
        rule_out(got, np.maximum(wanted, 0), wanted, f"for {inputs} you returned 0 where every pixel is negative")
        why = "the windows do not overlap, and a rim that fills no window is left out"
        expect_array(got, wanted.shape, inputs=inputs, why=why)
        expect_close(got, wanted, inputs=inputs, why="keep the largest number of each window")


@max_pool.wrong("the mean", says="not its maximum")
def _mean_pool(image, size):
    output = max_pool(image, size)
    for i, j in np.ndindex(output.shape):
        output[i, j] = image[i * size : (i + 1) * size, j * size : (j + 1) * size].mean()
    return output


@max_pool.wrong("windows that overlap", says="do not overlap")
def _(image, size):
    return np.lib.stride_tricks.sliding_window_view(image, (size, size)).max(axis=(2, 3))


@max_pool.wrong("starts from zero", says="every pixel is negative")
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
        wanted, got = receptive_field(layers), expect_number(answer(list(layers)))
        said = f"for layers = {layers} you returned {got:g} where {wanted} is expected"
        rule_out(got, _adds_kernels(layers), wanted, f"{said}: do not add up the kernels, neighbouring windows overlap")
        rule_out(got, _no_stride(layers), wanted, f"{said}: after a stride, neighbours lie further apart in the image")
        too_early = _stride_too_early(layers)
        rule_out(got, too_early, wanted, f"{said}: a layer's own stride counts only for the layers after it")
        expect_close(got, wanted, inputs=f"layers = {layers}", why="walk through the layers, first layer first")


@receptive_field.wrong("adds up the kernels", says="overlap")
def _adds_kernels(layers):
    return sum(kernel for kernel, _ in layers)


@receptive_field.wrong("ignores the strides", says="further apart in the image")
def _no_stride(layers):
    return receptive_field([(kernel, 1) for kernel, _ in layers])


@receptive_field.wrong("uses a layer's stride too early", says="only for the layers after it")
def _stride_too_early(layers):
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
        inputs = f"a {H}×{W} image and windows of {size}×{size}"
        wanted = max_pool_backward(image, upstream, size)
        got = expect_array(answer(image, upstream, size), wanted.shape, inputs=inputs, why="one number for each pixel")
        marked = (wanted != 0).astype(float)
        rule_out(got, marked, wanted, f"for {inputs} you marked the winners; each must get its window's upstream[i, j]")
        message = f"for {inputs} you gave every pixel a share, as a mean would; only the winner of a window gets any"
        rule_out(got, _shared_out(image, upstream, size), wanted, message)
        expect_close(got, wanted, inputs=inputs, why="the largest pixel of a window gets upstream[i, j], the others 0")
    flat, upstream = np.zeros((4, 4)), rng.uniform(0.1, 0.9, size=(2, 2))  # after a ReLU whole windows are often zero
    got = expect_array(answer(flat, upstream, 2), (4, 4)).reshape(2, 2, 2, 2).sum(axis=(1, 3))
    case = "for an image that is 0 everywhere"
    rule_out(got, 4 * upstream, upstream, f"{case} you gave upstream to all equal pixels: in a tie it counts once only")
    expect_close(got, upstream, inputs="an image that is 0 everywhere", why="a window hands on exactly its upstream")
    counts = rng.permutation(16).reshape(4, 4)
    got = expect_array(answer(counts, upstream, 2), (4, 4))
    expect(
        np.any(got), "for a 4×4 image of whole numbers you returned only 0: np.zeros_like(image) has whole numbers too"
    )
    expect_close(got, max_pool_backward(counts, upstream, 2), inputs="a 4×4 image of whole numbers")


@max_pool_backward.wrong("shared out evenly", says="as a mean would")
def _shared_out(image, upstream, size):
    gradient = np.zeros(image.shape)
    shares = np.kron(upstream, np.ones((size, size))) / size**2
    gradient[: shares.shape[0], : shares.shape[1]] = shares
    return gradient


@max_pool_backward.wrong("every pixel that equals the maximum", says="in a tie")
def _(image, upstream, size):
    gradient = np.zeros(image.shape)
    for i, j in np.ndindex(upstream.shape):
        window = np.s_[i * size : (i + 1) * size, j * size : (j + 1) * size]
        gradient[window] = upstream[i, j] * (image[window] == image[window].max())
    return gradient


@max_pool_backward.wrong("forgets upstream", says="upstream[i, j]")
def _(image, upstream, size):
    return max_pool_backward(image, np.ones_like(upstream), size)


@max_pool_backward.wrong("takes the image's whole numbers", says="whole numbers too")
def _(image, upstream, size):
    return max_pool_backward(image, upstream, size).astype(image.dtype)
