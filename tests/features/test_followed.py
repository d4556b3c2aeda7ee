"""Everybody who was followed: who is in, for how long, and that the rest of the cohort's functions take them."""

import numpy as np

from utils import datasets
from utils.features import cohorts
from utils.features.followed import followed


def test_everybody_is_in_with_days_and_state():
    data = datasets.load("nafld")
    found = followed(data, static=["age"])
    assert len(found.ids) == len(data.patients) == len(found.days)
    np.testing.assert_array_equal(found.labels, data.labels)
    assert found.static.shape == (len(found.ids), 1)
    split = cohorts.part(found)
    assert sum(map(len, (split.train, split.validation, split.test))) == len(found.ids)
    assert not set(found.groups[split.train]) & set(found.groups[split.test])


def test_a_later_start_leaves_out_who_is_gone_and_counts_from_there():
    data = datasets.load("pbc")
    whole, later = followed(data), followed(data, start=365)
    assert set(later.ids) == set(whole.ids[whole.days > 365])
    np.testing.assert_allclose(later.days, whole.days[whole.days > 365] - 365)
    assert (later.predict_at == 365).all()
    recorded = cohorts.known_by(data.events, later)
    assert recorded["time"].max() <= 365
    assert set(recorded["id"]) <= set(later.ids)
