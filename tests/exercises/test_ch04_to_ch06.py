"""Exercises of chapters 04 to 06: right answers that look unlike the reference pass, and near misses are named."""

import numpy as np
import pytest

from utils.exercises import core


def masked_mean_with_assert(states, mask):
    assert mask.shape == states.shape[:2]
    result = np.zeros((len(states), states.shape[2]))
    for patient, visits in enumerate(mask):
        if visits.any():
            result[patient] = states[patient][visits].mean(axis=0)
    return result


def gradient_by_finite_differences(x, w):
    if not len(x):
        raise ValueError("no reading, no state")

    def last(weight):
        h = 0.0
        for reading in x:
            h = np.tanh(reading + weight * h)
        return h

    return (last(w + 1e-5) - last(w - 1e-5)) / 2e-5


def attention_row_by_row(query, key, value, mask):
    if mask.shape != (len(query), len(key)):
        raise ValueError(f"a mask of shape {mask.shape}")
    weights = np.zeros(mask.shape)
    for t, allowed in enumerate(mask):
        if allowed.any():
            scores = key[allowed] @ query[t] / len(query[t]) ** 0.5
            powers = np.exp(scores - np.max(scores))
            weights[t, allowed] = powers / powers.sum()
    return weights @ value, weights


def causal_mask_in_lists(length):
    return [[s <= t for s in range(length)] for t in range(length)]


def positions_in_lists(length, width):
    table = []
    for t in range(length):
        angles = [t / 10000 ** (2 * (column // 2) / width) for column in range(width)]
        table.append([np.cos(a) if column % 2 else np.sin(a) for column, a in enumerate(angles)])
    return table


def crop_from_a_list_of_places(image, size, rng):
    places = list(np.ndindex(image.shape[0] - size + 1, image.shape[1] - size + 1))
    top, left = places[rng.choice(len(places))]
    return image[top : top + size, left : left + size]


def one_hot_by_comparison(labels, classes):
    return labels[:, None] == np.arange(classes)


def recall_and_precision_in_an_array(confusion):
    with np.errstate(all="ignore"):
        return np.array([np.diag(confusion) / confusion.sum(axis=axis) for axis in (1, 0)])


def one_cycle_in_two_pieces(passed, peak):
    return peak * (0.1 + 3.6 * passed) if passed < 0.25 else peak * (1 - passed) / 0.75


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        ("4.2", gradient_by_finite_differences),
        ("4.5", masked_mean_with_assert),
        ("5.1", attention_row_by_row),
        ("5.2", causal_mask_in_lists),
        ("5.5", positions_in_lists),
        ("6.1", crop_from_a_list_of_places),
        ("6.2", one_hot_by_comparison),
        ("6.4", recall_and_precision_in_an_array),
        ("6.5", one_cycle_in_two_pieces),
    ],
)
def test_another_right_answer_passes(identifier, answer, seed):
    assert core.get(identifier).judge(answer, seed) == ("passed", "")


def crop_by_the_global_generator(image, size, rng):
    top, left = (np.random.randint(length - size + 1) for length in image.shape[:2])
    return image[top : top + size, left : left + size]


def one_hot_by_a_loop(labels, classes):
    table = np.zeros((len(labels), classes))
    for k in range(classes - 1):
        table[labels == k, k] = 1
    return table


def attention_by_exp(query, key, value, mask):
    if mask.shape != (len(query), len(key)):
        raise ValueError("shape")
    powers = np.exp(query @ key.T / np.sqrt(query.shape[1])) * mask
    weights = powers / np.maximum(powers.sum(axis=1, keepdims=True), 1e-30)
    return weights @ value, weights


def attention_by_the_root_of_the_keys(query, key, value, mask):
    scores = np.where(mask, query @ key.T / len(key) ** 0.5, -1e9)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = powers / powers.sum(axis=1, keepdims=True) * mask
    return weights @ value, weights


def masked_mean_of_a_stretched_mask(states, mask):
    seen = np.where(mask[:, :, None], states, 0).sum(axis=1)
    return seen / np.maximum(mask.sum(axis=1, keepdims=True), 1)


def recall_of_everything(confusion):
    with np.errstate(all="ignore"):
        return np.diag(confusion) / confusion.sum(), np.diag(confusion) / confusion.sum()


def gradient_with_a_silent_refusal(x, w):
    if len(x) == 0:
        raise AssertionError
    return gradient_by_finite_differences(x, w)


@pytest.mark.parametrize(
    ("identifier", "answer", "words"),
    [
        ("4.2", gradient_with_a_silent_refusal, "for a sequence of length 0 your error has no words"),
        ("4.5", masked_mean_of_a_stretched_mask, "NumPy stretches such a mask in silence"),
        ("5.1", attention_by_exp, "exp(800) overflows"),
        ("5.1", attention_by_the_root_of_the_keys, "the square root of the number of keys"),
        ("6.1", crop_by_the_global_generator, "take all your random numbers from rng"),
        ("6.2", one_hot_by_a_loop, "the images of the last class have no 1"),
        ("6.4", recall_of_everything, "your recall is a share of all images"),
    ],
)
def test_a_near_miss_is_named(identifier, answer, words):
    status, message = core.get(identifier).judge(answer)
    assert status == "wrong"
    assert words in message


def test_a_crop_that_favours_the_middle_is_shown_its_counts():
    def crop(image, size, rng):
        top, left = (int((length - size) * (rng.random() + rng.random()) / 2 + 0.5) for length in image.shape[:2])
        return image[top : top + size, left : left + size]

    message = core.get("6.1").judge(crop)[1]
    assert "your places are not equally likely" in message
    assert "of 1500 crops begin in row" in message
    assert "where about 125 are expected" in message
