"""The tasks of ``bench/applications.py``: each module holds TASKS, which maps a name to a function of the seeds.

A function trains the deep models and the baselines of one task on the same split and returns their scores.
"""

import sys
from dataclasses import dataclass

from utils import datasets
from utils.errors import CourseError


@dataclass(frozen=True)
class Score:
    """One model on one task: a score on the test part with its 95 % interval, and what it took.

    task, model, metric: their names. value, low, high: the score and its interval. seconds: to train and predict, of
    wall time. published: a published figure for the same task with a short reference, or "".
    """

    task: str
    model: str
    metric: str
    value: float
    low: float
    high: float
    seconds: float
    published: str = ""


def available(name):
    """A dataset, or None where it cannot be had, which is then said."""
    try:
        return datasets.load(name)
    except CourseError as error:
        print(f"{name} is left out: {error}", file=sys.stderr)
        return None
