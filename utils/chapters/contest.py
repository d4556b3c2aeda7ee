"""A contest on every dataset of the course: a network against a classical method, for chapter 15.

The network reads pictures, visits, beats, letters and graphs as they are; the classical method reads the same numbers
or features that people designed. On molecules both get the same designed features. Splits are by the rules of the
chapters before. The networks are small and see little: this is what a minute of two cores gives.
"""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import layers
from threadpoolctl import threadpool_limits

from utils import metrics
from utils.chapters.tasks import Method, Network, Task
from utils.datasets import Split, load, splits
from utils.errors import UsageError
from utils.nn import Run


def task(name: str, run: Run) -> Task:
    """The ``Task`` of the dataset of this name (one of NAMES), with the amount of work of the run's profile.

    run: the ``Run`` that ``nn.start`` returned. Raises UsageError for another name.
    """
    if name not in TASKS:
        raise UsageError(f"There is no contest on {name!r}; there is one on {', '.join(NAMES)}.")
    return TASKS[name](name, run)


def _effort(run: Run, steps: int):
    return {"steps": run.pick(smoke=1, quick=steps, full=5 * steps), "eagerly": run.profile == "smoke"}


def _taught(run: Run, rows: Any):
    """The rows to learn from: in the smoke profile some dozens, spread over all."""
    return rows[:: max(len(rows) // 64, 1)] if run.profile == "smoke" else rows


def _regression(C: float = 0.03):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=C, tol=1e-3, max_iter=500)


def _pictures(name: str, run: Run):
    """Both learn from the pictures in all the ways in which they may be turned or mirrored."""
    from utils.applications.image_baselines import logistic_regression, turned
    from utils.applications.images import Recipe, classifier

    data, tissue = load(name), name == "nuclei"
    mirror, classes = "all" if tissue else "horizontal", len(data.class_names)
    pixels = data.images if tissue else data.images[:, 4:28, 4:28]  # the middle, for a little more than half the work
    known, test = pixels[data.split.train], pixels[data.split.test]
    recipe = Recipe(mirror="none", turn=0, shift=0, zoom=0, light=0, width=run.pick(smoke=4, quick=12, full=32))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    effort = _effort(run, 150 if tissue else 180)
    network = Network(lambda: classifier(known, classes, recipe), loss, rate=0.006, **effort)

    def deep(rows, seed):
        rows = _taught(run, rows)
        views = turned(pixels[rows], mirror)
        labels = np.tile(data.labels[rows], len(views) // len(rows))
        return metrics.softmax(network.fit([views], labels, seed).predict([test]))

    def classical(rows, seed):
        model = logistic_regression(classes, C=0.1 if tissue else 0.01, mirror=mirror)
        return model.fit(pixels[_taught(run, rows)], data.labels[_taught(run, rows)], seed).predict(test)

    groups = data.groups if tissue else None  # photographs: each its own
    question, metric = ("kind of nucleus", "macro-AUC") if tissue else ("thing in a photograph", "accuracy")
    rivals = Method("CNN", deep), Method("logistic regression, mean tints", classical)
    return Task(question, metric, data.labels, groups, data.split, *rivals)


def _visits(name: str, run: Run):
    """The network reads visits and what has no date, and begins as a regression on the latter; the other gets
    summaries of the visits."""
    from utils.applications import records
    from utils.features import cohorts

    data, large = load(name), name == "nafld"
    static = ["age", "male", "bmi", "weight", "height"] if large else ["age"]
    cohort = cohorts.cohort(data, horizon=5 * 365.25, start=0 if large else 365, static=static)
    known = cohorts.known_by(data.events, cohort)
    split = cohorts.part(cohort, (0.6, 0.15, 0.25) if large else (0.7, 0.0, 0.3))
    variables = cohorts.commonest(known, cohort.ids[split.train])
    visits = cohorts.build(known, cohort, variables, longest=8 if large else 4)
    table = np.concatenate([cohort.static, cohorts.summaries(known, cohort, variables)[0]], axis=1)
    features, units = 3 * len(variables) + 2, 16 if large else 8

    def build():
        return records.risk_model(records.read_with_gru, features, 2 * len(static), units=units, dropout=0.2)

    effort = _effort(run, 120 if large else 60) | {"batch_size": 128 if large else 32}
    network = Network(build, "binary_crossentropy", rate=0.01, **effort)

    def scaled(columns, rows):
        found = [cohorts.fit_scale(columns, rows)(columns), np.isnan(cohort.static)]
        return np.concatenate(found, axis=1).astype("float32")

    def deep(rows, seed):
        rows = _taught(run, rows)
        inputs = [cohorts.steps(visits, rows), visits.mask, scaled(cohort.static, rows)]
        line = _regression().fit(inputs[-1][rows], cohort.labels[rows])
        seen, targets = [part[rows] for part in inputs], cohort.labels[rows, None].astype("float32")
        network.fit(seen, targets, seed, begin=lambda model: records.begin_as(model, line.coef_, line.intercept_))
        return network.predict([part[split.test] for part in inputs])[:, 0]

    def classical(rows, seed):
        inputs = scaled(table, rows)
        with threadpool_limits(1, "blas"):
            line = _regression().fit(inputs[rows], cohort.labels[rows])
        return line.predict_proba(inputs[split.test])[:, 1]

    question = "death within five years" if large else "death or new liver in five years"
    rivals = Method("GRU on visits", deep), Method("logistic regression, summaries", classical)
    return Task(question, "AUC", cohort.labels, cohort.groups, split, *rivals)


def _beats(name: str, run: Run):
    from utils.applications.heartbeats import beat_model

    data = load(name)
    network = Network(
        lambda: beat_model(data.signals.shape[1], len(data.class_names)),
        "sparse_categorical_crossentropy",
        rate=0.004,
        **_effort(run, 220),
    )
    return _numbers(run, "kind of heartbeat", data.labels, None, data.split, data.signals[..., None], network, 0.1)


def _letters(name: str, run: Run):
    """Each window once, families of windows together."""
    from utils.applications.sequences import cnn
    from utils.features import dna

    data = load(name)
    rows = splits.deduplicate(data.sequences)
    windows, labels = data.sequences[rows], data.labels[rows]
    family = dna.families(windows, groups=data.groups[rows])
    fold = dna.folds(labels, family)
    split = Split(np.flatnonzero(fold >= 3), [], np.flatnonzero(fold < 3))
    network = Network(lambda: cnn(60, 3), "sparse_categorical_crossentropy", rate=0.003, **_effort(run, 320))
    return _numbers(run, "kind of splice junction", labels, family, split, dna.one_hot(windows), network, 0.03)


def _numbers(run: Run, question: str, labels: Any, groups: Any, split: Split, inputs: Any, network: Network, C: float):
    """A CNN and a logistic regression that read the same numbers; accuracy of several classes."""
    flat, test = inputs.reshape(len(inputs), -1), split.test

    def deep(rows, seed):
        rows = _taught(run, rows)
        return network.fit([inputs[rows]], labels[rows], seed).predict([inputs[test]])

    def classical(rows, seed):
        with threadpool_limits(1, "blas"):  # products this small are slower when cores share them
            line = _regression(C).fit(flat[rows], labels[rows])
        found = np.zeros((len(test), labels.max() + 1))
        found[:, line.classes_] = line.predict_proba(flat[test])
        return found

    rivals = Method("CNN", deep), Method("logistic regression", classical)
    return Task(question, "accuracy", labels, groups, split, *rivals)


def _solubility(name: str, run: Run):
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
    options |= {"epochs": run.pick(smoke=1, quick=12, full=50), "task": "regression", "descriptors": descriptors}

    def deep(rows, seed):
        rows = _taught(run, rows)
        return fit_networks(graphs, data.labels, rows, split.validation, seed=seed, **options).predict(split.test)

    def classical(rows, seed):
        trees = run.pick(smoke=5, quick=100, full=500)
        return forest(designed, data.labels, rows, task="regression", trees=trees, seed=seed)[split.test]

    rivals = Method("message passing, descriptors", deep), Method("forest, descriptors", classical)
    return Task("solubility", "RMSE", data.labels, molecule, split, *rivals)


def _questions(name: str, run: Run):
    """One question on each molecule, or many, from its fingerprint: a network with a common layer for all, or a forest
    for each (one forest for all where no label is missing)."""
    from sklearn.ensemble import RandomForestClassifier

    from utils.applications.molecules import forest, masked_cross_entropy
    from utils.features.molecules import fingerprints

    data = _some(load(name), run, max_=1500 if name == "tox21" else None)
    inputs, labels = fingerprints(data.smiles).astype("float32"), data.labels
    split = splits.by_scaffold(data.groups, (0.8, 0.0, 0.2))
    trees = run.pick(smoke=3, quick=30, full=300)

    def build():
        hidden = [layers.Dense(256, activation="relu"), layers.Dropout(0.5)]
        return keras.Sequential([keras.Input(inputs.shape[1:]), *hidden, layers.Dense(labels.shape[1])])

    network = Network(build, masked_cross_entropy, rate=0.002, **_effort(run, 200))

    def deep(rows, seed):
        rows = _taught(run, rows)
        return network.fit([inputs[rows]], labels[rows], seed).predict([inputs[split.test]])

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


def _some(data: Any, run: Run, max_: int | None = None):
    """Molecules drawn at random, where all are too many."""
    max_ = run.pick(smoke=300, quick=max_, full=len(data.smiles))
    rows = np.sort(np.random.default_rng(0).permutation(len(data.smiles))[:max_])
    return replace(data, smiles=data.smiles[rows], labels=data.labels[rows], groups=data.groups[rows])


TASKS = {
    "nuclei": _pictures,
    "cifar10_small": _pictures,
    "nafld": _visits,
    "pbc": _visits,
    "ecg5000": _beats,
    "splice": _letters,
    "bbbp": _questions,
    "esol": _solubility,
    "sider": _questions,
    "tox21": _questions,
}
NAMES = tuple(TASKS)
