"""How much a chapter computes (its profile) and with which seed; the one place where both are set."""

import os
from dataclasses import dataclass
from typing import Any

import keras
from threadpoolctl import threadpool_limits

from utils import claims, plots
from utils.errors import UsageError
from utils.nn.quiet import quiet
from utils.nn.training import HIGHEST_SEED

PROFILES = ("smoke", "quick", "full")


@dataclass(frozen=True)
class Run:
    """One run of a chapter: its profile (``smoke``, ``quick`` or ``full``) and its seed."""

    profile: str
    seed: int

    def pick(self, *, smoke: Any, quick: Any, full: Any = None) -> Any:
        """The value for this run's profile, for example a number of epochs. ``full`` is ``quick`` unless given."""
        return {"smoke": smoke, "quick": quick, "full": quick if full is None else full}[self.profile]

    def claim(self, name: str, value: float, **band: Any) -> None:
        """``claims.claim`` with the band that the chapter states; in the smoke profile it is recorded, not judged."""
        claims.claim(name, value, **band, judged=self.profile != "smoke")


def start(profile: str = "quick", seed: int = 0) -> Run:
    """Begin a chapter: seed every random generator, and draw figures in the course's style from here on.

    NumPy's products run on one core from here on. On several, those of small tables wait for each other: a logistic
    regression on 859 pictures has been seen to take ten times as long. Keras's backend keeps all cores.

    Parameters
    ----------
    profile : {"smoke", "quick", "full"}
        ``smoke`` proves in seconds that the code runs; ``quick`` gives real results on two processor cores; ``full``
        uses all data.
    seed : int
        Seed of Python's, NumPy's and the Keras backend's random numbers, from 0 to 4294966.

    Raises
    ------
    UsageError
        When there is no such profile, or the seed is not a whole number in its range.
    """
    if os.environ.get("NBGRADER_EXECUTION") == "autograde":
        profile = "smoke"  # marks are about the exercises, and need no training
    if profile not in PROFILES:
        raise UsageError(f"There is no profile {profile!r}: choose {', '.join(PROFILES[:-1])} or {PROFILES[-1]}.")
    if not isinstance(seed, int) or not 0 <= seed <= HIGHEST_SEED:
        raise UsageError(f"The seed must be a whole number from 0 to {HIGHEST_SEED}, not {seed!r}.")
    keras.utils.set_random_seed(seed)
    threadpool_limits(1, "blas")  # in force until somebody sets another limit
    plots.use_style()
    with quiet():
        keras.ops.zeros(1)  # the first operation looks for a GPU, and reports at length if it finds no GPU
        keras.ops.transpose(keras.ops.ones((2, 2), "bool"))  # so do processors without AVX-512, at the first mask
    return Run(profile, seed)
