"""Claims: the band, the verdict, what is shown and what is recorded."""

import json

import numpy as np
import pytest

from utils import claims
from utils.claims import CLAIM_MIME, claim


@pytest.fixture(autouse=True)
def judged():
    claims.judge(True)
    yield
    claims.judge(True)


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
        (float("inf"), {"at_least": 0}, True),
        (np.float32(0.9), {"at_least": 0.8}, True),
        (np.array(0.9), {"at_least": 0.8}, True),
    ],
)
def test_verdict(shown, value, bounds, ok):
    claim("accuracy", value, **bounds)
    record = shown[0][CLAIM_MIME]
    assert record["ok"] is ok
    assert shown[0]["text/plain"].startswith("✓" if ok else "✗")
    json.loads(json.dumps(record, allow_nan=False))


def test_record_holds_the_band(shown):
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


def test_smoke_records_without_judging(shown):
    claims.judge(False)
    claim("accuracy", 0.1, at_least=0.8)
    assert shown[0][CLAIM_MIME]["ok"] is False
    assert shown[0][CLAIM_MIME]["judged"] is False
    assert shown[0]["text/plain"].startswith("○")
    assert "not judged" in shown[0]["text/plain"]


def test_name_is_escaped(shown):
    claim("a < b", 1, at_least=0)
    assert "a &lt; b" in shown[0]["text/html"]


@pytest.mark.parametrize(
    ("bounds", "words"),
    [
        ({}, "has no band"),
        ({"between": (0, 1), "at_least": 0}, "either"),
        ({"between": (1, 0)}, "empty"),
    ],
)
def test_a_claim_needs_one_sensible_band(bounds, words):
    with pytest.raises(ValueError, match=words):
        claim("accuracy", 0.5, **bounds)
