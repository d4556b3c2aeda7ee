"""Molecules with several labels and gaps: the classical baseline, and how any model is scored."""

import numpy as np

from utils import metrics

MOST_ROWS = 10_000  # of training a forest gets, at random: beyond, it gains little and takes long


def forest(features, labels, train, *, task, trees=200, seed=0):
    """Fit one random forest for each task, on the training rows where it was measured, and predict for all rows.

    Parameters
    ----------
    features : array, (n, k)
        Fingerprints, descriptors or both.
    labels : array of float, (n, tasks)
        0 and 1, or numbers in regression; NaN for not measured.
    train : array of int
        Row numbers; beyond 10,000 as many are drawn at random.
    task : {"classification", "regression"}
    trees, seed : int

    Returns
    -------
    array of float, (n, tasks)
        Probability of 1, or the number. A task without a training label gets 0.5, or 0; one of equal labels that label.

    References
    ----------
    Breiman (2001), Machine Learning 45:5-32, https://doi.org/10.1023/A:1010933404324.
    """
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    options = {"n_estimators": trees, "random_state": seed, "n_jobs": 2}
    train = np.asarray(train)
    if len(train) > MOST_ROWS:
        train = np.random.default_rng(seed).choice(train, MOST_ROWS, replace=False)
    found = np.full(labels.shape, 0.5 if task == "classification" else 0.0)
    for number, values in enumerate(labels.T):
        rows = train[~np.isnan(values[train])]
        different = np.unique(values[rows])
        if len(different) == 1:
            found[:, number] = different
        elif len(different) and task == "classification":
            model = RandomForestClassifier(**options).fit(features[rows], values[rows])
            found[:, number] = model.predict_proba(features)[:, 1]
        elif len(different):
            model = RandomForestRegressor(max_features=1 / 3, **options).fit(features[rows], values[rows])
            found[:, number] = model.predict(features)
    return found


def typical_error(labels, predictions):
    """Root mean square error of each task over what was measured, then the mean over the tasks. Both are (n, tasks),
    labels with NaN for not measured. NaN when nothing was."""
    measured = ~np.isnan(labels).all(axis=0)
    if not measured.any():
        return np.nan
    return float(np.sqrt(np.nanmean((labels - predictions)[:, measured] ** 2, axis=0)).mean())


def judge(labels, predictions, groups, *, task, repeats=1000):
    """The score of a model on one part, with a 95 % interval that draws whole groups.

    labels: (n, tasks), NaN for not measured. predictions: (n, tasks). groups: (n,), scaffolds for example; where there
    is only one, molecules are drawn. task: "classification" gives the mean ROC AUC of the tasks that have both classes,
    "regression" the typical error. repeats: a quarter of it above 1,500 molecules, where intervals are steady.
    Returns an Estimate. Where the score does not exist, as with a single class, it prints why and returns NaN.
    """
    statistic = metrics.multilabel_auc if task == "classification" else typical_error
    groups = groups if len(np.unique(groups)) > 1 else None
    repeats = repeats if len(labels) <= 1500 else max(20, repeats // 4)
    try:
        return metrics.estimate(statistic, labels, predictions, groups=groups, repeats=repeats)
    except metrics.UndefinedScore as reason:
        print("no score:", reason)
        return metrics.Estimate(np.nan, np.nan, np.nan)
