"""What several tests share: the repository's root, its chapters, and an environment without a network."""

import os
from pathlib import Path

import hypothesis
import nbformat
import pytest

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

# On a busy machine an example is slow to make and slow to try: neither says anything about the code.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow], parent=hypothesis.settings.default
)
hypothesis.settings.load_profile("busy")

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "chapters").glob("[0-9][0-9]_*.ipynb"))
OWN = sorted((ROOT / "chapters" / "own").glob("*.ipynb"))


def read(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture
def root():
    return ROOT


@pytest.fixture(scope="session")
def offline():
    """Environment variables for a child process that cannot reach any other machine."""
    return os.environ | {"PYTHONPATH": str(ROOT / "tests" / "offline"), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def shown(monkeypatch):
    """Collects what is displayed, as a list of MIME bundles (dict)."""
    bundles = []

    def record(bundle, **options):
        bundles.append(bundle)

    monkeypatch.setattr("utils.verdicts.display", record)
    return bundles
