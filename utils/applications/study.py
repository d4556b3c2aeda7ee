"""A study of any data: one split by group, a choice on the validation part, one test, and what must be said of it.

The notebooks in ``chapters/own`` have the same steps in the same order, whatever the kind of data:

    data = study.load(path, "sequences", label=label)     # a path of the reader's own, or a name of the catalogue
    study.understood(data, seed)                          # what was read, assumed and left out, and the split
    work = study.begin(data, seed=seed, repeats=500)
    work.split.train, work.labels, work.names, work.task  # for training; task is "classes", "findings" or "numbers"
    best = work.choose({"small": …, "large": …})          # name → predictions for work.split.validation; prints
    study.mixtures({"small": …, "large": …})              # the same, and the mean: "small + large"; for any part
    work.scores({"network": …, "forest": …})              # name → predictions for work.split.test; a table
    work.record("network", first)                         # the first measure, for report.json; not judged
    work.compare("network", first, "forest", second)      # a Comparison: the paired difference and its sentence
    work.calibration({"network": …, "forest": …})         # a table; work.calibration_figure(…) draws it
    work.worst(first, most=6)                             # a table; its index are rows of the data
    work.subgroups(first, {"file": members})              # a table, by groups, classes or what is given
    work.card(…)                                          # the model card, as text in Markdown

Predictions are always those of one part of the split, in its order. For "classes" they are probabilities (n, classes),
or (n,) of class 1 where there are two; for "findings" probabilities (n, columns), with labels of 0, 1 and NaN; for
"numbers" values (n, columns), with NaN for labels that were not measured.
"""

import dataclasses
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from utils import claims, datasets, metrics
from utils.applications import study_measures as measures
from utils.applications.study_data import Data, load, understood
from utils.datasets.own.needs import plan
from utils.datasets.types import Molecules
from utils.errors import UsageError
from utils.metrics.comparison import Comparison, paired, sentence

ENOUGH = 20  # rows from which on a group is shown as a subgroup
MOST_SUBGROUPS = 8

__all__ = ["Study", "begin", "load", "mixtures", "understood"]


@dataclass(frozen=True, eq=False)
class Study:
    """Data with their split, and everything that is computed on a part of it. Made by ``begin``.

    task: "classes" (one class for each row), "findings" (several, each yes or no) or "numbers". labels: int64 (n,), or
    float64 (n, columns) with NaN where not measured. names: of the classes or columns. groups: int64 (n,). measures:
    name → function of (labels, predictions); the first one decides comparisons. repeats: of the bootstrap.
    """

    data: Data
    split: datasets.Split
    task: str
    labels: np.ndarray
    names: tuple[str, ...]
    groups: np.ndarray
    measures: Mapping[str, Callable]
    repeats: int
    seed: int

    @property
    def main(self) -> str:
        """The name of the measure that decides comparisons."""
        return next(iter(self.measures))

    @property
    def rule(self) -> str:
        """What ``choose`` does, in words."""
        loss = "error" if self.task == "numbers" else "log-loss"
        return f"the smallest {loss} on the validation part"

    def guesses(self, predictions: np.ndarray, part: str = "test") -> np.ndarray:
        """Predictions for a part as float64 (n, columns); UsageError when they are not of its size."""
        rows, found = self.split.parts()[part], np.asarray(predictions, np.float64)
        if found.ndim == 1:
            found = np.column_stack([1 - found, found]) if self.task == "classes" else found[:, None]
        if found.shape != (len(rows), len(self.names)):
            raise UsageError(
                f"The predictions have the shape {np.shape(predictions)}: the {part} part needs "
                f"({len(rows)}, {len(self.names)})."
            )
        return found

    def losses(self, predictions: np.ndarray, part: str = "test") -> np.ndarray:
        """Loss of each row of a part, (n,): log-loss, or squared error in standard deviations of the training part."""
        truth = self.labels[self.split.parts()[part]]
        spread = measures.spread(self.labels[self.split.train]) if self.task == "numbers" else None
        return measures.losses(self.task, truth, self.guesses(predictions, part), spread)

    def choose(self, candidates: Mapping[str, np.ndarray]) -> str:
        """The candidate with the smallest mean loss on the validation part; prints the loss of each.

        candidates: name → predictions for the validation part.
        """
        found = {name: float(np.nanmean(self.losses(guess, "validation"))) for name, guess in candidates.items()}
        best = min(found, key=found.get)
        for name, loss in found.items():
            print(f"{loss:8.3f}  {name}{'  ← chosen' if name == best else ''}")
        return best

    def estimate(
        self,
        measure: str,
        *predictions: np.ndarray,
        inside: np.ndarray | None = None,
        statistic: Callable | None = None,
    ) -> metrics.Estimate:
        """A measure on the test part with its 95 % interval by group; NaN where there are too few rows for it.

        inside: bool (n of the test part), to look at some rows only. statistic: in place of the measure's function.
        """
        rows = self.split.test
        inside = np.ones(len(rows), bool) if inside is None else inside
        chosen = [self.guesses(guess)[inside] for guess in predictions]
        arrays = [self.labels[rows][inside], *chosen]
        groups = self.groups[rows][inside]
        if len(np.unique(groups)) < 2:
            return metrics.Estimate(np.nan, np.nan, np.nan)
        statistic = statistic or self.measures[measure]
        return metrics.estimate(
            statistic, *arrays, groups=groups, repeats=self.repeats, seed=self.seed, undefined="nan"
        )

    def constant(self) -> np.ndarray:
        """What one would say without a model: the shares, or the means, of the training part, for the test part."""
        known = self.labels[self.split.train]
        if self.task == "classes":
            share = np.bincount(known, minlength=len(self.names)) / len(known)
        else:
            share = np.nanmean(known, axis=0)
        return np.tile(share, (len(self.split.test), 1))

    def scores(self, predictions: Mapping[str, np.ndarray]) -> pd.DataFrame:
        """A row per model, a column per measure, each with its 95 % interval; the last row needs no model."""
        models = {**predictions, "no model, only shares" if self.task != "numbers" else "no model, the mean": None}
        rows = {}
        for name, guess in models.items():
            guess = self.constant() if guess is None else guess
            rows[name] = {measure: measures.words(self.estimate(measure, guess)) for measure in self.measures}
        return pd.DataFrame.from_dict(rows, orient="index")

    def record(self, name: str, predictions: np.ndarray) -> None:
        """Show and record the first measure on the test part as a claim that is not judged, beside no model at all."""
        measure, truth = self.measures[self.main], self.labels[self.split.test]
        value, without = (measure(truth, guess) for guess in (self.guesses(predictions), self.constant()))
        band = {"at_most" if measures.lower_is_better(self.main) else "at_least": without}
        claims.claim(f"{name}: {self.main}, with the value of no model as its band", value, **band, judged=False)

    def compare(self, first_name: str, first: np.ndarray, second_name: str, second: np.ndarray) -> Comparison:
        """The paired difference of two models on the test part, by group, and the sentence that it allows."""
        found = self.estimate(self.main, first, second, statistic=paired(self.measures[self.main]))
        names, lower = (first_name, second_name), measures.lower_is_better(self.main)
        return Comparison(found, sentence(found, names, self.main, lower))

    def calibration(self, predictions: Mapping[str, np.ndarray]) -> pd.DataFrame:
        """A row per model: calibration slope (1 is ideal) with its interval and, but for numbers, calibration error."""
        rows = {}
        for name, guess in predictions.items():
            slope = self.estimate("", guess, statistic=measures.slope(self.task))
            rows[name] = {"calibration slope": measures.words(slope, 2)}
            if self.task != "numbers":
                error = self.estimate("", guess, statistic=measures.calibration_error(self.task))
                rows[name]["calibration error"] = measures.words(error)
        return pd.DataFrame.from_dict(rows, orient="index")

    def calibration_figure(self, predictions: Mapping[str, np.ndarray]) -> Any:
        """What the models said against what was measured: curves of probabilities, or dots of numbers. A figure."""
        truth = self.labels[self.split.test]
        return measures.figure(self.task, truth, {name: self.guesses(guess) for name, guess in predictions.items()})

    def worst(self, predictions: np.ndarray, most: int = 8) -> pd.DataFrame:
        """The test rows with the largest loss: what is true and what was said. Its index: rows of the data."""
        guess, losses = self.guesses(predictions), self.losses(predictions)
        order = np.argsort(-np.nan_to_num(losses, nan=-1), kind="stable")[:most]
        rows = self.split.test[order]
        return measures.worst(self.task, self.names, self.labels[rows], guess[order], losses[order], rows)

    def subgroups(self, predictions: np.ndarray, members: Mapping[str, np.ndarray] | None = None) -> pd.DataFrame:
        """The first measure in parts of the test part, with intervals by group: a row for each part.

        members: name of a division → the member of each test row (n,), for example {"sex": …}. Added to it are the
        largest groups of the file with at least 20 rows or, where there are not two, the classes or columns.
        """
        rows, found = self.split.test, {}
        for division, member in (members or {}).items():
            for one in np.unique(member):
                found[f"{division}: {one}"] = self._inside(predictions, member == one, self.groups)
        numbers, sizes = np.unique(self.groups[rows], return_counts=True)
        large = numbers[np.argsort(-sizes, kind="stable")][: (sizes >= ENOUGH).sum()][:MOST_SUBGROUPS]
        for one in large if len(large) > 1 else []:
            # Within one group there is nothing left to draw but its rows.
            found[f"group {one}"] = self._inside(predictions, self.groups[rows] == one, np.arange(len(self.groups)))
        if len(large) < 2:
            found |= self._columns(predictions)
        return pd.DataFrame.from_dict(found, orient="index")

    def _inside(self, predictions: np.ndarray, inside: np.ndarray, groups: np.ndarray) -> dict:
        part = dataclasses.replace(self, groups=groups)
        return {
            "rows": int(inside.sum()),
            self.main: measures.words(part.estimate(self.main, predictions, inside=inside)),
        }

    def _columns(self, predictions: np.ndarray) -> dict[str, dict]:
        """The first measure for each class against the others, or for each column."""
        found = {}
        for place, name in enumerate(self.names):
            statistic = measures.of_column(self.task, self.measures[self.main], place)
            truth = self.labels[self.split.test]
            count = (truth == place).sum() if self.task == "classes" else np.isfinite(truth[:, place]).sum()
            score = self.estimate(self.main, predictions, statistic=statistic)
            found[str(name)] = {"rows": int(count), self.main: measures.words(score)}
        return found

    def card(self, model: str, *, trained: str, scores: pd.DataFrame, comparison: Comparison) -> str:
        """The model card in Markdown: what is known of the model, and what only the owner of the data can add.

        model: the name of the model that is reported, a row of scores. trained: how it was trained, in a sentence.
        """
        return measures.card(self, model, trained, scores, comparison)


def begin(data: Data, *, seed: int = 0, repeats: int = 500) -> Study:
    """The study of these data: split by whole groups (images keep their own split), measures, and what is predicted.

    Raises CourseError, with one sentence, when the data cannot carry a study: see ``own.needs.plan``.
    """
    labels = np.asarray(data.labels)
    if isinstance(data, Molecules):
        task = "numbers" if data.entry.task == "regression" else "findings"
        names, labels = tuple(data.task_names), labels.astype(np.float64)
    else:
        task, names = "findings" if labels.ndim == 2 else "classes", tuple(data.class_names)
    if task == "findings":
        labels = labels.astype(np.float64)
    split = plan(data, seed)
    return Study(data, split, task, labels, names, data.groups, measures.of(task, len(names)), repeats, seed)


def mixtures(predictions: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The predictions, and the means of any two or more of them, called "first + second".

    Models that were trained differently err differently, and in the mean errors cancel (Caruana and others, 2004,
    doi:10.1145/1015330.1015432).
    """
    together = [names for size in range(1, len(predictions) + 1) for names in itertools.combinations(predictions, size)]
    return {" + ".join(names): np.mean([predictions[name] for name in names], axis=0) for names in together}
