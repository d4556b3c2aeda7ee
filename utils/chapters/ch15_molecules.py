"""The contest on molecules: both methods get the same designed features, and for solubility the network the graph."""

from dataclasses import replace
from functools import cache
from typing import Any

import keras
import numpy as np
from keras import layers

from utils.chapters.tasks import Method, Network, Task, effort, taught
from utils.datasets import load, splits
from utils.nn.profiles import Run

MOST_QUESTIONS = 27  # on one molecule, of the sets here


def solubility(name: str, run: Run) -> Task:
    """A graph with fourteen descriptors, against a forest on the fingerprint and the same descriptors."""
    from rdkit import Chem, rdBase

    from utils.applications.molecules import fit_networks, forest
    from utils.features import molecules

    data = _some(load(name), run)
    with rdBase.BlockLogs():
        molecule = splits.numbered(np.array([Chem.CanonSmiles(text) for text in data.smiles], object))
    split = splits.by_group(molecule, (0.8, 0.1, 0.1), seed=0)
    graphs, descriptors = molecules.graphs(data.smiles), molecules.descriptors(data.smiles)
    designed = np.hstack([molecules.fingerprints(data.smiles), descriptors]).astype("float32")
    options = {"width": 32, "rate": 0.01, "dropout": 0.0, "batch_size": 64, "eager": run.profile == "smoke"}
    options |= {"epochs": run.pick(smoke=1, quick=8, full=50), "task": "regression", "descriptors": descriptors}

    def deep(rows, seed):
        rows = taught(run, rows)
        return fit_networks(graphs, data.labels, rows, split.validation, seed=seed, **options).predict(split.test)

    def classical(rows, seed):
        trees = run.pick(smoke=5, quick=60, full=500)
        return forest(designed, data.labels, rows, task="regression", trees=trees, seed=seed)[split.test]

    rivals = Method("message passing, descriptors", deep), Method("forest, fingerprint and descriptors", classical)
    return Task("solubility", "RMSE", data.labels, molecule, split, *rivals)


def questions(name: str, run: Run) -> Task:
    """One question on each molecule, or many, from its fingerprint: a network with a common layer for all, or a forest
    for each (one forest for all where no label is missing)."""
    from sklearn.ensemble import RandomForestClassifier

    from utils.applications.molecules import forest
    from utils.features.molecules import fingerprints

    data = _some(load(name), run, max_=1000 if name == "tox21" else None)
    inputs, labels = fingerprints(data.smiles).astype("float32"), data.labels
    split = splits.by_scaffold(data.groups, (0.8, 0.0, 0.2))
    trees = run.pick(smoke=3, quick=30, full=300)

    network, count = _of_fingerprints(run, inputs.shape[1]), labels.shape[1]
    padded = np.pad(labels.astype("float32"), ((0, 0), (0, MOST_QUESTIONS - count)), constant_values=np.nan)

    def deep(rows, seed):
        rows = taught(run, rows)
        return network.fit([inputs[rows]], padded[rows], seed).predict([inputs[split.test]])[:, :count]

    def classical(rows, seed):
        if labels.shape[1] == 1 or np.isnan(labels).any():
            return forest(inputs, labels, rows, task="classification", trees=trees, seed=seed)[split.test]
        model = RandomForestClassifier(2 * trees, min_samples_leaf=2, random_state=seed, n_jobs=2)
        found = model.fit(inputs[rows], labels[rows]).predict_proba(inputs[split.test])
        return np.stack([each @ known for each, known in zip(found, model.classes_, strict=True)], axis=1)

    question = {
        "bbbp": "passes into the brain",
        "sider": "side effects on the leaflet",
        "tox21": "active in twelve assays",
    }[name]
    rivals = Method("dense network, fingerprint", deep), Method("forest, fingerprint", classical)
    return Task(question, "mean AUC", labels, data.groups, split, *rivals)


@cache
def _of_fingerprints(run: Run, bits: int) -> Network:
    """One network for all sets of questions, compiled once: outputs without labels learn nothing."""
    from utils.applications.molecules import masked_cross_entropy

    def build():
        hidden = [layers.Dense(256, activation="relu"), layers.Dropout(0.5)]
        return keras.Sequential([keras.Input((bits,)), *hidden, layers.Dense(MOST_QUESTIONS)])

    return Network(build, masked_cross_entropy, rate=0.002, **effort(run, 130))


def _some(data: Any, run: Run, max_: int | None = None):
    """Molecules drawn at random, where all are too many."""
    max_ = run.pick(smoke=300, quick=max_, full=len(data.smiles))
    rows = np.sort(np.random.default_rng(0).permutation(len(data.smiles))[:max_])
    return replace(data, smiles=data.smiles[rows], labels=data.labels[rows], groups=data.groups[rows])
