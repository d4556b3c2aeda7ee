"""Pictures: kinds of nuclei, masks of nuclei, and BreastMNIST beside the published figures."""

import sys
import time

import numpy as np

from tasks import Score, available
from utils import datasets, metrics
from utils.applications import image_baselines, images, segmentation

RESNET = "{:.3f} (ResNet-18, 28 x 28: MedMNIST v2, doi:10.1038/s41597-022-01721-8)"


def nuclei(seeds):
    """Three kinds of nuclei on the spatial split; intervals by blocks of tissue of 150 pixels."""
    data = datasets.load("nuclei")
    recipes = images.candidates(images.Recipe(epochs=24, mirror="all"))
    del recipes["mirrored, shifted"]  # as in the quick profile of chapter 07
    return _classify("nuclei", data, recipes, data.groups, seeds)


def breastmnist(seeds):
    """Breast ultrasound, benign or malignant, on the official split, by the recipe of the full profile."""
    data = available("breastmnist")
    if data is None:
        return []
    return _classify("breastmnist", data, images.candidates(images.Recipe(epochs=30, width=32)), data.groups, seeds)


def _classify(task, data, recipes, groups, seeds):
    """Networks and baselines on one split. The score of several seeds is that of their mean; so is its interval."""
    split, outputs, found = data.split, len(data.class_names), []
    x, y = data.images[split.train], data.labels[split.train]
    watched = data.images[split.validation], data.labels[split.validation]
    test, truth = data.images[split.test], data.labels[split.test]

    def score(model, guesses, seconds):
        for name, statistic, place in (("macro-AUC", metrics.auc, 0), ("accuracy", metrics.accuracy, 1)):
            value = metrics.estimate(
                lambda truth, *each, statistic=statistic: np.mean([statistic(truth, one) for one in each]),
                truth,
                *guesses,
                groups=groups[split.test],
            )
            published = images.PUBLISHED.get(task)
            beside = RESNET.format(published[place]) if published and model == "CNN" else ""
            found.append(Score(task, model, name, *value, seconds, beside))

    started, guesses = time.perf_counter(), []
    for seed in seeds:
        best, _, losses = images.choose(recipes, x, y, watched, outputs=outputs, seed=seed)
        names = min(losses, key=losses.get)
        print(f"{task}, seed {seed}: on the validation part, pictures {' and '.join(names)}", file=sys.stderr)
        guesses.append(best.predict(test))
    score("CNN", guesses, time.perf_counter() - started)

    started = time.perf_counter()
    forests = [image_baselines.random_forest(outputs, seed=seed).fit(x, y) for seed in seeds]
    score("random forest", [one.predict(test) for one in forests], time.perf_counter() - started)

    started = time.perf_counter()
    settings = [(c, mirror) for c in (0.001, 0.01, 0.1) for mirror in {one.mirror for one in recipes.values()}]
    tried = [image_baselines.logistic_regression(outputs, C=c, mirror=mirror).fit(x, y) for c, mirror in settings]
    best = min(tried, key=lambda one: metrics.log_loss(watched[1], one.predict(watched[0])))
    score("logistic regression", [best.predict(test)], time.perf_counter() - started)
    return found


def nuclei_segmentation(seeds):
    """Masks of nuclei on held-out squares of tissue, by two seeds at most; intervals by blocks of 128 pixels."""
    squares = segmentation.cut(datasets.tissue_field(1))
    split = segmentation.deal(squares)
    masks, found = squares.masks[split.test], []

    def blocks(array):
        return array.reshape(len(masks), 2, 128, 2, 128).swapaxes(2, 3).reshape(-1, 128 * 128)

    def score(model, predicted, seconds):
        for name, statistic in (("Dice", metrics.dice), ("IoU", metrics.intersection_over_union)):
            value = metrics.estimate(
                lambda mask, *guesses, statistic=statistic: np.mean([statistic(mask, one) for one in guesses]),
                blocks(masks),
                *(blocks(one) for one in predicted),
                repeats=200,
            )
            found.append(Score("nuclei segmentation", model, name, *value, seconds))

    started, predicted = time.perf_counter(), []
    for seed in seeds[:2]:
        unet, _ = segmentation.train(squares.take(split.train), steps=300, seed=seed)
        guess = segmentation.predict(unet, squares.images[split.validation])
        cut = max(np.arange(0.2, 0.8, 0.1), key=lambda one: metrics.dice(squares.masks[split.validation], guess > one))
        predicted.append(segmentation.predict(unet, squares.images[split.test]) > cut)
    score("U-Net", predicted, time.perf_counter() - started)

    started = time.perf_counter()
    red = segmentation.blurred_red(squares.images)
    levels = np.arange(60, 200, 4)
    level = max(levels, key=lambda one: metrics.dice(squares.masks[split.train], red[split.train] < one))
    score("red channel", [red[split.test] < level], time.perf_counter() - started)
    return found


TASKS = {"nuclei": nuclei, "nuclei segmentation": nuclei_segmentation, "breastmnist": breastmnist}
