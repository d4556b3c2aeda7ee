"""Splice junctions: ten folds of deduplicated windows, and every GT and AG of the end of chromosome 19."""

import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from tasks import Score
from utils import datasets, nn
from utils.applications import sequences
from utils.datasets.store import state
from utils.features import dna
from utils.metrics import average_precision, estimate

PUBLISHED = "0.94 KBANN on 1,000 windows (doi:10.24432/C5M888), 0.95 to 0.97 classical methods"
NETWORKS = {"CNN": sequences.cnn, "GRU": sequences.gru, "attention": sequences.attention}
LEARN, ASK = (0, 45_000_000), (45_010_000, 58_617_616)  # of chromosome 19, with a gap
WIDTH = 120


def splice(seeds=(0,)):
    """Three-class accuracy: of all ten folds with copies taken out, and of three of ten with families kept together.

    All settings are fixed beforehand, nothing is chosen on the way. Each fold is a training of each network, so only
    the first seed is used. Intervals come from drawing whole families.
    """
    data = datasets.load("splice")
    rows = datasets.splits.deduplicate(data.sequences)
    sequences, labels = data.sequences[rows], data.labels[rows]
    inputs, family = dna.one_hot(sequences), dna.families(sequences)
    scores = []
    for task, groups, count in (
        ("splice, ten folds", np.arange(len(rows)), 10),
        ("splice, three folds of families", family, 3),
    ):
        fold, found = dna.folds(labels, groups), {}
        tested, asked = range(count), fold < count
        for name, model in {
            "logistic regression": LogisticRegression(C=0.03, tol=1e-3),
            "random forest": RandomForestClassifier(300, random_state=seeds[0], n_jobs=2),
        }.items():
            found[name] = _classical(model, inputs.reshape(len(inputs), -1), labels, fold, tested)
        for name, build in NETWORKS.items():
            nn.start(seed=seeds[0])
            started, recipe = time.perf_counter(), sequences.RECIPES[name.lower()]
            probabilities, _ = sequences.cross_validate(
                lambda build=build: build(60, 3), inputs, labels, fold, tested=tested, recipe=recipe
            )
            found[name] = probabilities, time.perf_counter() - started
        three = [found[name] for name in NETWORKS]
        found["the three networks' mean"] = np.mean([p for p, _ in three], axis=0), sum(s for _, s in three)
        for name, (probabilities, seconds) in found.items():
            right = (probabilities.argmax(axis=1) == labels)[asked].astype(float)
            share = estimate(np.mean, right, groups=family[asked])
            scores.append(Score(task, name, "accuracy", *share, seconds, PUBLISHED))
    return scores


def splice_chr19(seeds=(0,)):
    """Average precision among all GT (donors) and all AG (acceptors) of the end of chromosome 19, without twins.

    Learned from its first part, with four decoys a site; windows that share a run of 20 letters with it are left out.
    """
    entry = datasets.catalogue()["splice_chr19"]
    if any(state(entry, file, thorough=False) != "ok" for file in entry.files):
        print("splice_chr19 is not in the cache: `course data fetch splice_chr19` fetches 94 MB.")
        return []
    known = datasets.load("splice_chr19", width=WIDTH, decoys=4, within=LEARN)
    asked = datasets.load("splice_chr19", width=WIDTH, decoys=None, within=ASK)
    half = WIDTH // 2
    middle = [[sequence[half - 30 : half + 30] for sequence in part.sequences] for part in (asked, known)]
    keep = ~dna.shares_run(*middle)
    x = dna.one_hot(known.sequences)
    found = {"weight matrix": _matrices(x, known, asked.sequences)}
    started = time.perf_counter()
    nn.start(seed=seeds[0])
    recipe = sequences.Recipe(epochs=4, batch_size=256, label_smoothing=0.0)
    model = sequences.compile_for(sequences.cnn(WIDTH, 3), len(x), recipe)
    model.fit(x, np.eye(3)[known.labels], epochs=recipe.epochs, batch_size=recipe.batch_size, verbose=0)
    answers = _in_parts(lambda part: sequences.predict(model, part)[:, :2], asked.sequences)
    found["CNN"] = answers, time.perf_counter() - started
    scores = []
    for kind, (pair, at) in enumerate((("GT", half), ("AG", half - 2))):
        use = keep & np.array([sequence[at : at + 2] == pair for sequence in asked.sequences])
        real, stretch = asked.labels[use] == kind, asked.positions[use] // 500_000
        metric = f"average precision at {real.mean():.2%}"
        for name, (score, seconds) in found.items():
            value = estimate(average_precision, real, score[use, kind], groups=stretch, repeats=200)
            scores.append(Score(f"chr19 {asked.class_names[kind]}s", name, metric, *value, seconds))
    return scores


def _classical(model, flat, labels, fold, tested):
    """Probabilities of a baseline in the folds tested, from all others; and seconds."""
    started, found = time.perf_counter(), np.zeros((len(labels), 3))
    for number in tested:
        model.fit(flat[fold != number], labels[fold != number])
        found[fold == number] = model.predict_proba(flat[fold == number])
    return found, time.perf_counter() - started


def _matrices(x, known, sequences):
    """Position weight matrices of donors and acceptors, counted, as scores (n, 2); and seconds."""
    started, matrices = time.perf_counter(), []
    for kind in (0, 1):
        counts = x[known.labels == kind].sum(axis=0) + 0.5
        matrices.append(np.log2(counts / counts.sum(axis=1, keepdims=True) / 0.25))
    scores = _in_parts(lambda part: np.tensordot(part, np.array(matrices), ([1, 2], [1, 2])), sequences)
    return scores, time.perf_counter() - started


def _in_parts(function, sequences, size=20_000):
    parts = [sequences[start : start + size] for start in range(0, len(sequences), size)]
    return np.concatenate([function(dna.one_hot(part)) for part in parts])


TASKS = {"splice": splice, "splice_chr19": splice_chr19}
