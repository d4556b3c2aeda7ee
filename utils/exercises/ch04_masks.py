"""Exercise of chapter 04 on sequences of unequal length: the mean under a mask."""

import numpy as np

from utils.exercises.core import exercise


@exercise(
    "4.5",
    "The mean over the visits that took place",
    points=2,
    hints=[
        "Give the mask a third axis, mask[:, :, None], so that it fits the states.",
        "Replace the padding by 0 with np.where rather than by a product: 0 * NaN is NaN. Then sum over axis 1.",
        "Divide by mask.sum(axis=1, keepdims=True), but at least by 1: np.maximum(…, 1). Before that, compare "
        "mask.shape with states.shape[:2], and raise ValueError if they differ.",
    ],
)
def masked_mean(states, mask):
    """states (n, T, H), mask (n, T) True = took place → mean over those steps (n, H), 0 if none"""
    if mask.shape != states.shape[:2]:
        raise ValueError(f"the mask has shape {mask.shape}, the states need one flag for each step: {states.shape[:2]}")
    total = np.where(mask[:, :, None], states, 0).sum(axis=1)
    return total / np.maximum(mask.sum(axis=1, keepdims=True), 1)


@masked_mean.checks
def _(answer, rng):
    words = {
        "why": "add up the steps that took place and divide by their number",
        "shape": "one row for each patient, with time averaged away",
    }
    for n, T, H in [(2, 4, 3), (3, 1, 2), (1, 5, 1), (4, 3, 3)]:
        states, lengths = rng.normal(size=(n, T, H)) + 1, rng.integers(1, T + 1, size=n)
        mask = np.arange(T) < lengths[:, None]
        people, visits = f"{n} patient{'s' if n > 1 else ''}", f"up to {T} visit{'s' if T > 1 else ''}"
        answer.case(f"{people} with {visits} of {H} number{'s' if H > 1 else ''}", states, mask, **words)
        answer.case(f"{people} whose padding comes before their {visits}", states, mask[:, ::-1], **words)
    states, mask = rng.normal(size=(3, 4, 2)), np.array([[1, 1, 0, 0], [0, 0, 0, 0], [1, 1, 1, 1]], bool)
    answer.case("a patient without any visit (all positions masked)", states, mask, **words)
    states[~mask] = np.nan
    answer.case("padding that is filled with NaN", states[[0, 2]], mask[[0, 2]], **words)
    states, why = rng.normal(size=(2, 3, 4)), "compare mask.shape with states.shape[:2]"
    for shape in [(1, 3), (2, 1), (3,)]:
        answer.refuses(f"2 patients with 3 visits and a mask of shape {shape}", states, np.ones(shape, bool), why=why)


@masked_mean.wrong(
    "divides by all steps",
    says="you divided by all T steps; divide by the number of those that took place, mask.sum",
)
def _(states, mask):
    return masked_mean(states, mask) * mask.mean(axis=1, keepdims=True)


@masked_mean.wrong("the sum", says="you returned the sum: divide it by the number of steps that took place")
def _(states, mask):
    return masked_mean(states, mask) * mask.sum(axis=1, keepdims=True)


@masked_mean.wrong(
    "averages the padding", says="you averaged the padding too: where the mask is False, nothing took place"
)
def _(states, mask):
    return states.mean(axis=1)


@masked_mean.wrong(
    "the mask the wrong way round", says="you averaged the steps that did not take place: True in the mask means it did"
)
def _(states, mask):
    return masked_mean(states, ~mask)


@masked_mean.wrong(
    "one more visit",
    says="your mean is too small: divide by the number of visits; np.maximum(…, 1) changes it only where it is 0",
)
def _(states, mask):
    visits = mask.sum(axis=1, keepdims=True)
    return masked_mean(states, mask) * visits / (visits + 1)


@masked_mean.wrong(
    "the first steps",
    says="you took the first steps of each patient, as many as took place; take those where the mask is True, wherever "
    "they stand",
)
def _(states, mask):
    if mask.shape != states.shape[:2]:
        raise ValueError("the shapes differ")
    return masked_mean(states, np.arange(mask.shape[1]) < mask.sum(axis=1, keepdims=True))


@masked_mean.wrong(
    "0 / 0 without visits", says="you returned NaN: without visits you divide 0 by 0; divide by at least 1"
)
def _(states, mask):
    return np.where(mask[:, :, None], states, 0).sum(axis=1) / mask.sum(axis=1, keepdims=True)


@masked_mean.wrong("multiplies NaN by 0", says="you returned NaN: 0 * NaN is NaN; choose with np.where")
def _(states, mask):
    return (states * mask[:, :, None]).sum(axis=1) / np.maximum(mask.sum(axis=1, keepdims=True), 1)


@masked_mean.wrong(
    "takes any mask",
    says="you returned a result: NumPy stretches such a mask in silence; compare the shapes first and raise "
    "ValueError(…)",
)
def _(states, mask):
    return masked_mean(states, np.broadcast_to(mask, states.shape[:2]))
