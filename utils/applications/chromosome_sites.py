"""Every GT and AG of the end of chromosome 19, at the true prevalence: which of them are splice sites?"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from utils import datasets
from utils.applications import donors
from utils.applications.sequences import Recipe, cnn, compile_for
from utils.features import dna
from utils.metrics import average_precision, estimate
from utils.metrics.intervals import Estimate
from utils.nn.inference import predict
from utils.nn.training import fit

LEARN, ASK = (0, 45_000_000), (45_010_000, 58_617_616)  # positions, with a gap between them
WIDTH = 120
STRETCH = 500_000  # letters that are drawn together for the intervals


class Found(NamedTuple):
    """How well one model finds one kind of site.

    kind: "donors" or "acceptors". prevalence: share of real sites among the GT, or AG, that were asked about.
    precision: average precision with its interval. seconds: of training and asking.
    """

    kind: str
    model: str
    prevalence: float
    precision: Estimate
    seconds: float


def measure(repeats: int = 200) -> list[Found]:
    """Learn from the first part of the chromosome, with four decoys a site, and find the sites of its last part.

    Windows that share a run of 20 letters with what was learned are left out. Three models: a weight matrix counted
    from the learning part, a CNN on 120 letters, and, for donors alone, MMSplice's network as it is. The dataset
    ``splice_chr19`` is fetched when it is not there. repeats: of the bootstrap, which draws stretches of half a million
    letters.
    """
    known = datasets.load("splice_chr19", width=WIDTH, decoys=4, within=LEARN)
    asked = datasets.load("splice_chr19", width=WIDTH, decoys=None, within=ASK)
    half = WIDTH // 2
    middle = [[sequence[half - 30 : half + 30] for sequence in part.sequences] for part in (asked, known)]
    keep = ~dna.shares_run(*middle)
    found = []
    for model, score in _models(dna.one_hot(known.sequences), known.labels).items():
        started = time.perf_counter()
        scores = _in_parts(score(), asked.sequences)
        seconds = time.perf_counter() - started
        for kind, (pair, at) in enumerate((("GT", half), ("AG", half - 2))[: scores.shape[1]]):
            use = keep & np.array([sequence[at : at + 2] == pair for sequence in asked.sequences])
            real, stretch = asked.labels[use] == kind, asked.positions[use] // STRETCH
            value = estimate(average_precision, real, scores[use, kind], groups=stretch, repeats=repeats)
            found.append(Found(("donors", "acceptors")[kind], model, float(real.mean()), value, seconds))
    return found


def _models(x: np.ndarray, labels: np.ndarray) -> dict[str, Callable]:
    """Name → a function that learns and returns another, one-hot windows (n, 120, 4) → scores (n, kinds)."""

    def matrix() -> Callable:
        counts = np.array([x[labels == kind].sum(axis=0) + 0.5 for kind in (0, 1)])
        weights = np.log2(counts / counts.sum(axis=2, keepdims=True) / 0.25)
        return lambda part: np.tensordot(part, weights, ([1, 2], [1, 2]))

    def network() -> Callable:
        recipe = Recipe(epochs=4, batch_size=256, label_smoothing=0.0)
        model = compile_for(cnn(WIDTH, 3), len(x), recipe)
        fit(model, x, np.eye(3)[labels], epochs=recipe.epochs, batch_size=recipe.batch_size, quiet=True)
        return lambda part: predict(model, part)[:, :2]

    def published() -> Callable:
        model = donors.published("log_odds")
        return lambda part: predict(model, donors.around_cut(part))

    return {"weight matrix": matrix, "CNN": network, "MMSplice, as it is": published}


def _in_parts(score: Callable, sequences: Sequence[str], size: int = 20_000) -> np.ndarray:
    parts = [sequences[start : start + size] for start in range(0, len(sequences), size)]
    return np.concatenate([score(dna.one_hot(part)) for part in parts])
