"""Claims: the band, the verdict, what is shown and what is recorded."""

import json
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from utils.claims import CLAIM_MIME, Claim, claim
from utils.errors import CourseError


@pytest.mark.parametrize(
    ("value", "bounds", "ok"),
    [
        (0.8, {"at_least": 0.8}, True),
        (0.79, {"at_least": 0.8}, False),
        (1e-6, {"at_most": 1e-5}, True),
        (2e-5, {"at_most": 1e-5}, False),
        (0.5, {"between": (0.4, 0.6)}, True),
        (0.7, {"between": (0.4, 0.6)}, False),
        (0.5, {"at_least": 0.4, "at_most": 0.6}, True),
        (float("nan"), {"at_least": 0}, False),
        (float("inf"), {"at_least": 0}, False),
        (float("-inf"), {"at_most": 0}, False),
        (np.float32(0.9), {"at_least": 0.8}, True),
        (np.array(0.9), {"at_least": 0.8}, True),
    ],
)
def test_verdict(shown, value, bounds, ok):
    claim("accuracy", value, **bounds)
    record = shown[0][CLAIM_MIME]
    assert record["ok"] is ok
    assert (record["value"] is None) is (not np.isfinite(value))
    assert shown[0]["text/plain"].startswith("✓" if ok else "✗")
    json.loads(json.dumps(record, allow_nan=False))


def test_the_record_holds_the_band(shown):
    claim("gap", 0.125, between=(0.1, 0.2))
    assert shown[0][CLAIM_MIME] == {
        "name": "gap",
        "value": 0.125,
        "low": 0.1,
        "high": 0.2,
        "ok": True,
        "judged": True,
    }
    assert shown[0]["text/plain"] == "✓ gap: 0.125 (accepted 0.1 to 0.2)"


@pytest.mark.parametrize("value", [0.1, 0.9, float("nan")])
def test_what_is_not_judged_is_recorded_and_never_missed(shown, value):
    claim("accuracy", value, at_least=0.8, judged=False)
    record = shown[0][CLAIM_MIME]
    assert (record["ok"], record["judged"]) == (value == 0.9, False)
    assert not Claim.from_record(record).missed
    assert shown[0]["text/plain"].startswith("○ accuracy: ")
    assert shown[0]["text/plain"].endswith(" (accepted ≥ 0.8; recorded, not judged)")


def test_the_words():
    missed = Claim("recall", 0.712345, low=0.8)
    assert missed.missed
    assert missed.text() == "✗ recall: 0.7123 (accepted ≥ 0.8)"
    assert Claim("loss", float("nan"), high=2).verdict() == "not a finite number (accepted ≤ 2)"


@pytest.mark.parametrize("judged", [True, False])
@pytest.mark.parametrize("value", [0.5, 0.9, None])
def test_a_record_comes_back_as_the_same_claim(value, judged):
    there = Claim("recall", value, low=0.8, judged=judged)
    assert Claim.from_record(json.loads(json.dumps(there.as_record()))) == there


def test_a_record_cannot_be_ok_without_a_value():
    record = {"name": "loss", "value": None, "low": None, "high": 2.0, "ok": True}
    assert not Claim.from_record(record).ok
    assert Claim.from_record(record).missed
    assert not Claim.from_record(record | {"value": float("nan")}).ok


@pytest.mark.parametrize(
    "record", [{}, {"name": "x"}, {"name": "x", "low": 0, "value": "high"}, {"name": "x", "low": [], "value": 1}, "x"]
)
def test_what_is_not_a_record_is_refused(record):
    with pytest.raises(CourseError, match="marked as a claim"):
        Claim.from_record(record)


def test_a_claim_cannot_be_changed_afterwards():
    with pytest.raises(FrozenInstanceError):
        Claim("recall", 0.5, low=0.8).value = 0.9


def test_the_name_is_escaped(shown):
    claim("a < b", 1, at_least=0)
    assert "a &lt; b" in shown[0]["text/html"]


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({}, "has no band"),
        ({"between": (0, 1), "at_least": 0}, "either"),
        ({"between": (1, 0)}, "empty"),
        ({"at_least": float("nan")}, "an end of the band is nan"),
        ({"between": (0, float("inf"))}, "an end of the band is inf"),
    ],
)
def test_a_claim_needs_one_sensible_band(bounds, words):
    with pytest.raises(ValueError, match=words):
        claim("accuracy", 0.5, **bounds)
