"""Every check refuses every mutant of its reference, but for those that do the same by definition.

A mutant is the reference with one small thing changed (``mutants.py``). One that passes shows that the check lacks a
case: add the case, or, if the text asks for nothing that would tell the two apart, list it here with the reason.
"""

import importlib
import inspect
import warnings

import numpy as np
import pytest
from mutants import mutants

from utils.exercises import core
from utils.exercises.attempt import Attempt
from utils.exercises.sources import exercise_ids, module_name, solution_source

# The changed lines that stay right, by exercise and reason.
EQUIVALENT = {
    "1.1": {
        "two rows in a list are as good as in an array": [
            "return [missing[outcome == 0].mean(axis=0), missing[outcome == 1].mean(axis=0)]"
        ]
    },
    "1.2": {
        "a row is stretched over the cases with or without an axis of its own": [
            "cases, others = (scores[labels == 1][:, None], scores[labels == 0][None])",
            "cases, others = (scores[labels == 1][:, None], scores[labels == 0][:])",
        ]
    },
    "1.4": {"the columns may be filled in any order": ["for prediction in (1, 0):"]},
    "2.2": {
        "there are as many labels as rows of scores": [
            "rows = np.arange(len(scores))",
            "return (loss, gradient / len(scores))",
        ]
    },
    "3.3": {
        "kernels have four axes": ["(H, W), (h, w) = (image.shape[:2], kernels.shape[:-2])"],
        "without padding the number of places is such that nothing is padded": ["if True:"],
        "what is padded below and to the right of the last window is never looked at": [
            "down, across = (max((rows - 1) * stride + h - H, 1), max((columns - 1) * stride + w - W, 0))",
            "down, across = (max((rows - 1) * stride + h - H, 0), max((columns - 1) * stride + w - W, 1))",
            "image = np.pad(image, ((down // 2, down), (across // 2, across - across // 2), (0, 0)))",
            "image = np.pad(image, ((down // 2, down + down // 2), (across // 2, across - across // 2), (0, 0)))",
            "image = np.pad(image, ((down // 2, down - down // 3), (across // 2, across - across // 2), (0, 0)))",
            "image = np.pad(image, ((down // 2, down - down // 4), (across // 2, across - across // 2), (0, 0)))",
            "image = np.pad(image, ((down // 2, down - down // -2), (across // 2, across - across // 2), (0, 0)))",
            "image = np.pad(image, ((down // 2, down - down // 2), (across // 2, across), (0, 0)))",
            "image = np.pad(image, ((down // 2, down - down // 2), (across // 2, across + across // 2), (0, 0)))",
            "image = np.pad(image, ((down // 2, down - down // 2), (across // 2, across - across // 3), (0, 0)))",
            "image = np.pad(image, ((down // 2, down - down // 2), (across // 2, across - across // 4), (0, 0)))",
            "image = np.pad(image, ((down // 2, down - down // 2), (across // 2, across - across // -2), (0, 0)))",
        ],
    },
    "4.2": {"the first use of w multiplies a state of 0": ["for t in range(len(x), 1, -1):"]},
    "4.3": {
        "a single 0 is stretched to the width of the bias": [
            "outside, inside = b if reset_after else (b, np.zeros_like(reset_after))"
        ]
    },
    "5.1": {
        "there are as many values as keys": ["if mask.shape != (len(query), len(value)):"],
        "queries and keys have the same width": ["scores = query @ key.T / np.sqrt(key.shape[1])"],
        "any very negative number will do": [
            "weights = softmax(np.where(mask, scores, -999999999.0)) * mask",
            "weights = softmax(np.where(mask, scores, -1000000001.0)) * mask",
        ],
    },
    "5.3": {"queries and keys have the same width": ["of_scores = of_scores / np.sqrt(key.shape[1])"]},
    "5.5": {
        "the width is even, so that the last column is odd": [
            "table[:, ::2], table[:, 1::2] = (np.sin(angles), np.cos(angles))",
            "table[:, 0:-1:2], table[:, 1::2] = (np.sin(angles), np.cos(angles))",
        ]
    },
    "6.4": {"a warning is no result": ["with np.errstate():"]},
    "7.2": {"a threshold that is tried twice gives the same twice": ["for threshold in scores:"]},
    "7.3": {"a threshold that is tried twice costs the same twice": ["thresholds = np.append(probabilities, np.inf)"]},
    "7.5": {
        "& and sums take the integers 0 and 1 as well": [
            "without: mask, predicted = (mask.astype(bool), predicted.astype(bool))",
            "mask, predicted = (mask, predicted.astype(bool))",
            "mask, predicted = (mask.astype(bool), predicted)",
        ],
        "Dice is the same both ways round": ["mask, predicted = (predicted.astype(bool), mask.astype(bool))"],
    },
    "9.1": {"there are as many days as outcomes": ["label = np.full(len(died), np.nan)"]},
    "8.2": {
        "an orientation has six numbers": [
            "normal = np.cross(orientation[:-3], orientation[3:])",
            "normal = np.cross(orientation[:3], orientation[-3:])",
        ],
        "no two slices of a check are exactly 0.01 mm apart": ["if np.any(np.diff(along[order]) <= 0.01):"],
    },
    "8.5": {
        "the distances go both ways": [
            "surfaces = [one & ~ndimage.binary_erosion(one) for one in (other, mask)]",
        ]
    },
    "9.2": {
        "every row is filled afterwards": ["filled, latest = (np.ones(values.shape), np.zeros(values.shape[1]))"],
        "values and observed have the same shape": [
            "filled, latest = (np.zeros(observed.shape), np.zeros(values.shape[1]))",
            "filled, latest = (np.zeros(values.shape), np.zeros(observed.shape[1]))",
            "for t in range(len(observed)):",
        ],
    },
    "9.3": {"there are as many times as rows": ["for t in range(1, len(observed)):"]},
    "9.5": {
        "a dictionary holds a subgroup once, however often it is scored": ["for name in members:"],
        "the largest of one score minus the smallest is 0": [
            "return (scores, max(scores.values()) - min(scores.values()) if len(scores) >= 1 else 0.0)",
            "return (scores, max(scores.values()) - min(scores.values()) if len(scores) > 0 else 0.0)",
        ],
    },
    "10.1": {
        "a letter stands for each base once": ["table[place, 'ACGT'.index(base)] = 1 / len(IUPAC[letter])"],
    },
    "10.4": {
        "the first of one prediction is the last": [
            "return (predict(mutants) - predict(window[None])[-1]).reshape(length, 4)"
        ],
        "any negative length means what is left": [
            "return (predict(mutants) - predict(window[None])[0]).reshape(length, -4)"
        ],
    },
    "11.1": {"the order of the alternatives is free": ["if smiles[place:place + 2] in ('Br', 'Cl'):"]},
    "11.3": {
        "a margin for rounding, in which no case of the check lies": [
            "is_train, room = (np.zeros(len(scaffolds), bool), share * len(scaffolds))",
            "is_train, room = (np.zeros(len(scaffolds), bool), share * len(scaffolds) + 2e-09)",
            "if counts[k] < room:",
        ]
    },
    "11.4": {"the order of the two directions is free": ["for listens, speaks in ((other, one), (one, other)):"]},
    "11.5": {
        "what stands in the gaps is left out afterwards": [
            "losses = np.logaddexp(0, logits) - logits * np.where(known, labels, 1)",
            "losses = np.logaddexp(0, logits) - logits * np.where(known, labels, -1)",
        ]
    },
    "11.6": {
        "a margin for rounding, in which no case of the check lies": [
            "count = int(np.ceil(fraction * len(scores)))",
            "count = int(np.ceil(fraction * len(scores) - 2e-09))",
        ],
        "there are as many labels as scores": ["count = int(np.ceil(fraction * len(labels) - 1e-09))"],
    },
    "12.1": {
        "baseline and image have the same shape": [
            "points = baseline + shares.reshape(-1, *[1] * baseline.ndim) * (image - baseline)"
        ]
    },
    "12.3": {"the order of the axes of a mean is free": ["weights = slopes.mean(axis=(1, 0))"]},
    "12.4": {
        "the first of one score is the last": [
            "before = score(image[None])[-1]",
            "fall[row:row + side, column:column + side] = before - score(covered[None])[-1]",
        ],
        "what reaches beyond a tile is overwritten by the tiles below and to the right": [
            "fall[row:, column:column + side] = before - score(covered[None])[0]",
            "fall[row:row + side + 1, column:column + side] = before - score(covered[None])[0]",
            "fall[row:row + side, column:] = before - score(covered[None])[0]",
            "fall[row:row + side, column:column + side + 1] = before - score(covered[None])[0]",
        ],
    },
    "12.5": {
        "there are as many fillings as channels": ["covered = image.copy().reshape(-1, fill.shape[-1])"],
        "the number of pictures that is left is 1": ["scores.append(score(covered.reshape(-1, *image.shape))[0])"],
        "the first of one score is the last": ["scores.append(score(covered.reshape(1, *image.shape))[-1])"],
    },
    "13.2": {"there are as many variances as estimates": ["m = len(variances)"]},
    "13.3": {
        "the shares are arrays already": [
            "raised = probabilities * (now / np.asarray(before))",
            "raised = probabilities * (np.asarray(now) / before)",
        ]
    },
    "13.4": {
        "any two labels will do, the larger one for the new rows": [
            "labels = np.repeat([-1, 1], [len(old), len(new)])",
            "labels = np.repeat([0, 2], [len(old), len(new)])",
        ]
    },
    "14.1": {"a group that is measured twice gives the same twice": ["for name in members:"]},
    "14.2": {"there are as many labels as calibration rows": ["n = len(calibration)"]},
    "15.4": {
        "a square has no sign": [
            "return (by_shrinkage(0.9), by_shrinkage(r2 / (r2 + 0.05 * largest)), (-1.96 / 0.05) ** 2 * p * (1 - p))",
            "return (by_shrinkage(0.9), by_shrinkage(r2 / (r2 + 0.05 * largest)), (1.96 / -0.05) ** 2 * p * (1 - p))",
        ]
    },
}


class Plain(Attempt):
    """An attempt whose mistakes are not looked for by name: that a mutant is refused is enough."""

    def _name_the_mistake(self, *_):
        pass


@pytest.fixture(autouse=True)
def empty_arrays_hold_no_right_answers(monkeypatch):
    """What ``np.empty`` finds in the memory may be what the reference has left there."""

    def empty(shape, dtype=float, **options):
        return np.full(shape, np.nan if np.dtype(dtype).kind in "fc" else 99, dtype, **options)

    monkeypatch.setattr(np, "empty", empty)


def passes(item, function):
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            item.checker(Plain(item, function), np.random.default_rng(0))
    except Exception:
        return False
    return True


@pytest.mark.parametrize("identifier", exercise_ids())
def test_no_mutant_passes(identifier):
    item, module = core.get(identifier), importlib.import_module(module_name(identifier))
    source = solution_source(identifier)
    assert passes(item, item.function)
    alive = {str(mutant): mutant for mutant in mutants(source) if passes(item, mutant.function(module))}
    equivalent = {line for lines in EQUIVALENT.get(identifier, {}).values() for line in lines}
    above = inspect.getsource(module).split(source)[0].count("\n")
    text = [
        f"{identifier}, line {above + mutant.line} of {module.__name__.split('.')[-1]}.py: the check passes\n"
        f"      {line}\n  for {mutant.before}"
        for line, mutant in alive.items()
        if line not in equivalent
    ]
    assert not text, "\n".join(text)
    assert not equivalent - set(alive), "refused, or not made any more: take it off the list"


def test_each_equivalent_belongs_to_an_exercise():
    assert set(EQUIVALENT) <= set(exercise_ids())


def test_there_are_many_mutants():
    numbers = {identifier: sum(1 for _ in mutants(solution_source(identifier))) for identifier in exercise_ids()}
    assert sum(numbers.values()) > 3000
    assert min(numbers.values()) >= 2


def lines(source):
    return {str(mutant) for mutant in mutants(source)}


def test_what_a_mutant_may_be():
    source = '''def f(a, b, n=2):
        """Words stay as they are."""
        if not a.any() and n < 3:
            raise ValueError("words")
        total = a[1:n].mean(axis=0, keepdims=True) - np.exp(b)
        total += max(n, 4)
        return total, n
    '''
    assert lines(source) >= {
        "without: if not a.any() and n < 3:",
        "if not a.any() or n < 3:",
        "if a.any() and n < 3:",
        "if not a.all() and n < 3:",
        "if not b.any() and n < 3:",
        "if not a.any() and n <= 3:",
        "if not a.any() and n > 3:",
        "if not a.any() and n < 4:",
        "if not a.any() and n < 6:",
        "if not a.any() and n < -3:",
        "if not a.any():",
        "without: raise ValueError('words')",
        "total = a[1:n].mean(axis=0, keepdims=True) + np.exp(b)",
        "total = a[1:n].mean(axis=1, keepdims=True) - np.exp(b)",
        "total = a[1:n].mean(keepdims=True) - np.exp(b)",
        "total = a[1:n].mean(axis=0) - np.exp(b)",
        "total = a[1:n + 1].mean(axis=0, keepdims=True) - np.exp(b)",
        "total = a[1:n].mean(axis=0, keepdims=True) - b",
        "total = a[1:n].mean(axis=0, keepdims=True) - np.exp(a)",
        "total = np.exp(b)",
        "total -= max(n, 4)",
        "total = max(n, 4)",
        "total += min(n, 4)",
        "without: total += max(n, 4)",
        "return (n, total)",
    }
    assert not any("Words" in mutant.source for mutant in mutants(source))


def test_a_loop_of_a_mutant_ends():
    source = "def f(n):\n    while n > 0:\n        n -= 1\n    return n\n"
    item = core.exercise("9.9", "Down to 0")(lambda n: 0)
    item.checks(lambda answer, rng: answer.case(None, 3))
    refused = {str(mutant) for mutant in mutants(source) if not passes(item, mutant.function(core))}
    assert {"n += 1", "without: n -= 1", "while n > 1:"} <= refused
