"""Exercises of chapter 02: right answers of other forms pass, and plausible mistakes hear what is wrong."""

import functools
import random
import warnings

import keras
import numpy as np
import pandas as pd
import pytest
import scipy.special
import scipy.stats
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupShuffleSplit, train_test_split

from utils.exercises import core

softmax = core.reference("2.1")
cross_entropy = core.reference("2.2")
constant = core.reference("2.3")
adam = core.reference("2.4")
split = core.reference("2.5")

RIGHT, WRONG = [], []  # (exercise, function), and with what its message says


def right(identifier):
    return lambda function: RIGHT.append((identifier, function)) or function


def mistake(identifier, says):
    return lambda function: WRONG.append((identifier, function, says)) or function


def step(function):
    """A function of (weights, gradient, mean, square, step, rate, beta1, beta2, epsilon), with the defaults of 2.4."""

    @functools.wraps(function, assigned=("__name__",))
    def adam_step(
        weights, gradient, mean, square, step, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-7
    ):  # fmt: skip
        return function(weights, gradient, mean, square, step, learning_rate, beta1, beta2, epsilon)

    del adam_step.__wrapped__  # its signature is that of the exercise
    return adam_step


def averages(gradient, mean, square, beta1, beta2):
    return beta1 * mean + (1 - beta1) * gradient, beta2 * square + (1 - beta2) * gradient**2


# --- 2.1 ----------------------------------------------------------------------------------------------------------


@right("2.1")
def by_scipy(scores):
    return scipy.special.softmax(scores, axis=1)


@right("2.1")
def by_keras(scores):
    return keras.ops.softmax(scores)


@right("2.1")
def in_loops(scores):
    rows = [[np.exp(score - max(row)) for score in row] for row in scores]
    return [[number / sum(row) for number in row] for row in rows]


@right("2.1")
def of_all_differences(scores):
    return 1 / np.exp(scores[:, None, :] - scores[:, :, None]).sum(axis=2)


@right("2.1")
def from_the_logarithm(scores):
    return np.exp(scores - scipy.special.logsumexp(scores, axis=1, keepdims=True))


@mistake("2.1", "divided each column by the sum of another row")
def without_keepdims(scores):
    positive = np.exp(scores - scores.max(axis=1, keepdims=True))
    return positive / positive.sum(axis=1)


@mistake("2.1", "then divide by the sum of the row")
def by_the_sum_of_all(scores):
    positive = np.exp(scores - scores.max(axis=1, keepdims=True))
    return positive / positive.sum()


@mistake("2.1", "take exp of every score first")
def the_logarithm(scores):
    return np.log(softmax(scores))


@mistake("2.1", "then divide by the sum of the row")
def sigmoids(scores):
    return 1 / (1 + np.exp(-scores))


@mistake("2.1", "subtract its largest score first")
def clipped_scores(scores):
    return softmax(np.clip(scores, -500, 500))


@mistake("2.1", "where 0.2447 is expected")
def nan_called_zero(scores):
    return np.nan_to_num(np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True))


@mistake("2.1", "your code changed scores itself")
def softmax_in_place(scores):
    scores -= scores.max(axis=1, keepdims=True)
    return softmax(scores)


# --- 2.2 ----------------------------------------------------------------------------------------------------------


@right("2.2")
def cross_entropy_by_scipy(scores, labels):
    one_hot = np.eye(scores.shape[1])[labels]
    loss = -np.sum(one_hot * scipy.special.log_softmax(scores, axis=1)) / len(labels)
    return [loss, (scipy.special.softmax(scores, axis=1) - one_hot) / len(labels)]


@right("2.2")
def cross_entropy_by_logaddexp(scores, labels):
    total, rows = np.logaddexp.reduce(scores, axis=1), np.arange(len(labels))
    gradient = np.exp(scores - total[:, None])
    np.subtract.at(gradient, (rows, labels), 1)
    return np.mean(total - scores[rows, labels]), gradient / len(labels)


@right("2.2")
def cross_entropy_by_keras(scores, labels):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, scores)
    one_hot = keras.ops.one_hot(labels, scores.shape[1], dtype="float64")
    return loss, (keras.ops.softmax(scores) - one_hot) / len(labels)


@mistake("2.2", "a floor under the probability hides how wrong this is")
def with_a_floor(scores, labels):
    q = np.clip(softmax(scores), 1e-12, 1)
    return -np.mean(np.log(q[np.arange(len(labels)), labels])), cross_entropy(scores, labels)[1]


@mistake("2.2", "minus the mean log-probability of the true class")
def in_base_2(scores, labels):
    loss, gradient = cross_entropy(scores, labels)
    return loss / np.log(2), gradient


@mistake("2.2", "minus 1 at the true class")
def gradient_without_the_label(scores, labels):
    return cross_entropy(scores, labels)[0], softmax(scores) / len(labels)


@mistake("2.2", "minus 1 at the true class")
def gradient_at_the_label_alone(scores, labels):
    loss, gradient = cross_entropy(scores, labels)
    return loss, gradient * np.eye(scores.shape[1])[labels]


@mistake("2.2", "divided by the number of rows")
def gradient_of_the_mean_over_entries(scores, labels):
    loss, gradient = cross_entropy(scores, labels)
    return loss, gradient / scores.shape[1]


@mistake("2.2", "the loss is the mean over all rows")
def a_loss_for_each_row(scores, labels):
    return -np.log(softmax(scores))[np.arange(len(labels)), labels], cross_entropy(scores, labels)[1]


@mistake("2.2", "minus the mean log-probability of the true class")
def the_probability_itself(scores, labels):
    return 1 - softmax(scores)[np.arange(len(labels)), labels].mean(), cross_entropy(scores, labels)[1]


# --- 2.3 ----------------------------------------------------------------------------------------------------------


@right("2.3")
def by_entropy(labels):
    return labels.mean(), scipy.stats.entropy([labels.mean(), 1 - labels.mean()])


@right("2.3")
def by_sklearn(labels):
    return [labels.mean(), log_loss(labels, np.full(len(labels), labels.mean()), labels=[0, 1])]


@right("2.3")
def by_xlogy(labels):
    p = np.mean(labels)
    return np.array([p, -scipy.special.xlogy(p, p) - scipy.special.xlogy(1 - p, 1 - p)])


@right("2.3")
def label_by_label(labels):
    p = sum(labels) / len(labels)
    return p, -sum(np.log(p if label else 1 - p) for label in labels) / len(labels)


@right("2.3")
def from_counts(labels):
    shares = np.bincount(labels, minlength=2) / len(labels)
    return shares[1], -np.nansum(shares * np.log(shares))


@mistake("2.3", "the share of ones fits best")
def probability_of_a_zero(labels):
    return 1 - constant(labels)[0], constant(labels)[1]


@mistake("2.3", "the share of ones fits best")
def smoothed(labels):
    p = (np.sum(labels) + 1) / (len(labels) + 2)
    return p, log_loss(labels, np.full(len(labels), p), labels=[0, 1])


@mistake("2.3", "the mean of what each label costs")
def brier_score(labels):
    return labels.mean(), labels.mean() * (1 - labels.mean())


@mistake("2.3", "the mean of what each label costs")
def share_of_errors(labels):
    return labels.mean(), min(labels.mean(), 1 - labels.mean())


@mistake("2.3", "for labels = [1, 1, 1, 1, 1] your loss is nan where 0 is expected")
def no_ones_thought_of(labels):
    p = labels.mean()
    return (p, 0.0) if p == 0 else (p, -(p * np.log(p) + (1 - p) * np.log(1 - p)))


# --- 2.4 ----------------------------------------------------------------------------------------------------------


@right("2.4")
@step
def as_published(weights, gradient, mean, square, step, rate, beta1, beta2, epsilon):
    mean, square = averages(gradient, mean, square, beta1, beta2)
    corrected = mean / (1 - beta1**step), square / (1 - beta2**step)
    return weights - rate * corrected[0] / (np.sqrt(corrected[1]) + epsilon), mean, square


@right("2.4")
@step
def by_increments(weights, gradient, mean, square, step, rate, beta1, beta2, epsilon):
    mean, square = mean + (gradient - mean) * (1 - beta1), square + (gradient**2 - square) * (1 - beta2)
    rate = rate * (1 - beta2**step) ** 0.5 / (1 - beta1**step)
    return np.stack([weights - rate * mean / (square**0.5 + epsilon), mean, square])


@right("2.4")
@step
def one_weight_after_the_other(weights, gradient, mean, square, *rest):
    return list(zip(*(adam(*one, *rest) for one in zip(weights, gradient, mean, square, strict=True)), strict=True))


@mistake("2.4", "for epsilon = 0.1 you used an epsilon of your own")
@step
def epsilon_of_the_article(weights, gradient, mean, square, step, rate, beta1, beta2, epsilon):
    return adam(weights, gradient, mean, square, step, rate, beta1, beta2, epsilon=1e-8)


@mistake("2.4", "you added epsilon inside the square root")
@step
def epsilon_inside(weights, gradient, mean, square, step, rate, beta1, beta2, epsilon):
    mean, square = averages(gradient, mean, square, beta1, beta2)
    rate = rate * np.sqrt(1 - beta2**step) / (1 - beta1**step)
    return weights - rate * mean / np.sqrt(square + epsilon), mean, square


@mistake("2.4", "you returned the corrected averages")
@step
def corrected_averages(weights, gradient, mean, square, step, rate, beta1, beta2, epsilon):
    weights, mean, square = adam(weights, gradient, mean, square, step, rate, beta1, beta2, epsilon)
    return weights, mean / (1 - beta1**step), square / (1 - beta2**step)


@mistake("2.4", "your mean is 0 at [0]")
@step
def old_averages(weights, gradient, mean, square, *rest):
    return adam(weights, gradient, mean, square, *rest)[0], mean, square


@mistake("2.4", "beta1, beta2 and learning_rate are arguments, use them")
@step
def betas_of_ones_own(weights, gradient, mean, square, step, rate, *rest):
    return adam(weights, gradient, mean, square, step, rate)


@mistake("2.4", "the first step is as long as the learning rate")
@step
def counted_from_zero(weights, gradient, mean, square, step, *rest):
    return adam(weights, gradient, mean, square, step + 1, *rest)


@mistake("2.4", "where (weights, mean, square) is expected")
@step
def weights_alone(*arguments):
    return adam(*arguments)[0]


@mistake("2.4", "your code changed mean itself")
@step
def averages_in_place(weights, gradient, mean, square, *rest):
    result = adam(weights, gradient, mean, square, *rest)
    mean[:], square[:] = result[1:]
    return result


# --- 2.5 ----------------------------------------------------------------------------------------------------------


@right("2.5")
def a_coin_for_each_patient(groups, test_fraction, seed):
    names, number = np.unique(groups, return_inverse=True)
    return (np.random.default_rng(seed).random(len(names)) < test_fraction)[number]


@right("2.5")
def shuffled_and_cut(groups, test_fraction, seed):
    names = np.unique(groups)
    np.random.RandomState(seed).shuffle(names)
    return np.isin(groups, names[: int(np.ceil(test_fraction * len(names)))]).astype(int).tolist()


@right("2.5")
def by_random_sample(groups, test_fraction, seed):
    names = sorted(set(groups.tolist()))
    chosen = random.Random(seed).sample(names, int(test_fraction * len(names)))
    return np.array([group in chosen for group in groups.tolist()])


@right("2.5")
def by_group_shuffle_split(groups, test_fraction, seed):
    splitter = GroupShuffleSplit(1, test_size=test_fraction, random_state=seed)
    test = np.zeros(len(groups), bool)
    test[next(splitter.split(groups, groups=groups))[1]] = True
    return test


@right("2.5")
def names_by_train_test_split(groups, test_fraction, seed):
    return np.isin(groups, train_test_split(np.unique(groups), test_size=test_fraction, random_state=seed)[1])


@right("2.5")
def by_pandas(groups, test_fraction, seed):
    rows = pd.Series(groups)
    return rows.isin(rows.drop_duplicates().sample(frac=test_fraction, random_state=seed))


@mistake("2.5", "draw from the names of the patients, each once")
def rows_until_there_are_enough_patients(groups, test_fraction, seed):
    order = dict.fromkeys(np.random.default_rng(seed).permutation(groups).tolist())
    return np.isin(groups, list(order)[: round(test_fraction * len(order))])


@mistake("2.5", "draw from the names of the patients, each once")
def weighed_by_visits(groups, test_fraction, seed):
    names, visits = np.unique(groups, return_counts=True)
    number = round(test_fraction * len(names))
    return np.isin(
        groups, np.random.default_rng(seed).choice(names, number, replace=False, p=visits / visits.sum())
    )  # fmt: skip


@mistake("2.5", "draw nobody twice")
def drawn_twice(groups, test_fraction, seed):
    names = np.unique(groups)
    return np.isin(groups, np.random.default_rng(seed).choice(names, round(test_fraction * len(names))))


@mistake("2.5", "the fraction is meant of the patients")
def all_patients_of_some_rows(groups, test_fraction, seed):
    return np.isin(groups, groups[np.random.default_rng(seed).random(len(groups)) < test_fraction])


@mistake("2.5", "you drew 9.0 patients on average, where 15 are wanted: use test_fraction")
def always_three_tenths(groups, test_fraction, seed):
    return split(groups, 0.3, seed)


@mistake("2.5", "you drew the same patients each time")
def one_seed_for_all(groups, test_fraction, seed):
    return split(groups, test_fraction, 0)


@mistake("2.5", "different splits only: draw the patients at random")
def every_other_patient(groups, test_fraction, seed):
    return (np.unique(groups, return_inverse=True)[1] + seed) % round(1 / test_fraction) == 0


@mistake("2.5", "where True and False are expected")
def places_of_the_rows(groups, test_fraction, seed):
    return np.flatnonzero(split(groups, test_fraction, seed))


@mistake("2.5", "one True or False for each row")
def both_parts(groups, test_fraction, seed):
    return split(groups, test_fraction, seed), ~split(groups, test_fraction, seed)


# --- the checks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("identifier", "answer"), RIGHT, ids=lambda value: getattr(value, "__name__", value))
def test_a_right_answer_passes(identifier, answer, seed):
    with warnings.catch_warnings(action="ignore"):
        assert core.get(identifier).judge(answer, seed) == ("passed", "")


@pytest.mark.parametrize(("identifier", "answer", "says"), WRONG, ids=lambda value: getattr(value, "__name__", "says"))
def test_a_mistake_hears_what_is_wrong(identifier, answer, says):
    with warnings.catch_warnings(action="ignore"):
        status, message = core.get(identifier).judge(answer)
    assert status == "wrong"
    assert says in message
