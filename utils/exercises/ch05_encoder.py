"""Exercises of chapter 05, what attention needs in a network: several heads, and positions."""

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


@multi_head.wrong(
    "as many columns as heads",
    says="each of your heads takes as many columns as there are heads; it takes d // heads of them",
)
def _(query, key, value, mask, heads):
    cuts = [slice(h * heads, (h + 1) * heads) for h in range(heads)]
    outputs = [attention(*(a[:, cut] for a in (query, key, value)), mask)[0] for cut in cuts]
    joined = np.concatenate(outputs, axis=1)
    return np.pad(joined, [(0, 0), (0, max(0, query.shape[1] - joined.shape[1]))])[:, : query.shape[1]]


@multi_head.wrong(
    "the last head first", says="your heads are put together from the last to the first; head 0 comes first"
)
def _(query, key, value, mask, heads):
    return np.concatenate(np.split(multi_head(query, key, value, mask, heads), heads, axis=1)[::-1], axis=1)


@multi_head.wrong("the mask for one head alone", says="only your first head has the mask: give it to each of them")
def _(query, key, value, mask, heads):
    size = query.shape[1] // heads
    everywhere = multi_head(query, key, value, np.ones_like(mask), heads)
    return np.concatenate([multi_head(query, key, value, mask, heads)[:, :size], everywhere[:, size:]], axis=1)


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


@positions.wrong(
    "cosine first", says="your cosines are in the even columns; the sine comes first, and column 0 begins with 0"
)
def _(length, width):
    table = positions(length, width)
    return np.stack([table[:, 1::2], table[:, 0::2]], axis=2).reshape(length, width)


@positions.wrong(
    "twice the exponent",
    says="your waves are too slow: the exponent of 10000 is 2k / width, where 2k is the number of the even column",
)
def _(length, width):
    angles = np.arange(length)[:, None] / 10000 ** (2 * np.arange(0, width, 2) / width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, width)


@positions.wrong(
    "multiplies by the power",
    says="your waves get faster from left to right: divide the position by the power of 10000",
)
def _(length, width):
    angles = np.arange(length)[:, None] * 10000 ** (np.arange(0, width, 2) / width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, width)


@positions.wrong("another base", says="you took a power of 1000; the formula has 10000")
def _(length, width):
    angles = np.arange(length)[:, None] / 1000 ** (np.arange(0, width, 2) / width)
    return np.stack([np.sin(angles), np.cos(angles)], axis=2).reshape(length, width)
