"""Chapter 13: how surprising a two-sample AUC is, and the same nuclei in the colours of another slide."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from utils.errors import UsageError


def p_value(scores: ArrayLike, is_new: ArrayLike, groups: ArrayLike, shuffles: int, seed: int = 0) -> float:
    """The share of shuffles in which chance tells new rows from old ones at least as well as the scores did.

    Whole groups are dealt to old and new again, as many new ones as there are.

    Parameters
    ----------
    scores : array-like of float, (n,)
        Higher for rows that look new.
    is_new : array-like of 0 and 1, (n,)
        Both occur, and no group has both.
    groups : array-like, (n,)
        Rows that belong together.
    shuffles, seed : int
        Number of shuffles, at least 1, and the seed that they begin from.

    Returns
    -------
    float
        (1 + shuffles that reach the AUC) / (1 + shuffles), so never 0.

    Raises
    ------
    UsageError
        When there is nothing to tell apart, or a group is old and new.

    References
    ----------
    Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9:39,
    https://doi.org/10.2202/1544-6115.1585.
    """
    is_new = np.asarray(is_new, bool)
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    if is_new.all() or not is_new.any() or (is_new[first][group] != is_new).any():
        raise UsageError(
            f"{int(is_new.sum())} of {len(is_new)} rows are new: give old and new rows, and no group that has both."
        )
    ranks = stats.rankdata(scores)  # the AUC from ranks, since it is computed anew in each shuffle
    pairs_won = _auc(ranks, is_new)
    rng = np.random.default_rng(seed)
    by_chance = [_auc(ranks, rng.permutation(is_new[first])[group]) for _ in range(shuffles)]
    return float((1 + np.sum(np.array(by_chance) >= pairs_won - 1e-12)) / (1 + shuffles))


def _auc(ranks: np.ndarray, is_new: np.ndarray) -> float:
    new = is_new.sum()
    return (ranks[is_new].sum() - new * (new + 1) / 2) / (new * (len(ranks) - new))


def repainted(images: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Pictures whose colours change as those of one set differ from those of another.

    Each colour is moved and stretched so that pictures with the mean and spread of ``before`` get those of ``after``
    (Reinhard and others, 2001, https://doi.org/10.1109/38.946629, here in red, green and blue).

    Parameters
    ----------
    images, before, after : ndarray of uint8, (n, height, width, 3)
        n may differ.

    Returns
    -------
    ndarray of uint8, the shape of the images
    """
    (mean, spread), (other_mean, other_spread) = (
        (one.mean(axis=(0, 1, 2)), one.std(axis=(0, 1, 2))) for one in (before, after)
    )
    return np.clip((images - mean) / spread * other_spread + other_mean, 0, 255).astype(np.uint8)
