"""Exercises of chapter 04, without gates: one step of a plain network, and the gradient of one weight through time."""

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


@rnn_step.wrong("sigmoid", says="you took the sigmoid, which lies between 0 and 1: the new state goes through np.tanh")
def _(x, h, W, U, b):
    return (1 + rnn_step(x / 2, h / 2, W, U, b / 2)) / 2  # sigmoid(a) is (1 + tanh(a / 2)) / 2


@rnn_step.wrong("no bias", says="the bias b is missing from your sum")
def _(x, h, W, U, b):
    return np.tanh(x @ W + h @ U)


@rnn_step.wrong("no memory", says="your old state has no influence: h @ U is missing")
def _(x, h, W, U, b):
    return np.tanh(x @ W + b)


@rnn_step.wrong("no reading", says="your reading has no influence: x @ W is missing")
def _(x, h, W, U, b):
    return np.tanh(h @ U + b)


@rnn_step.wrong("the bias outside", says="you added b after np.tanh: add all three parts first, then take np.tanh")
def _(x, h, W, U, b):
    return np.tanh(x @ W + h @ U) + b


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
        raise ValueError("the sequence has length 0: no step has used the weight; give at least one reading")
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
    inputs, why = "a sequence of length 0", "no step has used the weight"
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
    "the slope of the state before",
    says="you returned {got}, not {wanted}: at step t you go back through the tanh that made states[t]: its slope is "
    "1 - states[t] ** 2",
)
def _(x, w):
    return _walk_back(x, w, lambda states: _slopes(np.roll(states, 1)), factor=w)


@weight_gradient.wrong(
    "no square",
    says="you returned {got}, not {wanted}: the slope of tanh is 1 - h ** 2; you left out the square",
)
def _(x, w):
    return _walk_back(x, w, lambda states: 1 - states, factor=w)


@weight_gradient.wrong(
    "overwrites",
    says="you returned 0, not {wanted}: add up what each use of w contributes; the first use, which met the state 0, "
    "contributes nothing and must not replace the others",
)
def _(x, w):
    return 0.0 * weight_gradient(x, w)


@weight_gradient.wrong(
    "invents a gradient for nothing",
    says="you returned {got}, but no step has used the weight: say so with raise ValueError(…)",
)
def _(x, w):
    return weight_gradient(x, w) if len(x) else 0.0


@weight_gradient.wrong("refuses without words", says="your error has no words: say in it what was wrong")
def _(x, w):
    if len(x) == 0:
        raise ValueError
    return weight_gradient(x, w)
