"""Exercises of chapter 06: more right answers that look unlike the reference, and more near misses with their words."""

import numpy as np
import pytest

from utils.exercises import core


def crop_by_the_nth_place(image, size, rng):
    across = image.shape[1] - size + 1
    top, left = divmod(rng.integers((image.shape[0] - size + 1) * across), across)
    return image[top : top + size, left : left + size].tolist()


def crop_by_random_shares(image, size, rng):
    top, left = (int(rng.random() * (length - size + 1)) for length in image.shape[:2])
    return image[top : top + size, left : left + size].astype("float32")


def work_by_a_loop(height, width, kernel_shape):
    h, w, channels, filters = kernel_shape
    return sum(2.0 * h * w * channels * filters for _ in range(height - h + 1) for _ in range(width - w + 1))


def recall_and_precision_by_loops(confusion):
    found = []
    for table in (confusion, confusion.T):
        found.append([row[k] / sum(row) if sum(row) else float("nan") for k, row in enumerate(table)])
    return found


def one_cycle_as_the_lower_of_two_lines(passed, peak):
    return np.float32(min(peak * (0.1 + 3.6 * passed), peak * (1 - passed) / 0.75))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        ("6.1", crop_by_the_nth_place),
        ("6.1", crop_by_random_shares),
        ("6.2", lambda labels, classes: np.eye(classes, dtype="uint8")[labels]),
        ("6.3", work_by_a_loop),
        ("6.4", recall_and_precision_by_loops),
        ("6.5", one_cycle_as_the_lower_of_two_lines),
    ],
)
def test_another_right_answer_passes(identifier, answer, seed):
    assert core.get(identifier).judge(answer, seed) == ("passed", "")


def crop_among_the_rows(image, size, rng):
    top, left = rng.integers(image.shape[0] - size + 1, size=2)
    return image[top : top + size, left : left + size]


def crop_that_is_cut_off(image, size, rng):
    top, left = (rng.integers(length) for length in image.shape[:2])
    return image[top : top + size, left : left + size]


def crop_that_favours_the_first_row(image, size, rng):
    top = int(abs(rng.normal()) * 2) % (image.shape[0] - size + 1)
    left = rng.integers(image.shape[1] - size + 1)
    return image[top : top + size, left : left + size]


def places(height, width, kernel_shape):
    return (height - kernel_shape[0] + 1) * (width - kernel_shape[1] + 1)


def odds(confusion):
    right = np.diag(confusion)
    with np.errstate(all="ignore"):
        return right / (confusion.sum(axis=1) - right), right / (confusion.sum(axis=0) - right)


def with_specificity(confusion):
    right, there, named = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    with np.errstate(all="ignore"):
        return right / there, 1 - (named - right) / (confusion.sum() - there)


@pytest.mark.parametrize(
    ("identifier", "answer", "words"),
    [
        ("6.1", crop_among_the_rows, "never reaches the last column"),
        ("6.1", crop_that_is_cut_off, "cut off by the edge"),
        ("6.1", crop_that_favours_the_first_row, "not equally likely"),
        (
            "6.3",
            lambda height, width, kernel_shape: (
                places(height, width, kernel_shape) * (2 * np.prod(kernel_shape[:3]) - 1) * kernel_shape[3]
            ),
            "left out one addition",
        ),
        (
            "6.3",
            lambda height, width, kernel_shape: (
                2 * places(height, width, kernel_shape) * kernel_shape[2] * kernel_shape[3]
            ),
            "all h × w numbers",
        ),
        (
            "6.3",
            lambda height, width, kernel_shape: (
                2 * places(height, width, kernel_shape[1::-1] + kernel_shape[2:]) * np.prod(kernel_shape)
            ),
            "the kernel's height h belongs",
        ),
        ("6.3", lambda height, width, kernel_shape: int(np.prod(kernel_shape)), "how many numbers the layer learns"),
        ("6.4", odds, "divided by the mistakes alone"),
        ("6.4", with_specificity, "precision is not the specificity"),
        ("6.5", lambda passed, peak: np.interp(passed, [0, 25, 100], [peak / 10, peak, 0]), "not per cent"),
        ("6.5", lambda passed, peak: np.interp(passed, [0, 0.25, 1], [0.001, 0.01, 0]), "follow the argument peak"),
    ],
)
def test_a_near_miss_is_named(identifier, answer, words):
    status, message = core.get(identifier).judge(answer)
    assert status == "wrong"
    assert words in message
