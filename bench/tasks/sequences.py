"""Splice junctions: ten folds of deduplicated windows, and every GT and AG of the end of chromosome 19."""

import time
from itertools import combinations

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from tasks import Score
from utils import datasets, nn
from utils.applications import chromosome_sites, sequences
from utils.datasets.store import state
from utils.features import dna
from utils.metrics import estimate

PUBLISHED = "0.94 KBANN on 1,000 windows (doi:10.24432/C5M888), 0.95 to 0.97 classical methods"
NETWORKS = {"CNN": sequences.cnn, "GRU": sequences.gru, "attention": sequences.attention}


def splice(seeds=(0,)):
    """Three-class accuracy: of all ten folds with copies taken out, and of three of ten with families kept together.

    All settings are fixed beforehand; which models answer together in a fold is chosen on the other folds tested. Each
    fold is a training of each network, so only the first seed is used. Intervals come from drawing whole families.
    """
    data = datasets.load("splice")
    rows = datasets.splits.deduplicate(data.sequences)
    windows, labels = data.sequences[rows], data.labels[rows]
    inputs, family = dna.one_hot(windows), dna.families(windows)
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
        together = sum(s for _, s in found.values())
        found["mean of those that the other folds choose"] = _chosen(found, labels, fold, tested), together
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
    nn.start(seed=seeds[0])
    return [
        Score(f"chr19 {one.kind}", one.model, f"average precision at {one.prevalence:.2%}", *one.precision, one.seconds)
        for one in chromosome_sites.measure()
    ]


def _chosen(found, labels, fold, tested):
    """For each fold the mean of some models' probabilities: those whose mean is most often right in the other folds.

    Every set of one or more models is tried, smaller ones first; the first of equals is taken.
    """
    names = list(found)
    sets = [some for size in range(1, len(names) + 1) for some in combinations(names, size)]
    means = [np.mean([found[name][0] for name in some], axis=0) for some in sets]
    right = np.array([mean.argmax(axis=1) == labels for mean in means])
    answers = np.zeros_like(means[0])
    for number in tested:
        best = right[:, np.isin(fold, tested) & (fold != number)].mean(axis=1).argmax()
        answers[fold == number] = means[best][fold == number]
    return answers


def _classical(model, flat, labels, fold, tested):
    """Probabilities of a baseline in the folds tested, from all others; and seconds."""
    started, found = time.perf_counter(), np.zeros((len(labels), 3))
    for number in tested:
        model.fit(flat[fold != number], labels[fold != number])
        found[fold == number] = model.predict_proba(flat[fold == number])
    return found, time.perf_counter() - started


TASKS = {"splice": splice, "splice_chr19": splice_chr19}
