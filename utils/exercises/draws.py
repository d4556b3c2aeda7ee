"""Bootstrap draws of whole groups, judged: for exercises in which the learner's function draws by chance."""

from typing import Any

import numpy as np

from utils.exercises.expect import expect

# The sentences after "for {inputs}", for ``says`` of the mistakes in the exercises that use ``judge_draws``.
PART_OF_A_GROUP = "you drew some rows of a group and not the others; draw whole groups"
OTHER_NUMBER = (
    "the number of groups in one of your draws, counting repeats, is {drawn} where {number} is expected: draw as many "
    "as there are, and let a group that was drawn twice count twice"
)
NO_REPEATS = "no group came twice in any draw: draw with replacement"
NEVER_DRAWN = "group {group} was in none of your draws: draw from all groups"
BIG_GROUPS = "large groups came more often than small ones: draw from the names of the groups, each once, not from rows"


def judge_draws(draws: Any, groups: np.ndarray, inputs: str) -> None:
    """Raise Wrong unless each draw is of whole groups, as many as there are, with replacement, all equally likely.

    Parameters
    ----------
    draws : list of sequence of int
        The rows in each draw.
    groups : array (n,)
        The group of each row.
    inputs : str
        The input in words, for the message.
    """
    names, sizes = np.unique(groups, return_counts=True)
    counts = []  # how often each group is in each draw
    for rows in draws:
        times = np.bincount(rows, minlength=len(groups))
        of_group = [np.unique(times[groups == name]) for name in names]
        expect(all(len(of_one) == 1 for of_one in of_group), f"for {inputs} {PART_OF_A_GROUP}")
        counts.append([int(of_one[0]) for of_one in of_group])
        drawn = sum(counts[-1])
        expect(drawn == len(names), f"for {inputs} {OTHER_NUMBER.format(drawn=drawn, number=len(names))}")
    expect(np.max(counts) > 1, f"for {inputs} {NO_REPEATS}")
    totals = np.sum(counts, axis=0)
    # A group drawn n times with the chance 1 / groups each is never left out by chance where n is so large.
    missing = names[totals == 0] if totals.sum() > 25 * len(names) else []
    expect(not len(missing), f"for {inputs} {NEVER_DRAWN.format(group=next(iter(missing), None))}")
    # Drawn in proportion to their sizes, groups are larger by variance / mean. Half of it is the limit, and it is
    # applied only where chance alone (its standard error) would need six standard errors to reach it.
    limit = sizes.var() / sizes.mean() / 2
    if limit > 6 * sizes.std() / np.sqrt(totals.sum()):
        expect(np.average(sizes, weights=totals) < sizes.mean() + limit, f"for {inputs} {BIG_GROUPS}")
