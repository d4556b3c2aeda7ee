"""Exercises of chapter 13, when people differ from those before: another mix, and a test for shift."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect


@exercise(
    "13.3",
    "Re-weighting",
    points=2,
    hints=[
        "A class that has become three times as frequent counts three times as much: now / before, one factor per "
        "class.",
        "Multiply each row of probabilities by these factors.",
        "Afterwards a row no longer adds up to 1: divide it by its sum, .sum(axis=1, keepdims=True).",
    ],
)
def reweight(probabilities, before, now):
    """probabilities (n, classes); share of each class before, in training, and now (classes,)
    → the probabilities (n, classes) for people among whom the classes have the shares of now"""
    raised = probabilities * (np.asarray(now) / np.asarray(before))
    return raised / raised.sum(axis=1, keepdims=True)


@reweight.checks
def _(answer, rng):
    cases = [
        (np.array([[0.5, 0.5]]), np.array([0.5, 0.5]), np.array([0.9, 0.1])),
        (np.array([[0.2, 0.8], [0.6, 0.4]]), np.array([0.5, 0.5]), np.array([0.95, 0.05])),
    ]
    for n, classes in [(4, 3), (3, 3), (6, 4)]:
        cases.append(tuple(rng.dirichlet(np.full(classes, 2.0), size) for size in (n, None, None)))
    for probabilities, before, now in cases:
        answer.case(
            None,
            *(probabilities, before, now),
            shape="one probability for each class of each row",
            why="each class times now / before, then each row divided by its sum",
        )


@reweight.wrong(
    "upside down", says="your factors are upside down: what has become more frequent should gain, now / before"
)
def _(probabilities, before, now):
    return reweight(probabilities, now, before)


@reweight.wrong("rows not scaled", says="your rows do not add up to 1; divide each row by its sum")
def _(probabilities, before, now):
    return probabilities * (now / before)


@reweight.wrong(
    "new shares alone",
    says="you multiplied by the new shares only; the old ones are in the probabilities, so divide by them",
)
def _(probabilities, before, now):
    return reweight(probabilities, np.ones(len(before)), now)


@reweight.wrong("columns scaled", says="you divided each column by its sum; it is a row, one person, that adds up to 1")
def _(probabilities, before, now):
    raised = probabilities * (now / before)
    return raised / raised.sum(axis=0)


@reweight.wrong("all rows scaled together", says="you divided by the sum of the whole table; each row adds up to 1")
def _(probabilities, before, now):
    raised = probabilities * (now / before)
    return raised / raised.sum()


@exercise(
    "13.4",
    "Can a classifier tell old from new?",
    points=3,
    hints=[
        "Stack the two samples to learn from, np.concatenate, and give the old rows the label 0, the new ones 1.",
        "score = fit(features, labels) is a function. Call it on the two samples that were held out, and on nothing "
        "else.",
        "AUC by pairs, as in chapter 01: the share of pairs in which the new row scores higher; ties count half. "
        "new[:, None] > old compares each with each.",
    ],
)
def two_sample_auc(fit, old, new, held_old, held_new):
    """old, new, held_old, held_new: (rows, features). Learn on old and new → the AUC (float) with
    which held_new is told from held_old. fit(features, labels) → a function: features → scores"""
    features = np.concatenate([old, new])
    labels = np.repeat([0, 1], [len(old), len(new)])
    score = fit(features, labels)
    scores_old, scores_new = score(held_old), score(held_new)
    higher, equal = scores_new[:, None] > scores_old, scores_new[:, None] == scores_old
    return float(np.mean(higher + 0.5 * equal))


def _classifier(answer, samples, inputs):
    """``fit`` of a classifier that looks at what it is shown: it learns in which direction the first feature differs,
    and knows each row by its second."""
    old, new, *held = (set(sample[:, 1]) for sample in samples)

    def fit(features, labels):
        features, labels = np.asarray(features), np.asarray(labels)
        shapes = f"features of shape {features.shape} and labels of shape {labels.shape}"
        expect(
            features.ndim == 2 and labels.shape == (len(features),),
            f"for {inputs} you gave fit {shapes}; it takes one label per row",
        )
        seen = set(features[:, 1])
        answer.expect(not seen & (held[0] | held[1]), "learns from everything", inputs)
        answer.expect(seen == old | new, "leaves rows out", inputs)
        of_new = np.isin(features[:, 1], list(new))
        pure = all(len(set(labels[part])) == 1 for part in (of_new, ~of_new))
        answer.expect(pure and len(set(labels)) == 2, "labels of other rows", inputs)
        one = labels == labels.max()
        difference = features[one, 0].mean() - features[~one, 0].mean()
        middle = (features[one, 0].mean() + features[~one, 0].mean()) / 2
        return lambda rows: difference * (np.asarray(rows)[:, 0] - middle)

    return fit


@two_sample_auc.checks
def _(answer, rng):
    all_sizes = [(30, 20, 15, 12), (20, 20, 11, 11), (12, 25, 9, 14), (8, 9, 1, 1), (20, 20, 15, 15)]
    shifts = [(2.5, 1), (-1.5, -0.6), (0, 0), (5, 2), (3, -3)]  # of new against old, and of the held-out ones
    for sizes, (learned, held) in zip(all_sizes, shifts, strict=True):
        numbers = np.split(rng.permutation(sum(sizes)).astype(float), np.cumsum(sizes)[:-1])
        samples = [
            np.column_stack([np.round(rng.normal(shift, 1, n), 1), names])
            for n, shift, names in zip(sizes, (0, learned, 0, held), numbers, strict=True)
        ]
        inputs = f"{sizes[0]} old and {sizes[1]} new rows, {sizes[2]} and {sizes[3]} held out"
        fit, why = _classifier(answer, samples, inputs), "the share of pairs in which the new row scores higher"
        answer.case(inputs, fit, *samples, shape="the AUC is one number", why=why)


def _learn(fit, old, new):
    return fit(np.concatenate([old, new]), np.repeat([0, 1], [len(old), len(new)]))


@two_sample_auc.wrong(
    "on the rows it learned", says="you scored the rows that the classifier learned from; it may know them by heart"
)
def _(fit, old, new, held_old, held_new):
    return two_sample_auc(fit, old, new, old, new)


@two_sample_auc.wrong(
    "learns from everything", says="you showed fit held-out rows; then it knows the answers of its exam"
)
def _(fit, old, new, held_old, held_new):
    old, new = np.concatenate([old, held_old]), np.concatenate([new, held_new])
    return two_sample_auc(fit, old, new, held_old, held_new)


@two_sample_auc.wrong("leaves rows out", says="you did not show fit all rows of old and of new")
def _(fit, old, new, held_old, held_new):
    n = min(len(old), len(new))
    return two_sample_auc(fit, old[:n], new[:n], held_old, held_new)


@two_sample_auc.wrong(
    "labels of other rows",
    says="your labels do not say which sample a row is from; give old rows 0 and new ones 1, in the order of the rows",
)
def _(fit, old, new, held_old, held_new):
    return two_sample_auc(
        lambda features, labels: fit(features, np.repeat([0, 1], [len(new), len(old)])), old, new, held_old, held_new
    )


@two_sample_auc.wrong(
    "old above new",
    says="your AUC counts old rows above new ones; label the new rows 1, and count the pairs where they score higher",
)
def _(fit, old, new, held_old, held_new):
    return 1 - two_sample_auc(fit, old, new, held_old, held_new)


@two_sample_auc.wrong("ties left out", says="you left out pairs with equal scores; each counts one half")
def _(fit, old, new, held_old, held_new):
    score = _learn(fit, old, new)
    return np.mean(score(held_new)[:, None] > score(held_old))


@two_sample_auc.wrong("ties win", says="you counted pairs with equal scores as won; each counts one half")
def _(fit, old, new, held_old, held_new):
    score = _learn(fit, old, new)
    return np.mean(score(held_new)[:, None] >= score(held_old))


@two_sample_auc.wrong(
    "an accuracy", says="you returned an accuracy at a threshold of 0; compare each new row with each old one"
)
def _(fit, old, new, held_old, held_new):
    score = _learn(fit, old, new)
    return np.mean(np.concatenate([score(held_new) > 0, score(held_old) <= 0]))


@two_sample_auc.wrong("without the scores", says="you compared rows without the scores of what fit returned")
def _(fit, old, new, held_old, held_new):
    return two_sample_auc(lambda features, labels: lambda rows: rows[:, 0], old, new, held_old, held_new)


@two_sample_auc.wrong(
    "never below one half", says="you turned the AUC round; return it as it is, even where it is below 0.5"
)
def _(fit, old, new, held_old, held_new):
    found = two_sample_auc(fit, old, new, held_old, held_new)
    return max(found, 1 - found)
