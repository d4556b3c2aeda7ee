"""Exercises of chapter 04, with gates: one step of a GRU in both of its forms, and one step of an LSTM."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect_array, expect_close, expect_parts, rule_out


def sigmoid(x):
    """Any number → a number between 0 and 1, as the chapter defines it before 4.3; without overflow."""
    return (1 + np.tanh(x / 2)) / 2


@exercise(
    "4.3",
    "One step of a GRU",
    points=3,
    hints=[
        "np.split(W, 3, axis=1) parts the weights into update, reset and candidate; likewise U. With reset_after the "
        "bias has two rows: b[0] goes with x @ W, b[1] with h @ U. Without it there is one row, for the side of x.",
        "update = sigmoid(x @ Wz + h @ Uz + biases), and reset likewise. The candidate is a tanh.",
        "reset_after: candidate = tanh(x @ Wc + bc + reset * (h @ Uc + its own bias)). Else tanh(x @ Wc + bc + "
        "(reset * h) @ Uc). At the end update * h + (1 - update) * candidate.",
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
        inputs = f"F = {F}, H = {H} and reset_after={reset_after}"
        arguments = x, h, W, U, b, reset_after
        wanted, got = gru_step(*arguments), expect_array(answer(*arguments), inputs=inputs)
        mistakes = {
            "your update gate works the wrong way round: where it is 1 the old state stays": _turned_round,
            "you took the reset gate first; the blocks stand in the order update, reset, candidate": _swapped_blocks,
            "the reset gate is missing from the candidate": _without_reset,
            "the second row of the bias, b[1], is missing": _one_bias,
            "the reset gate multiplies h @ Uc here, after the product": _reset_before,
            "the reset gate multiplies h here, before the product with Uc": _reset_after,
        }
        for words, mistake in mistakes.items():
            rule_out(got, mistake(*arguments), wanted, f"for {inputs}: {words}")
        expect_array(got, (H,), inputs=inputs, why="the new state is as long as the old one")
        expect_close(got, wanted, inputs=inputs, why="the end is update * h + (1 - update) * candidate")


def _blocks(array):
    return np.split(array, 3, axis=-1)


@gru_step.wrong("update the wrong way round", says="where it is 1 the old state stays")
def _turned_round(x, h, W, U, b, reset_after=True):
    # sigmoid(-a) is 1 - sigmoid(a)
    W, U, b = (np.concatenate([-_blocks(a)[0], *_blocks(a)[1:]], axis=-1) for a in (W, U, b))
    return gru_step(x, h, W, U, b, reset_after)


@gru_step.wrong("reset gate first", says="in the order update, reset, candidate")
def _swapped_blocks(x, h, W, U, b, reset_after=True):
    W, U, b = (np.concatenate([_blocks(a)[1], _blocks(a)[0], _blocks(a)[2]], axis=-1) for a in (W, U, b))
    return gru_step(x, h, W, U, b, reset_after)


@gru_step.wrong("no reset gate", says="missing from the candidate")
def _without_reset(x, h, W, U, b, reset_after=True):
    always = b.copy()
    always[..., len(h) : 2 * len(h)] = 1e3  # a gate that is open whatever comes
    return gru_step(x, h, W, U, always, reset_after)


@gru_step.wrong("only the first row of the bias", says="b[1], is missing")
def _one_bias(x, h, W, U, b, reset_after=True):
    return gru_step(x, h, W, U, np.stack([b[0], 0 * b[1]]) if reset_after else b, reset_after)


@gru_step.wrong("always resets before the product", says="after the product")
def _reset_before(x, h, W, U, b, reset_after=True):
    return gru_step(x, h, W, U, b.sum(axis=0) if reset_after else b, False)


@gru_step.wrong("always resets after the product", says="before the product")
def _reset_after(x, h, W, U, b, reset_after=True):
    return gru_step(x, h, W, U, b if reset_after else np.stack([b, 0 * b]), True)


@exercise(
    "4.4",
    "One step of an LSTM",
    points=2,
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
        inputs, arguments = f"F = {F} and H = {H}", (x, h, c, W, U, b)
        wanted = np.stack(lstm_step(*arguments))
        parts = expect_parts(answer(*arguments), ["h", "c"])
        got = np.stack([expect_array(p, (H,), inputs=inputs, why="h and c keep their length") for p in parts])
        mistakes = {
            "you returned c, h; the order is h, c": wanted[::-1],
            "the candidate goes through np.tanh, it may be negative; only gates go through sigmoid": _sigmoid_candidate,
            "the blocks stand in the order input, forget, candidate, output": _candidate_last,
            "h lies between -1 and 1: it is the output gate times np.tanh(c)": _bare_memory,
            "the input and the forget gate are exchanged": _exchanged,
        }
        for words, mistake in mistakes.items():
            mistake = np.stack(mistake(*arguments)) if callable(mistake) else mistake
            rule_out(got, mistake, wanted, f"for {inputs}: {words}")
        expect_close(got[1], wanted[1], inputs=f"{inputs}, the new c", why="forget * c + input * candidate")
        expect_close(got[0], wanted[0], inputs=f"{inputs}, the new h", why="output gate * np.tanh(new c)")


@lstm_step.wrong("c before h", says="the order is h, c")
def _(x, h, c, W, U, b):
    return lstm_step(x, h, c, W, U, b)[::-1]


@lstm_step.wrong("a candidate between 0 and 1", says="it may be negative")
def _sigmoid_candidate(x, h, c, W, U, b):
    enter, forget, candidate, leave = sigmoid(np.stack(np.split(x @ W + h @ U + b, 4)))
    c = forget * c + enter * candidate
    return leave * np.tanh(c), c


@lstm_step.wrong("the candidate as the last block", says="input, forget, candidate, output")
def _candidate_last(x, h, c, W, U, b):
    moved = [np.concatenate([np.split(a, 4, axis=-1)[k] for k in (0, 1, 3, 2)], axis=-1) for a in (W, U, b)]
    return lstm_step(x, h, c, *moved)


@lstm_step.wrong("the output without tanh", says="the output gate times np.tanh(c)")
def _bare_memory(x, h, c, W, U, b):
    leave = np.split(x @ W + h @ U + b, 4)[3]
    c = lstm_step(x, h, c, W, U, b)[1]
    return sigmoid(leave) * c, c


@lstm_step.wrong("input and forget exchanged", says="are exchanged")
def _exchanged(x, h, c, W, U, b):
    moved = [np.concatenate([np.split(a, 4, axis=-1)[k] for k in (1, 0, 2, 3)], axis=-1) for a in (W, U, b)]
    return lstm_step(x, h, c, *moved)
