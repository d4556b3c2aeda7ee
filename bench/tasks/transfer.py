"""Transfer from photographs: what few and many labels give with it and without it, on nuclei and breast ultrasound."""

import itertools
import sys
import time
from dataclasses import replace

import numpy as np

from tasks import Score, available
from utils import datasets, metrics
from utils.applications import image_baselines, images, transfer

SIZES = (30, 100, 300, None)
STEPS = 60  # of a training on few pictures, at least; one on all of them counts its epochs
AUTOML = {"macro-AUC": "0.919", "accuracy": "0.861"}
SOURCE = " (Google AutoML Vision: MedMNIST v2, doi:10.1038/s41597-022-01721-8)"
CHOSEN = "mean of those that the validation part chooses"


def nuclei(seeds):
    """Three kinds of nuclei on the spatial split, from patches of their own size; intervals by blocks of tissue."""
    recipe = images.Recipe(epochs=16, mirror="all")
    return _curve("nuclei", datasets.load("nuclei"), recipe, seeds, side=48, depth="block_8")


def breastmnist(seeds):
    """Breast ultrasound on the official split; intervals by pictures, since who is on which is not published."""
    data = available("breastmnist")
    if data is None:
        return []
    return _curve("breastmnist", data, images.Recipe(epochs=20), seeds, side=64, depth="block_11")


def _curve(task, data, recipe, seeds, **until):
    """Scores of each method by the number of labels. That of several seeds is the mean of theirs; so is its interval.

    For a number of labels each seed draws other pictures, the same for all methods. The validation part is whole.
    until: side of the resized pictures and the depth up to which the network is fine-tuned.
    """
    split, found, outputs = data.split, [], len(data.class_names)
    watched, truth = data.labels[split.validation], data.labels[split.test]
    held_out = [data.images[rows] for rows in (split.validation, split.test)]
    features = transfer.features(data.images, mirror=recipe.mirror, side=until["side"])

    def of(rows):
        return {depth: views[:, rows] for depth, views in features.items()}

    def frozen(rows, seed):
        known = of(split.validation), watched
        chosen = transfer.probe(of(rows), data.labels[rows], known, outputs=outputs)
        print(f"{task}, {len(rows)} labels, seed {seed}: {chosen.depth}, C = {chosen.C}", file=sys.stderr)
        yield "photographs, frozen", [chosen.predict(of(part)) for part in (split.validation, split.test)]

    def networks(rows, seed):
        steps = -(-len(rows) // recipe.batch_size)
        epochs = recipe.epochs if len(rows) == len(split.train) else max(-(-STEPS // steps), recipe.epochs)
        given, long = (data.images[rows], data.labels[rows]), replace(recipe, epochs=epochs)
        both = transfer.from_both_starts(*given, replace(long, peak_rate=0.001), outputs=outputs, seed=seed, **until)
        for name, one in zip(("photographs, fine-tuned", "the same from a random start"), both, strict=True):
            yield name, [one.predict(pictures) for pictures in held_out]
        own = images.train(*given, long, outputs=outputs, seed=seed)
        yield "the course's CNN", [own.predict(pictures) for pictures in held_out]

    def tints(rows, seed):
        settings = itertools.product((0.001, 0.01, 0.1), {"none", recipe.mirror})
        tried = [image_baselines.logistic_regression(outputs, C=C, mirror=mirror) for C, mirror in settings]
        fitted = [one.fit(data.images[rows], data.labels[rows]) for one in tried]
        best = min(fitted, key=lambda one: metrics.log_loss(watched, one.predict(held_out[0])))
        yield "logistic regression", [best.predict(pictures) for pictures in held_out]

    for size in SIZES:
        answers, seconds = {}, {}
        for seed in seeds:
            rows = transfer.balanced_draw(data.labels, split.train, size, seed) if size else split.train
            for method in (frozen, networks, tints):
                started = time.perf_counter()
                for name, answer in method(rows, seed):
                    answers.setdefault(name, []).append(answer)
                    seconds[name] = seconds.get(name, 0) + time.perf_counter() - started
                    started = time.perf_counter()
        answers[CHOSEN] = [_chosen({name: each[place] for name, each in answers.items()}, watched)
                           for place in range(len(seeds))]  # fmt: skip
        for name, each in answers.items():
            guesses = [test for _, test in each]
            for metric, statistic in (("macro-AUC", metrics.auc), ("accuracy", metrics.accuracy)):
                value = metrics.estimate(
                    lambda truth, *each, statistic=statistic: np.mean([statistic(truth, one) for one in each]),
                    truth,
                    *guesses,
                    groups=data.groups[split.test],
                )
                found.append(
                    Score(f"{task}, {size or len(split.train)} labels", name, metric, *value,
                          seconds.get(name, 0) / len(seeds))
                )  # fmt: skip
                print(found[-1], file=sys.stderr, flush=True)
    return found


def breastmnist_together(seeds):
    """Breast ultrasound, all labels: networks by the recipes of the full profile, one of each per seed, whose mean
    answers, and the photographs' features; the validation part chooses which of these answer together."""
    data = available("breastmnist")
    if data is None:
        return []
    split, started = data.split, time.perf_counter()
    given, parts = (data.images[split.train], data.labels[split.train]), (split.validation, split.test)
    watched, truth = data.labels[split.validation], data.labels[split.test]
    features = {
        f"{depth}, {side} pixels": views
        for side in (64, 112)
        for depth, views in transfer.features(data.images, mirror="horizontal", side=side).items()
    }
    of = [{name: views[:, rows] for name, views in features.items()} for rows in (split.train, *parts)]
    frozen = transfer.probe(of[0], given[1], (of[1], watched), outputs=2)
    answers = {f"photographs, {frozen.depth}": [frozen.predict(one) for one in of[1:]]}
    for name, recipe in images.candidates(images.Recipe(epochs=30, width=32)).items():
        trained = [images.train(*given, recipe, seed=seed, outputs=2) for seed in seeds]
        answers[f"pictures {name}"] = [
            np.mean([one.predict(data.images[rows]) for one in trained], axis=0) for rows in parts
        ]
    test, found = _chosen(answers, watched)[1], []
    for metric, statistic in (("macro-AUC", metrics.auc), ("accuracy", metrics.accuracy)):
        value = metrics.estimate(statistic, truth, test)
        seconds = time.perf_counter() - started
        found.append(Score("breastmnist, together", CHOSEN, metric, *value, seconds, AUTOML[metric] + SOURCE))
    return found


def _chosen(answers, watched):
    """(validation, test): the mean of those methods whose mean has the smallest log-loss on the validation part."""
    several = [names for size in range(1, len(answers) + 1) for names in itertools.combinations(answers, size)]
    means = {names: [np.mean([answers[name][part] for name in names], axis=0) for part in (0, 1)] for names in several}
    best = min(means, key=lambda names: metrics.log_loss(watched, means[names][0]))
    print(f"  chosen: {' + '.join(best)}", file=sys.stderr)
    return means[best]


TASKS = {
    "nuclei by labels": nuclei,
    "breastmnist by labels": breastmnist,
    "breastmnist together": breastmnist_together,
}
