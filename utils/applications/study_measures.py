"""What a ``study`` measures and how it is said, for each task: classes, findings (several, yes or no) and numbers."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.special import expit, logit

from utils import metrics, plots

if TYPE_CHECKING:
    from utils.applications.study import Study

SMALLEST = 1e-7  # probabilities are kept this far from 0 and 1, so that one sure mistake does not weigh infinitely


def of(task: str, columns: int) -> dict[str, Callable]:
    """The measures of a task, name → function of (labels, predictions); the first decides."""
    if task == "numbers":
        several = " (mean over the columns)" if columns > 1 else ""
        return {f"RMSE{several}": metrics.rmse, f"mean absolute error{several}": absolute_error}
    if task == "findings":
        name = "AUC" if columns == 1 else "mean AUC"
        return {name: metrics.multilabel_auc, "log-loss": measured_log_loss}
    name = "AUC" if columns == 2 else "macro-AUC"
    return {name: metrics.macro_auc, "log-loss": metrics.log_loss, "accuracy": metrics.accuracy}


def lower_is_better(measure: str) -> bool:
    """Whether small values of a measure are good."""
    return measure.startswith(("RMSE", "mean absolute error", "log-loss"))


def absolute_error(labels: np.ndarray, predictions: np.ndarray) -> float:
    """Mean absolute error, in the unit of the labels; of several columns the mean over them. NaN: not measured."""
    return float(np.nanmean(np.nanmean(np.abs(labels - predictions), axis=0)))


def measured_log_loss(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean log-loss over all findings that were measured."""
    return float(np.nanmean(losses("findings", labels, probabilities)))


def spread(labels: np.ndarray) -> np.ndarray:
    """Standard deviation of each column (n, columns) → (columns,), 1 where it does not vary."""
    found = np.nanstd(labels, axis=0)
    return np.where(found > 0, found, 1.0)


def losses(task: str, labels: np.ndarray, predictions: np.ndarray, spreads: np.ndarray | None = None) -> np.ndarray:
    """Loss of each row, (n,), NaN where nothing was measured: log-loss, or squared error in units of the spreads."""
    if task == "classes":
        true = np.take_along_axis(predictions, labels[:, None], axis=1)[:, 0]
        return -np.log(np.clip(true, SMALLEST, 1))
    if task == "numbers":
        each = ((labels - predictions) / spreads) ** 2
    else:
        kept = np.clip(predictions, SMALLEST, 1 - SMALLEST)
        each = np.where(np.isnan(labels), np.nan, -np.log(np.where(labels == 1, kept, 1 - kept)))
    known = ~np.isnan(each)
    total, count = np.where(known, each, 0).sum(axis=1), known.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def pairs(task: str, labels: np.ndarray, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All questions that were answered, one after the other: (what is true, what was said).

    Two classes: is it the second? More: is it this one, for each of them. Findings and numbers: what was measured.
    """
    if task == "classes":
        labels = np.eye(predictions.shape[1])[labels]
        labels, predictions = (part[:, 1:] if part.shape[1] == 2 else part for part in (labels, predictions))
    known = ~np.isnan(labels)
    return labels[known], predictions[known]


def slope(task: str) -> Callable:
    """A function of (labels, predictions): the calibration slope, 1 where a model is neither too sure nor too modest.

    Numbers: that of a line through what was measured over what was said. Otherwise the weight of the logit in a
    logistic regression with an intercept (Cox, 1958, doi:10.1093/biomet/45.3-4.562); below 1 the model is too sure.
    """

    def found(labels: np.ndarray, predictions: np.ndarray) -> float:
        true, said = pairs(task, labels, predictions)
        if len(np.unique(true)) < 2 or np.ptp(said) < 1e-9:
            raise metrics.UndefinedScore("The calibration slope needs different labels and different predictions.")
        if task == "numbers":
            return float(np.polyfit(said, true, 1)[0])
        return logistic_slope(logit(np.clip(said, SMALLEST, 1 - SMALLEST)), true)

    return found


def logistic_slope(x: np.ndarray, labels: np.ndarray) -> float:
    """The weight of x (n,) in a logistic regression of labels (n,) of 0 and 1, with an intercept.

    By Newton's steps here, because a bootstrap asks hundreds of times, and scikit-learn takes a hundred times as long.
    A ridge of 0.0001 per row keeps the weight finite where x separates the labels.
    """
    inputs, weights = np.column_stack([np.ones(len(x)), x]), np.zeros(2)
    for _ in range(50):
        share = expit(inputs @ weights)
        slope = inputs.T @ (share - labels) / len(x) + 1e-4 * weights
        curvature = inputs.T @ (inputs * (share * (1 - share))[:, None]) / len(x) + 1e-4 * np.eye(2)
        step = np.linalg.solve(curvature, slope)
        weights = weights - step * min(1.0, 2.0 / np.abs(step).max())  # no leaps: the shares would be 0 and 1
        if np.abs(step).max() < 1e-8:
            break
    return float(weights[1])


def calibration_error(task: str) -> Callable:
    """A function of (labels, predictions): the expected calibration error over all questions that were answered."""

    def found(labels: np.ndarray, predictions: np.ndarray) -> float:
        true, said = pairs(task, labels, predictions)
        return metrics.calibration_error(true.astype(int), np.clip(said, 0, 1))

    return found


def figure(task: str, labels: np.ndarray, predictions: Mapping[str, np.ndarray]) -> Figure:
    """What each model said against what was measured."""
    drawn, ax = plots.canvas(width=5.2, height=4.2)
    answers = {name: pairs(task, labels, guess) for name, guess in predictions.items()}
    every = np.concatenate([values for answer in answers.values() for values in answer])
    ends = (0, 1) if task != "numbers" else (every.min(), every.max())
    ax.plot(ends, ends, color="#888888", linestyle="--", linewidth=1, label="ideal")
    for name, (true, said) in answers.items():
        if task == "numbers":
            ax.scatter(said, true, s=9, alpha=0.6, label=name)
            continue
        curve = metrics.reliability(true.astype(int), np.clip(said, 0, 1), bins=10)
        ax.plot(curve.confidence, curve.accuracy, marker="o", markersize=4, label=name)
    said_of = "number" if task == "numbers" else "probability"
    ax.set(xlabel=f"{said_of} that the model gives", ylabel="measured" if task == "numbers" else "share that is true")
    ax.legend()
    return drawn


def of_column(task: str, measure: Callable, place: int) -> Callable:
    """A measure of one class against the others, or of one column."""

    def found(labels: np.ndarray, predictions: np.ndarray) -> float:
        if task == "classes":
            return metrics.roc_auc((labels == place).astype(int), predictions[:, place])
        return measure(labels[:, [place]], predictions[:, [place]])

    return found


def worst(
    task: str, names: tuple[str, ...], labels: np.ndarray, guesses: np.ndarray, loss: np.ndarray, rows: np.ndarray
) -> pd.DataFrame:
    """A table of mistakes: what is true, what was said, and the loss."""
    if task == "classes":
        said = [f"{names[guess.argmax()]} ({guess.max():.2f})" for guess in guesses]
        table = {"true": [names[label] for label in labels], "said": said}
    else:
        largest = np.nan_to_num(np.abs(labels - guesses), nan=-1).argmax(axis=1)
        each = range(len(labels))
        table = {"column": [names[place] for place in largest]} if len(names) > 1 else {}
        table["true"] = [f"{labels[row, largest[row]]:.4g}" for row in each]
        table["said"] = [f"{guesses[row, largest[row]]:.3g}" for row in each]
    return pd.DataFrame(table | {"loss": np.round(loss, 2)}, index=rows)


def words(found: metrics.Estimate, digits: int = 3) -> str:
    """``0.912 (0.880 to 0.940)``; without an interval where there are too few rows, a dash where there is no score."""
    if np.isnan(found.value):
        return "– (too few rows)"
    if np.isnan(found.low):
        return f"{found.value:.{digits}f} (too few rows for an interval)"
    return f"{found:.{digits}f}"


def card(study: "Study", model: str, trained: str, scores: pd.DataFrame, comparison: metrics.Comparison) -> str:
    """The text of ``Study.card``."""
    entry, parts = study.data.entry, study.split.parts()
    sizes = [f"{len(rows):,} rows of {len(np.unique(study.groups[rows])):,} groups" for rows in parts.values()]
    lines = [
        f"### Model card: {model}",
        f"- **Data**: {entry.title} ({entry.kind}; licence: {entry.licence}).",
        f"- **Predicts**: {', '.join(map(str, study.names[:12]))}{' …' if len(study.names) > 12 else ''}.",
        f"- **Trained on** {sizes[0]}; chosen on {sizes[1]}; tested once on {sizes[2]}. No group is in two parts.",
        f"- **Trained how**: {trained}",
        f"- **Chosen by**: {study.rule}; the rule was set before the test.",
        "- **Scores on the test part** (95 % interval by group): "
        + "; ".join(f"{measure} {value}" for measure, value in scores.loc[model].items())
        + ".",
        f"- **Beside its rival**: {comparison.sentence}",
        *(f"- **Assumed**: {note}" for note in entry.notes),
        "",
        "**What you must add**, since no file says it:",
        "",
        "- *Where the labels come from*: who decided, by what, how often two of them disagree.",
        "- *Who is missing*: by age, sex, skin, country, machine, severity; the scores say nothing about them.",
        "- *Intended use*: for whom, at which moment, what follows from an answer, and what a mistake costs.",
        "- *Elsewhere*: a test on data of another place or a later time has not been made.",
        "",
        "This is no medical device, and nothing here is medical advice.",
    ]
    return "\n".join(lines)
