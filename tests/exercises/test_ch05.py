"""Exercises of chapter 05: right answers that look unlike the reference pass; what a person may get wrong does not."""

import numpy as np
import pytest
from scipy.special import softmax

from utils.exercises import core


def attention_in_loops(query, key, value, mask):
    if mask.shape != (len(query), len(key)):
        raise Exception("one row per query, one column per key")
    weights = np.zeros((len(query), len(key)))
    for t in range(len(query)):
        for s in np.flatnonzero(mask[t]):
            weights[t, s] = sum(a * b for a, b in zip(query[t], key[s], strict=True)) / len(query[t]) ** 0.5
        weights[t, mask[t]] = softmax(weights[t, mask[t]]) if mask[t].any() else []
    return np.einsum("ts,sv->tv", weights, value), weights


def attention_with_infinity(query, key, value, mask):
    if mask.shape != (query.shape[0], key.shape[0]):
        raise ValueError(mask.shape)
    scores = np.where(mask, query @ key.T / key.shape[-1] ** 0.5, -np.inf)
    weights = np.nan_to_num(softmax(scores, axis=1))
    return weights @ value, weights


def attention_with_a_mask_that_is_added(query, key, value, mask):
    assert mask.shape == (len(query), len(key))
    scores = np.einsum("td,sd->ts", query, key) / np.sqrt(key.shape[1]) + np.where(mask, 0, -1e30)
    weights = softmax(scores, axis=-1) * mask.any(axis=1)[:, None]
    return weights @ value, weights


def causal_by_comparison(length):
    return np.arange(length)[:, None] >= np.arange(length)


def causal_by_a_triangle(length):
    return np.tril(np.ones((length, length), bool))


def backward_with_jacobians(query, key, value, weights, upstream):
    root = query.shape[1] ** 0.5
    of_query, of_key, of_value = np.zeros_like(query), np.zeros_like(key), np.zeros_like(value)
    for t, row in enumerate(weights):
        of_scores = (np.diag(row) - np.outer(row, row)) @ (value @ upstream[t])
        of_query[t] = of_scores @ key / root
        of_key += np.outer(of_scores, query[t]) / root
        of_value += np.outer(row, upstream[t])
    return [of_query, of_key, of_value]


def backward_through_the_output(query, key, value, weights, upstream):
    output = weights @ value
    of_scores = weights * (upstream @ value.T - np.sum(upstream * output, axis=1)[:, None])
    return of_scores @ (key / key.shape[1] ** 0.5), of_scores.T @ query / key.shape[1] ** 0.5, weights.T @ upstream


def heads_with_axes(query, key, value, mask, heads):
    q, k, v = (array.reshape(len(array), heads, -1).transpose(1, 0, 2) for array in (query, key, value))
    scores = np.where(mask, q @ k.transpose(0, 2, 1) / q.shape[-1] ** 0.5, -1e9)
    output = softmax(scores, axis=-1) * mask @ v
    return output.transpose(1, 0, 2).reshape(query.shape)


def heads_filled_in(query, key, value, mask, heads):
    output, size = np.zeros_like(query), query.shape[1] // heads
    for start in range(0, query.shape[1], size):
        cut = np.s_[:, start : start + size]
        output[cut] = attention_with_infinity(query[cut], key[cut], value[cut], mask)[0]
    return output


def waves_by_exponentials(length, width):
    speeds = np.exp(-np.log(10000) * np.arange(width // 2) * 2 / width)
    hands = np.exp(1j * np.outer(np.arange(length), speeds))
    return np.dstack([hands.imag, hands.real]).reshape(length, -1)


def waves_by_a_shifted_sine(length, width):
    column = np.arange(width)
    angles = np.arange(length)[:, None] * 10000.0 ** (-2 * (column // 2) / width)
    return np.sin(angles + np.pi / 2 * (column % 2))


def norm_by_moments(x, scale, shift, epsilon):
    mean = np.sum(x, axis=-1)[..., None] / x.shape[-1]
    variance = np.mean(x**2, axis=-1)[..., None] - mean**2
    return scale * (x - mean) * (np.maximum(variance, 0) + epsilon) ** -0.5 + shift


def norm_row_by_row(x, scale, shift, epsilon):
    rows = [(row - row.mean()) / np.sqrt(row.var() + epsilon) for row in x.reshape(-1, x.shape[-1])]
    return (np.stack(rows) * scale + shift).reshape(x.shape)


def block_position_by_position(x, attend, norms, dense):
    first, second = norms
    middle = attend(first(x)) + x
    rows = []
    for position, normed in zip(middle, second(middle), strict=True):
        hidden = [max(0.0, float(number)) for number in normed @ dense[0][0] + dense[0][1]]
        rows.append(position + np.array(hidden) @ dense[1][0] + dense[1][1])
    return rows


def block_that_adds_up(x, attend, norms, dense):
    result = x.copy()
    result += attend(norms[0](result))
    hidden = norms[1](result) @ dense[0][0] + dense[0][1]
    hidden[hidden < 0] = 0
    result += np.einsum("nh,hd->nd", hidden, dense[1][0]) + dense[1][1]
    return result


RIGHT = {
    "5.1": [attention_in_loops, attention_with_infinity, attention_with_a_mask_that_is_added],
    "5.2": [causal_by_comparison, causal_by_a_triangle],
    "5.3": [backward_with_jacobians, backward_through_the_output],
    "5.4": [heads_with_axes, heads_filled_in],
    "5.5": [waves_by_exponentials, waves_by_a_shifted_sine],
    "5.6": [norm_by_moments, norm_row_by_row],
    "5.7": [block_position_by_position, block_that_adds_up],
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("identifier", "answer"), [(identifier, answer) for identifier, answers in RIGHT.items() for answer in answers]
)
def test_another_right_answer_passes(identifier, answer, seed):
    assert core.get(identifier).judge(answer, seed) == ("passed", "")


def attention_that_returns_the_output_alone(query, key, value, mask):
    return core.get("5.1")(query, key, value, mask)[0]


def attention_that_returns_none(query, key, value, mask):
    if mask.shape != (len(query), len(key)):
        return None
    return core.get("5.1")(query, key, value, mask)


def attention_that_hides_in_the_scores(query, key, value, mask):
    value *= 2
    return core.get("5.1")(query, key, value / 2, mask)


def causal_of_one_row(length):
    return np.arange(length) <= length


def causal_of_everything(length):
    return np.ones((length, length), bool)


def backward_of_the_value_alone(query, key, value, weights, upstream):
    return weights.T @ upstream


def backward_by_the_weights(query, key, value, weights, upstream):
    of_query, of_key, _ = core.get("5.3")(query, key, value, weights, upstream)
    return of_query, of_key, weights @ upstream


def heads_added_up(query, key, value, mask, heads):
    return sum(np.split(core.get("5.4")(query, key, value, mask, heads), heads, axis=1))


def heads_cut_by_rows(query, key, value, mask, heads):
    parts = zip(*(np.split(array, heads, axis=0) for array in (query, key, value)), strict=True)
    return np.concatenate([core.get("5.1")(q, k, v, mask)[0] for q, k, v in parts])


def waves_on_their_side(length, width):
    return core.get("5.5")(length, width).T


def norm_without_kept_axes(x, scale, shift, epsilon):
    return (x - x.mean(axis=-1)) / np.sqrt(x.var(axis=-1) + epsilon) * scale + shift


def block_that_changes_x(x, attend, norms, dense):
    x += attend(norms[0](x))
    return x + np.maximum(norms[1](x) @ dense[0][0] + dense[0][1], 0) @ dense[1][0] + dense[1][1]


@pytest.mark.parametrize(
    ("identifier", "answer", "words"),
    [
        ("5.1", attention_that_returns_the_output_alone, "output, weights"),
        ("5.1", attention_that_returns_none, "raise ValueError"),
        ("5.1", attention_that_hides_in_the_scores, "your code changed value itself"),
        ("5.2", causal_of_one_row, "one row and one column per position"),
        ("5.2", causal_of_everything, "row t is True in columns 0 to t"),
        ("5.3", backward_of_the_value_alone, "of_query, of_key, of_value"),
        ("5.3", backward_by_the_weights, "ValueError"),
        ("5.4", heads_added_up, "side by side again"),
        ("5.4", heads_cut_by_rows, "ValueError"),
        ("5.5", waves_on_their_side, "one row for each position"),
        ("5.6", norm_without_kept_axes, "ValueError"),
        ("5.7", block_that_changes_x, "your code changed x itself"),
    ],
)
def test_a_mistake_is_refused_in_helpful_words(identifier, answer, words):
    status, message = core.get(identifier).judge(answer)
    assert status == "wrong"
    assert words in message
