"""Exercise of chapter 13: which labels are probably wrong, and which class they are mistaken for."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "13.1",
    "Find mislabelled examples",
    points=3,
    returns=("table", "suspects"),
    hints=[
        "One threshold per class k: probabilities[given == k, k].mean(), over the examples that are labelled k.",
        "reached = probabilities >= thresholds compares each row with all thresholds. np.where(reached, probabilities, "
        "-np.inf).argmax(axis=1) is the most probable of the classes that reach theirs.",
        "reached.any(axis=1) says for which examples there is such a class. Only those are counted: "
        "np.add.at(table, (given[counted], best[counted]), 1).",
    ],
)
def find_mislabelled(probabilities, given):
    """probabilities (n, classes), from models that did not learn from the example; given (n,): its
    label, every class occurs → table (classes, classes) of counts, row the given class, column the
    confident one; suspects (n,) of bool, where the confident class is not the given one"""
    classes = probabilities.shape[1]
    thresholds = [probabilities[given == k, k].mean() for k in range(classes)]
    reached = probabilities >= thresholds
    best = np.where(reached, probabilities, -np.inf).argmax(axis=1)
    counted = reached.any(axis=1)
    table = np.zeros((classes, classes), int)
    np.add.at(table, (given[counted], best[counted]), 1)
    return table, counted & (best != given)


@find_mislabelled.checks
def _(answer, rng):
    for n, classes in [(60, 3), (80, 3), (100, 4)]:
        probabilities, given = _examples(n, classes, rng)
        answer.case(
            f"{n} examples of {classes} classes",
            *(probabilities, given),
            shape={"table": "one row and one column for each class", "suspects": "True or False for each example"},
            why={
                "table": "it counts the examples by their given class, row, and by the class that the model is "
                "confident of, column",
                "suspects": "True where the class that the model is confident of is not the given one",
            },
        )


def _examples(n, classes, rng):
    """Probabilities and labels on which the reference and every known mistake give different answers. The last class
    has one example, which equals its threshold."""
    answers = [find_mislabelled.function, *(mistake.function for mistake in find_mislabelled.wrong_answers)]
    for _ in range(500):
        given = np.concatenate([np.arange(classes), rng.integers(classes - 1, size=n - classes)])
        lean = np.where(rng.random(n) < 0.8, given, rng.integers(classes, size=n))
        probabilities = rng.dirichlet(np.ones(classes), n) * 0.7 + 0.3 * np.eye(classes)[lean]
        found = {np.concatenate(list(map(np.ravel, answer(probabilities, given)))).tobytes() for answer in answers}
        if len(found) == len(answers):
            break
    order = rng.permutation(n)
    return probabilities[order], given[order]


def _judged(probabilities, given, best, counted=None):
    """The table and the suspects, where the class that a model is confident of, and for whom, is known."""
    counted = np.ones(len(given), bool) if counted is None else counted
    table = np.zeros((probabilities.shape[1],) * 2, int)
    np.add.at(table, (given[counted], best[counted]), 1)
    return table, counted & (best != given)


def _by_thresholds(probabilities, given, thresholds):
    reached = probabilities >= thresholds
    best = np.where(reached, probabilities, -np.inf).argmax(axis=1)
    return _judged(probabilities, given, best, reached.any(axis=1))


def _thresholds(probabilities, given, mean=np.mean):
    return np.array([mean(probabilities[given == k, k]) for k in range(probabilities.shape[1])])


@find_mislabelled.wrong(
    "every disagreement",
    says="you took the most probable class of each example, without thresholds; a class counts only where its "
    "probability reaches the mean of the examples labelled so",
)
def _(probabilities, given):
    return _judged(probabilities, given, probabilities.argmax(axis=1))


@find_mislabelled.wrong(
    "means over everybody",
    says="your thresholds are means over all examples; take for class k the mean over those that are labelled k",
)
def _(probabilities, given):
    return _by_thresholds(probabilities, given, probabilities.mean(axis=0))


@find_mislabelled.wrong(
    "medians", says="your thresholds are medians; take the mean probability of the examples that are labelled so"
)
def _(probabilities, given):
    return _by_thresholds(probabilities, given, _thresholds(probabilities, given, np.median))


@find_mislabelled.wrong("one half", says="your threshold is 0.5 for all; each class has its own, a mean probability")
def _(probabilities, given):
    return _by_thresholds(probabilities, given, 0.5)


@find_mislabelled.wrong(
    "strictly above",
    says="you left out a probability that equals its threshold, as that of a class's only example; reaching it is "
    "enough, >=",
)
def _(probabilities, given):
    reached = probabilities > _thresholds(probabilities, given)
    best = np.where(reached, probabilities, -np.inf).argmax(axis=1)
    return _judged(probabilities, given, best, reached.any(axis=1))


@find_mislabelled.wrong(
    "nobody left out",
    says="you counted examples none of whose probabilities reaches its threshold; they are neither in the table nor "
    "suspects",
)
def _(probabilities, given):
    reached = probabilities >= _thresholds(probabilities, given)
    return _judged(probabilities, given, np.where(reached, probabilities, -np.inf).argmax(axis=1))


@find_mislabelled.wrong(
    "left out of the table alone",
    says="your table is right, but among your suspects are examples that reach no threshold at all",
)
def _(probabilities, given):
    reached = probabilities >= _thresholds(probabilities, given)
    best = np.where(reached, probabilities, -np.inf).argmax(axis=1)
    return find_mislabelled(probabilities, given)[0], best != given


@find_mislabelled.wrong(
    "the first that reaches",
    says="where several classes reach their thresholds you took the first; take the most probable of them",
)
def _(probabilities, given):
    reached = probabilities >= _thresholds(probabilities, given)
    return _judged(probabilities, given, reached.argmax(axis=1), reached.any(axis=1))


@find_mislabelled.wrong(
    "furthest above",
    says="where several classes reach their thresholds you took the one that is furthest above its own; take the most "
    "probable of them",
)
def _(probabilities, given):
    above = probabilities - _thresholds(probabilities, given)
    return _judged(probabilities, given, above.argmax(axis=1), above.max(axis=1) >= 0)


@find_mislabelled.wrong(
    "below its own threshold",
    says="you suspect every example whose given class is below its threshold; the model must also be confident of "
    "another class",
)
def _(probabilities, given):
    own = probabilities[np.arange(len(given)), given]
    return find_mislabelled(probabilities, given)[0], own < _thresholds(probabilities, given)[given]


@find_mislabelled.wrong(
    "the preferred class or none",
    says="you asked only whether the most probable class reaches its threshold; another class may reach its own",
)
def _(probabilities, given):
    best = probabilities.argmax(axis=1)
    reached = probabilities.max(axis=1) >= _thresholds(probabilities, given)[best]
    return _judged(probabilities, given, best, reached)


@find_mislabelled.wrong(
    "rows and columns exchanged", says="your table has the given class in its columns; it belongs in the rows"
)
def _(probabilities, given):
    table, suspects = find_mislabelled(probabilities, given)
    return table.T, suspects


@find_mislabelled.wrong(
    "shares", says="your table holds shares; it should hold counts, the number of examples in each cell"
)
def _(probabilities, given):
    table, suspects = find_mislabelled(probabilities, given)
    return table / table.sum(), suspects


@find_mislabelled.wrong(
    "those in order", says="you marked the examples whose label is confirmed; mark those whose label is in doubt"
)
def _(probabilities, given):
    table, suspects = find_mislabelled(probabilities, given)
    reached = probabilities >= _thresholds(probabilities, given)
    return table, reached.any(axis=1) & ~suspects
