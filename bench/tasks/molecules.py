"""Molecules: message passing against forests on BBBP, ESOL, Tox21 and SIDER, and the GRU's shortcut on BBBP."""

import time

import numpy as np
from rdkit import Chem, rdBase

from tasks import Score
from utils import datasets, metrics
from utils.applications.molecules import fit_networks, forest
from utils.features import molecules

SHARES = (0.8, 0.1, 0.1)
TREES = 100
PUBLISHED = {
    "bbbp": "graph convolution 0.69, D-MPNN 0.71-0.74 (MoleculeNet, doi:10.1039/C7SC02664A; "
    "Yang 2019, doi:10.1021/acs.jcim.9b00237)",
    "esol": "MPNN 0.58 (MoleculeNet, doi:10.1039/C7SC02664A)",
}
FOREST_PUBLISHED = {"bbbp": "forest on circular fingerprints 0.71 (MoleculeNet, doi:10.1039/C7SC02664A)"}


def bbbp(seeds):
    """Blood-brain barrier, scaffold split."""
    data = datasets.load("bbbp")
    options = {"epochs": 8, "width": 48, "dropout": 0.3, "decay": 0.005, "batch_size": 64, "members": 3}
    return _compare("bbbp", data, datasets.splits.by_scaffold(data, SHARES), seeds, with_prints=True, **options)


def esol(seeds):
    """Solubility, random split in which the rows of one molecule stay together; the intervals draw scaffolds."""
    data = datasets.load("esol")
    with rdBase.BlockLogs():
        molecule = datasets.splits.numbered(np.array([Chem.CanonSmiles(text) for text in data.smiles], object))
    return _compare("esol", data, datasets.splits.by_group(molecule, SHARES, seed=0), seeds, epochs=20, dropout=0.0)


def tox21(seeds):
    """Twelve assays with gaps, scaffold split; the first seed only, since so many forests take minutes."""
    data = datasets.load("tox21")
    return _compare("tox21", data, datasets.splits.by_scaffold(data, SHARES), seeds[:1], epochs=6, batch_size=64)


def sider(seeds):
    """Twenty-seven classes of side effects, scaffold split; the first seed only, as above."""
    data = datasets.load("sider")
    return _compare("sider", data, datasets.splits.by_scaffold(data, SHARES), seeds[:1], epochs=8)


TASKS = {"bbbp": bbbp, "esol": esol, "tox21": tox21, "sider": sider}


def _compare(name, data, split, seeds, with_prints=False, **options):
    """Scores of forests and networks on the test part, each the mean of the seeds' scores, and the paired difference of
    the first two.

    with_prints: the network gets the fingerprints as well, all that the first forest gets. Tables of many tasks take
    one model of each kind: their forests need minutes.
    """
    prints, numbers = molecules.fingerprints(data.smiles), molecules.descriptors(data.smiles)
    graphs, task = molecules.graphs(data.smiles), data.entry.task

    def trees_on(features):
        return lambda seed: forest(features, data.labels, split.train, task=task, trees=TREES, seed=seed)[split.test]

    def network(**extras):
        rows = split.train, split.validation
        chosen = {"task": task} | options | extras
        return lambda seed: fit_networks(graphs, data.labels, *rows, seed=seed, **chosen).predict(split.test)

    deep = "message passing with fingerprints and descriptors" if with_prints else "message passing with descriptors"
    models = {
        "forest on fingerprints and descriptors": trees_on(np.hstack([prints, numbers])),
        deep: network(descriptors=numbers, fingerprints=prints if with_prints else None),
    }
    if name in ("bbbp", "esol"):
        models["forest on fingerprints"] = trees_on(prints)
        models["forest on descriptors"] = trees_on(numbers)
        models["message passing"] = network(decay=0.0, dropout=0.0 if task == "regression" else 0.1)
    metric, statistic = "ROC AUC", metrics.multilabel_auc
    if task == "regression":
        metric, statistic = "RMSE", metrics.rmse
    scores, all_answers, places = [], [], np.arange(len(split.test))
    interval = {"groups": data.groups[split.test], "repeats": 300}
    for model, predict in models.items():
        started = time.perf_counter()
        answers = [predict(seed) for seed in seeds]
        seconds = (time.perf_counter() - started) / len(seeds)
        published = {"forest on fingerprints": FOREST_PUBLISHED, deep: PUBLISHED}

        def mean_score(labels, rows, answers=answers):
            return np.mean([statistic(labels, answer[rows]) for answer in answers])

        found = metrics.estimate(mean_score, data.labels[split.test], places, **interval)
        scores.append(Score(name, model, metric, *found, seconds, published.get(model, {}).get(name, "")))
        all_answers.append(mean_score)

    def difference(labels, rows):
        return all_answers[1](labels, rows) - all_answers[0](labels, rows)

    found = metrics.estimate(difference, data.labels[split.test], places, **interval)
    scores.insert(2, Score(name, "the network minus the forest", metric, *found, 0, ""))
    return scores
