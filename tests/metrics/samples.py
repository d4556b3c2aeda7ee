"""Made-up labels and predictions that several tests share."""

import numpy as np
from effort import calls, peak


def several_classes(seed, n=60, classes=3, steps=None):
    """Labels (n,) in which every class occurs, and probabilities (n, classes); ``steps`` makes many of them equal."""
    random = np.random.default_rng(seed)
    labels = np.concatenate([np.arange(classes), random.integers(classes, size=n - classes)])
    probabilities = random.dirichlet(np.ones(classes), size=n)
    if steps:
        probabilities = np.round(probabilities * steps) + 1
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    return labels, probabilities


def two_classes(seed, n=60, steps=None, prevalence=0.4):
    """Labels (n,) with both classes, and probabilities of class 1 (n,) that tell something."""
    random = np.random.default_rng(seed)
    labels = np.concatenate([[0, 1], random.random(n - 2) < prevalence]).astype(int)
    probabilities = random.beta(2 + labels, 2)
    return labels, np.round(probabilities * steps) / steps if steps else probabilities


def work(function):
    """Calls that a function makes, of Python's functions and of compiled ones, and the most bytes it takes."""
    function()  # what a library sets up at its first call is no part of the work
    return calls(function), peak(function)
