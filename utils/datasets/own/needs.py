"""What a study needs of data, and the split that it uses: asked by ``course data check`` and by the notebooks alike.

Whole groups go to training, validation or test. Every class is in each part, so that there is something to learn, to
choose by and to test on, and enough groups with every class are in the test part for an interval by group.
"""

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold, train_test_split

from utils.datasets.own.reading import LONGEST_MESSAGE, brief
from utils.datasets.splits import Split
from utils.datasets.types import Images, Molecules, Records, Sequences
from utils.errors import CourseError

FEWEST_GROUPS = 6  # of each class: three for the test, and one or two for training and for validation
LOST = 0.08  # share of the resamples that may lack a class; an interval is refused when more than 0.1 do
FOLDS = (5, 4, 3, 2)  # one of them is taken out: a fifth of the rows, or more where groups are few
SEEDS = 5
MANY = 5_000  # groups
PARTS = {"train": "training", "validation": "validation", "test": "test"}


def plan(data: Images | Sequences | Molecules | Records, seed: int = 0) -> Split:
    """The split of a study on these data: about 64 % training, 16 % validation and 20 % test, by whole groups.

    Images keep the split that they come with; where it has no validation part, a part of the training becomes one.
    Everything else is dealt out by scikit-learn's StratifiedGroupKFold, or GroupShuffleSplit for thousands of groups.
    The same seed gives the same split.

    Raises CourseError, with one sentence, when the data cannot carry a study: a class in too few groups, or, for
    records, no event before the moment of prediction.
    """
    if isinstance(data, Records) and not len(known_events(data)):
        raise _refusal(data, "expected events at or before the moment of prediction, found none; look at the times.")
    classes, names = as_classes(data.labels, data.entry.task), _names(data)
    if isinstance(data, Images) and data.split is not None:
        return _checked(data, classes, names, _with_validation(data.split, classes, data.groups, seed))
    _refuse_rare(data, classes, names)
    useful = data.patients.index.isin(known_events(data)["id"]) if isinstance(data, Records) else None
    # What can be divided with one seed can be divided with any: the look at the file promises it.
    split = by_group(classes, data.groups, seed, useful) or by_group(classes, data.groups, 0, useful)
    if split is None:
        groups, sizes = np.unique(data.groups, return_counts=True)
        raise _refusal(
            data,
            "expected groups of which training, validation and test each get some with every class, found that "
            f"{len(groups):,} groups, the largest with {sizes.max():,} of {sizes.sum():,} rows, cannot be divided so.",
        )
    return split


def known_events(data: Records) -> pd.DataFrame:
    """The events at or before each person's moment of prediction, in their order; all where no moment is stated."""
    if "predict_at" not in data.patients:
        return data.events
    moment = data.patients["predict_at"].reindex(data.events["id"]).to_numpy(float)
    return data.events[~(data.events["time"].to_numpy(float) > moment)].reset_index(drop=True)


def can_be_planned(labels: np.ndarray, groups: np.ndarray, task: str) -> bool:
    """Whether labels (n, columns) or (n,) can be divided by these groups (n,) as a study needs it."""
    classes = as_classes(labels, task)
    return _too_rare(classes, groups) is None and by_group(classes, groups) is not None


def by_group(classes: np.ndarray, groups: np.ndarray, seed: int = 0, useful: np.ndarray | None = None) -> Split | None:
    """The first split of whole groups that has every class of every column in each part; None when none is found.

    classes: int64 (n,) or (n, columns), -1 where not known. groups: (n,). useful: bool (n,), rows of which training
    needs one at least.
    """
    classes = classes.reshape(len(classes), -1)
    groups = np.unique(groups, return_inverse=True)[1]
    stratify, rows = _rarest(classes), np.arange(len(groups))
    for rest, test in _candidates(rows, stratify, groups, seed):
        if _gap(classes, groups, {"test": test}):
            continue
        for train, validation in _candidates(rest, stratify, groups, seed):
            enough = len(train) >= max(len(validation), len(test) / 2) and (useful is None or useful[train].any())
            if enough and not _gap(classes, groups, {"train": train, "validation": validation}):
                return Split(train, validation, test)
    return None


def _candidates(
    rows: np.ndarray, stratify: np.ndarray, groups: np.ndarray, seed: int, sizes: tuple[int, ...] = FOLDS
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(rest, part) for many ways to take a part from these rows, the usual size first."""
    for folds in sizes:
        for attempt in range(SEEDS if len(rows) < 2_000 else 2):
            yield from _folds(rows, stratify, groups, folds, 1_000 * attempt + seed)


def _folds(
    rows: np.ndarray, stratify: np.ndarray, groups: np.ndarray, folds: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """(rest, part) for some ways to take one of the folds from these rows."""
    inside = len(np.unique(groups[rows]))
    if inside < folds:
        return
    try:
        if inside == len(rows):  # each row is its own group: the same, and much faster
            yield train_test_split(rows, test_size=1 / folds, stratify=stratify[rows], random_state=seed)
            return
        if inside > MANY:  # chance alone deals them out evenly, and takes a fraction of the time
            splitter = GroupShuffleSplit(2, test_size=1 / folds, random_state=seed)
            for rest, part in splitter.split(rows, None, groups[rows]):
                yield rows[rest], rows[part]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a class in fewer rows than folds: the parts are looked at
            splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
            for rest, part in splitter.split(rows, stratify[rows], groups[rows]):
                yield rows[rest], rows[part]
    except ValueError:  # too few rows of each class for these folds
        return


def _rarest(classes: np.ndarray) -> np.ndarray:
    """One class per row to stratify by: of all that it has, the rarest, so that it reaches every part."""
    if classes.shape[1] == 1:
        return classes[:, 0]
    best, fewest = np.full(len(classes), -1), np.full(len(classes), len(classes) + 1)
    for column, values in enumerate(classes.T):
        for value in np.unique(values[values >= 0]):
            count = (values == value).sum()
            rarer = (values == value) & (count < fewest)
            best[rarer], fewest[rarer] = 2 * column + value, count
    return best


def _gap(classes: np.ndarray, groups: np.ndarray, parts: dict[str, np.ndarray]) -> tuple[str, int, int, int] | None:
    """What is missing first: (part, column, class, groups of it there). None when nothing is."""
    for column, values in enumerate(classes.T):
        every = np.unique(values[values >= 0])
        for part, rows in parts.items():
            total = len(np.unique(groups[rows]))
            counts = [len(np.unique(groups[rows][values[rows] == value])) for value in every]
            if min(counts) == 0:
                return part, column, int(every[int(np.argmin(counts))]), 0
            # A resample draws as many groups as there are; it lacks a class when none of its groups is drawn.
            lost = sum((1 - count / total) ** total for count in counts)
            if part == "test" and (total < 2 or lost > LOST):
                return part, column, int(every[int(np.argmin(counts))]), min(counts)
    return None


def _checked(data: Images, classes: np.ndarray, names: list[list[str]], split: Split) -> Split:
    # Patches whose places are known are divided by place: each counts for itself.
    groups = data.groups if data.positions is None else np.arange(len(data.groups))
    gap = _gap(classes.reshape(len(classes), -1), groups, split.parts())
    if gap is None:
        return split
    part, column, value, count = gap
    name = brief(names[column][value], 24)
    if count:
        problem = f"expected more groups with {name!r} in the test part, for an interval, found {count}."
    else:
        problem = f"expected every class in each part, found none of {name!r} in the {PARTS[part]} part."
    raise _refusal(data, problem)


def _with_validation(split: Split, classes: np.ndarray, groups: np.ndarray, seed: int) -> Split:
    """The split itself, or, where nothing is held out for validation, with a sixth of the training held out."""
    if len(split.validation):
        return split
    classes = classes.reshape(len(classes), -1)
    first = None
    for train, validation in _candidates(split.train, _rarest(classes), groups, seed, (6, *FOLDS)):
        first = first or Split(train, validation, split.test)
        if not _gap(classes, groups, {"train": train, "validation": validation}):
            return Split(train, validation, split.test)
    return first or split


def as_classes(labels: np.ndarray, task: str) -> np.ndarray:
    """Labels as ``by_group`` takes them: int64, -1 where not measured; of numbers, 0 is the lower half, 1 the upper."""
    labels = np.asarray(labels)
    missing = np.isnan(labels)
    if task == "regression":
        middle = np.nanmedian(labels, axis=0)
        upper = labels > middle
        labels = np.where(upper.any(axis=0), upper, labels >= middle)
    return np.where(missing, -1, np.where(missing, 0, labels)).astype(np.int64)


def _names(data: Images | Sequences | Molecules | Records) -> list[list[str]]:
    """The names of the classes of each column."""
    if isinstance(data, Molecules):
        words = ("0", "1") if data.entry.task == "classification" else ("the lower half", "the upper half")
        return [[f"{brief(name, 24)}: {word}" for word in words] for name in data.task_names]
    if data.labels.ndim == 2:
        return [[f"not {name}", name] for name in data.class_names]
    return [list(data.class_names)]


def _groups_of(classes: np.ndarray, groups: np.ndarray) -> dict[tuple[int, int], int]:
    """(column, class) → the number of groups that hold it."""
    columns = enumerate(classes.reshape(len(classes), -1).T)
    return {
        (column, int(value)): len(np.unique(groups[values == value]))
        for column, values in columns
        for value in np.unique(values[values >= 0])
    }


def _too_rare(classes: np.ndarray, groups: np.ndarray) -> tuple[int, int, int, int] | None:
    """(column, class, groups of it, groups needed) of the rarest class, where these are too few; else None."""
    counts = _groups_of(classes, groups)
    (column, value), fewest = min(counts.items(), key=lambda item: item[1])
    # Groups that hold all classes are enough in a smaller number: two for the test, one for each other part.
    enough = FEWEST_GROUPS if fewest < len(np.unique(groups)) else 4
    return (column, value, fewest, enough) if fewest < enough else None


def _refuse_rare(data: Sequences | Molecules | Records | Images, classes: np.ndarray, names: list[list[str]]) -> None:
    if rare := _too_rare(classes, data.groups):
        column, value, fewest, enough = rare
        raise _refusal(
            data,
            f"expected each class in {enough} groups or more, for training, validation and an interval on the test, "
            f"found {brief(names[column][value], 40)!r} in {fewest}.",
        )


def _refusal(data: Images | Sequences | Molecules | Records, problem: str) -> CourseError:
    name = data.entry.title.removeprefix(f"Your own {data.entry.kind}, ")
    return CourseError(f"{brief(name, 60)}: {problem}"[:LONGEST_MESSAGE])
