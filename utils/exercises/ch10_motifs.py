"""Exercises of chapter 10, motifs: a weight matrix with its information, and what each mutation does to a model."""

import numpy as np

from utils.exercises.core import changes, exercise
from utils.exercises.expect import describe


def _windows(rng, n, length, favoured=0.0):
    """One-hot (n, length, 4), with a letter that is favoured at each place."""
    shares = np.full((length, 4), (1 - favoured) / 4)
    shares[np.arange(length), rng.integers(4, size=length)] += favoured
    letters = np.array([rng.choice(4, size=n, p=row) for row in shares]).T.reshape(n, length)
    return np.eye(4)[letters]


@exercise(
    "10.3",
    "A weight matrix and its information",
    points=2,
    returns=("weights", "bits"),
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
        answer.case(
            f"{n} window{'s' if n > 1 else ''} of {length} letter{'s' if length > 1 else ''} and pseudo = {pseudo}",
            *(_windows(rng, n, length, favoured), pseudo),
            why={"weights": "log2(frequency / 0.25)", "bits": "frequency × weight, added up over the four letters"},
            shape={"weights": "one weight per place and letter", "bits": "one number per place"},
        )


@weight_matrix.wrong(
    "natural logarithm", says="your weights have the natural logarithm; bits need the logarithm to base 2"
)
def _(windows, pseudo):
    weights, bits = weight_matrix(windows, pseudo)
    return weights * np.log(2), bits


@weight_matrix.wrong(
    "forgets the pseudocount", says="you left out pseudo; add it to every count first, or weights become infinite"
)
def _(windows, pseudo):
    with np.errstate(divide="ignore", invalid="ignore"):
        return weight_matrix(windows, 0)[0], weight_matrix(windows, pseudo)[1]


@weight_matrix.wrong(
    "adds it to the frequencies",
    says="you added pseudo to the frequencies; add it to the counts before you divide, so that frequencies add up to 1",
)
def _(windows, pseudo):
    return np.log2((windows.mean(axis=0) + pseudo) / 0.25), weight_matrix(windows, pseudo)[1]


@weight_matrix.wrong(
    "divides by n plus pseudo",
    says="your frequencies do not add up to 1; pseudo is in each of the four counts, so divide by the sum of the row",
)
def _(windows, pseudo):
    frequencies = (windows.sum(axis=0) + pseudo) / (len(windows) + pseudo)
    return np.log2(frequencies / 0.25), weight_matrix(windows, pseudo)[1]


@weight_matrix.wrong(
    "divides by the sum of the column",
    says="your frequencies add up to 1 over the places; they should over the four letters of each place",
)
def _(windows, pseudo):
    counts = windows.sum(axis=0) + pseudo
    return np.log2(counts / counts.sum(axis=0) / 0.25), weight_matrix(windows, pseudo)[1]


@weight_matrix.wrong(
    "compares with nothing", says="your weights compare with nothing; divide each frequency by chance, 0.25"
)
def _(windows, pseudo):
    weights, bits = weight_matrix(windows, pseudo)
    return weights - 2, bits


@weight_matrix.wrong(
    "adds up the weights alone", says="your bits are sums of weights; multiply each by the frequency of its letter"
)
def _(windows, pseudo):
    weights, _ = weight_matrix(windows, pseudo)
    return weights, weights.sum(axis=1)


@weight_matrix.wrong("entropy", says="your bits are the entropy, which is 2 minus the information")
def _(windows, pseudo):
    weights, bits = weight_matrix(windows, pseudo)
    return weights, 2 - bits


@weight_matrix.wrong("means", says="your bits are means; add up over the four letters")
def _(windows, pseudo):
    weights, bits = weight_matrix(windows, pseudo)
    return weights, bits / 4


@exercise(
    "10.4",
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
        inputs = f"a window of {length} letter{'s' if length > 1 else ''}"
        predict = _model(answer, rng.normal(size=(length, 4)), rng.normal(size=(4, 4)), inputs)
        window = _windows(rng, 1, length)[0]
        answer.case(
            inputs,
            *(predict, window),
            shape="one row per place, one column per letter",
            why=lambda place, window=window: "the place keeps its letter, so nothing changes" if window[place] else "",
        )


def _model(answer, weights, pairs, inputs):
    """A model in which neighbouring letters depend on each other, and which takes nothing but (n, length, 4)."""

    def predict(x):
        fits = np.ndim(x) == 3 and np.shape(x)[1:] == weights.shape
        answer.expect(fits, "one window alone", inputs, came=describe(x), length=len(weights))
        x = np.asarray(x)
        neighbours = np.einsum("nli,ij,nlj->n", x[:, :-1], pairs, x[:, 1:])
        return np.tanh(0.3 * (np.einsum("nlc,lc->n", x, weights) + neighbours))

    return predict


@mutation_map.wrong(
    "one window alone",
    says="you handed {came} to predict; it takes many windows, (n, {length}, 4), so write window[None]",
)
def _(predict, window):
    return mutation_map(predict, window) + predict(window)


@mutation_map.wrong("before minus after", says="your signs are turned: after the mutation minus before")
def _(predict, window):
    return -mutation_map(predict, window)


@mutation_map.wrong("no sign", says="your effects have lost their sign: leave out the absolute value")
def _(predict, window):
    return abs(mutation_map(predict, window))


@mutation_map.wrong("does not subtract", says="you returned the predictions; subtract that of the window as it is")
def _(predict, window):
    return mutation_map(predict, window) + predict(window[None])[0]


def _letter_by_letter(predict, window, mutate):
    """The effects by two loops; ``mutate(mutant, place, letter)`` changes one mutant, and what it returns is next."""
    effects, mutant = np.zeros(window.shape), window.copy()
    for place, letter in np.ndindex(*window.shape):
        following = mutate(mutant, place, letter)
        effects[place, letter] = predict(mutant[None])[0] - predict(window[None])[0]
        mutant = following
    return effects


@mutation_map.wrong("leaves the old letter", says="you left the old letter beside the new one: set the whole row")
def _(predict, window):
    def mutate(mutant, place, letter):
        mutant[place, letter] = 1
        return window.copy()

    return _letter_by_letter(predict, window, mutate)


@mutation_map.wrong("piles mutations up", says="your mutations pile up: start each mutant from the window as it is")
def _(predict, window):
    def mutate(mutant, place, letter):
        mutant[place] = np.eye(4)[letter]
        return mutant

    return _letter_by_letter(predict, window, mutate)


@mutation_map.wrong("letters pile up", says="your letters pile up in a row: set it to 0 before each new letter")
def _(predict, window):
    def mutate(mutant, place, letter):
        mutant[place, letter] = 1
        return mutant if letter < 3 else window.copy()

    return _letter_by_letter(predict, window, mutate)


@mutation_map.wrong("changes the window itself", says=changes("window"))
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
