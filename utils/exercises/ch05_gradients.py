"""Exercise of chapter 05, the way back through attention."""

import numpy as np

from utils.exercises.ch05_attention import attention
from utils.exercises.core import exercise


@exercise(
    "5.3",
    "Back through attention",
    points=3,
    returns=("of_query", "of_key", "of_value"),
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
        counts = f"{T} {'query' if T == 1 else 'queries'}, {S} key{'s' if S > 1 else ''} of {d} numbers"
        answer.case(
            f"{counts} and values of {v}",
            *(query, key, value, attention(query, key, value, mask)[1], upstream),
            why={
                "of_query": "of_scores @ key / root",
                "of_key": "of_scores.T @ query / root",
                "of_value": "weights.T @ upstream",
            },
            shape="a gradient is as large as what it belongs to",
        )


@attention_backward.wrong(
    "takes the softmax number by number",
    says="you went through the softmax number by number, but it couples the scores of a row: subtract the weighted "
    "mean of the row",
)
def _(query, key, value, weights, upstream):
    of_scores = weights * (1 - weights) * (upstream @ value.T) / np.sqrt(query.shape[1])
    return of_scores @ key, of_scores.T @ query, weights.T @ upstream


@attention_backward.wrong(
    "forgets the square root",
    says="the square root of d is missing: the scores were divided by it, so their gradient is too",
)
def _(query, key, value, weights, upstream):
    of_query, of_key, of_value = attention_backward(query, key, value, weights, upstream)
    root = np.sqrt(query.shape[1])
    return of_query * root, of_key * root, of_value


@attention_backward.wrong(
    "key before query", says="you returned the gradient of key before that of query; the order is query, key, value"
)
def _(query, key, value, weights, upstream):
    of_query, of_key, of_value = attention_backward(query, key, value, weights, upstream)
    return of_key, of_query, of_value


def _through(query, key, value, weights, upstream, of_scores):
    """The three gradients with this gradient of the scores in place of the right one."""
    of_scores = of_scores / np.sqrt(query.shape[1])
    return of_scores @ key, of_scores.T @ query, weights.T @ upstream


@attention_backward.wrong(
    "goes round the softmax",
    says="you took the gradient of the weights for that of the scores; the softmax is between them",
)
def _(query, key, value, weights, upstream):
    return _through(query, key, value, weights, upstream, upstream @ value.T)


@attention_backward.wrong(
    "subtracts the plain mean",
    says="you subtracted the plain mean of the row; subtract the mean that is weighted with the weights",
)
def _(query, key, value, weights, upstream):
    of_weights = upstream @ value.T
    of_scores = weights * (of_weights - of_weights.mean(axis=1, keepdims=True))
    return _through(query, key, value, weights, upstream, of_scores)


@attention_backward.wrong(
    "one sum for the whole table",
    says="you subtracted one sum of the whole table; each row has its own: sum along axis=1 with keepdims=True",
)
def _(query, key, value, weights, upstream):
    of_weights = upstream @ value.T
    of_scores = weights * (of_weights - (weights * of_weights).sum())
    return _through(query, key, value, weights, upstream, of_scores)


@attention_backward.wrong(
    "a sum down the columns",
    says="you added up down the columns; the softmax ran along the rows, so add up along axis=1",
)
def _(query, key, value, weights, upstream):
    of_weights = upstream @ value.T
    of_scores = weights * (of_weights - (weights * of_weights).sum(axis=0))
    return _through(query, key, value, weights, upstream, of_scores)


@attention_backward.wrong("divides by d", says="you divided by d; the scores were divided by its square root")
def _(query, key, value, weights, upstream):
    of_query, of_key, of_value = attention_backward(query, key, value, weights, upstream)
    root = np.sqrt(query.shape[1])
    return of_query / root, of_key / root, of_value
