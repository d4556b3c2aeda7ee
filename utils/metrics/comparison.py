"""Which of two models is better: the difference of their scores, paired on the same rows, and what it allows to say."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from utils.errors import UsageError
from utils.metrics.intervals import Estimate, estimate


class Comparison(NamedTuple):
    """The difference of two scores, first minus second, and the sentence that it allows; printing it prints that."""

    difference: Estimate
    sentence: str

    def __str__(self) -> str:
        return self.sentence


def compare(
    statistic: Callable[..., float],
    labels: ArrayLike,
    predictions: Mapping[str, ArrayLike],
    *,
    measure: str,
    lower_is_better: bool = False,
    groups: ArrayLike | None = None,
    repeats: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare two models on the same rows: both are scored on each resample, so that what is hard for both cancels.

    The sentence names the better model only when the interval of the difference leaves out 0; otherwise it says between
    which differences the data cannot decide. The interval is about other rows from the same source; it says nothing of
    what another training of the same model would give.

    Parameters
    ----------
    statistic : callable
        The score of (labels, one model's predictions), for example ``metrics.roc_auc``.
    labels : array-like, (n,) or (n, tasks)
        As ``statistic`` takes them.
    predictions : mapping of str to array-like
        The name of each of the two models, and what it said about the same n rows.
    measure : str
        The score's name for the sentence, for example ``"AUC"``.
    lower_is_better : bool
        True for errors and losses.
    groups : array-like, (n,), optional
        The group of each row; whole groups are drawn.
    repeats, seed : int
        Of the bootstrap.

    Returns
    -------
    Comparison
        ``(difference, sentence)``. The ends of the interval are NaN when there are too few rows for one.

    Raises
    ------
    CourseError
        When there are not two models, or the arrays do not fit the statistic.

    References
    ----------
    Efron and Tibshirani (1986), Statistical Science 1:54-75, https://doi.org/10.1214/ss/1177013815.
    """
    if len(predictions) != 2:
        raise UsageError(f"Two models are compared, by name: {{name: predictions, …}}; you gave {len(predictions)}.")
    (first, said), (second, others_said) = predictions.items()

    found = estimate(
        paired(statistic), labels, said, others_said, groups=groups, repeats=repeats, seed=seed, undefined="nan"
    )
    return Comparison(found, sentence(found, (first, second), measure, lower_is_better))


def paired(statistic: Callable[..., float]) -> Callable[..., float]:
    """The statistic (labels, one, other) that is the score of one model minus that of another on the same rows."""
    return lambda labels, one, other: statistic(labels, one) - statistic(labels, other)


def sentence(difference: Estimate, names: tuple[str, str], measure: str, lower_is_better: bool = False) -> str:
    """What a difference (first minus second, with its interval) allows to say about the two models in ``names``."""
    first, second = names
    low, high = signed(difference.low), signed(difference.high)
    if np.isnan(difference.low):
        said = f"nothing can be said about {first} and {second}: there are too few test rows."
    elif difference.low > 0 or difference.high < 0:
        ahead = (difference.value > 0) != lower_is_better
        winner, loser = (first, second) if ahead else (second, first)
        said = (
            f"{winner} is better than {loser}: {measure} differs by {signed(difference.value)} ({low} to {high}; "
            f"{first} minus {second})."
        )
    else:
        said = f"{first} or {second}: undecided between {low} and {high} in {measure} ({first} minus {second})."
    return said[0].upper() + said[1:]


def signed(value: float) -> str:
    """A difference with its sign: three digits after the point, or the first two that are not 0."""
    return f"{value:+.3f}" if abs(value) >= 0.005 or value == 0 else f"{value:+.2g}"
