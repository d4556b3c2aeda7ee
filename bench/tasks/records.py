"""Patient records: five-year mortality in the NAFLD cohort, outcome in the PBC trial, heartbeats of ECG5000."""

import time

import keras
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from threadpoolctl import threadpool_limits

from tasks import Score
from utils import datasets, metrics
from utils.applications import heartbeats, records
from utils.features import cohorts

YEAR = 365.25
PUBLISHED_BEATS = "0.93 to 0.95, UCR archive, doi:10.1109/JAS.2019.1911747"


def nafld(seeds):
    """AUC of death within five years; each seed is another split by matched set. Values and intervals are means."""
    data, found = datasets.load("nafld"), {}
    limits = {"sbp": (50, 300), "hdl": (5, 200)}
    events = data.events
    for name, (low, high) in limits.items():
        events = events[(events["variable"] != name) | events["value"].between(low, high)]
    cohort = cohorts.cohort(data, horizon=5 * YEAR, static=["age", "male", "bmi", "weight", "height"])
    known = cohorts.known_by(events, cohort)
    for seed in seeds:
        split = cohorts.part(cohort, (0.6, 0.15, 0.25), seed)
        for name, (risk, seconds) in _of_split(known, cohort, split, seed).items():
            rows = split.test
            score = metrics.estimate(
                metrics.roc_auc, cohort.labels[rows], risk[rows], groups=cohort.groups[rows], repeats=200
            )
            found.setdefault(name, []).append((*score, seconds))
    return [Score("NAFLD", name, "AUC", *np.mean(rows, axis=0).tolist()) for name, rows in found.items()]


def _of_split(known, cohort, split, seed):
    """Risks of everybody and seconds, by model, for one split."""
    train, labels = split.train, cohort.labels
    variables = cohorts.commonest(known, cohort.ids[train])
    visits = cohorts.build(known, cohort, variables, longest=16)
    table = np.concatenate([cohort.static, cohorts.summaries(known, cohort, variables)[0]], axis=1)
    context = [cohorts.fit_scale(table, train)(table), np.isnan(cohort.static)]
    context = np.concatenate(context, axis=1).astype("float32")
    steps, found = cohorts.steps(visits, train), {}

    def choose(models, inputs):
        began = time.perf_counter()
        with threadpool_limits(1):
            risks = [model.fit(inputs[train], labels[train]).predict_proba(inputs)[:, 1] for model in models]
        losses = [log_loss(labels[split.validation], risk[split.validation]) for risk in risks]
        best = int(np.argmin(losses))
        return models[best], (risks[best], time.perf_counter() - began)

    def lines():
        return [LogisticRegression(C=C, max_iter=1000) for C in (0.01, 0.03, 0.1)]

    found["logistic regression, age and sex"] = choose(lines(), context[:, :2])[1]
    line, found["logistic regression"] = choose(lines(), context)
    options = {"max_iter": 100, "learning_rate": 0.05, "l2_regularization": 1.0, "min_samples_leaf": 40}
    options |= {"early_stopping": False, "random_state": seed}
    trees = [HistGradientBoostingClassifier(max_leaf_nodes=leaves, **options) for leaves in (4, 8)]
    found["gradient boosting"] = choose(trees, table)[1]
    width = cohort.static.shape[1]
    alone = np.concatenate([context[:, :width], context[:, -width - 3 :]], axis=1)
    begin = choose(lines(), alone)[0]
    gentle, strict = {"units": 32, "dropout": 0.2}, {"units": 16, "dropout": 0.5}
    networks = {
        "GRU, visits alone": (records.read_with_gru, alone, begin, gentle, 0.01),
        "GRU, with summaries": (records.read_with_gru, context, line, strict, 0.005),
        "attention, with summaries": (records.read_with_attention, context, line, strict, 0.005),
    }
    for name, (reader, beside, regression, options, rate) in networks.items():
        began = time.perf_counter()
        keras.utils.set_random_seed(seed)
        model = records.risk_model(reader, steps.shape[-1], beside.shape[-1], **options)
        records.begin_as(model, regression.coef_, regression.intercept_)
        inputs = [steps, visits.mask, beside]
        records.train(model, inputs, labels, split, epochs=8, rate=rate)
        found[name] = records.predict(model, inputs), time.perf_counter() - began
    risks, seconds = zip(*(found[name] for name in networks), strict=True)
    found["mean of the three networks"] = np.mean(risks, axis=0), sum(seconds)
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
        for name, predict in (("logistic regression", _beats_by_line), ("CNN, two networks", _beats_by_networks)):
            began = time.perf_counter()
            told = predict(data.signals[train], data.labels[train], data.signals[test], seed)
            seconds = time.perf_counter() - began
            score = metrics.estimate(metrics.accuracy, truth, told, repeats=200)
            found.setdefault(name, []).append((*score, seconds))
    return [
        Score("ECG5000", name, "accuracy", *np.mean(rows, axis=0).tolist(), PUBLISHED_BEATS)
        for name, rows in found.items()
    ]


def _beats_by_line(signals, labels, new, seed):
    return LogisticRegression(C=0.1, max_iter=1000).fit(signals, labels).predict_proba(new)


def _beats_by_networks(signals, labels, new, seed):
    networks = heartbeats.train_beats(signals, labels, classes=5, members=2, seed=1000 * seed)
    return heartbeats.predict_beats(networks, new)


TASKS = {"nafld": nafld, "pbc": pbc, "ecg5000": ecg5000}
