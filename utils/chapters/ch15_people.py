"""The people of a cohort as chapter 15 knows them, and a regression with few parameters that is fitted to some."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from utils.datasets import Split, load
from utils.features import cohorts

YEAR = 365.25


@dataclass(frozen=True, eq=False)
class People:
    """A cohort at its moment of prediction.

    cohort: who, and what became of them within five years. known: the events until the moment. variables: of which
    there are most. summaries, columns: of the visits, float32 (n, columns), and their names. split: no group on two
    sides.
    """

    cohort: cohorts.Cohort
    known: pd.DataFrame
    variables: tuple[str, ...]
    summaries: np.ndarray
    columns: tuple[str, ...]
    split: Split


@cache
def people(name: str) -> People:
    """The people of "nafld" at their index date, or of "pbc" one year after it."""
    data, large = load(name), name == "nafld"
    static = ["age", "male", "bmi", "weight", "height"] if large else ["age"]
    cohort = cohorts.cohort(data, horizon=5 * YEAR, start=0 if large else 365, static=static)
    known = cohorts.known_by(data.events, cohort)
    split = cohorts.part(cohort, (0.6, 0.15, 0.25) if large else (0.7, 0.0, 0.3))
    variables = cohorts.commonest(known, cohort.ids[split.train])
    return People(cohort, known, variables, *cohorts.summaries(known, cohort, variables), split)


def few_parameters(found: People, values: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """What is known of most people: age, sex, body mass index, and the last value of those ``values`` variables that
    are missing least in the training part. Returns float32 (n, 3 + values), NaN where missing, and the names."""
    last = [place for place, name in enumerate(found.columns) if name.endswith(": last")]
    missing = np.isnan(found.summaries[found.split.train][:, last]).mean(axis=0)
    chosen = [last[place] for place in np.argsort(missing, kind="stable")[:values]]
    table = np.concatenate([found.cohort.static[:, :3], found.summaries[:, chosen]], axis=1)
    return table, (*found.cohort.static_names[:3], *(found.columns[place].split(":")[0] for place in chosen))


def log_odds(table: np.ndarray, labels: np.ndarray, taught: ArrayLike, asked: ArrayLike) -> np.ndarray:
    """The log odds that a logistic regression without penalty gives, float64 (asked,).

    table: (n, parameters), NaN where missing, which gets the mean. labels: (n,). taught, asked: rows.
    """
    from sklearn.linear_model import LogisticRegression

    scaled = cohorts.fit_scale(table, taught)(table).astype(float)
    return (
        LogisticRegression(C=np.inf, max_iter=1000).fit(scaled[taught], labels[taught]).decision_function(scaled[asked])
    )


def r2(labels: np.ndarray, log_odds: np.ndarray) -> float:
    """R² of Cox and Snell: what a model's risks explain of the outcomes (n,), 0 as much as the mean risk does.

    1 - exp(-2 (log likelihood - that of the mean risk) / n); negative where the mean risk does better.
    """
    mean = labels.mean()
    likelihood = np.mean(labels * log_odds - np.logaddexp(0, log_odds))
    return float(1 - np.exp(-2 * (likelihood - mean * np.log(mean) - (1 - mean) * np.log(1 - mean))))


def slope(labels: np.ndarray, log_odds: np.ndarray) -> float:
    """The calibration slope: by what the log odds must be multiplied to fit the outcomes; below 1 they are too extreme
    (Cox, 1958, doi:10.1093/biomet/45.3-4.562)."""
    from sklearn.linear_model import LogisticRegression

    return float(LogisticRegression(C=np.inf).fit(log_odds[:, None], labels).coef_[0, 0])
