"""Profiles, seeds, and training with one quiet line."""

import random

import keras
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from utils import nn
from utils.errors import UsageError
from utils.nn import batches, training


def regression(n=64):
    x = np.random.default_rng(0).normal(size=(n, 3)).astype("float32")
    return x, x @ np.array([1.0, -2.0, 0.5], "float32")


def linear_model():
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@pytest.fixture
def traced(monkeypatch):
    """The models whose step was traced, in their order."""
    models, step = [], keras.Model.train_step

    def counted(self, *given):
        models.append(self)
        return step(self, *given)

    monkeypatch.setattr(keras.Model, "train_step", counted)
    return models


@pytest.fixture
def lines(monkeypatch):
    """The texts of the progress line, in their order."""
    texts = []

    class Handle:
        def update(self, bundle, raw):
            texts.append(bundle["text/plain"])

    def display(bundle, raw, display_id):
        texts.append(bundle["text/plain"])
        return Handle()

    monkeypatch.setattr(training, "display", display)
    return texts


def test_pick_follows_the_profile():
    values = {"smoke": 1, "quick": 5, "full": 20}
    for profile, value in values.items():
        assert nn.start(profile).pick(**values) == value
    assert nn.start("full").pick(smoke=1, quick=5) == 5


@pytest.mark.parametrize("profile", ["fast", "", None])
def test_unknown_profile_names_those_there_are(profile):
    with pytest.raises(ValueError, match="choose smoke, quick or full"):
        nn.start(profile)


@pytest.mark.parametrize("seed", [-1, 2**32, 4_294_967, 1.5, "0"])
def test_seed_out_of_range(seed):
    with pytest.raises(ValueError, match="seed"):
        nn.start("smoke", seed)


def test_same_seed_same_weights():
    def weights(seed):
        nn.start("smoke", seed)
        return linear_model().get_weights()[0]

    np.testing.assert_array_equal(weights(3), weights(3))
    assert not np.array_equal(weights(3), weights(4))


def test_fit_learns_and_leaves_one_line(lines):
    nn.start("quick", 0)
    x, y = regression()
    history = nn.fit(linear_model(), x, y, validation_data=(x, y), epochs=30)
    assert history.history["loss"][-1] < 0.01 * history.history["loss"][0]
    assert len(lines) == 31
    assert lines[-1].startswith("epoch 30 of 30: loss 0.0")
    assert "validation loss" in lines[-1]


def test_patience_goes_back_to_the_best_weights(lines):
    nn.start("quick", 0)
    x, y = regression()
    model = linear_model()
    model.optimizer.learning_rate = 3.0  # diverges: the first epoch is the best
    history = nn.fit(model, x, y, validation_data=(x, y), epochs=20, patience=2)
    assert len(history.history["loss"]) == 3
    assert model.evaluate(x, y, verbose=0) == pytest.approx(min(history.history["val_loss"]), rel=1e-4)


def test_patience_needs_validation():
    with pytest.raises(ValueError, match="validation"):
        nn.fit(linear_model(), *regression(), epochs=1, patience=1)


def test_quiet_shows_nothing(lines):
    nn.fit(linear_model(), *regression(), epochs=2, quiet=True)
    assert lines == []


@pytest.mark.parametrize("together", [lambda a, b: [a, b], lambda a, b: {"one": a, "other": b}])
def test_it_trains_as_keras_does_on_the_same_arrays(together, lines):
    """Several inputs, wide numbers, weights for classes, and batches of which the last is smaller."""
    x, _ = regression(50)
    x, y = x.astype("float64"), np.arange(50) % 2
    inputs, found = together(x[:, :1], x[:, 1:]), []
    for train in (nn.fit, keras.Model.fit):
        keras.utils.set_random_seed(2)
        one, other = keras.Input((1,), name="one"), keras.Input((2,), name="other")
        hidden = keras.layers.Concatenate()([one, other])
        model = keras.Model(together(one, other), keras.layers.Dense(2, activation="softmax")(hidden))
        model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
        options = {"epochs": 3, "batch_size": 8, "shuffle": False, "class_weight": {0: 1.0, 1: 3.0}}
        history = train(model, inputs, y, **options).history["loss"]
        found.append([*model.get_weights(), np.array(history)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_each_epoch_has_every_example_once_in_another_order(lines):
    seen = []

    class Watching(keras.layers.Layer):
        def call(self, inputs):
            seen.append(keras.ops.convert_to_numpy(inputs)[:, 0])
            return inputs

    model = keras.Sequential([keras.Input((1,)), Watching(), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    nn.start("quick", 0)
    nn.fit(model, np.arange(30.0)[:, None], np.zeros(30), epochs=2, batch_size=10)
    first, second = np.concatenate(seen).reshape(2, 30)
    assert sorted(first) == sorted(second) == list(range(30))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, np.arange(30))


def test_the_step_is_traced_once(lines, traced):
    nn.fit(linear_model(), *regression(), epochs=3, batch_size=10)
    assert len(traced) == 1


class EachStep(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(batch)


@pytest.mark.parametrize(("examples", "at_once"), [(70, 9), (41 * 8, 1)])
def test_several_steps_in_one_call_are_the_same_steps(examples, at_once, traced, lines):
    """Also the last, smaller one, and dropout's chance; and a validation of another number of batches."""
    x, y = regression(examples)
    found = []
    for callbacks in ([], [EachStep()]):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.01), "mse")
        traced.clear()
        options = {"epochs": 25, "batch_size": 8, "validation_data": (x[:30], y[:30]), "callbacks": callbacks}
        history = nn.fit(model, x, y, **options).history
        assert model.steps_per_execution == (1 if callbacks else at_once)
        assert len(traced) == 1
        found.append([*model.get_weights(), history["loss"], history["val_loss"], model.evaluate(x, y, verbose=0)])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
    assert len(callbacks[0].seen) == 25 * -(-examples // 8)


def test_the_number_of_steps_at_once_follows_the_data(traced, lines):
    """It stays where it fits, so that nothing is traced anew, and is left alone where ``compile`` has said it."""
    model, numbers = linear_model(), []
    for examples, callbacks in ((64, []), (40, []), (40, [EachStep()]), (40, [])):
        nn.fit(model, *regression(examples), epochs=20, batch_size=2, callbacks=callbacks)
        numbers.append((model.steps_per_execution, len(traced)))
    assert numbers == [(32, 1), (20, 2), (1, 3), (1, 3)]
    short = linear_model()
    nn.fit(short, *regression(64), epochs=1, batch_size=2)
    assert short.steps_per_execution == 1
    model = linear_model()
    model.compile("sgd", "mse", steps_per_execution=2)
    nn.fit(model, *regression(), epochs=1, batch_size=4)
    assert model.steps_per_execution == 2


@pytest.mark.parametrize(("shuffle", "epochs"), [(False, 3), (True, 1)])
def test_rows_of_one_order_are_read_without_a_function(shuffle, epochs, lines):
    """A function would be set up again for each validation, which takes longer than to validate."""
    x = np.arange(25.0, dtype="float32")[:, None]
    order = batches.orders(25, epochs, 0 if shuffle else None)
    stream = batches.batches((x, x[:, 0]), order, 10, epochs)
    read = [[part.numpy() for part in batch] for batch in stream]
    assert [len(one) for one, _ in read] == [10, 10, 5] * epochs
    np.testing.assert_array_equal(np.concatenate([y for _, y in read]), np.tile(order[0], epochs))
    np.testing.assert_array_equal(np.concatenate([one[:, 0] for one, _ in read]), np.tile(order[0], epochs))
    assert not functions_of(stream)


def functions_of(stream):
    """The functions that a stream calls for its elements."""
    below = [stream]
    for one in below:
        below.extend(one._inputs())
    return [function for one in below for function in one._functions()]


@pytest.mark.parametrize("run_eagerly", [False, True])
def test_a_step_of_any_size_is_keras_s_own_and_traced_once(run_eagerly, traced, lines):
    x, y = regression(40)
    found = []
    for ours in (True, False):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
        model.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=False, run_eagerly=run_eagerly)
        step = training.step_of_any_size(training.prepare(model)) if ours else model.train_on_batch
        traced.clear()
        losses = [float(step(x[:size], y[:size, None])) for size in (5, 7, 40, 5)]
        assert len(traced) == 1 or run_eagerly or not ours
        found.append([*model.get_weights(), losses])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-6)


def test_members_are_what_each_is_by_itself_and_traced_once(traced, lines):
    def build():
        inner = [keras.layers.BatchNormalization(), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
        return keras.Sequential([keras.Input((3,)), *inner])

    def train(model):
        nn.fit(model, *regression(), epochs=2)

    def compile_(model):
        rate = keras.optimizers.schedules.CosineDecay(0.01, 4)
        model.compile(keras.optimizers.AdamW(rate), "mse", jit_compile=False)

    seeds = [3, 4, 5]
    together = training.members(build, compile_, train, seeds)
    assert len(traced) == 1 and len({id(model) for model in together}) == 3
    for seed, model in zip(seeds, together, strict=True):
        (alone,) = training.members(build, compile_, train, [seed])
        for ours, other in zip(model.variables, alone.variables, strict=True):
            np.testing.assert_array_equal(ours.numpy(), other.numpy())
    assert not np.array_equal(together[0].get_weights()[-2], together[1].get_weights()[-2])


def test_products_run_on_one_core_from_the_start_of_a_chapter():
    with threadpool_limits(2, "blas"):
        nn.start("smoke")
        found = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert found and set(found) == {1}


def test_a_model_that_has_not_seen_an_input_can_be_trained(lines):
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    assert nn.fit(model, *regression(), epochs=2).history["loss"][-1] < 6


@pytest.mark.parametrize("rows, labels", [(10, 9), (0, 0)])
def test_arrays_that_do_not_fit_are_refused(rows, labels):
    with pytest.raises(ValueError, match=f"hold {rows}, {labels} examples"):
        nn.fit(linear_model(), np.zeros((rows, 3)), np.zeros(labels), epochs=1)


def test_a_claim_is_judged_unless_in_smoke(shown):
    for profile in ("smoke", "quick", "full"):
        nn.start(profile).claim("a number", 2.0, at_least=3)
    records = [bundle["application/vnd.course.claim+json"] for bundle in shown]
    assert [record["judged"] for record in records] == [False, True, True]


@pytest.mark.parametrize("members", [1, 5])
def test_ensembles_of_different_seeds_share_no_network(members):
    seeds = [nn.member_seeds(seed, members) for seed in (0, 1, 2, 4_294_966)]
    assert len({seed for each in seeds for seed in each}) == 4 * members
    assert max(max(each) for each in seeds) < 2**32


@pytest.mark.parametrize(("seed", "members"), [(0, 0), (0, 1001), (-1, 2), (4_294_967, 1)])
def test_seeds_out_of_range(seed, members):
    with pytest.raises(UsageError, match="seed"):
        nn.member_seeds(seed, members)


def test_a_seed_decides_a_training_and_leaves_the_generators_alone(lines):
    def trained(member):
        with training.seeded(member):
            model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
            model.compile("adam", "mse")
            nn.fit(model, *regression(), epochs=2)
        return model.get_weights()[0]

    found = []
    for run in (1, 2):  # what was drawn before does not matter, and nothing is drawn from it
        keras.utils.set_random_seed(run)
        before = random.getstate(), np.random.get_state()[1].copy()
        found.append(trained(7))
        assert random.getstate() == before[0]
        np.testing.assert_array_equal(np.random.get_state()[1], before[1])
    np.testing.assert_array_equal(*found)
    assert not np.array_equal(found[0], trained(8))


def test_a_restarted_model_trains_as_a_new_one(lines):
    def build():
        return keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])

    model, found = build(), []
    model.compile("adam", "mse")
    for _ in range(2):
        with training.seeded(3):
            training.restart(model, fresh := build())
            before = fresh.get_weights()[0]
            nn.fit(model, *regression(), epochs=2)
        found.append(model.get_weights()[0])
        assert not np.array_equal(before, found[-1])  # the learning rate was not taken back to 0 with the rest
    np.testing.assert_array_equal(*found)


def test_weights_and_validation_reach_the_training(lines):
    x, y = regression(40)
    weights = np.r_[np.ones(20), np.zeros(20)].astype("float32")
    found = []
    for train in (nn.fit, keras.Model.fit):
        keras.utils.set_random_seed(1)
        model = linear_model()
        options = {"sample_weight": weights, "validation_data": (x, y, weights), "epochs": 3, "shuffle": False}
        history = train(model, x, y, **options).history
        found.append([model.get_weights()[0], history["loss"], history["val_loss"]])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_a_part_of_the_examples_can_be_held_out(lines):
    x, y = regression(40)
    found = []
    for train in (nn.fit, keras.Model.fit):
        keras.utils.set_random_seed(1)
        history = train(linear_model(), x, y, validation_split=0.25, epochs=2, shuffle=False).history
        found.append(history["val_loss"])
    np.testing.assert_allclose(*found, atol=1e-6)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"verbose": 1}, "no option 'verbose'"),
        ({"validation": (0, 0)}, "no option 'validation'"),
        ({"sample_weight": np.ones(3)}, "hold 64, 64, 3 examples"),
        ({"validation_split": 1.0}, "validation_split of 1.0"),
        ({"validation_split": 0.2, "validation_data": regression()}, "not both"),
    ],
)
def test_options_that_cannot_work_get_one_sentence(options, says):
    with pytest.raises(UsageError, match=says):
        nn.fit(linear_model(), *regression(), epochs=1, **options)


def test_no_labels_get_one_sentence():
    with pytest.raises(UsageError, match="There are no labels"):
        nn.fit(linear_model(), regression()[0], epochs=1)
