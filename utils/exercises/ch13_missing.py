"""Exercise of chapter 13: one result from many completed tables, by Rubin's rules."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "13.2",
    "Pool imputations",
    points=2,
    returns=("estimate", "standard error", "degrees of freedom"),
    hints=[
        "Within: the mean of the variances. Between: np.var(estimates, ddof=1), which divides by m - 1.",
        "The total variance is within + (1 + 1/m) · between; the standard error is its square root.",
        "The degrees of freedom are (m - 1) · (1 + within / ((1 + 1/m) · between))².",
    ],
)
def pool(estimates, variances):
    """estimates (m,), not all equal, and variances (m,): the result of each completed table, and
    its squared standard error → pooled estimate, its standard error, degrees of freedom"""
    m = len(estimates)
    within, added = np.mean(variances), (1 + 1 / m) * np.var(estimates, ddof=1)
    return np.mean(estimates), np.sqrt(within + added), (m - 1) * (1 + within / added) ** 2


@pool.checks
def _(answer, rng):
    cases = [(np.array([80.0, 84.0]), np.array([4.0, 9.0])), (np.array([1.0, 2.0, 6.0]), np.array([0.5, 0.25, 4.0]))]
    for m, spread in [(5, 2.0), (10, 0.3), (20, 5.0)]:
        cases.append((rng.normal(rng.choice([-50, 80]), spread, m), rng.uniform(0.5, 3, m)))
    for estimates, variances in cases:
        few = f"estimates = {estimates} and variances = {variances}"
        answer.case(
            few if len(estimates) < 5 else f"the results of {len(estimates)} completed tables",
            *(estimates, variances),
            shape="one number",
            why={
                "estimate": "the mean of the estimates",
                "standard error": "the square root of within + (1 + 1/m) · between",
                "degrees of freedom": "(m - 1) · (1 + within / ((1 + 1/m) · between))²",
            },
        )


def _pooled(estimates, within, added):
    return np.mean(estimates), np.sqrt(within + added), (len(estimates) - 1) * (1 + within / added) ** 2


def _parts(estimates, variances):
    return len(estimates), np.mean(variances), np.var(estimates, ddof=1)


@pool.wrong(
    "no variance between",
    says="your standard error leaves out how much the estimates differ between the tables: add (1 + 1/m) · between",
)
def _(estimates, variances):
    right = pool(estimates, variances)
    return right[0], np.sqrt(np.mean(variances)), right[2]


@pool.wrong(
    "no variance within",
    says="your standard error leaves out the variance within the tables: add the mean of the variances",
)
def _(estimates, variances):
    m, _, between = _parts(estimates, variances)
    return np.mean(estimates), np.sqrt((1 + 1 / m) * between), pool(estimates, variances)[2]


@pool.wrong(
    "as if there were endlessly many tables",
    says="you added the variance between the tables without 1 + 1/m, which pays for having only m of them",
)
def _(estimates, variances):
    _, within, between = _parts(estimates, variances)
    return _pooled(estimates, within, between)


@pool.wrong(
    "divided by m",
    says="your variance between the tables divides by m; divide by m - 1, np.var(estimates, ddof=1)",
)
def _(estimates, variances):
    m, within, _ = _parts(estimates, variances)
    return _pooled(estimates, within, (1 + 1 / m) * np.var(estimates))


@pool.wrong("variances added up", says="you added up the variances within the tables; take their mean")
def _(estimates, variances):
    m, within, between = _parts(estimates, variances)
    return _pooled(estimates, m * within, (1 + 1 / m) * between)


@pool.wrong(
    "standard errors averaged", says="you averaged the standard errors; average the variances, and take the root last"
)
def _(estimates, variances):
    m, _, between = _parts(estimates, variances)
    return _pooled(estimates, np.mean(np.sqrt(variances)) ** 2, (1 + 1 / m) * between)


@pool.wrong(
    "variances squared",
    says="you squared the variances; they are squared standard errors already",
)
def _(estimates, variances):
    m, _, between = _parts(estimates, variances)
    return _pooled(estimates, np.mean(np.square(variances)), (1 + 1 / m) * between)


@pool.wrong("no root", says="you returned the total variance; the standard error is its square root")
def _(estimates, variances):
    value, error, freedom = pool(estimates, variances)
    return value, error**2, freedom


@pool.wrong(
    "divided by the number of tables",
    says="you divided by the number of tables, as if each held other people; more tables bring no new people",
)
def _(estimates, variances):
    value, error, freedom = pool(estimates, variances)
    return value, error / np.sqrt(len(estimates)), freedom


@pool.wrong(
    "spread instead of variance",
    says="you took the standard deviation between the tables where their variance belongs",
)
def _(estimates, variances):
    m, within, between = _parts(estimates, variances)
    return _pooled(estimates, within, (1 + 1 / m) * np.sqrt(between))


@pool.wrong(
    "weighted", says="you weighted the estimates by their variances; every table counts the same, take the plain mean"
)
def _(estimates, variances):
    _, error, freedom = pool(estimates, variances)
    return np.average(estimates, weights=1 / np.asarray(variances)), error, freedom


@pool.wrong("the middle one", says="you pooled by the median; take the mean of the estimates")
def _(estimates, variances):
    return np.median(estimates), *pool(estimates, variances)[1:]


@pool.wrong(
    "freedom of m - 1",
    says="your degrees of freedom are m - 1; multiply by (1 + within / ((1 + 1/m) · between))²",
)
def _(estimates, variances):
    return *pool(estimates, variances)[:2], len(estimates) - 1


@pool.wrong("freedom not squared", says="your degrees of freedom lack the square: (m - 1) · (1 + …)²")
def _(estimates, variances):
    m, within, between = _parts(estimates, variances)
    return *pool(estimates, variances)[:2], (m - 1) * (1 + within / ((1 + 1 / m) * between))


@pool.wrong(
    "freedom upside down", says="the ratio in your degrees of freedom is upside down: within divided by between"
)
def _(estimates, variances):
    m, within, between = _parts(estimates, variances)
    return *pool(estimates, variances)[:2], (m - 1) * (1 + (1 + 1 / m) * between / within) ** 2
