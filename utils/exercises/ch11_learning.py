"""Exercises of chapter 11 on learning from molecules: a step of message passing, a loss with gaps, enrichment."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "11.4",
    "One step of message passing",
    points=3,
    hints=[
        "Begin with heard = np.zeros((atoms, width)), where the messages to each atom add up. Loop over the bonds; "
        "each carries two messages, one in each direction.",
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
    given, width, kinds = 4, 3, 2
    for inputs, atoms, pairs in [
        ("a ring of 5 atoms with one outside", 6, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0), (4, 5)]),
        ("a chain of 3 atoms", 3, [(0, 1), (1, 2)]),
        ("a single atom without a bond", 1, []),
        ("two parts without a bond between them", 4, [(1, 0), (3, 2)]),
        ("a star of 5 atoms", 5, [(0, 1), (0, 2), (3, 0), (0, 4)]),
    ]:
        shapes = {"of_neighbour": (given, width), "of_bond": (kinds, width), "message_bias": (width,)}
        shapes |= {"of_self": (given, width), "of_sum": (width, width), "bias": (width,)}
        weights = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        weights["bias"] = weights["bias"] + 1  # so that fewer of the results are cut off at 0
        bonds, features = np.array(pairs, int).reshape(-1, 2), rng.normal(size=(len(pairs), kinds))
        answer.case(
            inputs,
            *(rng.normal(size=(atoms, given)), bonds, features, weights),
            shape="one new state for each atom",
            why="relu of the atom's own state, the sum of its messages and the bias, each with its weights",
        )


def _step(states, bonds, features, weights, both=True, relu=True, mean=False, last=True, add=True):
    """The step with one of its parts changed."""
    heard, count = np.zeros((len(states), len(weights["of_sum"]))), np.zeros((len(states), 1))
    for (one, other), feature in zip(bonds, features, strict=True):
        for listens, speaks in ((one, other), (other, one))[: 2 if both else 1]:
            message = states[speaks] @ weights["of_neighbour"] + feature @ weights["of_bond"] + weights["message_bias"]
            heard[listens] = add * heard[listens] + (np.maximum(message, 0) if relu else message)
            count[listens] += 1
    heard = heard if relu else np.maximum(heard, 0)
    heard = heard / np.maximum(count, 1) if mean else heard
    new = states @ weights["of_self"] + heard @ weights["of_sum"] + weights["bias"]
    return np.maximum(new, 0) if last else new


@message_step.wrong("one way only", says="your messages go one way only: each atom of a bond hears the other")
def _(states, bonds, features, weights):
    return _step(states, bonds, features, weights, both=False)


@message_step.wrong("the last message alone", says="your atoms hear their last message alone: add the messages up")
def _(states, bonds, features, weights):
    return _step(states, bonds, features, weights, add=False)


@message_step.wrong(
    "an index twice",
    says="your atoms lose messages: heard[bonds[:, 0]] += … adds only once to an atom that is there twice; use "
    "np.add.at, or a loop over the bonds",
)
def _(states, bonds, features, weights):
    heard = np.zeros((len(states), len(weights["of_sum"])))
    for listens, speaks in (bonds.T, bonds.T[::-1]):
        messages = states[speaks] @ weights["of_neighbour"] + features @ weights["of_bond"] + weights["message_bias"]
        heard[listens] += np.maximum(messages, 0)
    return np.maximum(states @ weights["of_self"] + heard @ weights["of_sum"] + weights["bias"], 0)


@message_step.wrong(
    "relu after the sum", says="you added the messages first: each goes through relu by itself, before they are added"
)
def _(states, bonds, features, weights):
    return _step(states, bonds, features, weights, relu=False)


@message_step.wrong(
    "the mean of the messages",
    says="you averaged the messages: add them up, for two neighbours say more than one",
)
def _(states, bonds, features, weights):
    return _step(states, bonds, features, weights, mean=True)


@message_step.wrong(
    "ignores the bond", says="your messages do not depend on the kind of bond: feature @ of_bond belongs to each"
)
def _(states, bonds, features, weights):
    return message_step(states, bonds, 0 * features, weights)


@message_step.wrong("no message bias", says="your messages lack their bias, message_bias")
def _(states, bonds, features, weights):
    return message_step(states, bonds, features, weights | {"message_bias": 0})


@message_step.wrong(
    "forgets itself", says="your atoms forget their own state: states @ of_self belongs to the new state"
)
def _(states, bonds, features, weights):
    return message_step(states, bonds, features, weights | {"of_self": 0 * weights["of_self"]})


@message_step.wrong(
    "no weights for the sum", says="you added the messages as they are: their sum is multiplied by of_sum"
)
def _(states, bonds, features, weights):
    return message_step(states, bonds, features, weights | {"of_sum": np.eye(len(weights["of_sum"]))})


@message_step.wrong("no relu at the end", says="your new states have negative numbers: they go through relu, too")
def _(states, bonds, features, weights):
    return _step(states, bonds, features, weights, last=False)


@exercise(
    "11.5",
    "A loss with gaps",
    points=2,
    hints=[
        "known = ~np.isnan(labels) marks what was measured. Put 0 into the gaps first, np.where(known, labels, 0): "
        "NaN times 0 is still NaN.",
        "From a logit z and a label y the cross-entropy is log(1 + exp(z)) - y z. np.logaddexp(0, z) is the first term "
        "without overflow.",
        "Add up the losses where known, and divide by the number of known labels, or by 1 if there are none.",
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
    words = {"shape": "the loss is one mean", "why": "the mean of log(1 + exp(z)) - y z over the known labels"}
    for n, tasks, gaps in [(5, 3, 0), (8, 4, 0.4)]:
        labels = rng.integers(0, 2, size=(n, tasks)).astype(float)
        labels[rng.random((n, tasks)) < gaps] = np.nan
        inputs = f"{n} molecules, {tasks} tasks, {'some' if gaps else 'no'} gaps"
        answer.case(inputs, labels, rng.normal(scale=2, size=(n, tasks)), **words)
    uneven = np.array([[1, np.nan], [0, np.nan], [1, 0], [1, np.nan]])
    answer.case("4 molecules, 2 tasks, of which the second has one label", uneven, rng.normal(size=(4, 2)), **words)
    answer.case("2 molecules, 2 tasks, a single label", np.array([[np.nan, 1], [np.nan] * 2]), np.ones((2, 2)), **words)
    answer.case("3 molecules, 1 task, no label at all", np.full((3, 1), np.nan), rng.normal(size=(3, 1)), **words)
    for labels in ([[1, 0], [np.nan, 0]], [[0, 1], [1, np.nan]]):  # far off the mark, and right on it
        logits = np.array([[-1000.0, 1000.0], [1000.0, 3.0]])
        answer.case("logits of 1000 and -1000", np.array(labels, float), logits, **words)


@masked_cross_entropy.wrong("takes a gap for a 0", says="you took gaps for 0: not measured does not mean inactive")
def _(labels, logits):
    return masked_cross_entropy(np.nan_to_num(labels), logits)


@masked_cross_entropy.wrong(
    "NaN times 0", says="you returned NaN: NaN times 0 is still NaN, so fill the gaps before you multiply"
)
def _(labels, logits):
    known = ~np.isnan(labels)
    return ((np.logaddexp(0, logits) - logits * labels) * known).sum() / max(known.sum(), 1)


@masked_cross_entropy.wrong("divides by all", says="you divided by all labels; divide by the number of known ones")
def _(labels, logits):
    return masked_cross_entropy(labels, logits) * np.mean(~np.isnan(labels))


@masked_cross_entropy.wrong("a sum", says="you returned a sum; take the mean over the known labels")
def _(labels, logits):
    return masked_cross_entropy(labels, logits) * np.sum(~np.isnan(labels))


@masked_cross_entropy.wrong(
    "the mean of the tasks' means",
    says="you averaged the means of the tasks, which gives one label of a rare task the weight of many; "
    "average over all known labels at once",
)
def _(labels, logits):
    tasks = [k for k in range(labels.shape[1]) if not np.isnan(labels[:, k]).all()]
    return np.mean([masked_cross_entropy(labels[:, [k]], logits[:, [k]]) for k in tasks]) if tasks else 0.0


@masked_cross_entropy.wrong(
    "through the sigmoid",
    says="you returned {got} where {wanted} is expected: an exponential became too large, or a probability was rounded "
    "to 0 or 1; np.logaddexp(0, z) avoids both",
)
def _(labels, logits):
    known, share = ~np.isnan(labels), 1 / (1 + np.exp(-logits))
    losses = -np.where(labels == 1, np.log(share), np.log(1 - share))
    return losses[known].sum() / max(known.sum(), 1)


@masked_cross_entropy.wrong(
    "clipped probabilities",
    says="you returned {got} where {wanted} is expected: a clipped probability makes a confident mistake too cheap; "
    "work with the logits",
)
def _(labels, logits):
    known, share = ~np.isnan(labels), np.clip(1 / (1 + np.exp(-logits)), 1e-7, 1 - 1e-7)
    losses = -np.where(labels == 1, np.log(share), np.log(1 - share))
    return losses[known].sum() / max(known.sum(), 1)


@masked_cross_entropy.wrong("nothing measured", says="you divided by 0: where nothing was measured the loss is 0")
def _(labels, logits):
    known = ~np.isnan(labels)
    return np.float64(masked_cross_entropy(labels, logits)) * known.sum() / known.sum()


@exercise(
    "11.6",
    "Enrichment",
    points=2,
    hints=[
        "count = int(np.ceil(fraction * len(scores))) molecules are the top: np.argsort(-scores)[:count].",
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
    for n, cases, fraction in [(30, 6, 0.01), (100, 10, 0.1), (50, 5, 0.05), (30, 15, 0.5), (200, 4, 0.01), (40, 6, 1)]:
        labels, scores = np.zeros(n, int), rng.permutation(n) + rng.random()  # no two are equal
        labels[rng.choice(n, cases - 1, replace=False)] = 1
        labels[[scores.argmax(), scores.argmin()]] = 1, 0
        answer.case(
            f"{n} molecules, {labels.sum()} of them active, and the top {fraction:g}",
            *(labels, scores, float(fraction)),
            shape="the enrichment is one ratio",
            why="the share of actives at the top, divided by the share of actives overall",
        )


@enrichment_factor.wrong("the lowest scores", says="you took the lowest scores; the top are the highest")
def _(labels, scores, fraction):
    return enrichment_factor(labels, -scores, fraction)


@enrichment_factor.wrong(
    "not divided by the prevalence", says="you returned the share of actives at the top; divide by the share among all"
)
def _(labels, scores, fraction):
    return enrichment_factor(labels, scores, fraction) * labels.mean()


@enrichment_factor.wrong(
    "the share that was found",
    says="you returned the share of all actives that are at the top; by chance that would be the fraction itself, "
    "so it does not yet say how much better you are",
)
def _(labels, scores, fraction):
    count = int(np.ceil(fraction * len(scores) - 1e-9))
    return labels[np.argsort(-scores)[:count]].sum() / labels.sum()


@enrichment_factor.wrong("rounds down", says="your top is one molecule too short: round its length up")
def _(labels, scores, fraction):
    count = max(int(fraction * len(scores) + 1e-9), 1)
    return labels[np.argsort(-scores)[:count]].mean() / labels.mean()


@enrichment_factor.wrong("an empty top", says="your top is empty: round its length up")
def _(labels, scores, fraction):
    count = int(fraction * len(scores) + 1e-9)
    return np.float64(labels[np.argsort(-scores)[:count]].sum()) / count / labels.mean()
