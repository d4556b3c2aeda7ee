"""Exercises of chapter 09, motifs: a weight matrix with its information, and what each mutation does to a model."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_close, expect_parts, rule_out


def _windows(rng, n, length, favoured=0.0):
    """One-hot (n, length, 4), with a letter that is favoured at each place."""
    shares = np.full((length, 4), (1 - favoured) / 4)
    shares[np.arange(length), rng.integers(4, size=length)] += favoured
    letters = np.array([rng.choice(4, size=n, p=row) for row in shares]).T.reshape(n, length)
    return np.eye(4)[letters]


@exercise(
    "9.3",
    "A weight matrix and its information",
    points=2,
    hints=[
        "Count each letter at each place: windows.sum(axis=0), shape (length, 4). Add pseudo to every count.",
        "Divide by the sum of the row: frequencies = counts / counts.sum(axis=1, keepdims=True).",
        "weights = np.log2(frequencies / 0.25), and the information is (frequencies * weights).sum(axis=1).",
    ],
)
def weight_matrix(windows, pseudo):
    """windows: one-hot (n, length, 4), pseudo: added to each count
    → weights (length, 4), bits (length,)"""
    counts = windows.sum(axis=0) + pseudo
    frequencies = counts / counts.sum(axis=1, keepdims=True)
    weights = np.log2(frequencies / 0.25)
    return weights, (frequencies * weights).sum(axis=1)


@weight_matrix.checks
def _(answer, rng):
    for n, length, favoured, pseudo in [(20, 5, 0.7, 0.5), (1, 3, 0.0, 1.0), (50, 4, 0.95, 0.1), (8, 1, 0.0, 0.5)]:
        windows = _windows(rng, n, length, favoured)
        inputs = f"{n} windows of {length} letters and pseudo = {pseudo}"
        weights, bits = weight_matrix(windows, pseudo)
        got_weights, got_bits = expect_parts(answer(windows.copy(), pseudo), ["weights", "bits"])
        got_weights = expect_array(got_weights, weights.shape, inputs=inputs, why="one weight a place and letter")
        expect(np.isfinite(got_weights).all(), f"for {inputs} a weight is infinite: add pseudo to every count first")
        for mistake, words in {
            _natural: "you took the natural logarithm; bits need the logarithm to base 2",
            _pseudo_late: "pseudo is added to the counts, before you divide, so that frequencies still add up to 1",
            _over_places: "frequencies add up to 1 over the four letters of a place, not over the places",
            _no_background: "the weight compares with chance: divide each frequency by 0.25",
        }.items():
            rule_out(got_weights, mistake(windows, pseudo)[0], weights, f"for {inputs}: {words}")
        expect_close(got_weights, weights, inputs=inputs, why="log2(frequency / 0.25)")
        got_bits = expect_array(got_bits, bits.shape, inputs=inputs, why="one number a place")
        unweighted = f"for {inputs}: each weight counts as often as its letter comes; multiply by the frequency"
        rule_out(got_bits, weights.sum(axis=1), bits, unweighted)
        expect_close(got_bits, bits, inputs=inputs, why="frequency times weight, added up over the four letters")


@weight_matrix.wrong("natural logarithm", says="base 2")
def _natural(windows, pseudo):
    weights, bits = weight_matrix(windows, pseudo)
    return weights * np.log(2), bits * np.log(2)


@weight_matrix.wrong("forgets the pseudocount", says="a weight is infinite")
def _(windows, pseudo):
    with np.errstate(divide="ignore", invalid="ignore"):
        return weight_matrix(windows, 0)


@weight_matrix.wrong("adds it to the frequencies", says="before you divide")
def _pseudo_late(windows, pseudo):
    frequencies = windows.mean(axis=0) + pseudo
    weights = np.log2(frequencies / 0.25)
    return weights, (frequencies * weights).sum(axis=1)


@weight_matrix.wrong("divides by the sum of the column", says="not over the places")
def _over_places(windows, pseudo):
    counts = windows.sum(axis=0) + pseudo
    frequencies = counts / counts.sum(axis=0)
    weights = np.log2(frequencies / 0.25)
    return weights, (frequencies * weights).sum(axis=1)


@weight_matrix.wrong("compares with nothing", says="divide each frequency by 0.25")
def _no_background(windows, pseudo):
    weights, bits = weight_matrix(windows, pseudo)
    return weights - 2, bits - 2


@weight_matrix.wrong("adds up the weights alone", says="multiply by the frequency")
def _(windows, pseudo):
    weights, _ = weight_matrix(windows, pseudo)
    return weights, weights.sum(axis=1)


@exercise(
    "9.4",
    "A map of mutations",
    points=2,
    hints=[
        "Two loops, over places and over the four letters. Copy the window, set the row to 0 and one column to 1.",
        "predict takes many windows at once: collect all mutants in an array (length * 4, length, 4) and ask once.",
        "The effect is the prediction after the mutation minus the one before, predict(window[None])[0].",
    ],
)
def mutation_map(predict, window):
    """predict: one-hot (n, length, 4) → (n,), window: one-hot (length, 4)
    → effects (length, 4): how the prediction changes when a place gets that letter"""
    length = len(window)
    mutants = np.repeat(window[None], 4 * length, axis=0)
    for place in range(length):
        mutants[4 * place : 4 * place + 4, place] = np.eye(4)
    return (predict(mutants) - predict(window[None])[0]).reshape(length, 4)


@mutation_map.checks
def _(answer, rng):
    for length in (5, 1, 8):
        weights = rng.normal(size=(length, 4))
        pairs = rng.normal(size=(4, 4))

        def predict(x, weights=weights, pairs=pairs):
            x = expect_array(x, (np.shape(x)[0], *weights.shape) if np.ndim(x) == 3 else (1, *weights.shape),
                             inputs="predict, which you handed an array,", why="it takes (n, length, 4)")  # fmt: skip
            neighbours = np.einsum("nli,ij,nlj->n", x[:, :-1], pairs, x[:, 1:])
            return np.tanh(0.3 * (np.einsum("nlc,lc->n", x, weights) + neighbours))

        window = _windows(rng, 1, length)[0]
        before = window.copy()
        inputs = f"a window of {length} letters"
        wanted = mutation_map(predict, window)
        got = expect_array(
            answer(predict, window), (length, 4), inputs=inputs, why="one row a place, a column a letter"
        )
        expect(np.array_equal(window, before), f"for {inputs} you changed the window itself: work on a copy")
        for mistake, words in {
            _turned: "your signs are turned: after the mutation minus before",
            _not_subtracted: "you returned the predictions; subtract that of the window as it is",
            _old_letter_stays: "the old letter is still there beside the new one: set the whole row",
            _piled_up: "your mutations pile up: start each mutant from the window as it is",
        }.items():
            rule_out(got, mistake(predict, window), wanted, f"for {inputs}: {words}")
        own = got[window == 1]
        expect(np.allclose(own, 0), f"for {inputs} a place that keeps its letter has an effect of {own[0]:.3g}, not 0")
        expect_close(got, wanted, inputs=inputs)


@mutation_map.wrong("before minus after", says="after the mutation minus before")
def _turned(predict, window):
    return -mutation_map(predict, window)


@mutation_map.wrong("does not subtract", says="subtract that of the window")
def _not_subtracted(predict, window):
    return mutation_map(predict, window) + predict(window[None])[0]


@mutation_map.wrong("leaves the old letter", says="set the whole row")
def _old_letter_stays(predict, window):
    effects = np.zeros(window.shape)
    for place, letter in np.ndindex(*window.shape):
        mutant = window.copy()
        mutant[place, letter] = 1
        effects[place, letter] = predict(mutant[None])[0] - predict(window[None])[0]
    return effects


@mutation_map.wrong("piles mutations up", says="start each mutant from the window")
def _piled_up(predict, window):
    effects, mutant = np.zeros(window.shape), window.copy()
    for place, letter in np.ndindex(*window.shape):
        mutant[place] = np.eye(4)[letter]
        effects[place, letter] = predict(mutant[None])[0] - predict(window[None])[0]
    return effects


@mutation_map.wrong("changes the window itself", says="work on a copy")
def _(predict, window):
    before = predict(window[None])[0]
    effects = np.zeros(window.shape)
    for place, letter in np.ndindex(*window.shape):
        kept = window[place].copy()
        window[place] = np.eye(4)[letter]
        effects[place, letter] = predict(window[None])[0] - before
        window[place] = kept
    window[0] = np.eye(4)[(window[0].argmax() + 1) % 4]
    return effects
