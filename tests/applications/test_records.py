"""Models for records: masks hold, nobody without visits breaks them, and they begin where they are told to."""

import keras
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from utils.applications import heartbeats, records
from utils.datasets.splits import Split
from utils.nn.training import restart

READERS = {"gru": records.read_with_gru, "attention": records.read_with_attention}
each_reader = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


@pytest.fixture
def inputs():
    """20 people with 0 to 6 visits of 5 features, 4 numbers of context; the first has no visit."""
    random = np.random.default_rng(0)
    mask = np.arange(6) < random.integers(0, 7, size=20)[:, None]
    mask[0] = False
    steps = np.where(mask[..., None], random.normal(size=(20, 6, 5)), 0).astype("float32")
    return steps, mask, random.normal(size=(20, 4)).astype("float32")


@each_reader
def test_padding_changes_nothing(reader, inputs):
    steps, mask, context = inputs
    model = records.risk_model(reader, 5, 4)
    before = records.predict(model, inputs)
    longer = np.concatenate([np.where(mask[..., None], steps, 77.0), np.full((20, 3, 5), 9.0, "float32")], axis=1)
    after = records.predict(model, [longer.astype("float32"), np.pad(mask, ((0, 0), (0, 3))), context])
    assert before.shape == (20,)
    assert np.isfinite(before).all()
    np.testing.assert_allclose(after, before, atol=1e-6)


@each_reader
def test_each_person_is_predicted_alone(reader, inputs):
    model = records.risk_model(reader, 5, 4)
    together = records.predict(model, inputs)
    apart = records.predict(model, inputs, batch_size=3)
    np.testing.assert_allclose(together, apart, atol=1e-6)


@each_reader
def test_times_tell_visits_apart_but_attention_without_them_does_not(reader, inputs):
    """Reversing the visits of somebody moves the GRU's answer; attention sees order only where a feature tells it."""
    steps, mask, context = inputs
    full = [steps[:1] + np.random.default_rng(1).normal(size=(1, 6, 5)), np.ones((1, 6), bool), context[:1]]
    full[0] = full[0].astype("float32")
    model = records.risk_model(reader, 5, 4)
    moved = records.predict(model, [full[0][:, ::-1], *full[1:]]) - records.predict(model, full)
    assert (abs(moved[0]) > 1e-4) == (reader is records.read_with_gru)


@each_reader
def test_begins_as_a_logistic_regression(reader, inputs):
    model = records.risk_model(reader, 5, 4)
    weights, intercept = np.array([[0.5, -1, 2, 0]]), np.array([-0.3])
    records.begin_as(model, weights, intercept)
    wanted = 1 / (1 + np.exp(-(inputs[2] @ weights[0] + intercept[0])))
    np.testing.assert_allclose(records.predict(model, inputs), wanted, atol=1e-6)


@each_reader
def test_training_learns_what_only_the_visits_tell(reader):
    """The label is the sign of the last visit's first feature; the context says nothing."""
    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    n = 400
    mask = np.arange(4) < random.integers(1, 5, size=n)[:, None]
    steps = np.where(mask[..., None], random.normal(size=(n, 4, 3)), 0).astype("float32")
    last = mask.sum(axis=1) - 1
    steps[..., 2] = mask * (np.arange(4) == last[:, None])  # time tells attention which visit is the last
    labels = (steps[np.arange(n), last, 0] > 0).astype(int)
    inputs = [steps, mask, np.zeros((n, 1), "float32")]
    model = records.risk_model(reader, 3, 1, dropout=0.0)
    split = Split(np.arange(200), np.arange(200, 300), np.arange(300, 400))
    records.train(model, inputs, labels, split, epochs=25, batch_size=32, rate=0.02, patience=25)
    risk = records.predict(model, inputs)[split.test]
    assert np.mean((risk > 0.5) == labels[split.test]) > 0.85


def test_a_network_for_many_folds_is_traced_once_and_answers_as_a_new_one(inputs, monkeypatch):
    traced, step = [], keras.Model.train_step
    monkeypatch.setattr(keras.Model, "train_step", lambda self, *given: traced.append(self) or step(self, *given))
    labels = np.arange(20) % 2
    folds = [Split(rows[:12], rows[12:16], rows[16:]) for rows in (np.arange(20), np.arange(20)[::-1])]

    def risks(again):
        keras.utils.set_random_seed(0)
        learner, found = None, []
        for split in folds:
            fresh = records.risk_model(records.read_with_gru, 5, 4)
            learner = learner or fresh
            if again:
                restart(learner, fresh)
            else:
                learner = fresh
            records.train(learner, inputs, labels, split, epochs=3, batch_size=4, run_eagerly=False)
            found.append(records.predict(learner, inputs))
        return found

    one, other = risks(again=True), risks(again=False)
    assert len(traced) == 3
    np.testing.assert_array_equal(one, other)


def test_more_steps_need_another_rate_and_are_compiled_anew(inputs):
    model, split = records.risk_model(records.read_with_gru, 5, 4), Split(np.arange(12), np.arange(12, 20), [])
    for epochs in (1, 2):
        records.train(model, inputs, np.arange(20) % 2, split, epochs=epochs, batch_size=4)
        assert model.optimizer.get_config()["learning_rate"]["config"]["decay_steps"] == 3 * epochs


def test_masked_mean():
    x = np.arange(12.0).reshape(2, 3, 2)
    found = records.MaskedMean()(x, mask=np.array([[True, True, False], [False] * 3]))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), [[1, 2], [0, 0]])


@each_reader
def test_a_model_survives_being_saved(reader, inputs, tmp_path):
    model = records.risk_model(reader, 5, 4)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(records.predict(again, inputs), records.predict(model, inputs), atol=1e-6)


def test_beats_are_learned():
    random = np.random.default_rng(0)
    labels = np.arange(90) % 3
    wave = np.sin(np.linspace(0, 6, 60) * (1 + labels[:, None])) + random.normal(0, 0.1, (90, 60))
    wave = wave.astype("float32")
    models = heartbeats.train_beats(wave[:60], labels[:60], classes=3, members=2, epochs=25)
    told = heartbeats.predict_beats(models, wave[60:])
    np.testing.assert_allclose(told.sum(axis=1), 1, atol=1e-5)
    assert np.mean(told.argmax(axis=1) == labels[60:]) > 0.9


def test_random_convolutions_count_and_peak():
    signals = np.random.default_rng(0).normal(size=(5, 40)).astype("float32")
    convolve = heartbeats.random_convolutions(40, kernels=30, seed=1)
    found = convolve(signals)
    assert found.shape == (5, 60)
    shares, peaks = found[:, ::2], found[:, 1::2]
    assert ((shares >= 0) & (shares <= 1)).all()
    np.testing.assert_array_equal(shares > 0, peaks > 0)  # a positive place is there just when the peak is positive
    np.testing.assert_array_equal(found[2:3], convolve(signals[2:3]))
    np.testing.assert_array_equal(found, heartbeats.random_convolutions(40, kernels=30, seed=1)(signals))
    constant = convolve(np.full((1, 40), 7.0, "float32"))  # weights of mean 0 see no level but at padded ends
    assert np.abs(constant - convolve(np.zeros((1, 40), "float32")))[:, 1::2].min() < 1e-4


def test_random_convolutions_tell_waves_apart():
    random = np.random.default_rng(0)
    labels = np.arange(90) % 3
    wave = np.sin(np.linspace(0, 6, 60) * (1 + labels[:, None])) + random.normal(0, 0.1, (90, 60))
    features = heartbeats.random_convolutions(60, kernels=50)(wave)
    line = LogisticRegression(max_iter=1000).fit(features[:60], labels[:60])
    assert line.score(features[60:], labels[60:]) > 0.9
