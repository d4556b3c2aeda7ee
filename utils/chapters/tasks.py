"""One question to one dataset, and two who answer it; and a network that can be trained again and again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from utils import metrics
from utils.datasets import Split
from utils.errors import CourseError
from utils.nn.inference import predict
from utils.nn.profiles import Run
from utils.nn.schedules import Cosine
from utils.nn.training import fit, restart, seeded

SCORES = {
    "accuracy": metrics.accuracy,
    "AUC": metrics.roc_auc,
    "macro-AUC": metrics.macro_auc,
    "mean AUC": metrics.multilabel_auc,
    "RMSE": metrics.rmse,
}


@dataclass(frozen=True)
class Method:
    """One that answers. name: in words. answer: a function of the rows to learn from, int (k,), and a seed, which
    returns the answers for the task's test part: (test,) or (test, outputs)."""

    name: str
    answer: Callable


@dataclass(frozen=True, eq=False)
class Task:
    """One question to one dataset.

    question: what is asked. metric: one of SCORES. labels: of all rows, (n,) or (n, tasks). groups: (n,), rows that
    belong together, for splits and intervals; None where nothing but single rows can be drawn. split: no group on two
    sides. deep, classical: the two Methods. third: one more, for some: the same network where what
    is built into it cannot help, or one that has learned elsewhere.
    """

    question: str
    metric: str
    labels: np.ndarray
    groups: np.ndarray | None
    split: Split
    deep: Method
    classical: Method
    third: Method | None = None

    def __post_init__(self):
        if self.metric not in SCORES:
            raise CourseError(f"There is no metric {self.metric!r}; give {', '.join(SCORES)}.")
        parts = list(self.split.parts().values())
        for one, other in ((0, 1), (0, 2), (1, 2)) if self.groups is not None else ():
            shared = np.intersect1d(self.groups[parts[one]], self.groups[parts[other]])
            if len(shared):
                raise CourseError(f"The task {self.question!r} has {len(shared)} groups on two sides of its split.")

    @property
    def truth(self) -> np.ndarray:
        """The labels of the test part."""
        return self.labels[self.split.test]

    @property
    def drawn(self) -> np.ndarray:
        """What an interval draws: the groups of the test part, or its rows."""
        test = self.split.test
        return test if self.groups is None else self.groups[test]

    def score(self, labels: Any, answers: Any) -> float:
        """The task's metric, a float."""
        return SCORES[self.metric](labels, answers)

    def error(self, labels: Any, answers: Any) -> float:
        """What the score lacks, 0 at best: 1 minus an AUC or an accuracy, or the RMSE itself."""
        score = self.score(labels, answers)
        return score if self.metric == "RMSE" else 1 - score

    def paired_errors(self, *answers: Any, repeats: int = 1000, seed: int = 0) -> np.ndarray:
        """The errors of several sets of answers to the test part, on the data and on draws of whole groups.

        All are judged on the same rows of each draw; a draw on which there is no score is left out. Returns float64
        (1 + repeats or fewer, sets of answers): the first row is of the data themselves. Errors as in
        ``metrics.estimate``.
        """
        found, known = [], (self.truth, *answers)
        if self.metric == "accuracy":  # which rows are wrong is all that counts, and quickly drawn
            known = [np.asarray(each).argmax(axis=-1) != self.truth for each in answers]

        def all_of(*drawn):
            if self.metric == "accuracy":
                found.append([each.mean() for each in drawn])
            else:
                found.append([self.error(drawn[0], each) for each in drawn[1:]])
            return found[-1][0]

        metrics.estimate(all_of, *known, groups=self.drawn, repeats=repeats, seed=seed)
        return np.array(found)


class Network:
    """A network that is compiled once and trained anew, from other random weights, as often as asked.

    One recipe for all: AdamW, its rate falling to zero along a cosine, a fixed number of steps, no early stopping.

    Parameters
    ----------
    build : callable
        Returns a keras.Model, not compiled.
    loss : of its outputs
    steps, batch_size, rate, weight_decay : of the training
        The batch size is the same for few rows and many, so that nothing is compiled twice.
    eagerly : bool
        Not to compile, for a handful of steps.
    at_once : int
        Steps between two looks at the learning rate, of which the number of steps is a multiple. Several are quicker
        where a step is short.
    """

    def __init__(
        self,
        build: Callable[[], keras.Model],
        loss: Any,
        *,
        steps: int,
        batch_size: int = 64,
        rate: float = 0.003,
        weight_decay: float = 0.01,
        eagerly: bool = False,
        at_once: int = 1,
    ):
        self.build, self.steps, self.batch_size, self.rate, self.at_once = build, steps, batch_size, rate, at_once
        self.model = build()
        optimizer = keras.optimizers.AdamW(rate, weight_decay=weight_decay)
        options = {"jit_compile": False, "run_eagerly": eagerly, "steps_per_execution": at_once}
        self.model.compile(optimizer, loss, **options)

    def fit(
        self, inputs: Any, targets: np.ndarray, seed: int = 0, *, begin: Callable | None = None, max_epochs: int = 40
    ) -> "Network":
        """Train on arrays (k, …), given as a list; few rows are seen ``max_epochs`` times at most. Returns itself.

        begin: a function of the model that changes its first weights.
        """
        with seeded(seed):
            restart(self.model, self.build())
        if begin:
            begin(self.model)
        steps = max(1, min(self.steps, max_epochs * len(targets) // self.batch_size))
        steps = -(-steps // self.at_once) * self.at_once
        random, rows = np.random.default_rng(seed), np.empty(0, int)
        while len(rows) < steps * self.batch_size:
            rows = np.append(rows, random.permutation(len(targets)))
        rows = rows[: steps * self.batch_size]
        seen = [part[rows] for part in inputs]
        options = {"epochs": 1, "shuffle": False, "quiet": True, "callbacks": [Cosine(self.rate, steps)]}
        fit(self.model, seen if len(seen) > 1 else seen[0], targets[rows], batch_size=self.batch_size, **options)
        return self

    def predict(self, inputs: Any, batch_size: int = 5000) -> np.ndarray:
        """The outputs, float64 (k, outputs), for arrays given as a list."""
        return predict(self.model, inputs, batch_size).astype(float)


def effort(run: Run, steps: int, at_once: int = 1) -> dict:
    """The options of a ``Network`` that takes so many steps in the quick profile."""
    if run.profile == "smoke":
        return {"steps": 1, "eagerly": True}
    return {"steps": run.pick(smoke=1, quick=steps, full=5 * steps), "at_once": at_once}


def taught(run: Run, rows: np.ndarray) -> np.ndarray:
    """The rows to learn from: in the smoke profile some dozens, spread over all."""
    return rows[:: max(len(rows) // 64, 1)] if run.profile == "smoke" else rows


def asked(run: Run, split: Split) -> Split:
    """The split, with some dozens to be tested on in the smoke profile."""
    if run.profile != "smoke":
        return split
    return Split(split.train, split.validation, split.test[:: max(len(split.test) // 200, 1)])
