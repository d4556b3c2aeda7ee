"""Patient records: five-year mortality in the NAFLD cohort, outcome in the PBC trial, heartbeats of ECG5000."""

import time
from functools import partial

import keras
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tasks import Score
from utils import datasets, metrics, nn
from utils.applications import heartbeats, records, survival
from utils.features import cohorts
from utils.features.followed import followed

YEAR = 365.25
EDGES = YEAR * np.array([1, 2, 3, 4, 5, 6.5, 8, 10])  # of the intervals of hazard networks
BEST_NETWORK = "GRU, with summaries"
PUBLISHED_BEATS = "0.93 to 0.95, UCR archive, doi:10.1109/JAS.2019.1911747"


def nafld(seeds):
    """C-index of death up to five years, everybody counted; each seed is another split by matched set.

    Values and intervals are means over the seeds. The last row is the difference that matters, paired.
    """
    data, found = datasets.load("nafld"), {}
    limits = {"sbp": (50, 300), "hdl": (5, 200)}
    events = data.events
    for name, (low, high) in limits.items():
        events = events[(events["variable"] != name) | events["value"].between(low, high)]
    cohort = followed(data, static=["age", "male", "bmi", "weight", "height"])
    known = cohorts.known_by(events, cohort)
    seen = np.column_stack([cohort.days, cohort.labels])
    for seed in seeds:
        split = cohorts.part(cohort, (0.6, 0.15, 0.25), seed)
        risks = _of_split(known, cohort, split, seed)
        drawn = {"groups": cohort.groups[split.test], "repeats": 200}
        for name, (risk, seconds) in risks.items():
            score = metrics.estimate(_c_index, seen[split.test], risk[split.test], **drawn)
            found.setdefault(name, []).append((*score, seconds))
        pair = [risks[name][0][split.test] for name in (BEST_NETWORK, "gradient boosting")]
        gap = metrics.estimate(metrics.comparison.paired(_c_index), seen[split.test], *pair, **drawn)
        found.setdefault(f"{BEST_NETWORK} - gradient boosting", []).append((*gap, 0.0))
    return [Score("NAFLD", name, "C-index", *np.mean(rows, axis=0).tolist()) for name, rows in found.items()]


def _c_index(seen, risk):
    return metrics.concordance(seen[:, 0], seen[:, 1], risk, 5 * YEAR)


def _of_split(known, cohort, split, seed):
    """Risks of everybody and seconds, by model, for one split."""
    train, found = split.train, {}
    dead = ((cohort.labels > 0) & (cohort.days <= 5 * YEAR)).astype(int)
    weights = metrics.censoring_weights(cohort.days, cohort.labels, 5 * YEAR)
    labelled = train[weights[train] > 0]
    variables = cohorts.commonest(known, cohort.ids[train])
    visits = cohorts.build(known, cohort, variables, longest=16)
    columns, names = cohorts.summaries(known, cohort, variables)
    waits = [name.split(": ")[1].split()[0] in ("count", "since") for name in names]
    table = np.concatenate([cohort.static, np.where(waits, np.log1p(columns), columns)], axis=1)
    context = [cohorts.fit_scale(table, train)(table), np.isnan(cohort.static)]
    context = np.concatenate(context, axis=1).astype("float32")
    steps, rows = cohorts.steps(visits, train), split.validation

    def choose(name, fits):
        began = time.perf_counter()
        with threadpool_limits(1):
            risks = [fit() for fit in fits]
        losses = [log_loss(dead[rows], risk[rows], sample_weight=weights[rows]) for risk in risks]
        found[name] = risks[int(np.argmin(losses))], time.perf_counter() - began

    def weighted(model, inputs):
        model.fit(inputs[labelled], dead[labelled], sample_weight=weights[labelled])
        return model.predict_proba(inputs)[:, 1]

    def cox(penalty):
        fit = survival.fit_cox(cohort.days[train], cohort.labels[train] > 0, context[train], penalty)
        return fit.risk(context, 5 * YEAR)

    lines = [LogisticRegression(C=C, max_iter=1000) for C in (0.003, 0.01, 0.03)]
    options = {"max_iter": 100, "learning_rate": 0.05, "l2_regularization": 1.0, "min_samples_leaf": 40}
    options |= {"early_stopping": False, "random_state": seed}
    trees = [HistGradientBoostingClassifier(max_leaf_nodes=leaves, **options) for leaves in (4, 8)]
    choose("logistic regression, age and sex", [partial(weighted, line, context[:, :2]) for line in lines])
    choose("logistic regression", [partial(weighted, line, context) for line in lines])
    choose("gradient boosting", [partial(weighted, tree, table) for tree in trees])
    choose("Cox regression", [partial(cox, penalty) for penalty in (10, 50, 200)])
    width = cohort.static.shape[1]
    alone = np.concatenate([context[:, :width], context[:, -width - 3 :]], axis=1)
    targets = survival.hazard_targets(cohort.days, cohort.labels > 0, EDGES)
    came, went_on = np.split(targets[train].sum(axis=0), 2)
    networks = {
        "GRU, visits alone": (records.read_with_gru, alone, 0.3),
        "summaries alone": (None, context, 0.5),
        BEST_NETWORK: (records.read_with_gru, context, 0.5),
        "attention, with summaries": (records.read_with_attention, context, 0.5),
    }
    for name, (reader, beside, dropout) in networks.items():
        began = time.perf_counter()
        keras.utils.set_random_seed(seed)
        model = survival.hazard_model(
            reader, steps.shape[-1], beside.shape[-1], came / (came + went_on), dropout=dropout
        )
        inputs = [steps, visits.mask, beside]
        records.train(
            model, inputs, targets, split, epochs=15, rate=0.005, weight_decay=0.05, loss=survival.hazard_loss
        )
        risk = survival.risk_by(nn.predict(model, inputs, 2000))[:, 4]
        found[name] = risk, time.perf_counter() - began
    return found


def pbc(seeds):
    """AUC of death or transplantation in the five years after the first: five folds, other ones for each seed."""
    data, found = datasets.load("pbc"), {}
    cohort = cohorts.cohort(data, horizon=5 * YEAR, start=365, static=["age"])
    known = cohorts.known_by(data.events, cohort)
    variables = cohorts.commonest(known, cohort.ids)
    visits = cohorts.build(known, cohort, variables, longest=4)
    table = np.concatenate([cohort.static, cohorts.summaries(known, cohort, variables)[0]], axis=1)
    labels = cohort.labels
    for seed in list(seeds)[:3]:
        risks = {"logistic regression": np.zeros(len(labels)), "GRU": np.zeros(len(labels))}
        seconds = dict.fromkeys(risks, 0.0)
        folds = StratifiedKFold(5, shuffle=True, random_state=seed)
        for inside, outside in folds.split(table, labels):
            began = time.perf_counter()
            scaled = cohorts.fit_scale(table, inside)(table)
            line = LogisticRegression(C=0.03, max_iter=1000).fit(scaled[inside], labels[inside])
            risks["logistic regression"][outside] = line.predict_proba(scaled[outside])[:, 1]
            seconds["logistic regression"] += time.perf_counter() - began
            began = time.perf_counter()
            keras.utils.set_random_seed(seed)
            steps = cohorts.steps(visits, inside)
            model = records.risk_model(records.read_with_gru, steps.shape[-1], 1, units=8, dropout=0.2)
            split = datasets.Split(np.setdiff1d(inside, inside[::5]), inside[::5], outside)
            inputs = [steps, visits.mask, scaled[:, :1]]
            records.train(model, inputs, labels, split, epochs=30, batch_size=32, rate=0.01, patience=5)
            risks["GRU"][outside] = records.predict(model, inputs)[outside]
            seconds["GRU"] += time.perf_counter() - began
        for name, risk in risks.items():
            score = metrics.estimate(metrics.roc_auc, labels, risk, repeats=200)
            found.setdefault(name, []).append((*score, seconds[name]))
    return [Score("PBC", name, "AUC", *np.mean(rows, axis=0).tolist()) for name, rows in found.items()]


def ecg5000(seeds):
    """Accuracy on the official split, mean over the seeds; the intervals speak of other beats of the one patient."""
    data, found = datasets.load("ecg5000"), {}
    train, test = data.split.train, data.split.test
    truth = data.labels[test]
    for seed in list(seeds)[:3]:
        ways = {
            "logistic regression": _beats_by_line,
            "random convolutions": _beats_by_random_convolutions,
            "CNN, four networks": _beats_by_networks,
        }
        told = {}
        for name, predict in ways.items():
            began = time.perf_counter()
            given = predict(data.signals[train], data.labels[train], data.signals[test], seed)
            told[name] = given, time.perf_counter() - began
        (one, first), (other, second) = told["CNN, four networks"], told["random convolutions"]
        told["four networks and random convolutions, mean"] = (one + other) / 2, first + second
        for name, (given, seconds) in told.items():
            score = metrics.estimate(metrics.accuracy, truth, given, repeats=200)
            found.setdefault(name, []).append((*score, seconds))
    return [
        Score("ECG5000", name, "accuracy", *np.mean(rows, axis=0).tolist(), PUBLISHED_BEATS)
        for name, rows in found.items()
    ]


def _beats_by_line(signals, labels, new, seed):
    return LogisticRegression(C=0.1, max_iter=1000).fit(signals, labels).predict_proba(new)


def _beats_by_random_convolutions(signals, labels, new, seed):
    """The penalty had the smallest log-loss of 0.01, 0.03 and 0.1 in cross-validation within the training part."""
    convolve = heartbeats.random_convolutions(signals.shape[1], seed=seed)
    scale = StandardScaler()
    seen = scale.fit_transform(convolve(signals))
    model = LogisticRegression(C=0.01, max_iter=1000).fit(seen, labels)
    return model.predict_proba(scale.transform(convolve(new)))


def _beats_by_networks(signals, labels, new, seed):
    networks = heartbeats.train_beats(signals, labels, classes=5, members=4, seed=seed)
    return heartbeats.predict_beats(networks, new)


TASKS = {"nafld": nafld, "pbc": pbc, "ecg5000": ecg5000}
