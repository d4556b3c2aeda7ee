"""Splice junctions: ten folds of deduplicated windows, and every GT and AG of the end of chromosome 19."""

import time

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from tasks import Score
from utils import datasets, nn
from utils.datasets import letters
from utils.datasets.store import state
from utils.metrics import average_precision, estimate
from utils.nn import sequences as networks

PUBLISHED = "0.95-0.97, classical methods on these windows (DATA_SOURCES)"
NETWORKS = {"CNN": networks.cnn, "GRU": networks.gru, "attention": networks.attention}
LEARN, ASK = (0, 45_000_000), (45_010_000, 58_617_616)  # of chromosome 19, with a gap
WIDTH = 120


def splice(seeds=(0,)):
    """Three-class accuracy over ten folds, once with copies taken out only, once with families kept together.

    All networks see the folds once for each seed; their probabilities are averaged over the seeds. Settings are fixed
    beforehand for the networks and chosen for the baselines on a fold of each training part.
    """
    data = datasets.load("splice")
    rows = datasets.splits.deduplicate(data.sequences)
    sequences, labels = data.sequences[rows], data.labels[rows]
    inputs, family = letters.one_hot(sequences), letters.families(sequences)
    scores = []
    for task, groups in {"splice, ten folds": np.arange(len(rows)), "splice, families together": family}.items():
        fold = letters.folds(labels, groups)
        found = {name: _classical(name, inputs, labels, fold) for name in ("logistic regression", "random forest")}
        for name, build in NETWORKS.items():
            started, total = time.perf_counter(), 0
            for seed in seeds:
                nn.start(seed=seed)
                recipe = networks.RECIPES[name.lower()]
                total = (
                    total
                    + networks.cross_validate(lambda build=build: build(60, 3), inputs, labels, fold, recipe=recipe)[0]
                )
            found[name] = total / len(seeds), time.perf_counter() - started
        three = [found[name] for name in NETWORKS]
        found["the three networks' mean"] = np.mean([p for p, _ in three], axis=0), sum(s for _, s in three)
        for name, (probabilities, seconds) in found.items():
            right = (probabilities.argmax(axis=1) == labels).astype(float)
            share = estimate(np.mean, right, groups=family)
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
    keep = ~letters.shares_run(*middle)
    x = letters.one_hot(known.sequences)
    found = {"weight matrix": _matrices(x, known, asked.sequences)}
    started, total = time.perf_counter(), 0
    for seed in seeds[:1]:
        nn.start(seed=seed)
        recipe = networks.Recipe(epochs=4, batch_size=256, label_smoothing=0.0)
        model = networks.compile_for(networks.cnn(WIDTH, 3), len(x), recipe)
        model.fit(x, np.eye(3)[known.labels], epochs=recipe.epochs, batch_size=recipe.batch_size, verbose=0)
        total = total + _in_parts(lambda part, model=model: networks.predict(model, part)[:, :2], asked.sequences)
    found["CNN"] = total, time.perf_counter() - started
    scores = []
    for kind, (pair, at) in enumerate((("GT", half), ("AG", half - 2))):
        use = keep & np.array([sequence[at : at + 2] == pair for sequence in asked.sequences])
        real, stretch = asked.labels[use] == kind, asked.positions[use] // 500_000
        metric = f"average precision at {real.mean():.2%}"
        for name, (score, seconds) in found.items():
            value = estimate(average_precision, real, score[use, kind], groups=stretch, repeats=200)
            scores.append(Score(f"chr19 {asked.class_names[kind]}s", name, metric, *value, seconds))
    return scores


def _classical(name, inputs, labels, fold):
    """Out-of-fold probabilities of a baseline, its setting chosen on one fold of each training part; and seconds."""
    settings = {
        "logistic regression": [LogisticRegression(C=C, tol=1e-3) for C in (0.01, 0.03)],
        "random forest": [RandomForestClassifier(300, min_samples_leaf=n, random_state=0, n_jobs=2) for n in (1, 3)],
    }[name]
    flat, started = inputs.reshape(len(inputs), -1), time.perf_counter()
    found = np.zeros((len(labels), 3))
    for number in range(fold.max() + 1):
        learn, choose = fold != number, fold == (number + 1) % (fold.max() + 1)
        fitted = [model.fit(flat[learn & ~choose], labels[learn & ~choose]) for model in settings]
        best = settings[int(np.argmax([model.score(flat[choose], labels[choose]) for model in fitted]))]
        found[fold == number] = best.fit(flat[learn], labels[learn]).predict_proba(flat[fold == number])
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
    return np.concatenate([function(letters.one_hot(part)) for part in parts])


TASKS = {"splice": splice, "splice_chr19": splice_chr19}
