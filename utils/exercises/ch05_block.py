"""Exercises of chapter 05, the encoder block: layer normalisation, and the whole block from its parts."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "5.6",
    "Layer normalisation",
    points=1,
    hints=[
        "Each position by itself: x.mean(axis=-1, keepdims=True) keeps a column that can be subtracted from x.",
        "Divide by np.sqrt(variance + epsilon), with x.var(axis=-1, keepdims=True); then times scale, plus shift.",
    ],
)
def layer_norm(x, scale, shift, epsilon):
    """x (…, d), scale (d,), shift (d,), epsilon → x at mean 0, variance 1, then rescaled"""
    mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * scale + shift


@layer_norm.checks
def _(answer, rng):
    for shape, epsilon in [((4, 6), 0.01), ((1, 3), 0.001), ((2, 3, 5), 0.5), ((3, 1), 0.01), ((5,), 0.1)]:
        x, scale, shift = rng.normal(size=shape) * 3 + 2, rng.normal(size=shape[-1]), rng.normal(size=shape[-1])
        answer.case(
            f"x of shape {shape} and epsilon {epsilon}",
            *(x, scale, shift, epsilon),
            why="subtract the mean, divide by the root of variance + epsilon, then scale and shift",
            shape="the result is as large as x",
        )
    x, why = np.array([[2.0, 2.0, 2.0], [1.0, 2.0, 3.0]]), "x minus its mean is 0 there, and only the shift is left"
    answer.case("a position whose numbers are all 2", x, np.ones(3), np.zeros(3), 0.001, why=why)


@layer_norm.wrong(
    "over the positions",
    says="you took mean and variance over the positions; normalise each position on its own, axis=-1",
)
def _(x, scale, shift, epsilon):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + epsilon) * scale + shift


@layer_norm.wrong(
    "over everything",
    says="you took one mean and one variance of the whole array; normalise each position on its own, axis=-1",
)
def _(x, scale, shift, epsilon):
    return (x - x.mean()) / np.sqrt(x.var() + epsilon) * scale + shift


@layer_norm.wrong(
    "divides by the variance", says="you divided by the variance; divide by the square root of the variance"
)
def _(x, scale, shift, epsilon):
    return (x - x.mean(axis=-1, keepdims=True)) / (x.var(axis=-1, keepdims=True) + epsilon) * scale + shift


@layer_norm.wrong("forgets scale and shift", says="scale and shift are missing: multiply by scale, then add shift")
def _(x, scale, shift, epsilon):
    return layer_norm(x, 1, 0, epsilon)


@layer_norm.wrong("the unbiased variance", says="your variance divides by d - 1; divide by d, as x.var does by itself")
def _(x, scale, shift, epsilon):
    variance = x.var(axis=-1, keepdims=True, ddof=min(1, x.shape[-1] - 1))
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(variance + epsilon) * scale + shift


@layer_norm.wrong(
    "epsilon outside the root", says="you added epsilon to the root; it belongs under the root, added to the variance"
)
def _(x, scale, shift, epsilon):
    return (x - x.mean(axis=-1, keepdims=True)) / (x.std(axis=-1, keepdims=True) + epsilon) * scale + shift


@layer_norm.wrong("no epsilon", says="your result does not depend on epsilon: add it to the variance, under the root")
def _(x, scale, shift, epsilon):
    return layer_norm(x, scale, shift, 0)


@layer_norm.wrong("shifts before it scales", says="you added the shift before you multiplied by the scale")
def _(x, scale, shift, epsilon):
    return (layer_norm(x, 1, 0, epsilon) + shift) * scale


@layer_norm.wrong("does not centre", says="you did not subtract the mean of the position before you divided")
def _(x, scale, shift, epsilon):
    return x / np.sqrt(x.var(axis=-1, keepdims=True) + epsilon) * scale + shift


@exercise(
    "5.7",
    "The encoder block",
    points=3,
    hints=[
        "First part: middle = x + attend(norms[0](x)). What is added to is x itself, not its normalised copy.",
        "Second part: the input of the first dense layer is norms[1](middle). Kernel and bias: rows @ kernel + bias.",
        "Only the first dense layer has a ReLU, np.maximum(…, 0). Return middle plus the second one's result.",
    ],
)
def encoder_block(x, attend, norms, dense):
    """x (n, d), attend: function (n, d) → (n, d), norms: two such functions, one for each part,
    dense: ((kernel (d, h), bias (h,)), (kernel (h, d), bias (d,))) → (n, d)"""
    (expand, bias_of_expand), (contract, bias_of_contract) = dense
    middle = x + attend(norms[0](x))
    hidden = np.maximum(norms[1](middle) @ expand + bias_of_expand, 0)
    return middle + hidden @ contract + bias_of_contract


@encoder_block.checks
def _(answer, rng):
    for n, d, h in [(3, 4, 5), (1, 2, 3), (4, 3, 6), (2, 5, 2)]:
        places, columns = rng.normal(size=(n, n)), rng.normal(size=(d, d))
        scales, shifts = rng.normal(size=(2, d)), rng.normal(size=(2, d))
        dense = (
            (rng.normal(size=(d, h)), rng.normal(size=h)),
            (rng.normal(size=(h, d)), rng.normal(size=d)),
        )
        answer.case(
            f"{n} position{'s' if n > 1 else ''} of {d} numbers and {h} hidden ones",
            rng.normal(size=(n, d)) * 2,
            lambda x, places=places, columns=columns: places @ np.asarray(x) @ columns,
            tuple(
                lambda x, scale=scale, shift=shift: layer_norm(np.asarray(x), scale, shift, 0.001)
                for scale, shift in zip(scales, shifts, strict=True)
            ),
            dense,
            why="x plus attention of the normalised x, then that plus two dense layers of its normalised copy",
            shape="a block keeps the shape of x",
        )


def _fed(x, dense):
    """Two dense layers, with a ReLU after the first."""
    (expand, bias_of_expand), (contract, bias_of_contract) = dense
    return np.maximum(x @ expand + bias_of_expand, 0) @ contract + bias_of_contract


@encoder_block.wrong(
    "no way around attention", says="the first residual connection is missing: add x to what attend returns"
)
def _(x, attend, norms, dense):
    middle = attend(norms[0](x))
    return middle + _fed(norms[1](middle), dense)


@encoder_block.wrong(
    "no way around the dense layers",
    says="the second residual connection is missing: add the result of the first part to that of the dense layers",
)
def _(x, attend, norms, dense):
    return _fed(norms[1](x + attend(norms[0](x))), dense)


@encoder_block.wrong(
    "adds to the normalised copy",
    says="you added attention's result to the normalised copy; the residual connection carries x itself",
)
def _(x, attend, norms, dense):
    middle = norms[0](x) + attend(norms[0](x))
    return middle + _fed(norms[1](middle), dense)


@encoder_block.wrong(
    "adds the dense layers to the normalised copy",
    says="you added the dense layers' result to the normalised copy; add it to the result of the first part itself",
)
def _(x, attend, norms, dense):
    normed = norms[1](x + attend(norms[0](x)))
    return normed + _fed(normed, dense)


@encoder_block.wrong(
    "normalises afterwards",
    says="you normalised after each addition; here each part reads a normalised copy, and its result stays as it is",
)
def _(x, attend, norms, dense):
    middle = norms[0](x + attend(x))
    return norms[1](middle + _fed(middle, dense))


@encoder_block.wrong("no layer norms", says="you did not normalise: each part reads a normalised copy of its input")
def _(x, attend, norms, dense):
    middle = x + attend(x)
    return middle + _fed(middle, dense)


@encoder_block.wrong("one layer norm for both", says="you used norms[0] twice; the second part has norms[1]")
def _(x, attend, norms, dense):
    middle = x + attend(norms[0](x))
    return middle + _fed(norms[0](middle), dense)


@encoder_block.wrong("no ReLU", says="the ReLU is missing: np.maximum(…, 0) after the first dense layer")
def _(x, attend, norms, dense):
    (expand, bias_of_expand), (contract, bias_of_contract) = dense
    middle = x + attend(norms[0](x))
    return middle + (norms[1](middle) @ expand + bias_of_expand) @ contract + bias_of_contract


@encoder_block.wrong("two ReLUs", says="you put a ReLU after the second dense layer, too; only the first has one")
def _(x, attend, norms, dense):
    middle = x + attend(norms[0](x))
    return middle + np.maximum(_fed(norms[1](middle), dense), 0)


@encoder_block.wrong(
    "a ReLU before the bias", says="you added the first bias after the ReLU; it comes before: kernel, bias, ReLU"
)
def _(x, attend, norms, dense):
    (expand, bias_of_expand), (contract, bias_of_contract) = dense
    middle = x + attend(norms[0](x))
    hidden = np.maximum(norms[1](middle) @ expand, 0) + bias_of_expand
    return middle + hidden @ contract + bias_of_contract


@encoder_block.wrong("no biases", says="the biases of the dense layers are missing: rows @ kernel + bias")
def _(x, attend, norms, dense):
    middle = x + attend(norms[0](x))
    return middle + _fed(norms[1](middle), [(kernel, 0) for kernel, _ in dense])


@encoder_block.wrong(
    "the dense layers read x",
    says="your dense layers read x; they read the result of the first part, after attention and the first addition",
)
def _(x, attend, norms, dense):
    return x + attend(norms[0](x)) + _fed(norms[1](x), dense)


@encoder_block.wrong(
    "goes back to x at the end",
    says="you added the dense layers' result to x, so that attention's is lost; add it to the result of the first part",
)
def _(x, attend, norms, dense):
    return x + _fed(norms[1](x + attend(norms[0](x))), dense)
