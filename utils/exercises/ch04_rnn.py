"""Exercises of chapter 04, without gates: one step, the gradient of one weight through time, the mean under a mask."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "4.1",
    "One step of a recurrent network",
    points=1,
    hints=[
        "Add three parts: one from the reading, one from the state, and the bias. Then take np.tanh.",
        "A row of numbers is multiplied by its weights from the left: x @ W has shape (H,), and so has h @ U.",
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
        answer.case(
            f"F = {F} and H = {H}",
            *(x, h, W, U, b),
            why="add x @ W, h @ U and b, then take np.tanh",
            shape="the new state is as long as the old one",
        )


@rnn_step.wrong("no tanh", says="the new state must lie between -1 and 1: np.tanh is missing")
def _(x, h, W, U, b):
    return x @ W + h @ U + b


@rnn_step.wrong(
    "the weights of the state transposed",
    says="you used U @ h: the state is multiplied by its weights from the left, h @ U",
)
def _(x, h, W, U, b):
    return np.tanh(x @ W + U @ h + b)


@rnn_step.wrong("no bias", says="the bias b is missing from your sum")
def _(x, h, W, U, b):
    return np.tanh(x @ W + h @ U)


@rnn_step.wrong("no memory", says="your old state has no influence: h @ U is missing")
def _(x, h, W, U, b):
    return np.tanh(x @ W + b)


@exercise(
    "4.2",
    "The gradient of one weight, through time",
    points=3,
    hints=[
        "If len(x) is 0, raise ValueError with a sentence. Otherwise go forwards and keep all states in a list: 0.0, "
        "h1, …",
        "Then go backwards, from the last step to the first, with upstream = 1.0: the gradient of the last state with "
        "respect to the state that you are looking at.",
        "At step t: upstream *= 1 - states[t] ** 2 goes back through tanh; w was multiplied by states[t - 1] here, so "
        "add upstream * states[t - 1]; then upstream *= w goes on to the state before.",
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
        x = rng.uniform(0.3, 0.9, size=steps) * rng.choice([-1, 1], size=steps)
        w = rng.uniform(0.6, 1.4) * rng.choice([-1, 1])
        answer.case(
            f"{steps} reading{'s' if steps > 1 else ''} and w = {w:.2f}",
            *(x, w),
            why="compare with (h(w + 0.0001) - h(w - 0.0001)) / 0.0002",
            shape="one weight has one gradient",
        )
    inputs, why = "a sequence of length 0", "there is no last state"
    answer.expect(answer.refuses(inputs, np.zeros(0), 0.5, why=why), "refuses without words", inputs)


def _walk_back(x, w, slopes, factor, later=0):
    """Backpropagation through time with its ingredients exchangeable, for the known mistakes.

    ``slopes`` is a function of the states; ``factor`` leads to the state before; ``later`` is 1 for the state after.
    """
    if len(x) == 0:
        raise ValueError("the sequence has length 0")
    states = [0.0]
    for reading in x:
        states.append(np.tanh(reading + w * states[-1]))
    gradient, upstream, slopes = 0.0, 1.0, slopes(np.array(states))
    for t in range(len(x), 0, -1):
        upstream *= slopes[t]
        gradient += upstream * states[t - 1 + later]
        upstream *= factor
    return gradient


def _slopes(states):
    return 1 - states**2


@weight_gradient.wrong(
    "the last step only",
    says="you returned {got}, not {wanted}: only the last step counts for you; w was used at every step, add it all up",
)
def _(x, w):
    return _walk_back(x, w, _slopes, factor=0)


@weight_gradient.wrong(
    "no slope of tanh",
    says="you returned {got}, not {wanted}: go back through tanh at every step, its slope is 1 - h ** 2",
)
def _(x, w):
    return _walk_back(x, w, np.ones_like, factor=w)


@weight_gradient.wrong(
    "the state after",
    says="you returned {got}, not {wanted}: w was multiplied by the state before the step, states[t - 1], not by the "
    "one after",
)
def _(x, w):
    return _walk_back(x, w, _slopes, factor=w, later=1)


@weight_gradient.wrong(
    "forgets w on the way",
    says="you returned {got}, not {wanted}: to reach the state before, upstream must be multiplied by w",
)
def _(x, w):
    return _walk_back(x, w, _slopes, factor=1)


@weight_gradient.wrong(
    "invents a gradient for nothing",
    says="you returned {got}, but there is no last state: say so with raise ValueError(…)",
)
def _(x, w):
    return weight_gradient(x, w) if len(x) else 0.0


@weight_gradient.wrong("refuses without words", says="your error has no words: say in it what was wrong")
def _(x, w):
    if len(x) == 0:
        raise ValueError
    return weight_gradient(x, w)


@exercise(
    "4.5",
    "The mean over the visits that took place",
    points=2,
    hints=[
        "Give the mask a third axis, mask[:, :, None], so that it fits the states.",
        "Replace the padding by 0 with np.where rather than by a product: 0 * NaN is NaN. Then sum over axis 1.",
        "Divide by mask.sum(axis=1, keepdims=True), but at least by 1: np.maximum(…, 1). Before that, compare "
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
    words = {
        "why": "add up the steps that took place and divide by their number",
        "shape": "one row for each patient, with time averaged away",
    }
    for n, T, H in [(2, 4, 3), (3, 1, 2), (1, 5, 1), (4, 3, 3)]:
        states, lengths = rng.normal(size=(n, T, H)) + 1, rng.integers(1, T + 1, size=n)
        mask = np.arange(T) < lengths[:, None]
        people, visits = f"{n} patient{'s' if n > 1 else ''}", f"up to {T} visit{'s' if T > 1 else ''}"
        answer.case(f"{people} with {visits} of {H} number{'s' if H > 1 else ''}", states, mask, **words)
        answer.case(f"{people} whose padding comes before their {visits}", states, mask[:, ::-1], **words)
    states, mask = rng.normal(size=(3, 4, 2)), np.array([[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], bool)
    answer.case("a patient without any visit (all positions masked)", states, mask, **words)
    states[~mask] = np.nan
    answer.case("padding that is filled with NaN", states[[0, 2]], mask[[0, 2]], **words)
    states, why = rng.normal(size=(2, 3, 4)), "compare mask.shape with states.shape[:2]"
    for shape in [(1, 3), (2, 1), (3,)]:
        answer.refuses(f"2 patients with 3 visits and a mask of shape {shape}", states, np.ones(shape, bool), why=why)


@masked_mean.wrong(
    "divides by all steps",
    says="you divided by all T steps; divide by the number of those that took place, mask.sum",
)
def _(states, mask):
    return masked_mean(states, mask) * mask.mean(axis=1, keepdims=True)


@masked_mean.wrong("the sum", says="you returned the sum: divide it by the number of steps that took place")
def _(states, mask):
    return masked_mean(states, mask) * mask.sum(axis=1, keepdims=True)


@masked_mean.wrong(
    "averages the padding", says="you averaged the padding too: where the mask is False, nothing took place"
)
def _(states, mask):
    return states.mean(axis=1)


@masked_mean.wrong(
    "0 / 0 without visits", says="you returned NaN: without visits you divide 0 by 0; divide by at least 1"
)
def _(states, mask):
    return np.where(mask[:, :, None], states, 0).sum(axis=1) / mask.sum(axis=1, keepdims=True)


@masked_mean.wrong("multiplies NaN by 0", says="you returned NaN: 0 * NaN is NaN; choose with np.where")
def _(states, mask):
    return (states * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1)


@masked_mean.wrong(
    "takes any mask",
    says="you returned a result: NumPy stretches such a mask in silence; compare the shapes first and raise "
    "ValueError(…)",
)
def _(states, mask):
    return masked_mean(states, np.broadcast_to(mask, states.shape[:2]))
