"""Exercises of chapter 04: right answers of other forms pass, and plausible mistakes hear what is wrong."""

import math
import warnings

import keras
import numpy as np
import pytest
from scipy.special import expit

from utils.exercises import core

# --- right, and unlike the reference ------------------------------------------------------------------------------


def step_of_joined_tables(x, h, W, U, b):
    return np.tanh(np.concatenate([x, h]) @ np.vstack([W, U]) + b)


def step_from_the_right(x, h, W, U, b):
    return np.tanh(W.T @ x + U.T @ h + b)


def step_in_loops(x, h, W, U, b):
    def total(numbers, weights, column):
        return sum(number * weights[row, column] for row, number in enumerate(numbers))

    return [math.tanh(total(x, W, column) + total(h, U, column) + b[column]) for column in range(len(b))]


def step_by_sigmoid(x, h, W, U, b):
    return 2 * expit(2 * (x @ W + h @ U + b)) - 1


def step_by_einsum(x, h, W, U, b):
    return np.tanh(np.einsum("f,fh->h", x, W) + np.einsum("g,gh->h", h, U) + b)


def last_state(x, w):
    h = 0.0
    for reading in x:
        h = np.tanh(reading + w * h)
    return h


def gradient_forwards(x, w):
    if len(x) == 0:
        raise ValueError("no reading")
    h = slope = 0.0
    for reading in x:
        new = np.tanh(reading + w * h)
        h, slope = new, (1 - new**2) * (h + w * slope)
    return slope


def gradient_by_recursion(x, w):
    if not len(x):
        raise ValueError("nothing was read")

    def walk(t):
        if t == 0:
            return 0.0, 0.0
        h, slope = walk(t - 1)
        new = np.tanh(x[t - 1] + w * h)
        return new, (1 - new**2) * (h + w * slope)

    return walk(len(x))[1]


def gradient_by_a_complex_step(x, w):
    assert len(x), "give at least one reading"
    return last_state(x, w + 1e-30j).imag / 1e-30


def gradient_as_the_check_advises(x, w):
    if len(x) == 0:
        raise ValueError("no reading")
    return (last_state(x, w + 1e-4) - last_state(x, w - 1e-4)) / 2e-4


def gru_in_slices(x, h, W, U, b, reset_after=True):
    H = len(h)
    inside, outside = (x @ W + b[0], h @ U + b[1]) if reset_after else (x @ W + b, h @ U)
    update, reset = (expit(inside[k : k + H] + outside[k : k + H]) for k in (0, H))
    seen = reset * outside[2 * H :] if reset_after else (reset * h) @ U[:, 2 * H :]
    return h + (1 - update) * (np.tanh(inside[2 * H :] + seen) - h)


def gru_of_keras(x, h, W, U, b, reset_after=True):
    layer = keras.layers.GRU(len(h), reset_after=reset_after, dtype="float64")
    layer.build((None, 1, len(x)))
    layer.set_weights([W, U, b])
    return layer(x[None, None], initial_state=h[None])[0]


def gru_of_named_blocks(x, h, W, U, b, reset_after=True):
    ours, theirs = b if reset_after else (b, 0 * b)
    (Wz, Wr, Wc), (Uz, Ur, Uc) = (np.split(table, 3, axis=1) for table in (W, U))
    (bz, br, bc), (cz, cr, cc) = (np.split(row, 3) for row in (ours, theirs))
    z, r = 1 / (1 + np.exp(-(x @ Wz + h @ Uz + bz + cz))), 1 / (1 + np.exp(-(x @ Wr + h @ Ur + br + cr)))
    candidate = np.tanh(x @ Wc + bc + (r * (h @ Uc + cc) if reset_after else (r * h) @ Uc))
    return [z[k] * h[k] + (1 - z[k]) * candidate[k] for k in range(len(h))]


def lstm_in_a_table(x, h, c, W, U, b):
    blocks = (x @ W + h @ U + b).reshape(4, -1)
    enter, forget, leave = expit(blocks[[0, 1, 3]])
    memory = forget * c + enter * np.tanh(blocks[2])
    return np.stack([leave * np.tanh(memory), memory])


def lstm_of_joined_tables(x, h, c, W, U, b):
    enter, forget, candidate, leave = np.split(np.r_[x, h] @ np.r_[W, U] + b, 4)
    memory = expit(forget) * c + expit(enter) * np.tanh(candidate)
    return [expit(leave) * np.tanh(memory), memory]


def lstm_block_by_block(x, h, c, W, U, b):
    H = len(h)
    part = [x @ W[:, k : k + H] + h @ U[:, k : k + H] + b[k : k + H] for k in range(0, 4 * H, H)]
    memory = c / (1 + np.exp(-part[1])) + np.tanh(part[2]) / (1 + np.exp(-part[0]))
    return np.tanh(memory) / (1 + np.exp(-part[3])), memory


def lstm_of_keras(x, h, c, W, U, b):
    layer = keras.layers.LSTM(len(h), return_state=True, dtype="float64")
    layer.build((None, 1, len(x)))
    layer.set_weights([W, U, b])
    _, output, memory = layer(x[None, None], initial_state=[h[None], c[None]])
    return output[0], memory[0]


def fits(states, mask):
    if mask.shape != states.shape[:2]:
        raise ValueError("one flag for each visit, please")


def mean_by_nanmean(states, mask):
    fits(states, mask)
    with warnings.catch_warnings(action="ignore"):  # of the mean of an empty slice
        return np.nan_to_num(np.nanmean(np.where(mask[..., None], states, np.nan), axis=1))


def mean_of_a_masked_array(states, mask):
    fits(states, mask)
    hidden = np.repeat(~mask[:, :, None], states.shape[2], axis=2)
    return np.ma.array(states, mask=hidden).mean(axis=1).filled(0)


def mean_by_where(states, mask):
    fits(states, mask)
    total, visits = states.sum(axis=1, where=mask[:, :, None]), mask.sum(axis=1)[:, None]
    return np.divide(total, visits, out=np.zeros_like(total), where=visits > 0)


def mean_in_a_loop(states, mask):
    if mask.shape != states.shape[:2]:
        raise Exception("the mask does not fit")
    nobody = np.zeros(states.shape[2])
    return [of_one[seen].mean(axis=0) if seen.any() else nobody for of_one, seen in zip(states, mask, strict=True)]


def mean_of_all_made_larger(states, mask):
    fits(states, mask)
    return (
        np.where(mask[..., None], states, 0).mean(axis=1) * (mask.shape[1] / np.maximum(mask.sum(axis=1), 1))[:, None]
    )


RIGHT = {
    "4.1": [step_of_joined_tables, step_from_the_right, step_in_loops, step_by_sigmoid, step_by_einsum],
    "4.2": [gradient_forwards, gradient_by_recursion, gradient_by_a_complex_step, gradient_as_the_check_advises],
    "4.3": [gru_in_slices, gru_of_keras, gru_of_named_blocks],
    "4.4": [lstm_in_a_table, lstm_of_joined_tables, lstm_block_by_block, lstm_of_keras],
    "4.5": [mean_by_nanmean, mean_of_a_masked_array, mean_by_where, mean_in_a_loop, mean_of_all_made_larger],
}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("identifier", "answer"), [(name, answer) for name in RIGHT for answer in RIGHT[name]])
def test_another_right_answer_passes(identifier, answer, seed):
    assert core.get(identifier).judge(answer, seed) == ("passed", "")


# --- plausible and wrong: those that have no sentence of their own ------------------------------------------------


def step_of_two_tanhs(x, h, W, U, b):
    return np.tanh(x @ W + b) + np.tanh(h @ U)


def step_number_by_number(x, h, W, U, b):
    return np.tanh(x @ W + h * U + b)


def step_that_adds_the_old_state(x, h, W, U, b):
    return h + np.tanh(x @ W + h @ U + b)


def step_by_relu(x, h, W, U, b):
    return np.maximum(0, x @ W + h @ U + b)


def step_in_place(x, h, W, U, b):
    h[:] = np.tanh(x @ W + h @ U + b)
    return h


def step_that_returns_nothing(x, h, W, U, b):
    np.tanh(x @ W + h @ U + b)


def gradient_of_the_readings(x, w):
    if len(x) == 0:
        raise ValueError("no reading")
    gradient, upstream, states = 0.0, 1.0, [last_state(x[:t], w) for t in range(len(x) + 1)]
    for t in range(len(x), 0, -1):
        upstream *= 1 - states[t] ** 2
        gradient += upstream * x[t - 1]
        upstream *= w
    return gradient


def gradient_averaged(x, w):
    return gradient_forwards(x, w) / len(x) if len(x) else gradient_forwards(x, w)


def gradient_for_each_use(x, w):
    return [gradient_forwards(x, w)] * len(x) if len(x) else gradient_forwards(x, w)


def gradient_that_stumbles(x, w):
    return gradient_forwards(x, w) if x[0] else 0.0


def gru_that_forgets_what_it_kept(x, h, W, U, b, reset_after=True):
    return gru_in_slices(x, h, W, U, b, reset_after) - expit(x @ W + h @ U)[: len(h)] * h


def gru_of_interleaved_blocks(x, h, W, U, b, reset_after=True):
    W, U, b = (np.concatenate([table[..., k::3] for k in range(3)], axis=-1) for table in (W, U, b))
    return gru_in_slices(x, h, W, U, b, reset_after)


def gru_with_the_bias_twice(x, h, W, U, b, reset_after=True):
    return gru_in_slices(x, h, W, U, b if reset_after else 2 * b, reset_after)


def gru_of_one_form(x, h, W, U, b, reset_after=True):
    return gru_in_slices(x, h, W, U, b, True)


def lstm_with_tanh_on_the_memory(x, h, c, W, U, b):
    output, memory = lstm_in_a_table(x, h, c, W, U, b)
    return output, np.tanh(memory)


def lstm_output_only(x, h, c, W, U, b):
    return lstm_in_a_table(x, h, c, W, U, b)[0]


def lstm_in_place(x, h, c, W, U, b):
    c[:] = lstm_in_a_table(x, h, c, W, U, b)[1]
    return lstm_in_a_table(x, h, c, W, U, b)[0], c


def lstm_without_bias(x, h, c, W, U, b):
    return lstm_in_a_table(x, h, c, W, U, 0 * b)


def mean_by_the_number_of_all(states, mask):
    fits(states, mask)
    return np.where(mask[:, :, None], states, 0).sum(axis=1) / max(mask.sum(), 1)


def mean_over_patients(states, mask):
    fits(states, mask)
    return np.where(mask[:, :, None], states, 0).sum(axis=0) / np.maximum(mask.sum(axis=0)[:, None], 1)


def mean_is_the_last(states, mask):
    fits(states, mask)
    return np.array(
        [of_one[seen][-1] if seen.any() else 0 * of_one[0] for of_one, seen in zip(states, mask, strict=True)]
    )


def mean_of_the_patients_only(states, mask):
    if len(mask) != len(states):
        raise ValueError("the numbers of patients differ")
    return np.where(np.atleast_2d(mask)[:, :, None], states, 0).sum(axis=1) / np.maximum(mask.sum(-1, keepdims=True), 1)


def mean_that_fills_in_place(states, mask):
    fits(states, mask)
    states[~mask] = 0
    return states.sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1)


def mean_that_refuses_nobody(states, mask):
    fits(states, mask)
    if not mask.any(axis=1).all():
        raise ValueError("a patient without any visit")
    return mean_by_where(states, mask)


WRONG = {
    "4.1": {
        step_of_two_tanhs: "add x @ W, h @ U and b, then take np.tanh",
        step_number_by_number: "the new state is as long as the old one",
        step_that_adds_the_old_state: "add x @ W, h @ U and b, then take np.tanh",
        step_by_relu: "add x @ W, h @ U and b, then take np.tanh",
        step_in_place: "your code changed h itself",
        step_that_returns_nothing: "is there a return in your function?",
    },
    "4.2": {
        gradient_of_the_readings: "compare with (h(w + 0.0001) - h(w - 0.0001)) / 0.0002",
        gradient_averaged: "compare with (h(w + 0.0001) - h(w - 0.0001)) / 0.0002",
        gradient_for_each_use: "one weight has one gradient",
        gradient_that_stumbles: "no step has used the weight",
    },
    "4.3": {
        gru_that_forgets_what_it_kept: "the last line is update * h + (1 - update) * candidate",
        gru_of_interleaved_blocks: "both gates go through sigmoid, the candidate through np.tanh",
        gru_with_the_bias_twice: "reset_after=False",
        gru_of_one_form: "reset_after=False you returned",
    },
    "4.4": {
        lstm_with_tanh_on_the_memory: "forget * c + input * candidate",
        lstm_output_only: "h and c keep their length",
        lstm_in_place: "your code changed c itself",
        lstm_without_bias: "the output gate times np.tanh of the new c",
    },
    "4.5": {
        mean_by_the_number_of_all: "add up the steps that took place and divide by their number",
        mean_over_patients: "one row for each patient, with time averaged away",
        mean_is_the_last: "add up the steps that took place and divide by their number",
        mean_of_the_patients_only: "compare mask.shape with states.shape[:2]",
        mean_that_fills_in_place: "your code changed states itself",
        mean_that_refuses_nobody: "a patient without any visit",
    },
}


@pytest.mark.parametrize(
    ("identifier", "answer", "words"), [(name, *pair) for name in WRONG for pair in WRONG[name].items()]
)
def test_a_plausible_mistake_is_refused(identifier, answer, words):
    status, message = core.get(identifier).judge(answer)
    assert status == "wrong"
    assert words in message
