"""Exercises of chapter 05, attention itself: with a mask, and without a view of the future."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import as_array


def softmax(scores):
    """Rows of scores (…, S) → rows of positive weights that add up to 1, as the chapter defines it before 5.1."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-1e9))
    return powers / powers.sum(axis=-1, keepdims=True)


@exercise(
    "5.1",
    "Attention with a mask",
    points=3,
    returns=("output", "weights"),
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
        raise ValueError(
            f"mask: expected {(len(query), len(key))}, one row per query and one column per key; got {mask.shape}"
        )
    scores = query @ key.T / np.sqrt(query.shape[1])
    weights = softmax(np.where(mask, scores, -1e9)) * mask
    return weights @ value, weights


@attention.checks
def _(answer, rng):
    words = {
        "why": {"output": "the output is weights @ value", "weights": "softmax of the masked and scaled scores"},
        "shape": {"output": "one row for each query", "weights": "one row for each query, one column for each key"},
    }
    for T, S, d, v in [(3, 5, 2, 3), (4, 4, 6, 6), (1, 1, 3, 2), (2, 6, 16, 1)]:
        query, key, value = rng.normal(size=(T, d)), rng.normal(size=(S, d)), rng.normal(size=(S, v))
        for case, mask in {
            "nothing masked": np.ones((T, S), bool),
            "some positions masked": rng.random((T, S)) < 0.5,
            "all positions masked": np.zeros((T, S), bool),
        }.items():
            counts = f"{T} {'query' if T == 1 else 'queries'}, {S} key{'s' if S > 1 else ''} of {d} numbers"
            answer.case(f"{counts} and {case}", query, key, value, mask, **words)
    query, key, value = np.array([[800.0], [-800.0]]), np.array([[1.0], [0.0], [1.0]]), rng.normal(size=(3, 2))
    answer.case("scores as large as 800", query, key, value, np.ones((2, 3), bool), **words)
    mask = np.array([[True, False, True]])
    answer.case("scores of -800 and a mask", query[1:], key, value, mask, **words)
    query, key, value = rng.normal(size=(3, 2)), rng.normal(size=(4, 2)), rng.normal(size=(4, 2))
    for shape in [(4,), (1, 4), (3, 1)]:
        inputs, why = f"3 queries, 4 keys and a mask of shape {shape}", "the mask has one row for each query"
        answer.refuses(inputs, query, key, value, np.ones(shape, bool), why=why)


def _with_scores(value, mask, scores):
    """What attention gives with these scores in place of the right ones."""
    if mask.shape != scores.shape:
        raise ValueError("wrong shape")
    weights = softmax(np.where(mask, scores, -1e9)) * mask
    return weights @ value, weights


@attention.wrong("forgets the square root", says="your scores are not divided by the square root of d")
def _(query, key, value, mask):
    return _with_scores(value, mask, query @ key.T)


@attention.wrong("divides by the width", says="you divided by d itself; take its square root")
def _(query, key, value, mask):
    return _with_scores(value, mask, query @ key.T / query.shape[1])


@attention.wrong(
    "the root of the number of keys",
    says="you divided by the square root of the number of keys; d is the width of a key, query.shape[1]",
)
def _(query, key, value, mask):
    return _with_scores(value, mask, query @ key.T / np.sqrt(len(key)))


@attention.wrong(
    "the root of the value's width",
    says="you divided by the square root of the width of the values; d is the width of query and key",
)
def _(query, key, value, mask):
    return _with_scores(value, mask, query @ key.T / np.sqrt(value.shape[1]))


@attention.wrong("mixes the keys", says="your output mixes the keys; it is weights @ value")
def _(query, key, value, mask):
    weights = attention(query, key, value, mask)[1]
    return weights @ key, weights


@attention.wrong(
    "hidden scores of 0",
    says="you gave hidden positions the score 0, which is an ordinary score and gets a weight; give them -1e9",
)
def _(query, key, value, mask):
    if mask.shape != (len(query), len(key)):
        raise ValueError("wrong shape")
    weights = softmax(query @ key.T / np.sqrt(query.shape[1]) * mask)
    return weights @ value, weights


@attention.wrong(
    "a softmax of the whole table",
    says="all your weights together add up to 1; each row should: softmax along the last axis",
)
def _(query, key, value, mask):
    scores = np.where(mask, query @ key.T / np.sqrt(query.shape[1]), -1e9)
    powers = np.exp(scores - scores.max()) * mask
    weights = powers / max(powers.sum(), 1e-30)
    return weights @ value, weights


@attention.wrong(
    "a mask that is not low enough",
    says="a position that is hidden takes the weight of others: its score should be lower than any, -1e9",
)
def _(query, key, value, mask):
    scores = np.where(mask, query @ key.T / np.sqrt(query.shape[1]), -100)
    weights = softmax(scores) * mask
    return weights @ value, weights


@attention.wrong(
    "masks after the softmax", says="a row of your weights does not add up to 1: mask the scores, before the softmax"
)
def _(query, key, value, mask):
    weights = softmax(query @ key.T / np.sqrt(query.shape[1])) * mask
    return weights @ value, weights


@attention.wrong(
    "takes True for hidden",
    says="you looked exactly where the mask is False; True means that the query may look there",
)
def _(query, key, value, mask):
    return attention(query, key, value, ~mask)


@attention.wrong(
    "softmax over the queries",
    says="your columns add up to 1, not your rows: the softmax runs over the keys, axis=-1",
)
def _(query, key, value, mask):
    scores = np.where(mask, query @ key.T / np.sqrt(query.shape[1]), -1e9)
    weights = softmax(scores.T).T * mask
    return weights @ value, weights


@attention.wrong(
    "minus infinity",
    says="you returned NaN: a query that may look at nothing ends in inf - inf or in 0 / 0; mask its scores with -1e9, "
    "and then set its weights to 0",
)
def _(query, key, value, mask):
    powers = np.exp(np.where(mask, query @ key.T / np.sqrt(query.shape[1]), -np.inf))
    weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ value, weights


@attention.wrong(
    "a blind query looks everywhere",
    says="you gave weights to a query that may look at nothing; all its weights should be 0",
)
def _(query, key, value, mask):
    weights = softmax(np.where(mask, query @ key.T / np.sqrt(query.shape[1]), -1e9))
    return weights @ value, weights


@attention.wrong(
    "exp of large scores",
    says="you returned NaN: exp(800) overflows; subtract the largest score of the row first, as softmax does",
)
def _(query, key, value, mask):
    powers = np.exp(np.where(mask, query @ key.T / np.sqrt(query.shape[1]), -1e9))
    weights = powers / np.where(mask.any(axis=-1, keepdims=True), powers.sum(axis=-1, keepdims=True), 1)
    return weights @ value, weights


@attention.wrong("weights before output", says="you returned weights, output; the order is output, weights")
def _(query, key, value, mask):
    return attention(query, key, value, mask)[::-1]


@attention.wrong(
    "takes a mask of any shape",
    says="you returned a result: NumPy stretches such a mask in silence; compare the shapes first and raise "
    "ValueError(…)",
)
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
    for length in (4, 1, 2, int(rng.integers(5, 9))):
        answer.case(None, length, why="row t is True in columns 0 to t", shape="one row and one column per position")
        answer.expect(as_array(answer(length)).dtype == bool, "numbers 0 and 1", f"length = {length}")


@causal_mask.wrong("upside down", says="your rows look into the future: row t may see columns 0 to t")
def _(length):
    return np.tri(length, dtype=bool).T


@causal_mask.wrong("without the diagonal", says="a position does not see itself: the first one would then see nothing")
def _(length):
    return np.tri(length, k=-1, dtype=bool)


@causal_mask.wrong("one step ahead", says="your row t sees column t + 1, the future: it may see columns 0 to t")
def _(length):
    return np.tri(length, k=1, dtype=bool)


@causal_mask.wrong("True for hidden", says="you marked what is hidden; True means: may look")
def _(length):
    return ~np.tri(length, dtype=bool)


@causal_mask.wrong(
    "numbers to add to the scores",
    says="you returned 0 and -1e9, numbers to add to the scores; a mask is made of True and False",
)
def _(length):
    return np.where(np.tri(length, dtype=bool), 0, -1e9)


@causal_mask.wrong(
    "0 and minus infinity",
    says="you returned 0 and -inf, numbers to add to the scores; a mask is made of True and False",
)
def _(length):
    return np.where(np.tri(length, dtype=bool), 0, -np.inf)


@causal_mask.wrong("numbers 0 and 1", says="you returned numbers; a mask is made of True and False, dtype=bool")
def _(length):
    return np.tri(length)
