"""Exercises of chapter 10 on learning from molecules: a step of message passing, a loss with gaps, enrichment."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import expect, expect_array, expect_close, expect_number, rule_out


@exercise(
    "10.4",
    "One step of message passing",
    points=3,
    hints=[
        "Begin with heard = np.zeros((atoms, width)), where the messages to each atom add up. Loop over the bonds; "
        "each carries two messages, one each way.",
        "A message is np.maximum(states[speaks] @ weights['of_neighbour'] + feature @ weights['of_bond'] + "
        "weights['message_bias'], 0). Add it to heard[listens].",
        "At the end all atoms change at once: np.maximum(states @ weights['of_self'] + heard @ weights['of_sum'] + "
        "weights['bias'], 0).",
    ],
)
def message_step(states, bonds, features, weights):
    """states (atoms, given), bonds (b, 2): the two atoms of each, features (b, k), weights: dict of
    of_neighbour, of_bond, message_bias, of_self, of_sum, bias → new states (atoms, width)"""
    heard = np.zeros((len(states), len(weights["of_sum"])))
    for (one, other), feature in zip(bonds, features, strict=True):
        for listens, speaks in ((one, other), (other, one)):
            message = states[speaks] @ weights["of_neighbour"] + feature @ weights["of_bond"] + weights["message_bias"]
            heard[listens] += np.maximum(message, 0)
    return np.maximum(states @ weights["of_self"] + heard @ weights["of_sum"] + weights["bias"], 0)


@message_step.checks
def _(answer, rng):
    ring = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (4, 5)]
    cases = {
        "a chain of 3 atoms": (3, [(0, 1), (1, 2)]),
        "a ring of 5 atoms with one outside": (6, ring),
        "a single atom without a bond": (1, []),
        "two parts without a bond between them": (4, [(1, 0), (3, 2)]),
        "a star of 5 atoms": (5, [(0, 1), (0, 2), (3, 0), (0, 4)]),
    }
    for inputs, (atoms, pairs) in cases.items():
        given, width, kinds = 4, 3, 2
        shapes = {"of_neighbour": (given, width), "of_bond": (kinds, width), "message_bias": (width,)}
        shapes |= {"of_self": (given, width), "of_sum": (width, width), "bias": (width,)}
        weights = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        weights["bias"] = weights["bias"] + 1  # so that fewer of the results are cut off at 0
        bonds, features = np.array(pairs, int).reshape(-1, 2), rng.normal(size=(len(pairs), kinds))
        arguments = rng.normal(size=(atoms, given)), bonds, features, weights
        wanted = message_step(*arguments)
        got = expect_array(answer(*arguments), wanted.shape, inputs=inputs, why="one new state for each atom")
        for wrong, words in {
            _one_way: "a bond is a road in both directions: each of its atoms hears the other",
            _relu_late: "each message goes through relu by itself, before they are added",
            _mean: "messages are added, not averaged: two neighbours say more than one",
            _deaf_to_bonds: "the kind of bond is part of the message: feature @ of_bond",
            _selfless: "an atom also keeps something of itself: states @ of_self",
            _no_last_relu: "the new states go through relu, too",
        }.items():
            rule_out(got, wrong(*arguments), wanted, f"for {inputs}: {words}")
        expect_close(got, wanted, inputs=inputs, why="relu of itself, its messages and the bias")


def _step(states, bonds, features, weights, both=True, relu=True, bond=True, self=True, mean=False, last=True):
    """The step with one of its parts left out."""
    heard, count = np.zeros((len(states), len(weights["of_sum"]))), np.zeros((len(states), 1))
    for (one, other), feature in zip(bonds, features, strict=True):
        for listens, speaks in ((one, other), (other, one))[: 2 if both else 1]:
            message = states[speaks] @ weights["of_neighbour"] + weights["message_bias"]
            message = message + feature @ weights["of_bond"] * bond
            heard[listens] += np.maximum(message, 0) if relu else message
            count[listens] += 1
    heard = heard if relu else np.maximum(heard, 0)
    heard = heard / np.maximum(count, 1) if mean else heard
    new = states @ weights["of_self"] * self + heard @ weights["of_sum"] + weights["bias"]
    return np.maximum(new, 0) if last else new


@message_step.wrong("one way only", says="a road in both directions")
def _one_way(states, bonds, features, weights):
    return _step(states, bonds, features, weights, both=False)


@message_step.wrong("relu after the sum", says="by itself, before they are added")
def _relu_late(states, bonds, features, weights):
    return _step(states, bonds, features, weights, relu=False)


@message_step.wrong("the mean of the messages", says="added, not averaged")
def _mean(states, bonds, features, weights):
    return _step(states, bonds, features, weights, mean=True)


@message_step.wrong("ignores the bond", says="the kind of bond")
def _deaf_to_bonds(states, bonds, features, weights):
    return _step(states, bonds, features, weights, bond=False)


@message_step.wrong("forgets itself", says="keeps something of itself")
def _selfless(states, bonds, features, weights):
    return _step(states, bonds, features, weights, self=False)


@message_step.wrong("no relu at the end", says="go through relu, too")
def _no_last_relu(states, bonds, features, weights):
    return _step(states, bonds, features, weights, last=False)


@exercise(
    "10.5",
    "A loss with gaps",
    points=2,
    hints=[
        "known = ~np.isnan(labels) marks what was measured. Put 0 into the gaps first, np.where(known, labels, 0): "
        "NaN times 0 is still NaN.",
        "From a logit z and a label y the cross-entropy is log(1 + exp(z)) - y z. np.logaddexp(0, z) is the first term "
        "without overflow.",
        "Add up the losses where known, and divide by the number of known labels, but by 1 where there is none.",
    ],
)
def masked_cross_entropy(labels, logits):
    """labels (n, tasks): 0, 1 or NaN for not measured, logits (n, tasks)
    → binary cross-entropy, the mean over what was measured; 0.0 where nothing was"""
    known = ~np.isnan(labels)
    losses = np.logaddexp(0, logits) - logits * np.where(known, labels, 0)
    return losses[known].sum() / max(known.sum(), 1)


@masked_cross_entropy.checks
def _(answer, rng):
    def example(n, tasks, gaps, scale=2.0):
        labels = rng.integers(0, 2, size=(n, tasks)).astype(float)
        labels[rng.random((n, tasks)) < gaps] = np.nan
        return labels, rng.normal(size=(n, tasks)) * scale

    uneven = np.array([[1, np.nan], [0, np.nan], [1, 0.0], [1, np.nan]]), rng.normal(size=(4, 2))
    cases = {
        "5 molecules, 3 tasks, no gap": example(5, 3, 0.0),
        "8 molecules, 4 tasks, gaps": example(8, 4, 0.4),
        "4 molecules, 2 tasks, of which the second has one label": uneven,
        "3 molecules, 1 task, no label at all": (np.full((3, 1), np.nan), rng.normal(size=(3, 1))),
        "logits of 1000 and -1000": (
            np.array([[1.0, 0.0], [0.0, np.nan]]),
            np.array([[-1000.0, 1000.0], [-1000.0, 3.0]]),
        ),
    }
    for inputs, (labels, logits) in cases.items():
        wanted, got = masked_cross_entropy(labels, logits), expect_number(answer(labels, logits))
        if np.isnan(labels).all():
            expect(not np.isnan(got), f"for {inputs} you returned NaN: where nothing was measured the loss is 0")
        expect(
            np.isfinite(got),
            f"for {inputs} you returned {got}: fill the gaps before you multiply, and let no exponential overflow",
        )
        for wrong, words in {
            _gaps_are_zero: "a gap is not a 0: not measured does not mean inactive",
            _over_all: "divide by the number of labels that are there, not by all",
            _by_task: "average over all known labels at once: the mean of the tasks' means gives one label of a rare "
            "task the weight of many",
        }.items():
            rule_out(got, wrong(labels, logits), wanted, f"for {inputs}: {words}")
        expect_close(got, wanted, inputs=inputs, why="the mean of log(1 + exp(z)) - y z over the known labels")


@masked_cross_entropy.wrong("takes a gap for a 0", says="does not mean inactive")
def _gaps_are_zero(labels, logits):
    return masked_cross_entropy(np.nan_to_num(labels), logits)


@masked_cross_entropy.wrong("divides by all", says="not by all")
def _over_all(labels, logits):
    return masked_cross_entropy(labels, logits) * np.mean(~np.isnan(labels))


@masked_cross_entropy.wrong("the mean of the tasks' means", says="average over all known labels at once")
def _by_task(labels, logits):
    tasks = [k for k in range(labels.shape[1]) if not np.isnan(labels[:, k]).all()]
    return np.mean([masked_cross_entropy(labels[:, [k]], logits[:, [k]]) for k in tasks]) if tasks else 0.0


@masked_cross_entropy.wrong("through the sigmoid", says="let no exponential overflow")
def _(labels, logits):
    known, share = ~np.isnan(labels), 1 / (1 + np.exp(-logits))
    losses = -np.where(labels == 1, np.log(share), np.log(1 - share))
    return losses[known].sum() / max(known.sum(), 1)


@masked_cross_entropy.wrong("nothing measured", says="where nothing was measured")
def _(labels, logits):
    known = ~np.isnan(labels)
    return np.float64(masked_cross_entropy(labels, logits)) * known.sum() / known.sum()


@exercise(
    "10.6",
    "Enrichment",
    points=2,
    hints=[
        "count = int(np.ceil(fraction * len(scores))) are the top: np.argsort(-scores)[:count].",
        "The share of cases among the top, divided by the share of cases among all.",
    ],
)
def enrichment_factor(labels, scores, fraction):
    """labels (n,) of 0 and 1, scores (n,), share of the list that is the top, rounded up
    → share of cases at the top / share of cases overall"""
    count = int(np.ceil(fraction * len(scores) - 1e-9))
    top = np.argsort(-scores)[:count]
    return labels[top].mean() / labels.mean()


@enrichment_factor.checks
def _(answer, rng):
    for n, cases, fraction in [
        (30, 6, 0.01),
        (100, 10, 0.1),
        (50, 5, 0.05),
        (30, 15, 0.5),
        (200, 4, 0.01),
        (40, 6, 1.0),
    ]:
        labels, scores = np.zeros(n, int), rng.permutation(n) + rng.random()  # no two are equal
        labels[rng.choice(n, cases - 1, replace=False)] = 1
        labels[[scores.argmax(), scores.argmin()]] = 1, 0
        cases = labels.sum()
        inputs = f"{n} molecules, {cases} of them active, and the top {fraction:g}"
        wanted, got = enrichment_factor(labels, scores, fraction), expect_number(answer(labels, scores, fraction))
        expect(not np.isnan(got), f"for {inputs} your top is empty: round its length up")
        for wrong, words in {
            _bottom: "you took the lowest scores; the top are the highest",
            _precision: "this is the share of actives at the top; divide by the share among all",
            _found: "this is the share of all actives that are at the top; chance would find there a share of fraction",
            _floor: "the length of the top is rounded up",
        }.items():
            rule_out(got, wrong(labels, scores, fraction), wanted, f"for {inputs}: {words}")
        expect_close(got, wanted, inputs=inputs, why="share of actives at the top / share of actives overall")


@enrichment_factor.wrong("the lowest scores", says="the top are the highest")
def _bottom(labels, scores, fraction):
    return enrichment_factor(labels, -scores, fraction)


@enrichment_factor.wrong("not divided by the prevalence", says="divide by the share among all")
def _precision(labels, scores, fraction):
    return enrichment_factor(labels, scores, fraction) * labels.mean()


@enrichment_factor.wrong("the share that was found", says="a share of fraction")
def _found(labels, scores, fraction):
    count = int(np.ceil(fraction * len(scores) - 1e-9))
    return labels[np.argsort(-scores)[:count]].sum() / labels.sum()


@enrichment_factor.wrong("rounds down", says="rounded up")
def _floor(labels, scores, fraction):
    count = max(int(fraction * len(scores) + 1e-9), 1)
    return labels[np.argsort(-scores)[:count]].mean() / labels.mean()


@enrichment_factor.wrong("an empty top", says="your top is empty")
def _(labels, scores, fraction):
    count = int(fraction * len(scores) + 1e-9)
    return np.float64(labels[np.argsort(-scores)[:count]].sum()) / count / labels.mean()
