"""Exercises of chapter 2: softmax, cross-entropy, the constant predictor, a step of Adam, a split by patient."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "2.1",
    "Softmax that does not overflow",
    points=2,
    hints=[
        "np.exp makes every score positive. Then divide each row by its own sum: axis=1, keepdims=True.",
        "exp(1000) is too large for the computer. Softmax does not change when a row is shifted, so shift it first.",
        "shifted = scores - scores.max(axis=1, keepdims=True), and softmax of shifted.",
    ],
)
def softmax(scores):
    """scores (n, classes) → probabilities (n, classes); each row sums to 1"""
    shifted = scores - scores.max(axis=1, keepdims=True)
    positive = np.exp(shifted)
    return positive / positive.sum(axis=1, keepdims=True)


@softmax.checks
def _(answer, rng):
    for rows, classes in [(1, 3), (3, 3), (4, 2), (2, 5)]:
        answer.case(
            f"{rows} row{'s' if rows > 1 else ''} of {classes} scores",
            rng.normal(scale=2, size=(rows, classes)),
            why="take exp of every score first, then divide by the sum of the row",
            shape="every score becomes one probability",
        )
    for scores, why in [
        ([[1000.0, 1001.0, 999.0]], "shifting a row changes nothing, so subtract its largest score first"),
        ([[0.0, 1000.0]], "no score may be above 0 after the shift"),
        ([[0.0, 0.0, 0.0, 1000.0]], "no score may be above 0 after the shift"),
        ([[-1000.0, -1001.0]], "the largest score of this row is -1000"),
        ([[2.0, 1.0], [-1000.0, -1001.0]], "shift each row by itself"),
    ]:
        answer.case(f"scores {scores}", np.array(scores), why=why)


@softmax.wrong(
    "without a shift",
    says="you returned {got}: exp(1000) overflows; subtract the largest score of the row first, the result stays the "
    "same",
)
def _(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


@softmax.wrong("down the columns", says="your columns sum to 1; each row should sum to 1: axis=1, keepdims=True")
def _(scores):
    positive = np.exp(scores - scores.max())
    return positive / positive.sum(axis=0, keepdims=True)


@softmax.wrong(
    "sums that do not keep their axis",
    says="you divided each column by the sum of another row; with keepdims=True each row meets its own sum",
)
def _(scores):
    positive = np.exp(scores - scores.max(axis=1, keepdims=True))
    return positive / positive.sum(axis=1)


@softmax.wrong("shares of the plain scores", says="you divided the scores themselves; take exp of every score first")
def _(scores):
    return scores / scores.sum(axis=1, keepdims=True)


@softmax.wrong(
    "one shift for the whole array",
    says="your second row is not a number: subtract each row's own largest score, not the largest of the whole array",
)
def _(scores):
    positive = np.exp(scores - scores.max())
    return positive / positive.sum(axis=1, keepdims=True)


@softmax.wrong(
    "shifted by the smallest",
    says="you returned {got}: you subtracted the smallest score, and the largest one still overflows; subtract the "
    "largest",
)
def _(scores):
    positive = np.exp(scores - scores.min(axis=1, keepdims=True))
    return positive / positive.sum(axis=1, keepdims=True)


@softmax.wrong(
    "shifted by the mean",
    says="you returned {got}: you subtracted the mean, and a score far above it still overflows; subtract the largest",
)
def _(scores):
    positive = np.exp(scores - scores.mean(axis=1, keepdims=True))
    return positive / positive.sum(axis=1, keepdims=True)


@exercise(
    "2.2",
    "Cross-entropy and its gradient",
    points=3,
    returns=("loss", "gradient"),
    hints=[
        "The loss of one example is minus the logarithm of the probability given to its true class.",
        "scores[np.arange(len(labels)), labels] picks, in every row, the entry of its label.",
        "log softmax = shifted - log(sum(exp(shifted))) never takes the log of zero. "
        "The gradient is (softmax - one-hot label) / number of rows.",
    ],
)
def cross_entropy_and_gradient(scores, labels):
    """scores (n, classes), labels (n,) class numbers → mean loss, its gradient by the scores (n, classes)"""
    rows = np.arange(len(labels))
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -log_probabilities[rows, labels].mean()
    gradient = np.exp(log_probabilities)
    gradient[rows, labels] -= 1
    return loss, gradient / len(labels)


@cross_entropy_and_gradient.checks
def _(answer, rng):
    for rows, classes in [(1, 3), (4, 3), (5, 2)]:
        answer.case(
            f"{rows} row{'s' if rows > 1 else ''} of {classes} scores",
            rng.normal(scale=2, size=(rows, classes)),
            np.append(classes - 1, rng.integers(0, classes, size=rows - 1)),
            why={
                "loss": "minus the mean log-probability of the true class",
                "gradient": "softmax, minus 1 at the true class, divided by the number of rows",
            },
            shape={"loss": "the loss is the mean over all rows", "gradient": "one slope for each score"},
        )
    scores, labels = np.array([[0.0, 800.0]]), np.array([0])
    why = "a floor under the probability hides how wrong this is; work with the logarithm of softmax from the start"
    answer.case(None, scores, labels, why={"loss": why, "gradient": "softmax is (0, 1) here"})
    scores, labels = np.array([[2.0, 1.0], [-1000.0, -1001.0]]), np.array([0, 1])
    answer.case(None, scores, labels, why="shift each row by its own largest score")


@cross_entropy_and_gradient.wrong(
    "entropy of the prediction", says="your loss is the entropy of the prediction, which does not look at the label"
)
def _(scores, labels):
    probabilities, (_, gradient) = softmax(scores), cross_entropy_and_gradient(scores, labels)
    return -(probabilities * np.log(probabilities)).sum(axis=1).mean(), gradient


@cross_entropy_and_gradient.wrong("the sum of the losses", says="your loss is a sum; take the mean over the rows")
def _(scores, labels):
    loss, gradient = cross_entropy_and_gradient(scores, labels)
    return loss * len(labels), gradient


@cross_entropy_and_gradient.wrong(
    "the mean over all entries",
    says="your loss is the mean over rows and classes; add up over the classes, and take the mean over the rows",
)
def _(scores, labels):
    loss, gradient = cross_entropy_and_gradient(scores, labels)
    return loss / scores.shape[1], gradient


@cross_entropy_and_gradient.wrong(
    "class numbers for one-hot labels",
    says="you subtracted the class numbers from the probabilities; subtract the one-hot label, 1 at the true class",
)
def _(scores, labels):
    return cross_entropy_and_gradient(scores, labels)[0], (softmax(scores) - labels[:, None]) / len(labels)


@cross_entropy_and_gradient.wrong(
    "a negative loss", says="your loss has the wrong sign: put a minus before the logarithm"
)
def _(scores, labels):
    loss, gradient = cross_entropy_and_gradient(scores, labels)
    return -loss, gradient


@cross_entropy_and_gradient.wrong(
    "gradient of the sum",
    says="your gradient is that of the sum: the loss is a mean, so divide its gradient by their number",
)
def _(scores, labels):
    loss, gradient = cross_entropy_and_gradient(scores, labels)
    return loss, gradient * len(labels)


@cross_entropy_and_gradient.wrong(
    "gradient downhill",
    says="your gradient has the wrong sign: more score for the true class must lower the loss",
)
def _(scores, labels):
    loss, gradient = cross_entropy_and_gradient(scores, labels)
    return loss, -gradient


@cross_entropy_and_gradient.wrong(
    "log of a rounded probability",
    says="your loss is infinite: the probability is rounded to zero and you take the log of zero; work with the "
    "logarithm of softmax from the start",
)
def _(scores, labels):
    _, gradient = cross_entropy_and_gradient(scores, labels)
    return -np.log(softmax(scores)[np.arange(len(labels)), labels]).mean(), gradient


@cross_entropy_and_gradient.wrong(
    "one shift for the whole array",
    says="your second row overflows: subtract each row's own largest score, not the largest of the whole array",
)
def _(scores, labels):
    shifted = scores - scores.max()
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    gradient = np.exp(log_probabilities) - np.eye(scores.shape[1])[labels]
    return -log_probabilities[np.arange(len(labels)), labels].mean(), gradient / len(labels)


@cross_entropy_and_gradient.wrong("loss alone", says="you returned the loss alone; return both, loss, gradient")
def _(scores, labels):
    return cross_entropy_and_gradient(scores, labels)[0]


@exercise(
    "2.3",
    "The log-loss of a constant predictor",
    returns=("probability", "loss"),
    hints=[
        "Which single probability fits best? The share of ones among the labels.",
        "A one costs -log(probability), a zero costs -log(1 - probability); take the mean over all labels.",
        "When all labels are equal the loss is 0: leave the class that never occurs out of the sum.",
    ],
)
def constant_log_loss(labels):
    """labels (n,) of 0 and 1 → the best constant probability of a 1, and its mean log-loss (two numbers)"""
    probability = np.mean(labels)
    shares = np.array([1 - probability, probability])
    shares = shares[shares > 0]
    return probability, np.sum(shares * np.log(1 / shares))


@constant_log_loss.checks
def _(answer, rng):
    for ones, zeros in [(1, 3), (7, 4), (2, 48)]:
        answer.case(
            f"{ones} one{'s' if ones > 1 else ''} and {zeros} zeros",
            rng.permutation(np.repeat([1, 0], [ones, zeros])),
            why={"probability": "the share of ones fits best", "loss": "the mean of what each label costs"},
        )
    for label in (0, 1):
        answer.case(None, np.full(5, label), why="all labels are equal, and the constant is always right")


@constant_log_loss.wrong("one half", says="you predict 0.5; that is best only when both classes are equally frequent")
def _(labels):
    return 0.5, constant_log_loss(labels)[1]


@constant_log_loss.wrong("in bits", says="your loss is in bits; take the natural logarithm, np.log")
def _(labels):
    probability, loss = constant_log_loss(labels)
    return probability, loss / np.log(2)


@constant_log_loss.wrong(
    "the ones alone",
    says="only the ones are in your loss; the zeros cost something too, -log(1 - probability) each",
)
def _(labels):
    rate = np.mean(labels)
    return rate, -rate * np.log(rate)


@constant_log_loss.wrong("a sum", says="your loss is a sum; take the mean over the labels")
def _(labels):
    probability, loss = constant_log_loss(labels)
    return probability, loss * len(labels)


@constant_log_loss.wrong(
    "zero times log zero",
    says="your loss is not a number: a class that never occurs costs nothing, but 0 · log 0 is not a number in NumPy; "
    "leave it out of the sum",
)
def _(labels):
    rate = np.mean(labels)
    return rate, -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))


@constant_log_loss.wrong(
    "the most frequent class",
    says="you predict the most frequent class; that is too sure, one label of the other class costs ∞",
)
def _(labels):
    return float(np.mean(labels) > 0.5), constant_log_loss(labels)[1]
