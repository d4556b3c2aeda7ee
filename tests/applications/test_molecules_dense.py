"""One dense network for all questions and one for each: independent where they are to be, and learning."""

import keras
import numpy as np
import pytest

from utils import metrics
from utils.applications.molecules import masked_cross_entropy
from utils.applications.molecules_dense import dense_network, fit_dense, sum_of_tasks

RANDOM = np.random.default_rng(0)
FEATURES = RANDOM.normal(size=(240, 6)).astype("float32")
LABELS = np.column_stack([FEATURES[:, 0] > 0, FEATURES[:, 1] > 0, FEATURES[:, 2] > 0]).astype("float32")
LABELS[::3, 1] = np.nan
TRAIN, VALIDATION, TEST = np.arange(140), np.arange(140, 180), np.arange(180, 240)


@pytest.mark.parametrize("shared", [True, False])
def test_all_questions_are_learned(shared):
    options = {"epochs": 30, "shared": shared, "rate": 0.01, "dropout": 0.1, "decay": 0.001, "width": 16, "quiet": True}
    answers = fit_dense(FEATURES, LABELS, TRAIN, VALIDATION, **options)
    assert answers.shape == LABELS.shape
    assert metrics.multilabel_auc(LABELS[TEST], answers[TEST]) > 0.9


def test_a_question_with_a_layer_of_its_own_hears_nothing_of_the_others():
    keras.utils.set_random_seed(0)
    model = dense_network(3, 6, width=8, shared=False, dropout=0)
    model.compile(keras.optimizers.SGD(0.1), sum_of_tasks, run_eagerly=True)
    start, answers = model.get_weights(), []
    for others in (LABELS[:32, 1:], 1 - LABELS[:32, 1:]):
        model.set_weights(start)
        model.train_on_batch(FEATURES[:32], np.column_stack([LABELS[:32, 0], others]))
        answers.append(np.asarray(model(FEATURES)))
    assert np.array_equal(answers[0][:, 0], answers[1][:, 0])
    assert not np.allclose(answers[0][:, 1:], answers[1][:, 1:])


def test_the_loss_is_the_sum_of_what_each_question_costs_alone():
    logits = RANDOM.normal(size=(20, 3)).astype("float32")
    alone = [float(masked_cross_entropy(LABELS[:20, [k]], logits[:, [k]])) for k in range(3)]
    assert float(sum_of_tasks(LABELS[:20], logits)) == pytest.approx(sum(alone), rel=1e-5)


def test_the_start_is_that_of_a_network_for_one_question():
    apart, single = dense_network(5, 40, width=30, shared=False), dense_network(1, 40, width=30)
    spread = [np.std(model.get_weights()[0]) for model in (apart, single)]
    assert spread[0] == pytest.approx(spread[1], rel=0.1)


def test_a_question_without_a_label_does_no_harm():
    labels = np.where(np.arange(3) == 1, np.nan, LABELS)
    answers = fit_dense(FEATURES, labels, TRAIN, VALIDATION, epochs=1, eager=True, quiet=True)
    assert np.isfinite(answers).all()
