"""Everybody who was followed, for as long as they were: a cohort for models that know what to do with censoring."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.features.cohorts import Cohort


@dataclass(frozen=True, eq=False)
class Followed(Cohort):
    """A cohort with the time that each person was watched.

    labels: int64 (n,), the state at the last contact, 0 for none of the events (censored). days: float64 (n,), from the
    moment of prediction until then, above 0. Otherwise as ``Cohort``.
    """

    days: np.ndarray


def followed(records: Any, *, start: float = 0.0, static: Sequence[str] = ()) -> Followed:
    """Everybody who was still watched, without an event, after ``start``, which is the moment of prediction.

    records: as ``datasets.load`` gives them, with "follow_up_days". static: columns of the patients' table. Returns
    ``Followed``, in the order of the patients.
    """
    patients = records.patients
    days = patients["follow_up_days"].to_numpy(float) - start
    rows = np.flatnonzero(days > 0)
    table = patients.iloc[rows][list(static)].to_numpy(np.float32).reshape(len(rows), len(static))
    return Followed(
        ids=patients.index.to_numpy()[rows],
        labels=records.labels[rows].astype(np.int64),
        groups=records.groups[rows],
        predict_at=np.full(len(rows), float(start)),
        static=table,
        static_names=tuple(static),
        days=days[rows],
    )
