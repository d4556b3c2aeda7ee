"""Exercises of chapter 04, with gates: one step of a GRU in both of its forms, and one step of an LSTM."""

import numpy as np

from utils.exercises.core import exercise


def sigmoid(x):
    """Any number → a number between 0 and 1, as the chapter defines it before 4.3; without overflow."""
    return (1 + np.tanh(x / 2)) / 2


@exercise(
    "4.3",
    "One step of a GRU",
    points=3,
    hints=[
        "np.split(W, 3, axis=1) splits the weights into update, reset and candidate; U likewise. With reset_after the "
        "bias has two rows: b[0] goes with x @ W, b[1] with h @ U. Without it there is one row, which goes with x @ W.",
        "update = sigmoid(x @ Wz + h @ Uz + biases), and reset likewise. The candidate is a tanh.",
        "With reset_after, candidate = tanh(x @ Wc + bc + reset * (h @ Uc + its own bias)). Otherwise it is "
        "tanh(x @ Wc + bc + (reset * h) @ Uc). At the end: update * h + (1 - update) * candidate.",
    ],
)
def gru_step(x, h, W, U, b, reset_after=True):
    """x (F,), h (H,), W (F, 3H), U (H, 3H), b (2, 3H), or (3H,) without reset_after → new h (H,)

    Blocks of H columns: update, reset, candidate.
    """
    outside, inside = b if reset_after else (b, np.zeros_like(b))
    x_update, x_reset, x_candidate = np.split(x @ W + outside, 3)
    h_update, h_reset, h_candidate = np.split(h @ U + inside, 3)
    update, reset = sigmoid(x_update + h_update), sigmoid(x_reset + h_reset)
    memory = reset * h_candidate if reset_after else (reset * h) @ np.split(U, 3, axis=1)[2]
    return update * h + (1 - update) * np.tanh(x_candidate + memory)


@gru_step.checks
def _(answer, rng):
    for F, H, reset_after in [(1, 2, True), (3, 4, True), (2, 1, True), (1, 2, False), (3, 4, False)]:
        shape_of_bias = (2, 3 * H) if reset_after else (3 * H,)
        x, h, b = rng.normal(size=F), rng.uniform(-1, 1, size=H), rng.normal(size=shape_of_bias)
        W, U = rng.normal(size=(F, 3 * H)), rng.normal(size=(H, 3 * H))
        words = {
            "why": "both gates go through sigmoid, the candidate through np.tanh, and the last line is update * h + "
            "(1 - update) * candidate",
            "shape": "the new state is as long as the old one",
        }
        answer.case(f"F = {F}, H = {H} and reset_after={reset_after}", x, h, W, U, b, reset_after, **words)
        if reset_after:
            answer.case(f"F = {F}, H = {H} and reset_after not given", x, h, W, U, b, **words)


def _rearranged(blocks, order, *arrays):
    """The arrays with their blocks of columns in another order."""
    return [np.concatenate([np.split(a, blocks, axis=-1)[k] for k in order], axis=-1) for a in arrays]


def _with(x, h, W, U, b, reset_after, gate=sigmoid, candidate=np.tanh, enters=lambda update: 1 - update):
    """A step with its functions exchangeable, for the known mistakes."""
    outside, inside = b if reset_after else (b, np.zeros_like(b))
    x_update, x_reset, x_candidate = np.split(x @ W + outside, 3)
    h_update, h_reset, h_candidate = np.split(h @ U + inside, 3)
    update, reset = gate(x_update + h_update), gate(x_reset + h_reset)
    memory = reset * h_candidate if reset_after else (reset * h) @ np.split(U, 3, axis=1)[2]
    return update * h + enters(update) * candidate(x_candidate + memory)


@gru_step.wrong(
    "update the wrong way round", says="your update gate works the wrong way round: where it is 1 the old state stays"
)
def _(x, h, W, U, b, reset_after=True):
    sign = np.repeat([-1, 1, 1], len(h))  # sigmoid(-a) is 1 - sigmoid(a)
    return gru_step(x, h, W * sign, U * sign, b * sign, reset_after)


@gru_step.wrong(
    "reset gate first", says="you took the reset gate first; the blocks are in the order update, reset, candidate"
)
def _(x, h, W, U, b, reset_after=True):
    return gru_step(x, h, *_rearranged(3, [1, 0, 2], W, U, b), reset_after)


@gru_step.wrong("no reset gate", says="the reset gate is missing from your candidate")
def _(x, h, W, U, b, reset_after=True):
    always = b.copy()
    always[..., len(h) : 2 * len(h)] = 1e3  # a gate that is open whatever comes
    return gru_step(x, h, W, U, always, reset_after)


@gru_step.wrong("only the first row of the bias", says="the second row of the bias, b[1], is missing")
def _(x, h, W, U, b, reset_after=True):
    return gru_step(x, h, W, U, np.stack([b[0], 0 * b[1]]) if reset_after else b, reset_after)


@gru_step.wrong(
    "the rows of the bias exchanged", says="you exchanged the rows of the bias: b[0] goes with x @ W, b[1] with h @ U"
)
def _(x, h, W, U, b, reset_after=True):
    return gru_step(x, h, W, U, b[::-1] if reset_after else b, reset_after)


@gru_step.wrong("a candidate between 0 and 1", says="your candidate went through sigmoid; it goes through np.tanh")
def _(x, h, W, U, b, reset_after=True):
    return _with(x, h, W, U, b, reset_after, candidate=sigmoid)


@gru_step.wrong("a candidate without tanh", says="np.tanh is missing from your candidate")
def _(x, h, W, U, b, reset_after=True):
    return _with(x, h, W, U, b, reset_after, candidate=lambda inner: inner)


@gru_step.wrong("gates through tanh", says="your gates went through np.tanh; a gate lies between 0 and 1: sigmoid")
def _(x, h, W, U, b, reset_after=True):
    return _with(x, h, W, U, b, reset_after, gate=np.tanh)


@gru_step.wrong("all of the candidate", says="your candidate enters in full; the share that enters is 1 - update")
def _(x, h, W, U, b, reset_after=True):
    return _with(x, h, W, U, b, reset_after, enters=lambda update: 1)


@gru_step.wrong("the same share of both", says="you let in update * candidate; the share that enters is 1 - update")
def _(x, h, W, U, b, reset_after=True):
    return _with(x, h, W, U, b, reset_after, enters=lambda update: update)


@gru_step.wrong("always resets before the product", says="the reset gate multiplies h @ Uc here, after the product")
def _(x, h, W, U, b, reset_after=True):
    return gru_step(x, h, W, U, b.sum(axis=0) if reset_after else b, False)


@gru_step.wrong(
    "the second bias outside the reset",
    says="the reset gate multiplies h @ Uc and its bias, b[1], together: reset * (h @ Uc + bias)",
)
def _(x, h, W, U, b, reset_after=True):
    if reset_after:
        moved = b[1] * np.repeat([0, 0, 1], len(h))
        b = np.stack([b[0] + moved, b[1] - moved])
    return gru_step(x, h, W, U, b, reset_after)


@gru_step.wrong("always resets after the product", says="the reset gate multiplies h here, before the product with Uc")
def _(x, h, W, U, b, reset_after=True):
    return gru_step(x, h, W, U, b if reset_after else np.stack([b, 0 * b]), True)


@exercise(
    "4.4",
    "One step of an LSTM",
    points=2,
    returns=("h", "c"),
    hints=[
        "np.split(x @ W + h @ U + b, 4) gives the four blocks: input gate, forget gate, candidate, output gate.",
        "The three gates go through sigmoid, the candidate through np.tanh.",
        "c = forget * c + enter * candidate; h = leave * np.tanh(c); return h, c.",
    ],
)
def lstm_step(x, h, c, W, U, b):
    """x (F,), h and c (H,), W (F, 4H), U (H, 4H), b (4H,) → new h (H,), new c (H,)

    Blocks of H columns: input gate, forget gate, candidate, output gate.
    """
    enter, forget, candidate, leave = np.split(x @ W + h @ U + b, 4)
    c = sigmoid(forget) * c + sigmoid(enter) * np.tanh(candidate)
    return sigmoid(leave) * np.tanh(c), c


@lstm_step.checks
def _(answer, rng):
    for F, H in [(1, 2), (3, 4), (2, 1)]:
        x, b, W = rng.normal(size=F), rng.normal(size=4 * H), rng.normal(size=(F, 4 * H))
        U, h, c = rng.normal(size=(H, 4 * H)), rng.uniform(-1, 1, size=H), rng.normal(size=H) + 0.5
        answer.case(
            f"F = {F} and H = {H}",
            *(x, h, c, W, U, b),
            why={
                "c": "forget * c + input * candidate",
                "h": "the output gate times np.tanh of the new c, which is forget * c + input * candidate",
            },
            shape="h and c keep their length",
        )


@lstm_step.wrong("c before h", says="you returned c, h; the order is h, c")
def _(x, h, c, W, U, b):
    return lstm_step(x, h, c, W, U, b)[::-1]


@lstm_step.wrong(
    "a candidate between 0 and 1",
    says="your candidate went through sigmoid; it may be negative, so it goes through np.tanh, and only the gates go "
    "through sigmoid",
)
def _(x, h, c, W, U, b):
    enter, forget, candidate, leave = sigmoid(np.stack(np.split(x @ W + h @ U + b, 4)))
    c = forget * c + enter * candidate
    return leave * np.tanh(c), c


@lstm_step.wrong(
    "the candidate as the last block",
    says="you took the candidate from the last block; the blocks are in the order input, forget, candidate, output",
)
def _(x, h, c, W, U, b):
    return lstm_step(x, h, c, *_rearranged(4, [0, 1, 3, 2], W, U, b))


@lstm_step.wrong("input and forget exchanged", says="you exchanged the input gate and the forget gate")
def _(x, h, c, W, U, b):
    return lstm_step(x, h, c, *_rearranged(4, [1, 0, 2, 3], W, U, b))


@lstm_step.wrong(
    "the output without tanh", says="your h may be larger than 1: it is the output gate times np.tanh(c), not times c"
)
def _(x, h, c, W, U, b):
    leave = np.split(x @ W + h @ U + b, 4)[3]
    c = lstm_step(x, h, c, W, U, b)[1]
    return sigmoid(leave) * c, c


def _with_memory(x, h, c, W, U, b, memory):
    """A step whose new memory is a function of the old one, forget gate, input gate and candidate (before tanh)."""
    enter, forget, candidate, leave = np.split(x @ W + h @ U + b, 4)
    c = memory(c, sigmoid(forget), sigmoid(enter), candidate)
    return sigmoid(leave) * np.tanh(c), c


@lstm_step.wrong("nothing is forgotten", says="your forget gate is missing: the old c is multiplied by it")
def _(x, h, c, W, U, b):
    return _with_memory(x, h, c, W, U, b, lambda c, forget, enter, inner: c + enter * np.tanh(inner))


@lstm_step.wrong("all of the candidate", says="your input gate is missing: the candidate is multiplied by it")
def _(x, h, c, W, U, b):
    return _with_memory(x, h, c, W, U, b, lambda c, forget, enter, inner: forget * c + np.tanh(inner))


@lstm_step.wrong("a candidate without tanh", says="np.tanh is missing from your candidate")
def _(x, h, c, W, U, b):
    return _with_memory(x, h, c, W, U, b, lambda c, forget, enter, inner: forget * c + enter * inner)


@lstm_step.wrong(
    "one minus the forget gate",
    says="what enters has a gate of its own, the first block; you used 1 - forget, as a GRU",
)
def _(x, h, c, W, U, b):
    return _with_memory(x, h, c, W, U, b, lambda c, forget, enter, inner: forget * c + (1 - forget) * np.tanh(inner))


@lstm_step.wrong("the output in place of the memory", says="your forget gate kept h; it keeps the memory, forget * c")
def _(x, h, c, W, U, b):
    return _with_memory(x, h, c, W, U, b, lambda c, forget, enter, inner: forget * h + enter * np.tanh(inner))


@lstm_step.wrong(
    "a bias of 1 added",
    says="you added 1 to the forget gate: Keras only starts its bias at 1, and b holds that already",
)
def _(x, h, c, W, U, b):
    return lstm_step(x, h, c, W, U, b + np.repeat([0, 1, 0, 0], len(h)))


@lstm_step.wrong("h from the old c", says="your h was made from the old c; make the new c first, and h from it")
def _(x, h, c, W, U, b):
    leave = np.split(x @ W + h @ U + b, 4)[3]
    return sigmoid(leave) * np.tanh(c), lstm_step(x, h, c, W, U, b)[1]
