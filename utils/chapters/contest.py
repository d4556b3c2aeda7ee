"""A contest on every dataset of the course: a network against a classical method, for chapter 15.

The network reads pictures, visits, beats, letters and graphs as they are; the classical method reads the same numbers
or features that people designed. On molecules both get the same designed features. Splits are by the rules of the
chapters before. The networks are small and see little: this is what a minute of two cores gives.
"""

from typing import Any

import keras
import numpy as np
from threadpoolctl import threadpool_limits

from utils import metrics
from utils.chapters.ch15_hog import hog
from utils.chapters.ch15_molecules import questions, solubility
from utils.chapters.ch15_people import people
from utils.chapters.tasks import Method, Network, Task, asked, effort, taught
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


def _regression(C: float = 0.03):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=C, tol=1e-3, max_iter=500)


def _pictures(name: str, run: Run):
    """Both learn from the pictures in all the ways in which they may be turned or mirrored.

    The rival on photographs is a linear support vector machine in its least-squares form (Suykens and Vandewalle, 1999,
    doi:10.1023/A:1018628609742), which takes a fiftieth of the time of the usual one, for half a percent less.
    """
    from sklearn.linear_model import RidgeClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from utils.applications import transfer
    from utils.applications.image_baselines import logistic_regression, shrunk, turned
    from utils.applications.images import Recipe, classifier

    data, tissue = load(name), name == "nuclei"
    mirror, classes = "all" if tissue else "horizontal", len(data.class_names)
    pixels = data.images if tissue else data.images[:, 4:28, 4:28]  # the middle, for a little more than half the work
    split = asked(run, data.split)
    known, test = pixels[split.train], pixels[split.test]
    recipe = Recipe(mirror="none", turn=0, shift=0, zoom=0, light=0, width=run.pick(smoke=4, quick=12, full=32))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    options = effort(run, 110 if tissue else 180)
    network = Network(lambda: classifier(known, classes, recipe), loss, rate=0.006, **options)

    def deep(rows, seed):
        rows = taught(run, rows)
        views = turned(pixels[rows], mirror)
        labels = np.tile(data.labels[rows], len(views) // len(rows))
        return metrics.softmax(network.fit([views], labels, seed).predict([test]))

    def by_tints(rows, seed):
        model = logistic_regression(classes, C=0.1, mirror=mirror)
        return model.fit(pixels[taught(run, rows)], data.labels[taught(run, rows)], seed).predict(test)

    def by_edges(rows, seed):
        rows = taught(run, rows)
        views = turned(pixels[rows], mirror)
        model = make_pipeline(StandardScaler(), RidgeClassifier(300))
        with threadpool_limits(1, "blas"):
            model.fit(described(views), np.tile(data.labels[rows], len(views) // len(rows)))
        return scores(model, described(test))

    def scores(model, features):
        found = np.full((len(test), classes), -9.0)  # a class that was not among the pictures
        found[:, model.classes_] = model.decision_function(features)
        return metrics.softmax(found)

    def described(pictures):
        return np.hstack([hog(pictures), shrunk(pictures)])

    def with_experience(rows, seed):
        if run.profile == "smoke":  # to build the trained network would take as long as all the rest
            return by_edges(rows, seed)
        seen = np.concatenate([pixels[rows], test])
        found = transfer.features(seen, ("block_11",), side=32)["block_11"][0]
        with threadpool_limits(1, "blas"):
            model = make_pipeline(StandardScaler(), RidgeClassifier(30)).fit(found[: len(rows)], data.labels[rows])
        return scores(model, found[len(rows) :])

    if tissue:
        rivals = Method("CNN", deep), Method("logistic regression, mean tints", by_tints)
        return Task("kind of nucleus", "macro-AUC", data.labels, data.groups, split, *rivals)
    rivals = Method("CNN", deep), Method("least-squares SVM, HOG and tints", by_edges)
    third = Method("least-squares SVM, features of a trained network", with_experience)
    return Task("thing in a photograph", "accuracy", data.labels, None, split, *rivals, third)


def _visits(name: str, run: Run):
    """The network reads visits and what has no date, and begins as a regression on the latter; the other gets
    summaries of the visits."""
    from utils.applications import records
    from utils.features import cohorts

    found, large = people(name), name == "nafld"
    cohort, known, variables, split = found.cohort, found.known, found.variables, asked(run, found.split)
    visits = cohorts.build(known, cohort, variables, longest=8 if large else 4)
    table = np.concatenate([cohort.static, found.summaries], axis=1)
    features, units = 3 * len(variables) + 2, 16 if large else 8

    def build():
        return records.risk_model(records.read_with_gru, features, 2 * cohort.static.shape[1], units=units, dropout=0.2)

    options = effort(run, 120 if large else 60) | {"batch_size": 128 if large else 32}
    network = Network(build, "binary_crossentropy", rate=0.01, **options)

    def scaled(columns, rows):
        found = [cohorts.fit_scale(columns, rows)(columns), np.isnan(cohort.static)]
        return np.concatenate(found, axis=1).astype("float32")

    def deep(rows, seed):
        rows = taught(run, rows)
        inputs = [cohorts.steps(visits, rows), visits.mask, scaled(cohort.static, rows)]
        line = _regression().fit(inputs[-1][rows], cohort.labels[rows])
        seen, targets = [part[rows] for part in inputs], cohort.labels[rows, None].astype("float32")
        start = {"begin": lambda model: records.begin_as(model, line.coef_, line.intercept_)}
        network.fit(seen, targets, seed, max_epochs=20, **start)
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
        **effort(run, 160),
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
    network = Network(lambda: cnn(60, 3), "sparse_categorical_crossentropy", rate=0.003, **effort(run, 240, at_once=8))
    return _numbers(run, "kind of splice junction", labels, family, split, dna.one_hot(windows), network, 0.03)


def _numbers(run: Run, question: str, labels: Any, groups: Any, split: Split, inputs: Any, network: Network, C: float):
    """A CNN and a logistic regression that read the same numbers; accuracy of several classes. The third exchanges
    places: the same exchange for all examples, of which a regression would notice nothing."""
    split = asked(run, split)
    flat, test = inputs.reshape(len(inputs), -1), split.test
    exchanged = np.random.default_rng(0).permutation(inputs.shape[1])

    def deep(rows, seed, order=slice(None)):
        rows = taught(run, rows)
        return network.fit([inputs[rows][:, order]], labels[rows], seed).predict([inputs[test][:, order]])

    def classical(rows, seed):
        with threadpool_limits(1, "blas"):  # products this small are slower when cores share them
            line = _regression(C).fit(flat[rows], labels[rows])
        found = np.zeros((len(test), labels.max() + 1))
        found[:, line.classes_] = line.predict_proba(flat[test])
        return found

    rivals = Method("CNN", deep), Method("logistic regression", classical)
    third = Method("CNN, places exchanged", lambda rows, seed: deep(rows, seed, exchanged))
    return Task(question, "accuracy", labels, groups, split, *rivals, third)


TASKS = {
    "nuclei": _pictures,
    "cifar10_small": _pictures,
    "nafld": _visits,
    "pbc": _visits,
    "ecg5000": _beats,
    "splice": _letters,
    "bbbp": questions,
    "esol": solubility,
    "sider": questions,
    "tox21": questions,
}
NAMES = tuple(TASKS)
