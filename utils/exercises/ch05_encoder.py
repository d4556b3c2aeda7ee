"""Exercises of chapter 05, the parts of an encoder: several heads, positions, layer normalisation, its parameters."""

import numpy as np

from utils.exercises.ch05_attention import attention
from utils.exercises.core import exercise


@exercise(
    "5.4",
    "Several heads",
    points=2,
    hints=[
        "Head number h reads columns h * size to (h + 1) * size of query, key and value, with size = d // heads. "
        "np.split(query, heads, axis=1) cuts them in this way.",
        "Call attention (exercise 5.1) once for each head, with the same mask; it returns output and weights.",
        "Put the outputs side by side again, np.concatenate(outputs, axis=1), in the order of the heads.",
    ],
)
def multi_head(query, key, value, mask, heads):
    """query (T, d), key (S, d), value (S, d), mask (T, S), heads divides d → output (T, d)"""
    parts = zip(*(np.split(array, heads, axis=1) for array in (query, key, value)), strict=True)
    outputs = [attention(q, k, v, mask)[0] for q, k, v in parts]
    return np.concatenate(outputs, axis=1)


@multi_head.checks
def _(answer, rng):
    for T, S, d, heads in [(3, 3, 4, 2), (2, 5, 6, 3), (4, 4, 8, 1), (1, 1, 4, 4), (5, 2, 12, 2)]:
        query, key, value = rng.normal(size=(T, d)), rng.normal(size=(S, d)), rng.normal(size=(S, d))
        counts = f"{T} {'query' if T == 1 else 'queries'}, {S} key{'s' if S > 1 else ''} of {d} numbers"
        answer.case(
            f"{counts} and {heads} head{'s' if heads > 1 else ''}",
            *(query, key, value, rng.random((T, S)) < 0.8, heads),
            why="attention once for each head, then side by side",
            shape="the outputs of the heads are put side by side again",
        )
    query, key, value = rng.normal(size=(3, 4)), rng.normal(size=(3, 4)), rng.normal(size=(3, 4))
    answer.case("a causal mask and 2 heads", query, key, value, np.tri(3, dtype=bool), 2, why="every head has the mask")


@multi_head.wrong(
    "cuts by reshape alone",
    says="your cut mixes positions: each head keeps all positions and takes some of the columns",
)
def _(query, key, value, mask, heads):
    q, k, v = (array.reshape(heads, len(array), -1) for array in (query, key, value))
    return np.concatenate([attention(q[h], k[h], v[h], mask)[0] for h in range(heads)], axis=1)


@multi_head.wrong(
    "merges by reshape alone",
    says="your merge mixes positions: put the outputs of the heads side by side, axis=1",
)
def _(query, key, value, mask, heads):
    output = multi_head(query, key, value, mask, heads)
    return np.stack(np.split(output, heads, axis=1)).reshape(output.shape)


@multi_head.wrong(
    "takes every second column",
    says="your heads take every heads-th column; head h reads d // heads neighbouring columns",
)
def _(query, key, value, mask, heads):
    outputs = [attention(*(a[:, h::heads] for a in (query, key, value)), mask)[0] for h in range(heads)]
    return np.concatenate(outputs, axis=1)


@multi_head.wrong(
    "scales by the whole width",
    says="you divided by the square root of d: each head compares d // heads numbers, so it takes the root of that",
)
def _(query, key, value, mask, heads):
    return multi_head(query / np.sqrt(heads), key, value, mask, heads)


@multi_head.wrong("one head", says="you returned the result of a single head: cut the columns into heads first")
def _(query, key, value, mask, heads):
    return attention(query, key, value, mask)[0]


@multi_head.wrong("heads without the mask", says="your heads look everywhere: give the mask to each of them")
def _(query, key, value, mask, heads):
    return multi_head(query, key, value, np.ones_like(mask), heads)


@exercise(
    "5.5",
    "Waves for positions",
    points=2,
    hints=[
        "Columns 2k and 2k + 1 share a speed: 1 / 10000 ** (2 * k / width). np.arange(0, width, 2) gives every 2k.",
        "angles = np.arange(length)[:, None] * speeds has one row per position and one column per speed.",
        "Fill an empty table: table[:, 0::2] = np.sin(angles), and table[:, 1::2] = np.cos(angles).",
    ],
)
def positions(length, width):
    """length, even width → table (length, width): sine in even columns, cosine in odd ones"""
    speeds = 1 / 10000 ** (np.arange(0, width, 2) / width)
    angles = np.arange(length)[:, None] * speeds
    table = np.empty((length, width))
    table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)
    return table


@positions.checks
def _(answer, rng):
    for length, width in [(5, 4), (1, 2), (int(rng.integers(6, 90)), 8), (3, 6)]:
        answer.case(
            f"{length} position{'s' if length > 1 else ''} and {width} columns",
            *(length, width),
            why="sin or cos of position / 10000 ** (2k / width)",
            shape="one row for each position",
        )


@positions.wrong(
    "sines left, cosines right",
    says="your sines are in the left half; they belong in the even columns, with the cosines between them",
)
def _(length, width):
    table = positions(length, width)
    return np.concatenate([table[:, 0::2], table[:, 1::2]], axis=1)


@positions.wrong("counts from one", says="you count from 1; the first position is 0, and its sines are 0")
def _(length, width):
    return positions(length + 1, width)[1:]


@positions.wrong(
    "half the exponent",
    says="your waves are too fast: columns 2k and 2k + 1 share a speed, so raise 10000 to 2k / width, not to k / width",
)
def _(length, width):
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(width // 2) / width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, width)


@positions.wrong(
    "a speed for each column",
    says="each of your columns has its own speed; columns 2k and 2k + 1 share the one of 2k / width",
)
def _(length, width):
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(width) / width)
    return np.where(np.arange(width) % 2, np.cos(angles), np.sin(angles))


@positions.wrong(
    "sine everywhere", says="your table has the sine alone: the odd columns take the cosine of the same angle"
)
def _(length, width):
    return np.repeat(positions(length, width)[:, 0::2], 2, axis=1)


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
    for shape, epsilon in [((4, 6), 0.01), ((1, 3), 0.001), ((2, 3, 5), 0.5), ((3, 1), 0.01)]:
        x, scale, shift = rng.normal(size=shape) * 3 + 2, rng.normal(size=shape[-1]), rng.normal(size=shape[-1])
        answer.case(
            f"x of shape {shape} and epsilon {epsilon}",
            *(x, scale, shift, epsilon),
            why="subtract the mean, divide by the root of variance + epsilon, then scale and shift",
            shape="the result is as large as x",
        )


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


@exercise(
    "5.7",
    "Count the parameters",
    points=2,
    hints=[
        "A dense layer from a to b numbers has a * b weights and b biases. How many such layers are in the block?",
        "Attention has four from width to width: query, key, value and the output. The heads only share them out.",
        "Then width to hidden and hidden to width, and two layer norms with a scale and a shift each, width numbers.",
    ],
)
def count_parameters(width, hidden):
    """Width of the block and of its hidden layer → how many numbers the block learns (int)"""
    attention = 4 * (width * width + width)
    feed_forward = width * hidden + hidden + hidden * width + width
    layer_norms = 2 * (width + width)
    return attention + feed_forward + layer_norms


@count_parameters.checks
def _(answer, rng):
    for width, hidden in [(4, 8), (32, 64), (1, 1), (int(rng.integers(2, 99)), int(rng.integers(2, 99)))]:
        why = "count four dense layers, then two more, then two layer norms"
        answer.case(f"width {width} and hidden {hidden}", width, hidden, why=why)


@count_parameters.wrong(
    "forgets the biases",
    says="you returned {got} where {wanted} is expected: every dense layer has a bias for each of its outputs",
)
def _(width, hidden):
    return 4 * width * width + 2 * width * hidden + 4 * width


@count_parameters.wrong(
    "forgets the output layer",
    says="you returned {got} where {wanted} is expected: after the heads are merged comes a fourth dense layer, width "
    "to width",
)
def _(width, hidden):
    return count_parameters(width, hidden) - width * width - width


@count_parameters.wrong(
    "forgets the layer norms",
    says="you returned {got} where {wanted} is expected: a layer norm learns a scale and a shift, and the block has "
    "two of them",
)
def _(width, hidden):
    return count_parameters(width, hidden) - 4 * width


@count_parameters.wrong(
    "one layer norm",
    says="you returned {got} where {wanted} is expected: the block has two layer norms, one before each part",
)
def _(width, hidden):
    return count_parameters(width, hidden) - 2 * width
