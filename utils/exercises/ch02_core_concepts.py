"""Exercises of chapter 2: softmax, cross-entropy, the constant predictor, a step of Adam, a split by patient."""

import numpy as np

from utils.exercises.core import exercise
from utils.exercises.expect import describe, expect, expect_array, expect_close, expect_number, expect_parts, rule_out


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
        scores = rng.normal(scale=2, size=(rows, classes))
        got = expect_array(answer(scores), scores.shape, why="every score becomes one probability")
        sums = describe(got.sum(axis=1))
        expect(
            np.allclose(got.sum(axis=1), 1),
            f"for scores of shape {rows}×{classes} each row should sum to 1; your rows sum to {sums}",
        )
        why = "take exp of every score first, then divide by the sum of the row"
        expect_close(got, softmax(scores), why=why, inputs=f"scores {describe(scores)}")
    large = np.array([[1000.0, 1001.0, 999.0]])
    expect(
        np.isfinite(answer(large)).all(),
        f"for scores {describe(large)} you returned {describe(np.asarray(answer(large)))}: exp(1000) overflows; "
        "subtract the largest score of the row first, the result stays the same",
    )
    expect_close(
        answer(large), softmax(large), why="shifting a row changes nothing", inputs=f"scores {describe(large)}"
    )
    apart = np.array([[2.0, 1.0], [-1000.0, -1001.0]])
    expect(
        np.isfinite(answer(apart)).all(),
        "for scores [[2, 1], [-1000, -1001]] your second row is not a number: subtract each row's own largest score, "
        "not the largest of the whole array",
    )
    expect_close(answer(apart), softmax(apart), why="each row by itself", inputs="scores [[2, 1], [-1000, -1001]]")
    whole = np.array([[3, 1, 2]])
    expect_close(answer(whole), softmax(whole), why="whole numbers are scores too", inputs=f"scores {describe(whole)}")


@softmax.wrong("without a shift", says="exp(1000) overflows")
def _(scores):
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)


@softmax.wrong("down the columns", says="each row should sum to 1")
def _(scores):
    positive = np.exp(scores - scores.max())
    return positive / positive.sum(axis=0, keepdims=True)


@softmax.wrong("shares of the plain scores", says="take exp of every score first")
def _(scores):
    return scores / scores.sum(axis=1, keepdims=True)


@softmax.wrong("one shift for the whole array", says="each row's own largest score")
def _(scores):
    positive = np.exp(scores - scores.max())
    return positive / positive.sum(axis=1, keepdims=True)


@exercise(
    "2.2",
    "Cross-entropy and its gradient",
    points=3,
    hints=[
        "The loss of one example is minus the logarithm of the probability given to its true class.",
        "scores[np.arange(len(labels)), labels] picks, in every row, the entry of its label.",
        "log softmax = shifted - log(sum(exp(shifted))) never takes the log of zero. "
        "The gradient is (softmax - one-hot label) / number of rows.",
    ],
)
def cross_entropy_and_gradient(scores, labels):
    """scores (n, classes), labels (n,) class numbers → mean loss (a number), its gradient by the scores (n, classes)"""
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
        scores, labels = rng.normal(scale=2, size=(rows, classes)), rng.integers(0, classes, size=rows)
        inputs = f"{rows} row{'s' if rows > 1 else ''} of {classes} scores"
        loss, gradient = expect_parts(answer(scores, labels), ("loss", "gradient"))
        right_loss, right_gradient = cross_entropy_and_gradient(scores, labels)
        loss, case = expect_number(loss, why="the loss is the mean over all rows"), f"for {inputs} the loss"
        entropy = -(softmax(scores) * np.log(softmax(scores))).sum(axis=1).mean()
        rule_out(
            loss, entropy, right_loss, f"{case} is the entropy of the prediction, which does not look at the label"
        )
        rule_out(loss, right_loss * rows, right_loss, f"{case} is a sum; take the mean over the rows")
        rule_out(loss, -right_loss, right_loss, f"{case} has the wrong sign: put a minus before the logarithm")
        expect_close(loss, right_loss, why="minus the mean log-probability of the true class", inputs=inputs)
        gradient, case = (
            expect_array(gradient, scores.shape, why="one slope for each score"),
            f"for {inputs} the gradient",
        )
        mistaken = f"{case} is that of the sum: the loss is a mean, so divide its gradient by their number, {rows}"
        rule_out(gradient, right_gradient * rows, right_gradient, mistaken)
        mistaken = f"{case} has the wrong sign: more score for the true class must lower the loss"
        rule_out(gradient, -right_gradient, right_gradient, mistaken)
        expect_close(gradient, right_gradient, why="softmax, minus 1 at the true class, over the rows", inputs=inputs)
    scores, labels = np.array([[0.0, 800.0]]), np.array([0])
    loss, _ = expect_parts(answer(scores, labels), ("loss", "gradient"))
    expect(
        np.isfinite(loss),
        f"for scores {describe(scores)} and label 0 your loss is {float(loss)}: the probability is rounded to zero and "
        "you take the log of zero; work with the logarithm of softmax from the start",
    )
    expect_close(loss, 800.0, why="the loss grows with the distance of the scores", inputs=f"scores {describe(scores)}")


@cross_entropy_and_gradient.wrong("entropy of the prediction", says="does not look at the label")
def _(scores, labels):
    probabilities = softmax(scores)
    return -(probabilities * np.log(probabilities)).sum(axis=1).mean(), probabilities / len(labels)


@cross_entropy_and_gradient.wrong("gradient of the sum", says="divide its gradient by their number")
def _(scores, labels):
    loss, gradient = cross_entropy_and_gradient(scores, labels)
    return loss, gradient * len(labels)


@cross_entropy_and_gradient.wrong("log of a rounded probability", says="log of zero")
def _(scores, labels):
    _, gradient = cross_entropy_and_gradient(scores, labels)
    return -np.log(softmax(scores)[np.arange(len(labels)), labels]).mean(), gradient


@cross_entropy_and_gradient.wrong("loss alone", says="(loss, gradient) is expected")
def _(scores, labels):
    return cross_entropy_and_gradient(scores, labels)[0]


@exercise(
    "2.3",
    "The log-loss of a constant predictor",
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
    return probability, -np.sum(shares * np.log(shares))


@constant_log_loss.checks
def _(answer, rng):
    for ones, zeros in [(1, 3), (7, 4), (2, 48)]:
        labels = rng.permutation(np.repeat([1, 0], [ones, zeros]))
        inputs = f"{ones} one{'s' if ones > 1 else ''} and {zeros} zeros"
        probability, loss = expect_parts(answer(labels), ("probability", "loss"))
        rate, best = constant_log_loss(labels)
        probability, loss = expect_number(probability), expect_number(loss)
        fair = f"for {inputs} you predict 0.5; that is best only when both classes are equally frequent"
        rule_out(probability, 0.5, rate, fair)
        sure = f"for {inputs} you predict {probability:.0f}; that is too sure, one label of the other class costs ∞"
        rule_out(probability, float(rate > 0.5), rate, sure)
        expect_close(probability, rate, why="the share of ones fits best", inputs=inputs)
        rule_out(loss, best / np.log(2), best, f"for {inputs} your loss is in bits; take the natural logarithm, np.log")
        half = f"for {inputs} only the ones are in your loss; the zeros cost something too, -log(1 - probability) each"
        rule_out(loss, -rate * np.log(rate), best, half)
        rule_out(loss, best * len(labels), best, f"for {inputs} your loss is a sum; take the mean over the labels")
        expect_close(loss, best, why="the mean of what each label costs", inputs=inputs)
    for label in (0, 1):
        labels = np.full(5, label)
        probability, loss = expect_parts(answer(labels), ("probability", "loss"))
        expect_close(probability, label, why="all labels are equal", inputs=f"labels {describe(labels)}")
        expect(
            np.isfinite(loss),
            f"for labels {describe(labels)} your loss is {float(loss)}: a class that never occurs costs nothing, "
            "but 0 · log 0 is not a number in NumPy; leave it out of the sum",
        )
        expect_close(loss, 0.0, why="the constant is always right", inputs=f"labels {describe(labels)}")


@constant_log_loss.wrong("one half", says="equally frequent")
def _(labels):
    return 0.5, np.log(2)


@constant_log_loss.wrong("in bits", says="natural logarithm")
def _(labels):
    probability, loss = constant_log_loss(labels)
    return probability, loss / np.log(2)


@constant_log_loss.wrong("zero times log zero", says="never occurs")
def _(labels):
    rate = np.mean(labels)
    return rate, -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))


@constant_log_loss.wrong("the most frequent class", says="too sure")
def _(labels):
    return float(np.mean(labels) > 0.5), constant_log_loss(labels)[1]
