"""The contest of chapter 15: on every dataset both methods answer, on a split that no group crosses."""

import keras
import numpy as np
import pytest

from utils import datasets
from utils.chapters import contest
from utils.chapters.tasks import Method, Network, Task
from utils.datasets import Split
from utils.errors import CourseError, UsageError
from utils.nn.profiles import Run

SMOKE = Run("smoke", 0)


def two_answers(metric="AUC", groups=None, split=None, labels=(0, 1, 0, 1, 0, 1)):
    nobody = Method("nobody", lambda rows, seed: None)
    split = split or Split([0, 1], [], [2, 3, 4, 5])
    groups = None if groups is None else np.array(groups)
    return Task("a question", metric, np.array(labels), groups, split, nobody, nobody)


def test_every_embedded_dataset_with_enough_people_or_things_has_a_contest():
    too_few = {"scans", "files", "weights"}  # kinds: five patients, single files, and nothing to be predicted
    embedded = {name for name, entry in datasets.catalogue().items() if entry.embedded and entry.kind not in too_few}
    assert set(contest.NAMES) == embedded


@pytest.mark.parametrize("name", contest.NAMES)
def test_both_answer_and_no_group_is_on_both_sides(name):
    task = contest.task(name, SMOKE)
    parts = list(task.split.parts().values())
    if task.groups is not None:
        for one, other in ((0, 1), (0, 2), (1, 2)):
            assert not len(np.intersect1d(task.groups[parts[one]], task.groups[parts[other]]))
    for method in (task.deep, task.classical):
        answers = method.answer(task.split.train, 0)
        assert len(answers) == len(task.truth) == len(task.drawn)
        assert np.isfinite(answers).all()
        assert 0 <= task.error(task.truth, answers) < np.inf
    errors = task.paired_errors(answers, answers, repeats=20)
    assert errors.shape[1] == 2
    assert np.array_equal(errors[:, 0], errors[:, 1])


def test_only_one_patient_and_photographs_have_no_groups():
    without = [name for name in ("ecg5000", "cifar10_small") if contest.task(name, SMOKE).groups is None]
    assert without == ["ecg5000", "cifar10_small"]


def test_nuclei_of_two_sides_share_no_pixel():
    data, split = datasets.load("nuclei"), contest.task("nuclei", SMOKE).split
    apart = np.abs(data.positions[split.test][:, None] - data.positions[split.train]).max(axis=-1)
    assert apart.min() >= data.images.shape[1]


def test_a_dataset_without_a_contest_is_refused():
    with pytest.raises(UsageError, match="no contest on 'pneumonia'"):
        contest.task("pneumonia", SMOKE)


def test_a_group_on_two_sides_is_refused():
    with pytest.raises(CourseError, match="1 groups on two sides"):
        two_answers(groups=[0, 1, 1, 2, 2, 3])


def test_an_unknown_metric_is_refused():
    with pytest.raises(CourseError, match="no metric 'luck'"):
        two_answers(metric="luck")


def test_error_is_what_is_missing():
    assert two_answers().error([0, 1, 0, 1], [0.1, 0.9, 0.2, 0.8]) == 0
    assert two_answers("accuracy").error([0, 1], np.array([[0.9, 0.1], [0.8, 0.2]])) == 0.5
    labels = np.array([[1.0], [3.0]])
    assert two_answers("RMSE", labels=np.zeros((6, 1))).error(labels, labels + 2) == 2


def test_errors_are_paired():
    """Where one method is as wrong as the other on each row, no draw sets them apart."""
    labels = np.tile([0, 1], 50)
    task = two_answers("accuracy", np.arange(100) // 4, Split([], [], np.arange(100)), labels)
    wrong = np.random.default_rng(0).random(100) < 0.3
    one = np.eye(2)[np.where(wrong, 1 - labels, labels)]
    errors = task.paired_errors(one, 0.2 + 0.6 * one, repeats=50)
    assert errors.shape == (51, 2)
    assert errors[0, 0] == pytest.approx(wrong.mean())
    assert np.array_equal(errors[:, 0], errors[:, 1])
    assert np.std(errors[1:, 0]) > 0


@pytest.fixture(scope="module")
def network():
    def build():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dense(8, activation="tanh"), keras.layers.Dense(1)])

    return Network(build, "mean_squared_error", steps=150, batch_size=16, rate=0.05)


def test_a_network_learns_and_starts_anew_each_time(network):
    inputs = np.random.default_rng(0).normal(size=(80, 3)).astype("float32")
    targets = (inputs @ [1.0, -2.0, 0.5]).astype("float32")[:, None]
    first = network.fit([inputs], targets, seed=3).predict([inputs])
    assert np.mean((first - targets) ** 2) < 0.05 * targets.var()
    other = network.fit([inputs[:20]], targets[:20], seed=4).predict([inputs])
    again = network.fit([inputs], targets, seed=3).predict([inputs], batch_size=7)
    np.testing.assert_allclose(again, first, atol=1e-5)
    assert np.abs(other - first).max() > 1e-3


def test_a_network_begins_where_it_is_told(network):
    asked = []
    network.fit([np.zeros((4, 3), "float32")], np.zeros((4, 1), "float32"), begin=asked.append, max_epochs=1)
    assert asked == [network.model]
