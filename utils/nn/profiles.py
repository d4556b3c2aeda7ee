"""How much a chapter computes (its profile) and with which seed; the one place where both are set."""

from dataclasses import dataclass

import keras

from utils import claims

PROFILES = ("smoke", "quick", "full")


@dataclass(frozen=True)
class Run:
    """One run of a chapter: its profile (``smoke``, ``quick`` or ``full``) and its seed."""

    profile: str
    seed: int

    def pick(self, *, smoke, quick, full=None):
        """The value for this run's profile, for example a number of epochs. ``full`` is ``quick`` unless given."""
        return {"smoke": smoke, "quick": quick, "full": quick if full is None else full}[self.profile]


def start(profile="quick", seed=0, *, judged=True):
    """Begin a chapter: set every random seed, and say whether its claims are judged.

    Parameters
    ----------
    profile : {"smoke", "quick", "full"}
        ``smoke`` proves in seconds that the code runs; ``quick`` gives real results on two processor cores; ``full``
        uses all data.
    seed : int
        Seed of Python's, NumPy's and the Keras backend's random numbers.
    judged : bool
        False where claims are only recorded: their bands were measured on the course's data, not on the reader's own.
        In the smoke profile they never are judged.

    Raises
    ------
    ValueError
        When there is no such profile, or the seed is not a whole number from 0 to 2³² - 1.
    """
    if profile not in PROFILES:
        raise ValueError(f"There is no profile {profile!r}: choose {', '.join(PROFILES[:-1])} or {PROFILES[-1]}.")
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"The seed must be a whole number from 0 to 4294967295, not {seed!r}.")
    keras.utils.set_random_seed(seed)
    if profile == "smoke":
        claims.judge(False, "in the smoke profile")
    else:
        claims.judge(judged, "on data of your own")
    return Run(profile, seed)
