"""Exercises of chapter 03, the convolution: slide a kernel, count the places, then a whole layer with its channels."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "3.1",
    "Slide a kernel",
    points=2,
    hints=[
        "How many rows of places are there? H - h + 1. And how many columns?",
        "Start with output = np.empty((H - h + 1, W - w + 1)), and visit every place: two loops, or np.ndindex.",
        "At place (i, j) the window is image[i : i + h, j : j + w]; store np.sum(window * kernel).",
    ],
)
def cross_correlate(image, kernel):
    """image (H, W), kernel (h, w) → responses (H - h + 1, W - w + 1)"""
    h, w = kernel.shape
    output = np.empty((image.shape[0] - h + 1, image.shape[1] - w + 1))
    for i, j in np.ndindex(output.shape):
        output[i, j] = np.sum(image[i : i + h, j : j + w] * kernel)
    return output


@cross_correlate.checks
def _(answer, rng):
    for H, W, h, w in [(4, 4, 3, 3), (5, 7, 2, 3), (3, 3, 3, 3), (6, 6, 1, 1), (7, 4, 5, 2)]:
        answer.case(
            f"a {H}×{W} image and a {h}×{w} kernel",
            *(rng.normal(size=(H, W)), rng.normal(size=(h, w))),
            shape=f"without leaving the picture the kernel fits in {H - h + 1}×{W - w + 1} places",
            why="multiply the window with the kernel, number by number, and add up",
        )

    whole, halves = rng.integers(0, 256, size=(4, 5)), rng.integers(-3, 4, size=(2, 2)) / 2
    answer.case("a 4×5 image of whole numbers and a 2×2 kernel", whole, halves, why="responses are decimals")


@cross_correlate.wrong(
    "the image's whole numbers",
    says="you returned whole numbers: an array made like the image has whole numbers too, use np.empty(shape)",
)
def _(image, kernel):
    return cross_correlate(image, kernel).astype(image.dtype)


@cross_correlate.wrong("turned by 180°", says="your values are those of a kernel turned by 180°: is it upside down?")
def _(image, kernel):
    return cross_correlate(image, kernel[::-1, ::-1])


@cross_correlate.wrong(
    "one place too few in each direction",
    says="you left out the last row and column of places: the kernel fits in H - h + 1 times W - w + 1 places",
)
def _(image, kernel):
    return cross_correlate(image, kernel)[:-1, :-1]


@cross_correlate.wrong(
    "as large as the image, with zeros around",
    says="your result is as large as the image: do not pad it, the kernel stays inside the picture",
)
def _(image, kernel):
    (H, W), (h, w) = image.shape, kernel.shape
    around = np.pad(image, ((h // 2, h - 1 - h // 2), (w // 2, w - 1 - w // 2)))
    return cross_correlate(around, kernel)[:H, :W]


@cross_correlate.wrong("the mean in place of the sum", says="you took the mean of the products; add them up, np.sum")
def _(image, kernel):
    return cross_correlate(image, kernel) / kernel.size


@exercise(
    "3.2",
    "The size of the output",
    points=1,
    hints=[
        "Take the valid case first: the last place where the kernel can start is size - kernel, and you begin at 0.",
        'How many steps of `stride` fit into size - kernel? Whole ones: //. And one for the place at 0. For "same", '
        "the answer does not depend on the kernel.",
        '"valid": (size - kernel) // stride + 1. "same": size / stride, rounded up, which is -(-size // stride).',
    ],
)
def output_size(size, kernel, stride=1, padding="valid"):
    """Pixels along one side of picture and kernel, padding "valid" or "same" → places (int)"""
    if padding == "same":
        return -(-size // stride)
    return (size - kernel) // stride + 1


@output_size.checks
def _(answer, rng):
    cases = [(32, 3, 1, "valid"), (32, 3, 2, "valid"), (32, 5, 3, "valid"), (7, 7, 2, "valid"), (32, 3, 1, "same")]
    cases += [(32, 3, 2, "same"), (7, 3, 2, "same"), (5, 1, 3, "same"), (7, 2, 1, "same"), (9, 4, 2, "same")]
    cases += [(int(rng.integers(12, 99)), int(rng.integers(1, 12)), 4, p) for p in ("valid", "same") for _ in range(3)]
    for size, kernel, stride, padding in cases:
        inputs = f"{size} pixels, a kernel of {kernel}, stride {stride} and padding {padding!r}"
        answer.case(inputs, size, kernel, stride, padding, why="count the places where the kernel can start")


@output_size.wrong(
    "forgets the stride",
    says="you returned {got} where {wanted} is expected: the kernel moves by the stride, {stride} at a time",
)
def _(size, kernel, stride=1, padding="valid"):
    return size - kernel + 1 if padding == "valid" else -(-size // stride)


@output_size.wrong(
    "forgets the first place",
    says="you returned {got} where {wanted} is expected: the place at the very start counts too",
)
def _(size, kernel, stride=1, padding="valid"):
    return (size - kernel) // stride if padding == "valid" else -(-size // stride)


@output_size.wrong(
    "pads alike on both sides",
    says='you returned {got} where {wanted} is expected: the zeros of "same" are not always an even number; '
    "the result is size / stride, rounded up",
)
def _(size, kernel, stride=1, padding="valid"):
    return (size + (2 * (kernel // 2) if padding == "same" else 0) - kernel) // stride + 1


@output_size.wrong(
    "rounds same down",
    says='you returned {got} where {wanted} is expected: with "same" a last, incomplete step counts too: round up',
)
def _(size, kernel, stride=1, padding="valid"):
    return (size - kernel) // stride + 1 if padding == "valid" else size // stride


@exercise(
    "3.3",
    "A convolution layer",
    points=3,
    hints=[
        'Three steps: how large is the output (your output_size, once for each side)? Pad if it is "same". Then loop.',
        'For "same": total = max((rows - 1) * stride + h - H, 0); total // 2 zeros go before, the rest behind. '
        "np.pad takes ((before, behind), (before, behind), (0, 0)).",
        "At place (i, j) the window starts at (i * stride, j * stride) and has the shape (h, w, C). "
        "np.tensordot(window, kernels, axes=3) multiplies and adds over all three, and leaves one number per filter.",
    ],
)
def convolve_layer(image, kernels, bias, stride, padding):
    """image (H, W, C), kernels (h, w, C, F), bias (F,) → feature maps (rows, columns, F)"""
    (H, W), (h, w) = image.shape[:2], kernels.shape[:2]
    rows, columns = output_size(H, h, stride, padding), output_size(W, w, stride, padding)
    if padding == "same":
        down, across = max((rows - 1) * stride + h - H, 0), max((columns - 1) * stride + w - W, 0)
        image = np.pad(image, ((down // 2, down - down // 2), (across // 2, across - across // 2), (0, 0)))
    output = np.empty((rows, columns, kernels.shape[3]))
    for i, j in np.ndindex(rows, columns):
        window = image[i * stride : i * stride + h, j * stride : j * stride + w]
        output[i, j] = np.tensordot(window, kernels, axes=3) + bias
    return output


@convolve_layer.checks
def _(answer, rng):
    cases = [(5, 6, 2, 3, 2, 4, 1, "valid"), (7, 8, 3, 3, 3, 2, 2, "valid"), (5, 6, 1, 3, 3, 2, 1, "same")]
    cases += [(6, 8, 3, 3, 3, 2, 2, "same"), (5, 7, 2, 2, 4, 3, 1, "same"), (4, 4, 2, 1, 1, 3, 3, "same")]
    cases += [(5, 6, 2, 1, 1, 3, 3, "same")]  # the last window ends before the picture does: nothing to pad
    for H, W, C, h, w, F, stride, padding in cases:
        image, kernels, bias = rng.normal(size=(H, W, C)), rng.normal(size=(h, w, C, F)), rng.normal(size=F)
        inputs = f"a {H}×{W}×{C} image, {F} kernels of {h}×{w}×{C}, stride {stride} and padding {padding!r}"
        answer.case(
            inputs,
            *(image, kernels, bias, stride, padding),
            shape="rows, columns, and one map for each filter",
            why="multiply the window with the kernel, add up over all channels",
        )


@convolve_layer.wrong(
    "keeps the channels apart",
    says="you kept the channels apart: one filter looks at all channels, add up over them",
)
def _(image, kernels, bias, stride, padding):
    channels = range(image.shape[2])
    maps = [convolve_layer(image[..., [c]], kernels[:, :, [c]], 0 * bias, stride, padding) for c in channels]
    return np.stack(maps, axis=2) + bias


@convolve_layer.wrong("forgets the bias", says="the bias is missing: add bias[f] to every place of map f")
def _(image, kernels, bias, stride, padding):
    return convolve_layer(image, kernels, 0 * bias, stride, padding)


@convolve_layer.wrong(
    "counts with the stride and walks without it",
    says="your windows do not move by the stride: begin at i * stride, j * stride",
)
def _(image, kernels, bias, stride, padding):
    rows, columns = convolve_layer(image, kernels, bias, stride, padding).shape[:2]
    return convolve_layer(image, kernels, bias, 1, padding)[:rows, :columns]


@convolve_layer.wrong(
    "pads alike on both sides", says='when "same" needs an odd number of zeros, put the smaller half before'
)
def _(image, kernels, bias, stride, padding):
    shape = convolve_layer(image, kernels, bias, stride, padding).shape
    if padding == "same":
        down, across = kernels.shape[0] // 2, kernels.shape[1] // 2
        image = np.pad(image, ((down, down), (across, across), (0, 0)))
    return convolve_layer(image, kernels, bias, stride, "valid")[: shape[0], : shape[1]]
