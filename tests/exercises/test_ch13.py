"""Exercises of chapter 13: right answers that look unlike the reference pass, and near misses are named."""

import statistics
from collections import Counter
from itertools import product

import numpy as np
import pytest

from utils.exercises import core


def suspects_one_by_one(probabilities, given):
    classes, table, suspects = range(probabilities.shape[1]), Counter(), []
    thresholds = [statistics.fmean(probabilities[given == k, k].tolist()) for k in classes]
    for row, label in zip(probabilities, given, strict=True):
        reached = [k for k in classes if row[k] >= thresholds[k] - 1e-12]
        best = max(reached, key=row.__getitem__, default=None)
        table[int(label), best] += best is not None
        suspects.append(best is not None and best != label)
    return [[table[i, k] for k in classes] for i in classes], suspects


def suspects_by_a_product(probabilities, given):
    one_hot = np.eye(probabilities.shape[1])[given]
    thresholds = (one_hot * probabilities).sum(axis=0) / one_hot.sum(axis=0)
    masked = np.ma.masked_array(probabilities, probabilities < thresholds - 1e-12)
    counted = (~masked.mask).any(axis=1)
    confident = np.eye(probabilities.shape[1])[masked.argmax(axis=1, fill_value=-1)] * counted[:, None]
    return one_hot.T @ confident, (counted & ~(confident * one_hot).any(axis=1)).astype(int)


def suspects_by_a_table(probabilities, given):
    import pandas as pd

    frame = pd.DataFrame(probabilities)
    own = frame.where(pd.get_dummies(pd.Series(given)).astype(bool))
    reached = frame.where(frame.ge(own.mean() - 1e-12))
    counted = reached.notna().any(axis=1)
    best = reached[counted].idxmax(axis=1)
    table = pd.crosstab(pd.Series(given)[counted], best).reindex(
        index=range(frame.shape[1]), columns=range(frame.shape[1]), fill_value=0
    )
    return table.to_numpy(), counted.to_numpy() & (best.reindex(frame.index).to_numpy() != given)


def suspects_by_numbered_cells(probabilities, given):
    n, classes = probabilities.shape
    thresholds = np.bincount(given, probabilities[np.arange(n), given]) / np.bincount(given)
    score = (probabilities >= thresholds - 1e-12) * (1 + probabilities)
    best = np.where(score.max(axis=1) > 0, score.argmax(axis=1), -1)
    rows = np.flatnonzero(best >= 0)
    table = np.bincount(given[rows] * classes + best[rows], minlength=classes**2).reshape(classes, classes)
    return table.astype(float), (best >= 0) * (best != given) == 1


def suspects_from_a_list_of_sets(probabilities, given):
    thresholds = {k: probabilities[np.flatnonzero(given == k)][:, k].mean() for k in set(given.tolist())}
    table, suspects = np.zeros((len(thresholds),) * 2), np.zeros(len(given), dtype=bool)
    for i, label in enumerate(given):
        order = np.argsort(-probabilities[i], kind="stable")
        best = next((k for k in order if probabilities[i, k] >= thresholds[k]), None)
        if best is not None:
            table[label, best] += 1
            suspects[i] = best != label
    return table, suspects


def pooled_by_statistics(estimates, variances):
    m = len(estimates)
    within, between = statistics.fmean(variances), statistics.variance(estimates.tolist())
    total = within + between + between / m
    return statistics.fmean(estimates), total**0.5, (m - 1) * (total / (total - within)) ** 2


def pooled_by_the_share_of_missing_information(estimates, variances):
    m, total = len(estimates), np.mean(variances) + np.var(estimates, ddof=1) * (1 + 1 / len(estimates))
    missing = (total - np.mean(variances)) / total
    return [np.mean(estimates), total**0.5, (m - 1) / missing**2]


def pooled_by_pairs(estimates, variances):
    m = len(estimates)
    between = sum((a - b) ** 2 for a, b in product(estimates, estimates)) / (2 * m * (m - 1))
    ratio = (1 + 1 / m) * between / (sum(variances) / m)
    return sum(estimates) / m, np.sqrt(sum(variances) / m * (1 + ratio)), (m - 1) * (1 + 1 / ratio) ** 2


def pooled_in_one_array(estimates, variances):
    m, within = estimates.size, variances.mean()
    added = np.cov(estimates).item() * (m + 1) / m
    return np.array([estimates.mean(), np.hypot(np.sqrt(within), np.sqrt(added)), (m - 1) * (within / added + 1) ** 2])


def pooled_by_a_series(estimates, variances):
    import pandas as pd

    both = pd.DataFrame({"e": estimates, "v": variances})
    added = both["e"].var() * (1 + 1 / len(both))
    return both["e"].mean(), (both["v"].mean() + added) ** 0.5, (len(both) - 1) * (1 + both["v"].mean() / added) ** 2


def reweighted_by_odds(probabilities, before, now):
    logs = np.log(probabilities) + np.log(now) - np.log(before)
    raised = np.exp(logs - logs.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1)[:, None]


def reweighted_row_by_row(probabilities, before, now):
    rows = [[p * n / b for p, b, n in zip(row, before, now, strict=True)] for row in probabilities]
    return [[p / sum(row) for p in row] for row in rows]


def auc_with_labels_of_minus_one(fit, old, new, held_old, held_new):
    score = fit(np.concatenate([new, old]), np.r_[np.ones(len(new)), -np.ones(len(old))])
    return np.mean([0.5 + 0.5 * np.sign(a - b) for a, b in product(score(held_new), score(held_old))])


def auc_from_ranks(fit, old, new, held_old, held_new):
    from scipy.stats import rankdata

    scores = fit(np.r_[old, new], np.r_[np.zeros(len(old)), np.ones(len(new))])(np.r_[held_new, held_old])
    n = len(held_new)
    return (rankdata(scores)[:n].sum() - n * (n + 1) / 2) / (n * len(held_old))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        ("13.1", suspects_one_by_one),
        ("13.1", suspects_by_a_product),
        ("13.1", suspects_by_a_table),
        ("13.1", suspects_by_numbered_cells),
        ("13.1", suspects_from_a_list_of_sets),
        ("13.2", pooled_by_statistics),
        ("13.2", pooled_by_the_share_of_missing_information),
        ("13.2", pooled_by_pairs),
        ("13.2", pooled_in_one_array),
        ("13.2", pooled_by_a_series),
        ("13.3", reweighted_by_odds),
        ("13.3", reweighted_row_by_row),
        ("13.4", auc_with_labels_of_minus_one),
        ("13.4", auc_from_ranks),
    ],
)
def test_another_right_answer_passes(identifier, answer, seed):
    assert core.get(identifier).judge(answer, seed) == ("passed", "")


def suspects_as_numbers(probabilities, given):
    table, suspects = core.reference("13.1")(probabilities, given)
    return table, np.flatnonzero(suspects)


def table_alone(probabilities, given):
    return core.reference("13.1")(probabilities, given)[0]


def pooled_and_its_interval(estimates, variances):
    value, error, _ = core.reference("13.2")(estimates, variances)
    return value, value - 1.96 * error, value + 1.96 * error


def pooled_without_freedom(estimates, variances):
    return core.reference("13.2")(estimates, variances)[:2]


@pytest.mark.parametrize(
    ("identifier", "answer", "words"),
    [
        ("13.1", suspects_as_numbers, "where True and False are expected"),
        ("13.1", table_alone, "(table, suspects)"),
        ("13.2", pooled_and_its_interval, "your standard error is"),
        ("13.2", pooled_without_freedom, "(estimate, standard error, degrees of freedom)"),
    ],
)
def test_a_near_miss_is_named(identifier, answer, words):
    status, message = core.get(identifier).judge(answer)
    assert status == "wrong"
    assert words in message
