"""Chapter 09 on few patients: Cox regression and a small hazard network, each tested on the folds it has not seen."""

import numpy as np
from sklearn.model_selection import StratifiedKFold

from utils import nn
from utils.applications import records, survival
from utils.datasets import Records, Split
from utils.features import cohorts
from utils.features.followed import Followed

PENALTY = 20.0  # of Cox regression, of the size that the larger cohort asks for


def risks_by_fold(
    trial: Records, at_risk: Followed, ends: np.ndarray, *, epochs: int, folds: int = 5, network_folds: int = 5
) -> tuple[dict[str, np.ndarray], float]:
    """Risk of any event by the last of ``ends``, of each patient by models that were fitted without that patient.

    Parameters
    ----------
    trial : Records
        Whose events are read, up to each patient's moment of prediction.
    at_risk : Followed
        The patients; any label but 0 is an event.
    ends : ndarray of float, (intervals,)
        Of the network's intervals, in days.
    epochs : int
        At most; training stops early by a fifth of each training part.
    folds, network_folds : int
        Folds in all, and for how many of them the network is trained; elsewhere its risk is 0.

    Returns
    -------
    dict of str to ndarray of float, (n,), and float
        ``{"Cox regression": risks, "hazard network": risks}``, and the mean number of visits.
    """
    happened, learner = (at_risk.labels > 0).astype(int), None
    recorded = cohorts.known_by(trial.events, at_risk)
    variables = cohorts.commonest(recorded, at_risk.ids)
    early = cohorts.build(recorded, at_risk, variables, longest=4)
    digest = np.concatenate([at_risk.static, cohorts.summaries(recorded, at_risk, variables)[0]], axis=1)
    targets = survival.hazard_targets(at_risk.days, happened, ends)
    found = {name: np.zeros(len(happened)) for name in ("Cox regression", "hazard network")}
    parts = StratifiedKFold(folds, shuffle=True, random_state=0).split(digest, happened)
    for fold, (inside, outside) in enumerate(parts):
        scaled = cohorts.fit_scale(digest, inside)(digest)
        simple = survival.fit_cox(at_risk.days[inside], happened[inside], scaled[inside], PENALTY)
        found["Cox regression"][outside] = simple.risk(scaled[outside], ends[-1])
        if fold >= network_folds:
            continue
        given = [cohorts.steps(early, inside), early.mask, scaled]
        stop, keep = inside[::5], np.setdiff1d(inside, inside[::5])
        came, went_on = np.split(targets[keep].sum(axis=0), 2)
        fresh = survival.hazard_model(None, given[0].shape[-1], scaled.shape[1], came / (came + went_on), units=8)
        learner = learner or fresh  # one network is compiled for all folds
        nn.restart(learner, fresh)
        records.train(
            learner,
            given,
            targets,
            Split(keep, stop, outside),
            batch_size=32,
            rate=0.01,
            epochs=epochs,
            patience=5,
            weight_decay=0.05,
            loss=survival.hazard_loss,
        )
        found["hazard network"][outside] = survival.risk_by(nn.predict(learner, given))[outside, -1]
    return found, float(early.mask.sum(axis=1).mean())
