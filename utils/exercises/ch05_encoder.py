"""Exercises of chapter 05, the parts of an encoder: several heads, positions, layer normalisation, its parameters."""

import numpy as np

from utils.exercises.ch05_attention import attention
from utils.exercises.core import exercise
from utils.exercises.expect import expect_array, expect_close, expect_number, rule_out


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
        arguments = query, key, value, rng.random((T, S)) < 0.8, heads
        inputs = f"{T} queries, {S} keys of {d} numbers and {heads} heads"
        wanted = multi_head(*arguments)
        got = expect_array(answer(*arguments), wanted.shape, inputs=inputs, why="the heads stand side by side again")
        for wrong, words in {
            _reshaped: "your cut mixes positions: each head keeps all positions and takes some of the columns",
            _stacked_wrongly: "your merge mixes positions: put the outputs of the heads side by side, axis=1",
            _interleaved: "head h reads d // heads neighbouring columns, not every heads-th one",
            _scaled_by_all: "each head compares d // heads numbers, so the square root is that of d // heads",
        }.items():
            rule_out(got, wrong(*arguments), wanted, f"for {inputs}: {words}")
        expect_close(got, wanted, inputs=inputs, why="attention once for each head, then side by side")


@multi_head.wrong("cuts by reshape alone", says="your cut mixes positions")
def _reshaped(query, key, value, mask, heads):
    q, k, v = (array.reshape(heads, len(array), -1) for array in (query, key, value))
    return np.concatenate([attention(q[h], k[h], v[h], mask)[0] for h in range(heads)], axis=1)


@multi_head.wrong("merges by reshape alone", says="your merge mixes positions")
def _stacked_wrongly(query, key, value, mask, heads):
    output = multi_head(query, key, value, mask, heads)
    return np.stack(np.split(output, heads, axis=1)).reshape(output.shape)


@multi_head.wrong("takes every second column", says="neighbouring columns")
def _interleaved(query, key, value, mask, heads):
    outputs = [attention(*(a[:, h::heads] for a in (query, key, value)), mask)[0] for h in range(heads)]
    return np.concatenate(outputs, axis=1)


@multi_head.wrong("scales by the whole width", says="that of d // heads")
def _scaled_by_all(query, key, value, mask, heads):
    return multi_head(query / np.sqrt(heads), key, value, mask, heads)


@exercise(
    "5.5",
    "Waves for positions",
    points=2,
    hints=[
        "Columns 2k and 2k + 1 share a speed: 1 / 10000 ** (2 * k / width). np.arange(0, width, 2) gives every 2k.",
        "angles = np.arange(length)[:, None] * speeds has one row a position, one column a speed.",
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
    for length, width in [(5, 4), (1, 2), (int(rng.integers(6, 90)), 8), (3, 6), (0, 4)]:
        inputs, wanted = f"{length} positions and {width} columns", positions(length, width)
        got = expect_array(answer(length, width), (length, width), inputs=inputs, why="one row for each position")
        for wrong, words in {
            _halves: "your sines stand in the left half; they belong in the even columns, the cosines between them",
            _from_one: "you count from 1; the first position is 0, and its sines are 0",
            _twice_as_slow: "columns 2k and 2k + 1 share a speed: raise 10000 to 2k / width, not k / width",
            _sines_only: "sine alone: the odd columns take the cosine of the same angle",
        }.items():
            rule_out(got, wrong(length, width), wanted, f"for {inputs}: {words}")
        expect_close(got, wanted, inputs=inputs, why="sin or cos of position / 10000 ** (2k / width)")


@positions.wrong("sines left, cosines right", says="left half")
def _halves(length, width):
    table = positions(length, width)
    return np.concatenate([table[:, 0::2], table[:, 1::2]], axis=1)


@positions.wrong("counts from one", says="the first position is 0")
def _from_one(length, width):
    return positions(length + 1, width)[1:]


@positions.wrong("half the exponent", says="share a speed")
def _twice_as_slow(length, width):
    angles = np.arange(length)[:, None] / 10000 ** (np.arange(width // 2) / width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, width)


@positions.wrong("sine everywhere", says="sine alone")
def _sines_only(length, width):
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
    for shape in [(4, 6), (1, 3), (2, 3, 5), (3, 1)]:
        x, scale, shift = rng.normal(size=shape) * 3 + 2, rng.normal(size=shape[-1]), rng.normal(size=shape[-1])
        arguments, inputs = (x, scale, shift, 0.01), f"x of shape {'×'.join(map(str, shape))}"
        wanted, got = layer_norm(*arguments), expect_array(answer(*arguments), shape, inputs=inputs)
        for wrong, words in {
            _over_examples: "you took mean and variance over the positions; each position is its own, axis=-1",
            _by_the_variance: "divide by the square root of the variance, not by the variance",
            _unscaled: "scale and shift are missing",
            _unbiased: "the variance divides by d, not by d - 1",
            _epsilon_outside: "epsilon belongs under the root, added to the variance",
        }.items():
            rule_out(got, wrong(*arguments), wanted, f"for {inputs}: {words}")
        expect_close(got, wanted, inputs=inputs, why="minus the mean, by the root of variance + epsilon, scale, shift")


@layer_norm.wrong("over the positions", says="each position is its own")
def _over_examples(x, scale, shift, epsilon):
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + epsilon) * scale + shift


@layer_norm.wrong("divides by the variance", says="not by the variance")
def _by_the_variance(x, scale, shift, epsilon):
    return (x - x.mean(axis=-1, keepdims=True)) / (x.var(axis=-1, keepdims=True) + epsilon) * scale + shift


@layer_norm.wrong("forgets scale and shift", says="are missing")
def _unscaled(x, scale, shift, epsilon):
    return layer_norm(x, 1, 0, epsilon)


@layer_norm.wrong("the unbiased variance", says="not by d - 1")
def _unbiased(x, scale, shift, epsilon):
    variance = x.var(axis=-1, keepdims=True, ddof=min(1, x.shape[-1] - 1))
    return (x - x.mean(axis=-1, keepdims=True)) / np.sqrt(variance + epsilon) * scale + shift


@layer_norm.wrong("epsilon outside the root", says="under the root")
def _epsilon_outside(x, scale, shift, epsilon):
    return (x - x.mean(axis=-1, keepdims=True)) / (x.std(axis=-1, keepdims=True) + epsilon) * scale + shift


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
        wanted, got = count_parameters(width, hidden), expect_number(answer(width, hidden))
        said = f"for width {width} and hidden {hidden} you returned {got:g} where {wanted} is expected"
        for wrong, words in {
            _without_biases: "every dense layer has a bias for each of its outputs",
            _without_output: "after the heads are merged comes a fourth dense layer, width to width",
            _without_norms: "a layer norm learns a scale and a shift, and the block has two of them",
            _one_norm: "the block has two layer norms, one before each part",
        }.items():
            rule_out(got, wrong(width, hidden), wanted, f"{said}: {words}")
        expect_close(got, wanted, inputs=f"width {width} and hidden {hidden}")


@count_parameters.wrong("forgets the biases", says="a bias for each of its outputs")
def _without_biases(width, hidden):
    return 4 * width * width + 2 * width * hidden + 4 * width


@count_parameters.wrong("forgets the output layer", says="a fourth dense layer")
def _without_output(width, hidden):
    return count_parameters(width, hidden) - width * width - width


@count_parameters.wrong("forgets the layer norms", says="a scale and a shift")
def _without_norms(width, hidden):
    return count_parameters(width, hidden) - 4 * width


@count_parameters.wrong("one layer norm", says="one before each part")
def _one_norm(width, hidden):
    return count_parameters(width, hidden) - 2 * width
