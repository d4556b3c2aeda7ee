"""Exercises of chapter 05, attention itself: with a mask, without a view of the future, backwards, in several heads."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_close, expect_parts, rule_out


def softmax(scores):
    """Rows of scores (…, S) → rows of positive weights that add up to 1, as the chapter defines it before 5.1."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-1e9))
    return powers / powers.sum(axis=-1, keepdims=True)


@exercise(
    "5.1",
    "Attention with a mask",
    points=3,
    hints=[
        "Four steps: scores, mask, softmax, weighted mean. The scores are query @ key.T / np.sqrt(query.shape[1]).",
        "Mask the scores before the softmax, scores = np.where(mask, scores, -1e9), so that the rest adds up to 1.",
        "softmax(scores) * mask gives 0 to a row that may see nothing. First of all: if mask.shape is not "
        "(len(query), len(key)), raise ValueError with a sentence that says so.",
    ],
)
def attention(query, key, value, mask):
    """query (T, d), key (S, d), value (S, v), mask (T, S) of bool, True = may look
    → output (T, v), weights (T, S)"""
    if mask.shape != (len(query), len(key)):
        raise ValueError(f"mask: expected {(len(query), len(key))}, a row a query and a column a key; got {mask.shape}")
    scores = query @ key.T / np.sqrt(query.shape[1])
    weights = softmax(np.where(mask, scores, -1e9)) * mask
    return weights @ value, weights


@attention.checks
def _(answer, rng):
    for T, S, d, v in [(3, 4, 2, 3), (5, 5, 4, 4), (1, 1, 3, 2), (2, 6, 16, 1), (3, 0, 2, 2), (0, 3, 2, 2)]:
        query, key, value = rng.normal(size=(T, d)), rng.normal(size=(S, d)), rng.normal(size=(S, v))
        for case, mask in {
            "nothing masked": np.ones((T, S), bool),
            "some positions masked": rng.random((T, S)) < 0.5,
            "all positions masked": np.zeros((T, S), bool),
        }.items():
            _compare(answer, (query, key, value, mask), f"{T} queries, {S} keys of {d} numbers and {case}")
    query, key, value = rng.normal(size=(3, 2)), rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    for shape in [(4,), (1, 4), (3, 1)]:
        _refused(answer, (query, key, value, np.ones(shape, bool)), f"3 queries, 4 keys and a mask of shape {shape}")


def _compare(answer, arguments, inputs):
    query, key, value, mask = arguments
    got_output, got = expect_parts(answer(*arguments), ["output", "weights"])
    output, weights = attention(*arguments)
    got = expect_array(got, weights.shape, inputs=inputs, why="a row for each query, a column for each key")
    blind = ~mask.any(axis=-1)
    expect(np.isfinite(got).all(), f"for {inputs} you returned NaN: mask with -1e9, since inf - inf is not a number")
    if blind.any() and np.any(got[blind]):
        expect(False, f"for {inputs} you gave weights to a query that may look at nothing; all its weights should be 0")
    for wrong, words in {
        _unscaled: "the scores are not divided by the square root of d",
        _scaled_by_width: "you divided by d itself; take its square root",
        _masked_late: "a row of weights does not add up to 1: mask the scores, before the softmax",
        _mask_turned_round: "you looked exactly where the mask is False; True means that the query may look there",
        _over_queries: "your columns add up to 1, not your rows: the softmax runs over the keys, axis=-1",
    }.items():
        rule_out(got, wrong(*arguments)[1], weights, f"for {inputs}: {words}")
    expect_close(got, weights, inputs=inputs, why="softmax of the masked and scaled scores")
    expect_close(got_output, output, inputs=inputs, why="the output is weights @ value")


def _refused(answer, arguments, inputs):
    try:
        answer(*arguments)
    except ValueError:
        return
    expect(
        False,
        f"for {inputs} you raised no ValueError: NumPy stretches a mask in silence, so refuse it",
    )


def _with_scores(query, key, value, mask, scores):
    """What attention gives with these scores in place of the right ones."""
    if mask.shape != (len(query), len(key)):
        raise ValueError("wrong shape")
    weights = softmax(np.where(mask, scores, -1e9)) * mask
    return weights @ value, weights


@attention.wrong("forgets the square root", says="not divided by the square root")
def _unscaled(query, key, value, mask):
    return _with_scores(query, key, value, mask, query @ key.T)


@attention.wrong("divides by the width", says="take its square root")
def _scaled_by_width(query, key, value, mask):
    return _with_scores(query, key, value, mask, query @ key.T / query.shape[1])


@attention.wrong("masks after the softmax", says="before the softmax")
def _masked_late(query, key, value, mask):
    weights = softmax(query @ key.T / np.sqrt(query.shape[1])) * mask
    return weights @ value, weights


@attention.wrong("takes True for hidden", says="True means")
def _mask_turned_round(query, key, value, mask):
    return attention(query, key, value, ~mask)


@attention.wrong("softmax over the queries", says="your columns add up to 1")
def _over_queries(query, key, value, mask):
    scores = np.where(mask, query @ key.T / np.sqrt(query.shape[1]), -1e9)
    weights = softmax(scores.T).T * mask
    return weights @ value, weights


@attention.wrong("minus infinity", says="inf - inf")
def _(query, key, value, mask):
    powers = np.exp(np.where(mask, query @ key.T / np.sqrt(query.shape[1]), -np.inf))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ value, weights


@attention.wrong("a blind query looks everywhere", says="may look at nothing")
def _(query, key, value, mask):
    weights = softmax(np.where(mask, query @ key.T / np.sqrt(query.shape[1]), -1e9))
    return weights @ value, weights


@attention.wrong("takes a mask of any shape", says="stretches a mask")
def _(query, key, value, mask):
    return attention(query, key, value, np.broadcast_to(mask, (len(query), len(key))))


@exercise(
    "5.2",
    "No view of the future",
    points=1,
    hints=[
        "Row t belongs to the query at time t: columns 0 to t are True, the later ones False.",
        "np.tri(length) is a triangle of ones that includes the diagonal; ask for dtype=bool.",
    ],
)
def causal_mask(length):
    """Number of positions → mask (length, length) of bool: may row t look at column s?"""
    return np.tri(length, dtype=bool)


@causal_mask.checks
def _(answer, rng):
    for length in (4, 1, 2, int(rng.integers(5, 9)), 0):
        inputs = f"length = {length}"
        got, wanted = expect_array(answer(length), (length, length), inputs=inputs), causal_mask(length)
        upside_down = f"for {inputs} your rows look into the future: row t may see columns 0 to t"
        rule_out(got, wanted.T, wanted, upside_down)
        strict = f"for {inputs} a position does not see itself: the first one would then see nothing"
        rule_out(got, np.tri(length, k=-1), wanted, strict)
        rule_out(got, ~wanted, wanted, f"for {inputs} you marked what is hidden; True means: may look")
        expect(
            got.dtype == bool, f"for {inputs} you returned {got.dtype}: a mask is made of True and False, dtype=bool"
        )
        expect_close(got, wanted, inputs=inputs, why="row t is True in columns 0 to t")


@causal_mask.wrong("upside down", says="look into the future")
def _(length):
    return np.tri(length, dtype=bool).T


@causal_mask.wrong("without the diagonal", says="does not see itself")
def _(length):
    return np.tri(length, k=-1, dtype=bool)


@causal_mask.wrong("numbers to add to the scores", says="dtype=bool")
def _(length):
    return np.where(np.tri(length, dtype=bool), 0, -1e9)


@exercise(
    "5.3",
    "Back through attention",
    points=3,
    hints=[
        "The output is weights @ value. So the value's gradient is weights.T @ upstream, and that of the weights "
        "is upstream @ value.T.",
        "Through a softmax: of_scores = weights * (of_weights - (weights * of_weights).sum(axis=1, keepdims=True)).",
        "The scores are query @ key.T / root. So the query's gradient is of_scores @ key / root, and the key's is "
        "of_scores.T @ query / root, with root = np.sqrt(query.shape[1]).",
    ],
)
def attention_backward(query, key, value, weights, upstream):
    """weights (T, S) as attention returned them, upstream: gradient of its output (T, v)
    → gradients of query (T, d), key (S, d) and value (S, v)"""
    of_weights = upstream @ value.T
    of_scores = weights * (of_weights - (weights * of_weights).sum(axis=1, keepdims=True))
    of_scores = of_scores / np.sqrt(query.shape[1])
    return of_scores @ key, of_scores.T @ query, weights.T @ upstream


@attention_backward.checks
def _(answer, rng):
    for T, S, d, v in [(3, 4, 2, 3), (4, 4, 5, 2), (1, 1, 2, 2), (2, 5, 3, 1)]:
        query, key, value = rng.normal(size=(T, d)), rng.normal(size=(S, d)), rng.normal(size=(S, v))
        upstream, mask = rng.normal(size=(T, v)), rng.random((T, S)) < 0.7
        arguments = query, key, value, attention(query, key, value, mask)[1], upstream
        inputs = f"{T} queries, {S} keys of {d} numbers and values of {v}"
        names = ["of_query", "of_key", "of_value"]
        got, wanted = expect_parts(answer(*arguments), names), attention_backward(*arguments)
        mistakes = {
            "the softmax couples the scores of a row: subtract the weighted mean of the row": _uncoupled(*arguments),
            "the scores were divided by the square root of d, so their gradient is too": _unrooted(*arguments),
        }
        for part, (name, right) in enumerate(zip(names, wanted, strict=True)):
            mine = expect_array(
                got[part], right.shape, inputs=f"{inputs}, {name},", why="as large as what it belongs to"
            )
            for words, mistake in mistakes.items():
                rule_out(mine, mistake[part], right, f"for {inputs}, {name}: {words}")
            expect_close(mine, right, inputs=f"{inputs}, {name},")


@attention_backward.wrong("takes the softmax number by number", says="weighted mean of the row")
def _uncoupled(query, key, value, weights, upstream):
    of_scores = weights * (1 - weights) * (upstream @ value.T) / np.sqrt(query.shape[1])
    return of_scores @ key, of_scores.T @ query, weights.T @ upstream


@attention_backward.wrong("forgets the square root", says="so their gradient is too")
def _unrooted(query, key, value, weights, upstream):
    of_query, of_key, of_value = attention_backward(query, key, value, weights, upstream)
    root = np.sqrt(query.shape[1])
    return of_query * root, of_key * root, of_value


@attention_backward.wrong("swaps query and key", says="as large as what it belongs to")
def _(query, key, value, weights, upstream):
    of_query, of_key, of_value = attention_backward(query, key, value, weights, upstream)
    return of_key, of_query, of_value
