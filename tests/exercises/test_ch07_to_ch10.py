"""Exercises of chapters 07 to 10: right answers that look unlike the reference pass, and near misses are named."""

import numpy as np
import pytest

from utils.exercises import ch10_letters, core
from utils.exercises.draws import judge_draws
from utils.exercises.expect import Wrong, alike
from utils.features.dna import IUPAC


def draws_of(names, groups, repeats):
    return [np.concatenate([np.flatnonzero(groups == name) for name in names()]) for _ in range(repeats)]


def bootstrap(statistic, truth, guess, draws):
    return sorted(statistic(truth[rows], guess[rows]) for rows in draws)


def interval_from_sorted_values(statistic, truth, guess, groups, repeats, rng):
    names = np.unique(groups)
    draws = draws_of(lambda: rng.choice(names, len(names)), groups, repeats)
    values = bootstrap(statistic, truth, guess, draws)
    return values[int(0.025 * repeats)], values[int(0.975 * repeats)]


def interval_in_an_array(statistic, truth, guess, groups, repeats, rng):
    names = np.unique(groups)
    draws = draws_of(lambda: rng.choice(names, len(names)), groups, repeats)
    return np.percentile(bootstrap(statistic, truth, guess, draws), [2.5, 97.5])


def sensitivity_between_scores(labels, scores, specificity):
    between = np.convolve(np.unique(scores), [0.5, 0.5], "valid")
    positive = scores > np.concatenate([[-np.inf], between, [np.inf]])[:, None]
    specific = (positive[:, labels == 0] == 0).mean(axis=1) >= specificity
    return positive[specific][:, labels == 1].mean(axis=1).max()


def threshold_from_the_top(labels, probabilities, cost_missed, cost_false_alarm):
    best, chosen = cost_missed * labels.sum(), probabilities.max() + 1
    for threshold in sorted(set(probabilities.tolist()), reverse=True):
        alarm = probabilities >= threshold
        cost = cost_missed * labels[~alarm].sum() + cost_false_alarm * (1 - labels[alarm]).sum()
        if cost < best:
            best, chosen = cost, threshold
    return chosen


def calibration_with_closed_right_ends(confidence, correct, bins):
    place = np.ceil(confidence * bins).astype(int)
    sums = [abs((correct[place == k] - confidence[place == k]).sum()) for k in range(1, bins + 1)]
    return sum(sums) / len(correct)


def dice_of_masks_as_they_come(mask, predicted):
    total = np.sum(mask) + np.sum(predicted)
    return 1 if total == 0 else 2 * (mask & predicted).sum() / total


def label_one_by_one(days, died, horizon):
    def label(day, dead):
        if day > horizon:
            return 0
        return 1 if dead else 0 if day == horizon else None

    return np.array([label(*one) for one in zip(days, died, strict=True)], float)


def forward_from_the_first_visit(values, observed):
    filled = np.empty(values.shape)
    filled[0] = np.where(observed[0], values[0], 0)
    for t in range(1, len(values)):
        filled[t] = np.where(observed[t], values[t], filled[t - 1])
    return filled


def age_from_the_last_time(times, observed):
    last, since = np.full(observed.shape[1], times[0]), []
    for time, seen in zip(times, observed, strict=True):
        since.append(time - last)
        last = np.where(seen, time, last)
    return since


def net_benefit_by_counting(labels, risks, threshold):
    treated = labels[risks >= threshold]
    return (treated.sum() - (len(treated) - treated.sum()) / (1 / threshold - 1)) / len(labels)


def gap_with_rounding(labels, risks, members, score):
    groups = {str(name): members == name for name in set(members)}
    mixed = {name: rows for name, rows in groups.items() if 0 < labels[rows].mean() < 1}
    scores = {name: score(labels[rows], risks[rows]) + 1e-12 for name, rows in mixed.items()}
    return scores, np.ptp(list(scores.values()) or [0])


def letters_from_a_table(sequence, length):
    rows = [[(base in IUPAC[letter]) / len(IUPAC[letter]) for base in "ACGT"] for letter in sequence[:length]]
    return rows + [[0] * 4] * (length - len(rows))


def split_with_a_dictionary(sequences, share, rng):
    first = {}
    for row, sequence in enumerate(sequences):
        first.setdefault(sequence, row)
    rows = list(first.values())
    rng.shuffle(rows)
    cut = len(rows) - round(share * len(rows))
    return rows[:cut], rows[cut:]


def information_from_the_entropy(windows, pseudo):
    frequencies = (windows.mean(axis=0) * len(windows) + pseudo) / (len(windows) + 4 * pseudo)
    return 2 + np.log2(frequencies), 2 + np.sum(frequencies * np.log2(frequencies), axis=1)


def mutations_in_place_and_back(predict, window):
    before, effects = predict(window[None])[0], []
    for place in range(len(window)):
        kept = window[place].copy()
        for letter in np.eye(4):
            window[place] = letter
            effects.append(predict(window[None])[0] - before)
        window[place] = kept
    return np.reshape(effects, window.shape)


def other_strand_by_letter(sequence):
    other = dict(zip("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN", strict=True))
    return "".join(other[letter] for letter in reversed(sequence))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("identifier", "answer"),
    [
        ("7.1", interval_from_sorted_values),
        ("7.1", interval_in_an_array),
        ("7.2", sensitivity_between_scores),
        ("7.3", threshold_from_the_top),
        ("7.4", calibration_with_closed_right_ends),
        ("7.5", dice_of_masks_as_they_come),
        ("9.1", label_one_by_one),
        ("9.2", forward_from_the_first_visit),
        ("9.3", age_from_the_last_time),
        ("9.4", net_benefit_by_counting),
        ("9.5", gap_with_rounding),
        ("10.1", letters_from_a_table),
        ("10.2", split_with_a_dictionary),
        ("10.3", information_from_the_entropy),
        ("10.4", mutations_in_place_and_back),
        ("10.5", other_strand_by_letter),
    ],
)
def test_another_right_answer_passes(identifier, answer, seed):
    assert core.get(identifier).judge(answer, seed) == ("passed", "")


def bootstrap_by_rows(statistic, truth, guess, groups, repeats, rng):
    draws = draws_of(lambda: rng.choice(groups, size=len(np.unique(groups))), groups, repeats)
    return np.quantile(bootstrap(statistic, truth, guess, draws), [0.025, 0.975])


def bootstrap_by_the_global_generator(statistic, truth, guess, groups, repeats, rng):
    names = np.unique(groups)
    draws = draws_of(lambda: np.random.choice(names, size=len(names)), groups, repeats)
    return np.quantile(bootstrap(statistic, truth, guess, draws), [0.025, 0.975])


def bootstrap_of_the_middle_94_percent(statistic, truth, guess, groups, repeats, rng):
    names = np.unique(groups)
    draws = draws_of(lambda: rng.choice(names, len(names)), groups, repeats)
    return np.quantile(bootstrap(statistic, truth, guess, draws), [0.03, 0.97])


def age_of_observed_variables_alone(times, observed):
    since = np.zeros(observed.shape)
    for k in range(observed.shape[1]):
        last = None
        for t, time in enumerate(times):
            if last is not None:
                since[t, k] = time - last
            if observed[t, k]:
                last = time
    return since


def bootstrap_with_guess_first(statistic, truth, guess, groups, repeats, rng):
    return interval_in_an_array(lambda a, b: statistic(b, a), truth, guess, groups, repeats, rng)


def threshold_on_a_coarse_grid(labels, probabilities, cost_missed, cost_false_alarm):
    grid = np.linspace(0, 1, 6)[:, None]
    missed = ((probabilities < grid) & (labels == 1)).sum(axis=1)
    false_alarms = ((probabilities >= grid) & (labels == 0)).sum(axis=1)
    return grid[np.argmin(cost_missed * missed + cost_false_alarm * false_alarms), 0]


def dice_by_a_product_of_bytes(mask, predicted):
    one, other = mask.astype(np.uint8).ravel(), predicted.astype(np.uint8).ravel()
    return 2 * int(one @ other) / (one.sum() + other.sum()) if one.any() or other.any() else 1.0


def gap_between_the_first_two(labels, risks, members, score):
    scores, _ = gap_with_rounding(labels, risks, members, score)
    return scores, abs(np.subtract(*[scores[name] for name in sorted(scores)][:2])) if len(scores) > 1 else 0.0


def split_into_masks(sequences, share, rng):
    rows = np.arange(len(sequences))
    return [np.isin(rows, part) for part in split_with_a_dictionary(sequences, share, rng)]


def gap_without_subgroups_lacking_a_case(labels, risks, members, score):
    names = [name for name in np.unique(members) if labels[members == name].any()]
    scores = {name: score(labels[members == name], risks[members == name]) for name in names}
    return scores, max(scores.values()) - min(scores.values())


def split_by_the_global_generator(sequences, share, rng):
    rows = np.random.permutation(np.unique(sequences, return_index=True)[1])
    cut = round(share * len(rows))
    return rows[cut:], rows[:cut]


def natural_logarithms(windows, pseudo):
    counts = windows.sum(axis=0) + pseudo
    frequencies = counts / counts.sum(axis=1, keepdims=True)
    weights = np.log(frequencies / 0.25)
    return weights, (frequencies * weights).sum(axis=1)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("identifier", "answer", "words"),
    [
        ("7.1", bootstrap_by_rows, "large groups came more often than small ones"),
        ("7.1", bootstrap_with_guess_first, "you exchanged truth and guess"),
        ("7.3", threshold_on_a_coarse_grid, "at the best threshold"),
        ("7.5", dice_by_a_product_of_bytes, "counts only to 255"),
        ("9.5", gap_between_the_first_two, "take the largest and the smallest of all"),
        ("10.2", split_into_masks, "np.flatnonzero turns a mask into row numbers"),
        ("7.1", bootstrap_by_the_global_generator, "let rng draw, and nothing else"),
        ("7.1", bootstrap_of_the_middle_94_percent, "quantiles 0.025 and 0.975 of your values"),
        ("9.3", age_of_observed_variables_alone, "until then, count from the first visit"),
        ("9.5", gap_without_subgroups_lacking_a_case, "in which everybody is a case"),
        ("10.2", split_by_the_global_generator, "let rng shuffle, and nothing else"),
        ("10.3", natural_logarithms, "bits need the logarithm to base 2"),
    ],
)
def test_a_near_miss_is_named(identifier, answer, words, seed):
    status, message = core.get(identifier).judge(answer, seed)
    assert status == "wrong"
    assert words in message


@pytest.mark.parametrize("seed", range(20))
def test_fair_draws_of_groups_pass_and_draws_by_size_do_not(seed):
    rng = np.random.default_rng(seed)
    groups = rng.permutation(np.repeat(["a", "b", "c", "d", "e", "f"], [1, 1, 2, 8, 9, 12]))
    names = np.unique(groups)
    judge_draws(draws_of(lambda: rng.choice(names, len(names)), groups, 100), groups, "six groups")
    with pytest.raises(Wrong, match="for six groups large groups came more often"):
        judge_draws(draws_of(lambda: rng.choice(groups, len(names)), groups, 100), groups, "six groups")


def test_parts_with_a_dictionary_are_alike_up_to_rounding():
    assert alike(({"a": 0.1 + 0.2}, 1.0), ({"a": 0.3}, np.float32(1)))
    assert not alike(({"a": 0.31}, 1.0), ({"a": 0.3}, 1.0))
    assert not alike(({"a": 0.3}, 1.0), ({"b": 0.3}, 1.0))
    assert not alike(({"a": 0.3}, 1.0), ({"a": 0.3}, 1.0, 2.0))


def test_the_letters_of_the_exercise_are_those_of_the_course():
    assert ch10_letters.IUPAC == IUPAC
