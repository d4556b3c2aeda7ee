"""Exercises of chapter 04, without gates: one step, the gradient of one weight through time, the mean under a mask."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_close, expect_number, rule_out


@exercise(
    "4.1",
    "One step of a recurrent network",
    points=1,
    hints=[
        "Three parts are added: one from the reading, one from the state, and the bias. Then comes np.tanh.",
        "A row of numbers meets its weights from the left: x @ W has shape (H,), and so has h @ U.",
        "np.tanh(x @ W + h @ U + b)",
    ],
)
def rnn_step(x, h, W, U, b):
    """reading x (F,), state h (H,), weights W (F, H), U (H, H), bias b (H,) → new state (H,)"""
    return np.tanh(x @ W + h @ U + b)


@rnn_step.checks
def _(answer, rng):
    for F, H in [(1, 3), (2, 2), (3, 5), (4, 1)]:
        x, h, W = rng.normal(size=F), rng.uniform(-1, 1, size=H), rng.normal(size=(F, H)) / 2
        U, b = rng.normal(size=(H, H)) / 2, rng.normal(size=H) / 2
        inputs = f"F = {F} and H = {H}"
        wanted, got = rnn_step(x, h, W, U, b), expect_array(answer(x, h, W, U, b), inputs=inputs)
        mistakes = {
            "the new state must lie between -1 and 1: np.tanh is missing": x @ W + h @ U + b,
            "you used U @ h: the state meets its weights from the left, h @ U": np.tanh(x @ W + U @ h + b),
            "the bias b is missing": np.tanh(x @ W + h @ U),
            "the old state has no influence: h @ U is missing": np.tanh(x @ W + b),
        }
        for words, mistake in mistakes.items():
            rule_out(got, mistake, wanted, f"for {inputs}: {words}")
        expect_array(got, (H,), inputs=inputs, why="the new state is as long as the old one")
        expect_close(got, wanted, inputs=inputs, why="add x @ W, h @ U and b, then take np.tanh")


@rnn_step.wrong("no tanh", says="np.tanh is missing")
def _(x, h, W, U, b):
    return x @ W + h @ U + b


@rnn_step.wrong("the weights of the state turned over", says="from the left")
def _(x, h, W, U, b):
    return np.tanh(x @ W + U @ h + b)


@rnn_step.wrong("no bias", says="the bias b is missing")
def _(x, h, W, U, b):
    return np.tanh(x @ W + h @ U)


@rnn_step.wrong("no memory", says="the old state has no influence")
def _(x, h, W, U, b):
    return np.tanh(x @ W + b)


@exercise(
    "4.2",
    "The gradient of one weight, through time",
    points=3,
    hints=[
        "If len(x) is 0, raise ValueError with a sentence. Else go forwards and keep all states in a list: 0.0, h1, …",
        "Then backwards, from the last step to the first, with upstream = 1.0: the gradient of the last state with "
        "respect to the state that you are looking at.",
        "At step t: upstream *= 1 - states[t] ** 2 goes back through tanh; w met states[t - 1] here, so add "
        "upstream * states[t - 1]; then upstream *= w goes on to the state before.",
    ],
)
def weight_gradient(x, w):
    """readings x (T,), weight w; each step is tanh(x[t] + w * h) → gradient of the last h by w"""
    if len(x) == 0:
        raise ValueError("the sequence has length 0: without a step there is no last state; give at least one reading")
    states = [0.0]
    for reading in x:
        states.append(np.tanh(reading + w * states[-1]))
    gradient, upstream = 0.0, 1.0
    for t in range(len(x), 0, -1):
        upstream *= 1 - states[t] ** 2  # back through tanh
        gradient += upstream * states[t - 1]  # what this use of w contributes
        upstream *= w  # back to the state before
    return gradient


@weight_gradient.checks
def _(answer, rng):
    for steps in (1, 2, 3, 8, 25):
        x, w = rng.uniform(0.3, 0.9, size=steps) * rng.choice([-1, 1], size=steps), rng.uniform(0.6, 1.4)
        inputs = f"{steps} reading{'s' if steps > 1 else ''} and w = {w:.2f}"
        wanted, got = weight_gradient(x, w), expect_number(answer(x, w), why="one weight has one gradient")
        mistakes = {
            "only the last step counts for you; w was used at every step, add it all up": _last_step(x, w),
            "go back through tanh at every step: its slope is 1 - h ** 2": _no_slope(x, w),
            "w meets the state before the step, states[t - 1], not the one after": _state_after(x, w),
            "to reach the state before, upstream must be multiplied with w": _no_weight(x, w),
        }
        for words, mistake in mistakes.items():
            rule_out(got, mistake, wanted, f"for {inputs} you returned {got:.4g}, not {wanted:.4g}: {words}")
        expect_close(got, wanted, inputs=inputs, why="compare with (h(w + 0.0001) - h(w - 0.0001)) / 0.0002")
    _expect_refusal(
        answer, (np.zeros(0), 0.5), "a sequence of length 0", "there is no last state: say so with raise ValueError(…)"
    )


def _expect_refusal(answer, arguments, inputs, why):
    """Expect a ValueError with words; a number, however it was found, would be an invention."""
    try:
        answer(*arguments)
    except ValueError as refusal:
        expect(str(refusal), f"for {inputs} your ValueError has no words: say what was wrong")
        return
    expect(False, f"for {inputs} you returned something, but {why}")


def _states(x, w):
    states = [0.0]
    for reading in x:
        states.append(np.tanh(reading + w * states[-1]))
    return states


def _walk_back(x, w, states_met, slopes, factor):
    """Backpropagation through time with its three ingredients exchangeable, for the known mistakes."""
    if len(x) == 0:
        raise ValueError("the sequence has length 0")
    gradient, upstream = 0.0, 1.0
    for t in range(len(x), 0, -1):
        upstream *= slopes[t]
        gradient += upstream * states_met[t - 1]
        upstream *= factor
    return gradient


@weight_gradient.wrong("the last step only", says="w was used at every step")
def _last_step(x, w):
    states = _states(x, w)
    return _walk_back(x, w, states, 1 - np.square(states), 0)


@weight_gradient.wrong("no slope of tanh", says="its slope is 1 - h ** 2")
def _no_slope(x, w):
    return _walk_back(x, w, _states(x, w), np.ones(len(x) + 1), w)


@weight_gradient.wrong("meets the state after", says="not the one after")
def _state_after(x, w):
    states = _states(x, w)
    return _walk_back(x, w, states[1:], 1 - np.square(states), w)


@weight_gradient.wrong("forgets w on the way", says="must be multiplied with w")
def _no_weight(x, w):
    states = _states(x, w)
    return _walk_back(x, w, states, 1 - np.square(states), 1)


@weight_gradient.wrong("invents a gradient for nothing", says="there is no last state")
def _(x, w):
    return weight_gradient(x, w) if len(x) else 0.0


@exercise(
    "4.5",
    "The mean over the visits that took place",
    points=2,
    hints=[
        "Give the mask a third axis, mask[:, :, None], so that it fits the states.",
        "Put 0 in place of the padding with np.where, rather than multiply: 0 * NaN is NaN. Then sum over axis 1.",
        "Divide by mask.sum(axis=1, keepdims=True), but at least by 1: np.maximum(…, 1). Before all this, compare "
        "mask.shape with states.shape[:2], and raise ValueError if they differ.",
    ],
)
def masked_mean(states, mask):
    """states (n, T, H), mask (n, T) True = took place → mean over those steps (n, H), 0 if none"""
    if mask.shape != states.shape[:2]:
        raise ValueError(f"the mask has shape {mask.shape}, the states need one flag for each step: {states.shape[:2]}")
    total = np.where(mask[:, :, None], states, 0).sum(axis=1)
    return total / np.maximum(mask.sum(axis=1, keepdims=True), 1)


@masked_mean.checks
def _(answer, rng):
    for n, T, H in [(2, 4, 3), (3, 1, 2), (1, 5, 1), (4, 3, 3)]:
        states, lengths = rng.normal(size=(n, T, H)) + 1, rng.integers(1, T + 1, size=n)
        mask = np.arange(T) < lengths[:, None]
        _compare(answer, states, mask, f"{n} patients with up to {T} visits of {H} numbers")
        _compare(answer, states, mask[:, ::-1], f"{n} patients, padded in front of their up to {T} visits")
    states, mask = rng.normal(size=(3, 4, 2)), np.array([[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], bool)
    _compare(answer, states, mask, "a patient without any visit (all positions masked)")
    states[~mask] = np.nan
    _compare(answer, states[[0, 2]], mask[[0, 2]], "padding that is filled with NaN")
    states = rng.normal(size=(2, 3, 4))
    for shape in [(3,), (1, 3), (2, 1)]:
        _expect_refusal(
            answer,
            (states, np.ones(shape, bool)),
            f"2 patients with 3 visits and a mask of shape {shape}",
            "NumPy stretches such a mask in silence: compare the shapes first and raise ValueError(…)",
        )


def _compare(answer, states, mask, inputs):
    wanted, why = masked_mean(states, mask), "one row for each patient, time is averaged away"
    got, empty = expect_array(answer(states, mask), wanted.shape, inputs=inputs, why=why), ~mask.any(axis=1)
    expect(not np.isnan(got[empty]).any(), f"for {inputs} you returned NaN: 0 / 0; divide by at least 1")
    expect(not np.isnan(got).any(), f"for {inputs} you returned NaN: 0 * NaN is NaN; choose with np.where")
    filled = np.where(mask[:, :, None], states, 0)
    mistakes = {
        "you divided by all T steps; divide by the number that took place, mask.sum": filled.mean(axis=1),
        "you returned the sum: divide it by the number of steps that took place": filled.sum(axis=1),
        "you averaged the padding too: where the mask is False, nothing took place": states.mean(axis=1),
    }
    for words, mistake in mistakes.items():
        rule_out(got, mistake, wanted, f"for {inputs}: {words}")
    expect_close(got, wanted, inputs=inputs, why="add up the steps that took place and divide by their number")


@masked_mean.wrong("divides by all steps", says="divided by all T steps")
def _(states, mask):
    return masked_mean(states, mask) * mask.mean(axis=1, keepdims=True)


@masked_mean.wrong("averages the padding", says="averaged the padding too")
def _(states, mask):
    return states.mean(axis=1)


@masked_mean.wrong("0 / 0 for nobody's visits", says="divide by at least 1")
def _(states, mask):
    return np.where(mask[:, :, None], states, 0).sum(axis=1) / mask.sum(axis=1, keepdims=True)


@masked_mean.wrong("multiplies NaN by 0", says="choose with np.where")
def _(states, mask):
    return (states * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1)


@masked_mean.wrong("takes any mask", says="in silence")
def _(states, mask):
    return masked_mean(states, np.broadcast_to(mask, states.shape[:2]))
